"""The few steps inside the Singer SDK that public hooks do not reach, in one place, each with its reason.

`tests/streams/test_sdk.py` fails when the SDK changes under one of them.
"""

from __future__ import annotations

import signal
import sys
import time
from abc import abstractmethod
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

import msgspec
from singer_sdk import Stream, Tap
from singer_sdk.contrib.msgspec import MsgSpecWriter, encoder, serialize_jsonl
from singer_sdk.helpers._state import StateWriter
from singer_sdk.helpers._util import utc_now
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.helpers.types import Context, Record, TapState
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib.encoding.simple import Message
from typing_extensions import override

# A STATE message holds all bookmarks: with 60 streams of 1,000 divisions it is 7.5 MB. It may cost a twentieth of the time
# of a run.
_SHARE_OF_TIME = 20
_CHEAP = 0.001


class BookkeepingStream(Stream):
    """A stream that keeps its own bookmarks, a page at a time.

    The SDK moves a bookmark with every record: one that is lower than the last takes it back, one of a read that
    broke off is promoted all the same, and `start_date` becomes the first bookmark even where that is a number.
    """

    # The decoder gives values of the schema's own types; conforming them again costs half of the run.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    _next_flush = 0.0
    _unsaved = False
    """The state differs from that of the last STATE message: rows that are read again, lest one was missed, change nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._states: dict[tuple[Any, ...], dict[str, Any]] = {}

    @override
    def get_context_state(self, context: Context | None) -> dict[str, Any]:
        """Return the state of a partition. The SDK searches the list of all of them each time."""
        state = self._known(context)
        if state is None:
            state = self._states[_key(context)] = super().get_context_state(context)
        return state

    def _known(self, context: Context | None) -> dict[str, Any] | None:
        """Return the state of a partition, None where there is none yet: to look at one makes none."""
        if not self._states:
            self._states = {
                _key(partition["context"]): partition for partition in self.stream_state.get("partitions", ())
            }
        return self._states.get(_key(context))

    @override
    def _write_starting_replication_value(self, context: Context | None) -> None:
        """Keep the SDK from starting at `start_date`: what to start from depends on the endpoint."""

    @override
    def _increment_stream_state(self, latest_record: Record, *, context: Context | None = None) -> None:
        """Keep the SDK from moving the bookmark with each record: `keep_bookmark` does, when a page is written."""

    def bookmark(self, context: Context) -> Any:
        """Return the bookmark of a partition, or None where it has none or is to be read whole."""
        if self.replication_method == "FULL_TABLE":
            return None
        state = self._known(context) or {}
        return (
            state.get("replication_key_value")
            if state.get("replication_key") == self.replication_key
            else None
        )

    def keep_bookmark(self, context: Context, value: Any, *, flush: bool) -> None:
        """Set the bookmark of a partition.

        Args:
            context: The partition.
            value: The bookmark. Every row up to it has been written.
            flush: Write a STATE message now, unless those of a large state would take up the run. Not while BATCH files
                are being filled: their rows count as written only with the BATCH message, after which the SDK writes the
                state itself.
        """
        if self.replication_method == "FULL_TABLE":
            return
        self._keep(context, replication_key=self.replication_key, replication_key_value=value)
        if (
            flush
            and self._unsaved
            and time.monotonic() >= self._next_flush
            and self.get_batch_config(self.config) is None
        ):
            self._unsaved = False
            # The time of this thread: that for which a slow loader does not read is none of a state's cost.
            began = time.thread_time()
            self._write_state_message()
            cost = time.thread_time() - began
            if cost > _CHEAP:
                self._next_flush = time.monotonic() + _SHARE_OF_TIME * cost

    def keep_note(self, context: Context, name: str, value: Any) -> None:
        """Keep something beside the bookmark of a partition; None removes it."""
        self._keep(context, **{name: value})

    def _keep(self, context: Context, **values: Any) -> None:
        """Change the state of a partition; None removes a value."""
        state = self.get_context_state(context)
        if all(state.get(name) == value for name, value in values.items()):
            return
        state.update(values)
        for name in [name for name, value in values.items() if value is None]:
            del state[name]
        self.state_manager.is_flushed = False
        self._unsaved = True

    def note(self, context: Context, name: str) -> Any:
        """Return what was kept with the bookmark of a partition under that name, or None."""
        return (self._known(context) or {}).get(name)


def _key(context: Context | None) -> tuple[Any, ...]:
    return tuple(sorted(context.items())) if context else ()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A page in the form in which it leaves the tap.

    Attributes:
        count: How many rows it has.
        rows: Its rows, where the SDK makes a message of each; else none.
        lines: Its rows as RECORD messages, where they are made a page at a time; else none.
        keys: The replication key of each row.
        next_link: The address of the next page, or None on the last.
        rejected: One line for each row that could not be understood.
    """

    count: int
    rows: Sequence[Record] = ()
    lines: bytes = b""
    keys: Sequence[Any] = ()
    next_link: str | None = None
    rejected: Sequence[str] = ()

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes up."""
        return len(self.lines) or self.count * _ROW


_ROW = 4096
"""About what a decoded row takes up."""


class PageStream(BookkeepingStream):
    """A stream whose rows travel as pages: a page is encoded once and written once.

    The SDK's own loop does five things to each record and writes it by itself, which costs ten times what reading it does.
    That loop is still taken where it is needed: for stream maps and flattening, for BATCH, for a dry run.
    """

    @abstractmethod
    def outgoing(self, context: Context | None) -> Iterable[Outgoing]:
        """Read pages. A page has been written when the next one is asked for.

        Args:
            context: The partition, or None for all of them.
        """

    _by_page = False

    def settle_form(self, *, write_messages: bool = True) -> None:
        """Settle in what form rows leave, before the first of them is read.

        Args:
            write_messages: Messages are written; False where the rows go into files.
        """
        self._by_page = write_messages and self._are_records_as_rows()

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        """Give the rows of the pages, for the SDK's own loop."""
        for page in self.outgoing(context):
            yield from page.rows

    @override
    def _sync_records(
        self, context: Context | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        """Write pages where nothing asks for single records.

        The SDK goes through the partitions one after the other. It is given none, and all of them are read as one.
        """
        self.settle_form(write_messages=write_messages)
        if not self._by_page:
            yield from super()._sync_records(
                {} if context is None else context, write_messages=write_messages
            )
            return
        counter = self.get_record_counter()
        with counter, self.get_sync_timer():
            for page in self.outgoing(context):
                if page.count:
                    self._write_lines(page.lines)
                    counter.increment(page.count)
        self._finalize_state(self.get_context_state(context) if context else self.stream_state)
        self._write_state_message()

    def _are_records_as_rows(self) -> bool:
        """Tell whether a RECORD message holds a row as it is: no stream map, no flattening, no field of a field left out."""
        return (
            self.selected
            and isinstance(self._tap.message_writer, Writer)
            and self.ABORT_AT_RECORD_COUNT is None
            and self.get_batch_config(self.config) is None
            and all(
                type(stream_map) is SameRecordTransform and not stream_map.flattening_enabled
                for stream_map in self.stream_maps
            )
            and all(
                chosen
                for breadcrumb, chosen in self.mask.items()
                if len(breadcrumb) > len(("properties", ""))
            )
        )

    def _write_lines(self, lines: bytes) -> None:
        writer = self._tap.message_writer
        if isinstance(writer, Writer):
            writer.write_lines(lines)
        self.state_manager.is_flushed = False

    def page(self, records: list[Any], **about: Any) -> Outgoing:
        """Give a page the form in which it leaves. May be called in any thread.

        Args:
            records: Its rows, as structs. They hold what is selected, and what is needed beside.
            about: Its other attributes.
        """
        if not self._by_page:
            return Outgoing(len(records), msgspec.to_builtins(records), **about)
        if records:
            for name in self._unselected(type(records[0])):
                for record in records:
                    setattr(record, name, msgspec.UNSET)
        return Outgoing(len(records), lines=self._lines(records), **about)

    def _unselected(self, kind: type[Any]) -> list[str]:
        """Return what is read but not selected: a few fields that the reading needs."""
        return [name for name in kind.__struct_fields__ if not self.mask["properties", name]]

    def _lines(self, records: list[Any]) -> bytes:
        """Make RECORD messages, as the SDK's own encoder would make them of each row."""
        if not records:
            return b""
        before = b'{"type":"RECORD","stream":%s,"record":' % encoder.encode(self.name)
        version = b',"version":%d' % (self._initialized_at // 1000) if self._has_versions() else b""
        after = version + b',"time_extracted":%s}\n' % encoder.encode(utc_now())
        # Within a row, a line break is written as two other characters: the only ones are those between the rows.
        return before + encoder.encode_lines(records)[:-1].replace(b"\n", after + before) + after

    def _has_versions(self) -> bool:
        """Tell whether rows have the version that the SDK gives a stream when it begins: some are read before."""
        return self.replication_method == "FULL_TABLE" and self.emit_activate_version_messages


class Writer(MsgSpecWriter):
    """Writes whole lines: a signal that comes in the middle of one waits for its end.

    Attributes:
        pending: The signal that has come, or None.
        writing: A line is being written, or could not be: whatever reads them is gone, and the run ends of itself.
    """

    def __init__(self) -> None:
        self.pending: int | None = None
        self.writing = False

    @override
    def write_message(self, message: Message) -> None:
        # A copy: the encoder uses its buffer again, for the last state too, while this is on its way.
        self.write_lines(bytes(self.format_message(message)))

    def write_lines(self, lines: bytes) -> None:
        """Write messages that are encoded already."""
        self.writing = True
        while lines:
            # Where Python runs unbuffered, a signal ends the call before everything is written.
            lines = lines[sys.stdout.buffer.write(lines) :]
        sys.stdout.flush()
        self.writing = False
        # Also where the exit was raised before, but in a place where Python swallows it, as a generator that is closed.
        if self.pending is not None:
            self.leave(self.pending)

    def leave(self, signum: int) -> NoReturn:
        """End the run with the exit code of a signal."""
        raise SystemExit(128 + signum)


class States(StateWriter):
    """Writes a state that differs from the last one.

    The SDK copies every state twice to know that and to write it, bookmark by bookmark, which takes longer than all the
    rest: this compares what was written.
    """

    def __init__(self, writer: Writer) -> None:
        super().__init__(writer)
        self._writer = writer
        self._last = b""

    @override
    def write_state(self, state: TapState) -> None:
        line = bytes(serialize_jsonl({"type": "STATE", "value": state}))
        if line != self._last:
            self._writer.write_lines(line)
            self._last = line


class TerminableTap(Tap):
    """A tap that ends in good order when it is terminated, and says so by its exit code."""

    message_writer_class = Writer

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.message_writer, Writer):
            self._state_writer = States(self.message_writer)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Leave with 143 (SIGTERM) or 130 (Ctrl-C) where the SDK leaves with 0, as if the run were complete.

        The SDK writes the state from here, which may be in the middle of a line; whoever catches the exit does. A second
        signal changes nothing.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        self.logger.warning(
            "Terminated by %s; the next run goes on from the last state.", signal.Signals(signum).name
        )
        writer = self.message_writer
        if not isinstance(writer, Writer):
            raise SystemExit(128 + signum)
        writer.pending = signum
        if not writer.writing:
            writer.leave(signum)

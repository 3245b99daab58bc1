"""The few steps inside the Singer SDK that public hooks do not reach, in one place, each with its reason.

`tests/test_sdk.py` fails when the SDK changes under one of them.
"""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Any, NoReturn

from singer_sdk import Stream, Tap
from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.helpers.types import Context, Record
from singer_sdk.singerlib.encoding.simple import Message
from typing_extensions import override

# A STATE message holds all bookmarks: with 60 streams of 1,000 divisions it is 7.5 MB and takes more than a second. It
# may cost a twentieth of the time of a run.
_SHARE_OF_TIME = 20
_CHEAP = 0.01


class BookkeepingStream(Stream):
    """A stream that keeps its own bookmarks, a page at a time.

    The SDK moves a bookmark with every record: one that is lower than the last takes it back, one of a read that
    broke off is promoted all the same, and `start_date` becomes the first bookmark even where that is a number.
    """

    # The decoder gives values of the schema's own types; conforming them again costs half of the run.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    _next_flush = 0.0

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
        state = self.get_context_state(context)
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
            flush: Write a STATE message now, unless those of a large state would take up the run. Not while BATCH files are being filled: their rows count as written
                only with the BATCH message, after which the SDK writes the state itself.
        """
        if self.replication_method == "FULL_TABLE":
            return
        self.get_context_state(context).update(
            replication_key=self.replication_key, replication_key_value=value
        )
        began = time.monotonic()
        if flush and began >= self._next_flush and self.get_batch_config(self.config) is None:
            self._write_state_message()
            ended = time.monotonic()
            if ended - began > _CHEAP:
                self._next_flush = ended + _SHARE_OF_TIME * (ended - began)

    def keep_note(self, context: Context, name: str, value: Any) -> None:
        """Keep something beside the bookmark of a partition; None removes it."""
        state = self.get_context_state(context)
        state[name] = value
        if value is None:
            del state[name]

    def note(self, context: Context, name: str) -> Any:
        """Return what was kept with the bookmark of a partition under that name, or None."""
        return self.get_context_state(context).get(name)


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
        self.writing = True
        super().write_message(message)
        self.writing = False
        # Also where the exit was raised before, but in a place where Python swallows it, as a generator that is closed.
        if self.pending is not None:
            self.leave(self.pending)

    def leave(self, signum: int) -> NoReturn:
        """End the run with the exit code of a signal."""
        raise SystemExit(128 + signum)


class TerminableTap(Tap):
    """A tap that ends in good order when it is terminated, and says so by its exit code."""

    message_writer_class = Writer

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

"""Rows that travel as pages, and the columns that they have."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from singer_sdk.contrib.msgspec import encoder
from singer_sdk.helpers._batch import BatchConfig
from singer_sdk.helpers._util import utc_now
from singer_sdk.helpers.types import Context, Record
from singer_sdk.mapper import SameRecordTransform
from typing_extensions import override

from tap_exact_online.streams.sdk.columns import by_columns
from tap_exact_online.streams.sdk.naming import NamedStream
from tap_exact_online.streams.sdk.writing import Writer


@dataclass(frozen=True, slots=True)
class Portion:
    """Rows of a page that have the same columns.

    Attributes:
        count: How many rows there are.
        rows: The rows, where the SDK makes a message of each; else none.
        lines: The rows as RECORD messages, where they are made a page at a time; else none.
        lacks: Columns of the stream that these rows do not have: Exact does not give them.
    """

    count: int
    rows: Sequence[Record] = ()
    lines: bytes = b""
    lacks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A page in the form in which it leaves the tap.

    Attributes:
        portions: Its rows. Nearly always they are of one form, and so one portion.
        keys: The replication key of each row.
        next_link: The address of the next page, or None on the last.
        rejected: One line for each row that could not be understood.
        remarks: What else has to be said of it.
        again: The place that it was read from once more, for a row that could not be understood before; None where it
            is read in its turn.
        part: The name of the part that it belongs to, where a read is made of parts.
    """

    portions: Sequence[Portion] = ()
    keys: Sequence[Any] = ()
    next_link: str | None = None
    rejected: Sequence[str] = ()
    remarks: Sequence[str] = ()
    again: int | None = None
    part: str = ""

    @property
    def count(self) -> int:
        """How many rows it has."""
        return sum(portion.count for portion in self.portions)

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes up."""
        return sum(len(portion.lines) or portion.count * _ROW for portion in self.portions)


_ROW = 4096
"""About what a decoded row takes up."""


class PageStream(NamedStream):
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
    _due: int | None = None

    def settle_form(self, *, write_messages: bool = True) -> None:
        """Settle in what form rows leave, before the first of them is read.

        Args:
            write_messages: Messages are written; False where the rows go into files.
        """
        self.prepare_once()
        self._by_page = write_messages and self._are_records_as_rows()

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        """Give the rows of the pages, for the SDK's own loop."""
        for page in self.outgoing(context):
            for portion in page.portions:
                self.fit_columns(portion.lacks)
                yield from portion.rows

    @override
    def _sync_records(
        self, context: Context | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        """Write pages where nothing asks for single records.

        The SDK goes through the partitions one after the other. It is given none, and all of them are read as one.
        """
        self.settle_form(write_messages=write_messages)
        if not self._by_page:
            records = super()._sync_records({} if context is None else context, write_messages=write_messages)
            # What goes into files goes there as it is; a message gets its names where it is made.
            yield from records if write_messages else map(self.renamed, records)
            if write_messages:
                self._activate()
            return
        counter = self.get_record_counter()
        with counter, self.get_sync_timer():
            for page in self.outgoing(context):
                for portion in page.portions:
                    self.fit_columns(portion.lacks)
                    self._write_lines(portion.lines)
                    counter.increment(portion.count)
        self._finalize_state(self.get_context_state(context) if context else self.stream_state)
        self._write_state_message()
        self._activate()

    def read_on(self) -> None:
        """Read once more what was read in this run, under the schema that was written then: the SDK would write it again."""
        batches = self.get_batch_config(self.config)
        if batches is not None:
            self._sync_batches(batches)
        else:
            for _ in self._sync_records():
                pass
        self.finalize_state_progress_markers()

    @override
    def _sync_batches(self, batch_config: BatchConfig, context: Context | None = None) -> None:
        super()._sync_batches(batch_config, context)
        self._activate()

    # --- Versions: a loader removes or marks every row that has an older one ---

    def may_activate(self) -> bool:
        """Tell whether every row that this run did not write is gone."""
        return True

    def not_activated(self) -> None:
        """Take note that nothing is called gone."""

    @override
    def _write_activate_version_message(self, full_table_version: int) -> None:
        """Keep the SDK from calling all other rows gone before a single one is read."""
        self._due = full_table_version

    def _activate(self) -> None:
        """Call all other rows gone, after everything was read."""
        if self._due is not None:
            if self.may_activate():
                super()._write_activate_version_message(self._due)
            else:
                self.not_activated()
            self._due = None

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

    def page(
        self, records: list[Any], lacks: frozenset[str] = frozenset(), *, partial: bool = False, **about: Any
    ) -> Outgoing:
        """Give a page the form in which it leaves. May be called in any thread.

        Args:
            records: Its rows, as structs. They hold what is selected, and what is needed beside.
            lacks: Columns of the stream that were not asked for, since Exact does not know them.
            partial: Some rows lack more than that.
            about: Its other attributes.
        """
        parts = by_columns(records, lacks) if partial else [(lacks, records)] if records else []
        return Outgoing([self._portion(rows, missing) for missing, rows in parts], **about)

    def protect(self, records: list[Any]) -> None:
        """Take out of rows what nobody is to see, before they leave in whatever form. May be called in any thread."""

    def _portion(self, records: list[Any], lacks: frozenset[str]) -> Portion:
        self.protect(records)
        if not self._by_page:
            return Portion(len(records), msgspec.to_builtins(records), lacks=lacks)
        for name in self._unselected(type(records[0])):
            for record in records:
                setattr(record, name, msgspec.UNSET)
        self.rename(records)
        return Portion(len(records), lines=self._lines(records), lacks=lacks)

    def _unselected(self, kind: type[Any]) -> list[str]:
        """Return what is read but not selected: a few fields that the reading needs."""
        return [name for name in kind.__struct_fields__ if not self.mask["properties", name]]

    def _lines(self, records: list[Any]) -> bytes:
        """Make RECORD messages, as the SDK's own encoder would make them of each row."""
        before = b'{"type":"RECORD","stream":%s,"record":' % encoder.encode(self.name)
        version = b',"version":%d' % (self._initialized_at // 1000) if self._has_versions() else b""
        after = version + b',"time_extracted":%s}\n' % encoder.encode(utc_now())
        # Within a row, a line break is written as two other characters: the only ones are those between the rows.
        return before + encoder.encode_lines(records)[:-1].replace(b"\n", after + before) + after

    def _has_versions(self) -> bool:
        """Tell whether rows have the version that the SDK gives a stream when it begins: some are read before."""
        return self.replication_method == "FULL_TABLE" and self.emit_activate_version_messages

"""The few kinds of stream. What makes one stream differ from the next of its kind is data: its row in the catalog."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Protocol

from singer_sdk import Tap, metrics
from singer_sdk.helpers.types import Context, Record
from singer_sdk.singerlib import Catalog, MetadataMapping
from typing_extensions import override

from tap_exact_online import edm
from tap_exact_online.bookmarks import TimestampBookmark, instant, modified_bookmark, timestamp
from tap_exact_online.catalog import Kind, Resource, stream_of_deleted
from tap_exact_online.client import Call, Client, address
from tap_exact_online.errors import ConfigurationError, Denied, LimitReached, ReadError, Refused
from tap_exact_online.limits import Limits
from tap_exact_online.odata import Decoder, Page, datetime_literal, filter_clock, int64_literal, skiptoken
from tap_exact_online.report import Report
from tap_exact_online.rights import advice
from tap_exact_online.schemas import needed, schema_of, selected_by_default
from tap_exact_online.sdk import BookkeepingStream
from tap_exact_online.settings import Settings

_SYNC_TIMESTAMP = "read/sync/Sync/SyncTimestamp"


class Run(Protocol):
    """What a run lends to its streams."""

    @property
    def client(self) -> Client:
        """The one connection."""
        ...

    @property
    def settings(self) -> Settings:
        """The checked settings."""
        ...

    @property
    def report(self) -> Report:
        """Collects what could not be read."""
        ...

    @property
    def divisions(self) -> Sequence[Mapping[str, Any]]:
        """The divisions to read, as rows of the stream `divisions`."""
        ...


class ExactStream(BookkeepingStream):
    """A stream of one endpoint, read whole in every division."""

    def __init__(self, tap: Tap, run: Run, resource: Resource) -> None:
        """Make the stream of one row of the catalog.

        Args:
            tap: The tap, as the SDK knows it.
            run: What the stream reads with; not used before the first row is asked for.
            resource: The row of the catalog.
        """
        self.resource = resource
        self.exact = run
        self._withdrawn: set[str] = set()
        self.selected_by_default = resource.selected
        super().__init__(tap=tap, name=resource.name, schema=schema_of(resource))
        self.primary_keys = resource.primary_keys
        self.replication_key = resource.replication_key

    @property
    @override
    def partitions(self) -> list[dict[str, Any]] | None:
        """One partition for each division; one that has calls left goes before one that has to wait."""
        return _Turns(({"Division": row["Code"]} for row in self.exact.divisions), self.exact.client.limits)

    @property
    @override
    def metadata(self) -> MetadataMapping:
        """The catalog's metadata; what is heavy or withdrawn is known but not selected by default."""
        fresh = self._metadata is None and self._tap_input_catalog is None
        mapping = super().metadata
        if fresh:
            for name, fact in self.resource.endpoint.properties.items():
                if name not in needed(self.resource):
                    mapping["properties", name].selected_by_default = selected_by_default(fact)
        return mapping

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        """Take the user's selection, but neither fields nor keys that Exact does not have."""
        super().apply_catalog(catalog)
        entry = catalog.get_stream(self.name)
        if entry is None:
            return
        unknown = sorted(
            breadcrumb[1]
            for breadcrumb, selected in entry.metadata.resolve_selection().items()
            if selected and len(breadcrumb) == 2 and breadcrumb[1] not in self.schema["properties"]  # noqa: PLR2004
        )
        if unknown and self.selected:
            msg = (
                f"The catalog selects fields that the stream '{self.name}' does not have: {', '.join(unknown)}."
                " Make the catalog anew (`meltano run --refresh-catalog`, or --discover) or deselect them."
            )
            raise ConfigurationError(msg)
        self.primary_keys = self.resource.primary_keys

    @property
    def fields(self) -> list[edm.Property]:
        """The properties to ask for: the selected ones, the keys, and what the reading rests on."""
        always = needed(self.resource)
        return [
            fact
            for name, fact in self.resource.endpoint.properties.items()
            if name in always
            or (self.selected and name not in self._withdrawn and self.mask.get(("properties", name), False))
        ]

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        """Read one division. What cannot be read is reported, and the run goes on with the next."""
        if context is None:
            return  # a shard that holds no division
        division = context["Division"]
        try:
            yield from self._read(division, context)
        except (ReadError, LimitReached) as error:
            cure = advice(self.resource) if isinstance(error, Denied) and not error.whole_division else ""
            self.exact.report.missed(self.name, division, error, cure)

    def _read(self, division: int, context: Context) -> Iterator[Record]:  # noqa: ARG002  other kinds keep bookmarks
        for page in self._pages(division, None):
            yield from self._finished(page, division)

    def _pages(self, division: int, condition: str | None) -> Iterator[Page]:
        """Ask for the selected fields of a division's rows.

        A field that Exact does not know (any more) makes it refuse the whole call: such a field is left out for the rest
        of the run, so that one withdrawn property does not stop a stream.
        """
        pages = self._asked(division, condition)
        while True:
            try:
                first = next(pages, None)
            except Refused as error:
                withdrawn = unknown_fields(str(error), self.fields, needed(self.resource))
                if error.status != HTTPStatus.BAD_REQUEST or not withdrawn:
                    raise
                if self._withdrawn:
                    # Not the only one: with those that the newest reference lacks, before every refusal is spent on one.
                    withdrawn |= {fact.name for fact in self.fields if fact.absent} - needed(self.resource)
                self._withdrawn.update(withdrawn)
                self.exact.report.withdrawn(self.name, withdrawn)
                pages = self._asked(division, condition)
            else:
                break
        if first is not None:
            yield first
            yield from pages

    def _asked(self, division: int, condition: str | None) -> Iterator[Page]:
        options = {"$select": ",".join(fact.name for fact in self.fields)}
        if condition:
            options = {"$filter": condition, **options}
        path = self.resource.path
        call = Call(path, address(self.exact.client.base_url, path, division, options), division)
        with metrics.http_request_counter(self.name, endpoint=path) as counter:
            counter.with_context({"Division": division})
            for page in self.exact.client.pages(call, _decoder(tuple(self.fields), self.resource.key)):
                counter.increment()
                yield page

    def _finished(self, page: Page, division: int) -> Iterator[Record]:
        """Give the rows of a page as records; report those that could not be understood."""
        for row in page.rows:
            row["Division"] = division
            self.complete(row)
            yield row
        for line in page.rejected:
            self.exact.report.rejected(self.name, division, line)

    def complete(self, row: Record) -> None:
        """Add what the endpoint does not say itself."""


class SyncStream(ExactStream):
    """A stream of a Sync endpoint: incremental on the row version, resumable after every page."""

    is_sorted = True

    @override
    def _read(self, division: int, context: Context) -> Iterator[Record]:
        start = timestamp(self.bookmark(context), f"'{self.name}' in division {division}")
        condition = (
            self._since(division)
            if start is None
            else f"Timestamp gt {int64_literal(self._from(start, context))}"
        )
        if condition is None:
            return
        bookmark = TimestampBookmark(start or 0, reread=self.note(context, "reread_from"))
        began = datetime.fromtimestamp(self.exact.client.clock(), UTC)
        for page in self._pages(division, condition):
            timestamps = [row.get("Timestamp") for row in page.rows]
            # The SDK asks for what follows a row only once that row is written.
            yield from self._finished(page, division)
            last = page.next_link is None
            token = None if page.next_link is None else skiptoken(page.next_link)
            value = bookmark.after_page(timestamps, token, last=last)
            if not bookmark.ordered:
                self.logger.warning(
                    "Rows of division %d came out of order; an interrupted run starts over", division
                )
            if value:
                reread = bookmark.reread if self.exact.settings.late_commits else None
                self.keep_note(context, "reread_from", reread)
                self.keep_bookmark(context, value, flush=not last)
        self.finished(context, began)

    def finished(self, context: Context, began: datetime) -> None:
        """Take note that a division has been read to its end."""

    def _from(self, start: int, context: Context) -> int:
        """Return the Timestamp to go on from: in front of the page that the last run ended with, for late commits."""
        reread = self.note(context, "reread_from")
        usable = self.exact.settings.late_commits and isinstance(reread, int) and 0 <= reread < start
        return reread if usable else start

    def _since(self, division: int) -> str | None:
        """Return the filter of a first read, or None where nothing has changed since the start date."""
        start, name = self.exact.settings.start, self.resource.endpoint.synctimestamp
        everything = f"Timestamp gt {int64_literal(1)}"
        if start is None or name is None:
            return everything
        options = {"modified": f"datetime'{start:%Y-%m-%d}'", "endPoint": f"'{name}'"}
        url = address(self.exact.client.base_url, _SYNC_TIMESTAMP, division, options)
        decoder = Decoder(edm.load(_SYNC_TIMESTAMP).properties.values(), "Modified")

        def read(body: bytes) -> Page:
            # Nothing was modified since: "an empty answer", which may be more than one thing.
            return Page([]) if body.strip() in {b"", b'{"d":null}'} else decoder.decode(body)

        try:
            page = self.exact.client.get(Call(_SYNC_TIMESTAMP, url, division), read)
        except ReadError as error:
            self.logger.warning("Cannot tell where the start date lies (%s); reading everything", error)
            return everything
        if not page.rows and not page.rejected:
            return None
        found = [row["TimeStampAsBigInt"] for row in page.rows if row.get("TimeStampAsBigInt") is not None]
        return f"Timestamp ge {int64_literal(min(found))}" if found else everything


class ModifiedStream(ExactStream):
    """A stream that filters on `Modified`: incremental, but its order is unknown, so it resumes from its start."""

    @override
    def _read(self, division: int, context: Context) -> Iterator[Record]:
        bookmark = instant(self.bookmark(context), f"'{self.name}' in division {division}")
        since = filter_clock(bookmark) if bookmark else self.exact.settings.start
        # `ge`: with `gt`, rows changed later in the same second would be lost.
        condition = f"Modified ge {datetime_literal(since)}" if since else None
        began = datetime.fromtimestamp(self.exact.client.clock(), UTC)
        highest, pages = bookmark, 0
        for pages, page in enumerate(self._pages(division, condition), start=1):  # noqa: B007  counted for after the loop
            seen = (datetime.fromisoformat(row["Modified"]) for row in page.rows if row.get("Modified"))
            highest = max(filter(None, (highest, *seen)), default=None)
            yield from self._finished(page, division)
        if highest:
            self.keep_bookmark(context, modified_bookmark(highest, began, pages).isoformat(), flush=False)


class DeletedStream(SyncStream):
    """The log of deleted rows, with the names behind its numbers."""

    @override
    def finished(self, context: Context, began: datetime) -> None:
        self.keep_note(context, "read_at", began.isoformat(timespec="seconds"))

    @override
    def complete(self, row: Record) -> None:
        number = row.get("EntityType")
        row["EntityName"] = edm.deleted_entities().get(number) if number is not None else None
        row["StreamName"] = stream_of_deleted(number)


class DivisionsStream(ExactStream):
    """The divisions of this run: what was read to find them, so it costs no call of its own."""

    @property
    @override
    def partitions(self) -> None:
        """None: the list is one for all divisions."""

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        """Give the divisions that this run reads."""
        for row in self.exact.divisions:
            yield dict(row)


@lru_cache(maxsize=256)
def _decoder(fields: tuple[edm.Property, ...], key: str) -> Decoder:
    """Compile a selection once for all divisions."""
    return Decoder(fields, key)


class _Turns(list[dict[str, Any]]):
    """Partitions that are gone through in the order in which they have calls left."""

    def __init__(self, partitions: Iterable[dict[str, Any]], limits: Limits) -> None:
        super().__init__(partitions)
        self._limits = limits

    @override
    def __iter__(self) -> Iterator[dict[str, Any]]:
        waiting = list(super().__iter__())
        while waiting:
            chosen = min(waiting, key=lambda partition: self._limits.wait(partition["Division"]))
            waiting.remove(chosen)
            yield chosen


def unknown_fields(said: str, asked: Iterable[edm.Property], needed: Collection[str]) -> set[str]:
    """Return the asked-for fields that an error message names, without those that no read can do without."""
    words = set(re.findall(r"\w+", said))
    return {fact.name for fact in asked if fact.name in words and fact.name not in needed}


def stream_of(tap: Tap, run: Run, resource: Resource) -> ExactStream:
    """Return the stream of a row of the catalog, of the kind that its endpoint asks for."""
    if resource.name == "deleted":
        return DeletedStream(tap, run, resource)
    kinds = {Kind.DIVISIONS: DivisionsStream, Kind.SYNC: SyncStream, Kind.MODIFIED: ModifiedStream}
    return kinds.get(resource.kind, ExactStream)(tap, run, resource)

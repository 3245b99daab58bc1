"""The few kinds of stream. What makes one stream differ from the next of its kind is data: its row in the catalog."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Protocol

from singer_sdk import Tap, metrics
from singer_sdk.helpers.types import Context
from singer_sdk.singerlib import Catalog, MetadataMapping
from typing_extensions import override

from tap_exact_online import edm
from tap_exact_online.bookmarks import ModifiedBookmark, TimestampBookmark, instant, timestamp
from tap_exact_online.calls import Call, Need, address
from tap_exact_online.catalog import Kind, Resource, stream_of_deleted
from tap_exact_online.client import Client
from tap_exact_online.errors import ConfigurationError, LimitReached, ReadError, Refused
from tap_exact_online.odata import Decoder, Page, datetime_literal, filter_clock, int64_literal, skiptoken
from tap_exact_online.progress import Progress
from tap_exact_online.reading import Conversation, Reading
from tap_exact_online.refusals import Refusals
from tap_exact_online.report import Report
from tap_exact_online.rights import advice
from tap_exact_online.scheduler import Scheduler
from tap_exact_online.schemas import needed, schema_of, selected_by_default
from tap_exact_online.sdk import Outgoing, PageStream
from tap_exact_online.selection import Selection, compiled, unknown_fields
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
    def progress(self) -> Progress:
        """Knows how far the run is."""
        ...

    @property
    def divisions(self) -> Sequence[Mapping[str, Any]]:
        """The divisions to read, as rows of the stream `divisions`."""
        ...


class ExactStream(PageStream):
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
        self._selection: Selection | None = None
        self.selected_by_default = resource.selected
        super().__init__(tap=tap, name=resource.name, schema=schema_of(resource))
        self.primary_keys = resource.primary_keys
        self.replication_key = resource.replication_key

    @property
    @override
    def partitions(self) -> list[dict[str, Any]] | None:
        """One partition for each division."""
        return [_partition(row["Code"]) for row in self.exact.divisions]

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

    @property
    def selection(self) -> Selection:
        """What to ask for, compiled once."""
        if self._selection is None:
            known = self.resource.endpoint.properties
            added = tuple(name for name in self.schema["properties"] if name not in known)
            self._selection = compiled(tuple(self.fields), self.resource.key, added)
        return self._selection

    @override
    def outgoing(self, context: Context | None) -> Iterator[Outgoing]:
        """Read divisions, as many at once as the settings say. What cannot be read is reported, and the rest goes on."""
        client = self.exact.client
        scheduler = Scheduler(client.clock, self.exact.settings.concurrency, client.limits.wait)
        scheduler.add(each["Division"] for each in ([context] if context else self.partitions or ()))
        wait = partial(client.wait, in_trouble=scheduler.in_trouble)
        reading = Reading(self._conversation, scheduler, client.transport, wait)
        self.exact.progress.begins(self.name, len(self.exact.divisions))
        with metrics.http_request_counter(self.name, endpoint=self.resource.path) as counter:
            for arrival in reading.arrivals():
                division, page = arrival.division, arrival.page
                if page is None:
                    self._ended(division, arrival.error)
                    continue
                counter.increment()
                yield page
                self.exact.progress.page(division, page.count)
                for line in page.rejected:
                    self.exact.report.rejected(self.name, division, line)
                self.written(division, page)

    def _conversation(self, division: int) -> Conversation[Outgoing]:
        """Read a division.

        A field that Exact does not know (any more) makes it refuse the whole call: such a field is left out for the rest
        of the run, so that one withdrawn property does not stop a stream.
        """
        self.exact.progress.division_begins(division, self.bookmark(_partition(division)))
        client = self.exact.client
        path = self.resource.path
        if known := self._refusals(division):
            client.errors.recall(division, path, known.at)
            if client.errors.left(division, path) <= 0:
                raise known.error()
        condition = yield from self.begin(division)
        if condition is None:
            return
        while True:
            selection = self.selection
            url = address(client.base_url, path, division, selection.options(condition))
            call = Call(path, url, division)
            read = self._reader(selection, division)
            try:
                page = yield from client.ask(call, read)
            except Refused as error:
                self._withdraw(selection, error)
            else:
                break
        yield page
        link = page.next_link
        del page
        yield from client.follow(call, link, read)

    def _refusals(self, division: int) -> Refusals | None:
        return Refusals.read(self.note(_partition(division), "refused"))

    def _withdraw(self, selection: Selection, error: Refused) -> None:
        """Leave out the fields that a refusal names, or raise it where that does not help."""
        withdrawn = unknown_fields(str(error), selection.fields, needed(self.resource))
        if error.status != HTTPStatus.BAD_REQUEST or not withdrawn:
            raise error
        if self._withdrawn:
            # Not the only one: with those that the newest reference lacks, before every refusal is spent on one.
            withdrawn |= {fact.name for fact in selection.fields if fact.absent} - needed(self.resource)
        # Another division may have been told the same at the same time.
        if new := withdrawn - self._withdrawn:
            self._withdrawn |= new
            self._selection = None
            self.exact.report.withdrawn(self.name, new)

    def _reader(self, selection: Selection, division: int) -> Callable[[bytes], Outgoing]:
        """Return what turns an answer into a page to write. It runs in the thread that made the call."""

        def read(body: bytes) -> Outgoing:
            page = selection.decoder.decode(body)
            for record in page.records:
                record.Division = division
            self.complete(page.records)
            key = self.replication_key
            keys = [getattr(record, key) or None for record in page.records] if key else ()
            return self.page(page.records, keys=keys, next_link=page.next_link, rejected=page.rejected)

        return read

    def complete(self, records: Iterable[Any]) -> None:
        """Add what the endpoint does not say itself."""

    def begin(self, division: int) -> Generator[Need, Any, str | None]:  # noqa: ARG002  other kinds have a bookmark
        """Find out what to read: a conversation.

        Args:
            division: The division.

        Returns:
            The filter, empty for everything, or None where there is nothing to read.
        """
        yield from ()
        return ""

    def written(self, division: int, page: Outgoing) -> None:
        """Take note that a page has been written."""

    def finished(self, division: int) -> None:
        """Take note that a division has been read to its end."""

    def _ended(self, division: int, error: ReadError | LimitReached | None) -> None:
        self.exact.progress.division_ends(
            division, self.bookmark(_partition(division)), complete=error is None
        )
        if error is None:
            self.keep_note(_partition(division), "refused", None)
            self.finished(division)
            return
        at = self.exact.client.errors.recent(division, self.resource.path)
        if refusals := Refusals.of(error, at, self._refusals(division)):
            self.keep_note(_partition(division), "refused", refusals.note())
        self.exact.report.missed(self.name, division, error, advice(self.resource, error))


class SyncStream(ExactStream):
    """A stream of a Sync endpoint: incremental on the row version, resumable after every page."""

    is_sorted = True

    def __init__(self, tap: Tap, run: Run, resource: Resource) -> None:
        """Make the stream of one row of the catalog."""
        self._bookmarks: dict[int, TimestampBookmark] = {}
        super().__init__(tap, run, resource)

    @override
    def begin(self, division: int) -> Generator[Need, Any, str | None]:
        context = _partition(division)
        start = timestamp(self.bookmark(context), f"'{self.name}' in division {division}")
        reread = self.note(context, "reread_from")
        self._bookmarks[division] = TimestampBookmark(start or 0, reread=reread)
        if start is None:
            return (yield from self._since(division))
        usable = self.exact.settings.late_commits and isinstance(reread, int) and 0 <= reread < start
        return f"Timestamp gt {int64_literal(reread if usable else start)}"

    @override
    def written(self, division: int, page: Outgoing) -> None:
        bookmark = self._bookmarks[division]
        token = None if page.next_link is None else skiptoken(page.next_link)
        value = bookmark.after_page(page.keys, token, last=page.next_link is None)
        if not bookmark.ordered:
            self.logger.warning(
                "Rows of division %d came out of order; an interrupted run starts over", division
            )
        if value:
            context = _partition(division)
            reread = bookmark.reread if self.exact.settings.late_commits else None
            self.keep_note(context, "reread_from", reread)
            self.keep_bookmark(context, value, flush=page.count > 0)

    def _since(self, division: int) -> Generator[Need, Any, str | None]:
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
            page = yield from self.exact.client.ask(Call(_SYNC_TIMESTAMP, url, division), read)
        except ReadError as error:
            self.logger.warning("Cannot tell where the start date lies (%s); reading everything", error)
            return everything
        if not page.rows and not page.rejected:
            return None
        found = [row["TimeStampAsBigInt"] for row in page.rows if row.get("TimeStampAsBigInt") is not None]
        return f"Timestamp ge {int64_literal(min(found))}" if found else everything


class ModifiedStream(ExactStream):
    """A stream that filters on `Modified`: incremental, but its order is unknown, so it resumes from its start."""

    def __init__(self, tap: Tap, run: Run, resource: Resource) -> None:
        """Make the stream of one row of the catalog."""
        self._bookmarks: dict[int, ModifiedBookmark] = {}
        super().__init__(tap, run, resource)

    @override
    def begin(self, division: int) -> Generator[Need, Any, str | None]:
        yield from ()
        bookmark = instant(self.bookmark(_partition(division)), f"'{self.name}' in division {division}")
        began = datetime.fromtimestamp(self.exact.client.clock(), UTC)
        self._bookmarks[division] = ModifiedBookmark(began, bookmark)
        since = filter_clock(bookmark) if bookmark else self.exact.settings.start
        # `ge`: with `gt`, rows changed later in the same second would be lost.
        return f"Modified ge {datetime_literal(since)}" if since else ""

    @override
    def written(self, division: int, page: Outgoing) -> None:
        if value := self._bookmarks[division].after_page(page.keys, last=page.next_link is None):
            self.keep_bookmark(_partition(division), value, flush=page.count > 0)


class DeletedStream(SyncStream):
    """The log of deleted rows, with the names behind its numbers."""

    def __init__(self, tap: Tap, run: Run, resource: Resource) -> None:
        """Make the stream of one row of the catalog."""
        self._began: dict[int, float] = {}
        super().__init__(tap, run, resource)

    @override
    def begin(self, division: int) -> Generator[Need, Any, str | None]:
        self._began[division] = self.exact.client.clock()
        return (yield from super().begin(division))

    @override
    def finished(self, division: int) -> None:
        began = datetime.fromtimestamp(self._began[division], UTC)
        self.keep_note(_partition(division), "read_at", began.isoformat(timespec="seconds"))

    @override
    def complete(self, records: Iterable[Any]) -> None:
        for record in records:
            number = record.EntityType or None
            record.EntityName = edm.deleted_entities().get(number) if number else None
            record.StreamName = stream_of_deleted(number)


class DivisionsStream(ExactStream):
    """The divisions of this run: what was read to find them, so it costs no call of its own."""

    @property
    @override
    def partitions(self) -> None:
        """None: the list is one for all divisions."""

    @override
    def outgoing(self, context: Context | None) -> Iterator[Outgoing]:
        """Give the divisions that this run reads."""
        yield (page := self.page(self.selection.decoder.records(self.exact.divisions)))
        self.exact.progress.undivided(self.name, page.count)


def _partition(division: int) -> dict[str, Any]:
    """Return the context of a division, as the state has it."""
    return {"Division": division}


def stream_of(tap: Tap, run: Run, resource: Resource) -> ExactStream:
    """Return the stream of a row of the catalog, of the kind that its endpoint asks for."""
    if resource.name == "deleted":
        return DeletedStream(tap, run, resource)
    kinds = {Kind.DIVISIONS: DivisionsStream, Kind.SYNC: SyncStream, Kind.MODIFIED: ModifiedStream}
    return kinds.get(resource.kind, ExactStream)(tap, run, resource)

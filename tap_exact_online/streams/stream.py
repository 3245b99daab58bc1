"""A stream of one endpoint: what of it is selected, and how its divisions are read.

What makes one stream differ from the next is data, its row in the catalog; `kinds` holds what is more than that.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol

from singer_sdk import Tap, metrics
from singer_sdk.helpers.types import Context
from singer_sdk.singerlib import Catalog, MetadataMapping
from typing_extensions import override

from tap_exact_online import edm
from tap_exact_online.catalog import Resource, advice, needed, schema_of, selected_by_default
from tap_exact_online.errors import ConfigurationError, Refused
from tap_exact_online.evidence import Facts
from tap_exact_online.reading import Arrival, Client, Conversation, Reading, Wanted
from tap_exact_online.settings import Settings
from tap_exact_online.state import Refusals
from tap_exact_online.streams.sdk import Outgoing, PageStream
from tap_exact_online.telling import Progress, Report
from tap_exact_online.wire import Call, Need, Selection, address, compiled, unknown_fields


class Lender(Protocol):
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
    def facts(self) -> Facts | None:
        """Collects what the service shows, where somebody wants to know."""
        ...

    @property
    def divisions(self) -> Sequence[Mapping[str, Any]]:
        """The divisions to read, as rows of the stream `divisions`."""
        ...

    @property
    def reading(self) -> Reading[Outgoing]:
        """Reads many divisions at once."""
        ...

    def following(self, stream: str) -> ExactStream | None:
        """Return the stream that will be read after another, or None."""
        ...


class ExactStream(PageStream):
    """A stream of one endpoint, read whole in every division."""

    def __init__(self, tap: Tap, lender: Lender, resource: Resource) -> None:
        """Make the stream of one row of the catalog.

        Args:
            tap: The tap, as the SDK knows it.
            lender: What the stream reads with; not used before the first row is asked for.
            resource: The row of the catalog.
        """
        self.resource = resource
        self.exact = lender
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
        return [partition_of(row["Code"]) for row in self.exact.divisions]

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

    def wanted(self, context: Context | None = None) -> Wanted[Outgoing]:
        """Say what is to be read.

        Args:
            context: The partition, or None for all of them.
        """
        partitions = [context] if context else self.partitions or ()
        return Wanted(self.name, [each["Division"] for each in partitions], self._conversation)

    @override
    def outgoing(self, context: Context | None) -> Iterator[Outgoing]:
        """Read divisions, as many at once as the settings say. What cannot be read is reported, and the rest goes on."""
        following, ahead = self.exact.following(self.name), None
        if following is not None:
            following.settle_form()
            ahead = following.wanted()
        progress = self.exact.progress
        progress.begins(self.name, len(self.exact.divisions))
        with metrics.http_request_counter(self.name, endpoint=self.resource.path) as counter:
            for arrival in self.exact.reading.arrivals(self.wanted(context), ahead):
                division, page = arrival.division, arrival.page
                if page is None:
                    self._ended(arrival)
                    continue
                counter.increment()
                yield page
                progress.page(self.name, division, page.count)
                for line in page.rejected:
                    self.exact.report.rejected(self.name, division, line)
                self.written(division, page)

    def _conversation(self, division: int) -> Conversation[Outgoing]:
        """Read a division.

        A field that Exact does not know (any more) makes it refuse the whole call: such a field is left out for the rest
        of the run, so that one withdrawn property does not stop a stream.
        """
        self.exact.progress.division_begins(self.name, division, self.bookmark(partition_of(division)))
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
        return Refusals.read(self.note(partition_of(division), "refused"))

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

    def _ended(self, arrival: Arrival[Outgoing]) -> None:
        division, error = arrival.division, arrival.error
        partition = partition_of(division)
        self.exact.progress.division_ends(
            self.name, division, self.bookmark(partition), calls=arrival.calls, complete=error is None
        )
        if error is None:
            self.keep_note(partition, "refused", None)
            self.finished(division)
            return
        at = self.exact.client.errors.recent(division, self.resource.path)
        if refusals := Refusals.of(error, at, self._refusals(division)):
            self.keep_note(partition, "refused", refusals.note())
        self.exact.report.missed(self.name, division, error, advice(self.resource, error))


def partition_of(division: int) -> dict[str, Any]:
    """Return the context of a division, as the state has it."""
    return {"Division": division}

"""The few kinds of stream: how each knows where to go on, and what it adds to its rows."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from singer_sdk import Tap
from singer_sdk.helpers.types import Context
from typing_extensions import override

from tap_exact_online import edm
from tap_exact_online.catalog import Kind, Resource, stream_of_deleted
from tap_exact_online.errors import ReadError
from tap_exact_online.state import ModifiedBookmark, TimestampBookmark, read_instant, read_timestamp
from tap_exact_online.streams.sdk import Outgoing
from tap_exact_online.streams.stream import ExactStream, Lender, partition_of
from tap_exact_online.wire import (
    Call,
    Decoder,
    Need,
    Page,
    address,
    datetime_literal,
    filter_clock,
    int64_literal,
    skiptoken,
)

_SYNC_TIMESTAMP = "read/sync/Sync/SyncTimestamp"


class SyncStream(ExactStream):
    """A stream of a Sync endpoint: incremental on the row version, resumable after every page."""

    is_sorted = True

    def __init__(self, tap: Tap, lender: Lender, resource: Resource) -> None:
        """Make the stream of one row of the catalog."""
        self._bookmarks: dict[int, TimestampBookmark] = {}
        super().__init__(tap, lender, resource)

    @override
    def begin(self, division: int) -> Generator[Need, Any, str | None]:
        context = partition_of(division)
        start = read_timestamp(self.bookmark(context), f"'{self.name}' in division {division}")
        reread = self.note(context, "reread_from")
        counted = self.note(context, "reread_rows") if self.exact.facts else None
        known = counted if isinstance(counted, int) else None
        self._bookmarks[division] = TimestampBookmark(start or 0, reread=reread, known=known)
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
            context = partition_of(division)
            reread = bookmark.reread if self.exact.settings.late_commits else None
            self.keep_note(context, "reread_from", reread)
            self.keep_note(context, "reread_rows", bookmark.counted if self.exact.facts and reread else None)
            self.keep_bookmark(context, value, flush=page.count > 0)
        if page.next_link is None and self.exact.facts and bookmark.late is not None:
            self.exact.facts.note("late_rows", "came late" if bookmark.late else "none", bookmark.late or 1)

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

    def __init__(self, tap: Tap, lender: Lender, resource: Resource) -> None:
        """Make the stream of one row of the catalog."""
        self._bookmarks: dict[int, ModifiedBookmark] = {}
        super().__init__(tap, lender, resource)

    @override
    def begin(self, division: int) -> Generator[Need, Any, str | None]:
        yield from ()
        bookmark = read_instant(
            self.bookmark(partition_of(division)), f"'{self.name}' in division {division}"
        )
        began = datetime.fromtimestamp(self.exact.client.clock(), UTC)
        self._bookmarks[division] = ModifiedBookmark(began, bookmark)
        since = filter_clock(bookmark) if bookmark else self.exact.settings.start
        # `ge`: with `gt`, rows changed later in the same second would be lost.
        return f"Modified ge {datetime_literal(since)}" if since else ""

    @override
    def written(self, division: int, page: Outgoing) -> None:
        if value := self._bookmarks[division].after_page(page.keys, last=page.next_link is None):
            self.keep_bookmark(partition_of(division), value, flush=page.count > 0)


class DeletedStream(SyncStream):
    """The log of deleted rows, with the names behind its numbers."""

    def __init__(self, tap: Tap, lender: Lender, resource: Resource) -> None:
        """Make the stream of one row of the catalog."""
        self._began: dict[int, float] = {}
        super().__init__(tap, lender, resource)

    @override
    def begin(self, division: int) -> Generator[Need, Any, str | None]:
        self._began[division] = self.exact.client.clock()
        return (yield from super().begin(division))

    @override
    def finished(self, division: int) -> None:
        began = datetime.fromtimestamp(self._began[division], UTC)
        self.keep_note(partition_of(division), "read_at", began.isoformat(timespec="seconds"))

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


def stream_of(tap: Tap, lender: Lender, resource: Resource) -> ExactStream:
    """Return the stream of a row of the catalog, of the kind that its endpoint asks for."""
    if resource.name == "deleted":
        return DeletedStream(tap, lender, resource)
    kinds = {Kind.DIVISIONS: DivisionsStream, Kind.SYNC: SyncStream, Kind.MODIFIED: ModifiedStream}
    return kinds.get(resource.kind, ExactStream)(tap, lender, resource)

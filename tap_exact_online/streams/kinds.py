"""The kinds of stream that have a bookmark: how each knows where to go on, and what it adds to its rows."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from singer_sdk import Tap
from typing_extensions import override

from tap_exact_online import edm
from tap_exact_online.catalog import Resource, stream_of_deleted
from tap_exact_online.errors import ReadError, Refused
from tap_exact_online.state import (
    BACK,
    BACK_ROWS,
    MOST_UNREAD,
    OF_A_BOOKMARK,
    UNREAD,
    Evidence,
    ModifiedBookmark,
    Shown,
    TimestampBookmark,
    is_row_version,
    read_instant,
    read_timestamp,
    shown,
    unread_places,
)
from tap_exact_online.streams.gathering import changed_since
from tap_exact_online.streams.lending import Condition, Lender, partition_of
from tap_exact_online.streams.sdk import Outgoing
from tap_exact_online.streams.stream import ExactStream
from tap_exact_online.telling import words
from tap_exact_online.wire import (
    Call,
    Decoder,
    Need,
    Page,
    address,
    filter_clock,
    int64_literal,
    skiptoken,
)

_SHOWN = "modified"
_SYNC_TIMESTAMP = "read/sync/Sync/SyncTimestamp"


class IncrementalStream(ExactStream):
    """A stream that has a bookmark: rows up to it were loaded before, with the fields that were selected then."""

    def start(self, division: int) -> Any:
        """Return the bookmark that a read starts from; None where it is to be read whole."""
        bookmark = self.bookmark(partition_of(division))
        if bookmark is None:
            return None
        self.reckoning.tell_dropped(division, self.dropped)
        if new := self.reckoning.new_fields(division, self.names):
            if self.exact.settings.reread_for_new_fields:
                why = (
                    f"{words.listed(names)} {what.value}"
                    for what, names in self.reckoning.parted(division, new).items()
                )
                self.logger.info("Reading division %d anew: %s", division, ", ".join(why))
                self.forget(division)
                return None
            self.reckoning.tell_older(division, new)
        return bookmark

    def forget(self, division: int) -> None:
        """Forget how far a division was read."""
        context = partition_of(division)
        for name in OF_A_BOOKMARK:
            self.keep_note(context, name, None)


class ChangedStream(IncrementalStream):
    """A stream whose reads rest on what shows when a row was changed: see `state.evidence`."""

    @property
    def evidence(self) -> Evidence:
        """What earlier answers showed of that."""
        return Evidence.read(self.of_all(_SHOWN), self.exact.client.clock())

    def learn(self, evidence: Evidence) -> None:
        """Keep what is known of it now."""
        self.keep_of_all(_SHOWN, evidence.note())


class SyncStream(IncrementalStream):
    """A stream of a Sync endpoint: incremental on the row version, resumable after every page."""

    is_sorted = True

    def __init__(self, tap: Tap, lender: Lender, resource: Resource) -> None:
        """Make the stream of one row of the catalog."""
        self._bookmarks: dict[int, TimestampBookmark] = {}
        self._places: dict[int, int] = {}
        self._seen_again: dict[int, int] = {}
        super().__init__(tap, lender, resource)

    @property
    @override
    def identity(self) -> tuple[str, ...]:
        return (*self.resource.keys, "Timestamp")

    @property
    def _looks_back(self) -> bool:
        """Whether the last page is read again: not in the run that has just read it."""
        return self.exact.settings.late_commits and not self.exact.comparing

    @override
    def begin(self, division: int) -> Generator[Need, Any, Sequence[Condition]]:
        context = partition_of(division)
        start = read_timestamp(self.start(division), f"'{self.name}' in division {division}")
        noted = self.note(context, BACK)
        reread = start - noted if start and is_row_version(noted) and 0 < noted < start else None
        counted = self.note(context, BACK_ROWS) if self.exact.facts and self._looks_back else None
        known = counted if isinstance(counted, int) else None
        self._bookmarks[division] = TimestampBookmark(start or 0, reread=reread, known=known)
        if start is None:
            self._places[division] = 1
            since = yield from self._since(division)
            return [] if since is None else [since]
        self._places[division] = start
        if self._looks_back and reread is not None:
            self._places[division] = reread
        return [Condition(f"Timestamp gt {int64_literal(self._places[division])}", whole=False)]

    @override
    def complete(self, records: list[Any]) -> None:
        # Should a row come twice, its newest version has to be the last: a loader keeps that.
        records.sort(key=attrgetter("Timestamp"))

    @override
    def unread(self, division: int) -> Sequence[tuple[int, Condition]]:
        if self.bookmark(partition_of(division)) is None:
            return ()
        places = unread_places(self.note(partition_of(division), UNREAD))
        return [(place, Condition(f"Timestamp gt {int64_literal(place)}", whole=False)) for place in places]

    @override
    def read_again(self, division: int, place: int, page: Outgoing) -> None:
        if page.rejected:
            self._seen_again[division] = max(self._seen_again.get(division, 0), place, *page.keys)
        else:
            places = unread_places(self.note(partition_of(division), UNREAD))
            self.keep_note(partition_of(division), UNREAD, [each for each in places if each != place] or None)

    def _pass_over(self, division: int) -> bool:
        """Note the place of a page with a row that could not be understood, so that later runs read it once more.

        Returns:
            Whether the bookmark may move on. With many such places it waits instead.
        """
        if self._places[division] < self._seen_again.get(division, 0):
            return True  # it was read once more in this run, and its place is known
        context = partition_of(division)
        places = sorted({*unread_places(self.note(context, UNREAD)), self._places[division]})
        if len(places) > MOST_UNREAD:
            return False
        self.keep_note(context, UNREAD, places)
        return True

    @override
    def written(self, division: int, page: Outgoing) -> None:
        bookmark = self._bookmarks[division]
        token = None if page.next_link is None else skiptoken(page.next_link)
        if page.rejected and not self._pass_over(division):
            bookmark.hold()
        value = bookmark.after_page(page.keys, token, last=page.next_link is None)
        self._places[division] = max(self._places[division], token or bookmark.highest)
        if not bookmark.ordered:
            self.logger.warning(
                "Rows of division %d came out of order; an interrupted run starts over", division
            )
        if value:
            context = partition_of(division)
            reread = bookmark.reread if self.exact.settings.late_commits else None
            counted = bookmark.counted
            if self.exact.comparing and is_row_version(noted := self.note(context, BACK)):
                # The next run looks back as far as it would have without this: rows that become visible late take longer.
                reread, counted = self.bookmark(context) - noted, None
            back = value - reread if reread is not None and reread < value else None
            rows = counted if self.exact.facts and back else None
            self.keep_bookmark(context, value, flush=page.count > 0, **{BACK: back, BACK_ROWS: rows})
        if page.next_link is None and self.exact.facts and bookmark.late is not None:
            self.exact.facts.note("late_rows", "came late" if bookmark.late else "none", bookmark.late or 1)

    @override
    def let_go(self, division: int) -> None:
        super().let_go(division)
        for known in (self._bookmarks, self._places, self._seen_again):
            known.pop(division, None)

    def _since(self, division: int) -> Generator[Need, Any, Condition | None]:
        """Return the condition of a first read, or None where nothing has changed since the start date."""
        start, name = self.exact.settings.start, self.resource.endpoint.synctimestamp
        everything = Condition(f"Timestamp gt {int64_literal(1)}")
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
        if not found:
            return everything
        return Condition(f"Timestamp ge {int64_literal(min(found))}", whole=False)


class ModifiedStream(ChangedStream):
    """A stream that filters on `Modified`: incremental, but its order is unknown, so it resumes from its start.

    Some call it `ModifiedDate`; rows of others never change, and have a `CreatedDate`. That it may be filtered so is the general
    rule and not documented for most endpoints, and whether a row that was never changed has a `Modified` is not known: what the
    answers show decides.
    """

    def __init__(self, tap: Tap, lender: Lender, resource: Resource) -> None:
        """Make the stream of one row of the catalog."""
        self._bookmarks: dict[int, ModifiedBookmark] = {}
        self._shown: set[Shown] = set()
        self._by = resource.by
        self._has_created = "Created" in resource.endpoint.properties
        super().__init__(tap, lender, resource)

    @override
    def begin(self, division: int) -> Generator[Need, Any, Sequence[Condition]]:
        yield from ()
        bookmark = read_instant(self.start(division), f"'{self.name}' in division {division}")
        began = datetime.fromtimestamp(self.exact.client.clock(), UTC)
        self._bookmarks[division] = ModifiedBookmark(began, bookmark)
        since = filter_clock(bookmark) if bookmark else self.exact.settings.start
        if since is None:
            return [Condition()]
        names = self.evidence.filtered_on(has_created=self._has_created)
        text = changed_since(since, [self._by if name == "Modified" else name for name in names])
        return [Condition(text, whole=not text)]

    @override
    def without_filter(self, division: int, condition: Condition, error: Refused) -> Condition:
        """Read whole what may not be filtered, now and for a week."""
        if not condition.text:
            raise error
        known = self.evidence
        now = known.when_refused(self.exact.client.clock(), both=" or " in condition.text)
        if now.filtered_on(has_created=self._has_created) != known.filtered_on(has_created=self._has_created):
            self.learn(now)
            self.exact.report.warn(
                f"{self.name}: Exact does not take the filter on `{self._by}` here. The stream is read whole, at every run; the"
                " filter is tried again in a week."
            )
        return Condition()

    @override
    def keys(self, records: Sequence[Any]) -> Sequence[Any]:
        """Return when each row was changed last: when it was made, where that says nothing."""
        by = attrgetter(self._by)
        return [by(record) or (record.Created if self._has_created else None) or None for record in records]

    @override
    def complete(self, records: list[Any]) -> None:
        # In the thread that made the call; what it adds up to is learnt when the page is written.
        if self._has_created:
            self._shown |= {
                shown(getattr(record, self._by) or None, record.Created or None) for record in records
            }
        elif any(not getattr(record, self._by) for record in records):
            self._shown |= {Shown.EMPTY}

    @override
    def written(self, division: int, page: Outgoing) -> None:
        known = self.evidence
        if (now := known.after(self._shown)) != known:
            self.learn(now)
        bookmark = self._bookmarks[division]
        if page.rejected:
            bookmark.hold()
        if value := bookmark.after_page(page.keys, last=page.next_link is None):
            self.keep_bookmark(partition_of(division), value, flush=page.count > 0)

    @override
    def let_go(self, division: int) -> None:
        super().let_go(division)
        self._bookmarks.pop(division, None)


class DeletedStream(SyncStream):
    """The log of deleted rows, with the names behind its numbers."""

    @override
    def complete(self, records: list[Any]) -> None:
        super().complete(records)
        for record in records:
            number = record.EntityType or None
            record.EntityName = edm.deleted_entities().get(number) if number else None
            record.StreamName = stream_of_deleted(number)

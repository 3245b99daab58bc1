"""What a stream's reads come to: which were whole, which fields all rows hold, whether nothing is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tap_exact_online.state import ALL, HAS, READ, Freshness, Read, fields, form, freshness, reads
from tap_exact_online.streams.lending import Lender, partition_of
from tap_exact_online.streams.sdk import BookkeepingStream
from tap_exact_online.telling import Older

_FIELDS = fields.FIELDS
_SWEEP, _EMPTY = "sweep", "empty"


@dataclass(slots=True)
class _Reading:
    """A read of one division that is under way.

    Attributes:
        asked: When it began, by the clock of the run (epoch seconds).
        began: When it began: never later than the moment at which a row of it was written, should the clock go back.
        rows: Rows written so far.
        rejected: A row was left out.
        whole: It asks for every row that there is.
        fields: The fields that it asks for.
        settled: The state says so. Not before a page is written: a division may be begun ahead of its stream's turn.
        bookmark: From where it is read.
    """

    asked: float
    began: datetime
    bookmark: Any = None
    rows: int = 0
    rejected: bool = False
    whole: bool = False
    fields: frozenset[str] = frozenset()
    settled: bool = False


@dataclass(slots=True)
class Reckoning:
    """Keeps account of the reads of one stream.

    Attributes:
        stream: The stream, whose state holds what later runs have to know.
        lender: The run.
    """

    stream: BookkeepingStream
    lender: Lender
    _under_way: dict[int, _Reading] = field(default_factory=dict)
    _complete: set[int] = field(default_factory=set)
    _ended: set[int] = field(default_factory=set)
    _passed_over: set[int] = field(default_factory=set)

    def begins(self, division: int) -> None:
        """Begin a division."""
        bookmark = self.stream.bookmark(partition_of(division))
        self._under_way[division] = _Reading(self.lender.client.clock(), datetime.now(UTC), bookmark)

    def passed_over(self, division: int) -> None:
        """Take note that a division is not due."""
        self._passed_over.add(division)

    def asked(self, division: int, names: Iterable[str], *, whole: bool) -> None:
        """Take note of what a read asks for, once that has been answered.

        Args:
            division: The division.
            names: The fields.
            whole: Every row that there is.
        """
        under_way = self._under_way[division]
        under_way.whole = whole
        under_way.fields = frozenset(names)

    def not_whole(self, division: int) -> None:
        """Take note that a part of what is there cannot be asked for."""
        self._under_way[division].whole = False

    def _settle(self, division: int) -> _Reading:
        """Let the state say what is asked for, once something of it has been written."""
        under_way = self._under_way[division]
        if under_way.fields and not under_way.settled:
            under_way.settled = True
            self._keep_fields(division, under_way.fields)
            if under_way.whole and self.stream.resumes:
                self._note(division, _SWEEP, under_way.began.isoformat(timespec="seconds"))
        return under_way

    def page(self, division: int, rows: int, *, rejected: bool, in_turn: bool = True) -> None:
        """Take note that a page has been written.

        Args:
            division: The division.
            rows: How many rows it had.
            rejected: A row of it was left out.
            in_turn: It belongs to what was asked for last; False where it was read once more, before that.
        """
        under_way = self._settle(division) if in_turn else self._under_way[division]
        under_way.began = min(under_way.began, datetime.now(UTC))
        under_way.rows += rows
        if rejected:
            under_way.rejected = True
            self._note(division, _SWEEP, None)  # no read that this one is a part of will be whole

    def finished(self, division: int, calls: int) -> bool:
        """Take note that a division has been read to its end.

        Args:
            division: The division.
            calls: The calls that it took.

        Returns:
            Whether all of it was understood.
        """
        done = self._settle(division)
        del self._under_way[division]
        self._ended.add(division)
        known = self._keep_freshness(division, done)
        if done.rejected:
            return False
        if done.whole:
            self._complete.add(division)
        whole_began = None if done.whole or not done.rows else self.stream.whole_since(division)
        if whole_began is None or whole_began > done.began:
            whole_began = self._whole_began(division, done)
        self.lender.reads[self.stream.name][division] = Read(
            self.stream.name,
            division,
            done.began,
            datetime.now(UTC),
            done.rows,
            calls,
            whole_began == done.began,
            whole_began,
            fields.fingerprint(done.fields),
            known if self.stream.resumes else None,
        )
        return True

    def _keep_freshness(self, division: int, done: _Reading) -> Freshness:
        """Keep when a division was read, and whether there was news, where the stream can tell; return what is known now."""
        news = None
        if self.stream.resumes:
            news = bool(done.rows) and self.stream.bookmark(partition_of(division)) != done.bookmark
        known = Freshness.of(self._noted(division, READ))
        now = freshness.after(known, done.asked, news=news)
        self._note(division, READ, now.note())
        return now

    def _whole_began(self, division: int, done: _Reading) -> datetime | None:
        """Return when the last read that was whole began.

        That Exact has no row at all is believed when two runs have seen it: an endpoint whose right is missing was seen
        empty instead of refused. A read that several runs make began with the first of them: every row that is there was
        written by one of them. A beginning that is still to come, by another machine's clock, proves nothing: rows that were
        written since would look older.
        """
        if not self.stream.resumes:
            if not done.whole:
                return None
            if done.rows:
                self._note(division, _EMPTY, None)
                return done.began
            if self._noted(division, _EMPTY):
                return done.began
            self._note(division, _EMPTY, value=True)
            return None
        if began := reads.moment(self._noted(division, _SWEEP)):
            self._note(division, _SWEEP, None)
            began = done.began if done.whole else began
            if began <= done.began and (
                done.rows or self.stream.bookmark(partition_of(division)) is not None
            ):
                self._note(division, ALL, int(began.timestamp()))
                return began
        seconds = form.seconds_of(self._noted(division, ALL))
        return datetime.fromtimestamp(seconds, UTC) if seconds and seconds <= done.began.timestamp() else None

    def everything(self) -> bool:
        """Tell whether every division was read to its end, and nothing narrows the run."""
        settings = self.lender.settings
        granted = {row["Code"] for row in self.lender.divisions}
        known = {
            partition["context"].get("Division")
            for partition in self.stream.stream_state.get("partitions", ())
        }
        return (
            granted <= self._complete
            and known <= granted
            and not settings.choice.narrows
            and not settings.start
        )

    def by_design(self) -> bool:
        """Tell whether all that was to be read was read: the rest was not due, or is read by another run."""
        granted = {row["Code"] for row in self.lender.divisions}
        return granted <= self._ended | self._passed_over and not granted <= self._complete

    # --- Fields ---

    def new_fields(self, division: int, asked: Iterable[str]) -> frozenset[str]:
        """Return which of the fields that are asked for now the rows that were loaded before do not have."""
        before = self._held(division)
        return frozenset(asked) - before if before else frozenset()

    def _held(self, division: int) -> frozenset[str] | None:
        """Return the fields that the rows hold which were loaded before, None where that is not known."""
        return fields.held(self.stream.of_all(_FIELDS), self._noted(division, HAS))

    def parted(self, division: int, names: Iterable[str]) -> dict[Older, list[str]]:
        """Part fields by what is with them in rows that were loaded before: they lack them, or hold other values."""
        before, found = self._plainly_held(division), dict[Older, list[str]]()
        for name in sorted(map(fields.plain, names)):
            found.setdefault(Older.OTHERWISE if name in before else Older.LACK, []).append(name)
        return found

    def tell_older(self, division: int, names: Iterable[str]) -> None:
        """Let the report know that older rows of a division lack fields, or hold them hashed otherwise."""
        for what, some in self.parted(division, names).items():
            self.lender.report.older(what, self.stream.name, some)

    def tell_dropped(self, division: int, names: frozenset[str]) -> None:
        """Let the report know that older rows of a division hold fields that are not to be loaded any more."""
        if names and (kept := self._plainly_held(division) & names):
            self.lender.report.older(Older.KEEP, self.stream.name, kept)

    def _plainly_held(self, division: int) -> set[str]:
        """Return the fields that older rows hold, hashed or not."""
        return {*map(fields.plain, self._held(division) or ())}

    def _keep_fields(self, division: int, asked: frozenset[str]) -> None:
        """Keep which fields every row of a division holds."""
        stream = self.stream
        if stream.resumes:
            known = stream.of_all(_FIELDS)
            before = None
            if stream.bookmark(partition_of(division)) is not None:
                before = fields.held(known, self._noted(division, HAS))
            holds = asked if before is None else fields.in_all(before, asked)
            mark = fields.mark_of(known, holds)
            if self._noted(division, HAS) != mark:
                self._note(division, HAS, mark)
                stream.keep_of_all(_FIELDS, fields.with_fields(known, mark, holds, self._marks))

    def _marks(self) -> set[Any]:
        """Return the fingerprints that stand beside bookmarks."""
        noted = (partition.get(HAS) for partition in self.stream.stream_state.get("partitions", ()))
        return {mark for mark in noted if isinstance(mark, str)}

    # --- State ---

    def _note(self, division: int, name: str, value: Any = None) -> None:
        self.stream.keep_note(partition_of(division), name, value)

    def _noted(self, division: int, name: str) -> Any:
        return self.stream.note(partition_of(division), name)

"""How far a stream has been read in one division. Pure: the state itself is the SDK's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from tap_exact_online.catalog import BY_NAME
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.spoken import spoken
from tap_exact_online.state.columns import COLUMN_NAMES
from tap_exact_online.state.form import AT, BACK, BACK_ROWS, FAILED, READ, carried_over
from tap_exact_online.state.owner import BELONGS_TO


@dataclass(slots=True)
class TimestampBookmark:
    """The row version up to which every row has been written.

    Exact seems to give rows in the order of Timestamp, but does not say so. The next link names the Timestamp that
    the next page goes on from, so nothing above it is bookmarked while pages are still to come; and once a row
    turns up that a resumed run would have skipped, the bookmark goes back to the start until everything is read.

    A row version is given when the statement runs, not when it commits, so a row may become visible below rows that were
    read before: below the first new row just as below the others. The next run therefore starts again where the last page
    that held a new row started, behind the rows that were known then. A run that breaks off before it finds a new row leaves
    that place as it was.

    Attributes:
        start: The bookmark that this read started from; 0 where it started from nothing.
        highest: The highest Timestamp seen.
        ordered: No row has turned up below the bookmark.
        reread: The Timestamp behind which the next run starts again; None for the bookmark. At first that of this read.
        known: How many rows lay between `reread` and the bookmark when they were read before; None where nobody counted.
        counted: The same for the next run.
        again: How many of those came again.
    """

    start: int = 0
    highest: int = 0
    ordered: bool = True
    reread: int | None = None
    known: int | None = None
    counted: int | None = None
    again: int = 0
    _written: int = 0
    _found: bool = False
    _held: int | None = None

    def hold(self) -> None:
        """Stay at what was reached before the page that comes next: a row of it was not written."""
        if self._held is None:
            self._held = max(self._written, self.start)

    def after_page(self, timestamps: Iterable[int | None], goes_on_from: int | None, *, last: bool) -> int:
        """Return the bookmark to keep once a page has been written.

        Args:
            timestamps: Those of the page's rows.
            goes_on_from: The Timestamp that the next link names, if any.
            last: No page follows.
        """
        reached = self._after_page(timestamps, goes_on_from, last=last)
        return reached if self._held is None else min(reached, self._held)

    def _after_page(self, timestamps: Iterable[int | None], goes_on_from: int | None, *, last: bool) -> int:
        seen = [value for value in timestamps if value is not None]
        if seen:
            new = [value for value in seen if value > self.start]
            self.again += len(seen) - len(new)
            if new:
                self._found = True
                self.counted = len(new) if min(new) > self.highest else None
                # 1 is the lowest that a filter may name.
                self.reread = max(min(self.highest, min(new) - 1), self.start, 1)
            descends = any(after < before for before, after in pairwise(seen))
            beyond = goes_on_from is None or goes_on_from < max(seen)
            # A link may name no Timestamp, or the lowest of a page that descends: what follows may lie below all of it.
            self.ordered = self.ordered and min(seen) > self._written and not (descends and beyond)
            self.highest = max(self.highest, *seen)
        if last:
            self.reread = self.reread if self._found else None
            self.counted = self.counted if self._found else None
            return max(self.highest, self.start)
        if not self.ordered:
            return self.start
        reached = self.highest if goes_on_from is None else min(self.highest, goes_on_from)
        self._written = max(self._written, reached)
        return max(self._written, self.start)

    @property
    def late(self) -> int | None:
        """How many rows were not there before, though others above them were; None where that cannot be told."""
        return None if self.known is None else max(0, self.again - self.known)


@dataclass(slots=True)
class ModifiedBookmark:
    """How far a stream that filters on `Modified` has been read. Its order is unknown, so it resumes from its start.

    Attributes:
        began: When the read began, by our clock.
        highest: The latest `Modified` seen, in UTC; at first the bookmark that the read started from.
    """

    began: datetime
    highest: datetime | None = None
    _pages: int = 0
    _held: bool = False

    def hold(self) -> None:
        """Leave the bookmark where it is: a row was not written."""
        self._held = True

    def after_page(self, values: Iterable[str | None], *, last: bool) -> str | None:
        """Return the bookmark to keep once a page has been written, or None to leave it as it is.

        Args:
            values: The `Modified` of each of the page's rows.
            last: No page follows.
        """
        self._pages += 1
        seen = (datetime.fromisoformat(value) for value in values if value)
        self.highest = max(filter(None, (self.highest, *seen)), default=None)
        if not last or self.highest is None or self._held:
            return None
        return written_instant(modified_bookmark(self.highest, self.began, self._pages))


def modified_bookmark(highest: datetime, began: datetime, pages: int) -> datetime:
    """Return the bookmark of a stream that filters on `Modified`, once it has been read to its end.

    A row of a page that was read already may change while later pages are read, and carry a lower `Modified` than a
    row of those. So a read of several pages does not bookmark beyond its own beginning. And no read bookmarks a moment
    that is still to come: a row dated ahead would hide every change until then.

    Args:
        highest: The latest `Modified` seen, in UTC.
        began: When the read began, by our clock.
        pages: How many pages it took.
    """
    return min(highest, began + _CLOCKS_DIFFER if pages <= 1 else began - _CLOCKS_DIFFER)


def written_instant(moment: datetime) -> str:
    """Return a moment in UTC as the state keeps it: in as few characters as that takes."""
    return moment.isoformat().replace("+00:00", "Z")


_CLOCKS_DIFFER = timedelta(minutes=5)

UNREAD = "unread"
"""Under this name the state keeps the places (Timestamps) behind which a page holds a row that could not be understood."""
MOST_UNREAD = 20
OF_A_BOOKMARK = (AT, BACK, BACK_ROWS, READ, FAILED, UNREAD, "sweep", "asked_for", "parts", "headers")
"""What a state keeps of how far a division was read: forgotten where it is to be read anew."""


def unread_places(note: Any) -> list[int]:
    """Read the places that a state holds; nothing where it holds none."""
    return [place for place in note if is_row_version(place)] if isinstance(note, list) else []


_ADVICE = (
    "It may come from another tap. Nothing was read. Use a state of its own for this tap (another job or --state-id),"
    " or clear this stream's bookmark to read it anew."
)


_HIGHEST = 2**63 - 1
_MOST_DIGITS = 19
_SHOWN = 60


def _shown(value: Any) -> str:
    """Show something of a state, but not all of it: it may be of any size."""
    text = (
        f"a number of {value.bit_length()} bits"
        if _is_number(value) and abs(value) > _HIGHEST
        else repr(value)
    )
    return spoken(text, _SHOWN)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_row_version(value: Any) -> bool:
    """Tell whether what a state holds is a number that a Timestamp may be."""
    return _is_number(value) and 0 <= value <= _HIGHEST


def read_timestamp(value: Any, place: str) -> int | None:
    """Read the bookmark of a Sync stream.

    Args:
        value: What the state holds.
        place: The stream and division, for the message.

    Raises:
        ConfigurationError: It is not a row version.
    """
    if value is None:
        return None
    if isinstance(value, str) and value.isdecimal() and len(value) <= _MOST_DIGITS:
        value = int(value)
    if is_row_version(value):
        return int(value)
    msg = f"The state holds a bookmark for {place} that is not a row version: {_shown(value)}. {_ADVICE}"
    raise ConfigurationError(msg)


def read_instant(value: Any, place: str) -> datetime | None:
    """Read the bookmark of a stream that filters on `Modified`.

    Raises:
        ConfigurationError: It is not a moment in time with an offset.
    """
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        msg = (
            f"The state holds a bookmark for {place} that is not a moment in time: {_shown(value)}. {_ADVICE}"
        )
        raise ConfigurationError(msg)
    return moment


def forget(state: Mapping[str, Any], streams: Collection[str], divisions: Collection[int]) -> None:
    """Forget how far streams were read in divisions, so that they are read from their start.

    What else is noted there stays: that Exact refused a stream is true all the same.

    Args:
        state: The state of the tap, which is changed.
        streams: The streams.
        divisions: The divisions.
    """
    for name in streams:
        for partition in partitions(state, name):
            if partition["context"].get("Division") in divisions:
                for key in OF_A_BOOKMARK:
                    partition.pop(key, None)


def check_state(state: Mapping[str, Any]) -> list[str]:
    """Check a whole state before anything is read, and write the names of today into it.

    Args:
        state: The state, which is changed.

    Returns:
        The streams in it that are not known here.

    Raises:
        ConfigurationError: It is not of the form that this tap writes.
    """
    # A run that ended before its first page has said whose the state is, and no more.
    bookmarks = state.get("bookmarks", {} if state.keys() <= {BELONGS_TO, COLUMN_NAMES} else None)
    if not isinstance(bookmarks, dict) or (bookmarks and not any(name in BY_NAME for name in bookmarks)):
        msg = (
            "The state is not one of this tap: it has no bookmark of any stream known here. It may come from"
            " another tap. Nothing was read. Give this tap a state of its own (another job or --state-id)."
        )
        raise ConfigurationError(msg)
    for name, bookmark in bookmarks.items():
        if not isinstance(bookmark, dict):
            msg = f"The state of '{spoken(name, _SHOWN)}' is no JSON object. {_ADVICE}"
            raise ConfigurationError(msg)
        if name in BY_NAME:
            check_bookmarks(name, BY_NAME[name].replication_key, bookmark)
    carried_over(state, {name: BY_NAME[name].replication_key for name in bookmarks if name in BY_NAME})
    return [name for name in bookmarks if name not in BY_NAME]


def check_bookmarks(stream: str, replication_key: str | None, state: Any) -> None:
    """Check the state of one stream, all divisions.

    Args:
        stream: The stream.
        replication_key: Its replication key, or None.
        state: What the state holds for it.

    Raises:
        ConfigurationError: It is not of the form that this tap writes.
    """
    partitions = state.get("partitions", []) if isinstance(state, dict) else None
    if not isinstance(partitions, list) or not all(
        isinstance(partition, dict) and isinstance(partition.get("context"), dict) for partition in partitions
    ):
        msg = f"The state of '{stream}' has no list of divisions. {_ADVICE}"
        raise ConfigurationError(msg)
    if replication_key and (AT in state or "replication_key_value" in state):
        msg = f"The state holds one bookmark for all divisions of '{stream}', not one for each. {_ADVICE}"
        raise ConfigurationError(msg)
    for partition in partitions:
        if not _is_number(partition["context"].get("Division")):
            msg = f"The state of '{stream}' names a division that is no number. {_ADVICE}"
            raise ConfigurationError(msg)
        place = f"'{stream}' in division {partition['context'].get('Division')}"
        read_instant(partition.get("headers"), place)  # of the lines of entries
        read = read_timestamp if replication_key == "Timestamp" else read_instant
        for value in (partition.get("replication_key_value"), partition.get(AT)) if replication_key else ():
            read(value, place)


def partitions(state: Mapping[str, Any], stream: str) -> list[dict[str, Any]]:
    """Return what a state that was checked holds of a stream, division by division."""
    found: list[dict[str, Any]] = state.get("bookmarks", {}).get(stream, {}).get("partitions", [])
    return found


def read_before(state: Mapping[str, Any]) -> list[int]:
    """Return the divisions that a state knows, the ones with most bookmarks first."""
    found = Counter(
        partition["context"]["Division"]
        for stream in state.get("bookmarks", {})
        if stream in BY_NAME  # whatever stands in the others, which were not checked
        for partition in partitions(state, stream)
        if isinstance(partition["context"].get("Division"), int)
    )
    return [division for division, _ in found.most_common()]

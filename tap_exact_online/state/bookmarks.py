"""How far a stream has been read in one division. Pure: the state itself is the SDK's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tap_exact_online.catalog import BY_NAME
from tap_exact_online.errors import ConfigurationError


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

    def after_page(self, timestamps: Iterable[int | None], goes_on_from: int | None, *, last: bool) -> int:
        """Return the bookmark to keep once a page has been written.

        Args:
            timestamps: Those of the page's rows.
            goes_on_from: The Timestamp that the next link names, if any.
            last: No page follows.
        """
        seen = [value for value in timestamps if value is not None]
        if seen:
            new = [value for value in seen if value > self.start]
            self.again += len(seen) - len(new)
            if new:
                self._found = True
                self.counted = len(new) if min(new) > self.highest else None
                # 1 is the lowest that a filter may name.
                self.reread = max(min(self.highest, min(new) - 1), self.start, 1)
            self.ordered = self.ordered and min(seen) > self._written
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

    def after_page(self, values: Iterable[str | None], *, last: bool) -> str | None:
        """Return the bookmark to keep once a page has been written, or None to leave it as it is.

        Args:
            values: The `Modified` of each of the page's rows.
            last: No page follows.
        """
        self._pages += 1
        seen = (datetime.fromisoformat(value) for value in values if value)
        self.highest = max(filter(None, (self.highest, *seen)), default=None)
        if not last or self.highest is None:
            return None
        return modified_bookmark(self.highest, self.began, self._pages).isoformat()


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


_CLOCKS_DIFFER = timedelta(minutes=5)
_ADVICE = (
    "It may come from another tap. Nothing was read. Use a state of its own for this tap (another job or --state-id),"
    " or clear this stream's bookmark to read it anew."
)


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
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    msg = f"The state holds a bookmark for {place} that is not a row version: {value!r}. {_ADVICE}"
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
        msg = f"The state holds a bookmark for {place} that is not a moment in time: {value!r}. {_ADVICE}"
        raise ConfigurationError(msg)
    return moment


def check_state(state: Mapping[str, Any]) -> list[str]:
    """Check a whole state before anything is read.

    Returns:
        The streams in it that are not known here.

    Raises:
        ConfigurationError: It is not of the form that this tap writes.
    """
    bookmarks = state.get("bookmarks", {} if not state else None)
    if not isinstance(bookmarks, dict) or (bookmarks and not any(name in BY_NAME for name in bookmarks)):
        msg = (
            "The state is not one of this tap: it has no bookmark of any stream known here. It may come from"
            " another tap. Nothing was read. Give this tap a state of its own (another job or --state-id)."
        )
        raise ConfigurationError(msg)
    for name, bookmark in bookmarks.items():
        if name in BY_NAME:
            check_bookmarks(name, BY_NAME[name].replication_key, bookmark)
    return [name for name in bookmarks if name not in BY_NAME]


def check_bookmarks(stream: str, replication_key: str | None, state: Any) -> None:
    """Check the state of one stream, all divisions, before anything is read.

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
    if replication_key and "replication_key_value" in state:
        msg = f"The state holds one bookmark for all divisions of '{stream}', not one for each. {_ADVICE}"
        raise ConfigurationError(msg)
    for partition in partitions:
        place = f"'{stream}' in division {partition['context'].get('Division')}"
        if replication_key == "Timestamp":
            read_timestamp(partition.get("replication_key_value"), place)
        elif replication_key:
            read_instant(partition.get("replication_key_value"), place)


def read_before(state: Mapping[str, Any]) -> list[int]:
    """Return the divisions that a state knows, the ones with most bookmarks first."""
    found = Counter(
        partition["context"]["Division"]
        for bookmark in state.get("bookmarks", {}).values()
        for partition in bookmark.get("partitions", ())
        if isinstance(partition["context"].get("Division"), int)
    )
    return [division for division, _ in found.most_common()]

"""What two looks at both sides say of each key. Pure.

Rows change while they are counted, on both sides: a run may be loading. A key counts as missing or surplus only where every
look agrees; what one look had and another had not is moving.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

Key = tuple[str, ...]
"""What identifies a row within a division, as text."""

LATE = timedelta(hours=2)
"""A row that was changed so shortly before a read began may not have been there for it yet: a row version is given when a
statement runs, not when it commits, and the next run looks for such rows. Besides, Exact writes moments by the Dutch wall clock,
of which one hour comes twice a year."""


@dataclass(frozen=True, slots=True)
class Differences:
    """What is on one side only.

    Attributes:
        missing: Keys that every look found at Exact, and none in the database.
        surplus: Keys that every look found in the database, and none at Exact.
        moving: Keys that came or went while they were looked for.
    """

    missing: AbstractSet[Key]
    surplus: AbstractSet[Key]
    moving: AbstractSet[Key] = frozenset()

    @property
    def none(self) -> bool:
        """Whether both sides hold the same."""
        return not (self.missing or self.surplus or self.moving)


def differences(
    held: AbstractSet[Key],
    given: AbstractSet[Key],
    held_after: AbstractSet[Key] | None = None,
    given_again: AbstractSet[Key] | None = None,
) -> Differences:
    """Compare what the looks found.

    Args:
        held: The keys in the database before Exact was asked.
        given: Those at Exact.
        held_after: Those in the database afterwards; None where it was not looked at again.
        given_again: Those at Exact when it was asked once more; None where it was not.
    """
    held_after = held if held_after is None else held_after
    given_again = given if given_again is None else given_again
    missing = (given & given_again) - held - held_after
    surplus = (held & held_after) - given - given_again
    return Differences(missing, surplus, (given_again ^ held_after) - missing - surplus)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a stream in a division, to tell what a difference means.

    Attributes:
        began: When the last read began that came to its end; None where the database does not tell.
        start: The moment from which rows are read at all; None for all rows.
        whole_each_time: Every run reads every row.
        moments: When each missing row was changed or made last; those whose row does not say so are not in it.
        logged: Surplus keys that the log of deletes names that was loaded, or that a whole read did not find any more.
        logged_since: Those that the log at Exact names by now.
        found_whole: Surplus keys that the last whole read still found.
    """

    began: datetime | None = None
    start: datetime | None = None
    whole_each_time: bool = False
    moments: Mapping[Key, datetime] = field(default_factory=dict)
    logged: Collection[Key] = frozenset()
    logged_since: Collection[Key] = frozenset()
    found_whole: Collection[Key] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the differences of a stream in a division mean.

    Attributes:
        missing: Rows at Exact that the last read should have written.
        unclear: Rows at Exact that are not in the database, and do not say since when they are there.
        surplus: Rows in the database that are no longer at Exact, and of which nothing tells.
        gone: Rows in the database of which is known that they are gone: their deletes are to be mirrored.
        new: Rows at Exact that were made or changed since the last read, or so shortly before it that the next one brings them.
        leaving: Rows in the database that were deleted at Exact since the last read.
        moving: Rows that came or went while they were counted.
        older: How many rows at Exact are older than the setting `start_date`.
    """

    missing: AbstractSet[Key] = frozenset()
    unclear: AbstractSet[Key] = frozenset()
    surplus: AbstractSet[Key] = frozenset()
    gone: AbstractSet[Key] = frozenset()
    new: AbstractSet[Key] = frozenset()
    leaving: AbstractSet[Key] = frozenset()
    moving: AbstractSet[Key] = frozenset()
    older: int = 0

    @property
    def differs(self) -> bool:
        """Whether something is to be done that the next run does not do by itself."""
        return bool(self.missing or self.unclear or self.surplus or self.gone)


def outcome(found: Differences, known: Known) -> Outcome:
    """Say what the differences mean.

    Args:
        found: What is on one side only.
        known: What is known of the rows.
    """
    older = {key for key in found.missing if _before(known.moments.get(key), known.start)}
    undated = {key for key in found.missing if key not in known.moments} if known.start else set()
    missing, new, unclear = set[Key](), set[Key](), set[Key](undated)
    for key in found.missing - older - undated:
        moment = known.moments.get(key)
        if moment is None or known.began is None:
            unclear.add(key)
        elif moment >= known.began - LATE:
            new.add(key)
        else:
            missing.add(key)
    gone = found.surplus & {*known.logged}
    leaving = (found.surplus - gone) & {*known.logged_since}
    if known.whole_each_time:
        leaving |= (found.surplus - gone) & {*known.found_whole}
    return Outcome(
        missing, unclear, found.surplus - gone - leaving, gone, new, leaving, found.moving, len(older)
    )


def _before(moment: datetime | None, start: datetime | None) -> bool:
    return moment is not None and start is not None and moment < start


def moment_of(*texts: str | None) -> datetime | None:
    """Return the latest moment that the texts of a row tell; a wall clock counts as UTC, which `LATE` allows for."""
    found = [datetime.fromisoformat(text) for text in texts if text]
    return max((each if each.tzinfo else each.replace(tzinfo=UTC) for each in found), default=None)

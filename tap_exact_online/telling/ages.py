"""How old everything is, in words. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tap_exact_online.telling.words import counted, listed

_HOUR = 3600.0
_DAY = 24
_MANY_HOURS = 96


@dataclass(frozen=True, slots=True)
class Aged:
    """How old a stream of a division is.

    Attributes:
        stream: The stream.
        division: The division.
        seconds: How long ago it was read.
    """

    stream: str
    division: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Ages:
    """How old everything is that a run is about.

    Attributes:
        pairs: How many streams of divisions there are.
        never: How many were never read to their end.
        oldest: The one that was read longest ago, None where none was.
        broken: Those that are older than they may be.
        bounds: How old they may be, in seconds, by stream.
    """

    pairs: int
    never: int
    oldest: Aged | None
    broken: Sequence[Aged] = ()
    bounds: Mapping[str, float] = field(default_factory=dict)

    def numbers(self) -> dict[str, Any]:
        """Return it for a program."""
        return {
            "pairs": self.pairs,
            "pairs_never_read": self.never,
            "pairs_too_old": len(self.broken),
            "oldest_hours": None if self.oldest is None else round(self.oldest.seconds / _HOUR, 1),
        }


def hours(seconds: float) -> str:
    """Say a length in hours, or in days where it is many."""
    number = seconds / _HOUR
    if number < 1:
        return f"{math.ceil(seconds / 60)} min"
    return f"{number:.0f} h" if number <= _MANY_HOURS else f"{number / _DAY:.0f} days"


def as_planned(read: int, planned: int, ages: Ages) -> str:
    """Say what of everything was read in a run, and how old the rest is.

    Args:
        read: How many pairs were read to their end.
        planned: How many were to be read.
        ages: How old everything is after it.
    """
    plan = "as planned" if read >= planned else f"of {planned:,} that were planned"
    text = f"{read:,} of {counted(ages.pairs, 'pair')} of stream and division were read, {plan}"
    if ages.oldest is not None:
        oldest = ages.oldest
        text += f"; the oldest was read {hours(oldest.seconds)} ago ({oldest.stream} in division {oldest.division})"
    if ages.never:
        text += f"; {ages.never:,} were never read so far"
    return f"{text}."


def broken(ages: Ages) -> Iterator[str]:
    """Say which streams are older than they may be, and where."""
    by_stream: dict[str, list[Aged]] = defaultdict(list)
    for aged in ages.broken:
        by_stream[aged.stream].append(aged)
    for stream, some in by_stream.items():
        some.sort(key=lambda aged: -aged.seconds)
        where = listed([aged.division for aged in some])
        yield (
            f"{stream} in {counted(len(some), 'division')} ({where}): read up to {hours(some[0].seconds)} ago, and may be"
            f" {hours(ages.bounds[stream])} old at most"
        )


def affordable(calls: int, a_day: int, interval: float) -> float | None:
    """Return the least bound that can be kept, in seconds; None where no number of calls is set.

    Args:
        calls: What reading everything once takes.
        a_day: Calls of a day; 0 for no limit.
        interval: Seconds between two runs.
    """
    # The last run before a deadline ends after it: two intervals go to that.
    return calls / a_day * _DAY * _HOUR + 2 * interval if a_day else None


def advice(calls: int, a_day: int, interval: float) -> str:
    """Say what bound can be kept.

    Args:
        calls: What reading everything once takes.
        a_day: Calls of a day; 0 for no limit.
        interval: Seconds between two runs.
    """
    bound = affordable(calls, a_day, interval)
    if bound is None:
        return "Run more often, or set a longer `at_most_old`."
    return (
        f"To read everything once takes {counted(calls, 'call')} or more, of the {a_day:,} of a day: an `at_most_old` of"
        f" {math.ceil(bound / _HOUR)}h can be kept. Set a longer one, deselect streams, or let them be asked less often"
        " (`cadence`)."
    )

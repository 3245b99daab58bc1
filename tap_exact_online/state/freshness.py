"""How old what was read is, and how often there is news: what the order of a run rests on. Pure.

The state keeps three numbers for each stream and division: the minute in which the last read began that came to its end, how
many minutes before that the last one began that had news, and news a day in hundredths.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tap_exact_online.state.working import worked

_MINUTE = 60.0
_DAY = 86_400.0
_STEP = 1.5
"""How far one answer moves the rate: by a factor of 4.5 at most, where there is news that nobody expected."""
_SILENCE = 1.0
"""How far an answer without news moves it at most: some weeks are silent everywhere."""
_LOWEST, _HIGHEST = 0.01, 50.0
_MANY = 50.0
_HUNDREDTHS = 100
_END_OF_TIME = 1e11 / _MINUTE
_NEVER = -1
USUAL = 0.5
"""News a day, where nothing is known yet."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """What is known of one division of a stream.

    Attributes:
        read: When the last read began that came to its end (epoch seconds).
        news: When the last one began that had news; None where none had since it was first read.
        rate: News a day, where a day of work has more of them than a Sunday: see `working`.
    """

    read: float
    news: float | None = None
    rate: float = USUAL

    @classmethod
    def of(cls, note: Any) -> Freshness | None:
        """Read what a state holds; None where it holds nothing that is of use."""
        if not isinstance(note, list) or not note or not _is_count(note[0]):
            return None
        read = note[0] * _MINUTE
        since, rate = (*note[1:3], None, None)[:2]
        return cls(
            read,
            read - since * _MINUTE if _is_count(since) else None,
            rate / _HUNDREDTHS if _is_count(rate) else USUAL,
        )

    def note(self) -> list[int]:
        """Return what the state is to hold."""
        minute = int(self.read // _MINUTE)
        if self.news is None and self.rate == USUAL:  # as after the first read
            return [minute]
        # A clock that went back makes no news of the time to come.
        since = _NEVER if self.news is None else max(minute - int(self.news // _MINUTE), 0)
        return [minute, since, round(self.rate * _HUNDREDTHS)]


def after(known: Freshness | None, began: float, *, news: bool | None) -> Freshness:
    """Return what is known after a read that came to its end.

    Args:
        known: What was known before. The first read finds all there is, which says nothing of how often there is news.
        began: When it began (epoch seconds).
        news: It found something new; None where the stream cannot tell.
    """
    if known is None:
        return Freshness(began)
    if news is None:
        return Freshness(began, known.news, known.rate)
    if began < known.read:  # a clock that went back tells nothing of how long it took
        return Freshness(began, began if news else known.news, known.rate)
    expected = known.rate * max(worked(began) - worked(known.read), _MINUTE) / _DAY
    # The slope of the likelihood of what was seen, in the logarithm of the rate: that there was news says little where it was
    # expected anyway, since a read cannot tell how often there was.
    surprise = (
        -min(expected, _SILENCE) if not news else expected / math.expm1(expected) if expected < _MANY else 0.0
    )
    rate = min(max(known.rate * math.exp(_STEP * surprise), _LOWEST), _HIGHEST)
    return Freshness(began, began if news else known.news, rate)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _END_OF_TIME

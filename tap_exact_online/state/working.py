"""How much of a time people work in: what nobody writes, nobody has to read. Pure.

Books are kept in offices, so nights and weekends bring little. A company that had news all day long has none at three in the
morning, and to ask it then is a call that another one needs. Which hours those are is the same in all countries of Exact, give
or take an hour.
"""

from __future__ import annotations

from itertools import accumulate

_HOUR = 3600.0
_AHEAD = 1
"""Hours that Amsterdam is ahead of UTC; in summer it is one more, which makes no difference here."""
_MONDAY = 4 * 24
"""Hours from the epoch, a Thursday, to a Monday."""
_QUIET = 0.2
"""What an hour counts in which few work. Not 0: other programs write at night, and some people do. Measured with
`benchmarks/staleness.py`: at 1, which makes no difference between hours, half of the changes wait a tenth longer."""
_WEEK = [1.0 if day < 5 and 7 <= hour < 19 else _QUIET for day in range(7) for hour in range(24)]  # noqa: PLR2004
_SO_FAR = [0.0, *accumulate(_WEEK)]
_SCALE = len(_WEEK) / _SO_FAR[-1]


def worked(moment: float) -> float:
    """Return how much of the time until a moment people worked in, in seconds; a week of it is as long as any.

    Args:
        moment: Epoch seconds.
    """
    weeks, hour = divmod(moment / _HOUR + _AHEAD - _MONDAY, len(_WEEK))
    whole = int(hour)
    hours = weeks * _SO_FAR[-1] + _SO_FAR[whole] + (hour - whole) * _WEEK[whole]
    return hours * _SCALE * _HOUR

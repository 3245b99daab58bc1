"""How many calls are left, and when the next one may go out. Pure: the clock is handed in, nothing waits here.

Exact allows each app a number of calls a minute and a day in each division, and tells both in headers whose resets
are epoch milliseconds. The minute is a fixed clock minute; the day ends at 00:00 UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

_MINUTE = 60.0
DAY = 86_400.0
"""Seconds of the period in which calls are counted that ends at 00:00 UTC."""
# A reset is believed when it lies within its own period, give or take the difference between two clocks.
_SKEW = 5.0
_USUAL_MINUTE = 60
# Another program may use the same app in the division. That it makes more than half of its calls is not likely.
_MANY = 0.5
_LEFT = ("X-RateLimit-Minutely-Remaining", "X-RateLimit-Remaining")


@dataclass(frozen=True, slots=True)
class Remaining:
    """How many calls are left.

    Attributes:
        minute: In this minute; None where that is not known.
        day: In this day, without those that are left for others; None where that is not known.
    """

    minute: int | None = None
    day: int | None = None


@dataclass(slots=True)
class Allowance:
    """What one division may still do; None for what the server has not said.

    Attributes:
        minute_left: Calls left before `minute_resets`.
        minute_limit: Calls that a minute has.
        minute_resets: Epoch seconds.
        day_left: Calls left before `day_resets`.
        day_limit: Calls that a day has.
        day_resets: Epoch seconds.
        minute: The minute of the last call, in minutes since the epoch.
        in_minute: Calls that went out in it.
    """

    minute_left: int | None = None
    minute_limit: int | None = None
    minute_resets: float = 0.0
    day_left: int | None = None
    day_limit: int | None = None
    day_resets: float = 0.0
    minute: int = 0
    in_minute: int = 0


@dataclass(slots=True)
class Limits:
    """The calls left in each division, as far as its answers have told.

    Attributes:
        clock: Returns the time in epoch seconds.
        reserve: Daily calls of each division that are left for others.
    """

    clock: Callable[[], float]
    reserve: int = 0
    _divisions: dict[int, Allowance] = field(default_factory=dict)

    def told(self, division: int) -> Allowance:
        """Return what the answers of a division have told."""
        return self._divisions.get(division, Allowance())

    def wait(self, division: int) -> float:
        """Return the seconds until a call to this division makes sense: 0 when it may go out now."""
        now = self.clock()
        known = self._divisions.get(division)
        if known is None or known.minute_left is None or known.minute_left > 0:
            return 0.0
        # No longer than a minute, should the clock have gone back meanwhile.
        return min(max(0.0, known.minute_resets - now), _MINUTE + _SKEW)

    def day_over(self, division: int) -> float | None:
        """Return when the division's next day begins (epoch seconds) if its day is used up, else None."""
        known = self._divisions.get(division)
        if (
            known is None
            or known.day_left is None
            or known.day_left > self.reserve
            or known.day_resets <= self.clock()
        ):
            return None
        return known.day_resets

    def remaining(self, division: int) -> Remaining:
        """Return how many calls a division has left."""
        known, now = self._divisions.get(division), self.clock()
        if known is None:
            return Remaining()
        return Remaining(
            known.minute_left if known.minute_resets > now else None,
            max(0, known.day_left - self.reserve)
            if known.day_left is not None and known.day_resets > now
            else None,
        )

    def sent(self, division: int) -> None:
        """Count a call that goes out, so that a lost answer is not forgotten."""
        known = self._divisions.setdefault(division, Allowance())
        now = self.clock()
        minute = int(now // _MINUTE)
        known.in_minute = known.in_minute + 1 if known.minute == minute else 1
        known.minute = minute
        if known.minute_left is not None:
            # Whether the next answer tells of limits is not certain: that of a file may not.
            left = known.minute_left if known.minute_resets > now else known.minute_limit
            known.minute_left = None if left is None else max(0, left - 1)
            known.minute_resets = (
                known.minute_resets if known.minute_resets > now else _reset(None, now, _MINUTE)
            )
        if known.day_left is not None:
            known.day_left = max(0, known.day_left - 1)

    def explains(self, division: int, headers: Mapping[str, str]) -> bool:
        """Tell whether a limit of its own is the reason for which a division answers 429.

        Args:
            division: The division.
            headers: What the answer shows. A 429 with some left has been seen, and one that shows nothing.
        """
        known = self._divisions.get(division, Allowance())
        shown = [_number(headers.get(name)) for name in _LEFT]
        many = (known.minute_limit or _USUAL_MINUTE) * _MANY
        return 0 in shown or known.in_minute >= many or known.day_left == 0

    @staticmethod
    def silent(headers: Mapping[str, str]) -> bool:
        """Tell whether an answer shows no limit."""
        return all(headers.get(name) is None for name in _LEFT)

    def answered(self, division: int, headers: Mapping[str, str], *, refused: bool = False) -> None:
        """Learn from the headers of an answer.

        Args:
            division: The division of the call.
            headers: The answer's headers, by name.
            refused: The answer was a 429. Whatever the headers say or fail to say, the next call has to wait: for
                the day when only the day's headers are there and none is left, else for the minute.
        """
        now = self.clock()
        known = self._divisions.setdefault(division, Allowance())
        minute_left = _number(headers.get("X-RateLimit-Minutely-Remaining"))
        day_left = _number(headers.get("X-RateLimit-Remaining"))
        # A 429 shows only the limit that was reached.
        known.minute_limit = _number(headers.get("X-RateLimit-Minutely-Limit"), known.minute_limit)
        known.day_limit = _number(headers.get("X-RateLimit-Limit"), known.day_limit)
        if day_left is not None:
            known.day_left = day_left
            known.day_resets = _reset(headers.get("X-RateLimit-Reset"), now, DAY)
        if minute_left is not None:
            known.minute_left = minute_left
            known.minute_resets = _reset(headers.get("X-RateLimit-Minutely-Reset"), now, _MINUTE)
        if refused and self.day_over(division) is None:
            known.minute_left = 0
            known.minute_resets = _reset(headers.get("X-RateLimit-Minutely-Reset"), now, _MINUTE)


_HOUR = 3600.0
_MOST_ERRORS = 5


@dataclass(slots=True)
class ErrorBudget:
    """How many refusals each endpoint of a division may still cost.

    More than ten answers of 400, 401, 403 or 404 for one app, user, division, endpoint and hour block the app for an
    hour, and longer each time. Half of that leaves room for the other programs of the same user.

    Attributes:
        clock: Returns the time in epoch seconds.
    """

    clock: Callable[[], float]
    _errors: dict[tuple[int | None, str], list[float]] = field(default_factory=dict)

    def spend(self, division: int | None, endpoint: str) -> None:
        """Count a refusal."""
        self._errors.setdefault((division, endpoint), []).append(self.clock())

    def recall(self, division: int | None, endpoint: str, at: Iterable[float]) -> None:
        """Count refusals of earlier runs, given in epoch seconds. Those of this run stay."""
        known = self._errors.setdefault((division, endpoint), [])
        known[:0] = [moment for moment in at if moment < min(known, default=self.clock())]

    def recent(self, division: int | None, endpoint: str) -> list[float]:
        """Return when the endpoint refused within the last hour, in epoch seconds."""
        since = self.clock() - _HOUR
        return [moment for moment in self._errors.get((division, endpoint), ()) if moment > since]

    def left(self, division: int | None, endpoint: str) -> int:
        """Return how many more the endpoint may cost within the hour."""
        return _MOST_ERRORS - len(self.recent(division, endpoint))


def _number(text: str | None, otherwise: int | None = None) -> int | None:
    try:
        return otherwise if text is None else max(0, int(text))
    except ValueError:
        return otherwise


def end_of(now: float, period: float) -> float:
    """Return when the period ends that a moment is in, in epoch seconds: Exact counts in fixed ones."""
    return (now // period + 1) * period


def _reset(text: str | None, now: float, period: float) -> float:
    """Return a reset in epoch seconds; where the header is missing or absurd, the end of the current period.

    Exact counts in fixed clock minutes and in days from 00:00 UTC, so that end is known without the header.
    """
    end = end_of(now, period)
    try:
        told = int(text or "") / 1000
    except (ValueError, OverflowError):
        return end
    return told if now < told <= now + period + _SKEW else end

"""Calls a minute and a day, and errors an hour: how Exact counts, with the time passed in."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from tap_exact_online.sandbox.options import Options

_DAY = 86_400
_HOUR = 3600
COUNTED = frozenset({400, 401, 403, 404})


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call is within the limits.

    Attributes:
        allowed: False is answered with 429.
        headers: The rate-limit headers of the answer.
    """

    allowed: bool
    headers: tuple[tuple[str, str], ...]


def _headers(front: str, limit: int, remaining: int, reset: float) -> tuple[tuple[str, str], ...]:
    """Return three headers; the reset is in milliseconds since the epoch, UTC."""
    return (
        (f"X-RateLimit-{front}Limit", str(limit)),
        (f"X-RateLimit-{front}Remaining", str(max(0, remaining))),
        (f"X-RateLimit-{front}Reset", str(int(reset * 1000))),
    )


@dataclass(slots=True)
class Limits:
    """The counters of the one app.

    Attributes:
        minute: The minute being counted, and calls in it, by division.
        day: The day being counted, and calls in it, by division.
        contract: The day being counted, and calls in it over all divisions.
        errors: The hour being counted, and errors in it, by user, division and endpoint.
        blocked_until: Until when the app is blocked, in seconds since the epoch.
        blocks: How often it was blocked: each block lasts twice as long as the one before.
    """

    minute: dict[int, tuple[int, int]] = field(default_factory=dict)
    day: dict[int, tuple[int, int]] = field(default_factory=dict)
    contract: tuple[int, int] = (0, 0)
    errors: dict[tuple[str, str, str], tuple[int, int]] = field(
        default_factory=lambda: defaultdict(lambda: (0, 0))
    )
    blocked_until: float = 0.0
    blocks: int = 0

    def call(self, division: int, now: float, options: Options) -> Verdict:
        """Count a call, unless a limit is reached."""
        minute, day = int(now // options.minute_seconds), int(now // _DAY)
        in_minute = _current(self.minute.get(division), minute)
        in_day = _current(self.day.get(division), day)
        in_contract = _current(self.contract, day)
        day_full = in_day >= options.day_limit
        minute_full = in_minute >= options.minute_limit
        contract_full = in_contract >= options.contract_limit
        allowed = not (day_full or minute_full or contract_full)
        if allowed:
            self.minute[division] = (minute, in_minute + 1)
            self.day[division] = (day, in_day + 1)
            self.contract = (day, in_contract + 1)
        spare = 3 if not allowed and options.limit_headers == "remaining" else 0
        of_day = _headers(
            "", options.day_limit, options.day_limit - in_day - allowed + spare * day_full, (day + 1) * _DAY
        )
        left = options.minute_limit - in_minute - allowed + spare * minute_full
        of_minute = _headers("Minutely-", options.minute_limit, left, (minute + 1) * options.minute_seconds)
        if allowed:
            shown = {"both": of_day + of_minute, "minute": of_minute, "none": ()}
            return Verdict(allowed, shown[options.limit_headers_on_success])
        if options.limit_headers == "both":
            return Verdict(allowed, of_day + of_minute)
        # a 429 shows only the limit that was reached; nothing is known about the contract's, so that shows none
        if options.limit_headers == "none" or not (day_full or minute_full):
            return Verdict(allowed, ())
        return Verdict(allowed, of_day if day_full else of_minute)

    def error(self, user: str, division: str, endpoint: str, now: float, options: Options) -> None:
        """Count an answer of 400, 401, 403 or 404, and block the app when there were too many in a clock hour."""
        hour = int(now // _HOUR)
        count = _current(self.errors[user, division, endpoint], hour) + 1
        self.errors[user, division, endpoint] = (hour, count)
        if count > options.error_limit:
            self.blocked_until = max(self.blocked_until, now + _HOUR * 2**self.blocks)
            self.blocks += 1
            self.errors[user, division, endpoint] = (hour, 0)

    def blocked(self, now: float) -> bool:
        """Tell whether the app is blocked for its errors."""
        return now < self.blocked_until


def _current(counted: tuple[int, int] | None, window: int) -> int:
    """Return the calls counted in this window; an older window counts for nothing."""
    return counted[1] if counted is not None and counted[0] == window else 0

"""How many calls each division has left, as its last answer told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from typing_extensions import override

from tap_exact_online.reading import Limits

KEPT_FOR_RUNS = 50
"""Daily calls of each division that an examination leaves, besides those of `reserved_calls`: it never takes the last."""


@dataclass(frozen=True, slots=True)
class Left:
    """What the headers of an answer said; None for what they did not say.

    Attributes:
        today: Calls left today.
        of_day: Calls that a day has.
        minute: Calls left this minute.
        of_minute: Calls that a minute has.
    """

    today: int | None = None
    of_day: int | None = None
    minute: int | None = None
    of_minute: int | None = None


_HEADERS = (
    "X-RateLimit-Remaining",
    "X-RateLimit-Limit",
    "X-RateLimit-Minutely-Remaining",
    "X-RateLimit-Minutely-Limit",
)


class WatchedLimits(Limits):
    """Limits that remember what they were told.

    Attributes:
        left: What each division has left.
    """

    def __init__(self, clock: Callable[[], float], reserve: int) -> None:
        """Know nothing yet.

        Args:
            clock: Returns the time in epoch seconds.
            reserve: Daily calls of each division that are left for others.
        """
        super().__init__(clock, reserve)
        self.left: dict[int, Left] = {}

    @override
    def answered(self, division: int, headers: Mapping[str, str], *, refused: bool = False) -> None:
        super().answered(division, headers, refused=refused)
        told = Left(*(_count(headers.get(name)) for name in _HEADERS))
        before = self.left.get(division, Left())
        # A 429 shows only the limit that was reached.
        self.left[division] = Left(
            before.today if told.today is None else told.today,
            before.of_day if told.of_day is None else told.of_day,
            before.minute if told.minute is None else told.minute,
            before.of_minute if told.of_minute is None else told.of_minute,
        )


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdecimal() else None

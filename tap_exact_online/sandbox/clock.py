"""The sandbox's own time, which a test may move, and the Dutch wall clock that Exact writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the wall clock has no zone
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(slots=True)
class Clock:
    """A clock that can be advanced.

    Attributes:
        source: Gives seconds since the epoch, for example `time.time`.
        offset: Seconds added to the source.
    """

    source: Callable[[], float]
    offset: float = 0.0

    def now(self) -> float:
        """Return seconds since the epoch."""
        return self.source() + self.offset

    def wall(self) -> int:
        """Return the Dutch wall clock in milliseconds, written as if it were UTC."""
        return wall_of(self.now())


def wall_of(seconds: float) -> int:
    """Turn seconds since the epoch into milliseconds of the Dutch wall clock, written as if it were UTC."""
    local = datetime.fromtimestamp(seconds, UTC).astimezone(_AMSTERDAM).replace(tzinfo=None)
    return (local - _EPOCH) // _MILLISECOND


def iso_of(wall: int) -> str:
    """Write wall-clock milliseconds as naive ISO text: `2025-03-31T14:16:40.637000`, or without a fraction."""
    return (_EPOCH + wall * _MILLISECOND).isoformat()


def wall_of_iso(text: str) -> int:
    """Read naive ISO text, with or without a time, as wall-clock milliseconds.

    Raises:
        ValueError: The text is no date, or carries an offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        msg = f"'{text}' has an offset: the wall clock has none"
        raise ValueError(msg)
    return (moment - _EPOCH) // _MILLISECOND

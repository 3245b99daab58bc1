"""How numbers, times and lists read, the same in every place. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

_SHOWN = 5
_FEW_SECONDS = 10
_MANY_SECONDS = 120
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun, for example `1 division` and `1,200 divisions`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def span(low: int, high: int) -> str:
    """Return a range of numbers, or the one that it is."""
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def listed(codes: Sequence[int] | Sequence[str], shown: int = _SHOWN) -> str:
    """Return the first of a list, and how many there are more. One more is named, too."""
    if len(codes) <= shown + 1:
        return ", ".join(map(str, codes))
    return f"{', '.join(map(str, codes[:shown]))} and {len(codes) - shown:,} more"


def where(divisions: Sequence[int], everywhere: int) -> str:
    """Say in which divisions.

    Args:
        divisions: Those it is about.
        everywhere: How many there are in all.
    """
    if len(divisions) == 1:
        return f"in division {divisions[0]}"
    if len(divisions) == everywhere:
        return f"in all {everywhere:,} divisions"
    return f"in {len(divisions):,} of {everywhere:,} divisions ({listed(divisions)})"


def ago(age: timedelta) -> str:
    """Say how long ago something was."""
    for unit, size in (("day", _DAY), ("hour", _HOUR), ("minute", _MINUTE)):
        if age >= size:
            return f"{counted(age // size, unit)} ago"
    return "just now"


def duration(seconds: float) -> str:
    """Return a time as somebody would say it."""
    if seconds < _FEW_SECONDS:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < _MANY_SECONDS else f"{seconds / 60:,.0f} min"

"""What the answers have shown of `Modified` on one endpoint, and so how it may be filtered. Pure.

That an endpoint may be filtered on `Modified` is the general rule, but not documented for most of them. Whether a row that was
never changed has a `Modified` is not known: if it has none, a filter on `Modified` alone misses every new row.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

_WEEK = 7 * 86_400.0
_AT_ONCE = timedelta(seconds=2)


class Shown(Enum):
    """What a row shows."""

    NOTHING = "it was changed after it was made"
    FILLED = "it was never changed, and has a Modified"
    EMPTY = "it has no Modified"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one endpoint.

    Attributes:
        filled: A row that was never changed had a `Modified`.
        empty: A row had none.
        refused: When the filter on `Modified` was refused last, in epoch seconds; 0 for never, or long ago.
        both_refused: The same of the filter on `Modified` or `Created`.
    """

    filled: bool = False
    empty: bool = False
    refused: float = 0.0
    both_refused: float = 0.0

    @classmethod
    def read(cls, note: Any, now: float) -> Evidence:
        """Read what a state holds. A refusal counts for a week: then the filter is tried again."""
        if not isinstance(note, Mapping):
            return cls()

        def lately(name: str) -> float:
            at = note.get(name)
            return float(at) if isinstance(at, int | float) and now - _WEEK < at <= now else 0.0

        return cls(
            note.get("filled") is True, note.get("empty") is True, lately("refused"), lately("both_refused")
        )

    def note(self) -> dict[str, Any] | None:
        """Return what the state is to hold; None for nothing."""
        known = {"filled": self.filled, "empty": self.empty}
        at = {"refused": int(self.refused), "both_refused": int(self.both_refused)}
        return {name: value for name, value in {**known, **at}.items() if value} or None

    def after(self, shown: Collection[Shown]) -> Evidence:
        """Return what is known once rows were seen."""
        return replace(
            self, filled=self.filled or Shown.FILLED in shown, empty=self.empty or Shown.EMPTY in shown
        )

    def when_refused(self, now: float, *, both: bool) -> Evidence:
        """Return what is known once a filter was refused: that on `Modified`, or that on both."""
        return replace(self, both_refused=now) if both else replace(self, refused=now)

    def filtered_on(self, *, has_created: bool) -> tuple[str, ...]:
        """Return which properties to filter on, so that no row is missed: none of them to read everything.

        Args:
            has_created: The endpoint has a property `Created`.
        """
        if self.refused:
            return ()
        if self.filled and not self.empty:
            return ("Modified",)
        if has_created:
            return () if self.both_refused else ("Modified", "Created")
        return () if self.empty else ("Modified",)


def shown(modified: str | None, created: str | None) -> Shown:
    """Say what a row shows.

    Args:
        modified: When it was changed last: ISO 8601, or nothing.
        created: When it was made.
    """
    if not modified:
        return Shown.EMPTY
    if not created:
        return Shown.NOTHING
    # Written alike by `wire.instant`, so most of them are told apart without being read.
    if modified == created:
        return Shown.FILLED
    if modified[:16] != created[:16]:
        return Shown.NOTHING
    apart = datetime.fromisoformat(modified) - datetime.fromisoformat(created)
    return Shown.FILLED if abs(apart) <= _AT_ONCE else Shown.NOTHING

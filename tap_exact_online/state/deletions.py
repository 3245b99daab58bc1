"""Exact keeps its log of deleted rows for two months: what to say when it was last read longer ago. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_KEPT_DAYS = 60
_WARN_DAYS = 50


@dataclass(frozen=True, slots=True)
class Age:
    """How long ago the log of a division was read to its end.

    Attributes:
        division: The division.
        days: Whole days.
    """

    division: int
    days: int

    @property
    def lost(self) -> bool:
        """Whether entries may be gone that were never read."""
        return self.days >= _KEPT_DAYS

    def message(self) -> str:
        """Say what it means and what to do."""
        if not self.lost:
            return (
                f"The log of deleted rows of division {self.division} was last read {self.days} days ago. Exact keeps it for"
                " two months: run more often, or deletes will be missed."
            )
        return (
            f"Deletes may be missing: the log of deleted rows of division {self.division} was last read {self.days} days ago,"
            f" and Exact keeps it for two months. Remove the rows of this division from your tables and read it anew"
            f" (once: TAP_EXACT_ONLINE_REREAD='{{\"divisions\": [{self.division}]}}' meltano run tap-exact-online"
            " target-postgres)."
        )


def ages(state: Mapping[str, Any], now: datetime) -> list[Age]:
    """Return the divisions whose log was read long ago, the oldest first."""
    found = []
    for partition in state.get("bookmarks", {}).get("deleted", {}).get("partitions", ()):
        read_at, division = partition.get("read_at"), partition["context"].get("Division")
        if isinstance(read_at, str) and division is not None:
            days = (now - datetime.fromisoformat(read_at).astimezone(UTC)).days
            if days >= _WARN_DAYS:
                found.append(Age(division, days))
    return sorted(found, key=lambda age: -age.days)

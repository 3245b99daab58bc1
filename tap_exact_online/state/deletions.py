"""Exact keeps its log of deleted rows for two months: what to say when it was last read longer ago. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tap_exact_online.state.bookmarks import partitions
from tap_exact_online.state.form import READ
from tap_exact_online.state.freshness import Freshness
from tap_exact_online.surroundings import how_to_run

_KEPT_DAYS = 60
_WARN_DAYS = 50


@dataclass(frozen=True, slots=True)
class Age:
    """How long ago the log of a division was read to its end.

    Attributes:
        division: The division.
        ago: How long ago.
    """

    division: int
    ago: timedelta

    @property
    def days(self) -> int:
        """The same in whole days."""
        return self.ago.days

    @property
    def old(self) -> bool:
        """Whether a person should know."""
        return self.days >= _WARN_DAYS

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
            f" and Exact keeps it for two months. Read this division anew once, and let what is gone be"
            f" removed behind it: {how_to_run(json.dumps({'divisions': [self.division]}))}"
        )


def ages(state: Mapping[str, Any], now: datetime) -> list[Age]:
    """Return how long ago the log of each division was read, the oldest first, where the state says it."""
    found = []
    for partition in partitions(state, "deleted"):
        known, division = Freshness.of(partition.get(READ)), partition["context"].get("Division")
        if known is not None and division is not None:
            found.append(Age(division, now - datetime.fromtimestamp(known.read, UTC)))
    return sorted(found, key=lambda age: age.ago, reverse=True)

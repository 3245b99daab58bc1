"""What is known of divisions besides what was read of them, and what the plan so has to know of each pair. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tap_exact_online.board import Hint, hinted_at
from tap_exact_online.catalog import Resource, cost
from tap_exact_online.reading.plan import Pair
from tap_exact_online.state import FAILED, READ, Freshness, seconds_of

OF_A_DIVISION = frozenset({"Status", "BlockingStatus", "Modified"})
"""What the plan looks at in the row of a division."""
_ACTIVE = 1


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of the divisions besides what was read of them.

    Attributes:
        changed: When the row of each was changed (epoch seconds), None where it does not say; in the order of the divisions.
        dormant: Those that are archived, inactive or blocked.
        hints: Of what somebody has said that there is news, and when.
    """

    changed: Mapping[int, float | None]
    dormant: Collection[int]
    hints: Mapping[Hint, int]

    @classmethod
    def of(cls, divisions: Sequence[Mapping[str, Any]], hints: Mapping[Hint, int]) -> Around:
        """Take it from the rows of the stream `divisions`."""
        return cls(
            {row["Code"]: _changed(row) for row in divisions},
            {row["Code"] for row in divisions if _is_dormant(row)},
            hints,
        )

    def noted(self, resource: Resource, division: int, notes: Mapping[str, Any]) -> Pair:
        """Return what the plan has to know of a stream of a division, from what the state keeps of it."""
        return self.pair(resource, division, Freshness.of(notes.get(READ)), seconds_of(notes.get(FAILED)))

    def pair(
        self, resource: Resource, division: int, known: Freshness | None, failed: float | None = None
    ) -> Pair:
        """Return what the plan has to know of a stream of a division.

        Args:
            resource: The stream.
            division: The division.
            known: What the state says of it.
            failed: When it was asked in vain since then.
        """
        told = max(hinted_at(self.hints, division, resource.name) or 0, self.changed.get(division) or 0)
        hinted = known is not None and told > known.read
        return Pair(resource.name, division, known, failed, least(resource), hinted, division in self.dormant)


def least(resource: Resource) -> int:
    """Return how many calls a read of a stream takes at least, in one division."""
    return max(1, cost(resource).least)


def _is_dormant(row: Mapping[str, Any]) -> bool:
    """Tell whether a division is archived, inactive or blocked."""
    status = row.get("Status")
    return (status is not None and status != _ACTIVE) or bool(row.get("BlockingStatus"))


def _changed(row: Mapping[str, Any]) -> float | None:
    """Return when the row of a division was changed, in epoch seconds."""
    text = row.get("Modified")
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None

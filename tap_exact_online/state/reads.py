"""When a division was last read to its end, as a row of the stream `reads`. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tap_exact_online.state.freshness import Freshness


@dataclass(frozen=True, slots=True)
class Read:
    """A complete read of one stream in one division.

    Attributes:
        stream: The stream.
        division: The division.
        began: When it began, by our clock.
        ended: When it ended.
        rows: Rows that were written.
        calls: Calls that it took.
        whole: It began from nothing, so every row that Exact had was written.
        whole_began: When the last read began that was whole: a row that was written before, and not since, is gone. None where
            there was none.
        fields: The fingerprint of the fields that were asked for.
        freshness: How often there is news, by all reads so far; None where the stream cannot tell.
    """

    stream: str
    division: int
    began: datetime
    ended: datetime
    rows: int
    calls: int
    whole: bool
    whole_began: datetime | None
    fields: str
    freshness: Freshness | None = None

    def row(self) -> dict[str, Any]:
        """Return it as a row."""
        known = self.freshness
        return {
            "Stream": self.stream,
            "Division": self.division,
            "BeganAt": self.began.isoformat(),
            "EndedAt": self.ended.isoformat(),
            "Rows": self.rows,
            "Calls": self.calls,
            "Whole": self.whole,
            "WholeBeganAt": self.whole_began and self.whole_began.isoformat(),
            "Fields": self.fields,
            "NewsAt": known and known.news and _to_the_minute(known.news),
            "NewsADay": known and round(known.rate, 2),
        }


def _to_the_minute(seconds: float) -> str:
    """Write a moment as the state keeps it, so that it is the same in every later row."""
    return datetime.fromtimestamp(seconds // 60 * 60, UTC).isoformat()


def moment(note: Any) -> datetime | None:
    """Read a moment that a state holds, None where it holds none."""
    try:
        found = datetime.fromisoformat(note)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else None

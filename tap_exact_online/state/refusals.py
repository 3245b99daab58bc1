"""Refusals that runs tell each other of through the state, so that a schedule does not repeat them. Pure.

Ten within an hour block the whole app in Exact, and a run every five minutes makes twelve.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from tap_exact_online.errors import Denied, ReadError, Refused, Unreachable, joined
from tap_exact_online.spoken import spoken

_LONGEST = 500

REFUSED = "refused"
"""Under this name the state keeps what is known of the refusals of a stream in a division."""
REFUSED_BESIDE = "refused_beside"
"""Under this name the state keeps when other endpoints that a stream goes by refused, by their paths."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """What is known of the refusals of one stream in one division.

    Attributes:
        at: When they came, in epoch seconds.
        said: What the last one said.
        denied: A right was missing, so that what the user chose for such streams applies.
    """

    at: tuple[int, ...]
    said: str
    denied: bool

    @classmethod
    def of(cls, error: Exception, at: Collection[float], known: Refusals | None) -> Refusals | None:
        """Return what a later run should know.

        Args:
            error: Why a stream was not read.
            at: When it was refused within the last hour, in epoch seconds.
            known: What this run knew of earlier refusals.

        Returns:
            What was known, where this run was not refused: it may not have asked.
        """
        last = int(max(at, default=0))
        if (
            not isinstance(error, Denied | Refused | Unreachable)
            or (known and last <= max(known.at, default=0))
            or not last
        ):
            return known
        return cls(tuple(int(moment) for moment in at), spoken(error, _LONGEST), isinstance(error, Denied))

    @classmethod
    def read(cls, note: Any) -> Refusals | None:
        """Read what a state holds; None where that is nothing, or not of our making."""
        if not isinstance(note, dict) or not isinstance(note.get("at"), list):
            return None
        at = tuple(moment for moment in note["at"] if isinstance(moment, int))
        return cls(at, spoken(note.get("said", ""), _LONGEST), note.get("denied") is True)

    @classmethod
    def denies(cls, note: Any) -> bool:
        """Tell from what a state holds whether a right is missing: no schedule helps there."""
        known = cls.read(note)
        return known is not None and known.denied

    def note(self) -> dict[str, Any]:
        """Return what the state is to hold."""
        return {"at": [*self.at], "said": self.said, "denied": self.denied}

    def error(self) -> ReadError:
        """Return the failure of a stream that is not asked for now."""
        text = joined(
            self.said,
            f"Exact refused it {len(self.at)} times within the last hour; it is not asked again before that hour is over,"
            " lest Exact block the app.",
        )
        return Denied(text) if self.denied else Refused(text)

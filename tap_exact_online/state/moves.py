"""Divisions that Exact has moved or linked: their row versions are made anew, so they have to be read anew.

`DivisionMoveDate` and `DivisionHRLinkUnlinkDate` are remembered in the state, beside the bookmarks of `divisions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tap_exact_online.catalog import STREAMS, Kind
from tap_exact_online.state.bookmarks import forget
from tap_exact_online.surroundings import how_to

MOVE = "DivisionMoveDate"
HR_LINK = "DivisionHRLinkUnlinkDate"
_NOTE = "dates"


@dataclass(frozen=True, slots=True)
class Move:
    """A division whose row versions are new.

    Attributes:
        division: The division.
        dates: The names of the dates that changed.
    """

    division: int
    dates: tuple[str, ...]

    def message(self) -> str:
        """Say what happened and what to do."""
        text = (
            f"Exact has moved division {self.division} or changed its HR link ({', '.join(self.dates)}): its row versions"
            " are new, so all its Sync streams are read anew in this run. What this run does not load again is no longer in Exact:"
            f" `{how_to('deletes')}` removes it behind the load. Entries of its log that were loaded before carry old versions:"
            " remove those from the table `deleted`."
        )
        if HR_LINK in self.dates:
            text += (
                " Its rows in leave_absence_hours_by_day have new IDs, too: those that were loaded before this run are no"
                " longer in Exact, and go the same way."
            )
        return text


def find(state: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> list[Move]:
    """Return the divisions that were moved since the state was written. One that is new to it was not."""
    noted = state.get("bookmarks", {}).get("divisions", {}).get(_NOTE)
    known = noted if isinstance(noted, Mapping) else {}
    moves = []
    for row in rows:
        before = known.get(str(row["Code"]))
        if isinstance(before, Mapping):
            changed = tuple(name for name in (MOVE, HR_LINK) if before.get(name) != row.get(name))
            if changed:
                moves.append(Move(row["Code"], changed))
    return moves


def apply(state: Any, rows: Iterable[Mapping[str, Any]]) -> list[Move]:
    """Forget the Sync bookmarks of moved divisions, and remember today's dates. Both land in the same STATE message.

    Args:
        state: The state of the tap, which is changed.
        rows: The divisions of this run, as rows of the stream `divisions`.
    """
    rows = [*rows]
    moves = find(state, rows)
    moved = {move.division for move in moves}
    bookmarks = state.setdefault("bookmarks", {})
    by_version = [resource.name for resource in STREAMS if resource.kind in {Kind.SYNC, Kind.FILES}]
    forget(state, by_version, moved)
    divisions = bookmarks.setdefault("divisions", {})
    if not isinstance(dates := divisions.get(_NOTE), dict):
        dates = divisions[_NOTE] = {}
    for row in rows:
        # Most were never moved: what is empty is not written, once for each division.
        dates[str(row["Code"])] = {name: row[name] for name in (MOVE, HR_LINK) if row.get(name) is not None}
    return moves

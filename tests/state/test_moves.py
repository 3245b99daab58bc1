from __future__ import annotations

import copy
from typing import Any

import pytest

from tap_exact_online.state import moves

MOVED = "2026-03-01T10:00:00"


def row(division: int, move: str | None = None, link: str | None = None) -> dict[str, Any]:
    return {"Code": division, "DivisionMoveDate": move, "DivisionHRLinkUnlinkDate": link}


def partition(division: int, **more: Any) -> dict[str, Any]:
    return {"context": {"Division": division}, **more}


def read(*divisions: int) -> dict[str, Any]:
    """Return a state in which those divisions have been read."""
    sync = {"at": 5, "back": 2}
    modified = {"at": "2026-01-01T00:00:00+00:00"}
    state: dict[str, Any] = {
        "bookmarks": {
            "accounts": {
                "by": "Timestamp",
                "partitions": [partition(division, **sync) for division in divisions],
            },
            "deleted": {
                "by": "Timestamp",
                "partitions": [partition(division, **sync, read=[9]) for division in divisions],
            },
            "journals": {
                "by": "Modified",
                "partitions": [partition(division, **modified) for division in divisions],
            },
        }
    }
    moves.apply(state, [row(division) for division in divisions])
    return state


def test_a_division_that_is_new_was_not_moved() -> None:
    state: dict[str, Any] = {}
    assert moves.apply(state, [row(1, MOVED)]) == []
    assert moves.apply(state, [row(1, MOVED)]) == []


@pytest.mark.parametrize(
    ("now", "dates"),
    [
        pytest.param(row(1), (), id="nothing changed"),
        pytest.param(row(1, MOVED), ("DivisionMoveDate",), id="moved"),
        pytest.param(row(1, None, MOVED), ("DivisionHRLinkUnlinkDate",), id="linked"),
        pytest.param(row(1, MOVED, MOVED), ("DivisionMoveDate", "DivisionHRLinkUnlinkDate"), id="both"),
    ],
)
def test_a_date_that_changed_is_a_move(now: dict[str, Any], dates: tuple[str, ...]) -> None:
    found = moves.find(read(1), [now])
    assert [move.dates for move in found] == ([dates] if dates else [])


def test_only_the_sync_bookmarks_of_the_moved_division_are_forgotten() -> None:
    state = read(1, 2)
    before = copy.deepcopy(state)["bookmarks"]
    (move,) = moves.apply(state, [row(1, MOVED), row(2)])
    assert move.division == 1
    after = state["bookmarks"]
    for stream in ("accounts", "deleted"):
        assert after[stream]["partitions"] == [partition(1), before[stream]["partitions"][1]]
    assert after["journals"] == before["journals"]


def test_a_move_is_acted_on_once() -> None:
    state = read(1)
    assert moves.apply(state, [row(1, MOVED)])
    assert moves.apply(state, [row(1, MOVED)]) == []


def test_a_division_that_is_not_read_this_time_is_remembered() -> None:
    state = read(1, 2)
    moves.apply(state, [row(2)])
    assert [move.division for move in moves.apply(state, [row(1, MOVED), row(2)])] == [1]


def test_the_message_says_what_has_to_be_removed_for_the_hr_link_only() -> None:
    assert "leave_absence_hours_by_day" in moves.Move(1, (moves.HR_LINK,)).message()
    assert "leave_absence_hours_by_day" not in moves.Move(1, (moves.MOVE,)).message()
    assert "division 1" in moves.Move(1, (moves.MOVE,)).message()

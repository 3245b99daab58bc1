from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tap_exact_online.state.deletions import Age, ages

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def read_before(**days: float) -> dict[str, Any]:
    """Return a state in which each division's log was read so many days ago."""
    partitions = [
        {"context": {"Division": int(name[1:])}, "read": [int((NOW - timedelta(days=ago)).timestamp() // 60)]}
        for name, ago in days.items()
    ]
    return {"bookmarks": {"deleted": {"partitions": partitions}}}


@pytest.mark.parametrize(
    ("days", "said", "lost"),
    [
        pytest.param(1, False, False, id="yesterday"),
        pytest.param(49.9, False, False, id="almost fifty days"),
        pytest.param(50, True, False, id="fifty days"),
        pytest.param(59.9, True, False, id="almost sixty days"),
        pytest.param(60, True, True, id="sixty days"),
        pytest.param(400, True, True, id="more than a year"),
    ],
)
def test_an_old_log_is_spoken_of_from_the_fiftieth_day(days: float, said: bool, lost: bool) -> None:  # noqa: FBT001
    (age,) = ages(read_before(d7=days), NOW)
    assert (age.old, age.lost) == (said, lost)


def test_the_oldest_comes_first() -> None:
    assert [age.division for age in ages(read_before(d1=55, d2=90, d3=2), NOW)] == [2, 1, 3]


@pytest.mark.parametrize(
    "state",
    [
        pytest.param({}, id="no state"),
        pytest.param({"bookmarks": {"deleted": {}}}, id="no divisions"),
        pytest.param(
            {"bookmarks": {"deleted": {"partitions": [{"context": {"Division": 1}}]}}}, id="not read yet"
        ),
        pytest.param(
            {"bookmarks": {"deleted": {"partitions": [{"context": {"Division": 1}, "read": "yesterday"}]}}},
            id="not a moment",
        ),
    ],
)
def test_a_log_that_was_never_read_has_no_age(state: dict[str, Any]) -> None:
    assert ages(state, NOW) == []


def test_the_message_names_the_command_that_reads_that_division_anew() -> None:
    message = Age(7, timedelta(days=61)).message()
    assert "Deletes may be missing" in message
    assert (
        """TAP_EXACT_ONLINE_REREAD='{"divisions": [7]}' meltano run tap-exact-online target-postgres"""
        in message
    )
    assert "REREAD" not in Age(7, timedelta(days=51)).message()

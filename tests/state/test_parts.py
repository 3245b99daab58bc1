"""Which parts of a stream are read now, and since when all that there is was loaded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tap_exact_online.state import parts
from tap_exact_online.state.parts import Part

DAY = 86_400
NOW = 20_000 * DAY + 10_000.0
PARTS = [Part("2023", settled=True), Part("2024"), Part("2025")]


@pytest.mark.parametrize(
    ("note", "due"),
    [
        pytest.param(None, ["2023", "2024", "2025"], id="the-first-time"),
        pytest.param(
            {"fields": "a", "2023": NOW - DAY, "2024": NOW - 9, "2025": NOW - 9}, ["2024", "2025"], id="later"
        ),
        pytest.param({"fields": "a", "2024": NOW - 9}, ["2023", "2024", "2025"], id="broken-off-before"),
        pytest.param(
            {"fields": "a", "2023": NOW - 7 * DAY},
            ["2023", "2024", "2025"],
            id="a-week-later-the-settled-too",
        ),
        pytest.param({"fields": "b", "2023": NOW - DAY}, ["2023", "2024", "2025"], id="with-other-fields"),
        pytest.param("nonsense", ["2023", "2024", "2025"], id="no-note-of-ours"),
    ],
)
def test_what_is_read_now(note: Any, due: list[str]) -> None:
    assert parts.due(PARTS, note, "a", NOW) == due


def test_a_note_grows_part_by_part_and_forgets_what_is_gone() -> None:
    note = parts.after(None, "a", "2023", NOW)
    note = parts.after(note, "a", "2024", NOW + 5)
    assert note == {"fields": "a", "2023": int(NOW), "2024": int(NOW + 5)}
    assert parts.without_gone(note, ["2024"]) == {"fields": "a", "2024": int(NOW + 5)}
    assert parts.after(note, "b", "2024", NOW + 9) == {"fields": "b", "2024": int(NOW + 9)}
    assert parts.without_gone(None, ["2024"]) is None


def test_all_that_there_is_was_loaded_since_the_oldest_part_was_read() -> None:
    note = {"fields": "a", "2023": int(NOW), "2024": int(NOW + 50)}
    assert parts.since(note, ["2023", "2024"]) == datetime.fromtimestamp(int(NOW), UTC)
    assert parts.since(note, ["2024"]) == datetime.fromtimestamp(int(NOW + 50), UTC)
    assert parts.since(note, ["2023", "2024", "2025"]) is None
    assert parts.since(note, []) is None
    assert parts.since(None, ["2023"]) is None

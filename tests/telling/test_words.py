"""How numbers, times and lists read."""

from __future__ import annotations

from datetime import timedelta

from tap_exact_online.telling import words


def test_lists_places_and_times() -> None:
    assert words.listed([1, 2, 3], 2) == "1, 2, 3"
    assert words.listed([1, 2, 3, 4], 2) == "1, 2 and 2 more"
    assert words.where([5], 5) == "in division 5"
    assert words.where([1, 2], 2) == "in all 2 divisions"
    assert words.where([1, 2], 1200) == "in 2 of 1,200 divisions (1, 2)"
    assert [words.ago(timedelta(seconds=s)) for s in (5, 60, 7200, 86_400)] == [
        "just now",
        "1 minute ago",
        "2 hours ago",
        "1 day ago",
    ]

"""When a division was read and how often it has news, as the state keeps it."""

from __future__ import annotations

from typing import Any

import pytest

from tap_exact_online.state import Freshness
from tap_exact_online.state.freshness import USUAL, after

DAY = 86_400.0
NOW = 1_767_270_660.0  # a whole minute
MINUTE = int(NOW // 60)


@pytest.mark.parametrize(
    ("known", "note"),
    [
        pytest.param(Freshness(NOW), [MINUTE, -1, 500], id="read once"),
        pytest.param(Freshness(NOW, NOW, 24.0), [MINUTE, 0, 24_000], id="news just now"),
        pytest.param(Freshness(NOW, NOW - 3 * DAY, 0.125), [MINUTE, 3 * 1440, 125], id="news three days ago"),
        pytest.param(Freshness(NOW, None, 0.0), [MINUTE, -1, 0], id="never"),
        pytest.param(Freshness(0.0, 0.0, 1.0), [0, 0, 1000], id="at the beginning of time"),
    ],
)
def test_a_note_is_read_as_it_was_written(known: Freshness, note: list[int]) -> None:
    assert known.note() == note
    assert Freshness.of(note) == known


@pytest.mark.parametrize(
    ("known", "read_as"),
    [
        pytest.param(Freshness(NOW + 59.9, NOW + 1), Freshness(NOW, NOW), id="the minute that it was"),
        pytest.param(Freshness(NOW, NOW - 1), Freshness(NOW, NOW - 60), id="the minute before"),
        pytest.param(Freshness(NOW, None, 0.1234), Freshness(NOW, None, 0.123), id="thousandths"),
        pytest.param(Freshness(NOW, NOW + DAY), Freshness(NOW, NOW), id="news of the time to come"),
    ],
)
def test_what_a_note_is_too_short_for(known: Freshness, read_as: Freshness) -> None:
    assert Freshness.of(known.note()) == read_as


@pytest.mark.parametrize(
    ("note", "known"),
    [
        pytest.param([MINUTE], Freshness(NOW), id="the moment alone, of an earlier version"),
        pytest.param([MINUTE, 60], Freshness(NOW, NOW - 3_600), id="no rate"),
        pytest.param([MINUTE, 60, 250, "more"], Freshness(NOW, NOW - 3_600, 0.25), id="more, of a later one"),
        pytest.param([MINUTE, -1, 250], Freshness(NOW, None, 0.25), id="no news"),
        pytest.param([MINUTE, "x", 250], Freshness(NOW, None, 0.25), id="a text for news"),
        pytest.param([MINUTE, True, None], Freshness(NOW), id="a truth"),
        pytest.param([MINUTE, 60, -5], Freshness(NOW, NOW - 3_600), id="a rate below 0"),
        pytest.param([MINUTE, 60, 10**400], Freshness(NOW, NOW - 3_600), id="a rate beyond all numbers"),
        pytest.param([MINUTE, -60, 5], Freshness(NOW, None, 0.005), id="news after it"),
    ],
)
def test_of_a_strange_note_what_is_of_use_is_taken(note: Any, known: Freshness) -> None:
    assert Freshness.of(note) == known


@pytest.mark.parametrize(
    "note",
    [None, True, 5, "x", {}, {"0": 5}, [], [None], [True], ["5"], [5.5], [-1], [-1, 0, 5], [10**400], [[5]], (5, 0, 5)],
)  # fmt: skip
def test_a_note_without_a_moment_says_nothing(note: Any) -> None:
    assert Freshness.of(note) is None


@pytest.mark.parametrize("news", [True, False, None])
def test_the_first_read_says_nothing_of_how_often_there_is_news(news: bool | None) -> None:  # noqa: FBT001
    assert after(None, NOW, news=news) == Freshness(NOW, None, USUAL)


def test_a_stream_that_cannot_tell_keeps_what_was_known() -> None:
    known = Freshness(NOW, NOW - DAY, 3.0)
    assert after(known, NOW + DAY, news=None) == Freshness(NOW + DAY, NOW - DAY, 3.0)


@pytest.mark.parametrize(
    ("days", "rate"),
    [
        pytest.param(0, 1.0, id="at once"),
        pytest.param(7, 0.37, id="a week is a third"),
        pytest.param(30, 0.014, id="a month is nearly nothing"),
        pytest.param(10_000, 0.0, id="many years"),
    ],
)
def test_what_was_is_forgotten_by_and_by(days: float, rate: float) -> None:
    found = after(Freshness(NOW, NOW, 1.0), NOW + days * DAY, news=False)
    assert found.rate == pytest.approx(rate, abs=0.005)
    assert (found.read, found.news) == (NOW + days * DAY, NOW)


@pytest.mark.parametrize("every", [1 / 24, 1.0, 3.0])
@pytest.mark.parametrize("share", [1, 4])
def test_the_rate_comes_to_what_is_seen(every: float, share: int) -> None:
    """Runs so many days apart, every one or every fourth of which finds something, for a season."""
    known, now, found = Freshness(NOW), NOW, []
    for run in range(int(90 / every)):
        now += every * DAY
        known = after(known, now, news=run % share == 0)
        found.append(known.rate)
    season = found[len(found) // 2 :]
    assert sum(season) / len(season) == pytest.approx(1 / (every * share), rel=0.25)


def test_to_read_in_two_steps_forgets_as_much_as_in_one() -> None:
    known = Freshness(NOW, NOW, 5.0)
    halfway = after(known, NOW + 2 * DAY, news=False)
    assert after(halfway, NOW + 5 * DAY, news=False).rate == pytest.approx(
        after(known, NOW + 5 * DAY, news=False).rate
    )


@pytest.mark.parametrize("news", [True, False])
def test_a_clock_that_goes_back_neither_raises_nor_spoils_the_rate(news: bool) -> None:  # noqa: FBT001
    known = Freshness(NOW, NOW, 2.0)
    found = after(known, NOW - 3 * DAY, news=news)
    assert found.read == NOW - 3 * DAY
    assert found.rate == pytest.approx(2.0, abs=0.2)
    again = Freshness.of(found.note())
    assert again is not None
    assert (again.read, again.news) == (NOW - 3 * DAY, NOW - 3 * DAY)


def test_runs_without_a_pause_come_to_a_number() -> None:
    known = Freshness(NOW)
    for _ in range(1_000):
        known = after(known, NOW, news=True)
    assert 0 < known.rate < 1_441

"""When a division was read and how often it has news, as the state keeps it."""

from __future__ import annotations

import math
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
        pytest.param(Freshness(NOW), [MINUTE], id="read once"),
        pytest.param(Freshness(NOW, NOW, 24.0), [MINUTE, 0, 2_400], id="news just now"),
        pytest.param(Freshness(NOW, NOW - 3 * DAY, 0.25), [MINUTE, 3 * 1440, 25], id="news three days ago"),
        pytest.param(Freshness(NOW, None, 0.0), [MINUTE, -1, 0], id="never"),
        pytest.param(Freshness(0.0, 0.0, 1.0), [0, 0, 100], id="at the beginning of time"),
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
        pytest.param(Freshness(NOW, None, 0.1234), Freshness(NOW, None, 0.12), id="hundredths"),
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
        pytest.param([MINUTE, 60, 25, "more"], Freshness(NOW, NOW - 3_600, 0.25), id="more, of a later one"),
        pytest.param([MINUTE, -1, 25], Freshness(NOW, None, 0.25), id="no news"),
        pytest.param([MINUTE, "x", 25], Freshness(NOW, None, 0.25), id="a text for news"),
        pytest.param([MINUTE, True, None], Freshness(NOW), id="a truth"),
        pytest.param([MINUTE, 60, -5], Freshness(NOW, NOW - 3_600), id="a rate below 0"),
        pytest.param([MINUTE, 60, 10**400], Freshness(NOW, NOW - 3_600), id="a rate beyond all numbers"),
        pytest.param([MINUTE, -60, 5], Freshness(NOW, None, 0.05), id="news after it"),
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


@pytest.mark.parametrize("days", [0, 0.1, 3, 60, 10_000])
@pytest.mark.parametrize("rate", [0.01, 0.5, 6, 50])
def test_silence_lowers_the_rate_and_news_raise_it_by_so_much_at_most(days: float, rate: float) -> None:
    known = Freshness(NOW, NOW, rate)
    silent, loud = (after(known, NOW + days * DAY, news=news).rate for news in (False, True))
    assert max(0.01, rate * math.exp(-1.5)) <= silent + 1e-9
    assert silent <= rate <= loud <= min(50.0, rate * math.exp(1.5)) + 1e-9


def test_news_that_were_to_be_expected_say_little_and_those_that_were_not_say_much() -> None:
    busy, silent = Freshness(NOW, NOW, 10.0), Freshness(NOW, NOW, 0.05)
    assert after(busy, NOW + 2 * DAY, news=True).rate == pytest.approx(10.0, rel=0.01)
    assert after(silent, NOW + DAY / 24, news=True).rate == pytest.approx(0.05 * math.exp(1.5), rel=0.01)


@pytest.mark.parametrize("every", [1 / 24, 1.0, 3.0])
@pytest.mark.parametrize("share", [3, 4, 10])
def test_the_rate_comes_to_what_is_seen(every: float, share: int) -> None:
    """Runs so many days apart, one in so many of which finds something, for a year: a read sees that, not how many changes."""
    known, now, found = Freshness(NOW), NOW, []
    for run in range(int(365 / every)):
        now += every * DAY
        known = after(known, now, news=run % share == 0)
        found.append(math.log(known.rate))
    later = found[len(found) // 2 :]
    truth = -math.log(1 - 1 / share) / every
    assert math.exp(sum(later) / len(later)) == pytest.approx(truth, rel=0.7)


@pytest.mark.parametrize("news", [True, False])
def test_a_clock_that_goes_back_neither_raises_nor_spoils_the_rate(news: bool) -> None:  # noqa: FBT001
    known = Freshness(NOW, NOW, 2.0)
    found = after(known, NOW - 3 * DAY, news=news)
    assert found.read == NOW - 3 * DAY
    assert 2.0 * math.exp(-1.5) <= found.rate <= 2.0 * math.exp(1.5)
    again = Freshness.of(found.note())
    assert again is not None
    assert (again.read, again.news) == (NOW - 3 * DAY, NOW - 3 * DAY)


def test_runs_without_a_pause_come_to_a_number() -> None:
    known = Freshness(NOW)
    for _ in range(1_000):
        known = after(known, NOW, news=True)
    assert 0 < known.rate < 1_441

"""How old everything is, in words."""

from __future__ import annotations

import logging

import pytest

from tap_exact_online.telling import Aged, Ages, advice, affordable
from tap_exact_online.telling.ages import as_planned, broken, hours
from tap_exact_online.telling.progress import Totals
from tap_exact_online.telling.report import Report

HOUR, DAY = 3600.0, 86_400.0
TOTALS = Totals(rows=0, streams=0, divisions=0, calls=0, seconds=1.0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 min"),
        (61, "2 min"),
        (3599, "60 min"),
        (HOUR, "1 h"),
        (1.6 * HOUR, "2 h"),
        (96 * HOUR, "96 h"),
        (97 * HOUR, "4 days"),
        (60 * DAY, "60 days"),
    ],
)
def test_a_length_reads_in_the_unit_that_fits(seconds: float, text: str) -> None:
    assert hours(seconds) == text


@pytest.mark.parametrize(
    ("read", "ages", "text"),
    [
        pytest.param(
            312,
            Ages(780, 0, Aged("accounts", 7, 30 * HOUR)),
            "312 of 780 pairs of stream and division were read, as planned; the oldest was read 30 h ago (accounts in division 7).",
            id="as planned",
        ),
        pytest.param(
            300,
            Ages(39_000, 12_345, Aged("accounts", 7, 30 * HOUR)),
            "300 of 39,000 pairs of stream and division were read, of 312 that were planned; the oldest was read 30 h ago (accounts"
            " in division 7); 12,345 were never read so far.",
            id="ended early",
        ),
        pytest.param(
            312,
            Ages(1, 1, None),
            "312 of 1 pair of stream and division were read, as planned; 1 were never read so far.",
            id="nothing read before",
        ),
    ],
)
def test_what_was_read_of_everything(read: int, ages: Ages, text: str) -> None:
    assert as_planned(read, 312, ages) == text


def test_what_is_too_old_is_told_by_stream_the_oldest_first() -> None:
    too_old = [Aged("accounts", number, (70 + number) * HOUR) for number in range(3, 100)]
    ages = Ages(
        500, 0, too_old[0], [*too_old, Aged("items", 1, 30 * HOUR)], {"accounts": 72 * HOUR, "items": DAY}
    )
    first, second = broken(ages)
    assert first.startswith("accounts in 97 divisions (99, 98, 97, ")
    assert first.endswith("): read up to 7 days ago, and may be 72 h old at most")
    assert len(first) < 300
    assert second == "items in 1 division (1): read up to 30 h ago, and may be 24 h old at most"


@pytest.mark.parametrize(
    ("calls", "a_day", "interval", "bound"),
    [
        pytest.param(39_000, 0, HOUR, None, id="no limit"),
        pytest.param(40_000, 20_000, HOUR, 50 * HOUR, id="every hour"),
        pytest.param(40_000, 20_000, DAY, 96 * HOUR, id="every night"),
        pytest.param(1, 20_000, HOUR, 2 * HOUR + 4.32, id="next to nothing"),
    ],
)
def test_the_least_bound_that_can_be_kept(
    calls: int, a_day: int, interval: float, bound: float | None
) -> None:
    found = affordable(calls, a_day, interval)
    assert found == (None if bound is None else pytest.approx(bound))


def test_the_advice_is_a_setting_that_can_be_copied() -> None:
    assert "`at_most_old` of 50h can be kept" in advice(40_000, 20_000, HOUR)
    assert "40,000 calls or more, of the 20,000 of a day" in advice(40_000, 20_000, HOUR)
    assert "Run more often" in advice(40_000, 0, HOUR)


def test_a_bound_that_is_broken_is_told_with_the_advice_and_ends_with_4(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    aged = Aged("accounts", 7, 80 * HOUR)
    report = Report()
    report.aged(5, 5, Ages(10, 2, aged, [aged], {"accounts": 72 * HOUR}), "Do this.")
    report.summarise(TOTALS)
    assert report.exit_code == 4
    assert "What was read is older than `at_most_old` allows. Do this." in caplog.messages
    assert "  accounts in 1 division (7): read up to 80 h ago, and may be 72 h old at most" in caplog.messages
    numbers = vars(caplog.records[0])
    assert {
        name: numbers[name] for name in ("pairs", "pairs_never_read", "pairs_too_old", "oldest_hours")
    } == {
        "pairs": 10,
        "pairs_never_read": 2,
        "pairs_too_old": 1,
        "oldest_hours": 80.0,
    }


def test_a_bound_that_is_kept_ends_with_0(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    report = Report()
    report.aged(5, 5, Ages(10, 0, Aged("accounts", 7, 71 * HOUR), [], {"accounts": 72 * HOUR}), "Do this.")
    report.summarise(TOTALS)
    assert report.exit_code == 0
    assert "Do this." not in caplog.text
    assert "as planned; the oldest was read 71 h ago" in caplog.text

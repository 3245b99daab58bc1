"""What a run could not read."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from tap_exact_online import errors
from tap_exact_online.errors import (
    Denied,
    EnoughForNow,
    LimitReached,
    ReadError,
    Refused,
    TapError,
    Unreachable,
    UnsafeLink,
)
from tap_exact_online.telling.gaps import Gap
from tap_exact_online.telling.progress import Totals
from tap_exact_online.telling.report import Report, tell_failure, tell_outcome

MIDNIGHT = datetime(2025, 6, 2, tzinfo=UTC)
TOTALS = Totals(rows=1234, streams=2, divisions=3, calls=45, seconds=6.0)
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("skip_denied", "errors", "code"),
    [
        pytest.param(True, [], 0, id="complete"),
        pytest.param(True, [Denied("403")], 0, id="denied-and-skipped"),
        pytest.param(False, [Denied("403")], 1, id="denied-and-failed"),
        pytest.param(True, [Unreachable("500")], 1, id="unreachable"),
        pytest.param(True, [Refused("400")], 1, id="refused"),
        pytest.param(True, [UnsafeLink("link")], 1, id="unsafe"),
        pytest.param(True, [LimitReached("429")], 4, id="limit"),
        pytest.param(True, [LimitReached("429"), Denied("403")], 4, id="limit-and-denied"),
        pytest.param(True, [LimitReached("429"), Refused("400")], 1, id="failure-before-limit"),
    ],
)
def test_the_exit_code_is_that_of_the_most_serious_gap(
    skip_denied: bool,  # noqa: FBT001  a column of the table
    errors: list[ReadError | LimitReached],
    code: int,
) -> None:
    report = Report(skip_denied=skip_denied)
    for error in errors:
        report.missed("accounts", 7, error)
    assert report.exit_code == code


def test_a_row_that_was_left_out_fails_the_run() -> None:
    report = Report()
    report.rejected("accounts", 7, "ID a: Expected `int`")
    assert report.exit_code == 1
    assert [gap.line() for gap in report.failed] == [
        "accounts in division 7: a row was left out: ID a: Expected `int`"
    ]


def test_a_gap_names_the_stream_the_division_and_the_cure() -> None:
    report = Report()
    report.missed("accounts", 7, Denied("403: no"), "Check the rights.")
    assert [gap.line() for gap in report.skipped] == ["accounts in division 7: 403: no. Check the rights."]
    assert Gap("divisions", None, "why").line() == "divisions: why"


@pytest.mark.parametrize(
    ("untils", "until"),
    [
        pytest.param([None], None, id="exact-did-not-say"),
        pytest.param([NOON, MIDNIGHT, NOON], MIDNIGHT, id="the-last-counts"),
        pytest.param([None, NOON, None], NOON, id="some-said"),
    ],
)
def test_the_time_to_come_back_is_when_the_last_can_be_read(
    untils: list[datetime | None], until: datetime | None
) -> None:
    report = Report()
    for moment in untils:
        report.missed("accounts", 7, LimitReached("wait", moment))
    assert report.until == until


def test_the_summary_lists_every_gap_most_serious_first(caplog: pytest.LogCaptureFixture) -> None:
    report = Report()
    report.missed("skipped_one", 1, Denied("403"))
    report.missed("late_one", 2, LimitReached("429", MIDNIGHT))
    report.missed("broken_one", 3, Refused("400"))
    caplog.clear()
    caplog.set_level(logging.INFO)
    report.summarise(TOTALS)
    places = [
        caplog.text.index(name) for name in ("broken_one", "late_one", "skipped_one", "2025-06-02 00:00")
    ]
    assert places == sorted(places)
    assert "on_denied" in caplog.text


def test_a_complete_run_says_what_it_came_to_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    Report().summarise(TOTALS)
    assert caplog.messages == [TOTALS.text()]
    (line,) = caplog.records
    assert {name: vars(line)[name] for name in ("rows", "failed", "warnings")} == {
        "rows": 1234,
        "failed": 0,
        "warnings": 0,
    }


def test_the_summary_counts_gaps_and_warnings(caplog: pytest.LogCaptureFixture) -> None:
    report = Report()
    report.missed("skipped_one", 1, Denied("403"))
    report.missed("late_one", 2, LimitReached("429", MIDNIGHT))
    report.rejected("broken_one", 3, "ID a: Expected `int`")
    report.warn("Look at this.")
    caplog.clear()
    caplog.set_level(logging.INFO)
    report.summarise(TOTALS)
    first = caplog.records[0]
    assert first.getMessage() == f"{TOTALS.text()} 1 failed, 1 postponed, 1 skipped, 1 warning."
    assert [vars(first)[name] for name in ("failed", "postponed", "skipped", "warnings")] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("code", "level", "words"),
    [
        pytest.param(0, logging.INFO, "complete", id="complete"),
        pytest.param(1, logging.ERROR, "not everything was read", id="some-missing"),
        pytest.param(4, logging.WARNING, "stopped by a limit", id="limit"),
        pytest.param(143, logging.WARNING, "terminated", id="terminated"),
    ],
)
def test_an_exit_code_is_told_in_words(
    caplog: pytest.LogCaptureFixture, code: int, level: int, words: str
) -> None:
    caplog.set_level(logging.INFO)
    tell_outcome(code)
    (line,) = caplog.records
    assert (line.levelno, vars(line)["exit_code"]) == (level, code)
    assert line.getMessage().startswith(f"Exit code {code}: ")
    assert words in line.getMessage()


@pytest.mark.parametrize(
    "kind", [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, TapError)]
)
def test_a_failure_and_its_exit_code_are_one_line(
    caplog: pytest.LogCaptureFixture, kind: type[TapError]
) -> None:
    tell_failure(kind("What is wrong. What to do."))
    (line,) = caplog.records
    assert line.getMessage() == f"Exit code {kind.exit_code}: What is wrong. What to do."
    assert (line.levelno, vars(line)["exit_code"]) == (logging.ERROR, kind.exit_code)


@pytest.mark.parametrize(
    ("whole", "skipped", "said"),
    [
        (True, False, "Exit code 0: complete."),
        (True, True, "Exit code 0: complete but for what was skipped."),
        (
            False,
            True,
            "Exit code 0: as much was read as the settings say but for what was skipped. The rest is left",
        ),
    ],
)
def test_a_run_that_skipped_something_is_not_called_complete(
    caplog: pytest.LogCaptureFixture, *, whole: bool, skipped: bool, said: str
) -> None:
    caplog.set_level(logging.INFO)
    tell_outcome(0, whole=whole, skipped=skipped)
    assert caplog.messages[0].startswith(said)
    assert ".." not in caplog.messages[0]


def test_rows_without_end_are_counted_and_a_few_of_them_named(caplog: pytest.LogCaptureFixture) -> None:
    report = Report()
    for number in range(10_000):
        report.rejected("accounts", 7, f"ID {number}: Expected `int`")
    assert len(report.failed) == len(caplog.messages) - 1 == 20
    assert report.exit_code == 1
    report.summarise(TOTALS)
    assert "9,980 more rows were left out" in caplog.text
    assert len(caplog.messages) < 60


def test_what_is_left_for_the_next_run_is_no_failure_and_not_complete(
    caplog: pytest.LogCaptureFixture,
) -> None:
    report = Report()
    for division in (3, 1, 2):
        report.missed("files", division, EnoughForNow("8 files were asked for."))
    assert (report.exit_code, report.failed, report.postponed, report.skipped) == (0, [], [], [])
    assert report.left
    caplog.set_level(logging.INFO)
    report.summarise(TOTALS)
    assert caplog.messages == [
        f"{TOTALS.text()} 3 left for the next run.",
        "  Left for the next run: files in 3 divisions (3, 1, 2): 8 files were asked for.",
    ]
    assert vars(caplog.records[0])["left"] == 3
    caplog.clear()
    tell_outcome(0, whole=False)
    (said,) = caplog.messages
    assert said.startswith("Exit code 0: ")
    assert "next run" in said
    assert "complete" not in said

"""Thousands of divisions in a few lines."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

import pytest

from tap_exact_online.errors import Denied, LimitReached, ReadError, Refused
from tap_exact_online.telling import gaps as room
from tap_exact_online.telling.gaps import Gap, lines
from tap_exact_online.telling.progress import Totals
from tap_exact_online.telling.report import Report
from tests.telling.test_progress import World

_STREAMS = tuple(f"stream_{number:02d}" for number in range(13))
_FIRST = 1_000_001


def _closed(path: str, division: int) -> ReadError | LimitReached:
    return LimitReached(f"crm/{path} of division {division}: the calls of this day are used up.")


def _broken(path: str, division: int) -> ReadError | LimitReached:
    return Refused(f"crm/{path} of division {division}: 400: '{division}' is not what it was.")


def _scope(path: str, _: int) -> ReadError | LimitReached:
    return Denied(f"403: the app registration lacks the scope '{path}'")


def _moment(_: str, division: int) -> ReadError | LimitReached:
    return Refused(f"400: no such row at {division * 977 % 86_400} s")


def failed(
    error: Callable[[str, int], ReadError | LimitReached],
    streams: Iterable[str] = _STREAMS,
    divisions: int = 3000,
) -> Report:
    report = Report()
    for stream in streams:
        for division in range(_FIRST, _FIRST + divisions):
            report.missed(stream, division, error(stream, division), "Do this.")
    return report


@pytest.mark.parametrize("error", [_closed, _broken, _scope, _moment])
def test_whatever_fails_in_thousands_of_divisions_the_log_is_short(
    caplog: pytest.LogCaptureFixture, error: Callable[[str, int], ReadError | LimitReached]
) -> None:
    caplog.set_level(logging.INFO)
    report = failed(error)
    assert "More was not read. It is counted from here on, and put together at the end." in caplog.messages
    report.summarise(Totals(divisions=3000))
    assert len(caplog.messages) < (100 if error is not _moment else 140)
    assert "39,000" in caplog.text or "39000" in caplog.text


def test_each_of_them_stands_in_the_log_at_the_level_debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    failed(_broken, divisions=40)
    assert len([text for text in caplog.messages if text.startswith("Not read: ")]) == 13 * 40


def test_a_few_of_every_stream_are_told_as_they_come(caplog: pytest.LogCaptureFixture) -> None:
    failed(_broken, _STREAMS[:3], 10)
    told = [text.split(": ")[1] for text in caplog.messages if text.startswith("Not read: ")]
    assert told == [f"{stream} in division {_FIRST + nth}" for stream in _STREAMS[:3] for nth in range(5)]
    assert len(caplog.messages) == len(told) + 1


def _gaps(stream: str, divisions: Iterable[int], error: str = "{0}: it broke in {0}.") -> list[Gap]:
    return [Gap(stream, division, error.format(division)) for division in divisions]


_MANY = range(_FIRST, _FIRST + 30)


@pytest.mark.parametrize(
    ("gaps", "said"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param(
            _gaps("a", _MANY[:20]),
            [f"a in division {each}: {each}: it broke in {each}." for each in _MANY[:20]],
            id="a screenful is told one by one",
        ),
        pytest.param(
            _gaps("a", _MANY),
            [
                "a in 30 of 3,000 divisions (1000001, 1000002, 1000003, 1000004, 1000005 and 25 more): …: it broke in …."
            ],
            id="one stream",
        ),
        pytest.param(
            _gaps("a", _MANY, "crm/Accounts of division {}: no.")
            + _gaps("b", [*_MANY][::-1], "crm/B of division {}: no."),
            [
                "2 streams (a, b) in 30 of 3,000 divisions (1000001, 1000002, 1000003, 1000004, 1000005 and 25 more): no."
            ],
            id="the same divisions of two streams, in whatever order",
        ),
        pytest.param(
            _gaps("a", _MANY[:3], "no") + _gaps("b", _MANY[:22], "no") + [Gap("c", None, "no")],
            [
                "b in 22 of 3,000 divisions (1000001, 1000002, 1000003, 1000004, 1000005 and 17 more): no",
                "a in 3 of 3,000 divisions (1000001, 1000002, 1000003): no",
                "c: no",
            ],
            id="two streams with divisions of their own, what concerns most first",
        ),
        pytest.param(
            [gap for nth, name in enumerate("abcdef") for gap in _gaps(name, _MANY[nth:], "no")],
            ["6 streams (a, b, c, d, e, f) in 25 to 30 of 3,000 divisions each: no"],
            id="many streams with divisions of their own",
        ),
        pytest.param(
            _gaps("a", _MANY, "no") + _gaps("a", [7], "why"),
            [
                "a in 30 of 3,000 divisions (1000001, 1000002, 1000003, 1000004, 1000005 and 25 more): no",
                "a in division 7: why",
            ],
            id="one beside",
        ),
    ],
)
def test_gaps_are_put_together_by_their_cause(gaps: list[Gap], said: list[str]) -> None:
    assert lines(gaps, 3000) == said


def test_however_many_causes_there_are_the_list_has_an_end() -> None:
    found = lines([Gap("a", division, f"cause {division % 977 + 2000}") for division in range(977)], 977)
    assert len(found) == 61
    assert found[-1] == "and 917 more for other reasons"


def test_rows_of_thousands_of_divisions_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    report = Report()
    for division in range(3000):
        for row in range(30):
            report.rejected("accounts", division, f"ID {row}: Expected `int`")
    assert len(report.failed) == 100
    assert len(caplog.messages) == 100 + 5
    caplog.clear()
    report.summarise(Totals(divisions=3000))
    assert "accounts: 89,900 more rows were left out, in 3,000 divisions" in caplog.text
    assert len(caplog.messages) < 70


def test_a_gap_costs_as_much_whether_there_are_few_or_many() -> None:
    few, many = (_steps(lambda count=count: failed(_broken, divisions=count)) for count in (300, 3000))  # type: ignore[misc]
    assert many / few < 11


def _steps(act: Callable[[], object]) -> int:
    """Return how many lines of the room are run."""
    steps = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal steps
        steps += event == "line"
        return trace if frame.f_code.co_filename == room.__file__ else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return steps


# --- Progress ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("divisions", "level"), [(20, logging.INFO), (21, logging.DEBUG)])
@pytest.mark.parametrize("complete", [True, False])
def test_a_division_of_many_is_told_of_to_those_who_look_closely(
    divisions: int, level: int, *, complete: bool
) -> None:
    world = World()
    world.progress.begins("accounts", divisions)
    for division in range(divisions):
        world.read(division, 5, complete=complete)
    *each, stream = world.lines
    assert [line.level for line in each] == [level] * divisions
    assert stream.level == logging.INFO


def test_the_calls_left_are_asked_of_few() -> None:
    world = World()
    asked: list[int] = []
    world.left = _Noting(asked)
    world.progress.begins("accounts", 3000)
    for division in range(3000):
        world.progress.division_begins("accounts", division)
    world.progress.page("accounts", 7, 1)
    world.progress.status()
    assert 7 in asked
    assert len(asked) <= 20


class _Noting(dict[int, Any]):
    def __init__(self, asked: list[int]) -> None:
        super().__init__()
        self._asked = asked

    def get(self, key: int, default: Any = None) -> Any:
        self._asked.append(key)
        return default

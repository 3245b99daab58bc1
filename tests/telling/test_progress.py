"""How far a run is, with a clock that stands still unless it is moved."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from tap_exact_online.reading.limits import Remaining
from tap_exact_online.telling import live
from tap_exact_online.telling.progress import Line, Progress, Totals
from tap_exact_online.telling.words import counted, duration
from tests.fakes import Clock


@dataclass
class World:
    """A run, as its progress sees it."""

    clock: Clock = field(default_factory=Clock)
    lines: list[Line] = field(default_factory=list)
    calls: int = 0
    left: dict[int, Remaining] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.progress = Progress(
            self.clock,
            self.clock.sleep,
            self.lines.append,
            lambda: self.calls,
            lambda division: self.left.get(division, Remaining()),
        )

    def read(
        self,
        division: int,
        *pages: int,
        stream: str = "accounts",
        to: Any = None,
        since: Any = None,
        complete: bool = True,
    ) -> None:
        """Read a division: each page takes a call and a second."""
        self.progress.division_begins(stream, division, since)
        for rows in pages:
            self.calls += 1
            self.clock.now += 1
            self.progress.page(stream, division, rows)
        self.progress.division_ends(stream, division, to, calls=len(pages), complete=complete)

    def told(self) -> list[tuple[int, str]]:
        return [(line.level, line.text) for line in self.lines]


@pytest.fixture
def world() -> World:
    return World()


# --- What is told as it happens ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "level", "text"),
    [
        pytest.param({"pages": (1000, 125)}, logging.INFO, "1,125 rows in 2 pages, 2.0 s", id="rows"),
        pytest.param({"pages": (1,)}, logging.INFO, "1 row in 1 page, 1.0 s", id="one-row"),
        pytest.param({"pages": (0,)}, logging.DEBUG, "0 rows in 1 page, 1.0 s", id="nothing"),
        pytest.param({"pages": ()}, logging.DEBUG, "0 rows in 0 pages, 0.0 s", id="not-asked"),
        pytest.param(
            {"pages": (5,), "since": 7, "to": 7}, logging.DEBUG, "5 rows in 1 page, 1.0 s", id="nothing-new"
        ),
        pytest.param({"pages": (5,), "since": 7, "to": 9}, logging.INFO, "5 rows in 1 page, 1.0 s", id="new"),
        pytest.param({"pages": (5,), "to": 9}, logging.INFO, "5 rows in 1 page, 1.0 s", id="first-time"),
        pytest.param(
            {"pages": (), "complete": False},
            logging.INFO,
            "broken off after 0 rows in 0 pages, 0.0 s",
            id="refused",
        ),
        pytest.param(
            {"pages": (5,), "since": 7, "to": 7, "complete": False},
            logging.INFO,
            "broken off after 5 rows in 1 page, 1.0 s",
            id="broken-off",
        ),
    ],
)
def test_a_division_is_told_of(world: World, given: dict[str, Any], level: int, text: str) -> None:
    world.progress.begins("accounts", 2)
    world.read(7, *given["pages"], **{name: each for name, each in given.items() if name != "pages"})
    assert world.told() == [(level, f"accounts in division 7: {text}")]


def test_a_division_is_told_in_numbers_too(world: World) -> None:
    world.progress.begins("accounts", 2)
    world.read(7, 1000, 125)
    assert world.lines[0].numbers == {
        "stream_name": "accounts",
        "division": 7,
        "rows": 1125,
        "pages": 2,
        "seconds": 2.0,
        "complete": True,
    }


def test_a_stream_is_told_of_when_its_last_division_has_ended(world: World) -> None:
    world.calls = 2  # of another stream
    world.progress.begins("accounts", 2)
    world.read(7, 1000, 125)
    world.progress.begins("accounts", 2)  # it may be told again
    assert len(world.lines) == 1
    world.read(8, 0)
    assert world.lines[-1].text == "accounts: 1,125 rows of 2 divisions, 3 calls, 3.0 s"
    assert world.lines[-1].numbers == {
        "stream_name": "accounts",
        "divisions": 2,
        "rows": 1125,
        "calls": 3,
        "seconds": 3.0,
    }
    world.progress.begins("items", 1)
    world.read(7, 1, stream="items")
    assert world.lines[-1].text == "items: 1 row of 1 division, 1 call, 1.0 s"


def test_a_division_may_begin_before_its_stream(world: World) -> None:
    world.progress.begins("accounts", 1)
    world.progress.division_begins("accounts", 7)
    world.clock.now += 1
    world.progress.division_begins("items", 8)
    world.clock.now += 1
    assert world.progress.status().stream == "accounts"
    world.progress.page("accounts", 7, 3)
    world.progress.division_ends("accounts", 7, calls=1)
    assert world.lines[-1].text == "accounts: 3 rows of 1 division, 1 call, 2.0 s"
    world.progress.begins("items", 1)  # what was begun before has waited for this
    world.clock.now += 0.5
    world.progress.page("items", 8, 4)
    world.progress.division_ends("items", 8, calls=2)
    assert [line.text for line in world.lines[-2:]] == [
        "items in division 8: 4 rows in 1 page, 0.5 s",
        "items: 4 rows of 1 division, 2 calls, 0.5 s",
    ]
    assert (world.progress.totals().rows, world.progress.totals().divisions) == (7, 2)


def test_a_stream_that_was_only_begun_ahead_is_none_that_was_read(world: World) -> None:
    world.progress.begins("accounts", 2)
    world.progress.division_begins("items", 7)
    assert (world.progress.totals().streams, world.progress.totals().divisions) == (1, 1)


def test_a_stream_without_divisions_has_one_line(world: World) -> None:
    world.progress.undivided("divisions", 3)
    assert world.told() == [(logging.INFO, "divisions: 3 rows of 1 division, 0 calls, 0.0 s")]


def test_where_it_is_drawn_a_stream_has_one_line(world: World) -> None:
    world.progress.drawn = True
    world.progress.begins("accounts", 1)
    world.read(7, 1000, complete=False)
    world.progress.rest(40)
    assert [text for level, text in world.told() if level >= logging.INFO] == [
        "accounts: 1,000 rows of 1 division, 1 call, 1.0 s"
    ]


# --- Waits ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "told"), [(41, ["41 s"]), (1, ["1.0 s"]), (0.4, []), (3600, ["60 min"])])
def test_a_wait_for_a_limit_is_announced(world: World, seconds: float, told: list[str]) -> None:
    world.progress.rest(seconds)
    assert world.clock.slept == [seconds]
    assert [line.text for line in world.lines] == [
        f"Waiting {each}: Exact allows no more calls in this minute." for each in told
    ]


def test_waits_are_counted_by_what_they_were_for(world: World) -> None:
    world.progress.rest(40)
    world.progress.back_off(2)
    world.progress.rest(20)
    totals = world.progress.totals()
    assert (totals.waited_for_limits, totals.waited_for_server, totals.seconds) == (60, 2, 62)


def test_a_wait_counts_as_far_as_it_went(world: World) -> None:
    def ended(_: float) -> None:
        world.clock.now += 3
        raise SystemExit(143)

    progress = Progress(world.clock, ended, world.lines.append)
    with pytest.raises(SystemExit):
        progress.back_off(300)
    assert progress.totals().waited_for_server == 3
    assert progress.status().cause is None


# --- Where it is ---------------------------------------------------------------------------------------------


def test_before_the_first_stream_there_are_calls_at_most(world: World) -> None:
    world.calls = 1
    assert world.progress.status().line().text == "No stream yet; 1 call"


def test_a_run_in_the_middle_of_a_stream(world: World) -> None:
    world.left = {
        7: Remaining(0, 0),
        8: Remaining(23, 4100),
        9: Remaining(50, 4000),
        10: Remaining(None, None),
    }
    world.progress.begins("accounts", 200)
    world.read(7, 1000)
    for division in (8, 9, 10):
        world.progress.division_begins("accounts", division)
        world.progress.page("accounts", division, 5000)
    world.clock.now += 7
    world.progress.beat()
    line = world.lines[-1]
    assert line.text == (
        "accounts: 1 of 200 divisions, 16,000 rows, 2,000 a second; 1 call; 23 this minute and 4,000 today left"
    )
    assert line.numbers == {
        "stream_name": "accounts",
        "divisions_done": 1,
        "divisions": 200,
        "rows": 16000,
        "rows_per_second": 2000.0,
        "calls": 1,
        "calls_left_minute": 23,
        "calls_left_day": 4000,
        "waiting_for": None,
        "waiting_seconds": 0.0,
    }


@pytest.mark.parametrize(
    ("wait", "told"),
    [
        pytest.param("rest", "waiting 24 s for Exact's limits", id="limits"),
        pytest.param("back_off", "waiting 24 s for the server", id="server"),
    ],
)
def test_what_it_waits_for_shows_meanwhile(world: World, wait: str, told: str) -> None:
    seen = []

    def sleep(seconds: float) -> None:
        world.clock.now += seconds - 24
        seen.append(progress.status())

    progress = Progress(world.clock, sleep, world.lines.append)
    getattr(progress, wait)(60)
    assert [status.costing() for status in seen] == [f"{told}; 0 calls"]
    assert seen[0].line().numbers["waiting_seconds"] == 24.0
    assert progress.status().costing() == "0 calls"


# --- What it came to -----------------------------------------------------------------------------------------


def test_totals_are_those_of_all_streams(world: World) -> None:
    world.progress.undivided("divisions", 2)
    for stream in ("accounts", "items"):
        world.progress.begins(stream, 2)
        world.read(7, 1000, 125, stream=stream)
        world.read(8, 10, stream=stream, complete=False)
    assert world.progress.totals() == Totals(rows=2 + 2 * 1135, streams=3, divisions=2, calls=6, seconds=6.0)


@pytest.mark.parametrize(
    ("totals", "text"),
    [
        (Totals(), "Read 0 rows of 0 streams in 0 divisions: 0 calls in 0.0 s."),
        (
            Totals(1_234_567, 1, 1, 1, 7200, 0, 90.4),
            "Read 1,234,567 rows of 1 stream in 1 division: 1 call in 120 min. Waited 90 s for the server.",
        ),
        (
            Totals(1, 2, 3, 4000, 500, 61, 4),
            "Read 1 row of 2 streams in 3 divisions: 4,000 calls in 8 min. Waited 61 s for Exact's limits and 4.0 s for the server.",
        ),
    ],
)
def test_totals_in_words(totals: Totals, text: str) -> None:
    assert totals.text() == text


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0.0 s"), (9.94, "9.9 s"), (10, "10 s"), (119.4, "119 s"), (120, "2 min")]
)
def test_times_as_somebody_would_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(("number", "said"), [(0, "0 rows"), (1, "1 row"), (1000, "1,000 rows")])
def test_numbers_as_somebody_would_say_them(number: int, said: str) -> None:
    assert counted(number, "row") == said


# --- Whether and how it is shown -----------------------------------------------------------------------------


class _File:
    def __init__(self, *, terminal: bool) -> None:
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize(
    ("terminal", "environ", "drawn"),
    [
        pytest.param(True, {}, True, id="terminal"),
        pytest.param(False, {}, False, id="pipe"),
        pytest.param(True, {"TERM": "dumb"}, False, id="dumb"),
        pytest.param(True, {"TERM": ""}, False, id="unknown"),
        pytest.param(True, {"CI": "true"}, False, id="ci"),
        pytest.param(True, {"CI": ""}, True, id="no-ci"),
        pytest.param(True, {"SINGER_SDK_LOG_CONFIG": "logging.yml"}, False, id="structured"),
        pytest.param(True, {"MELTANO_EXTRACTOR_NAME": "tap-exact-online"}, False, id="meltano"),
        pytest.param(
            True, {"MELTANO_STATE_BACKEND_URI": "s3://states"}, True, id="a-shell-set-up-for-meltano"
        ),
    ],
)
def test_it_is_drawn_for_somebody_who_watches(terminal: bool, environ: dict[str, str], drawn: bool) -> None:  # noqa: FBT001
    file: Any = _File(terminal=terminal)
    assert live.can_draw(file, {"TERM": "xterm", **environ}) is drawn


def test_a_log_has_a_line_again_and_again_until_the_run_ends() -> None:
    told, twice = [], threading.Event()

    def tell(line: Line) -> None:
        told.append(line.text)
        if len(told) == 2:
            twice.set()

    clock = Clock()
    with live.shown(Progress(clock, clock.sleep, tell), {"CI": "true"}, every=0.01):
        assert twice.wait(30)
    assert set(told) == {"No stream yet; 0 calls"}
    assert "progress" not in {thread.name for thread in threading.enumerate()}


def test_a_short_run_has_no_such_line(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    with caplog.at_level(logging.DEBUG), live.shown(Progress(clock, clock.sleep, live.log), {"CI": "true"}):
        pass
    assert caplog.messages == []

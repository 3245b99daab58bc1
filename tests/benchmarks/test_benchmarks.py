"""The benchmarks run, and what they compare is equal. How fast anything is, no test says."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SCRIPTS = {
    "cpu": "--rows 1200 --rounds 1",
    "calls": "--divisions 2 --streams 2 --latency-ms 1 --concurrency 2",
    "limits": "--divisions 2 --pages 2 --minute-seconds 0.5 --concurrency 1",
    "growth": "--rows 500 --divisions --rounds 1",
    "divisions": "--divisions 3 6 --concurrency 2",
    "startup": "--rounds 1",
    "load": "--rounds 0 --ways shipped",
}


@pytest.fixture(scope="module")
def started() -> Iterator[dict[str, subprocess.Popen[str]]]:
    """Return all scripts, running at once at the smallest size that shows anything."""
    running = {
        name: subprocess.Popen(
            [sys.executable, str(BENCHMARKS / f"{name}.py"), *options.split(), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name, options in SCRIPTS.items()
    }
    yield running
    for process in running.values():
        process.terminate()
        process.wait(20)


def figures(started: dict[str, subprocess.Popen[str]], name: str) -> Any:
    """Return what a script found."""
    output, errors = started[name].communicate(timeout=100)
    assert started[name].returncode == 0, errors
    return json.loads(output)


def test_reading_is_compared_with_programs_that_write_the_same(
    started: dict[str, subprocess.Popen[str]],
) -> None:
    found = {row["program"]: row for row in figures(started, "cpu")}
    assert [*found] == ["floor", "this tap", "straightforward SDK tap", "the sandbox itself"]
    assert found["floor"]["of the floor, by wall"] == 1
    assert all(row["wall s"] > 0 and row["CPU s"] > 0 and row["peak MB"] > 1 for row in found.values())


def test_latency_is_measured_with_the_calls_that_are_needed(
    started: dict[str, subprocess.Popen[str]],
) -> None:
    (row,) = figures(started, "calls")
    assert (row["as needed"], row["token calls"]) == ("yes", 1)
    assert 4 <= row["calls"] <= 6  # beside two streams of two divisions only what finds the divisions


def test_limits_are_kept(started: dict[str, subprocess.Popen[str]]) -> None:
    (row,) = figures(started, "limits")
    assert (row["calls"], row["refused (429)"]) == (4, 0)


def test_growth_is_measured(started: dict[str, subprocess.Popen[str]]) -> None:
    (row,) = figures(started, "growth")
    assert (row["rows"], row["divisions"]) == (500, 1)
    assert row["rows/s"] == round(500 / row["wall s"])


def test_what_companies_cost_is_measured(started: dict[str, subprocess.Popen[str]]) -> None:
    *runs, _, times = figures(started, "divisions")
    assert [(row["run"], row["divisions"]) for row in runs] == [
        (name, divisions) for divisions in (3, 6) for name in ("first", "nothing new")
    ]
    # A call to each of 13 streams in every company, and one for the list of them.
    assert [row["calls"] for row in runs] == [13 * 3 + 1, 13 * 3 + 1, 13 * 6 + 1, 13 * 6 + 1]
    # One row of each stream but the log of deleted rows; the list of divisions is written by every run.
    assert [row["rows"] for row in runs if row["run"] == "first"] == [13 * 3, 13 * 6]
    assert min(row["STATEs"] for row in runs) > 0
    assert (times["run"], times["divisions"]) == ("nothing new, times", 2)


def test_starting_is_compared_with_importing_the_sdk(started: dict[str, subprocess.Popen[str]]) -> None:
    found = {row["what"]: row for row in figures(started, "startup")}
    assert found["import singer_sdk"]["of the SDK, by CPU"] == 1
    assert min(row["CPU ms"] for row in found.values()) > 0
    assert {"import singer_sdk", "a run with nothing new"} < {*found}


def test_what_is_loaded_is_right(started: dict[str, subprocess.Popen[str]]) -> None:
    found = figures(started, "load")
    (checks,) = found["checks"]
    assert {name: value for name, value in checks.items() if name != "way"} == dict.fromkeys(
        ("types", "keys", "all rows", "instants", "upserts", "deletes"), "yes"
    )


# --- What they judge with ---


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that gives a module of the benchmarks."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))

    def module(name: str) -> ModuleType:
        return importlib.import_module(name)

    yield module
    for name in [name for name in sys.modules if name == "rig" or name.startswith("rig.")]:
        del sys.modules[name]


ROW = {"Division": 1, "ID": "a", "Amount": 1, "Text": None}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"Text": None, "Amount": 1.0, "ID": "a", "Division": 1}, ""),
        ({**ROW, "Amount": 2}, "1 of 1 records differ, the first (1, 'a')"),
        ({**ROW, "ID": "b"}, "1 of 1 records differ, the first (1, 'a')"),
        (
            {name: value for name, value in ROW.items() if name != "Text"},
            "1 of 1 records differ, the first (1, 'a')",
        ),
        (None, "1 records against 0"),
    ],
)
def test_a_difference_is_told(rig: Any, tmp_path: Path, row: dict[str, Any] | None, said: str) -> None:
    outputs = rig("rig.outputs")

    def read(record: dict[str, Any] | None) -> Any:
        file = tmp_path / "output"
        message = {"type": "RECORD", "stream": "lines", "record": record}
        file.write_text("" if record is None else json.dumps(message) + "\n")
        return outputs.records(file, "lines")

    assert outputs.difference(read(ROW), read(row)) == said


@pytest.mark.parametrize(
    ("calls", "found"),
    [
        pytest.param([("a", 0, 1)], [], id="one call"),
        pytest.param([("a", 0, 1), ("a", 5, 6)], [(4, "a", 2)], id="within a stream"),
        pytest.param([("a", 0, 1), ("b", 3, 4)], [(2, "b", 1)], id="between two"),
        pytest.param(
            [("a", 0, 9), ("a", 1, 2), ("b", 10, 11)],
            [(0, "a", 2), (1, "b", 1)],
            id="one is still under way",
        ),
    ],
)
def test_a_silence_is_where_no_call_is_under_way(
    rig: Any, calls: list[tuple[str, float, float]], found: list[tuple[float, str, int]]
) -> None:
    moment = rig("rig.crowd").Moment
    assert [*rig("divisions").silences([moment(*call) for call in calls])] == found


@pytest.mark.parametrize(
    ("ends", "found"),
    [
        ({7: {"1": 60, "2": 60}, 8: {"1": 100, "2": 100}}, (1.0, 1)),
        ({7: {"1": 60}, 8: {"1": 100, "2": 20}, 9: {"1": 100, "2": 100}}, (120 / 220, 2)),
        ({7: {"1": 100, "2": 100}}, (1.0, 0)),
    ],
)
def test_the_share_of_allowed_calls(
    rig: Any, ends: dict[int, dict[str, int]], found: tuple[float, int]
) -> None:
    assert rig("limits").share(ends, ["1", "2"], 100) == pytest.approx(found)


def test_the_floor_leaves_text_alone_that_only_looks_like_an_escape(rig: Any) -> None:
    texts = ["nul\0here", r"a path: C:\u0000", "\\\0", "\0\0", "\\\\u0000\0"]
    cleaned = rig("rig.floor").without_nul(json.dumps(texts).encode())
    assert json.loads(cleaned) == [text.replace("\0", "") for text in texts]


def test_a_chart_shows_flat_as_level(rig: Any) -> None:
    drawn = ET.fromstring(rig("rig.plot").chart("Memory", "rows", [10, 100, 1000], {"MB": [90, 90, 90]}))  # noqa: S314  our own
    places = [circle.get("cy") for circle in drawn.iter("{http://www.w3.org/2000/svg}circle")]
    assert len(places) == 3
    assert len(set(places)) == 1

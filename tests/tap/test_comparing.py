"""Figures that are compared with rows are read behind them, and the rows once more behind the figures."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME, STREAMS
from tap_exact_online.state.form import AT, BACK
from tap_exact_online.streams import behind
from tests.conftest import Sandbox, StartSandbox
from tests.processes import until
from tests.singer import tap_for

LINES, DELETED, BALANCES, OPENING = (
    "transaction_lines",
    "deleted",
    "reporting_balance",
    "opening_balances_current_year",
)
PATHS = {name: BY_NAME[name].path for name in (LINES, DELETED, BALANCES, OPENING)}


def asked(world: Sandbox, *streams: str) -> list[tuple[str, int]]:
    """Return the streams and divisions of the calls so far, in their order, each time that they change."""
    names = {PATHS[name]: name for name in streams}
    calls = [
        (names[call["path"]], call["division"]) for call in world.control.asked() if call["path"] in names
    ]
    return [call for call, before in zip(calls, [None, *calls], strict=False) if call != before]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([], []),
        ([BALANCES, LINES, DELETED], [LINES, DELETED, BALANCES]),
        ([OPENING, BALANCES, "accounts", LINES], ["accounts", LINES, OPENING, BALANCES]),
        ([LINES, "accounts"], [LINES, "accounts"]),
    ],
)
def test_what_is_compared_comes_last(order: list[str], expected: list[str]) -> None:
    assert behind(order) == expected


def test_it_is_compared_with_streams_that_are_compared_with_nothing() -> None:
    for resource in STREAMS:
        assert [name for name in resource.compared_with if BY_NAME[name].compared_with] == []
        assert resource.compared_with or not resource.once_more


def test_what_comes_and_goes_while_balances_are_read_is_there_in_the_end(
    start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    world = start_sandbox(divisions=2, rows=60)
    one, other = (row["Code"] for row in world.control.divisions())
    tap = tap_for(world, tmp_path)
    world.control.fault("status", path=PATHS[BALANCES], times=None, status=503)
    started = tap.start(catalog=tap.catalog([BALANCES, OPENING, LINES, DELETED]))
    until(lambda: world.control.stats()["by_endpoint"].get(PATHS[BALANCES], 0) >= 1, started.process)
    (came,) = world.control.add(one, PATHS[LINES])
    (gone,) = world.control.delete(other, PATHS[LINES], count=1)
    world.control.clear_faults()
    run = tap.ran(started)
    assert run.exit_code == 0, run.log
    assert came in {row["ID"] for row in run.records[LINES]}
    assert gone in {row["EntityKey"] for row in run.records[DELETED]}
    order = asked(world, LINES, DELETED, BALANCES, OPENING)
    behind_the_last = order[
        max(place for place, (name, _) in enumerate(order) if name in {BALANCES, OPENING}) + 1 :
    ]
    assert Counter(behind_the_last) == Counter(
        (name, code) for name in (LINES, DELETED) for code in (one, other)
    )
    before = {name for name, _ in order[: [name for name, _ in order].index(BALANCES)]}
    assert {LINES, DELETED} <= before


def test_what_is_read_twice_is_told_once(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    """The stream `reads` has one row of it, the newest, and it counts as one of what was to be read."""
    world = start_sandbox(divisions=2, rows=60)
    tap = tap_for(world, tmp_path)
    streams = [BALANCES, LINES, DELETED]
    run = tap.run(catalog=tap.catalog([*streams, "reads"]), at_most_old="72h")
    assert run.exit_code == 0, run.log
    told = Counter((row["Stream"], row["Division"]) for row in run.records["reads"])
    assert told == {(stream, row["Code"]): 1 for stream in streams for row in world.control.divisions()}
    began = {row["Stream"]: row["BeganAt"] for row in run.records["reads"]}
    assert began[LINES] > began[BALANCES]
    assert "6 of 6 pairs of stream and division were read, as planned" in run.log


def test_what_is_read_once_more_has_the_names_and_the_hashes_of_the_first_time(
    start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    world = start_sandbox(divisions=1, rows=60)
    (division,) = (row["Code"] for row in world.control.divisions())
    tap = tap_for(world, tmp_path)
    world.control.fault("status", path=PATHS[BALANCES], times=None, status=503)
    settings = {"column_names": "snake_case", "personal_data": "hash", "personal_salt": "a grain of sea salt"}
    started = tap.start(catalog=tap.catalog([BALANCES, LINES, DELETED]), **settings)
    until(lambda: world.control.stats()["by_endpoint"].get(PATHS[BALANCES], 0) >= 1, started.process)
    world.control.change(division, PATHS[LINES], count=10)
    world.control.clear_faults()
    run = tap.ran(started)
    assert run.exit_code == 0, run.log
    rows = run.records[LINES]
    assert len(rows) > len({row["id"] for row in rows})
    assert len({(*row,) for row in rows}) == 1
    described = {row["description"] for row in rows} - {None, ""}
    assert described
    assert all(re.fullmatch(r"[0-9a-f]{64}", text) for text in described)


def test_only_where_balances_were_read_to_their_end(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    world = start_sandbox(divisions=2, rows=60)
    one, other = (row["Code"] for row in world.control.divisions())
    tap = tap_for(world, tmp_path)
    world.control.forbid(path=PATHS[BALANCES], division=other, reason="no right")
    run = tap.run(catalog=tap.catalog([BALANCES, LINES, DELETED]))
    assert run.exit_code == 0, run.log
    assert Counter(asked(world, LINES)) == {(LINES, one): 2, (LINES, other): 1}


def test_what_no_balances_are_read_for_is_read_once(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    world = start_sandbox(divisions=2, rows=60)
    tap = tap_for(world, tmp_path)
    run = tap.run(catalog=tap.catalog([OPENING, LINES, DELETED]))
    assert run.exit_code == 0, run.log
    assert set(Counter(asked(world, LINES, DELETED)).values()) == {1}


@pytest.mark.parametrize("arrives", [False, True])
def test_the_next_run_looks_back_as_far_as_it_would_have(
    start_sandbox: StartSandbox,
    tmp_path: Path,
    arrives: bool,  # noqa: FBT001
) -> None:
    """What becomes visible late does so after minutes: that the rows were read once more seconds later settles nothing."""
    world = start_sandbox(divisions=1, rows=60)
    (division,) = (row["Code"] for row in world.control.divisions())
    alone, both = (tap_for(world, tmp_path), tap_for(world, tmp_path))
    state = alone.run(catalog=alone.catalog([LINES, DELETED])).state
    world.control.add(division, PATHS[LINES], 2)
    expected = alone.run(catalog=alone.catalog([LINES, DELETED]), state=state).state
    world.control.fault("status", path=PATHS[BALANCES], times=None, status=503)
    started = both.start(catalog=both.catalog([LINES, DELETED, BALANCES]), state=state)
    until(lambda: world.control.stats()["by_endpoint"].get(PATHS[BALANCES], 0) >= 1, started.process)
    if arrives:
        world.control.add(division, PATHS[LINES], 2)
    world.control.clear_faults()
    found = both.ran(started).state
    assert _looks_back_to(found, division) == _looks_back_to(expected, division)


def _looks_back_to(state: dict[str, Any], division: int) -> int:
    partitions = state["bookmarks"][LINES]["partitions"]
    (kept,) = (each for each in partitions if each["context"]["Division"] == division)
    return int(kept[AT] - kept[BACK])

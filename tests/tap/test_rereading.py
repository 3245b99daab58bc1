"""`reread`: what it names is read from the start, everything else goes on, and no bookmark of another is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Sandbox, StartSandbox
from tests.singer import Run, Tap, tap_for

STREAMS = ("accounts", "deleted", "journals")
FIRST, SECOND = 1000001, 1000002


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return tap_for(sandbox, tmp_path, sandbox.control.new_login("rereading"))


@pytest.fixture
def catalog(tap: Tap) -> dict[str, Any]:
    return tap.catalog(STREAMS)


@pytest.fixture
def before(tap: Tap, catalog: dict[str, Any]) -> Run:
    run = tap.run(catalog=catalog)
    assert run.exit_code == 0, run.log
    return run


def bookmarks(state: dict[str, Any]) -> dict[tuple[str, int], Any]:
    return {
        (name, part["context"]["Division"]): part.get("at")
        for name in STREAMS
        for part in state["bookmarks"][name]["partitions"]
    }


def found(run: Run, stream: str) -> dict[int, int]:
    """Return how many rows of each division a run wrote."""
    divisions = [row["Division"] for row in run.records.get(stream, ())]
    return {division: divisions.count(division) for division in sorted({*divisions})}


@pytest.mark.parametrize("by", ["file", "environment"])
def test_a_division_is_read_anew_and_the_others_go_on(
    tap: Tap, catalog: dict[str, Any], before: Run, by: str
) -> None:
    value = {"divisions": [FIRST]}
    if by == "file":
        run = tap.run(state=before.state, catalog=catalog, late_commits=False, reread=value)
    else:
        env = {"TAP_EXACT_ONLINE_REREAD": json.dumps(value), "TAP_EXACT_ONLINE_LATE_COMMITS": "false"}
        run = tap.run("--config=ENV", env=env, state=before.state, catalog=catalog)
    assert run.exit_code == 0, run.log
    assert "Reading anew, as `reread` says." in run.log
    for stream in STREAMS:
        again, first = found(run, stream), found(before, stream)
        assert again[FIRST] == first[FIRST] > 1
        # A stream that is read by Modified has its last row again.
        assert again.get(SECOND, 0) <= (stream == "journals")
    # What the other is at is in every state, the first one included.
    wanted = bookmarks(before.state)
    states = [line["value"] for line in run.lines if line["type"] == "STATE"]
    for state in states:
        assert {key: value for key, value in bookmarks(state).items() if key[1] == SECOND} == {
            key: value for key, value in wanted.items() if key[1] == SECOND
        }
    assert bookmarks(run.state) == wanted


def test_a_stream_is_read_anew_and_the_others_go_on(tap: Tap, catalog: dict[str, Any], before: Run) -> None:
    run = tap.run(state=before.state, catalog=catalog, reread={"streams": ["journals"]}, late_commits=False)
    assert run.exit_code == 0, run.log
    assert found(run, "journals") == found(before, "journals")
    assert found(run, "accounts") == found(run, "deleted") == {}


def test_a_run_that_breaks_off_is_taken_up_without_it(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    books = start_sandbox(rows=20, table={"sync/CRM/Accounts": 2500}, divisions=1)
    tap = tap_for(books, tmp_path)
    catalog = tap.catalog(["accounts"])
    first = tap.run(catalog=catalog)
    books.control.reset_limits()
    books.control.options(day_limit=2)
    broken = tap.run(state=first.state, catalog=catalog, reread={"streams": ["accounts"]})
    assert broken.exit_code == 4, broken.log
    assert len(broken.records["accounts"]) == 1000
    books.control.options(day_limit=5000)
    rest = tap.run(state=broken.state, catalog=catalog, late_commits=False)
    assert rest.exit_code == 0, rest.log
    assert len(rest.records["accounts"]) == 1500
    assert len({row["ID"] for run in (broken, rest) for row in run.records["accounts"]}) == 2500
    assert rest.bookmarks("accounts") == first.bookmarks("accounts")


@pytest.mark.parametrize(
    ("config", "says"),
    [
        pytest.param(
            {"reread": {"streams": ["itmes"]}},
            "there is no stream 'itmes'. Did you mean 'items'?",
            id="no such stream",
        ),
        pytest.param({"reread": {"streams": ["items"]}}, "not selected: items", id="not selected"),
        pytest.param({"reread": {"divisions": [99]}}, "not read: 99", id="no such division"),
        pytest.param(
            {"reread": {"divisions": [SECOND]}, "divisions": [FIRST]}, f"not read: {SECOND}", id="left out"
        ),
        pytest.param({"reread": {"divisions": FIRST}}, "'divisions' is no list", id="a number"),
        pytest.param({"reread": [FIRST]}, "`reread`: [1000001] is not of type", id="a list"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(
    tap: Tap, catalog: dict[str, Any], before: Run, config: dict[str, Any], says: str
) -> None:
    run = tap.run(state=before.state, catalog=catalog, **config)
    assert run.exit_code == 2, run.log
    assert says in run.log
    assert run.records == {}
    assert run.state.get("bookmarks", {}) in ({}, before.state["bookmarks"])


def test_the_other_shards_of_one_configuration_go_on(tap: Tap, catalog: dict[str, Any], before: Run) -> None:
    runs = [
        tap.run(
            state=before.state,
            catalog=catalog,
            reread={"divisions": [FIRST]},
            shard=f"{part}/2",
            late_commits=False,
        )
        for part in (1, 2)
    ]
    assert [run.exit_code for run in runs] == [0, 0], runs[0].log + runs[1].log
    assert sum(found(run, "journals").get(FIRST, 0) for run in runs) == found(before, "journals")[FIRST]

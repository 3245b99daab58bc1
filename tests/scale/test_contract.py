"""The calls of a contract: noticed where they are used up, counted over all processes, and never taken for another limit."""

from __future__ import annotations

import copy
import re
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from demo.postgres import Postgres
from tap_exact_online.catalog import BY_NAME
from tests.auth.stores.servers import token_url
from tests.conftest import StartSandbox
from tests.faults.quick import Quick, QuickRun, narrow
from tests.faults.world import FINE
from tests.scale.firm import DAY, DIVIDED, SMALL, Firm, read_at
from tests.singer import tap_for

FirmOf = Callable[..., Firm]


@pytest.fixture
def firm_of(start_sandbox: StartSandbox, quick: Quick, tmp_path: Path) -> FirmOf:
    """Return a function that makes a firm of so many divisions, at half past six in the morning."""

    def made(divisions: int, **config: Any) -> Firm:
        firm = Firm(start_sandbox(**{**SMALL, "divisions": divisions}), quick, tmp_path, **config)
        firm.next_day()
        return firm

    return made


def midnight(firm: Firm) -> str:
    """Return what a log says of the end of the day."""
    return f"Run again after {datetime.fromtimestamp((firm.control.now() // DAY + 1) * DAY, UTC):%Y-%m-%d} 00:00 UTC"


# --- What Exact says ---


@pytest.mark.parametrize("headers", ["documented", "none", "both", "remaining"])
@pytest.mark.parametrize("concurrency", [1, 8])
def test_a_contract_that_is_used_up_ends_the_run_at_once(
    firm_of: FirmOf, headers: str, concurrency: int
) -> None:
    divisions = 3000 if headers == "documented" else 100
    firm = firm_of(divisions, contract_calls=0, concurrency=concurrency)
    firm.control.options(contract_limit=400, limit_headers=headers)
    run = firm.run()
    assert run.exit_code == 4, run.log
    assert firm.control.stats()["too_many_requests"] <= concurrency + 2
    assert sum(run.slept) == 0
    assert midnight(firm) in run.log
    assert len(run.log.splitlines()) < 100
    # What was answered counts, also of the next stream: all but the list of divisions, and what was under way.
    assert len(read_at(run)) >= 400 - divisions // 60 - 1 - 2 * concurrency


@pytest.mark.parametrize("on_success", ["both", "none"])
def test_where_one_division_is_all_there_is_its_minute_is_waited_for_once(
    firm_of: FirmOf, on_success: str
) -> None:
    firm = firm_of(1, contract_calls=0)
    firm.control.options(contract_limit=5, limit_headers_on_success=on_success)
    run = firm.run()
    assert run.exit_code == 4, run.log
    assert firm.control.stats()["too_many_requests"] == 2
    assert 0 < sum(run.slept) <= 65
    assert midnight(firm) in run.log


@pytest.mark.parametrize(
    ("headers", "on_success"),
    [
        ("documented", "both"),
        ("documented", "none"),
        ("both", "none"),
        ("remaining", "none"),
        ("none", "both"),
        ("none", "minute"),
    ],
)
def test_a_minute_of_some_divisions_ends_no_run(firm_of: FirmOf, headers: str, on_success: str) -> None:
    """Others use the same app: several divisions are refused at once, and nothing has told of it."""
    firm = firm_of(12, contract_calls=0, concurrency=8)
    firm.control.options(minute_limit=4, limit_headers=headers, limit_headers_on_success=on_success)
    run = firm.run()
    assert run.exit_code == 0, run.log
    assert len(read_at(run)) == 12 * len(DIVIDED)
    # Where answers tell of the limit it is kept.
    assert (firm.control.stats()["too_many_requests"] >= 12) == (on_success == "none")


def test_many_calls_in_a_minute_explain_a_refusal_that_shows_nothing(
    start_sandbox: StartSandbox, quick: Quick, tmp_path: Path
) -> None:
    # Its pages hold 60 rows, so many of them take no time.
    stream, rows = "cost_centers", 32 * 60 + 1
    table = {BY_NAME[stream].path: rows}
    sandbox = start_sandbox(**{**FINE, "minute_limit": 31}, divisions=3, rows=1, table=table)
    sandbox.control.options(limit_headers="none", limit_headers_on_success="none")
    firm = Firm(sandbox, quick, tmp_path, contract_calls=0, concurrency=3)
    firm.catalog = narrow(firm.tap.catalog([stream]), {stream: {"Description"}})
    run = firm.run()
    assert run.exit_code == 0, run.log
    assert len(run.records[stream]) == 3 * rows
    assert 0 < sandbox.control.stats()["too_many_requests"] <= 6


# --- What is counted here ---


def at_once(firm: Firm, quick: Quick, number: int, **config: Any) -> list[QuickRun]:
    """Run so many processes at once, which share the store."""

    def one(place: int) -> QuickRun:
        folder = firm.tap.folder / str(place)
        folder.mkdir(exist_ok=True)
        tap = tap_for(firm.sandbox, folder)
        tap.config = {**firm.tap.config, **config}
        return quick.run(tap, catalog=firm.catalog)

    with ThreadPoolExecutor(number) as pool:
        return [*pool.map(one, range(number))]


def counted(firm: Firm) -> int:
    """Return how many calls the sandbox has counted as the contract's."""
    stats = firm.control.stats()
    return int(stats["calls"] - stats["by_endpoint"].get("current/Me", 0))


@pytest.mark.parametrize("store", ["file", "postgresql"])
def test_four_processes_make_the_calls_of_one_contract(
    firm_of: FirmOf, quick: Quick, request: pytest.FixtureRequest, store: str
) -> None:
    most = 400
    firm = firm_of(40, contract_calls=most)
    if store == "postgresql":
        database: Postgres = request.getfixturevalue("token_database")
        firm.tap.config["store"] = token_url(database)
    runs = at_once(firm, quick, 4)
    assert most * 0.98 <= counted(firm) <= most
    ends = sorted(run.exit_code for run in runs)
    assert set(ends) <= {0, 4}
    assert ends[-1] == 4
    for run in runs:
        assert (midnight(firm) in run.log) == (run.exit_code == 4), run.log
        assert "`contract_calls`" in run.log or run.exit_code == 0
    # The next day has as many.
    firm.next_day()
    firm.control.reset_stats()
    at_once(firm, quick, 4)
    assert most * 0.98 <= counted(firm) <= most


def test_a_process_that_is_killed_loses_no_more_than_a_block(firm_of: FirmOf) -> None:
    most, block, at_once = 1600, 2, 4
    firm = firm_of(150, contract_calls=most, spread=False, concurrency=at_once)
    killed = firm.run_until(300, signal.SIGKILL)
    assert killed.exit_code == -signal.SIGKILL
    first = counted(firm)
    firm.last = None
    run = firm.run()
    assert run.exit_code == 0, run.log
    # What was on its way when it was killed is counted, too, and may not have come.
    assert most - block - at_once <= first + counted(firm) <= most


def test_parts_that_run_at_once_have_the_same(firm_of: FirmOf, quick: Quick) -> None:
    firm = firm_of(40, contract_calls=200)

    def one(part: int) -> QuickRun:
        folder = firm.tap.folder / str(part)
        folder.mkdir()
        tap = tap_for(firm.sandbox, folder)
        tap.config = {**firm.tap.config, "shard": f"{part}/4"}
        return quick.run(tap, catalog=firm.catalog)

    with ThreadPoolExecutor(4) as pool:
        runs = [*pool.map(one, range(1, 5))]
    # Each has listed the divisions, too: where that makes it more than there are, one of them meets the end.
    assert {run.exit_code for run in runs} <= {0, 4}
    read = [len(read_at(run)) for run in runs]
    assert 190 <= sum(read) <= 200
    parts = [int(re.search(r"Reading (\d+) of 40 granted", run.log)[1]) / 40 for run in runs]  # type: ignore[index]
    assert read == pytest.approx([200 * part for part in parts], abs=8)


def test_a_board_that_cannot_be_used_is_told_once_and_counts_for_nobody_else(firm_of: FirmOf) -> None:
    firm = firm_of(10, contract_calls=50)
    before = firm.run()
    (calls,) = firm.tap.folder.glob("store.json.*.calls")
    calls.unlink()
    calls.mkdir()  # as if somebody else had put it there
    firm.next_day()
    run = firm.run()
    assert run.exit_code == 0, run.log
    assert run.log.count("cannot be counted together with other processes") == 1
    assert firm.control.stats()["calls"] <= 51
    assert len(read_at(run)) > len(read_at(before))


# --- How old it may be ---


def test_a_limited_run_within_its_bounds_is_as_planned(firm_of: FirmOf) -> None:
    firm = firm_of(10, contract_calls=90, at_most_old="72h")
    for _ in range(4):
        run = firm.run()
        assert run.exit_code == 0, run.log
        assert "as planned" in run.log
        firm.next_day()
    assert len(read_at(run)) == 10 * len(DIVIDED)


def test_a_bound_that_cannot_be_kept_ends_with_4_and_advice(firm_of: FirmOf) -> None:
    firm = firm_of(10, contract_calls=40, at_most_old="2d")
    ends = []
    while 4 not in ends:
        run = firm.run()
        ends.append(run.exit_code)
        assert len(ends) < 10, run.log
        firm.next_day()
    assert ends[0] == 0
    # It is not kept by leaving out what was never read.
    assert len(read_at(run)) > 2 * 39
    assert "What was read is older than `at_most_old` allows" in run.log
    assert "To read everything once takes 130 calls or more, of the 40 of a day" in run.log
    firm.next_day()
    firm.control.reset_stats()
    assert firm.run(contract_calls=1000).exit_code == 0


def test_what_a_right_is_missing_for_breaks_no_bound_and_does_not_go_first_for_ever(firm_of: FirmOf) -> None:
    firm = firm_of(10, contract_calls=0, at_most_old="2d")
    assert firm.run().exit_code == 0
    firm.control.forbid("sync/CRM/Accounts")
    for _ in range(5):
        firm.next_day()
        run = firm.run(contract_calls=71)
        assert run.exit_code == 0, run.log
    others = {place: at for place, at in read_at(run).items() if place[0] != "accounts"}
    assert firm.control.now() - min(others.values()) <= 2 * DAY + 60


def test_a_state_without_these_notes_is_gone_on_from(firm_of: FirmOf) -> None:
    firm = firm_of(4, contract_calls=0)
    before = firm.run()
    state = copy.deepcopy(before.state)
    for known in state["bookmarks"].values():
        for part in known.get("partitions", ()):
            part.pop("read", None)
    before.state = state
    firm.next_day()
    run = firm.run(at_most_old="72h", contract_calls=30)
    assert run.exit_code == 0, run.log
    assert len(read_at(run)) == 29
    run = firm.run(contract_calls=0)
    assert len(read_at(run)) == 4 * len(DIVIDED)
    for stream in ("transaction_lines", "gl_accounts"):
        assert run.bookmarks(stream) == before.bookmarks(stream)
    # It went on from the bookmarks.
    asked = [each["filter"] for each in firm.control.asked() if each["path"] == BY_NAME["gl_accounts"].path]
    assert len(asked) == 4
    assert all(" gt " in each for each in asked)

"""Many processes and one list of divisions: it is read once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Sandbox, StartSandbox
from tests.processes import run
from tests.singer import Run, Tap, tap_for

SHARDS = 16
DIVISIONS = 3000
PAGES = 50
LIST = "system/Divisions"


def listed(sandbox: Sandbox) -> int:
    """Return how many calls for the list there were since the last look."""
    calls = sandbox.control.stats()["by_endpoint"].get(LIST, 0)
    sandbox.control.reset_stats()
    return int(calls)


def at_once(tap: Tap, number: int) -> list[Run]:
    """Run all shards at the same time."""
    catalog = tap.catalog(["divisions"])
    started = []
    for part in range(1, number + 1):
        folder = tap.folder / f"{part}"
        folder.mkdir(exist_ok=True)
        mine = replace(tap, folder=folder)
        started.append((mine, mine.start(catalog=catalog, shard=f"{part}/{number}")))
    return [mine.ran(process) for mine, process in started]


def test_sixteen_shards_read_the_list_of_three_thousand_once(
    start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    sandbox = start_sandbox(divisions=DIVISIONS, rows=1, minute_limit=10**6)
    tap = tap_for(sandbox, tmp_path)
    runs = at_once(tap, SHARDS)
    assert [each.exit_code for each in runs] == [0] * SHARDS, runs[0].log
    found = [row["Code"] for each in runs for row in each.records["divisions"]]
    assert len(found) == len({*found}) == DIVISIONS
    assert PAGES <= listed(sandbox) <= PAGES + 1

    # Commands and runs ask for the same, so that the list of one serves the others.
    given = ["--store", str(tap.config["store"]), "--base-url", sandbox.base_url]
    env = {
        "TAP_EXACT_ONLINE_CLIENT_ID": sandbox.client_id,
        "TAP_EXACT_ONLINE_CLIENT_SECRET": sandbox.client_secret,
    }
    ended = run("exact-online", ["divisions", "--csv", *given], env=env)
    assert ended.returncode == 0, ended.stderr
    assert len(ended.stdout.splitlines()) == DIVISIONS + 1
    new = sandbox.control.add_division()
    assert str(new) not in run("exact-online", ["divisions", "--csv", *given], env=env).stdout
    assert listed(sandbox) == 0
    assert str(new) in run("exact-online", ["divisions", "--csv", "--refresh", *given], env=env).stdout
    assert listed(sandbox) == PAGES + 1
    more = [row["Code"] for each in at_once(tap, 2) for row in each.records["divisions"]]
    assert len(more) == DIVISIONS + 1
    assert listed(sandbox) == 0


@pytest.fixture
def company(start_sandbox: StartSandbox) -> Sandbox:
    return start_sandbox(divisions=65, rows=3, day_limit=10**6, minute_limit=10**6)


def test_a_division_that_is_closed_lets_the_next_run_read_the_list_anew_once(
    company: Sandbox, tmp_path: Path
) -> None:
    tap = tap_for(company, tmp_path)
    catalog = tap.catalog(["divisions", "journals"])
    codes = [row["Code"] for row in company.control.divisions()]

    def read() -> int:
        assert tap.run(catalog=catalog, shard="1/1", contract_calls=0).exit_code == 0
        return listed(company)

    assert read() == 2
    assert read() == 0
    company.control.withdraw_division(codes[3])
    assert [read() for _ in range(3)] == [0, 2, 0]
    # It is listed, and never opens: to read the list every time would not help.
    company.control.forbid(path="*", division=codes[4], reason="NoDivisionAccess")
    assert [read() for _ in range(4)] == [0, 2, 0, 0]


def test_a_board_that_cannot_be_written_stops_no_run(company: Sandbox, tmp_path: Path) -> None:
    tap = tap_for(company, tmp_path)
    catalog = tap.catalog(["divisions"])
    assert tap.run(catalog=catalog, shard="1/1").exit_code == 0
    (board,) = tmp_path.glob("store.json.*.divisions")
    board.unlink()
    board.mkdir()
    run_without = tap.run(catalog=catalog, shard="1/1")
    assert run_without.exit_code == 0
    assert len(run_without.records["divisions"]) == 65
    assert "The list of divisions cannot be kept for other runs" in run_without.log


def test_few_that_are_named_take_one_call(company: Sandbox, tmp_path: Path) -> None:
    tap = tap_for(company, tmp_path)
    codes = [row["Code"] for row in company.control.divisions()][60:64]
    found = tap.run(catalog=tap.catalog(["divisions"]), divisions=codes)
    assert [row["Code"] for row in found.records["divisions"]] == codes
    assert listed(company) == 1
    assert "Reading 4 of 4 granted divisions" in found.log

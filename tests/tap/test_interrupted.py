"""Runs that end before they are complete: what was written counts, the rest is read by the next run."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import Sandbox, StartSandbox
from tests.expected import expected_rows
from tests.faults.quick import narrow
from tests.processes import on_a_full_disk
from tests.singer import COMMAND, Run, Tap, tap_for

PATH = "sync/Financial/TransactionLines"
PAGES = 2
DIVISIONS = 4
QUICK = {"minute_limit": 100_000, "day_limit": 100_000, "contract_limit": 100_000}


@pytest.fixture
def world(start_sandbox: StartSandbox) -> Sandbox:
    return start_sandbox(divisions=DIVISIONS, rows=PAGES * 1000 - 500, **QUICK)


@pytest.fixture
def tap(world: Sandbox, tmp_path: Path) -> Tap:
    return tap_for(world, tmp_path)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    everything = Tap(tmp_path_factory.mktemp("catalog"), {}).catalog(["transaction_lines"])
    return narrow(everything, {"transaction_lines": {"Description", "Modified", "Notes", "AccountName"}})


def _interrupted(tap: Tap, catalog: dict[str, Any], states: int, how: signal.Signals) -> tuple[Run, int]:
    """Run until that many STATE messages have come, then send a signal. Returns what a loader has kept.

    A loader keeps the rows before the last STATE that it has seen, and that STATE.
    """
    process = subprocess.Popen(
        tap.command(catalog=catalog), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stderr
    kept: list[dict[str, Any]] = []
    pending: list[dict[str, Any]] = []
    for line in process.stdout:
        pending.append(json.loads(line))
        if pending[-1]["type"] == "STATE":
            kept, pending = kept + pending, []
            states -= 1
            if states == 0:
                process.send_signal(how)
                break
    process.stdout.close()
    process.stderr.close()
    return Run(process.wait(30), "", kept), process.pid


@pytest.mark.parametrize(
    ("concurrency", "states", "late_commits"),  # the first state tells of the divisions only
    [(1, 2, False), (1, 4, True), (1, 6, False), (8, 2, True), (8, 4, False), (8, 6, True)],
)
def test_a_killed_run_goes_on_from_the_last_page_that_was_written(  # noqa: PLR0917  a table
    world: Sandbox,
    tap: Tap,
    catalog: dict[str, Any],
    concurrency: int,
    states: int,
    late_commits: bool,  # noqa: FBT001
) -> None:
    tap.config |= {"concurrency": concurrency, "late_commits": late_commits}
    first, _ = _interrupted(tap, catalog, states, signal.SIGKILL)
    written = len(first.records["transaction_lines"])
    assert first.exit_code == -signal.SIGKILL
    world.control.reset_stats()
    second = tap.run(state=first.state, catalog=catalog)
    assert second.exit_code == 0, second.log

    divisions = [row["Code"] for row in world.control.divisions()]
    merged = {**first.table("transaction_lines"), **second.table("transaction_lines")}
    fields = next(iter(merged.values()))
    assert merged == expected_rows(world.control, BY_NAME["transaction_lines"], divisions, fields)
    # What counted as written is not read again, but for the last page of a division, into which late commits may fall.
    read_again = len(second.records["transaction_lines"]) - (len(merged) - written)
    assert 0 <= read_again <= (1000 * len(divisions) if late_commits else 0)
    pages = sum(world.control.count(division, PATH) // 1000 + 1 for division in divisions)
    again = 1 + (len(divisions) if late_commits else 0)
    assert world.control.stats()["by_endpoint"][PATH] <= pages - written // 1000 + again


@pytest.mark.parametrize("concurrency", [1, 8])
def test_a_terminated_run_says_so_and_leaves_a_state_to_go_on_from(
    tap: Tap, catalog: dict[str, Any], concurrency: int
) -> None:
    tap.config["concurrency"] = concurrency
    process = subprocess.Popen(
        tap.command(catalog=catalog), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    while json.loads(process.stdout.readline())["type"] != "STATE":
        pass
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=30)
    assert process.returncode == 143
    assert "The next run goes on from the state" in log
    assert "Traceback" not in log


@pytest.mark.parametrize("concurrency", [1, 8])
def test_a_loader_that_dies_is_no_traceback(tap: Tap, catalog: dict[str, Any], concurrency: int) -> None:
    tap.config["concurrency"] = concurrency
    process = subprocess.Popen(
        tap.command(catalog=catalog),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stderr
    process.stdout.readline()
    process.stdout.close()
    log = process.stderr.read()
    assert process.wait(30) == 1
    assert "The loader closed the pipe" in log
    assert "unhandled" not in log
    assert "Traceback" not in log
    assert "Exception ignored" not in log


def test_a_full_disk_is_told_in_one_line_and_costs_no_connection(tap: Tap, catalog: dict[str, Any]) -> None:
    ended = on_a_full_disk(tap.command(catalog=catalog))
    assert ended.returncode == 1
    assert (
        ended.stderr.splitlines()[-1]
        .partition("Exit code ")[2]
        .startswith("1: Standard output cannot be written: No space left on device. ")
    )
    for noise in ("Traceback", "Exception ignored", "unhandled"):
        assert noise not in ended.stderr
    assert tap.run(catalog=catalog).exit_code == 0


@pytest.mark.parametrize("options", [["--discover"], ["--about"], ["--help"]], ids=lambda options: options[0])
def test_what_needs_no_run_tells_of_a_full_disk_too(options: list[str]) -> None:
    ended = on_a_full_disk([*COMMAND, *options])
    assert ended.returncode == 1
    assert ended.stderr.count("Exit code 1: Standard output cannot be written") == 1
    assert "Traceback" not in ended.stderr


def test_whoever_has_seen_enough_of_a_catalog_may_leave_quietly() -> None:
    process = subprocess.Popen(
        [*COMMAND, "--discover"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    said = process.stderr.read()
    assert process.wait(30) == 1
    for noise in ("pipe", "Traceback", "Exception ignored", "Exit code"):
        assert noise not in said

"""Limits in the middle of a run: no call is spent to find out, each division keeps its bookmark, and the rest goes on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.faults.world import DIVISIONS, LEDGER, LINES, ME, PAGES, World

USUAL = 2 + PAGES
"""Calls of a division: the list of divisions under the first of them, the ledger, the lines."""
_DAY = 86_400


@pytest.fixture(autouse=True)
def _in_the_morning(world: World) -> None:
    """Let no day end in the middle of a test."""
    now = world.control.now()
    world.control.advance_clock((now // _DAY + 1) * _DAY + 6 * 3600 - now)


@pytest.mark.parametrize("left", [1, 2, 3])
def test_a_minute_that_is_used_up_is_waited_out_without_a_call(world: World, left: int) -> None:
    world.control.options(minute_limit=left)
    run = world.run()
    assert run.exit_code == 0, run.log
    assert world.is_whole(run)
    # Nothing tells of a minute that others used up before the first call of a run.
    assert set(world.more_calls()) <= {DIVISIONS}
    assert world.control.stats()["too_many_requests"] <= 1
    assert all(0 < wait <= 60 for wait in run.slept)
    assert len(run.slept) >= PAGES // left


@pytest.mark.parametrize("headers", ["documented", "both"])
@pytest.mark.parametrize("left", [1, 2, 3, USUAL - 1])
def test_a_day_that_is_used_up_is_left_for_the_next(world: World, headers: str, left: int) -> None:
    world.control.options(day_limit=left, limit_headers=headers)
    run = world.run()
    assert run.exit_code == 4, run.log
    assert world.control.stats()["too_many_requests"] == 0
    assert run.slept == []
    midnight = datetime.fromtimestamp((world.control.now() // 86_400 + 1) * 86_400, UTC)
    assert f"Run again after {midnight:%Y-%m-%d} 00:00 UTC" in run.log
    assert f"transaction_lines in division {world.first}" in run.log
    by_division = world.control.stats()["by_division"]
    assert by_division[str(world.first)] == left
    assert by_division[str(world.second)] == min(left, PAGES + 1)
    world.control.options(day_limit=10**6)
    world.control.reset_limits()
    world.end_it_and_run_again(run)


def test_a_reserve_of_daily_calls_is_left_for_others(world: World) -> None:
    world.control.options(day_limit=10)
    run = world.run(reserved_calls=7)
    assert run.exit_code == 4, run.log
    assert max(world.control.stats()["by_division"].values()) == 10 - 7
    world.control.options(day_limit=10**6)
    world.control.reset_limits()
    world.end_it_and_run_again(run)


def test_a_limit_that_shows_in_no_header_costs_two_calls(world: World) -> None:
    """The contract's limit over all divisions is one: nothing tells of it but refusals, in one division after the other."""
    world.control.options(contract_limit=4)  # the list, the ledger of both, one page of lines
    run = world.run()
    assert run.exit_code == 4, run.log
    assert "allows a contract each day" in run.log
    assert world.control.stats()["by_endpoint"] == {ME: 1, DIVISIONS: 1, LEDGER: 2, LINES: 1 + 1 + 1}
    world.control.options(contract_limit=10**6)
    world.control.reset_limits()
    world.end_it_and_run_again(run)


def test_a_limit_that_shows_in_no_header_costs_its_budget_once_a_division(world: World) -> None:
    world.control.fault("status", status=429, path="sync/*", times=None)
    run = world.run()
    assert run.exit_code == 4, run.log
    asked = world.control.stats()["by_endpoint"]
    assert asked[LEDGER] + asked.get(LINES, 0) <= 2 * 5
    assert sum(run.slept) <= 2 * 5 * 61


def test_a_stream_that_is_forbidden_does_not_block_the_app_in_a_run_every_five_minutes(world: World) -> None:
    world.control.options(error_limit=10)
    world.control.forbid(LINES)
    state = world.whole.state
    for _ in range(12):
        run = world.run(state)
        assert run.exit_code == 0, run.log
        assert f"gl_accounts in division {world.first}" not in run.log
        state = run.state
        world.control.advance_clock(300)

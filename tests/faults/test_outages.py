"""What something in front of Exact answers is no verdict of Exact's: waited out, else a failure by name, never "complete"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.faults.quick import QuickRun
from tests.faults.world import DIVISIONS, LEDGER, LINES, ME, PAGES, World, bookmarks


def _refused(status: int, body: str = "", **headers: str) -> dict[str, Any]:
    return {"action": "status", "status": status, "body": body, "headers": headers}


_PAGE = "<!DOCTYPE html><html><head><title>Access Denied</title></head></html>"
EDGE = {
    "403 with a page": _refused(403, _PAGE, **{"Content-Type": "text/html"}),
    "403 with nothing": _refused(403),
    "403 of a gateway": _refused(403, '{"fault":{"faultstring":"Access denied","detail":{}}}'),
    "403 in a word": _refused(403, "Forbidden"),
    "404 with a page": _refused(404, _PAGE),
    "400 of a gateway": _refused(400, '{"fault":{"faultstring":"Bad request"}}'),
}
CONTRADICTIONS = {
    "403 for a reason": _refused(403, "Forbidden", Reason="Forbidden"),
    "403 for a scope": _refused(
        403, "Forbidden - Application Scope Violated.\nCannot read 'financial.accounting' scope."
    ),
    "403 NoDivisionAccess": _refused(403, "Forbidden", Reason="NoDivisionAccess"),
    "403 BlockedUser": _refused(403, "Forbidden", Reason="BlockedUser"),
}
"""Verdicts on rights, if they came first; not behind a page that was given."""
OUTAGES = {**EDGE, **CONTRADICTIONS}


@pytest.mark.parametrize("rule", OUTAGES.values(), ids=OUTAGES)
def test_one_that_passes_on_page_two_costs_a_wait_and_no_row(world: World, rule: Mapping[str, Any]) -> None:
    world.control.fault(**rule, path=LINES, division=world.first, skip=1, times=2)
    run = world.run()
    assert run.exit_code == 0, run.log
    assert world.is_whole(run)
    assert bookmarks(run.state) == bookmarks(world.whole.state)
    assert world.more_calls() == {LINES: 2}
    assert len(run.slept) == 2
    assert 60 < sum(run.slept) < 120


@pytest.mark.parametrize("rule", OUTAGES.values(), ids=OUTAGES)
def test_one_that_stays_fails_by_name_and_keeps_the_bookmark(world: World, rule: Mapping[str, Any]) -> None:
    world.control.fault(**rule, path=LINES, division=world.first, skip=1, times=None)
    run = world.run(on_denied="skip")
    assert run.exit_code == 1, run.log
    assert f"transaction_lines in division {world.first}: {LINES} of division {world.first}: " in run.log
    assert f"The last one: {rule['status']}" in run.log
    assert "was skipped for lack of a right" not in run.log
    rows = [row["Division"] for row in run.records["transaction_lines"]]
    assert rows.count(world.first) == 1000
    assert rows.count(world.second) == PAGES * 1000 - 900
    assert (
        run.bookmarks("transaction_lines")[world.first] == run.records["transaction_lines"][999]["Timestamp"]
    )
    assert world.more_calls() == {LINES: 4 - (PAGES - 1)}
    assert sum(run.slept) < 300
    world.end_it_and_run_again(run)


@pytest.mark.parametrize("rule", EDGE.values(), ids=EDGE)
def test_one_that_stays_does_not_block_the_app_in_a_run_every_five_minutes(
    world: World, rule: Mapping[str, Any]
) -> None:
    world.control.options(error_limit=10)
    world.control.fault(**rule, path=LINES, division=world.first, times=None)
    state, asked = world.whole.state, []
    for _ in range(6):
        run = world.run(state)
        assert run.exit_code == 1, run.log
        assert f"gl_accounts in division {world.first}" not in run.log
        assert f"transaction_lines in division {world.first}" in run.log
        assert f"transaction_lines in division {world.second}" not in run.log
        state = run.state
        asked.append(world.control.stats()["by_endpoint"].get(LINES, 0) - 1)
        world.control.advance_clock(300)
    assert asked == [4, 1, 0, 0, 0, 0]


@pytest.mark.parametrize("rule", EDGE.values(), ids=EDGE)
def test_where_nothing_answered_as_exact_the_settings_are_named_soon(
    world: World, rule: Mapping[str, Any]
) -> None:
    world.control.fault(**rule, path="*", times=None)
    run = world.run(world.whole.state)
    assert run.exit_code == 1, run.log
    assert "settings `region` and `base_url`" in run.log
    assert run.state == world.whole.state
    assert world.control.stats()["by_endpoint"] == {ME: 3}
    assert sum(run.slept) < 10


def test_a_division_that_closes_behind_its_first_stream_is_a_failure_of_all_that_follow(world: World) -> None:
    closed = _refused(403, "Forbidden", Reason="DivisionBlocked")
    world.control.fault(**closed, path=LINES, division=world.first, times=None)
    run = world.run()
    assert run.exit_code == 1, run.log
    assert "DivisionBlocked: the company is blocked. It could be read earlier in this run, though" in run.log
    world.end_it_and_run_again(run)


@pytest.mark.parametrize("rule", EDGE.values(), ids=EDGE)
def test_one_in_every_division_costs_its_minutes_once(world: World, rule: Mapping[str, Any]) -> None:
    world.control.fault(**rule, path=LINES, times=None)
    run = world.run()
    assert run.exit_code == 1, run.log
    assert world.control.stats()["by_endpoint"][LINES] == 4 + 2
    assert sum(run.slept) < 300 + 20


class TestUnauthorised:
    """A lasting 401 while the token is good elsewhere."""

    @pytest.fixture(autouse=True)
    def _a_token_that_has_long_to_live(self, world: World) -> None:
        """Let the old one end, and the run after it fetch one: how old that one is depends on what was tested before."""
        world.control.advance_clock(601)
        assert world.run().exit_code == 0
        assert self._redemptions(world) == 1

    @staticmethod
    def _redemptions(world: World) -> int:
        return int(world.control.stats()["tokens"]["redemptions"])

    @pytest.mark.parametrize("skip", [0, 1], ids=["the first call", "the middle page"])
    def test_one_endpoint_of_one_division_is_listed_and_the_rest_is_read(
        self, world: World, skip: int
    ) -> None:
        world.control.fault(**_refused(401), path=LINES, division=world.first, skip=skip, times=None)
        run = world.run()
        assert run.exit_code == 1, run.log
        assert (
            f"transaction_lines in division {world.first}: {LINES} of division {world.first}: refused (401)"
            in (run.log)
        )
        assert run.table("gl_accounts") == world.whole.table("gl_accounts")
        rows = [row["Division"] for row in run.records["transaction_lines"]]
        assert rows.count(world.first) == skip * 1000
        assert rows.count(world.second) == PAGES * 1000 - 900
        assert world.more_calls()[ME] == 1
        assert world.more_calls().get(LINES, 0) == skip + 2 - PAGES
        assert sum(run.slept) < 10
        assert self._redemptions(world) == 0
        world.end_it_and_run_again(run)

    @pytest.mark.parametrize("open_one", ["first", "second"])
    def test_one_division_is_listed_and_the_other_is_read(self, world: World, open_one: str) -> None:
        world.control.open_division(getattr(world, open_one))
        world.control.fault(**_refused(401, _PAGE), path="*", division=world.first, times=None)
        run = world.run(divisions=[world.first, world.second])
        world.control.open_division(world.first)
        assert run.exit_code == 1, run.log
        for stream in ("gl_accounts", "transaction_lines"):
            assert f"Not read: {stream} in division {world.first}: " in run.log
            assert f"Not read: {stream} in division {world.second}: " not in run.log
        asked = world.control.stats()["by_endpoint"]
        # The user's own page is asked once as a witness, and the division twice at its first endpoint, which is the list of divisions where it is the open one.
        ledger, divisions = (2, 3) if open_one == "first" else (3, 1)
        assert asked == {ME: 2, DIVISIONS: divisions, LEDGER: ledger, LINES: PAGES + 1}
        assert sum(run.slept) < 10
        assert self._redemptions(world) == 0
        world.end_it_and_run_again(run)

    def test_one_that_passes_costs_a_witness_and_one_call(self, world: World) -> None:
        world.control.fault(**_refused(401), path=LINES, division=world.first, skip=1, times=1)
        run = world.run()
        assert run.exit_code == 0, run.log
        assert world.is_whole(run)
        assert world.more_calls() == {LINES: 1, ME: 1}
        assert len(run.slept) == 1
        assert self._redemptions(world) == 0

    def test_one_that_calls_the_token_expired_everywhere_is_believed_once(self, world: World) -> None:
        said = {"WWW-Authenticate": 'Bearer error_description="access token expired"'}
        world.control.fault(**_refused(401, **said), path="sync/*", times=None)
        run = world.run()
        assert run.exit_code == 1, run.log
        assert sum(run.slept) < 650
        assert self._redemptions(world) <= 2
        world.end_it_and_run_again(run)


class TestAlways500:
    """Exact uses 500 for wrong input, too, and then it stays."""

    @staticmethod
    def _run(world: World) -> QuickRun:
        world.control.fault(**_refused(500, "An error has occurred."), path=LINES, times=None)
        return world.run()

    def test_one_endpoint_in_every_division_costs_its_minutes_once(self, world: World) -> None:
        run = self._run(world)
        assert run.exit_code == 1, run.log
        assert run.log.count("Exact uses 500 for wrong input, too") >= 2
        assert world.control.stats()["by_endpoint"][LINES] == 8 + 4
        assert world.control.stats()["by_endpoint"][ME] == 2  # once to see that the server works
        assert sum(run.slept) < 230 + 20
        world.end_it_and_run_again(run)

    def test_where_nothing_works_each_division_is_given_its_time(self, world: World) -> None:
        world.control.fault(**_refused(500), path=ME, skip=1, times=None)
        run = self._run(world)
        assert run.exit_code == 1, run.log
        assert world.control.stats()["by_endpoint"][LINES] == 8 + 8
        world.end_it_and_run_again(run)

    def test_maintenance_keeps_its_hour_in_each_division(self, world: World) -> None:
        world.control.fault(**_refused(503), path=LINES, times=None)
        run = world.run(maintenance_minutes=10)
        assert run.exit_code == 1, run.log
        assert sum(run.slept) > 2 * 600
        world.end_it_and_run_again(run)

"""Each fault, where it strikes, and what comes of it: rows, state, exit code, calls made, waits, message."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults.world import DIVISIONS, LEDGER, LINES, ME, PAGES, World, bookmarks


@dataclass(frozen=True)
class Fault:
    """A fault that passes, or does not.

    Attributes:
        rule: What the sandbox does.
        wait: How long to wait before the second try, at least; None where the limits tell.
        tries: How often a call is tried in all.
        exit_code: What a run ends with where it does not pass.
        says: What that run says of it.
    """

    rule: Mapping[str, Any]
    wait: float | None = 2
    tries: int | None = 8
    exit_code: int = 1
    says: str = "no usable answer"


def _status(status: int, **headers: str) -> dict[str, Any]:
    return {"action": "status", "status": status, "headers": headers}


def _limited(**headers: str) -> Fault:
    names = {"left": "X-RateLimit-Minutely-Remaining", "reset": "X-RateLimit-Minutely-Reset"}
    named = {names[name]: value for name, value in headers.items()}
    says = "refused 5 times (429) although the wait was kept"
    return Fault(_status(429, **named), None, 5, 4, says)


PASSING = {
    "408": Fault(_status(408), 10, says="408: large pages time out"),
    "429 without headers": _limited(),
    "429 with calls left": _limited(left="3", reset="{soon}"),
    "429 with a reset in the past": _limited(left="0", reset="1000"),
    "429 with a reset below zero": _limited(left="0", reset="-5"),
    "429 with a reset in a year": _limited(left="0", reset="{year}"),
    "429 with a reset in words": _limited(left="none", reset="soon"),
    "500": Fault(_status(500), says="500: no explanation"),
    "503": Fault(_status(503), tries=None, says="503: no explanation"),
    "504": Fault(_status(504), tries=None, says="504: no explanation"),
    "reset before Exact acted": Fault({"action": "reset_before"}, says="the connection broke"),
    "reset after Exact acted": Fault({"action": "reset_after"}, says="the connection broke"),
    "cut body": Fault({"action": "cut"}, says="the connection broke"),
    "garbled JSON": Fault({"action": "garbled"}, says="200, but the answer"),
    "HTML with status 200": Fault({"action": "html"}, says="200, but the answer is not JSON"),
    "empty body with status 200": Fault(
        {"action": "empty"}, tries=None, says="200, but the answer is not JSON"
    ),
    "error object with status 200": Fault(
        {"action": "error_object"}, says="200, but the answer tells of trouble ('error')"
    ),
}
"""Faults after which the same call may succeed. Tries are None where maintenance is waited out: that takes an hour."""

PLACES = {
    "the first call": (LINES, 0),
    "the middle page": (LINES, 1),
    "the last page": (LINES, PAGES - 1),
    "another stream": (LEDGER, 0),
    "the division list": (DIVISIONS, 0),
    "the very first call": (ME, 0),
}


def _strike(world: World, rule: Mapping[str, Any], place: tuple[str, int], times: int | None) -> None:
    now = world.control.now()
    soon, year = str(int((now // 60 + 1) * 60_000)), str(int(now + 365 * 86_400) * 1000)
    text = json.dumps(rule).replace("{soon}", soon).replace("{year}", year)
    path, skip = place
    division = None if path == ME else world.first
    world.control.fault(**json.loads(text), path=path, division=division, skip=skip, times=times)


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_a_fault_that_passes_costs_one_call_and_a_wait(world: World, fault: Fault) -> None:
    """It strikes in every place of one run, but for the limit at a call that is not counted."""
    places = [place for place in PLACES.values() if fault.wait is not None or place[0] != ME]
    for path, page in places:
        _strike(world, fault.rule, (path, 2 * page), times=1)  # of each page before it there were two calls
    run = world.run()
    assert run.exit_code == 0, run.log
    assert world.is_whole(run)
    assert bookmarks(run.state) == bookmarks(world.whole.state)
    assert world.more_calls() == Counter(path for path, _ in places)
    assert len(run.slept) == len(places)
    for waited in run.slept:
        if fault.wait is None:
            assert 0 < waited <= 61
        else:
            assert fault.wait <= waited <= fault.wait * 1.25


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_a_fault_that_stays_stops_one_stream_in_one_division(world: World, fault: Fault) -> None:
    _strike(world, fault.rule, PLACES["the middle page"], times=None)
    run = world.run()
    assert run.exit_code == fault.exit_code, run.log
    assert f"transaction_lines in division {world.first}: {LINES} of division {world.first}: " in run.log
    assert fault.says in run.log
    # The first page counts, and everything else is complete.
    rows = [row["Division"] for row in run.records["transaction_lines"]]
    assert rows.count(world.first) == 1000
    whole, part = bookmarks(world.whole.state), bookmarks(run.state)
    first_page = [row for row in world.whole.records["transaction_lines"] if row["Division"] == world.first]
    expected = {
        world.first: first_page[999]["Timestamp"],
        world.second: whole["transaction_lines"][world.second],
    }
    assert part == {**whole, "transaction_lines": expected}
    (more,) = world.more_calls().values()
    if fault.tries is None:
        assert sum(run.slept) < 3700
        assert more < 80
    else:
        assert more == fault.tries - (PAGES - 1)  # the middle and the last page were to be asked anyway
    world.end_it_and_run_again(run)


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_a_division_list_that_stays_away_ends_the_run_and_keeps_the_state(world: World, fault: Fault) -> None:
    _strike(world, fault.rule, PLACES["the division list"], times=None)
    run = world.run(world.whole.state)
    assert run.exit_code == fault.exit_code, run.log
    assert run.records == {}
    assert run.state == world.whole.state
    # No division has answered meanwhile: that may be the contract's limit, which shows in no header.
    silent = fault.rule.get("status") == 429 and not fault.rule["headers"]
    assert ("allows a contract each day" if silent else fault.says) in run.log
    assert run.log.count("Traceback") == 0
    asked = world.control.stats()["by_endpoint"]
    assert set(asked) == {ME, DIVISIONS}
    tries = 2 if silent else fault.tries
    assert asked[DIVISIONS] < 80 if tries is None else asked[DIVISIONS] == tries


# A status shows that something like Exact is there.
NO_ANSWER = {what: fault for what, fault in PASSING.items() if fault.rule["action"] != "status"}


@pytest.mark.parametrize("fault", NO_ANSWER.values(), ids=NO_ANSWER)
def test_a_server_that_never_answered_well_is_given_up_soon(world: World, fault: Fault) -> None:
    _strike(world, fault.rule, PLACES["the very first call"], times=None)
    run = world.run(world.whole.state)
    assert run.exit_code == 1, run.log
    assert "settings `region` and `base_url`" in run.log
    assert world.control.stats()["by_endpoint"] == {ME: 3}


@dataclass(frozen=True)
class Refusal:
    """An answer that a second call would only repeat.

    Attributes:
        rule: What the sandbox does.
        says: What the run says of it.
        exit_code: What the run ends with.
        whole: It concerns all streams of the division.
        rows: Rows of the page that came with it.
    """

    rule: Mapping[str, Any]
    says: str
    exit_code: int = 1
    whole: bool = False
    rows: int = 0


def _denied(reason: str, body: str = "Forbidden") -> dict[str, Any]:
    return {**_status(403, Reason=reason), "body": json.dumps({"error": {"message": {"value": body}}})}


_SCOPE = "Forbidden - Application Scope Violated.\nCannot read 'financial.accounting' scope."
REFUSALS = {
    "400": Refusal(_status(400, Reason="Bad request"), "400: Bad request"),
    "404": Refusal(_status(404, Reason="Not found"), "404: nothing at this address"),
    "403 for a scope": Refusal(_denied("Forbidden", _SCOPE), "lacks the scope 'financial.accounting'", 0),
    "403 NoDivisionAccess": Refusal(_denied("NoDivisionAccess"), "Manage companies", 0, whole=True),
    "403 DivisionBlocked": Refusal(_denied("DivisionBlocked"), "the company is blocked", 0, whole=True),
    "redirect": Refusal(_status(302, Location="https://other.example/x"), "sends elsewhere (other.example)"),
    "next link elsewhere": Refusal(
        {"action": "next_elsewhere"}, "leads to https://elsewhere.example", rows=1000
    ),
    "next link to itself": Refusal({"action": "next_self"}, "leads back to a page", rows=1000),
    "empty page with a next link to itself": Refusal({"action": "empty_page"}, "leads back to a page"),
}


RIGHTS = {what: refusal for what, refusal in REFUSALS.items() if what.startswith("403")}


@pytest.mark.parametrize(
    ("refusal", "skip"),
    [
        pytest.param(refusal, skip, id=f"{what} at {where}")
        for what, refusal in REFUSALS.items()
        for where, skip in {"the first call": 0, "the middle page": 1}.items()
        # A right that is denied behind what it allowed is no refusal: see test_outages
        if what not in RIGHTS or not (skip or refusal.whole)
    ],
)
def test_a_refusal_is_not_repeated(world: World, refusal: Refusal, skip: int) -> None:
    _strike(world, refusal.rule, (LINES, skip), times=1)
    run = world.run()
    assert run.exit_code == refusal.exit_code, run.log
    assert refusal.says in run.log
    assert f"transaction_lines in division {world.first}: " in run.log
    rows = [row["Division"] for row in run.records["transaction_lines"]]
    assert rows.count(world.first) == skip * 1000 + refusal.rows
    assert rows.count(world.second) == PAGES * 1000 - 900
    assert run.table("gl_accounts") == world.whole.table("gl_accounts")
    # A first call that is refused without a name is followed by two questions: whether it is about a field at all, and which.
    asked = skip + 1 + (2 if refusal.rule.get("status") == 400 and not skip else 0)
    assert world.more_calls() == ({LINES: asked - PAGES} if asked != PAGES else {})
    world.end_it_and_run_again(run)


@pytest.mark.parametrize("refusal", RIGHTS.values(), ids=RIGHTS)
def test_a_missing_right_fails_the_run_where_that_is_asked_for(world: World, refusal: Refusal) -> None:
    _strike(world, refusal.rule, (LEDGER, 0), times=1)
    run = world.run(on_denied="fail")
    assert run.exit_code == 1, run.log
    assert refusal.says in run.log
    world.end_it_and_run_again(run)


@pytest.mark.parametrize("refusal", RIGHTS.values(), ids=RIGHTS)
def test_what_concerns_a_whole_division_is_asked_once(world: World, refusal: Refusal) -> None:
    _strike(world, refusal.rule, (LEDGER, 0), times=1)
    run = world.run()
    assert run.exit_code == 0, run.log
    assert world.more_calls() == ({LINES: -PAGES} if refusal.whole else {})
    assert run.log.count(refusal.says) >= (
        4 if refusal.whole else 2
    )  # each stream when it comes, and in the end
    world.end_it_and_run_again(run)


AT_THE_LIST = {what: refusal for what, refusal in REFUSALS.items() if not refusal.whole}


@pytest.mark.parametrize("refusal", AT_THE_LIST.values(), ids=AT_THE_LIST)
def test_a_division_list_that_is_refused_ends_the_run_and_keeps_the_state(
    world: World, refusal: Refusal
) -> None:
    _strike(world, refusal.rule, (DIVISIONS, 0), times=None)
    run = world.run(world.whole.state)
    assert run.exit_code == 1, run.log
    assert run.records == {}
    assert run.state == world.whole.state
    assert refusal.says in run.log
    assert world.control.stats()["by_endpoint"] == {ME: 1, DIVISIONS: 1}


def test_the_list_is_read_under_another_division_where_the_open_one_is_closed(world: World) -> None:
    world.control.withdraw_division(world.first)
    run = world.run(world.whole.state)
    world.control.grant_division(world.first)
    assert run.exit_code == 0, run.log
    assert [row["Code"] for row in run.records["divisions"]] == [world.second]
    assert world.control.stats()["by_endpoint"] == {ME: 1, DIVISIONS: 2, LEDGER: 1, LINES: 1}
    assert bookmarks(run.state) == bookmarks(world.whole.state)


@pytest.mark.parametrize("reason", ["DivisionBlocked", "LicenseExpired"])
def test_an_open_company_that_is_closed_does_not_stop_the_others(world: World, reason: str) -> None:
    world.control.forbid("*", world.first, reason)
    run = world.run(world.whole.state)
    assert run.exit_code == 0, run.log
    assert f"transaction_lines in division {world.second}" not in run.log
    assert world.control.stats()["by_division"][str(world.second)] >= 2

"""`exact-online doctor --propose`: a selection from what may be read and holds something."""

from __future__ import annotations

import json
from typing import Any

import yaml

from tap_exact_online.catalog import BY_NAME, RESOURCES
from tap_exact_online.doctor.ledger import Ledger
from tap_exact_online.doctor.proposal import candidates, proposal, scope_by_scope
from tap_exact_online.doctor.verdicts import Result, Verdict
from tests.doctor.patient import Patient

FIRST, SECOND = 1000001, 1000002
MANUFACTURING = "Manufacturing production"


def proposed(patient: Patient, *options: str) -> dict[str, Any]:
    ended = patient.run("doctor", "--propose", "--json", *options)
    assert ended.exit_code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


def test_what_holds_something_is_proposed_and_nothing_else(patient: Patient) -> None:
    control = patient.sandbox.control
    control.forbid(scope=MANUFACTURING)
    control.forbid(path="crm/Opportunities", reason="NoRight")
    found = proposed(patient)
    counts = {r.name: control.count(FIRST, r.path) for r in RESOURCES if r.divided}
    lacking = {r.name for r in RESOURCES if r.endpoint.scope == MANUFACTURING}
    selected = {*found["select"]}
    assert selected & {"accounts", "journals", "units"} == {"accounts", "journals", "units"}
    assert {"divisions", "deleted"} <= selected
    assert not selected & lacking
    for name in found["empty"]:
        assert counts[name] == 0 or BY_NAME[name].each, name
    for name in selected - {r.name for r in RESOURCES if r.selected}:
        assert counts[name] > 0, name
    assert found["refused"]["opportunities"] == "the user lacks a right, or the company a module"
    assert {*found["refused"]} >= lacking - {r.name for r in RESOURCES if r.per_user}
    assert found["division"] == FIRST
    asked = [each for each in control.asked() if each["division"] == FIRST]
    of_scope = {r.path for r in RESOURCES if r.name in lacking}
    assert len([each for each in asked if each["path"] in of_scope]) == 1
    assert len({each["path"] for each in asked}) == len(asked)
    assert not selected & {*found["refused"]}
    assert not selected & {*found["empty"]}


def test_it_prints_lines_that_meltano_takes(patient: Patient) -> None:
    ended = patient.run("doctor", "--propose", "--divisions", str(SECOND))
    assert ended.exit_code == 0, ended.err
    lines = yaml.safe_load(ended.out)
    assert {"accounts.*", "transaction_lines.*"} <= {*lines["select"]}
    assert f"Looked at division {SECOND}" in ended.err
    assert "calls in each division" in " ".join(ended.err.split())


def test_a_company_that_is_closed_is_passed_over(patient: Patient) -> None:
    control = patient.sandbox.control
    control.open_division(SECOND)  # the list of divisions is read there
    control.block_division(FIRST)
    try:
        assert proposed(patient)["division"] == SECOND
    finally:
        control.open_division(FIRST)


def test_where_none_is_open_that_is_said(patient: Patient) -> None:
    control = patient.sandbox.control
    for division in control.divisions():
        control.block_division(division["Code"])
    control.open_division(FIRST)
    ended = patient.run("doctor", "--propose")
    assert ended.exit_code != 0
    assert "There is no company to look at that is open" in ended.err or "DivisionBlocked" in ended.err


def test_who_stands_in_for_another_and_who_sees_only_the_user_is_not_asked_for() -> None:
    names = {each.name for each in candidates()}
    assert not names & {"rest_sales_entries", "recent_hours", "divisions", "current_user", "reads"}
    assert "accounts" in names


def test_one_of_each_scope_comes_first() -> None:
    ordered = scope_by_scope([each for each in RESOURCES if each.divided])
    scopes = [each.endpoint.scope for each in ordered]
    assert len(ordered) == len({each.name for each in ordered})
    assert len({*scopes[: len({*scopes})]}) == len({*scopes})


def test_a_proposal_follows_from_the_answers() -> None:
    names = ["accounts", "journals", "units", "opportunities"]
    ledger = Ledger(names, [1])
    for name, verdict in zip(
        names,
        (
            Verdict(Result.READABLE, rows=True),
            Verdict(Result.READABLE),  # on by default: a new company has none yet
            Verdict(Result.READABLE),
            Verdict(Result.RIGHT),
        ),
        strict=True,
    ):
        ledger.note(name, 1, verdict)
    found = proposal(1, 4, [BY_NAME[name] for name in names], ledger)
    assert [each.name for each in found.chosen] == ["divisions", "journals", "accounts"]
    assert [each.name for each in found.empty] == ["units"]
    assert [*found.refused] == ["opportunities"]

"""What the doctor says of each thing that can be wrong, against a sandbox that is wrong in that way."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tap_exact_online.catalog.resources import RESOURCES
from tests.conftest import Sandbox, StartSandbox
from tests.doctor.patient import Patient

FIRST, SECOND, THIRD, FOURTH = 1000001, 1000002, 1000003, 1000004
ALL = [FIRST, SECOND, THIRD, FOURTH]
Connect = Callable[[Sandbox], Patient]


def asked(patient: Patient, path: str) -> dict[int, int]:
    """Return how often each division was asked for an endpoint."""
    calls = patient.sandbox.control.stats()["by_division_endpoint"]
    return {int(code): paths[path] for code, paths in calls.items() if code and path in paths}


def test_all_is_well(patient: Patient) -> None:
    said = patient.doctor()
    assert said.exit_code == 0
    assert said.document["findings"] == []
    assert said.checks == {
        "configuration": "ok",
        "selection": "ok",
        "server": "ok",
        "connection": "ok",
        "divisions": "ok",
        "rights": "ok",
        "calls": "ok",
        "cost": "ok",
        "last_run": "skipped",
        "deleted_log": "skipped",
    }
    assert [each["division"] for each in said.document["divisions"]] == ALL
    assert {each["status"] for each in said.document["divisions"]} == {"active"}
    assert all(each["calls_left_today"] < each["calls_a_day"] == 10**6 for each in said.document["divisions"])
    assert len(said.document["rights"]) == 13
    stats = patient.sandbox.control.stats()
    # one for each stream and division, and two to find the divisions
    assert said.document["calls"] == 13 * 4 == stats["calls"] - 2
    assert {count for paths in stats["by_division_endpoint"].values() for count in paths.values()} == {1}
    assert stats["tokens"] == {"calls": 1, "redemptions": 1, "code_grants": 0, "reuse_attempts": 0}
    assert not stats["client_errors"]


def test_every_stream_has_a_question_that_exact_accepts(patient: Patient) -> None:
    control = patient.sandbox.control
    control.options(select_required=True, least_timestamp=1)
    try:
        said = patient.doctor("--divisions", str(FIRST), "--streams", ",".join(r.name for r in RESOURCES))
    finally:
        control.options(select_required=False, least_timestamp=0)
    assert said.exit_code == 0, said.document["findings"]
    divided = [resource for resource in RESOURCES if resource.divided]  # what is one for all is not asked for
    assert len(said.document["rights"]) == len(divided)
    assert said.document["calls"] == len(divided)


def test_streams_that_need_no_calls(patient: Patient) -> None:
    said = patient.doctor("--streams", "divisions")
    assert said.exit_code == 0
    assert said.document["calls"] == 0
    assert patient.sandbox.control.stats()["calls"] == 2


def test_the_rights_of_each_stream_in_each_division(patient: Patient) -> None:
    control = patient.sandbox.control
    control.forbid(path="vat/VATCodes", division=SECOND)  # without a reason it is a scope
    control.forbid(path="sync/CRM/Accounts", division=THIRD, reason="Forbidden")
    control.forbid(path="hrm/Costunits", division=FIRST, reason="ModuleNotLicensed")
    gone = {"Reason": "Resource not found"}
    control.fault("status", path="financial/Journals", division=FOURTH, status=404, headers=gone)
    control.fault("status", path="hrm/Costcenters", division=FOURTH, status=500, body="an accident")
    said = patient.doctor("--streams", "vat_codes,accounts,cost_units,journals,cost_centers")
    assert said.exit_code == 1
    assert said.results("vat_codes") == ["readable", "missing_scope", "readable", "readable"]
    assert said.results("accounts") == ["readable", "readable", "missing_right", "readable"]
    assert said.results("cost_units") == ["missing_module", "readable", "readable", "readable"]
    assert said.results("journals") == ["readable", "readable", "readable", "refused"]
    assert said.results("cost_centers") == ["readable", "readable", "readable", "no_answer"]
    found = said.findings
    assert found["missing_scope"]["divisions"] == [SECOND]
    assert "'Financial accounting'" in found["missing_scope"]["cure"]["en"]
    assert "voeg de scope 'Financial accounting' toe" in found["missing_scope"]["cure"]["nl"]
    assert found["missing_right"]["streams"] == ["accounts"]
    assert "Grant rights: view accounts" in found["missing_right"]["cure"]["en"]
    assert "Rechten toekennen: relaties inzien" in found["missing_right"]["cure"]["nl"]
    assert "ModuleNotLicensed" in found["missing_module"]["text"]
    assert "Resource not found" in found["refused"]["text"]
    assert "an accident" in found["maintenance"]["text"]
    # a server that stumbled is not asked a second time
    assert asked(patient, "hrm/Costcenters") == dict.fromkeys(ALL, 1)


def test_what_something_in_front_of_exact_refuses_is_no_missing_right(patient: Patient) -> None:
    page = "<!DOCTYPE html><title>Access Denied</title>"
    patient.sandbox.control.fault("status", path="hrm/Departments", division=FIRST, status=403, body=page)
    said = patient.doctor("--streams", "departments,units")
    assert said.exit_code == 1
    assert said.results("departments") == ["no_answer", "readable", "readable", "readable"]
    assert "not in Exact's own words: an HTML page" in said.findings["maintenance"]["text"]
    assert asked(patient, "hrm/Departments") == dict.fromkeys(ALL, 1)


def test_a_scope_that_three_divisions_lack_is_not_asked_in_the_others(patient: Patient) -> None:
    patient.sandbox.control.forbid(path="sync/Financial/TransactionLines")
    said = patient.doctor("--streams", "transaction_lines,gl_accounts")
    assert said.exit_code == 1
    assert said.results("transaction_lines") == ["missing_scope"] * 4
    assert said.results("gl_accounts") == ["readable"] * 4
    assert said.findings["missing_scope"]["divisions"] == ALL
    assert sum(asked(patient, "sync/Financial/TransactionLines").values()) == 3
    assert said.document["calls"] == 7


@pytest.mark.parametrize("reason", ["NoDivisionAccess", "LicenseExpired", "DivisionBlocked"])
def test_a_closed_division_is_asked_once(patient: Patient, reason: str) -> None:
    patient.sandbox.control.forbid(path="sync/Financial/TransactionLines", division=SECOND, reason=reason)
    said = patient.doctor("--streams", "transaction_lines,accounts,journals")
    assert said.exit_code == 1
    for stream in ("transaction_lines", "accounts", "journals"):
        assert said.results(stream) == ["readable", "division_closed", "readable", "readable"]
    assert said.findings[reason]["divisions"] == [SECOND]
    assert said.findings[reason]["streams"] == []
    calls = patient.sandbox.control.stats()["by_division_endpoint"][str(SECOND)]
    assert sum(calls.values()) == 1


def test_a_blocked_user_is_not_asked_about_in_every_division(patient: Patient) -> None:
    patient.sandbox.control.forbid(path="sync/Financial/TransactionLines", reason="BlockedUser")
    said = patient.doctor("--streams", "transaction_lines,accounts")
    assert said.results("accounts") == ["division_closed"] * 4
    assert said.findings["BlockedUser"]["divisions"] == ALL
    assert sum(asked(patient, "sync/Financial/TransactionLines").values()) == 3


def test_archived_blocked_and_moved_divisions(start_sandbox: StartSandbox, connected: Connect) -> None:
    patient = connected(start_sandbox(divisions=3, rows=5))
    control = patient.sandbox.control
    control.archive_division(FIRST)
    control.block_division(SECOND)
    control.move_division(THIRD)
    said = patient.doctor("--streams", "accounts,journals")
    first, second, third = said.document["divisions"]
    assert (first["status"], second["blocked"], third["moved"] is not None) == ("archived", True, True)
    assert said.findings["archived"]["divisions"] == [FIRST]
    assert said.findings["archived"]["level"] == "note"
    assert said.results("accounts") == ["readable", "division_closed", "readable"]
    # what the list said of it is not said twice
    blocked = [each for each in said.document["findings"] if each["finding"] == "DivisionBlocked"]
    assert [each["level"] for each in blocked] == ["problem"]
    quick = patient.doctor("--streams", "divisions")
    assert quick.exit_code == 0
    assert quick.findings["DivisionBlocked"]["level"] == "warning"


def test_divisions_that_are_not_granted(patient: Patient) -> None:
    patient.sandbox.control.withdraw_division(FOURTH)
    said = patient.doctor("--divisions", f"{FIRST},{FOURTH}", "--streams", "accounts")
    assert said.exit_code == 1
    assert said.findings["not_granted"]["divisions"] == [FOURTH]
    assert "Manage companies" in said.findings["not_granted"]["cure"]["en"]
    assert said.results("accounts") == ["readable"]
    assert FOURTH not in asked(patient, "sync/CRM/Accounts")


def test_settings_that_leave_no_division(patient: Patient) -> None:
    patient.settings["exclude_divisions"] = json.dumps(ALL)
    said = patient.doctor()
    assert said.exit_code == 2
    assert said.findings["nothing_chosen"]["exit_code"] == 2
    assert said.checks["rights"] == "skipped"


def test_no_division_is_granted(patient: Patient) -> None:
    for division in ALL:
        patient.sandbox.control.withdraw_division(division)
    said = patient.doctor()
    assert said.exit_code == 2
    assert said.findings["no_divisions"]["level"] == "problem"


def test_where_there_is_no_list_the_named_divisions_are_asked(patient: Patient) -> None:
    patient.sandbox.control.forbid(path="system/Divisions")
    without = patient.doctor("--streams", "accounts")
    assert without.exit_code == 1
    assert without.findings["missing_scope"]["streams"] == ["divisions"]
    assert "'Organization administration'" in without.findings["missing_scope"]["cure"]["en"]
    assert without.checks["rights"] == "skipped"
    named = patient.doctor("--streams", "accounts", "--divisions", f"{FIRST},{SECOND}")
    assert named.exit_code == 1
    assert named.results("accounts") == ["readable", "readable"]


def test_the_last_calls_of_a_day_are_left(start_sandbox: StartSandbox, connected: Connect) -> None:
    patient = connected(start_sandbox(divisions=2, rows=5, day_limit=60))
    said = patient.doctor()
    assert said.exit_code == 4
    left = [each["calls_left_today"] for each in said.document["divisions"]]
    assert left == [50, 50]
    assert said.findings["no_calls"]["divisions"] == [FIRST, SECOND]
    assert "UTC" in said.findings["no_calls"]["cure"]["en"]
    assert patient.sandbox.control.stats()["too_many_requests"] == 0
    patient.settings["reserved_calls"] = "20"
    before = patient.sandbox.control.stats()["calls"]
    again = patient.doctor()
    assert again.exit_code == 4
    # one for each division to learn what is left, and two for the list
    assert patient.sandbox.control.stats()["calls"] - before <= 4


def test_a_day_that_is_used_up(patient: Patient) -> None:
    patient.sandbox.control.options(day_limit=0)
    said = patient.doctor()
    assert said.exit_code == 4
    assert said.findings["no_calls"]["exit_code"] == 4


def test_a_minute_that_is_used_up_is_waited_for(patient: Patient) -> None:
    control = patient.sandbox.control
    control.options(minute_limit=3, minute_seconds=1.0)
    said = patient.doctor(
        "--streams", "accounts,documents,journals,vat_codes,cost_units", "--divisions", str(FIRST)
    )
    assert said.exit_code == 0
    assert control.stats()["too_many_requests"] == 0


def test_an_app_that_is_blocked_is_left_in_peace(start_sandbox: StartSandbox, connected: Connect) -> None:
    patient = connected(start_sandbox(divisions=3, rows=5))
    control = patient.sandbox.control
    control.fault(
        "status",
        path="financial/Journals",
        division=SECOND,
        status=403,
        headers={"Reason": "too many errors"},
    )
    said = patient.doctor("--streams", "accounts,documents,journals")
    assert said.exit_code == 4
    assert said.results("journals") == ["readable", "no_calls", "no_calls"]
    assert said.results("accounts") == ["no_calls"] * 3
    assert "blocked this app" in said.findings["app_blocked"]["text"]
    assert said.document["calls"] == 2


def test_a_server_that_goes_out_of_order_is_left_in_peace(patient: Patient) -> None:
    patient.sandbox.control.fault("status", path="sync/*", times=None, status=503)
    said = patient.doctor()
    assert said.exit_code == 1
    assert said.document["calls"] == 3
    assert said.findings["maintenance"]["level"] == "problem"

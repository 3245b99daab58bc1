"""`exact-online peek`: the first rows of a stream, as a run writes them, for one call."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tap_exact_online.catalog import BY_NAME, STREAMS, Kind, needed, special
from tap_exact_online.doctor.peek import columns, personal
from tap_exact_online.errors import ConfigurationError
from tests.conftest import Sandbox, StartSandbox
from tests.doctor.patient import Diagnosis, Patient
from tests.singer import tap_for

FIRST, SECOND = 1000001, 1000002


def seen(patient: Patient, *options: str, **environment: str) -> dict[str, Any]:
    ended = patient.run("peek", "--json", *options, env=environment)
    assert ended.exit_code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


def test_rows_are_those_that_a_run_writes(patient: Patient) -> None:
    found = seen(patient, "accounts", "--division", str(SECOND), "--rows", "2")
    tap = tap_for(patient.sandbox, patient.folder, patient.sandbox.control.new_login("a reader"))
    del tap.config["store"]
    run = tap.run(catalog=tap.catalog(["accounts"]), store=str(patient.folder / "reader.json"))
    written = run.records["accounts"]
    of_second = {row["ID"]: row for row in written if row["Division"] == SECOND}
    assert len(found["rows"]) == 2
    for row in found["rows"]:
        whole = of_second[row["ID"]]
        assert row == {name: whole.get(name) for name in row}
        assert row.keys() == whole.keys()


def test_it_is_one_call_and_leaves_no_trace(patient: Patient) -> None:
    patient.run("status")
    patient.sandbox.control.reset_stats()
    found = seen(patient, "journals", "--division", str(FIRST), "--fields", "Code,Description", "--rows", "1")
    (asked,) = patient.sandbox.control.asked()
    assert (asked["path"], asked["division"]) == ("financial/Journals", FIRST)
    assert found["calls"] == 1
    assert [[*row] for row in found["rows"]] == [["Code", "Description"]]
    # The connection and the count of calls are all processes' own.
    assert all(
        path.name == "state" or path.name.startswith("store.json") for path in patient.folder.iterdir()
    )


def test_without_a_division_the_first_that_is_open_is_found_and_that_is_told(patient: Patient) -> None:
    control = patient.sandbox.control
    control.open_division(SECOND)
    control.block_division(FIRST)
    ended = patient.run("peek", "units", "--rows", "1", "--fields", "Code,Active")
    assert ended.exit_code == 0, ended.err
    said = " ".join(ended.out.split())
    assert (
        f"1 row of units in division {SECOND}, the first that came: 3 calls, 2 of them to find a division"
        in said
    )
    assert re.match(r"Code +Active", ended.out)


def test_many_fields_stand_below_each_other_and_empty_ones_are_named(patient: Patient) -> None:
    ended = patient.run("peek", "accounts", "--division", str(FIRST), "--rows", "2", env={"COLUMNS": "100"})
    lines = ended.out.splitlines()
    assert re.match(r"Field +Row 1 +Row 2$", lines[0].strip())
    assert max(map(len, lines)) <= 100
    assert re.search(r"^Name +\S", ended.out, re.MULTILINE)
    assert "Empty in all of these rows: " in ended.out
    assert "special personal fields: BSN, UniqueTaxpayerReference" in ended.out


def test_special_personal_fields_come_by_their_name_only_and_years_that_are_asked_for(
    start_sandbox: StartSandbox, connected: Callable[[Sandbox], Patient]
) -> None:
    patient = connected(start_sandbox(rows=50))
    chosen = {"MELTANO_EXTRACT__SELECT": '["contacts.*", "!contacts.FullName", "contacts.Gender"]'}
    found = seen(patient, "contacts", "--division", str(FIRST), **chosen)
    names = {*found["rows"][0]}
    assert "Gender" in names
    assert "ID" in names
    assert not names & {"FullName", "BirthDate"}
    assert "BirthDate" in found["not_shown"]
    named = seen(patient, "contacts", "--division", str(FIRST), "--fields", "BirthDate", **chosen)
    assert any(row["BirthDate"] for row in named["rows"])
    year = patient.sandbox.control.rows(FIRST, "financial/ReportingBalance")[-1]["ReportingYear"]
    rows = seen(patient, "reporting_balance", f"--year={year}", "--division", str(FIRST))["rows"]
    assert {row["ReportingYear"] for row in rows} == {year}


def test_a_catalog_chooses_the_fields(patient: Patient) -> None:
    def entry(name: str, selected: bool) -> dict[str, Any]:  # noqa: FBT001
        return {"breadcrumb": ["properties", name], "metadata": {"selected": selected}}

    metadata = [{"breadcrumb": [], "metadata": {"selected": True}}, entry("Code", True), entry("Name", False)]  # noqa: FBT003
    schema = {"properties": {"Code": {}, "Name": {}}}
    catalog = {"streams": [{"tap_stream_id": "accounts", "schema": schema, "metadata": metadata}]}
    file = patient.folder / "catalog.json"
    file.write_text(json.dumps(catalog))
    found = seen(patient, "accounts", "--division", str(FIRST), "--catalog", str(file))
    assert "Code" in found["rows"][0]
    assert "Name" not in found["rows"][0]


def test_what_is_denied_is_told_in_the_words_of_the_doctor(patient: Patient) -> None:
    patient.sandbox.control.forbid(path="crm/Opportunities", reason="NoRight")
    options = ("--streams", "opportunities", "--divisions", str(FIRST))
    doctor: Diagnosis = patient.doctor(*options)
    ended = patient.run("peek", "opportunities", "--division", str(FIRST))
    assert ended.exit_code == doctor.exit_code == 1
    said = " ".join(ended.err.split())
    finding = doctor.findings["missing_right"]
    for text in (finding["text"], finding["cure"]["en"], finding["cure"]["nl"], finding["link"]):
        assert text in said
    ended = patient.run("peek", "opportunities", "--division", str(FIRST), "--json")
    assert json.loads(ended.out)["finding"] == finding
    assert json.loads(ended.out)["rows"] == []


def test_a_field_that_exact_does_not_know_any_more_is_left_out(patient: Patient) -> None:
    said = "Type 'Exact.Web.Api.Models.Journal' does not have a property named 'Description'."
    body = {"error": {"code": "", "message": {"lang": "", "value": said}}}
    told = {"status": 400, "body": json.dumps(body), "contains": "Description"}
    patient.sandbox.control.fault("status", path="financial/Journals", **told)
    found = seen(patient, "journals", "--division", str(FIRST), "--fields", "Code,Description")
    assert found["calls"] == 2
    assert found["remarks"] == ["Exact does not know any more: Description."]
    assert found["rows"][0]["Description"] is None


@pytest.mark.parametrize(
    ("options", "remark"),
    [
        (["reporting_balance"], ""),
        (["reporting_balance", "--year=2025"], "Of the year 2025."),
        (["reporting_balance_by_classification", "--year=2025"], "Of the first scheme, "),
        (["employment_end_reasons_on_date"], "As it was on 20"),
        (["employment_end_reasons_on_date", "--year=2024"], "As it was on 2024-01-01."),
        (["sales_entry_lines"], "Lines of whatever entries: "),
        (["document_attachment_files"], "The rows that name the files: no file is fetched."),
        (["code_lists"], "It comes with the tap."),
        (["current_user"], ""),
        (["divisions"], ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_every_other_way_of_reading(patient: Patient, options: list[str], remark: str) -> None:
    found = seen(patient, *options, "--division", str(FIRST))
    assert found["finding"] is None
    assert any(each.startswith(remark) for each in found["remarks"]) or not remark
    assert len(found["rows"]) <= 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["acounts"], "there is no stream 'acounts'. Did you mean 'accounts'?"),
        (["accounts", "--fields", "Nam"], "has no field 'Nam'. It has, for example: Name"),
        (["reads"], "there is nothing at Exact to look at"),
    ],
)
def test_what_cannot_be_looked_at(patient: Patient, options: list[str], message: str) -> None:
    ended = patient.run("peek", *options)
    assert ended.exit_code == 2
    assert message in ended.err
    assert patient.sandbox.control.asked() == []


def test_the_columns_of_every_stream() -> None:
    for resource in STREAMS:
        shown = columns(resource, (), {})
        assert len(shown) == len({*shown})
        assert not any(special(resource.path, name) for name in shown)
        assert {*resource.primary_keys} <= {*shown} or resource.kind is Kind.FILES
        assert not {*personal(resource, shown)} & {*shown}
        assert needed(resource) <= {*shown}


def test_fields_stand_as_they_are_named() -> None:
    assert columns(BY_NAME["accounts"], ["Name", "BSN", "Code", "Name"], {}) == ["Name", "BSN", "Code"]
    with pytest.raises(ConfigurationError):
        columns(BY_NAME["accounts"], ["Nothing"], {})

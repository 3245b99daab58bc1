"""The stream that says what codes mean: its rows come with the tap."""

from __future__ import annotations

from pathlib import Path

import pytest

from tap_exact_online.catalog import RESOURCES, code_rows
from tap_exact_online.edm.codes import codes
from tests.conftest import Sandbox
from tests.singer import Run, tap_for


@pytest.fixture(scope="module")
def run(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Run:
    tap = tap_for(sandbox, tmp_path_factory.mktemp("tap"), sandbox.control.new_login("code lists"))
    return tap.run(catalog=tap.catalog(["code_lists", "journals"]))


def test_every_code_comes_once_in_the_order_of_the_table(run: Run) -> None:
    assert run.exit_code == 0, run.log
    rows = run.records["code_lists"]
    assert rows == code_rows()
    assert len(run.table("code_lists")) == len(rows) > 1000
    assert run.schemas["code_lists"]["key_properties"] == ["Stream", "Field", "Code"]


def test_codes_join_what_they_are_the_codes_of(run: Run) -> None:
    meanings = {
        (row["Field"], row["Code"]): row["Meaning"]
        for row in run.records["code_lists"]
        if row["Stream"] == "journals"
    }
    assert meanings["Type", "20"] == "sales"
    assert {str(row["Type"]) for row in run.records["journals"]}  # a field that is joined as text


def test_they_cost_no_call(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = tap_for(sandbox, tmp_path, sandbox.control.new_login("code lists, counted"))
    catalog = tap.catalog(["code_lists"])
    with_none = sandbox.control.stats()["calls"]
    done = tap.run(catalog=catalog)
    assert done.exit_code == 0, done.log
    first = sandbox.control.stats()["calls"] - with_none
    done = tap.run(catalog=tap.catalog(["divisions"]))
    assert (
        sandbox.control.stats()["calls"] - with_none - first == first
    )  # the list of divisions, and nothing else
    assert [*done.records] == ["divisions"]


def test_they_are_all_there_are_whatever_narrows_the_run(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = tap_for(sandbox, tmp_path, sandbox.control.new_login("code lists, narrowed"))
    division = sandbox.control.divisions()[0]["Code"]
    catalog = tap.catalog(["code_lists", "divisions"])
    done = tap.run(catalog=catalog, divisions=[division], emit_activate_version_messages=True)
    ended = {line["stream"] for line in done.lines if line["type"] == "ACTIVATE_VERSION"}
    assert "code_lists" in ended
    assert "divisions" not in ended


def test_every_list_is_of_fields_that_there_are() -> None:
    paths = {resource.path: resource for resource in RESOURCES}
    for path, fields in codes().items():
        assert {*fields} <= {*paths[path].endpoint.properties}, path
    assert {row["Sure"] for row in code_rows()} == {"documented", "seen", "one source", "guess"}


def test_fields_with_the_same_list_have_the_same_codes() -> None:
    lists: dict[str, set[str]] = {}
    for fields in codes().values():
        for known in fields.values():
            lists.setdefault(known.name, set()).add(str(known.meanings))
    assert [name for name, found in lists.items() if len(found) > 1] == []
    assert len({text for found in lists.values() for text in found}) == len(lists)


@pytest.mark.parametrize(
    ("stream", "field", "code", "sure"),
    [
        ("transaction_lines", "Type", "20", "documented"),
        ("payment_terms", "TransactionType", "20", "guess"),
        ("reporting_balance", "Type", "20", "one source"),
        ("reporting_balance", "Type", "10", "guess"),
        ("sales_order_headers", "Status", "12", "seen"),
    ],
)
def test_how_well_a_code_is_known(stream: str, field: str, code: str, sure: str) -> None:
    found = [
        row for row in code_rows() if (row["Stream"], row["Field"], row["Code"]) == (stream, field, code)
    ]
    assert [row["Sure"] for row in found] == [sure]

"""The setting `column_names`: whatever leaves the tap has the same names, by whichever way."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tap_exact_online.catalog import snake
from tests.conftest import Sandbox, running
from tests.faults.quick import FastTap, Quick, QuickRun, only
from tests.faults.world import FINE
from tests.singer import tap_for

SNAKE: dict[str, Any] = {"column_names": "snake_case"}
BY_RECORD: dict[str, Any] = {"stream_maps": {"*": {}}}
STREAMS = (
    *(
        "accounts",
        "journals",
        "transaction_lines",
        "divisions",
        "deleted",
        "code_lists",
        "current_user",
        "reads",
    ),
    "item_pictures",
)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("names"), {**FINE, "rows": 12}) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def tap(books: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> FastTap:
    plain = tap_for(books, tmp_path_factory.mktemp("tap"))
    plain.config |= {"files": str(plain.folder / "files"), "late_commits": False}
    return FastTap(**vars(plain), quick=Quick())


@pytest.fixture(scope="module")
def catalog(tap: FastTap) -> dict[str, Any]:
    """Return a catalog with nearly every field of some streams; a few are read that are not selected."""
    found = deepcopy(only(tap.catalog(lambda _: True), *STREAMS))
    for stream in found["streams"]:
        for entry in stream["metadata"]:
            entry["metadata"]["selected"] = entry["breadcrumb"][-1:] not in (
                ["BlockingStatus"],
                ["EntityType"],
            )
    return found


@pytest.fixture(scope="module")
def exact(tap: FastTap, catalog: dict[str, Any]) -> QuickRun:
    run = tap.run(catalog=catalog)
    assert run.exit_code == 0, run.log
    assert {*STREAMS} == {name for name, rows in run.records.items() if rows}
    return run


@pytest.fixture(scope="module")
def snaked(tap: FastTap, catalog: dict[str, Any]) -> QuickRun:
    run = tap.run(catalog=catalog, **SNAKE)
    assert run.exit_code == 0, run.log
    return run


def renamed(row: Mapping[str, Any]) -> dict[str, Any]:
    found = {snake(name): value for name, value in row.items()}
    assert len(found) == len(row)
    return found


def as_text(rows: list[dict[str, Any]]) -> list[str]:
    """Return rows as texts that tell 1 from 1.0 and one order from another."""
    return [json.dumps(row) for row in rows]


def expected(stream: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with the other names; in the one that names fields, those are named alike."""
    found = [renamed(row) for row in rows]
    return found if stream != "code_lists" else [{**row, "field": snake(row["field"])} for row in found]


# --- Everything agrees ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_record", [False, True], ids=["pages", "records"])
def test_rows_and_schemas_have_the_same_names(
    tap: FastTap, catalog: dict[str, Any], exact: QuickRun, snaked: QuickRun, *, by_record: bool
) -> None:
    run = tap.run(catalog=catalog, **SNAKE, **BY_RECORD) if by_record else snaked
    assert run.exit_code == 0, run.log
    assert {*run.schemas} == {*STREAMS}
    for stream in STREAMS:
        if stream != "reads":  # they differ in their times
            assert as_text(run.records[stream]) == as_text(expected(stream, exact.records[stream])), stream
        before, after = exact.schemas[stream], run.schemas[stream]
        assert after["key_properties"] == [snake(name) for name in before["key_properties"]]
        marks = [snake(name) for name in before.get("bookmark_properties") or ()]
        assert (after.get("bookmark_properties") or []) == marks
        assert after["schema"]["required"] == [snake(name) for name in before["schema"]["required"]]
        assert after["schema"]["properties"] == renamed(before["schema"]["properties"])
        columns = after["schema"]["properties"].keys()
        assert {*after["key_properties"], *(after.get("bookmark_properties") or ())} <= columns
        assert all(row.keys() <= columns for row in run.records[stream])
    assert {row["stream"] for row in run.records["reads"]} >= {"accounts", "journals"}


def test_a_state_has_the_names_of_exact_and_says_which_were_written(
    exact: QuickRun, snaked: QuickRun
) -> None:
    assert snaked.state["column_names"] == "snake_case"
    assert {*exact.state} == {"bookmarks"}
    assert snaked.bookmarks("accounts") == exact.bookmarks("accounts")
    assert snaked.state["bookmarks"]["accounts"]["fields"] == exact.state["bookmarks"]["accounts"]["fields"]


def test_batch_files_have_the_names_of_the_schema(
    tap: FastTap, catalog: dict[str, Any], exact: QuickRun, tmp_path: Path
) -> None:
    storage = {"root": f"file://{tmp_path}"}
    batch = {"encoding": {"format": "jsonl", "compression": "gzip"}, "storage": storage}
    run = tap.run(catalog=only(catalog, "accounts", "journals"), batch_config=batch, **SNAKE)
    rows: dict[str, list[dict[str, Any]]] = {"accounts": [], "journals": []}
    for line in run.lines:
        for file in line["manifest"] if line["type"] == "BATCH" else ():
            text = gzip.decompress(Path(urlsplit(file).path).read_bytes()).decode()
            rows[line["stream"]] += map(json.loads, text.splitlines())
    for stream, found in rows.items():
        assert found == expected(stream, exact.records[stream])


def test_maps_go_by_exacts_names_and_name_what_they_make(
    tap: FastTap, catalog: dict[str, Any], exact: QuickRun
) -> None:
    maps = {
        "accounts": {"VATNumber": None, "MyCode": "Code", "City": "Name", "__filter__": "Division > 0"},
        "journals": {
            "__else__": None,
            "ID": "ID",
            "Division": "Division",
            "__key_properties__": ["ID", "Division"],
        },
    }
    run = tap.run(catalog=only(catalog, "accounts", "journals"), stream_maps=maps, **SNAKE)
    assert run.exit_code == 0, run.log
    for row, known in zip(run.records["accounts"], exact.records["accounts"], strict=True):
        assert (row["MyCode"], row["city"]) == (known["Code"], known["Name"])
        assert "vat_number" not in row
    assert run.schemas["journals"]["key_properties"] == ["id", "division"]
    assert run.records["journals"] == [
        {"id": r["ID"], "division": r["Division"]} for r in exact.records["journals"]
    ]
    for stream, schema in run.schemas.items():
        assert all({*row} == {*schema["schema"]["properties"]} for row in run.records[stream])


def test_a_map_that_makes_a_name_twice_is_refused(tap: FastTap, catalog: dict[str, Any]) -> None:
    maps = {"accounts": {"vat_number": "Code"}}
    run = tap.run(catalog=only(catalog, "accounts"), stream_maps=maps, **SNAKE)
    assert run.exit_code == 2
    assert "`stream_maps`: what it makes of 'accounts' has a column 'vat_number'" in run.log
    assert not run.records.get("accounts")


def test_nested_data_that_is_flattened_has_the_name_of_its_field_in_front(
    books: Sandbox, tap: FastTap, catalog: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(books.control.clear_faults)
    row = {"ID": "00000000-0000-0000-0000-000000000001", "Code": 1, "Class_01": {"ID": "b", "Text": "c"}}
    body = json.dumps({"d": {"results": [{**row, "HID": 1, "Description": "x"}]}})
    books.control.fault("status", status=200, path="system/Divisions", body=body, times=None)
    catalog = only(catalog, "divisions")
    for stream in catalog["streams"]:
        nested = {
            "type": ["object", "null"],
            "properties": {name: {"type": "string"} for name in ("ID", "Text")},
        }
        stream["schema"]["properties"]["Class_01"] = nested
    run = tap.run(catalog=catalog, flattening_enabled=True, flattening_max_depth=1, **SNAKE)
    columns = run.schemas["divisions"]["schema"]["properties"]
    assert {"class_01__id", "class_01__text"} <= columns.keys()
    assert all({*record} <= {*columns} for record in run.records["divisions"])


def test_a_column_that_is_gone_is_left_out_by_its_name(
    books: Sandbox, tap: FastTap, catalog: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(lambda: books.control.options(reference="all"))
    books.control.options(reference="newest")
    run = tap.run(catalog=only(catalog, "accounts"), **SNAKE)
    assert run.exit_code == 0, run.log
    gone = {snake(name) for name in _withdrawn(run)}
    assert gone
    assert gone.isdisjoint(run.schemas["accounts"]["schema"]["properties"])
    assert all(gone.isdisjoint(row) for row in run.records["accounts"])


def _withdrawn(run: QuickRun) -> list[str]:
    """Return the fields of which a run says, by Exact's names, that they are gone."""
    (said, *_) = [line for line in run.log.splitlines() if "accounts: Exact does not know" in line]
    return said.split("does not know ")[1].split(" any more")[0].split(", ")


def test_selection_is_by_exacts_names(tap: FastTap) -> None:
    done = tap.start("--discover", **SNAKE).end()
    found = {each["stream"]: each for each in json.loads(done.stdout)["streams"]}
    plain = {each["stream"]: each for each in tap.catalog(lambda _: False)["streams"]}
    assert found.keys() == plain.keys()
    for stream, entry in found.items():
        assert entry["schema"] == plain[stream]["schema"]
        assert entry["key_properties"] == plain[stream]["key_properties"]


def test_hashed_values_have_the_other_names_too(
    tap: FastTap, catalog: dict[str, Any], exact: QuickRun
) -> None:
    salted = {"personal_data": "hash", "personal_salt": "a salt of these tests"}
    run = tap.run(catalog=only(catalog, "accounts"), **SNAKE, **salted)
    columns = {*run.records["accounts"][0]}
    assert {"Name", "Latitude"} <= {*exact.records["accounts"][0]}
    assert {*map(snake, exact.records["accounts"][0])} - columns == {"latitude", "longitude", "bank_accounts"}
    assert {len(row["name"]) for row in run.records["accounts"]} == {64}


# --- One choice for the life of a table ----------------------------------------------------------------------


@pytest.mark.parametrize("begun", ["exact", "snake_case"])
def test_a_state_of_the_other_names_is_refused_before_a_call(
    books: Sandbox, tap: FastTap, catalog: dict[str, Any], begun: str
) -> None:
    (other,) = {"exact", "snake_case"} - {begun}
    catalog = only(catalog, "accounts")
    first = tap.run(catalog=catalog, column_names=begun)
    books.control.reset_stats()
    run = tap.run(catalog=catalog, state=first.state, column_names=other)
    assert run.exit_code == 2
    assert (
        f"The state was written with `column_names: {begun}`, and this run has {other}."
        in run.log.splitlines()[-1]
    )
    assert run.lines == []
    assert books.control.stats()["calls"] == 0
    again = tap.run(catalog=catalog, state=first.state, column_names=begun)
    assert again.exit_code == 0, again.log
    assert again.state.get("column_names") == first.state.get("column_names")
    assert tap.run(catalog=catalog, column_names=other).exit_code == 0

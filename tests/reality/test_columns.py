"""Columns that Exact does not give (any more): found, left out, never overwritten, and read again when they come later."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import Sandbox
from tests.faults.quick import narrow, only
from tests.reality.conftest import Read, error_body
from tests.singer import Run

LEDGER = "gl_accounts"
PATH = BY_NAME[LEDGER].path
GONE = "AssimilatedVATBox"
# Names of fields, every one of them, and none at fault: the word `Type`, the last part of a model's name.
KEPT = {"Type", "Description", "BalanceSide", "Code"}
WORDINGS = {
    "sync": f"Type 'Exact.Web.Api.Models.GLAccountSync' does not have a property named '{GONE}'.",
    "odata": f"Could not find a property named '{GONE}' on type 'Exact.Web.Api.Models.Financial.Type'.",
    "write": f"The property name '{GONE}' specified for type 'Exact.Web.Api.Models.BalanceSide' is not valid.",
    "double quotes": f'Property "{GONE}" is not known for Description.',
}
MANDATORY = (
    "This endpoint has mandatory filtering applied. A GET request for this endpoint must have a $filter parameter with one of"
    " the following fields in the url:" + ",".join(sorted([GONE, *KEPT, "Created", "Modified"]))
)


@pytest.fixture
def catalog(every: dict[str, Any]) -> dict[str, Any]:
    return narrow(only(every, LEDGER), {LEDGER: {GONE, *KEPT}})


def refuse(books: Sandbox, said: str, **rule: Any) -> None:
    body = error_body(said)
    books.control.fault(
        "status", status=400, body=body, path=PATH, **{"contains": GONE, "times": None, **rule}
    )


def steps(run: Run) -> list[tuple[bool, int]]:
    """Return each run of records of one schema: whether it has the column, and how many there are."""
    found: list[tuple[bool, int]] = []
    for line in run.lines:
        if line.get("stream") != LEDGER:
            continue
        if line["type"] == "SCHEMA":
            found.append((GONE in line["schema"]["properties"], 0))
        elif line["type"] == "RECORD":
            has, count = found[-1]
            assert (GONE in line["record"]) == has
            assert {*line["record"]} >= KEPT
            found[-1] = (has, count + 1)
    return [(has, count) for has, count in found if count]


@pytest.mark.parametrize("said", WORDINGS.values(), ids=WORDINGS)
def test_only_the_name_in_quotes_behind_property_is_left_out(
    books: Sandbox, read: Read, catalog: dict[str, Any], said: str
) -> None:
    whole = len(read(catalog).records[LEDGER])
    refuse(books, said)
    run = read(catalog)
    assert run.exit_code == 0, run.log
    assert steps(run) == [(False, whole)]
    assert f"Exact does not know {GONE} any more" in run.log


def test_a_column_that_goes_in_the_middle_of_a_stream_leaves_the_schema_there(
    books: Sandbox, read: Read, catalog: dict[str, Any]
) -> None:
    whole = len(read(catalog).records[LEDGER])
    for config in ({}, {"stream_maps": {"*": {}}}):
        books.control.clear_faults()
        refuse(books, WORDINGS["sync"], skip=1)
        run = read(catalog, **config)
        assert run.exit_code == 0, run.log
        assert steps(run) == [(True, whole // 2), (False, whole // 2)]


def test_a_refusal_that_lists_fields_but_names_none_drops_nothing(
    books: Sandbox, read: Read, catalog: dict[str, Any]
) -> None:
    refuse(books, MANDATORY)
    run = read(catalog)
    assert run.exit_code == 1, run.log
    assert "mandatory filtering" in run.log
    assert run.records[LEDGER] == []
    assert "does not know" not in run.log


@pytest.mark.parametrize("said", ["Bad Request", "An error has occurred: AssimilatedVATBox Type Description"])
@pytest.mark.parametrize("every_field", [False, True])
def test_a_culprit_that_is_not_named_is_searched_for_within_the_budget(
    books: Sandbox,
    read: Read,
    every: dict[str, Any],
    catalog: dict[str, Any],
    said: str,
    *,
    every_field: bool,
) -> None:
    if every_field:
        catalog = only(every, LEDGER)
    whole = len(read(catalog).records[LEDGER])
    refuse(books, said)
    books.control.reset_stats()
    run = read(catalog)
    assert run.exit_code == 0, run.log
    assert len(run.records[LEDGER]) == whole
    assert all(GONE not in record for record in run.records[LEDGER])
    assert {*run.records[LEDGER][0]} >= KEPT
    stats = books.control.stats()
    assert stats["client_errors"]["400"][PATH] <= 5
    assert stats["by_endpoint"][PATH] <= 16


def test_a_refusal_that_is_not_about_a_field_costs_two_calls_a_division(
    books: Sandbox, read: Read, catalog: dict[str, Any]
) -> None:
    refuse(books, "Bad Request", contains="")
    run = read(catalog)
    assert run.exit_code == 1, run.log
    assert run.log.count("400: Bad Request") >= 2
    assert books.control.stats()["client_errors"]["400"][PATH] == 4


def test_what_was_refused_is_known_to_the_next_runs_of_a_day(
    books: Sandbox, read: Read, catalog: dict[str, Any]
) -> None:
    refuse(books, WORDINGS["sync"])
    first = read(catalog)
    books.control.reset_stats()
    second = read(catalog, first.state)
    assert second.exit_code == 0, second.log
    assert "client_errors" not in books.control.stats() or not books.control.stats()["client_errors"]
    assert GONE not in second.schemas[LEDGER]["schema"]["properties"]
    assert f"Exact does not know {GONE} any more" in second.log
    books.control.clear_faults()
    books.control.advance_clock(90_000)
    third = read(catalog, second.state)
    assert third.exit_code == 0, third.log
    assert GONE in third.schemas[LEDGER]["schema"]["properties"]


def test_rows_without_a_property_that_was_asked_for_do_not_empty_its_column(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    """Nothing is refused: the answer is just without it, in some rows or in all."""
    rows = [
        {"ID": f"00000000-0000-0000-0000-00000000000{n}", "Timestamp": str(n), "Division": divisions[0]}
        | dict.fromkeys(KEPT)
        | ({GONE: 5} if n in {1, 2} else {})
        for n in (1, 2, 3, 4)
    ]
    books.control.fault(
        "status", status=200, body=json.dumps({"d": {"results": rows}}), path=PATH, division=divisions[0]
    )
    run = read(catalog)
    assert run.exit_code == 0, run.log
    assert steps(run)[:2] == [(True, 2), (False, 2)]


def test_stream_maps_survive_a_column_that_is_gone(
    books: Sandbox, read: Read, catalog: dict[str, Any]
) -> None:
    refuse(books, WORDINGS["sync"])
    maps = {LEDGER: {"Box": f"{GONE} * 2", "Also": f"record['{GONE}']", "Name": "Description.upper()"}}
    run = read(catalog, stream_maps=maps)
    assert run.exit_code == 0, run.log
    for record in run.records[LEDGER]:
        assert record["Name"] == record["Description"].upper()
        assert {GONE, "Box", "Also"}.isdisjoint(record)
    assert not {GONE, "Box", "Also"} & {*run.schemas[LEDGER]["schema"]["properties"]}


def test_a_filter_that_looks_at_a_column_that_is_gone_ends_the_run(
    books: Sandbox, read: Read, catalog: dict[str, Any]
) -> None:
    refuse(books, WORDINGS["sync"])
    run = read(catalog, stream_maps={LEDGER: {"__filter__": f"{GONE} == 5"}})
    assert run.exit_code == 2, run.log
    assert "`stream_maps`: the filter of 'gl_accounts' looks at AssimilatedVATBox" in run.log


def test_rows_that_go_into_files_cannot_leave_a_column_out(
    books: Sandbox, read: Read, catalog: dict[str, Any], tmp_path: Path
) -> None:
    refuse(books, WORDINGS["sync"])
    batch = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": f"file://{tmp_path}"},
    }
    run = read(catalog, batch_config=batch)
    assert run.exit_code == 1, run.log
    assert f"Exact does not give {GONE} (any more)" in run.log
    again = read(catalog, run.state, batch_config=batch)
    assert again.exit_code == 0, again.log
    assert GONE not in again.schemas[LEDGER]["schema"]["properties"]


class TestSelectedLater:
    """A field that comes into the selection later is empty in rows that were loaded before."""

    @pytest.mark.parametrize("stream", ["gl_accounts", "journals"])
    def test_it_is_said_with_the_command_until_the_stream_is_read_anew(
        self, books: Sandbox, read: Read, every: dict[str, Any], stream: str
    ) -> None:
        assert books
        narrow_one = narrow(only(every, stream), {stream: {"Code"}})
        wide = narrow(only(every, stream), {stream: {"Code", "Description"}})
        first = read(narrow_one)
        assert "came into the selection later" not in first.log
        second = read(wide, first.state)
        third = read(wide, second.state)
        for run in (second, third):
            assert run.exit_code == 0, run.log
            assert f"{stream}: Description came into the selection later" in run.log
            assert f'TAP_EXACT_ONLINE_REREAD=\'{{"streams": ["{stream}"]}}\'' in run.log
            assert run.log.count("TAP_EXACT_ONLINE_REREAD") == 1

    @pytest.mark.parametrize("stream", ["gl_accounts", "journals"])
    def test_or_the_stream_is_read_anew_by_itself_once(
        self, books: Sandbox, read: Read, every: dict[str, Any], stream: str
    ) -> None:
        assert books
        wide = narrow(only(every, stream), {stream: {"Code", "Description"}})
        first = read(narrow(only(every, stream), {stream: {"Code"}}))
        second = read(wide, first.state, new_fields="reread")
        assert len(second.records[stream]) == len(first.records[stream])
        assert second.log.count("anew: Description came into the selection") == 2
        third = read(wide, second.state, new_fields="reread")
        assert "anew" not in third.log
        assert "came into the selection later" not in third.log

    def test_fewer_fields_are_no_news_and_more_of_them_again_are(
        self, books: Sandbox, read: Read, every: dict[str, Any]
    ) -> None:
        assert books
        wide = narrow(only(every, LEDGER), {LEDGER: {"Code", "Description"}})
        first = read(wide)
        second = read(narrow(only(every, LEDGER), {LEDGER: {"Code"}}), first.state)
        assert "came into the selection later" not in second.log
        assert "came into the selection later" in read(wide, second.state).log

    def test_a_state_of_an_older_version_says_nothing(
        self, books: Sandbox, read: Read, every: dict[str, Any]
    ) -> None:
        assert books
        wide = narrow(only(every, LEDGER), {LEDGER: {"Code", "Description"}})
        state = read(wide).state
        state["bookmarks"][LEDGER].pop("fields")
        for partition in state["bookmarks"][LEDGER]["partitions"]:
            partition.pop("has")
        again = read(wide, state)
        assert again.exit_code == 0
        assert "came into the selection later" not in again.log

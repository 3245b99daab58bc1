"""What else a service, a network or a hand may come up with: right rows, or words. Each was tried once by a fresh pair of eyes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import Sandbox
from tests.faults.quick import narrow, only
from tests.reality.conftest import Read, error_body

LEDGER = "gl_accounts"
PATH = BY_NAME[LEDGER].path
GONE = "AssimilatedVATBox"
DIVISION = 10**9  # stands for the division that is asked, until there is one
LINK = "https://elsewhere.example/next"


@pytest.fixture
def catalog(every: dict[str, Any]) -> dict[str, Any]:
    return narrow(only(every, LEDGER), {LEDGER: {"Code", "Description"}})


def row(number: int = 5, **more: Any) -> dict[str, Any]:
    key = f"00000000-0000-0000-0000-{number:012}"
    return {
        "ID": key,
        "Timestamp": str(number),
        "Division": DIVISION,
        "Code": "x",
        "Description": "y",
        **more,
    }


def results(*rows: dict[str, Any], **beside: Any) -> dict[str, Any]:
    return {"d": {"results": [*rows], **beside}}


RIGHT: dict[str, Any] = {
    "a byte order mark": "\ufeff" + json.dumps(results(row())),
    "a division as text": results(row(Division=str(DIVISION))),
    "a division as a fraction": results(row(Division=float(DIVISION))),
    "no division": results({k: v for k, v in row().items() if k != "Division"}),
    "a Timestamp as a fraction": results(row(Timestamp=5.0)),
    "a count beside the rows": results(row(), __count="1"),
    "a count beside d": {**results(row()), "__count": "1"},
    "a next link of nothing": {**results(row(), __next=None), "__next": None},
    "a record alone": {"d": row()},
}
LOUD: dict[str, tuple[Any, str]] = {
    "a next link beside d": ({**results(row()), "__next": LINK}, "a next link ('__next') in a place"),
    "a next link beside a list": ({"d": [row()], "__next": LINK}, "a next link ('__next') in a place"),
    "a next link of another dialect": (
        results(row(), **{"@odata.nextLink": LINK}),
        "a next link ('@odata.nextLink') in a place",
    ),
    "a next link in a record alone": ({"d": {**row(), "__next": LINK}}, "a next link ('__next') in a place"),
    "a next link without a text": (results(row(), __next=""), "the next link leads to no host"),
    "a next link without a host": (results(row(), __next="/api"), "the next link leads to no host"),
    "a key without a text": (results(row(6), row(ID="")), "a row of it has no ID"),
    "a key that is a number": (results(row(ID=7)), "a row was left out: ID 7"),
    "a key that is a list": (results(row(ID=[])), "a row was left out: ID ?"),
    "division 0": (results(row(Division=0)), "a row of it is of division 0"),
    "a division of no text": (results(row(Division="")), "a row was left out"),
    "a Timestamp with a half": (results(row(Timestamp=5.5)), "a row was left out"),
    "a Timestamp of no text": (results(row(Timestamp="")), "a row of it has no Timestamp"),
    "nothing for d": ({"d": None}, "holds no records"),
    "a text for d": ({"d": json.dumps(results(row()))}, "holds no records"),
    "an object for results": ({"d": {"results": {}}}, "holds no records"),
    "lists in the list": ({"d": [[row()]]}, "holds no records"),
    "another dialect": ({"value": [row()]}, "holds no records"),
    "nothing in the list": ({"d": [None, row()]}, "it is no object but NoneType"),
}


def answer(books: Sandbox, division: int, document: Any, **rule: Any) -> None:
    """Let every call of one division be answered so."""
    text = document if isinstance(document, str) else json.dumps(document)
    body = text.replace(str(DIVISION), str(division))
    books.control.fault(
        "status", status=200, body=body, division=division, **{"path": PATH, "times": None, **rule}
    )


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_odd_but_right(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int], name: str
) -> None:
    answer(books, divisions[0], RIGHT[name])
    run = read(catalog)
    assert run.exit_code == 0, run.log
    [found] = [each for each in run.records[LEDGER] if each["Division"] == divisions[0]]
    assert found == {**row(), "Timestamp": 5, "Division": divisions[0]}


@pytest.mark.parametrize("name", LOUD)
def test_what_proves_nothing_is_named(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int], name: str
) -> None:
    document, said = LOUD[name]
    answer(books, divisions[0], document)
    run = read(catalog)
    assert run.exit_code == 1, run.log
    assert said in run.log
    assert f"{LEDGER} in division {divisions[0]}" in run.log


@pytest.mark.parametrize("status", [201, 204, 206, 304])
def test_a_status_that_no_page_has_is_named(
    books: Sandbox, read: Read, catalog: dict[str, Any], status: int
) -> None:
    body = "" if status in {204, 304} else json.dumps(results())
    books.control.fault("status", status=status, body=body, path=PATH, times=None)
    run = read(catalog)
    assert run.exit_code == 1, run.log
    assert f"{status}: " in run.log
    assert run.records[LEDGER] == []


def test_fields_of_one_record_whose_names_sound_of_trouble_are_fields(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
) -> None:
    stream, fields = "time_cost_transactions", {"ErrorText"}
    record = {"ID": "a", "Timestamp": "5", "Division": DIVISION, "ErrorText": "none"}
    answer(books, divisions[0], {"d": record}, path=BY_NAME[stream].path)
    run = read(narrow(only(every, stream), {stream: fields}))
    assert run.exit_code == 0, run.log
    assert [r["ErrorText"] for r in run.records[stream] if r["Division"] == divisions[0]] == ["none"]


def test_rows_that_came_without_a_field_are_said(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    lacking = {name: value for name, value in row(6).items() if name != "Code"}
    answer(books, divisions[0], results(row(), lacking))
    run = read(catalog)
    assert run.exit_code == 0, run.log
    assert f"{LEDGER}: Code: asked for, but some rows came without" in run.log


class TestOrder:
    def test_the_newest_version_of_a_row_is_written_last(
        self, books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
    ) -> None:
        answer(books, divisions[0], results(row(9, ID="a", Code="new"), row(5, ID="a", Code="old")))
        run = read(catalog)
        assert run.exit_code == 0, run.log
        assert run.table(LEDGER)[divisions[0], "a"]["Code"] == "new"
        assert run.bookmarks(LEDGER)[divisions[0]] == 9

    @pytest.mark.parametrize("token", ["", "&$skiptoken=7L"])
    def test_of_pages_that_descend_none_is_skipped_where_the_run_breaks_off(
        self, books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int], token: str
    ) -> None:
        link = f"{books.base_url}/api/v1/{divisions[0]}/{PATH}?page=2{token}"
        answer(books, divisions[0], results(row(9), row(8), row(7), __next=link), contains="$select")
        books.control.fault("status", status=404, body=error_body("x"), path=PATH, contains="page=2")
        run = read(catalog)
        assert run.exit_code == 1, run.log
        assert not run.bookmarks(LEDGER)[divisions[0]]  # rows below 7 are still to come


class TestRefusals:
    def test_two_culprits_in_one_text(self, books: Sandbox, read: Read, every: dict[str, Any]) -> None:
        names = (GONE, "SearchCode")
        catalog = narrow(only(every, LEDGER), {LEDGER: {*names, "Code", "Description"}})
        said = " ".join(f"Type 'Type' does not have a property named '{name}'." for name in names)
        for name in names:
            books.control.fault(
                "status", status=400, body=error_body(said), path=PATH, contains=name, times=None
            )
        run = read(catalog)
        assert run.exit_code == 0, run.log
        assert len(run.records[LEDGER]) == 240
        assert {*run.records[LEDGER][0]} == {"ID", "Timestamp", "Division", "Code", "Description"}

    @pytest.mark.parametrize(
        "said",
        [
            "Type 'Type' does not have a property named 'assimilatedvatbox'.",
            f"Could not find a property named 'GLAccountSync.{GONE}' on type 'Description'.",
            f"'{GONE}' is not a property of 'Description'.",
            f"The property `{GONE}` does not exist on Description.",
            f"Type 'Type' has no property \N{LEFT SINGLE QUOTATION MARK}{GONE}\N{RIGHT SINGLE QUOTATION MARK}.",
            "Property 'Exact.Web.Api.Models.Type' is not known.",
        ],
    )
    def test_a_culprit_in_another_place_or_other_quotes(
        self, books: Sandbox, read: Read, every: dict[str, Any], said: str
    ) -> None:
        books.control.fault("status", status=400, body=error_body(said), path=PATH, contains=GONE, times=None)
        run = read(narrow(only(every, LEDGER), {LEDGER: {GONE, "Code", "Description"}}))
        assert run.exit_code == 0, run.log
        assert len(run.records[LEDGER]) == 240
        assert {*run.records[LEDGER][0]} == {"ID", "Timestamp", "Division", "Code", "Description"}

    @pytest.mark.parametrize("name", ["ID", "Timestamp"])
    def test_a_key_is_no_culprit(
        self, books: Sandbox, read: Read, catalog: dict[str, Any], name: str
    ) -> None:
        said = f"Type 'Type' does not have a property named '{name}'."
        books.control.fault("status", status=400, body=error_body(said), path=PATH, times=None)
        run = read(catalog)
        assert run.exit_code == 1, run.log
        assert said in run.log
        assert "does not know" not in run.log

    @pytest.mark.parametrize(
        "said",
        [
            "Property 'Modified' is not supported in $filter.",
            "The property 'Modified' cannot be filtered on.",
        ],
    )
    def test_a_filter_whose_property_is_named(
        self, books: Sandbox, read: Read, every: dict[str, Any], said: str
    ) -> None:
        stream = "journals"
        catalog = narrow(only(every, stream), {stream: {"Code"}})
        whole = read(catalog)
        path = BY_NAME[stream].path
        books.control.fault(
            "status", status=400, body=error_body(said), path=path, contains="Modified ge", times=None
        )
        run = read(catalog, whole.state)
        assert run.exit_code == 0, run.log
        assert run.table(stream) == whole.table(stream)
        assert "does not take the filter on `Modified`" in run.log


def test_a_division_that_is_no_longer_granted_is_said(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    first = read(catalog)
    books.control.withdraw_division(divisions[1])
    run = read(catalog, first.state)
    assert run.exit_code == 0, run.log
    said = f"no longer granted, and are not read: {divisions[1]}"
    assert said in run.log
    assert said not in read(catalog, run.state, exclude_divisions=[divisions[1]]).log


FUTURE = "9999-01-01T00:00:00+00:00"
ODD_NOTES: dict[str, Callable[[dict[str, Any]], None]] = {
    "dates, a list": lambda all_: all_["divisions"].update(dates=[1]),
    "dates of a division, a text": lambda all_: all_["divisions"].update(
        dates=dict.fromkeys(all_["divisions"]["dates"], "x")
    ),
    "fields, many, and a list for a mark": lambda all_: (
        all_[LEDGER].update(fields={str(number): "x" for number in range(9)}),
        each(all_, has=[1]),
    )[1],
    "withdrawn, a list": lambda all_: all_[LEDGER].update(withdrawn=["Code"]),
    "withdrawn, no moments": lambda all_: all_[LEDGER].update(withdrawn={"Code": "x", "ID": 10**400}),
    "modified, a list": lambda all_: all_["journals"].update(modified=[1]),
    "modified, no moments": lambda all_: all_["journals"].update(modified={"filled": 1, "refused": "x"}),
    "unread, of every kind": lambda all_: each(all_, unread=[True, -5, "x", None, 10**30]),
    "back, a truth": lambda all_: each(all_, back=True),
    "back, a text": lambda all_: each(all_, back="5"),
    "back, beyond the beginning": lambda all_: each(all_, back=2**63 - 1),
    "reread_from, a truth": lambda all_: (each(all_, back=None), each(all_, reread_from=True))[1],
    "reread_from, a text": lambda all_: (each(all_, back=None), each(all_, reread_from="5"))[1],
    "sweep, a number": lambda all_: each(all_, sweep=5),
    "sweep, still to come": lambda all_: each(all_, sweep=FUTURE),
    "all, a list": lambda all_: each(all_, all=[1]),
    "all, still to come": lambda all_: each(all_, all=10**11),
    "all, a number beyond all": lambda all_: each(all_, all=10**400),
    "read, of every kind": lambda all_: each(all_, read=[True, -5, "x"]),
    "read, a number beyond all": lambda all_: each(all_, read=[10**400]),
    "read, still to come": lambda all_: each(all_, read=[10**9, 5, 10**9]),
    "swept, a list": lambda all_: each(all_, swept=[1]),
    "swept, still to come": lambda all_: each(all_, swept=FUTURE),
}


def each(bookmarks: dict[str, Any], **notes: Any) -> None:
    """Write that beside each bookmark of the ledger."""
    for partition in bookmarks[LEDGER]["partitions"]:
        partition.update(notes)


@pytest.mark.parametrize("name", ODD_NOTES)
def test_notes_that_a_hand_has_changed_cost_no_row_and_call_none_gone(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int], name: str
) -> None:
    streams = ("divisions", LEDGER, "journals", "reads")
    catalog = narrow(only(every, *streams), {LEDGER: {"Code"}, "journals": {"Code"}})
    first = read(catalog)
    state = first.state
    ODD_NOTES[name](state["bookmarks"])
    new = books.control.add(divisions[0], PATH, 1)
    run = read(catalog, state)
    assert run.exit_code == 0, run.log
    assert len({*run.table(LEDGER)} - {*first.table(LEDGER)}) == 1, new
    began = {(r["Stream"], r["Division"]): r["BeganAt"] for r in run.records["reads"]}
    for found in run.records["reads"]:
        if found["Stream"] == LEDGER:
            assert found["Whole"] is False
            earlier = found["WholeBeganAt"]
            assert earlier is None or earlier < began[LEDGER, found["Division"]]


def test_a_column_that_goes_in_one_division_and_comes_back_is_said_in_both(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
) -> None:
    catalog = narrow(only(every, LEDGER), {LEDGER: {GONE, "Code"}})
    first = read(catalog)
    said = error_body(f"Type 'Type' does not have a property named '{GONE}'.")
    books.control.fault(
        "status", status=400, body=said, path=PATH, contains=GONE, division=divisions[0], times=None
    )
    books.control.add(divisions[1], PATH, 3)
    second = read(catalog, first.state)
    assert second.exit_code == 0, second.log
    assert f"does not know {GONE}" in second.log
    assert all(GONE not in record for record in second.records[LEDGER][-3:])
    books.control.clear_faults()
    books.control.advance_clock(90_000)
    third = read(catalog, second.state)
    assert f"{GONE} came into the selection later" in third.log
    anew = read(catalog, second.state, new_fields="reread")
    assert len(anew.records[LEDGER]) == 243
    assert "came into the selection later" not in read(catalog, anew.state).log


def test_a_renamed_stream_and_a_copy_lose_the_column_too(
    books: Sandbox, read: Read, every: dict[str, Any]
) -> None:
    catalog = narrow(only(every, LEDGER), {LEDGER: {GONE, "Code"}})
    maps = {LEDGER: {"__alias__": "ledger", "Box": GONE}, "copy": {"__source__": LEDGER, "Also": GONE}}
    said = error_body(f"Type 'Type' does not have a property named '{GONE}'.")
    books.control.fault("status", status=400, body=said, path=PATH, contains=GONE, skip=1, times=None)
    run = read(catalog, stream_maps=maps)
    assert run.exit_code == 0, run.log
    for name in ("ledger", "copy"):
        assert len(run.records[name]) == 240
        assert not {GONE, "Box", "Also"} & {*run.schemas[name]["schema"]["properties"]}
        assert not {GONE, "Box", "Also"} & {*run.records[name][-1]}


@pytest.mark.parametrize("broken", [False, True])
def test_versions_with_four_at_once(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int], *, broken: bool
) -> None:
    stream = "receivables_list"
    if broken:
        books.control.fault("cut", path=BY_NAME[stream].path, division=divisions[1], times=None)
    run = read(only(every, stream), concurrency=4, emit_activate_version_messages=True)
    assert run.exit_code == int(broken), run.log
    assert any(line["type"] == "ACTIVATE_VERSION" for line in run.lines) is not broken


VALUES: list[tuple[str, Any, Any]] = [
    ("AmountDC", "1.234,56", None),
    ("AmountDC", "1,234.5", None),
    ("AmountDC", " 12 ", None),
    ("AmountDC", "1_000", None),
    ("AmountDC", "", None),
    ("LineNumber", "1,000", None),
    ("LineNumber", True, None),
    ("LineNumber", "1e3", 1000),
    ("Date", "2025-06-15T00:00:00", None),
    ("Date", "", None),
    ("Date", 1750000000000, None),
    ("Date", "/Date(999999999999999999)/", None),
    ("Date", "/Date(-1750000000000)/", "1914-07-19T08:53:20"),
    ("Description", '{"d":[{"ID":"x"}]}', '{"d":[{"ID":"x"}]}'),
    ("Description", "a\u2028b\x85c", "a\u2028b\x85c"),
]


@pytest.mark.parametrize(("field", "value", "comes_out"), VALUES)
def test_a_value_is_what_it_says_or_its_row_is_named(  # noqa: PLR0917  a table
    books: Sandbox,
    read: Read,
    every: dict[str, Any],
    divisions: tuple[int, int],
    field: str,
    value: Any,
    comes_out: Any,
) -> None:
    stream = "transaction_lines"
    answer(books, divisions[0], {"d": [row(**{field: value})]}, path=BY_NAME[stream].path)
    run = read(narrow(only(every, stream), {stream: {field}}))
    found = [record[field] for record in run.records[stream] if record["Division"] == divisions[0]]
    if comes_out is None:
        assert run.exit_code == 1, run.log
        assert f"a row was left out: ID {row()['ID']}" in run.log
        assert found == []
    else:
        assert run.exit_code == 0, run.log
        assert found == [comes_out]

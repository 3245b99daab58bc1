"""The lines of entries, which are read by the headers that were changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import Sandbox
from tests.expected import expected_rows
from tests.faults.quick import only
from tests.reality.conftest import Read, error_body

STREAM = "sales_entry_lines"
PATH, HEADER = BY_NAME[STREAM].path, BY_NAME[STREAM].header


@pytest.fixture
def catalog(every: dict[str, Any]) -> dict[str, Any]:
    return only(every, STREAM)


def asked(books: Sandbox, path: str, division: int) -> list[str]:
    return [
        each["filter"]
        for each in books.control.asked()
        if (each["path"], each["division"]) == (path, division)
    ]


def check(books: Sandbox, table: Any, divisions: tuple[int, ...]) -> None:
    fields = set(next(iter(table.values())))
    expected = expected_rows(books.control, BY_NAME[STREAM], divisions, fields)
    assert expected
    assert table == expected


def some_lines(books: Sandbox, division: int, entries: int) -> list[Any]:
    """Return one line of each of so many entries."""
    found: dict[str, Any] = {}
    for row in books.control.rows(division, PATH):
        found.setdefault(row["EntryID"], row["ID"])
    assert len(found) > entries
    return [*found.values()][:entries]


def test_later_runs_read_the_lines_of_the_entries_that_were_changed(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    first = read(catalog)
    assert first.exit_code == 0, first.log
    check(books, first.table(STREAM), divisions)
    assert asked(books, PATH, divisions[0])[0] == ""
    books.control.advance_clock(3600)
    changed = books.control.change(divisions[0], PATH, ids=some_lines(books, divisions[0], 2))
    [added] = books.control.add(divisions[0], PATH)
    books.control.reset_stats()
    second = read(catalog, first.state)
    assert second.exit_code == 0, second.log
    read_again = {row["ID"] for row in second.records[STREAM]}
    entries = {
        row["EntryID"] for row in books.control.rows(divisions[0], PATH) if row["ID"] in {*changed, added}
    }
    assert {*changed, added} <= read_again
    assert {row["EntryID"] for row in second.records[STREAM]} == entries
    [condition] = asked(books, PATH, divisions[0])
    assert condition.count("EntryID eq guid'") == len(entries)
    assert asked(books, PATH, divisions[1]) == []
    check(books, {**first.table(STREAM), **second.table(STREAM)}, divisions)


def test_where_nothing_was_changed_one_call_says_so(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    first = read(catalog)
    books.control.advance_clock(2 * 86_400)
    second = read(catalog, first.state)  # sees the headers of the day of the first
    books.control.reset_stats()
    third = read(catalog, second.state)
    assert third.exit_code == 0, third.log
    assert not third.records[STREAM]
    assert books.control.stats()["by_division_endpoint"][str(divisions[0])].get(PATH) is None
    assert len(asked(books, HEADER, divisions[0])) == 1


def test_an_address_is_never_too_long(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    first = read(catalog)
    books.control.advance_clock(3600)
    # Lines of many entries, each of which is changed.
    entries = [row["EntryID"] for row in books.control.rows(divisions[0], HEADER)]
    extra = [f"{number:08x}-1111-4111-8111-111111111111" for number in range(150)]
    for entry in extra:
        books.control.set_row(divisions[0], HEADER, {"EntryID": entry, "Description": "many"})
        books.control.set_row(divisions[0], PATH, {"ID": entry, "EntryID": entry})
    books.control.reset_stats()
    second = read(catalog, first.state)
    assert second.exit_code == 0, second.log
    filters = asked(books, PATH, divisions[0])
    assert len(set(filters)) > 1
    assert {*extra} <= {row["EntryID"] for row in second.records[STREAM]}
    assert entries
    assert books.control.stats()["client_errors"] == {}


def test_a_filter_on_the_headers_that_is_refused_lets_all_lines_be_read(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    first = read(catalog)
    books.control.options(refused_filters=[HEADER])
    books.control.reset_stats()
    second = read(catalog, first.state)
    assert second.exit_code == 0, second.log
    assert "does not take a filter on the headers (salesentry/SalesEntries) here" in second.log
    check(books, second.table(STREAM), divisions)
    refused = books.control.stats()["client_errors"]["400"][HEADER]
    books.control.reset_stats()
    third = read(catalog, second.state)
    assert refused <= 2
    assert books.control.stats()["client_errors"] == {}
    check(books, third.table(STREAM), divisions)


def test_a_filter_on_the_entries_that_is_refused_lets_all_lines_be_read(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    first = read(catalog)
    books.control.advance_clock(3600)
    books.control.change(divisions[0], PATH, ids=some_lines(books, divisions[0], 1))
    books.control.options(refused_filters=[PATH])
    second = read(catalog, first.state)
    assert second.exit_code == 0, second.log
    assert "does not take a filter on `EntryID` here" in second.log
    check(books, {**first.table(STREAM), **second.table(STREAM)}, divisions)


def test_headers_that_may_not_be_seen_are_named(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    books.control.forbid(HEADER, division=divisions[0], reason="NoRight")
    first = read(catalog)
    assert HEADER in first.log
    assert {row["Division"] for row in first.records[STREAM]} == {divisions[1]}


def test_a_line_that_cannot_be_read_is_asked_for_again(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    first = read(catalog)
    books.control.advance_clock(3600)
    [line] = books.control.change(divisions[0], PATH, ids=some_lines(books, divisions[0], 1))
    row = next(row for row in books.control.rows(divisions[0], PATH) if row["ID"] == line)
    spoilt = {"ID": line, "EntryID": row["EntryID"], "AmountDC": "no number"}
    body = json.dumps({"d": {"results": [spoilt]}})
    books.control.fault("status", status=200, body=body, path=PATH, contains="EntryID eq", times=1)
    second = read(catalog, first.state)
    assert second.exit_code == 1, second.log
    third = read(catalog, second.state)
    assert third.exit_code == 0, third.log
    assert line in {row["ID"] for row in third.records[STREAM]}


def test_a_sync_endpoint_that_is_not_there_is_named_with_the_way_back(
    books: Sandbox, read: Read, every: dict[str, Any]
) -> None:
    books.control.options(absent=["sync/Financial/SalesEntries"])
    run = read(only(every, "sales_entries", "rest_sales_entries"))
    assert run.exit_code == 1
    assert "select `rest_sales_entries`" in run.log
    assert run.records["rest_sales_entries"]


def test_the_words_of_a_refusal_that_names_no_filter_are_kept(
    books: Sandbox, read: Read, catalog: dict[str, Any]
) -> None:
    said = error_body("Something is wrong with this company")
    books.control.fault("status", status=404, body=said, path=HEADER, times=None)
    run = read(catalog)
    assert run.exit_code == 1
    assert "Something is wrong with this company" in run.log


def test_a_filter_that_is_too_long_for_exact_is_made_shorter(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    first = read(catalog)
    books.control.advance_clock(3600)
    changed = books.control.change(divisions[0], PATH, ids=some_lines(books, divisions[0], 2))
    said = error_body("The node count limit of '100' has been exceeded.")
    books.control.fault("status", status=400, body=said, path=PATH, contains=" or EntryID", times=None)
    books.control.reset_stats()
    second = read(catalog, first.state)
    assert second.exit_code == 0, second.log
    assert {*changed} <= {row["ID"] for row in second.records[STREAM]}
    assert books.control.stats()["client_errors"]["400"][PATH] <= 2
    check(books, {**first.table(STREAM), **second.table(STREAM)}, divisions)


def test_refusals_of_the_headers_never_block_the_app(
    books: Sandbox, read: Read, catalog: dict[str, Any]
) -> None:
    books.control.forbid(HEADER, reason="NoRight")
    state: Any = None
    for _ in range(14):
        run = read(catalog, state)
        state = run.state or state
        books.control.advance_clock(240)
    assert max(books.control.stats()["client_errors"]["403"].values()) <= 20  # of two divisions


def test_a_state_whose_moment_is_none_is_refused_before_anything_is_read(
    read: Read, every: dict[str, Any]
) -> None:
    catalog = only(every, STREAM, "gl_accounts")
    first = read(catalog)
    for partition in first.state["bookmarks"][STREAM]["partitions"]:
        partition["headers"] = "2024-01-01T00:00:00"
    second = read(catalog, first.state)
    assert second.exit_code == 2
    assert not second.lines

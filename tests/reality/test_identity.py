"""Whose a row is, and which: an answer that does not prove it is no answer, and nothing of it is written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import Sandbox
from tests.faults.quick import narrow, only
from tests.reality.conftest import Read

LEDGER = "gl_accounts"
PATH = BY_NAME[LEDGER].path


@pytest.fixture
def catalog(every: dict[str, Any]) -> dict[str, Any]:
    return narrow(only(every, LEDGER), {LEDGER: {"Code"}})


def row(division: int, number: int, **more: Any) -> dict[str, Any]:
    key = f"00000000-0000-0000-0000-{number:012}"
    return {"ID": key, "Timestamp": str(number), "Code": "x", "Division": division, **more}


def without(record: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != name}


def answers(first: int, second: int) -> dict[str, tuple[str, str]]:
    """Return answers that are none, with a word of what has to be said of each."""
    mine, other = row(first, 10**12), row(second, 10**12 + 1)
    documents: dict[str, tuple[Any, str]] = {
        "all of another division": ({"results": [other]}, f"a row of it is of division {second}"),
        "the last of another division": ([mine, other], f"a row of it is of division {second}"),
        "no key": ({"results": [mine, without(mine, "ID")]}, "has no ID"),
        "the key is null": ([{**mine, "ID": None}], "has no ID"),
        "no row version": ({"results": [mine, without(mine, "Timestamp")]}, "has no Timestamp"),
        "an object that is no row": ({"UserHasRights": True}, "no ID"),
        "an error among the rows": ([mine, {"error": {"code": "", "message": {"value": "x"}}}], "no ID"),
        "an error beside the rows": ({"results": [mine], "error": {"code": ""}}, "tells of trouble"),
    }
    found = {name: (json.dumps({"d": data}), said) for name, (data, said) in documents.items()}
    whole = json.dumps({"d": {"results": [mine]}})
    found["an error beside d"] = (json.dumps({"d": [mine], "error": {"code": ""}}), "tells of trouble")
    found["a second document"] = (whole + json.dumps({"d": {"results": [other]}}), "not JSON")
    found["an error behind the rows"] = (whole + "Internal Server Error", "not JSON")
    return found


@pytest.mark.parametrize("name", answers(1, 2))
def test_an_answer_that_proves_nothing_is_repeated_and_nothing_of_it_is_written(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int], name: str
) -> None:
    whole = read(catalog)
    body, _ = answers(*divisions)[name]
    books.control.fault("status", status=200, body=body, path=PATH, division=divisions[0], times=2)
    run = read(catalog)
    assert run.exit_code == 0, run.log
    assert run.table(LEDGER) == whole.table(LEDGER)
    assert run.bookmarks(LEDGER) == whole.bookmarks(LEDGER)


@pytest.mark.parametrize("name", answers(1, 2))
def test_where_it_stays_it_is_named_and_the_bookmark_stays(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int], name: str
) -> None:
    before = read(catalog)
    body, said = answers(*divisions)[name]
    books.control.fault("status", status=200, body=body, path=PATH, division=divisions[0], times=None)
    run = read(catalog, before.state)
    assert run.exit_code == 1, run.log
    assert said in run.log
    assert f"{LEDGER} in division {divisions[0]}" in run.log
    assert run.bookmarks(LEDGER) == before.bookmarks(LEDGER)
    assert all(record["Division"] == divisions[1] for record in run.records[LEDGER])
    assert all(record["Timestamp"] < 10**12 for record in run.records[LEDGER])


def test_a_row_without_a_division_belongs_to_the_one_that_was_asked(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    body = json.dumps({"d": [row(0, 5) | {"Division": None}]})
    books.control.fault("status", status=200, body=body, path=PATH, division=divisions[0])
    run = read(catalog)
    assert run.exit_code == 0, run.log
    assert [r["Timestamp"] for r in run.records[LEDGER] if r["Division"] == divisions[0]] == [5]


class TestRowsThatCannotBeUnderstood:
    """A row that was not written is not forgotten: it is read again until it is understood."""

    def run_it(
        self, books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int], stream: str
    ) -> None:
        path = BY_NAME[stream].path
        narrow_one = narrow(only(every, stream), {stream: {"Description"}})
        names = {"ID", BY_NAME[stream].replication_key}
        at = {"Timestamp": 1_000} if stream == "transaction_lines" else {}
        odd = books.control.set_row(divisions[0], path, {"Description": ["no text"], **at})
        books.control.add(divisions[0], path, 1)
        state = None
        for _ in range(3):
            run = read(narrow_one, state)
            state = run.state
            assert run.exit_code == 1, run.log
            assert f"a row was left out: ID {odd}" in run.log
            assert odd not in {record["ID"] for record in run.records[stream]}
        # Cured without a change that Exact would tell of: its row version is what it was.
        books.control.set_row(divisions[0], path, {"ID": odd, "Description": "a text", **at})
        run = read(narrow_one, state)
        assert run.exit_code == 0, run.log
        assert odd in {record["ID"] for record in run.records[stream]}, names
        assert "unread" not in str(run.state)
        assert read(narrow_one, run.state).exit_code == 0

    @pytest.mark.parametrize("stream", ["transaction_lines", "gl_accounts", "journals"])
    def test_until_it_is_right(
        self, books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int], stream: str
    ) -> None:
        self.run_it(books, read, every, divisions, stream)

    def test_the_others_go_on_and_a_page_more_is_all_that_it_costs(
        self, books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
    ) -> None:
        stream, path = "transaction_lines", BY_NAME["transaction_lines"].path
        catalog = narrow(only(every, stream), {stream: {"Description"}})
        books.control.add(divisions[0], path, 3_000)
        books.control.set_row(divisions[0], path, {"Description": ["no text"], "Timestamp": 1_000})
        first = read(catalog)
        assert first.exit_code == 1
        books.control.reset_stats()
        second = read(catalog, first.state)
        assert second.exit_code == 1
        assert (
            books.control.stats()["by_endpoint"][path] == 3
        )  # the page with the row, and what is new in each division
        assert second.bookmarks(stream) == first.bookmarks(stream)
        assert "came into the selection later" not in read(catalog, second.state).log

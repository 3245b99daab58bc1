"""`Modified` is a property, not a promise: a filter on it may be refused, and a row may have none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import Sandbox
from tests.faults.quick import narrow, only
from tests.reality.conftest import Read, error_body

STREAM = "journals"
PATH = BY_NAME[STREAM].path
WEEK = 7 * 86_400
REFUSALS = (
    "Filtering on these fields is not supported: Modified",
    "This $filter parameter is not supported for this resource",
)


@pytest.fixture
def catalog(every: dict[str, Any]) -> dict[str, Any]:
    return narrow(only(every, STREAM), {STREAM: {"Code", "Description"}})


def refuse(books: Sandbox, said: str, contains: str = "Modified ge") -> None:
    books.control.fault("status", status=400, body=error_body(said), path=PATH, contains=contains, times=None)


@pytest.mark.parametrize("said", REFUSALS)
def test_a_filter_that_is_refused_is_left_out_once_said_and_remembered(
    books: Sandbox, read: Read, catalog: dict[str, Any], said: str
) -> None:
    whole = read(catalog)
    refuse(books, said)
    books.control.reset_stats()
    second = read(catalog, whole.state)
    assert second.exit_code == 0, second.log
    assert second.table(STREAM) == whole.table(STREAM)
    assert "Exact does not take the filter on `Modified` here" in second.log
    assert books.control.stats()["client_errors"] == {"400": {PATH: 1}}  # one for all divisions
    books.control.reset_stats()
    third = read(catalog, second.state)
    assert third.exit_code == 0, third.log
    assert third.table(STREAM) == whole.table(STREAM)
    assert books.control.stats()["client_errors"] == {}
    assert "does not take the filter" not in third.log


def test_after_a_week_it_is_tried_again_and_taken_back(
    books: Sandbox, read: Read, catalog: dict[str, Any]
) -> None:
    first = read(catalog)
    refuse(books, REFUSALS[0])
    second = read(catalog, first.state)
    books.control.clear_faults()
    books.control.advance_clock(WEEK + 60)
    third = read(catalog, second.state)
    assert third.exit_code == 0, third.log
    assert len(third.records[STREAM]) < len(first.records[STREAM])


def test_a_refusal_without_a_filter_is_no_reason_to_try_without(
    books: Sandbox, read: Read, catalog: dict[str, Any]
) -> None:
    refuse(books, REFUSALS[1], contains="")
    run = read(catalog)
    assert run.exit_code == 1, run.log
    assert "This $filter parameter is not supported" in run.log


def rows(division: int, *modified: str | None) -> str:
    """Return a page of rows that were made at ten, and changed when that says, or never."""
    found = [
        {
            "ID": f"00000000-0000-0000-0000-{number:012}",
            "Division": division,
            "Code": str(number),
            "Description": "x",
            "Created": "/Date(1750000000000)/",
            "Modified": each,
        }
        for number, each in enumerate(modified)
    ]
    return json.dumps({"d": found})


LATER = "/Date(1750090000000)/"


@pytest.mark.parametrize("both_refused", [False, True])
def test_a_row_without_modified_is_written_and_the_next_of_them_is_not_missed(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int], *, both_refused: bool
) -> None:
    first_page = rows(divisions[0], LATER, None)
    books.control.fault("status", status=200, body=first_page, path=PATH, division=divisions[0])
    first = read(catalog)
    assert first.exit_code == 0, first.log
    assert [r["Code"] for r in first.records[STREAM] if r["Division"] == divisions[0]] == ["0", "1"]
    new = rows(divisions[0], None, None)
    if both_refused:
        refuse(books, REFUSALS[0], contains="or Created ge")
    # What asks for `Modified` alone does not see them.
    asks = "$select" if both_refused else "or Created ge"
    books.control.fault(
        "status", status=200, body=new, path=PATH, division=divisions[0], contains=asks, times=None
    )
    second = read(catalog, first.state)
    found = [r["Code"] for r in second.records[STREAM] if r["Division"] == divisions[0]]
    assert found == ["0", "1"], second.log


def test_a_row_that_was_never_changed_and_has_a_modified_shows_that_the_filter_suffices(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    made_then = rows(divisions[0], "/Date(1750000000000)/", LATER)
    books.control.fault("status", status=200, body=made_then, path=PATH, times=1)
    first = read(only(catalog, STREAM), divisions=[divisions[0]])
    assert first.exit_code == 0, first.log
    assert first.state["bookmarks"][STREAM]["modified"] == {"filled": True}
    empty = json.dumps({"d": []})
    books.control.fault("status", status=200, body=empty, path=PATH, contains="Created ge", times=None)
    books.control.fault("status", status=200, body=made_then, path=PATH, contains="Modified ge")
    second = read(catalog, first.state, divisions=[divisions[0]])
    assert len(second.records[STREAM]) == 2

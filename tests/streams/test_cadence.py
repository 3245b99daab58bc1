"""Streams that need not be asked at every run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import Sandbox
from tests.faults.quick import narrow, only
from tests.reality.conftest import Read

WEEKLY, DAILY, ALWAYS = "address_states", "shipping_methods", "journals"
STREAMS = (WEEKLY, DAILY, ALWAYS)
DAY = 86_400
VERSIONS = {"emit_activate_version_messages": True}


@pytest.fixture
def catalog(every: dict[str, Any]) -> dict[str, Any]:
    return only(every, *STREAMS, "reads")


def asked(books: Sandbox) -> set[str]:
    """Return the streams that were asked for since the last look."""
    paths = {each["path"] for each in books.control.asked()}
    books.control.reset_stats()
    return {stream for stream in STREAMS if BY_NAME[stream].path in paths}


def test_what_is_not_due_costs_no_call_and_is_no_gap(
    books: Sandbox, read: Read, catalog: dict[str, Any]
) -> None:
    first = read(catalog, **VERSIONS)
    assert asked(books) == {*STREAMS}
    second = read(catalog, first.state, **VERSIONS)
    assert second.exit_code == 0, second.log
    assert asked(books) == {ALWAYS}
    assert "WARNING" not in second.log
    assert not second.records[WEEKLY]
    assert not [
        line
        for line in second.lines
        if line["type"] == "ACTIVATE_VERSION" and line["stream"] in {WEEKLY, DAILY}
    ]
    assert {row["Stream"] for row in second.records["reads"]} == {ALWAYS}
    books.control.advance_clock(DAY)
    third = read(catalog, second.state, **VERSIONS)
    assert asked(books) == {ALWAYS, DAILY}
    books.control.advance_clock(6 * DAY)
    fourth = read(catalog, third.state, **VERSIONS)
    assert asked(books) == {*STREAMS}
    assert fourth.table(WEEKLY) == first.table(WEEKLY)
    assert [line for line in fourth.lines if line["type"] == "ACTIVATE_VERSION" and line["stream"] == WEEKLY]


def test_the_setting_goes_before_the_table(books: Sandbox, read: Read, catalog: dict[str, Any]) -> None:
    cadence = {"journals": "weekly", "*": "always"}
    first = read(catalog, cadence=cadence)
    asked(books)
    second = read(catalog, first.state, cadence=cadence)
    assert second.exit_code == 0, second.log
    assert asked(books) == {WEEKLY, DAILY}


def test_a_full_refresh_and_a_reread_ignore_it(books: Sandbox, read: Read, catalog: dict[str, Any]) -> None:
    first = read(catalog)
    asked(books)
    read(catalog)
    assert asked(books) == {*STREAMS}
    again = read(catalog, first.state, reread={"streams": [WEEKLY]})
    assert again.exit_code == 0, again.log
    assert asked(books) == {ALWAYS, WEEKLY}


def test_a_division_that_is_new_is_asked_at_once(
    read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    first = read(catalog, divisions=[divisions[0]])
    second = read(catalog, first.state)
    assert {row["Division"] for row in second.records[WEEKLY]} == {divisions[1]}


def test_what_failed_is_asked_again(books: Sandbox, read: Read, catalog: dict[str, Any]) -> None:
    books.control.fault("status", status=500, path=BY_NAME[WEEKLY].path, times=None)
    first = read(catalog)
    assert first.exit_code == 1
    books.control.clear_faults()
    asked(books)
    second = read(catalog, first.state)
    assert second.exit_code == 0, second.log
    assert WEEKLY in asked(books)
    assert second.records[WEEKLY]


def test_a_stream_that_does_not_exist_is_named(read: Read, catalog: dict[str, Any]) -> None:
    run = read(catalog, cadence={"journal": "weekly"})
    assert run.exit_code == 2
    assert "`cadence`: there is no stream 'journal'. Did you mean 'journals'?" in run.log


def test_the_state_says_when_it_was_asked(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    first = read(catalog)
    for stream, wanted in ((WEEKLY, True), (ALWAYS, False)):
        parts = first.state["bookmarks"][stream]["partitions"]
        assert {part["context"]["Division"] for part in parts} == {*divisions}
        for part in parts:
            assert ("asked_for" in part) is wanted
            assert 0 <= books.control.now() - part["read"][0] * 60 < 120


def test_a_row_that_could_not_be_understood_is_asked_for_again(
    books: Sandbox, read: Read, catalog: dict[str, Any]
) -> None:
    body = json.dumps({"d": [{"ID": "11111111-1111-4111-8111-111111111111", "Name": {"no": "text"}}]})
    path = BY_NAME[WEEKLY].path
    books.control.fault("status", status=200, body=body, path=path, times=1)
    first = read(catalog)
    assert first.exit_code == 1, first.log
    asked(books)
    second = read(catalog, first.state)
    assert second.exit_code == 0, second.log
    assert WEEKLY in asked(books)


def test_a_field_that_is_selected_later_is_asked_for_at_once(
    books: Sandbox, read: Read, every: dict[str, Any]
) -> None:
    first = read(narrow(only(every, WEEKLY), {WEEKLY: {"Name"}}))
    asked(books)
    second = read(only(every, WEEKLY), first.state)
    assert second.exit_code == 0, second.log
    assert asked(books) == {WEEKLY}
    assert second.records[WEEKLY]

"""Streams whose rows never change, or call the moment of a change by another name."""

from __future__ import annotations

from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME, RESOURCES
from tests.conftest import Sandbox
from tests.expected import expected_rows
from tests.faults.quick import only
from tests.reality.conftest import Read

MOVEMENTS = [resource.name for resource in RESOURCES if resource.by == "CreatedDate"]
ROUTINGS = "bill_of_material_routings"


def check(books: Sandbox, table: Any, stream: str, divisions: tuple[int, ...]) -> None:
    fields = set(next(iter(table.values())))
    assert table == expected_rows(books.control, BY_NAME[stream], divisions, fields)


def test_movements_are_read_by_the_date_on_which_they_were_made(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
) -> None:
    catalog = only(every, *MOVEMENTS)
    assert len(MOVEMENTS) == 9
    first = read(catalog)
    assert first.exit_code == 0, first.log
    books.control.advance_clock(600)
    added = {stream: books.control.add(divisions[0], BY_NAME[stream].path, 2) for stream in MOVEMENTS}
    second = read(catalog, first.state)
    assert second.exit_code == 0, second.log
    for stream in MOVEMENTS:
        key = BY_NAME[stream].key
        new = {row[key] for row in second.records[stream]}
        assert {*added[stream]} <= new, stream
        assert len(second.records[stream]) < len(first.records[stream]) + 2, stream
        check(books, {**first.table(stream), **second.table(stream)}, stream, divisions)


def test_a_filter_on_that_date_that_is_refused_is_left_out(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
) -> None:
    stream = MOVEMENTS[0]
    catalog = only(every, stream)
    first = read(catalog)
    books.control.options(refused_filters=[BY_NAME[stream].path])
    books.control.add(divisions[0], BY_NAME[stream].path)
    second = read(catalog, first.state)
    assert second.exit_code == 0, second.log
    assert "does not take the filter on `CreatedDate` here" in second.log
    check(books, second.table(stream), stream, divisions)


def test_a_change_is_found_by_whatever_its_moment_is_called(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
) -> None:
    catalog = only(every, ROUTINGS)
    first = read(catalog)
    books.control.advance_clock(600)
    [changed] = books.control.change(divisions[1], BY_NAME[ROUTINGS].path)
    second = read(catalog, first.state)
    assert second.exit_code == 0, second.log
    assert changed in {row["ID"] for row in second.records[ROUTINGS]}
    assert len(second.records[ROUTINGS]) < len(first.records[ROUTINGS])
    check(books, {**first.table(ROUTINGS), **second.table(ROUTINGS)}, ROUTINGS, divisions)


@pytest.mark.parametrize("envelope", ["results", "list", "object"])
def test_a_single_row_is_read_in_whatever_it_comes(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int], envelope: str
) -> None:
    books.control.options(envelope=envelope)
    streams = [r.name for r in RESOURCES if r.endpoint.single and r.name != "current_user"]
    run = read(only(every, *streams, "current_user"))
    assert run.exit_code == 0, run.log
    for stream in streams:
        check(books, run.table(stream), stream, divisions)
    assert len(run.records["current_user"]) == 1


def test_beta_addresses_are_followed_page_after_page(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
) -> None:
    streams = [r.name for r in RESOURCES if r.endpoint.form == "beta"]
    assert len(streams) == 6
    for stream in streams:
        for number in range(130):
            row = {"Division": divisions[0]} if "Division" in BY_NAME[stream].endpoint.properties else {}
            key = f"{number:08x}-2222-4222-8222-222222222222"
            books.control.set_row(divisions[0], BY_NAME[stream].path, {"ID": key, **row})
    run = read(only(every, *streams))
    assert run.exit_code == 0, run.log
    for stream in streams:
        check(books, run.table(stream), stream, divisions)
        assert len(run.records[stream]) > 130

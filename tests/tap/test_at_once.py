"""Many divisions at once: the same rows, the same calls, and never two of one division under way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME, RESOURCES, Kind
from tests.conftest import Sandbox, running
from tests.cover import FEW
from tests.expected import expected_rows
from tests.faults.quick import Quick, QuickRun
from tests.faults.world import FINE
from tests.singer import tap_for

DIVISIONS = 5
PAGES = {BY_NAME["transaction_lines"].path: 1050, BY_NAME["journals"].path: 130}
"""Tables of several pages."""
USED = {*FEW, *("transaction_lines", "journals", "deleted", "gl_accounts", "contacts", "items")}
READ = [resource.name for resource in RESOURCES if resource.name in USED and resource.divided]
KEPT = [name for name in READ if BY_NAME[name].replication_key]


@dataclass
class Outcome:
    """A run, and what the sandbox saw of it."""

    run: QuickRun
    stats: dict[str, Any]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    options = {**FINE, "divisions": DIVISIONS, "rows": 40, "latency_ms": 3, "table": PAGES}
    with running(tmp_path_factory.mktemp("books"), options) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def outcomes(books: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Outcome]:
    """Return a run by `concurrency`."""
    found = {}
    for most in (1, 8):
        tap = tap_for(books, tmp_path_factory.mktemp("tap"), books.control.new_login(f"reads {most}"))
        books.control.reset_stats()
        run = Quick().run(tap, catalog=tap.catalog([*USED]), concurrency=most)
        assert run.exit_code == 0, run.log
        found[most] = Outcome(run, books.control.stats())
    return found


def test_eight_are_read_at_once_and_never_one_twice(outcomes: dict[int, Outcome]) -> None:
    one, many = (outcomes[most].stats["most_in_flight"] for most in (1, 8))
    assert one["overall"] == 1
    assert 1 < many["overall"] <= 8
    assert set(many["by_division"].values()) == {1}
    assert len(many["by_division"]) == DIVISIONS + 1  # and the calls of no division


def test_no_call_is_wasted(outcomes: dict[int, Outcome]) -> None:
    one, many = (outcomes[most].stats for most in (1, 8))
    assert many["by_division_endpoint"] == one["by_division_endpoint"]
    assert one["tokens"] == many["tokens"]
    assert one["tokens"]["calls"] == 1
    for stats in (one, many):
        assert stats["client_errors"] == {}
        assert stats["server_errors"] == 0
        assert stats["by_endpoint"]["system/Divisions"] == 1


@pytest.mark.parametrize("stream", READ)
def test_every_stream_holds_exactly_what_exact_holds(
    outcomes: dict[int, Outcome], books: Sandbox, stream: str
) -> None:
    run = outcomes[8].run
    table = run.table(stream)
    fields = next(iter(table.values())).keys() - {"EntityName", "StreamName"}
    divisions = [row["Code"] for row in books.control.divisions()]
    expected = expected_rows(books.control, BY_NAME[stream], divisions, fields)
    assert {key: {name: row[name] for name in fields} for key, row in table.items()} == expected
    # What is asked for by its date comes once for each date, under the same key.
    assert len(run.records[stream]) == len(expected) or BY_NAME[stream].kind is Kind.PARTS


def test_the_rows_of_a_division_come_as_they_do_one_at_a_time(outcomes: dict[int, Outcome]) -> None:
    one, many = outcomes[1].run, outcomes[8].run
    for stream in READ:
        assert _by_division(many, stream) == _by_division(one, stream)
    assert many.records["divisions"] == one.records["divisions"]


def test_pages_of_divisions_take_turns(outcomes: dict[int, Outcome]) -> None:
    """One stream of two pages each: with one at a time they come together, with eight at once they do not."""
    turns = {}
    for most, outcome in outcomes.items():
        order = [row["Division"] for row in outcome.run.records["transaction_lines"]]
        turns[most] = sum(before != after for before, after in pairwise(order))
    assert turns[1] == DIVISIONS - 1
    assert turns[8] >= DIVISIONS


def test_bookmarks_are_those_of_one_at_a_time(outcomes: dict[int, Outcome]) -> None:
    one, many = outcomes[1].run, outcomes[8].run
    for stream in KEPT:
        if BY_NAME[stream].kind is Kind.SYNC:
            assert many.bookmarks(stream) == one.bookmarks(stream)
        else:
            assert many.bookmarks(stream).keys() == one.bookmarks(stream).keys()


def test_the_next_run_asks_each_division_once_and_two_at_once_where_two_may_be(
    outcomes: dict[int, Outcome], books: Sandbox, tmp_path: Path
) -> None:
    tap = tap_for(books, tmp_path, books.control.new_login("goes on"))
    state = outcomes[8].run.state
    catalog = tap.catalog(["transaction_lines", "accounts"])
    books.control.reset_stats()
    run = tap.run(catalog=catalog, state=state, concurrency=2, late_commits=False)
    assert run.exit_code == 0, run.log
    assert not any(run.records.values())
    paths = {BY_NAME[stream].path: DIVISIONS for stream in ("transaction_lines", "accounts")}
    stats = books.control.stats()
    assert stats["most_in_flight"]["overall"] == 2
    assert stats["by_endpoint"] == {"current/Me": 1, "system/Divisions": 1, **paths}


def _by_division(run: QuickRun, stream: str) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for row in run.records[stream]:
        found.setdefault(row["Division"], []).append(row)
    return found

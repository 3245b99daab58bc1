"""Minutes that are too short for the data: nobody waits while a division has calls left, and no call is refused."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import Sandbox, running
from tests.expected import expected_rows
from tests.faults.quick import FastTap, Quick, QuickRun, narrow, only
from tests.faults.world import FINE
from tests.singer import tap_for

JOURNALS = BY_NAME["journals"]
DIVISIONS = 6
PAGES = 6
_MINUTE, _DAY = 60, 86_400


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Return a sandbox with a stream of six pages in each of six divisions."""
    table = {JOURNALS.path: PAGES * 60 - 1}
    with running(
        tmp_path_factory.mktemp("shelf"), {**FINE, "divisions": DIVISIONS, "rows": 0, "table": table}
    ) as sandbox:
        yield sandbox


@pytest.fixture
def books(shelf: Sandbox) -> Sandbox:
    """Begin a minute, and none of the last ones of a day."""
    control = shelf.control
    control.options(minute_limit=10**6)
    control.advance_clock((control.now() // _DAY + 1) * _DAY + 6 * 3600 - control.now())
    control.reset_limits()
    control.reset_stats()
    return shelf


@pytest.fixture
def tap(books: Sandbox, tmp_path: Path, quick: Quick) -> FastTap:
    token = books.control.new_login(tmp_path.name)
    return FastTap(**vars(tap_for(books, tmp_path, token)), quick=quick)


@pytest.fixture
def catalog(every: dict[str, Any]) -> dict[str, Any]:
    return narrow(only(every, "journals"), {"journals": {"Code"}})


def _turns(run: QuickRun) -> list[int]:
    """Return the divisions in the order in which they were read, those of pages that came together once."""
    return [division for division, _ in groupby(row["Division"] for row in run.records["journals"])]


def _check(run: QuickRun, books: Sandbox, divisions: list[int]) -> None:
    assert run.exit_code == 0, run.log
    stats = books.control.stats()
    assert stats["too_many_requests"] == 0
    assert stats["by_endpoint"] == {
        "current/Me": 1,
        "system/Divisions": 1,
        JOURNALS.path: PAGES * len(divisions),
    }
    fields = {"Division", *run.records["journals"][0]}
    assert run.table("journals") == expected_rows(books.control, JOURNALS, divisions, fields)


def test_while_one_division_waits_for_its_minute_another_is_read(
    books: Sandbox, tap: FastTap, catalog: dict[str, Any]
) -> None:
    divisions = [row["Code"] for row in books.control.divisions()][:3]
    books.control.options(minute_limit=4)
    run = tap.run(catalog=catalog, divisions=divisions)
    _check(run, books, divisions)
    assert books.control.stats()["most_in_flight"]["overall"] == 1
    # Four of each in the first minute (of one of them the list is one), the others in the next.
    assert _turns(run) == divisions * 2
    assert len(run.slept) == 1
    assert 0 < run.slept[0] <= _MINUTE


@pytest.mark.parametrize("limit", [2, 3, 5])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_all_calls_of_every_minute_are_used_and_none_is_refused(
    books: Sandbox, tap: FastTap, catalog: dict[str, Any], concurrency: int, limit: int
) -> None:
    divisions = [row["Code"] for row in books.control.divisions()]
    books.control.options(minute_limit=limit)
    run = tap.run(catalog=catalog, concurrency=concurrency)
    _check(run, books, divisions)
    stats = books.control.stats()
    assert 1 <= stats["most_in_flight"]["overall"] <= concurrency
    assert set(stats["most_in_flight"]["by_division"].values()) == {1}
    # The division that lists the others has one call more. Whoever leaves a call unused waits once more.
    assert max(stats["by_division"].values()) == PAGES + 1
    assert len(run.slept) == -(-(PAGES + 1) // limit) - 1
    assert all(0 < wait <= _MINUTE for wait in run.slept)

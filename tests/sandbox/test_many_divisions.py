"""Thousands of divisions: what it costs to have them is counted, since a machine may be slow at any time."""

from __future__ import annotations

from collections import Counter

import orjson
import pytest

from tap_exact_online import edm
from tap_exact_online.sandbox import pages, query, service, spoiling
from tap_exact_online.sandbox.books import DIVISIONS, Book
from tap_exact_online.sandbox.clock import Clock
from tap_exact_online.sandbox.control import Control
from tap_exact_online.sandbox.divisions import Division
from tap_exact_online.sandbox.options import Options
from tap_exact_online.sandbox.pages import Call
from tap_exact_online.sandbox.stats import Stats
from tests.fakes import NOON
from tests.sandbox.client import Client

_FIRST = Options().division_code
_A_PAGE = 60


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Return how many rows of the list, and how many books, were made since."""
    counts: Counter[str] = Counter()
    for kind, method, noun in ((Division, "row", "rows"), (Book, "__init__", "books")):
        _count(monkeypatch, counts, kind, method, noun)
    return counts


def _count(monkeypatch: pytest.MonkeyPatch, counts: Counter[str], kind: type, method: str, noun: str) -> None:
    original = getattr(kind, method)

    def counted(*args: object, **kwargs: object) -> object:
        counts[noun] += 1
        return original(*args, **kwargs)

    monkeypatch.setattr(kind, method, counted)


def codes(started: service.Service, asked: str) -> list[int]:
    """Return the divisions on a page of the list."""
    endpoint = edm.load(DIVISIONS)
    read = query.read(asked, endpoint, started.options)
    body = pages.page(started, Call(endpoint, None, read, "http://sandbox", json=True))
    return [row["Code"] for row in spoiling.unwrapped(orjson.loads(body))]


@pytest.mark.parametrize("divisions", [300, 3000])
def test_a_page_of_the_list_takes_the_rows_of_a_page(made: Counter[str], divisions: int) -> None:
    started = service.start(Options(divisions=divisions), Clock(lambda: NOON))
    for place in (0, divisions // 2, divisions - 1):
        token = f"&$skiptoken={_FIRST + place - 1}" if place else ""
        made.clear()
        assert (
            codes(started, f"$select=Code{token}")
            == [*range(_FIRST, _FIRST + divisions)][place : place + _A_PAGE]
        )
        assert made["rows"] <= _A_PAGE + 1  # the last row once more, for the address of the next page
        assert not made["books"]


def test_books_are_made_of_the_divisions_that_are_asked_for(made: Counter[str]) -> None:
    started = service.start(Options(divisions=3000), Clock(lambda: NOON))
    assert not made
    started.divisions[_FIRST + 7].database.tick()
    started.divisions.move(_FIRST + 8)
    assert made == {"books": 2}


def test_what_is_in_flight_is_all_that_is_added_up() -> None:
    stats = Stats()
    for division in range(1000):
        stats.enter(str(division), "crm/Accounts")
        assert len(stats.in_flight) == 1
        stats.leave(str(division))
    assert (stats.most_overall, stats.report()["most_in_flight"]["by_division"]["999"]) == (1, 1)


def test_a_log_of_deleted_rows_begins_when_the_division_came_to_be(client: Client, control: Control) -> None:
    """Not when it is first asked for."""
    asked, other = control.add_division(), control.add_division()
    before = control.rows(asked, "sync/Deleted")
    control.advance_clock(3 * 86_400)
    client.refresh()
    found = control.rows(other, "sync/Deleted")
    assert found
    assert [row["DeletedDate"][:10] for row in found] == [row["DeletedDate"][:10] for row in before]

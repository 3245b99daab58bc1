"""What two looks at both sides say of a key, in tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tap_exact_online.catalog import BY_NAME, STREAMS
from tap_exact_online.verify.checking import why_not
from tap_exact_online.verify.database import estimated
from tap_exact_online.verify.keys import (
    LATE,
    Differences,
    Key,
    Known,
    Outcome,
    differences,
    moment_of,
    outcome,
)

BEGAN = datetime(2026, 3, 1, 4, 30, tzinfo=UTC)


def keys(names: str) -> set[Key]:
    return {(name,) for name in names}


@pytest.mark.parametrize(
    ("held", "given", "held_after", "given_again", "missing", "surplus", "moving"),
    [
        ("ab", "ab", None, None, "", "", ""),
        ("ab", "abc", "ab", "abc", "c", "", ""),
        ("abc", "ab", "abc", "ab", "", "c", ""),
        ("ab", "abc", "abc", "abc", "", "", ""),  # loaded meanwhile
        ("abc", "ab", "ab", "ab", "", "", ""),  # removed meanwhile
        ("ab", "abc", "ab", "ab", "", "", ""),  # deleted at Exact meanwhile
        ("ab", "ab", "ab", "abc", "", "", "c"),  # made meanwhile
        ("abc", "ab", "abc", "abc", "", "", ""),  # passed over by the pages of the first look
        ("ab", "ab", "abc", "ab", "", "", "c"),
    ],
)
def test_only_what_every_look_agrees_on_is_a_difference(  # noqa: PLR0917 - a table
    held: str,
    given: str,
    held_after: str | None,
    given_again: str | None,
    missing: str,
    surplus: str,
    moving: str,
) -> None:
    found = differences(
        keys(held),
        keys(given),
        None if held_after is None else keys(held_after),
        None if given_again is None else keys(given_again),
    )
    assert found == Differences(keys(missing), keys(surplus), keys(moving))
    assert found.none is not bool(missing or surplus or moving)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("moment", "began", "start", "kind"),
    [
        (BEGAN - LATE - HOUR, BEGAN, None, "missing"),
        (BEGAN - LATE, BEGAN, None, "new"),  # may have become visible behind the read
        (BEGAN + HOUR, BEGAN, None, "new"),
        (None, BEGAN, None, "unclear"),
        (BEGAN - 9 * HOUR, None, None, "unclear"),
        (BEGAN - 9 * HOUR, BEGAN, BEGAN - 10 * HOUR, "missing"),
        (BEGAN - 9 * HOUR, BEGAN, BEGAN - 8 * HOUR, "older"),
        (None, BEGAN, BEGAN, "unclear"),
    ],
)
def test_what_a_row_is_that_is_not_in_the_database(
    moment: datetime | None, began: datetime | None, start: datetime | None, kind: str
) -> None:
    known = Known(began, start, moments={("a",): moment} if moment else {})
    found = outcome(Differences(keys("a"), set()), known)
    if kind == "older":
        assert found == Outcome(older=1)
    else:
        assert found == Outcome(**{kind: keys("a")})
    assert found.differs is (kind in {"missing", "unclear"})


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        (Known(BEGAN), "surplus"),
        (Known(BEGAN, logged=keys("a")), "gone"),
        (Known(BEGAN, logged=keys("a"), logged_since=keys("a")), "gone"),
        (Known(BEGAN, logged_since=keys("a")), "leaving"),
        (Known(BEGAN, whole_each_time=True, found_whole=keys("a")), "leaving"),
        (Known(BEGAN, whole_each_time=False, found_whole=keys("a")), "surplus"),
        (Known(BEGAN, whole_each_time=True), "surplus"),
    ],
)
def test_what_a_row_is_that_is_not_at_exact(known: Known, kind: str) -> None:
    found = outcome(Differences(set(), keys("a")), known)
    assert found == Outcome(**{kind: keys("a")})
    assert found.differs is (kind in {"surplus", "gone"})


def test_what_moves_is_no_difference() -> None:
    found = outcome(Differences(set(), set(), keys("a")), Known())
    assert found == Outcome(moving=keys("a"))
    assert not found.differs


def test_the_latest_moment_of_a_row() -> None:
    assert moment_of("2026-03-01T04:30:00+00:00", "2025-01-01T00:00:00+00:00", None, "") == BEGAN
    assert moment_of("2026-03-01T04:30:00") == BEGAN
    assert moment_of() is None


@pytest.mark.parametrize(("rows", "calls"), [(0, 1), (1, 1), (60, 1), (61, 2), (6000, 100)])
def test_the_calls_of_a_pair(rows: int, calls: int) -> None:
    assert estimated({7: rows}, 7, 60) == calls
    assert estimated({8: rows}, 7, 60) == 1


def test_every_stream_that_cannot_be_compared_says_why() -> None:
    barred = {each.name for each in STREAMS if why_not(each)}
    assert {"deleted", "divisions", "reads", "code_lists", "current_user", "item_pictures"} <= barred
    assert "reporting_balance_by_classification" in barred
    assert not barred & {"accounts", "journals", "reporting_balance", "sales_entry_lines", "receivables_list"}
    assert all(
        set(each.identity) <= set(each.endpoint.properties) for each in STREAMS if each.name not in barred
    )
    assert why_not(BY_NAME["accounts"]) == ""

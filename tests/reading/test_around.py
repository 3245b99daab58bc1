"""What is known of divisions besides what was read of them."""

from __future__ import annotations

from typing import Any

import pytest

from tap_exact_online.board import Hint
from tap_exact_online.catalog import BY_NAME
from tap_exact_online.reading import Around
from tap_exact_online.state import Freshness

NOON = 1_800_000_000.0  # 2027-01-15 08:00 UTC
JOURNALS = BY_NAME["journals"]
ROW: dict[str, Any] = {"Code": 7, "Status": 1, "BlockingStatus": 0, "Modified": None}


@pytest.mark.parametrize(
    ("row", "dormant"),
    [
        ({}, False),
        ({"Status": 2}, True),
        ({"Status": 0}, True),
        ({"Status": None, "BlockingStatus": None}, False),
        ({"BlockingStatus": 1}, True),
    ],
)
def test_who_is_archived_inactive_or_blocked_sleeps(row: dict[str, Any], *, dormant: bool) -> None:
    around = Around.of([{**ROW, **row}], {})
    assert around.pair(JOURNALS, 7, None).dormant is dormant


def test_of_a_division_of_which_nothing_but_the_number_is_known_nothing_is_said() -> None:
    pair = Around.of([{"Code": 7}], {}).pair(JOURNALS, 7, Freshness(NOON))
    assert (pair.dormant, pair.hinted) == (False, False)


@pytest.mark.parametrize(
    ("modified", "hints", "hinted"),
    [
        (None, {}, False),
        (None, {Hint(7): NOON + 1}, True),
        (None, {Hint(7): NOON}, False),
        (None, {Hint(7, "journals"): NOON + 1}, True),
        (None, {Hint(7, "accounts"): NOON + 1, Hint(8): NOON + 1}, False),
        ("2027-01-15T08:00:01+00:00", {}, True),
        ("2027-01-15T09:00:01+01:00", {}, True),
        ("2027-01-15T08:00:00+00:00", {}, False),
        ("2027-01-15T08:00:01+00:00", {Hint(7): 5}, True),
        ("yesterday", {}, False),
        (17, {}, False),
    ],
)
def test_a_hint_or_a_change_of_the_division_itself_counts_until_it_was_read(
    modified: Any, hints: dict[Hint, int], *, hinted: bool
) -> None:
    around = Around.of([{**ROW, "Modified": modified}], hints)
    assert around.pair(JOURNALS, 7, Freshness(NOON)).hinted is hinted
    assert not around.pair(JOURNALS, 7, None).hinted, "what was never read goes first anyway"

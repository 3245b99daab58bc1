"""Hints: which are kept, and for how long."""

from __future__ import annotations

import json

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from tap_exact_online.board import Hint, given, hinted_at, opened_hints

NOON = 1_800_000_000.0
WEEK = 7 * 86_400


def test_hints_are_kept_with_the_second_in_which_they_were_given() -> None:
    first = given(None, [Hint(7), Hint(7, "items"), Hint(8, "items")], NOON + 0.9)
    assert opened_hints(first) == {Hint(7): NOON, Hint(7, "items"): NOON, Hint(8, "items"): NOON}
    second = given(first, [Hint(7, "items")], NOON + 60)
    assert opened_hints(second) == {Hint(7): NOON, Hint(7, "items"): NOON + 60, Hint(8, "items"): NOON}
    assert json.loads(first) == {"7": {"*": NOON, "items": NOON}, "8": {"items": NOON}}


@pytest.mark.parametrize(
    ("later", "left"),
    [
        pytest.param(0.0, 2, id="now"),
        pytest.param(WEEK - 1, 2, id="within-a-week"),
        pytest.param(WEEK, 1, id="after-a-week"),
        pytest.param(-WEEK, 2, id="of-a-clock-a-week-ahead"),
        pytest.param(-WEEK - 1, 1, id="of-the-far-future"),
    ],
)
def test_a_hint_is_kept_for_a_week(later: float, left: int) -> None:
    document = given(given(None, [Hint(7)], NOON), [Hint(8)], NOON + later)
    assert len(opened_hints(document)) == left


def test_of_too_many_the_newest_are_kept() -> None:
    document = None
    for number in range(3):
        hints = [Hint(number * 5000 + each, "sales_invoices") for each in range(5000)]
        document = given(document, hints, NOON + number)
    found = opened_hints(document)
    assert len(found) == 10_000
    assert min(found.values()) == NOON + 1
    assert len(document or b"") < 600_000, "a board takes no more"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b'{"a": {"*": 1}}',
        b'{"7": 1}',
        b'{"7": {"*": "x"}}',
        b'{"7": {"*": 1.5}}',
        b'{"7": {"\xff": 1}}',
        b"[" * 100_000,
    ],
    ids=range(9),
)
def test_a_damaged_document_holds_none_and_is_replaced(content: bytes) -> None:
    assert opened_hints(content) == {}
    assert opened_hints(given(content, [Hint(7)], NOON)) == {Hint(7): NOON}


@any_of(st.binary(max_size=50) | st.recursive(st.integers(), lambda inner: st.dictionaries(st.text(), inner)))
def test_whatever_stands_there_is_no_failure(content: object) -> None:
    document = content if isinstance(content, bytes) else json.dumps(content).encode()
    given(document, [Hint(7)], NOON)


@pytest.mark.parametrize(
    ("hints", "at"),
    [
        ({}, None),
        ({Hint(8): 5, Hint(7, "items"): 6}, None),
        ({Hint(7): 5}, 5),
        ({Hint(7, "accounts"): 4}, 4),
        ({Hint(7): 5, Hint(7, "accounts"): 4}, 5),
        ({Hint(7): 3, Hint(7, "accounts"): 4}, 4),
    ],
)
def test_the_last_hint_counts_for_the_stream_or_for_all(hints: dict[Hint, int], at: int | None) -> None:
    assert hinted_at(hints, 7, "accounts") == at

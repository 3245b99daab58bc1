"""Exactly what is named is forgotten, and a name that means nothing is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.state import Reread

SYNC = {"at": 5, "back": 2, "back_rows": 1, "read": [9, -1, 500]}
MODIFIED = {"at": "2026-01-01T00:00:00+00:00"}
REFUSED = {"refused": {"at": [1], "said": "no", "denied": False}}
STREAMS = ("accounts", "deleted", "journals")


def partition(division: int, **more: Any) -> dict[str, Any]:
    return {"context": {"Division": division}, **more}


def read() -> dict[str, Any]:
    """Return a state in which three streams were read in two divisions, and one in a third."""
    return {
        "bookmarks": {
            "accounts": {
                "by": "Timestamp",
                "partitions": [partition(division, **SYNC, **REFUSED) for division in (1, 2, 3)],
            },
            "deleted": {
                "by": "Timestamp",
                "partitions": [partition(division, **SYNC) for division in (1, 2)],
            },
            "journals": {
                "by": "Modified",
                "partitions": [partition(division, **MODIFIED) for division in (1, 2)],
            },
            "divisions": {"dates": {"1": {"DivisionMoveDate": None}}},
            "somebody_elses": {"partitions": [partition(1, **MODIFIED)]},
        }
    }


def forgotten(state: dict[str, Any]) -> set[tuple[str, int]]:
    """Return what has no bookmark any more."""
    return {
        (name, part["context"]["Division"])
        for name, bookmark in state["bookmarks"].items()
        for part in bookmark.get("partitions", ())
        if not {*SYNC} & {*part}
    }


@pytest.mark.parametrize(
    ("value", "gone"),
    [
        pytest.param({"divisions": [1]}, {(name, 1) for name in STREAMS}, id="a division"),
        pytest.param({"streams": ["accounts"]}, {("accounts", 1), ("accounts", 2)}, id="a stream"),
        pytest.param({"streams": ["journals"], "divisions": [2]}, {("journals", 2)}, id="both"),
        pytest.param(
            {"streams": ["journals"], "divisions": []}, {("journals", 1), ("journals", 2)}, id="an empty list"
        ),
        pytest.param(
            {"streams": ["accounts", "deleted"], "divisions": [1, 2]},
            {(name, division) for name in ("accounts", "deleted") for division in (1, 2)},
            id="several",
        ),
    ],
)
def test_what_is_named_is_forgotten_and_nothing_else(
    value: dict[str, Any], gone: set[tuple[str, int]]
) -> None:
    state = read()
    before = copy.deepcopy(state)
    reread = Reread.parse(value)
    assert reread is not None
    reread.apply(state, STREAMS, [1, 2])
    assert forgotten(state) == gone
    for name, bookmark in before["bookmarks"].items():
        for old, new in zip(
            bookmark.get("partitions", ()), state["bookmarks"][name].get("partitions", ()), strict=True
        ):
            division = old["context"]["Division"]
            left = {"context", "refused"} & {*old} if (name, division) in gone else {*old}
            assert new == {key: old[key] for key in left}
    assert state["bookmarks"]["divisions"] == before["bookmarks"]["divisions"]


@pytest.mark.parametrize(
    "value", [{}, {"streams": []}, {"divisions": []}, {"streams": None, "divisions": []}]
)
def test_nothing_named_is_nothing_read_anew(value: dict[str, Any]) -> None:
    assert Reread.parse(value) is None


@pytest.mark.parametrize(
    ("value", "says"),
    [
        pytest.param(
            {"streams": ["itmes"]},
            "there is no stream 'itmes'. Did you mean 'items'?",
            id="a stream that there is not",
        ),
        pytest.param({"stream": ["items"]}, "not stream", id="another key"),
        pytest.param({"streams": "items"}, "'streams' is no list of names", id="a text"),
        pytest.param({"streams": [1]}, "'streams' is no list of names", id="a number for a name"),
        pytest.param({"divisions": 1}, "'divisions' is no list of numbers", id="a number"),
        pytest.param({"divisions": ["1"]}, "'divisions' is no list of numbers", id="a text for a number"),
        pytest.param({"divisions": [True]}, "'divisions' is no list of numbers", id="true"),
    ],
)
def test_what_cannot_be_meant_is_refused(value: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^`reread`.*{says}") as caught:
        Reread.parse(value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("reread", "says"),
    [
        pytest.param(Reread(streams=frozenset({"accounts", "items"})), "not selected: items", id="stream"),
        pytest.param(Reread(divisions=frozenset({1, 9, 8})), "not read: 8, 9", id="divisions"),
    ],
)
def test_what_is_not_read_is_refused_and_the_state_is_as_it_was(reread: Reread, says: str) -> None:
    state = read()
    with pytest.raises(ConfigurationError, match=says):
        reread.apply(state, STREAMS, [1, 2])
    assert state == read()


def test_a_division_of_another_shard_is_left_to_it() -> None:
    state = read()
    Reread(divisions=frozenset({2, 3})).apply(state, STREAMS, [1, 2], others=[1, 2, 3])
    assert forgotten(state) == {(name, 2) for name in STREAMS}
    state = read()
    Reread(divisions=frozenset({3})).apply(state, STREAMS, [1, 2], others=[1, 2, 3])
    assert state == read()


def test_a_first_run_has_nothing_to_forget() -> None:
    state: dict[str, Any] = {}
    Reread(divisions=frozenset({1})).apply(state, STREAMS, [1])
    assert state == {}

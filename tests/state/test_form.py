"""States of earlier versions, and those that were made by hand, in the names of today."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from tap_exact_online.catalog import BY_NAME
from tap_exact_online.state import check_state
from tap_exact_online.state.form import carried_over, seconds_of

KEYS = {"accounts": "Timestamp", "deleted": "Timestamp", "journals": "Modified", "units": None}
MOMENT = "2026-01-01T12:30:45.678000+00:00"
SECOND = 1_767_270_645  # that moment
MINUTE = SECOND // 60
SYNC = {"replication_key": "Timestamp", "replication_key_value": 13_419_952_052}
MODIFIED = {"replication_key": "Modified", "replication_key_value": MOMENT}
REFUSED = {"at": [1_767_000_000], "said": "no", "denied": True}


def state(stream: str, *partitions: dict[str, Any], **of_all: Any) -> dict[str, Any]:
    parts = [{"context": {"Division": number}, **each} for number, each in enumerate(partitions, start=1)]
    return {"bookmarks": {stream: {"partitions": copy.deepcopy(parts), **of_all}}}


def carry(given: dict[str, Any]) -> dict[str, Any]:
    """Check a state, which carries it over; whatever comes of it is of today, and stays as it is."""
    check_state(given)
    once = copy.deepcopy(given)
    check_state(given)
    assert given == once
    return given


def test_the_keys_are_those_of_the_catalog() -> None:
    assert {name: BY_NAME[name].replication_key for name in KEYS} == KEYS


@pytest.mark.parametrize(
    ("stream", "before", "after"),
    [
        pytest.param(
            "accounts",
            {
                **SYNC,
                "reread_from": 13_419_951_052,
                "reread_rows": 7,
                "fields": "0a1b2c3d",
                "swept": MOMENT,
                "unread": [5, 9],
                "refused": REFUSED,
            },
            {
                "at": 13_419_952_052,
                "back": 1_000,
                "back_rows": 7,
                "has": "0a1b2c",
                "all": SECOND,
                "unread": [5, 9],
                "refused": REFUSED,
            },
            id="every name of a Sync stream",
        ),
        pytest.param(
            "deleted",
            {**SYNC, "read_at": "2026-01-01T12:30:45+00:00", "fields": "x"},
            {"at": 13_419_952_052, "read": [MINUTE], "has": "x"},
            id="the log of deletes",
        ),
        pytest.param(
            "journals",
            {**MODIFIED, "asked": SECOND, "asked_for": "0a1b2c3d", "sweep": MOMENT, "headers": MOMENT},
            {"at": MOMENT, "read": [MINUTE], "asked_for": "0a1b2c", "sweep": MOMENT, "headers": MOMENT},
            id="by Modified, and seldom",
        ),
        pytest.param(
            "units",
            {"asked": SECOND, "empty": True, "parts": {"fields": "0a1b2c3d", "2024": 5}, "years": {"at": 5}},
            {"read": [MINUTE], "empty": True, "parts": {"fields": "0a1b2c", "2024": 5}, "years": {"at": 5}},
            id="read whole",
        ),
        pytest.param("accounts", {}, {}, id="nothing yet"),
        pytest.param("accounts", {"replication_key_value": 5}, {"at": 5}, id="of no key, by hand"),
        pytest.param("accounts", {**SYNC, "replication_key_value": 0}, {"at": 0}, id="0"),
        pytest.param("accounts", {**SYNC, "replication_key_value": None}, {}, id="null"),
        pytest.param("accounts", {"replication_key": "Timestamp"}, {}, id="a key alone"),
        pytest.param(
            "accounts",
            {**SYNC, "replication_key_value": "9223372036854775807", "reread_from": 2**63 - 8},
            {"at": 2**63 - 1, "back": 7},
            id="a text, and still the place behind it",
        ),
        pytest.param(
            "accounts",
            {**SYNC, "replication_key": "Modified", "reread_from": 5, "fields": "x"},
            {"has": "x"},
            id="of another key",
        ),
        pytest.param("accounts", {**SYNC, "replication_key": ["Timestamp"]}, {}, id="of a list for a key"),
        pytest.param("accounts", {**SYNC, "replication_key": {"a": 1}}, {}, id="of an object for a key"),
        pytest.param("units", {**SYNC, "reread_from": 5}, {}, id="of a stream that is read whole now"),
        pytest.param("deleted", {**SYNC, "asked": 60, "read_at": MOMENT}, {"at": 13_419_952_052, "read": [MINUTE]}, id="both moments"),
        pytest.param(
            "deleted",
            {**SYNC, "asked": 120, "read_at": "yesterday"},
            {"at": 13_419_952_052, "read": [2]},
            id="a moment that is none",
        ),
        pytest.param(
            "accounts",
            {"at": 9, "back": 2, "back_rows": 3, "has": "a", "all": 5, "read": [7, -1, 9], **SYNC, "reread_from": 5,
             "reread_rows": 8, "fields": "b", "swept": MOMENT, "asked": SECOND},
            {"at": 9, "back": 2, "back_rows": 3, "has": "a", "all": 5, "read": [7, -1, 9]},
            id="both forms",
        ),
    ],
)  # fmt: skip
def test_a_partition_of_an_earlier_version(
    stream: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    found = carry(state(stream, before))
    by = {"by": KEYS[stream]} if "at" in after else {}
    assert found == state(stream, after, **by)


@pytest.mark.parametrize(
    ("place", "after"),
    [
        pytest.param(1, {"back": 99, "back_rows": 4}, id="the lowest"),
        pytest.param(99, {"back": 1, "back_rows": 4}, id="just below"),
        pytest.param(100, {}, id="the bookmark itself"),
        pytest.param(101, {}, id="above it"),
        pytest.param(0, {}, id="0"),
        pytest.param(-5, {}, id="below 0"),
        pytest.param(10**400, {}, id="beyond all numbers"),
        pytest.param("5", {}, id="a text"),
        pytest.param(True, {}, id="a truth"),
        pytest.param(5.5, {}, id="a fraction"),
        pytest.param([5], {}, id="a list"),
        pytest.param(None, {}, id="null"),
    ],
)
def test_the_place_to_begin_from_is_written_as_a_distance(place: Any, after: dict[str, Any]) -> None:
    given = {
        "replication_key": "Timestamp",
        "replication_key_value": 100,
        "reread_from": place,
        "reread_rows": 4,
    }
    assert carry(state("accounts", given)) == state("accounts", {"at": 100, **after}, by="Timestamp")


ODD: tuple[Any, ...] = (
    *(None, True, False, 5, -5, 10**12, 10**400, 5.5, float("inf"), "", "x", "5", [], [1], {}, {"a": 1}),
    *("2026-01-01", "2026-01-01T00:00:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:20])
@pytest.mark.parametrize(
    "name",
    ["replication_key", "reread_from", "reread_rows", "fields", "swept", "read_at", "asked", "asked_for", "parts", "back", "has", "all", "read"],
)  # fmt: skip
def test_whatever_stands_under_a_name_neither_raises_nor_costs_a_bookmark(name: str, odd: Any) -> None:
    found = carry(state("accounts", SYNC, {**SYNC, name: odd}, by="Timestamp"))
    first, second = found["bookmarks"]["accounts"]["partitions"]
    assert first["at"] == 13_419_952_052
    assert ("at" in second) is (name != "replication_key" or odd is None)
    assert not {
        "replication_key",
        "replication_key_value",
        "reread_from",
        "reread_rows",
        "fields",
        "swept",
    } & {*second}


def test_one_division_that_has_a_bookmark_says_what_all_are_of() -> None:
    found = carry(state("accounts", {}, SYNC, {**SYNC, "replication_key": "Modified"}))
    assert found == state("accounts", {}, {"at": 13_419_952_052}, {}, by="Timestamp")


@pytest.mark.parametrize("by", ["Modified", "x", 5, [1], None])
def test_what_a_stream_says_its_bookmarks_are_of_stays(by: Any) -> None:
    assert carry(state("accounts", {"at": 5}, by=by)) == state("accounts", {"at": 5}, by=by)


def test_a_bookmark_of_today_that_says_no_key_is_of_the_streams_own() -> None:
    assert carry(state("accounts", {"at": 5})) == state("accounts", {"at": 5}, by="Timestamp")


def test_what_is_said_of_a_stream_and_other_streams_are_left_as_they_are() -> None:
    of_all: dict[str, Any] = {
        "fields": {"0a1b2c3d": "ID,Name"},
        "withdrawn": {"Box": 5},
        "modified": {"filled": True},
    }
    given = state("accounts", SYNC, **of_all)
    given["bookmarks"] |= {
        "of_tomorrow": {"partitions": [{**SYNC}]},
        "divisions": {"dates": {"1": {}}},
        "journals": {},
    }
    found = carry(given)["bookmarks"]
    of_all["fields"] = {"0a1b2c": "ID,Name"}  # a shorter name for the same
    assert found["accounts"] == {**state("accounts", {"at": SYNC["replication_key_value"]})["bookmarks"]["accounts"], **of_all, "by": "Timestamp"}  # fmt: skip
    assert found["of_tomorrow"] == {"partitions": [{**SYNC}]}
    assert found["divisions"] == {"dates": {"1": {}}}
    assert found["journals"] == {}


@pytest.mark.parametrize("given", [{}, {"bookmarks": {}}, {"bookmarks": {"accounts": {}}}])
def test_a_state_without_anything_stays_without(given: dict[str, Any]) -> None:
    before = copy.deepcopy(given)
    carried_over(given, KEYS)
    assert given == before


def test_seconds_are_a_number_that_a_clock_may_show() -> None:
    assert seconds_of(SECOND) == datetime.fromisoformat(MOMENT).replace(microsecond=0, tzinfo=UTC).timestamp()
    assert seconds_of(0) == 0
    assert [odd for odd in ODD if odd is not True and seconds_of(odd) is not None] == [5]

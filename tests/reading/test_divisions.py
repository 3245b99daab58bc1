"""Which divisions a run reads."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import requests_mock
from hypothesis import given
from hypothesis import strategies as st

from tap_exact_online.errors import ConfigurationError, Denied, Refused
from tap_exact_online.reading.client import Client
from tap_exact_online.reading.divisions import Choice, Shard, granted_divisions
from tests.fakes import BASE

ME = f"{BASE}/api/v1/current/Me"
SELECT = ["Code", "Description", "Status"]


def listed_under(division: int) -> str:
    return f"{BASE}/api/v1/{division}/system/Divisions"


# --- Shards and choices --------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 10**7), unique=True), st.integers(1, 9))
def test_the_parts_hold_every_division_exactly_once(divisions: list[int], parts: int) -> None:
    picked = [Choice(shard=Shard(part, parts)).pick(divisions) for part in range(1, parts + 1)]
    assert sorted(code for part in picked for code in part) == sorted(divisions)


@pytest.mark.parametrize(
    ("division", "of", "part"),
    [(1, 4, 2), (7, 4, 3), (123456, 2, 1), (123456, 3, 2), (2_000_001, 8, 5), (3_141_592, 100, 1)],
)
def test_a_division_stays_in_its_part_for_ever(division: int, of: int, part: int) -> None:
    assert [n for n in range(1, of + 1) if Shard(n, of).holds(division)] == [part]


def test_numbers_in_a_row_spread_over_the_parts() -> None:
    sizes = Counter(
        part for code in range(1_000_000, 1_001_000) for part in range(1, 5) if Shard(part, 4).holds(code)
    )
    assert min(sizes.values()) > 200


@pytest.mark.parametrize(
    ("text", "shard"),
    [("1/1", Shard(1, 1)), ("2/4", Shard(2, 4)), (" 4 / 4 ", Shard(4, 4)), ("02/10", Shard(2, 10))],
)
def test_a_shard_is_read(text: str, shard: Shard) -> None:
    assert Shard.parse(text) == shard


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "1",
        "1/",
        "/4",
        "0/4",
        "5/4",
        "1/0",
        "-1/4",
        "1/-4",
        "1.0/4",
        "a/b",
        "1/4/4",
        "2 4",
        "\u00b2/4",
    ],
)
def test_what_is_no_shard_is_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"`shard`.*2/4"):
        Shard.parse(text)


@pytest.mark.parametrize(
    ("choice", "picked", "missing"),
    [
        pytest.param(Choice(), [1, 2, 3], [], id="all"),
        pytest.param(Choice(only={3, 1}), [1, 3], [], id="some"),
        pytest.param(Choice(exclude={2, 9}), [1, 3], [], id="all-but"),
        pytest.param(Choice(only={1, 2}, exclude={2}), [1], [], id="exclusion-wins"),
        pytest.param(Choice(only={1, 8, 9}), [1], [8, 9], id="not-granted"),
        pytest.param(Choice(only={1, 9}, exclude={9}), [1], [], id="not-granted-and-not-wanted"),
        pytest.param(Choice(only={9}), [], [9], id="none"),
        pytest.param(Choice(only={1, 2, 3}, shard=Shard(1, 1)), [1, 2, 3], [], id="one-part"),
    ],
)
def test_a_choice_narrows_what_is_granted(choice: Choice, picked: list[int], missing: list[int]) -> None:
    assert choice.pick([3, 1, 2, 1]) == picked
    assert choice.missing([3, 1, 2]) == missing


# --- What is granted -----------------------------------------------------------------------------------------


def me(mock: requests_mock.Mocker, division: Any) -> None:
    mock.get(ME, json={"d": {"results": [{"CurrentDivision": division}]}})


def row(code: Any) -> dict[str, Any]:
    return {"__metadata": {}, "Code": code, "Description": f"Company {code}", "Status": 1}


def test_the_list_is_read_page_by_page_under_the_current_division(
    client: Client, requests_mock: requests_mock.Mocker
) -> None:
    me(requests_mock, 7)
    link = f"{listed_under(7)}?$skiptoken=8"
    requests_mock.get(listed_under(7), json={"d": {"results": [row(7), row(8)], "__next": link}})
    requests_mock.get(link, json={"d": {"results": [row(9)]}})
    assert granted_divisions(client, SELECT).rows == [
        {"Code": code, "Description": f"Company {code}", "Status": 1, "Division": code} for code in (7, 8, 9)
    ]
    assert [request.qs for request in requests_mock.request_history[:2]] == [
        {"$select": ["currentdivision"]},
        {"$select": ["code,description,status"]},
    ]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"d": {"CurrentDivision": 7}}, id="single-record"),
        pytest.param({"d": [{"CurrentDivision": 7}]}, id="list"),
    ],
)
def test_the_current_division_comes_in_any_envelope(
    answer: Any, client: Client, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(ME, json=answer)
    requests_mock.get(listed_under(7), json={"d": [row(7)]})
    assert [found["Code"] for found in granted_divisions(client, SELECT).rows] == [7]


def test_another_division_is_tried_where_the_current_one_is_closed(
    client: Client, requests_mock: requests_mock.Mocker
) -> None:
    me(requests_mock, 7)
    closed = requests_mock.get(listed_under(7), status_code=403, headers={"Reason": "NoDivisionAccess"})
    requests_mock.get(listed_under(8), json={"d": [row(8), row(9)]})
    assert [found["Code"] for found in granted_divisions(client, SELECT, [7, 8]).rows] == [8, 9]
    assert closed.call_count == 1


@pytest.mark.parametrize("answer", [[], [{"CurrentDivision": None}], [{"CurrentDivision": 0}], [{}]])
def test_without_a_current_division_a_configured_one_is_used(
    answer: Any, client: Client, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(ME, json={"d": answer})
    requests_mock.get(listed_under(8), json={"d": [row(8)]})
    assert [found["Code"] for found in granted_divisions(client, SELECT, [8]).rows] == [8]


@pytest.mark.parametrize("reason", ["BlockedUser", "LicenseExpired", "BlockedCustomer"])
def test_a_denial_for_another_reason_is_said_as_it_is(
    reason: str, client: Client, requests_mock: requests_mock.Mocker
) -> None:
    me(requests_mock, 7)
    requests_mock.get(listed_under(7), status_code=403, headers={"Reason": reason})
    requests_mock.get(listed_under(8), status_code=403, headers={"Reason": "NoDivisionAccess"})
    with pytest.raises(Denied, match=reason):
        granted_divisions(client, SELECT, [8])


def test_a_division_that_refuses_a_good_token_is_gone_round(
    client: Client, requests_mock: requests_mock.Mocker
) -> None:
    me(requests_mock, 7)
    requests_mock.get(listed_under(7), status_code=401)
    requests_mock.get(listed_under(8), json={"d": [row(8), row(9)]})
    assert [found["Code"] for found in granted_divisions(client, SELECT, [8]).rows] == [8, 9]
    with pytest.raises(Refused, match="401"):
        granted_divisions(client, SELECT)


def test_a_division_that_cannot_be_understood_is_not_dropped_in_silence(
    client: Client, requests_mock: requests_mock.Mocker
) -> None:
    me(requests_mock, 7)
    requests_mock.get(listed_under(7), json={"d": [row(7), {**row(8), "Status": "closed"}]})
    page = granted_divisions(client, SELECT)
    assert [found["Code"] for found in page.rows] == [7]
    assert [line.split(":")[0] for line in page.rejected] == ["Code 8"]


def test_a_missing_scope_is_no_reason_to_try_elsewhere(
    client: Client, requests_mock: requests_mock.Mocker
) -> None:
    me(requests_mock, 7)
    requests_mock.get(
        listed_under(7),
        status_code=403,
        text="Forbidden - Application Scope Violated.\nCannot read 'organization.administration' scope.",
    )
    with pytest.raises(Denied, match=r"organization\.administration"):
        granted_divisions(client, SELECT, [8])
    assert requests_mock.call_count == 2


def test_where_every_division_is_closed_the_message_says_where_to_open_one(
    client: Client, requests_mock: requests_mock.Mocker
) -> None:
    me(requests_mock, 7)
    requests_mock.get(listed_under(7), status_code=403, headers={"Reason": "NoDivisionAccess"})
    with pytest.raises((ConfigurationError, Denied), match="Manage companies"):
        granted_divisions(client, SELECT)


@pytest.mark.parametrize("current", [7, None])
def test_nothing_granted_says_where_to_grant(
    current: int | None, client: Client, requests_mock: requests_mock.Mocker
) -> None:
    me(requests_mock, current)
    requests_mock.get(listed_under(7), json={"d": {"results": []}})
    with pytest.raises(ConfigurationError, match="Manage companies"):
        granted_divisions(client, SELECT)

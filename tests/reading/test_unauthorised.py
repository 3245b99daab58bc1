"""A 401: whether it is about the token or about one call, and what that costs."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests
import requests_mock

from tap_exact_online.errors import LoginNeeded, Refused, Unreachable
from tap_exact_online.reading.client import Client
from tap_exact_online.reading.witness import who_am_i
from tests.fakes import BASE, SECRET, Clock, Tokens, rows
from tests.reading.asking import HTML, ME, ME_ANSWERS, URL, call_in, read

EXPIRED = {"WWW-Authenticate": 'Bearer error="invalid_token", error_description="access token expired"'}


def test_after_a_401_that_says_so_the_call_is_made_once_more_with_another_token(
    client: Client, tokens: Tokens, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(URL, [{"status_code": 401, "headers": EXPIRED}, rows("a")])
    assert read(client) == ["a"]
    assert tokens.refused == [f"{SECRET}-0"]
    assert requests_mock.last_request.headers["Authorization"] == f"Bearer {SECRET}-1"
    assert clock.slept == []
    assert requests_mock.call_count == 2


def test_a_401_that_says_nothing_is_believed_where_a_witness_says_the_same(
    client: Client, tokens: Tokens, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(URL, [{"status_code": 401}, rows("a")])
    witness = requests_mock.get(ME, status_code=401)
    assert read(client) == ["a"]
    assert witness.last_request.headers["Authorization"] == f"Bearer {SECRET}-0"
    assert witness.last_request.query == "$select=currentdivision"
    assert witness.call_count == 1
    assert tokens.refused == [f"{SECRET}-0"]
    assert requests_mock.last_request.headers["Authorization"] == f"Bearer {SECRET}-1"
    assert clock.slept == []


@pytest.mark.parametrize("says", [{}, EXPIRED], ids=["says nothing", "says expired"])
def test_a_second_401_needs_a_person(
    says: dict[str, str], client: Client, tokens: Tokens, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(URL, status_code=401, headers=says)
    requests_mock.get(ME, status_code=401)
    with pytest.raises(LoginNeeded) as caught:
        read(client)
    assert len(tokens.refused) == 1
    assert SECRET not in str(caught.value)


def test_a_401_of_the_witness_itself_is_about_the_token(
    client: Client, tokens: Tokens, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(ME, [{"status_code": 401}, ME_ANSWERS])
    client.get(*who_am_i(BASE))
    assert requests_mock.call_count == 2
    assert len(tokens.refused) == 1


@pytest.mark.parametrize(
    "witness",
    [
        pytest.param({"json": {"d": {"results": [{"CurrentDivision": 7}]}}}, id="an answer"),
        pytest.param({"status_code": 403, "headers": {"Reason": "BlockedUser"}}, id="a verdict on rights"),
    ],
)
def test_a_good_token_that_one_endpoint_refuses_is_kept_and_the_rest_goes_on(
    witness: dict[str, Any], client: Client, tokens: Tokens, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    refused = requests_mock.get(URL, status_code=401)
    me = requests_mock.get(ME, **witness)
    other = call_in(7, "sync/CRM/Contacts")
    requests_mock.get(other.url, **rows("a"))
    for _ in range(2):
        with pytest.raises(Refused, match=r"accepts the same access token elsewhere") as caught:
            read(client)
        assert caught.value.status == 401
    assert (refused.call_count, me.call_count) == (2, 1)
    assert tokens.refused == []
    assert sum(clock.slept) < 10
    assert read(client, other) == ["a"]


def test_a_401_that_passes_costs_a_witness_and_a_short_wait(
    client: Client, tokens: Tokens, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(URL, [{"status_code": 401}, rows("a")])
    requests_mock.get(ME, **ME_ANSWERS)
    assert read(client) == ["a"]
    assert tokens.refused == []
    assert len(clock.slept) == 1
    assert clock.slept[0] < 10


def test_a_division_that_refuses_a_good_token_costs_one_call_for_each_endpoint(
    client: Client, tokens: Tokens, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    division = requests_mock.get(re.compile("/api/v1/7/"), status_code=401)
    me = requests_mock.get(ME, **ME_ANSWERS)
    requests_mock.get(call_in(8).url, **rows("a"))
    for number in range(10):
        with pytest.raises(Refused, match="401"):
            read(client, call_in(7, f"sync/{number}"))
    assert (division.call_count, me.call_count) == (11, 1)
    assert tokens.refused == []
    assert sum(clock.slept) < 10
    assert read(client, call_in(8)) == ["a"]


def test_a_token_is_known_to_be_good_for_a_minute_only(
    client: Client, tokens: Tokens, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(re.compile("/api/v1/7/"), status_code=401)
    me = requests_mock.get(ME, [ME_ANSWERS, {"status_code": 401}])
    with pytest.raises(Refused, match="401"):
        read(client)
    clock.now += 60
    with pytest.raises((Refused, LoginNeeded)):
        read(client, call_in(7, "sync/CRM/Contacts"))
    assert me.call_count >= 2
    assert len(tokens.refused) == 1


def test_an_answer_that_calls_a_good_token_expired_is_believed_once(
    client: Client, tokens: Tokens, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(re.compile("/api/v1/"), status_code=401, headers=EXPIRED)
    requests_mock.get(ME, **ME_ANSWERS)
    for division in (7, 8, 9):
        with pytest.raises(Refused, match="elsewhere"):
            read(client, call_in(division))
    assert len(tokens.refused) == 1


@pytest.mark.parametrize(
    "silent",
    [
        {"status_code": 503},
        {"status_code": 403, **HTML},
        {"text": "<html>log in</html>"},
        {"exc": requests.ConnectTimeout},
    ],
    ids=["out of order", "an edge", "a page", "no answer"],
)
def test_a_witness_that_does_not_answer_is_no_reason_to_renew(
    silent: dict[str, Any], client: Client, tokens: Tokens, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(URL, [{"status_code": 401}, {"status_code": 401}, rows("a")])
    requests_mock.get(ME, **silent)
    assert read(client) == ["a"]
    assert tokens.refused == []
    assert len(clock.slept) == 2
    requests_mock.get(URL, status_code=401)
    with pytest.raises(Unreachable, match="current/Me"):
        read(client)
    assert tokens.refused == []

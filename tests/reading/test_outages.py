"""Refusals that are none of Exact's, denials of what could be read, and a lasting 500: waited out, then a failure by name."""

from __future__ import annotations

from typing import Any

import pytest
import requests_mock

from tap_exact_online.errors import Denied, Unreachable
from tap_exact_online.reading.client import Client
from tap_exact_online.reading.witness import who_am_i
from tap_exact_online.wire.calls import Call, Send
from tests.fakes import BASE, NOON, Clock, rows
from tests.reading.asking import DECODER, HTML, ME, ME_ANSWERS, PATH, URL, call_in, read


@pytest.mark.parametrize("body", [HTML, {"text": ""}, {"json": {"fault": {"faultstring": "no"}}}])
@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refusal_that_is_not_exacts_is_waited_out(
    status: int, body: dict[str, Any], client: Client, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    edge = {"status_code": status, **body}
    requests_mock.get(URL, [rows("a"), edge, edge, edge, rows("b")])
    assert read(client) == ["a"]
    assert read(client) == ["b"]
    assert len(clock.slept) == 3
    assert 180 < sum(clock.slept) < 300


@pytest.mark.parametrize("status", [400, 403, 404])
def test_one_that_stays_is_no_right_that_is_missing_and_leaves_the_next_run_a_call(
    status: int, client: Client, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(URL, **rows("a"))
    read(client)
    edge = requests_mock.get(URL, status_code=status, **HTML)
    for _ in range(2):
        with pytest.raises(Unreachable, match=f"{status}, but not in Exact's own words: an HTML page"):
            read(client)
    assert edge.call_count == 4
    assert client.errors.left(7, PATH) == 1


def test_a_run_that_has_one_call_left_makes_one(
    client: Client, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(call_in(8).url, **rows("a"))
    read(client, call_in(8))
    client.errors.recall(7, PATH, [NOON - 300] * 4)
    requests_mock.get(URL, status_code=403, **HTML)
    with pytest.raises(Unreachable):
        read(client)
    assert requests_mock.call_count == 2
    assert clock.slept == []


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_wrong_address_that_refuses_is_given_up_soon_and_the_settings_are_named(
    status: int, client: Client, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(ME, status_code=status, **HTML)
    with pytest.raises(Unreachable, match=r"`region` and `base_url`"):
        client.get(*who_am_i(BASE))
    assert requests_mock.call_count == 3
    assert sum(clock.slept) < 10


DENIED: dict[str, Any] = {"status_code": 403, "headers": {"Reason": "Forbidden"}, "text": "Forbidden"}
CLOSED: dict[str, Any] = {"status_code": 403, "headers": {"Reason": "DivisionBlocked"}}


@pytest.mark.parametrize("denial", [DENIED, CLOSED], ids=["a right", "the division"])
def test_what_could_be_read_a_page_ago_is_not_denied_for_lack_of_a_right(
    denial: dict[str, Any], client: Client, requests_mock: requests_mock.Mocker
) -> None:
    link = f"{URL}?page=2"
    requests_mock.get(URL, **rows("a", link=link))
    second = requests_mock.get(link, [denial, rows("b")])
    assert read(client) == ["a", "b"]
    denied = requests_mock.get(link, **denial)
    with pytest.raises(Unreachable, match=r"403.* It could be read earlier in this run, though"):
        read(client)
    assert (second.call_count, denied.call_count) == (2, 3)


def test_a_division_that_closes_in_the_middle_of_a_run_is_loud_and_asked_nothing_more(
    client: Client, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(URL, **rows("a"))
    read(client)
    closed = requests_mock.get(URL.replace("Accounts", "Contacts"), **CLOSED)
    for endpoint in ("sync/CRM/Contacts", "hrm/Costcenters", PATH):
        with pytest.raises(Unreachable, match="DivisionBlocked"):
            read(client, Call(endpoint, URL.replace("Accounts", "Contacts"), 7))
    assert closed.call_count == 4


@pytest.mark.parametrize("path", ["system/Divisions", "read/sync/Sync/SyncTimestamp"])
def test_what_shows_nothing_of_a_division_contradicts_no_denial(
    path: str, client: Client, requests_mock: requests_mock.Mocker
) -> None:
    url = f"{BASE}/api/v1/7/{path}"
    requests_mock.get(url, [rows("a"), CLOSED])
    assert read(client, Call(path, url, 7)) == ["a"]
    with pytest.raises(Denied):
        read(client, Call(path, url, 7))
    assert requests_mock.call_count == 2


# --- A lasting 500 -------------------------------------------------------------------------------------------


def test_an_endpoint_that_failed_before_is_given_up_sooner_where_the_server_works(
    client: Client, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    me = requests_mock.get(ME, **ME_ANSWERS)
    tries, waits = [], []
    for division in (7, 8, 9):
        failing = requests_mock.get(call_in(division).url, status_code=500, text="An error has occurred")
        before = sum(clock.slept)
        with pytest.raises(Unreachable, match="Exact uses 500 for wrong input, too"):
            read(client, call_in(division))
        tries.append(failing.call_count)
        waits.append(sum(clock.slept) - before)
    assert tries == [8, 4, 4]
    assert me.call_count == 2
    assert max(waits[1:]) < 20


def test_a_server_where_nothing_works_keeps_its_time(
    client: Client, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(ME, status_code=500)
    for division in (7, 8):
        failing = requests_mock.get(call_in(division).url, status_code=500)
        with pytest.raises(Unreachable):
            read(client, call_in(division))
        assert failing.call_count == 8


def test_what_fails_while_others_are_answered_is_given_up_sooner(
    client: Client, requests_mock: requests_mock.Mocker
) -> None:
    failing = requests_mock.get(call_in(7).url, status_code=500)
    requests_mock.get(call_in(8).url, **rows("a"))
    conversation = client.ask(call_in(7), DECODER.decode)

    def go_on() -> None:
        need = next(conversation)
        while True:
            answer = (
                client.transport.send(need.call.url, need.token, need.read)
                if isinstance(need, Send)
                else None
            )
            need = conversation.send(answer)
            read(client, call_in(8))

    with pytest.raises(Unreachable):
        go_on()
    assert failing.call_count == 4


def test_an_edge_that_blocks_one_endpoint_everywhere_costs_its_minutes_once(
    client: Client, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(ME, **ME_ANSWERS)
    requests_mock.get(call_in(6, "hrm/Costcenters").url, **rows("a"))
    read(client, call_in(6, "hrm/Costcenters"))
    tries, waits = [], []
    for division in (7, 8, 9):
        edge = requests_mock.get(call_in(division).url, status_code=403, **HTML)
        before = sum(clock.slept)
        with pytest.raises(Unreachable):
            read(client, call_in(division))
        tries.append(edge.call_count)
        waits.append(sum(clock.slept) - before)
    assert tries == [4, 2, 2]
    assert max(waits[1:]) < 20

"""One call: repeated where that helps, within the limits, and never against a wall."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import requests
import requests_mock

from tap_exact_online.errors import Denied, LimitReached, ReadError, Refused, Unreachable
from tap_exact_online.reading.client import Client
from tap_exact_online.wire.calls import Call, address
from tests.fakes import BASE, NOON, SECRET, Clock, Tokens, rows
from tests.reading.asking import ME, PATH, URL, read

# --- One call ------------------------------------------------------------------------------------------------


def test_an_address_is_built_of_its_parts_and_stays_readable() -> None:
    options = {"$filter": "Modified ge datetime'2024-01-31T00:00:00'", "$select": "ID,Name"}
    assert address(BASE, "crm/Accounts", 7, options) == (
        f"{BASE}/api/v1/7/crm/Accounts?$filter=Modified%20ge%20datetime'2024-01-31T00:00:00'&$select=ID,Name"
    )
    assert address(BASE, "current/Me", options={"$select": "a&b=c#d"}) == (
        f"{BASE}/api/v1/current/Me?$select=a%26b%3Dc%23d"
    )
    assert address(BASE, "current/Me") == f"{BASE}/api/v1/current/Me"


def test_a_call_says_what_it_wants_and_who_asks(client: Client, requests_mock: requests_mock.Mocker) -> None:
    requests_mock.get(URL, **rows("a"))
    assert read(client) == ["a"]
    sent = requests_mock.last_request
    assert sent.headers["Accept"] == "application/json"
    assert sent.headers["User-Agent"] == "tap/1"
    assert sent.headers["Authorization"] == f"Bearer {SECRET}-0"
    assert client.calls == 1


def test_a_password_in_a_netrc_file_does_not_replace_the_token(
    client: Client, requests_mock: requests_mock.Mocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine start.exactonline.nl login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth(URL) == ("someone", "else")
    requests_mock.get(URL, **rows("a"))
    read(client)
    assert requests_mock.last_request.headers["Authorization"] == f"Bearer {SECRET}-0"


@pytest.mark.parametrize(
    ("failure", "shortest"),
    [
        pytest.param({"status_code": 408}, 5.0, id="408"),
        pytest.param({"status_code": 500, "text": "Oops"}, 1.0, id="500"),
        pytest.param({"status_code": 503, "text": "Maintenance"}, 1.0, id="503"),
        pytest.param({"status_code": 504}, 1.0, id="504"),
        pytest.param({"status_code": 200, "text": ""}, 1.0, id="empty-200"),
        pytest.param({"status_code": 200, "text": '{"d":{"results":[{'}, 1.0, id="cut-short"),
        pytest.param({"status_code": 200, "text": "<feed/>"}, 1.0, id="xml"),
        pytest.param({"exc": requests.ConnectTimeout}, 1.0, id="connect-timeout"),
        pytest.param({"exc": requests.ReadTimeout}, 1.0, id="read-timeout"),
        pytest.param({"exc": requests.ConnectionError}, 1.0, id="connection"),
        pytest.param({"exc": requests.exceptions.ChunkedEncodingError}, 1.0, id="broken-in-the-middle"),
    ],
)
def test_trouble_on_the_way_is_tried_again(
    failure: dict[str, Any],
    shortest: float,
    client: Client,
    clock: Clock,
    requests_mock: requests_mock.Mocker,
) -> None:
    requests_mock.get(URL, [failure, failure, rows("a")])
    assert read(client) == ["a"]
    assert len(clock.slept) == 2
    assert min(clock.slept) >= shortest
    assert clock.slept[1] > 0


def test_a_server_that_never_answered_is_given_up_soon_and_the_settings_are_named(
    client: Client, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(URL, exc=requests.ConnectionError)
    with pytest.raises(Unreachable, match=r"`region` and `base_url`") as caught:
        read(client)
    assert requests_mock.call_count == 3
    assert sum(clock.slept) < 10
    assert SECRET not in str(caught.value)


def test_a_server_that_answered_before_is_given_some_minutes(
    client: Client, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(URL, **rows("a"))
    read(client)
    requests_mock.get(URL, status_code=500, text="Out of luck")
    with pytest.raises(Unreachable, match="Out of luck") as caught:
        read(client)
    assert "base_url`" not in str(caught.value)
    assert 60 < sum(clock.slept) < 600
    assert max(clock.slept) <= 75


@pytest.mark.parametrize("answer", [{"status_code": 503, "text": "Maintenance"}, {"content": b""}])
def test_maintenance_is_waited_out_for_an_hour(
    answer: dict[str, Any], client: Client, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(URL, **rows("a"))
    read(client)
    requests_mock.get(URL, **answer)
    with pytest.raises(Unreachable):
        read(client)
    assert 3600 <= sum(clock.slept) < 4800


def test_the_token_is_taken_after_the_wait_for_the_limit(
    client: Client, tokens: Tokens, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(URL, [{"status_code": 429}, rows("a")])
    assert read(client) == ["a"]
    assert tokens.asked == [NOON, NOON + sum(clock.slept)]


# --- Limits --------------------------------------------------------------------------------------------------


def test_a_wait_for_a_limit_is_told_from_one_for_the_server(
    client: Client, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    rested: list[float] = []

    def rest(seconds: float) -> None:
        rested.append(seconds)
        clock.now += seconds

    client.rest = rest
    requests_mock.get(URL, [{"status_code": 429}, {"status_code": 503}, rows("a")])
    assert read(client) == ["a"]
    assert rested == [40.0]
    assert len(clock.slept) == 1


def test_a_429_without_headers_waits_for_the_next_clock_minute(
    client: Client, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(URL, [{"status_code": 429}, rows("a")])
    read(client)
    assert clock.now == NOON - NOON % 60 + 60


def test_a_minute_that_is_used_up_is_waited_for_before_the_call(
    client: Client, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    resets = NOON + 33
    headers = {"X-RateLimit-Minutely-Remaining": "0", "X-RateLimit-Minutely-Reset": str(int(resets * 1000))}
    requests_mock.get(URL, headers=headers, **rows("a"))
    read(client)
    assert clock.slept == []
    read(client)
    assert clock.now == resets


def test_a_day_that_is_used_up_ends_in_the_time_to_come_back(
    client: Client, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    midnight = NOON - NOON % 86_400 + 86_400
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(midnight * 1000))}
    requests_mock.get(URL, status_code=429, headers=headers)
    for _ in range(3):
        with pytest.raises(LimitReached) as caught:
            read(client)
        assert caught.value.until is not None
        assert caught.value.until.timestamp() == midnight
    assert requests_mock.call_count == 1
    assert clock.slept == []


def test_a_division_that_is_refused_again_and_again_is_left(
    client: Client, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(URL, status_code=429, headers={"X-RateLimit-Remaining": "4000"})
    with pytest.raises(LimitReached, match="429"):
        read(client)
    assert requests_mock.call_count == 5
    assert clock.now <= NOON + 5 * 60


def test_the_limit_of_one_division_holds_up_no_other(
    client: Client, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(URL, headers={"X-RateLimit-Minutely-Remaining": "0"}, **rows("a"))
    other = URL.replace("/7/", "/8/")
    requests_mock.get(other, **rows("b"))
    read(client)
    assert read(client, Call(PATH, other, 8)) == ["b"]
    assert clock.slept == []


def test_a_call_without_a_division_is_not_counted(
    client: Client, clock: Clock, requests_mock: requests_mock.Mocker
) -> None:
    url = f"{BASE}/api/v1/current/Me"
    requests_mock.get(url, headers={"X-RateLimit-Minutely-Remaining": "0"}, **rows("a"))
    for _ in range(3):
        assert read(client, Call("current/Me", url)) == ["a"]
    assert clock.slept == []


# --- Refusals ------------------------------------------------------------------------------------------------


def test_a_forbidden_endpoint_is_asked_once_and_others_of_the_division_are_not_affected(
    client: Client, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(URL, status_code=403, headers={"Reason": "Forbidden"})
    other = URL.replace("Accounts", "Contacts")
    requests_mock.get(other, **rows("a"))
    for _ in range(3):
        with pytest.raises(Denied, match="403"):
            read(client)
    assert requests_mock.call_count == 1
    assert read(client, Call("sync/CRM/Contacts", other, 7)) == ["a"]


def test_a_division_that_is_closed_is_asked_nothing_more_and_others_are_not_affected(
    client: Client, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(URL, status_code=403, headers={"Reason": "DivisionBlocked"})
    other = URL.replace("/7/", "/8/")
    requests_mock.get(other, **rows("a"))
    for endpoint in (PATH, "sync/CRM/Contacts", "hrm/Costcenters"):
        with pytest.raises(Denied) as caught:
            read(client, Call(endpoint, URL, 7))
        assert caught.value.whole_division
    assert requests_mock.call_count == 1
    assert read(client, Call(PATH, other, 8)) == ["a"]


@pytest.mark.parametrize("status", [400, 404])
def test_a_refusal_is_not_repeated(status: int, client: Client, requests_mock: requests_mock.Mocker) -> None:
    requests_mock.get(URL, status_code=status, json={"error": {"message": {"value": "No such property"}}})
    with pytest.raises(Refused, match="No such property"):
        read(client)
    assert requests_mock.call_count == 1


def test_a_redirect_is_not_followed(client: Client, requests_mock: requests_mock.Mocker) -> None:
    stranger = requests_mock.get("https://elsewhere.example/", **rows("a"))
    requests_mock.get(URL, status_code=302, headers={"Location": "https://elsewhere.example/"})
    with pytest.raises(Refused, match="region"):
        read(client)
    assert not stranger.called


def test_no_token_is_logged_or_shown(
    client: Client, requests_mock: requests_mock.Mocker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    refused = {"status_code": 400, "headers": {"Reason": "no"}}
    requests_mock.get(URL, [{"status_code": 500}, {"status_code": 401}, {"status_code": 429}, refused])
    requests_mock.get(ME, status_code=401)
    with pytest.raises(ReadError) as caught:
        read(client)
    assert "trying again" in caplog.text
    assert SECRET not in caplog.text + str(caught.value) + repr(caught.value) + repr(client.transport)

from __future__ import annotations

import pytest
import requests

from tap_exact_online.sandbox.control import Control
from tests.sandbox.client import Client, page

ACCOUNTS = "sync/CRM/Accounts"


def test_scripted_answer(client: Client, control: Control, division: int) -> None:
    control.fault("status", path=ACCOUNTS, status=503, body="Maintenance", headers={"X-Why": "night"})
    answer = client.get(ACCOUNTS, division)
    assert (answer.status_code, answer.text, answer.headers["X-Why"]) == (503, "Maintenance", "night")
    assert (
        client.get(ACCOUNTS, division).headers["X-RateLimit-Remaining"] == "4999"
    )  # the first did not count
    assert [(fault["seen"], fault["fired"]) for fault in control.faults()] == [(2, 1)]
    assert control.stats()["server_errors"] == 1
    assert control.stats()["faults"] == 1


def test_rules_pick_their_calls(client: Client, control: Control, division: int) -> None:
    other = control.add_division()
    control.fault("status", path="SYNC/crm/*", division=division, skip=1, times=2, status=500)
    assert client.get(ACCOUNTS, other).status_code == 200
    assert client.get("hrm/Costunits", division).status_code == 200
    assert [client.get(ACCOUNTS, division).status_code for _ in range(4)] == [200, 500, 500, 200]


def test_rules_look_into_the_query_and_may_fire_forever(
    client: Client, control: Control, division: int
) -> None:
    control.fault("status", contains="Timestamp gt 5L", times=None, status=408)
    assert client.get(ACCOUNTS, division, filter="Timestamp gt 4L").status_code == 200
    assert [client.get(ACCOUNTS, division, filter="Timestamp gt 5L").status_code for _ in range(3)] == [
        408
    ] * 3
    control.clear_faults()
    assert client.get(ACCOUNTS, division, filter="Timestamp gt 5L").status_code == 200


def test_one_rule_fires_at_a_time(client: Client, control: Control, division: int) -> None:
    control.fault("status", path=ACCOUNTS, status=500)
    control.fault("status", path=ACCOUNTS, status=502)
    assert [client.get(ACCOUNTS, division).status_code for _ in range(3)] == [500, 502, 200]
    assert [fault["seen"] for fault in control.faults()] == [3, 3]


@pytest.mark.parametrize(("action", "counted"), [("reset_before", "4999"), ("reset_after", "4998")])
def test_broken_connections(
    client: Client, control: Control, division: int, action: str, counted: str
) -> None:
    control.fault(action, path=ACCOUNTS)
    with pytest.raises(requests.ConnectionError):
        client.get(ACCOUNTS, division)
    assert client.get(ACCOUNTS, division).headers["X-RateLimit-Remaining"] == counted


def test_cut_body(client: Client, control: Control, division: int) -> None:
    control.fault("cut", path=ACCOUNTS)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.get(ACCOUNTS, division)


def test_garbled_body(client: Client, control: Control, division: int) -> None:
    control.fault("garbled", path=ACCOUNTS)
    answer = client.get(ACCOUNTS, division)
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_answers_that_are_no_page(client: Client, control: Control, division: int) -> None:
    control.fault("html", path=ACCOUNTS)
    control.fault("empty", path=ACCOUNTS, skip=1)
    control.fault("error_object", path=ACCOUNTS, skip=2)
    html, empty, error = (client.get(ACCOUNTS, division) for _ in range(3))
    assert [answer.status_code for answer in (html, empty, error)] == [200, 200, 200]
    assert html.headers["Content-Type"].startswith("text/html")
    assert empty.content == b""
    assert "error" in error.json()


def test_pages_that_lead_astray(client: Client, control: Control, division: int) -> None:
    control.fault("empty_page", path=ACCOUNTS)
    control.fault("next_self", path=ACCOUNTS, skip=1)
    control.fault("next_elsewhere", path=ACCOUNTS, skip=2, url="https://elsewhere.example/page")
    asked = {"select": "ID", "filter": "Timestamp gt 0L"}
    first, second, third = (client.get(ACCOUNTS, division, **asked) for _ in range(3))
    assert page(first) == ([], first.url)
    assert page(second)[1] == second.url
    assert page(second)[0]
    assert page(third)[1] == "https://elsewhere.example/page"


def test_delay(client: Client, control: Control, division: int) -> None:
    control.fault("delay", path=ACCOUNTS, seconds=0.2)
    assert client.get(ACCOUNTS, division).elapsed.total_seconds() >= 0.2
    control.options(latency_ms=50)
    assert client.get(ACCOUNTS, division).elapsed.total_seconds() >= 0.05


def test_token_answer_lost_after_the_rotation(fresh: Client, control: Control) -> None:
    control.fault("reset_after", path="token")
    with pytest.raises(requests.ConnectionError):
        fresh.refresh()
    assert fresh.refresh().json()["error_description"] == "Old refresh token used."
    assert control.tokens()["refresh_token"] != fresh.refresh_token


def test_token_answer_lost_before_the_rotation(fresh: Client, control: Control) -> None:
    control.fault("reset_before", path="token")
    with pytest.raises(requests.ConnectionError):
        fresh.refresh()
    assert fresh.refresh().status_code == 200


def test_empty_token_answer_with_and_without_rotation(fresh: Client, control: Control) -> None:
    control.fault("empty", path="token")
    assert fresh.refresh().content == b""
    control.fault("empty", path="token", act=True)
    assert fresh.refresh().content == b""
    assert fresh.refresh().status_code == 401


def test_gateway_trouble_at_the_token_endpoint(fresh: Client, control: Control) -> None:
    control.fault("status", path="token", status=500, body='{"fault":{"faultstring":"Execution failed"}}')
    control.fault("status", path="*", status=500)  # a wildcard is about data calls only
    assert fresh.refresh().json()["fault"]
    assert fresh.refresh().status_code == 200

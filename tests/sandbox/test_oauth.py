from __future__ import annotations

from urllib.parse import unquote

import pytest
import requests

from tap_exact_online.sandbox.control import Control
from tests.sandbox.client import Client

ASKED = {
    "response_type": "code",
    "redirect_uri": "https://www.example.com/callback",
    "force_login": "0",
    "state": "a b&c",
}


def consent(client: Client, answer: str = "allow", **given: str) -> requests.Response:
    url = f"{client.sandbox.base_url}/api/oauth2/auth"
    asked = {"client_id": client.sandbox.client_id} | ASKED | given
    shown = client.session.get(url, params=asked, timeout=10)
    if shown.status_code != 200:
        return shown
    return client.session.post(url, data=asked | {"answer": answer}, allow_redirects=False, timeout=10)


def code_from(answer: requests.Response) -> str:
    location = answer.headers["Location"]
    return unquote(location.split("code=")[1].split("&")[0])


def redeem(client: Client, code: str) -> requests.Response:
    return client.token(grant_type="authorization_code", code=code, redirect_uri=ASKED["redirect_uri"])


def test_consent_page_is_a_form(fresh: Client) -> None:
    url = f"{fresh.sandbox.base_url}/api/oauth2/auth"
    page = fresh.session.get(url, params={"client_id": fresh.sandbox.client_id} | ASKED, timeout=10).text
    assert "Allow" in page
    assert "Deny" in page
    assert "a b&amp;c" in page


def test_code_is_encoded_once_and_state_comes_back(fresh: Client) -> None:
    answer = consent(fresh)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("https://www.example.com/callback?code=stampNL001.")
    assert "%21" in answer.headers["Location"]
    assert answer.headers["Location"].endswith("&state=a%20b%26c")
    assert "!" in code_from(answer)


def test_deny(fresh: Client) -> None:
    assert "error=access_denied" in consent(fresh, "deny").headers["Location"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "another"},
        {"redirect_uri": "https://www.example.com/callback/"},
        {"response_type": "token"},
        {"scope": "crm"},
    ],
)
def test_wrong_consent_requests_are_not_redirected(fresh: Client, wrong: dict[str, str]) -> None:
    assert consent(fresh, **wrong).status_code == 400


def test_code_gives_tokens(fresh: Client) -> None:
    answer = redeem(fresh, code_from(consent(fresh))).json()
    assert answer["token_type"] == "bearer"
    assert answer["expires_in"] == "600"
    assert answer["access_token"].startswith("stampNL001.")
    assert "!IAAAA" in answer["refresh_token"]


def test_code_still_encoded_is_refused(fresh: Client) -> None:
    code = code_from(consent(fresh))
    assert redeem(fresh, code.replace("!", "%21")).status_code == 400


def test_code_works_once(fresh: Client) -> None:
    code = code_from(consent(fresh))
    assert redeem(fresh, code).status_code == 200
    again = redeem(fresh, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert "chainId" in again.json()["error_description"]


def test_code_lives_three_minutes(fresh: Client, control: Control) -> None:
    code = code_from(consent(fresh))
    control.advance_clock(181)
    assert redeem(fresh, code).json()["error"] == "invalid_grant"


def test_redirect_uri_must_be_the_same(fresh: Client) -> None:
    code = code_from(consent(fresh))
    answer = fresh.token(grant_type="authorization_code", code=code, redirect_uri="https://other.example")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_second_consent_kills_the_first_chain(client: Client) -> None:
    assert redeem(client, code_from(consent(client))).status_code == 200
    answer = client.refresh()
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert client.get("current/Me").status_code == 401


def test_users_have_chains_of_their_own(client: Client, control: Control) -> None:
    other = Client(client.sandbox, control.new_login("another"))
    assert other.refresh().status_code == 200
    assert client.get("current/Me").status_code == other.get("current/Me").status_code == 200
    assert control.tokens("another")["refresh_token"] == other.refresh_token
    assert control.tokens()["refresh_token"] == client.refresh_token


def test_refresh_rotates_and_the_old_token_is_dead_at_once(fresh: Client, control: Control) -> None:
    first = fresh.refresh_token
    assert fresh.refresh().status_code == 200
    assert fresh.refresh_token != first
    control.advance_clock(570)
    again = fresh.refresh(first)
    assert (again.status_code, again.json()) == (
        401,
        {"error": "unauthorized_client", "error_description": "Old refresh token used."},
    )
    assert fresh.refresh().status_code == 200
    assert control.stats()["tokens"] == {"calls": 3, "redemptions": 2, "code_grants": 0, "reuse_attempts": 1}
    assert control.tokens()["redemptions"][first] == 1
    assert control.tokens()["attempts"][first] == 2
    assert control.tokens()["refresh_token"] == fresh.refresh_token


def test_refresh_before_570_seconds_is_refused_and_both_tokens_stay_good(
    client: Client, control: Control
) -> None:
    control.advance_clock(560)
    answer = client.refresh()
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "access_denied", "error_description": "Rate limit exceeded: access_token not expired"},
    )
    assert client.get("current/Me").status_code == 200
    control.options(early_refresh_status=401)
    assert client.refresh().status_code == 401
    control.advance_clock(10)
    assert client.refresh().status_code == 200


def test_an_early_refresh_may_be_told_in_a_header_only(client: Client, control: Control) -> None:
    control.options(early_refresh="reason")
    answer = client.refresh()
    assert (answer.status_code, answer.content) == (400, b"")
    assert answer.headers["Reason"].startswith("TooEarlyToRefreshTokens: ")
    control.advance_clock(570)
    assert client.refresh().status_code == 200


def test_expired_access_token_may_be_replaced_early(client: Client, control: Control) -> None:
    control.expire_access()
    assert client.get("current/Me").status_code == 401
    assert client.refresh().status_code == 200


def test_old_access_token_lives_on_unless_told_otherwise(client: Client, control: Control) -> None:
    old = client.access_token
    for dies, status in ((False, 200), (True, 401)):
        control.options(old_access_dies=dies)
        control.advance_clock(580)
        old = client.access_token
        client.refresh()
        client.access_token, new = old, client.access_token
        assert client.get("current/Me").status_code == status
        client.access_token = new


def test_unused_refresh_token_lapses(fresh: Client, control: Control) -> None:
    control.expire_refresh()
    answer = fresh.refresh()
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert answer.json()["error_description"].startswith("The refresh token expired at ")
    assert " and it is now " in answer.json()["error_description"]


def test_token_limit_of_a_day(fresh: Client, control: Control) -> None:
    control.advance_clock(86_400)
    control.options(token_limit=2)
    answers = [fresh.refresh().status_code for _ in range(3)]
    assert answers == [200, 400, 429]
    control.advance_clock(86_400)
    assert fresh.refresh().status_code == 200


def test_wrong_client(fresh: Client) -> None:
    answer = fresh.token(grant_type="refresh_token", refresh_token=fresh.refresh_token, client_secret="wrong")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")
    assert fresh.refresh().status_code == 200


def test_wrong_client_without_a_description(fresh: Client, control: Control) -> None:
    control.options(wrong_client="bare")
    answer = fresh.token(grant_type="refresh_token", refresh_token="x", client_secret="wrong")
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_client"})


def test_only_form_bodies_are_read(fresh: Client) -> None:
    url = f"{fresh.sandbox.base_url}/api/oauth2/token"
    given = {
        "client_id": fresh.sandbox.client_id,
        "client_secret": fresh.sandbox.client_secret,
        "grant_type": "refresh_token",
        "refresh_token": fresh.refresh_token,
    }
    assert fresh.session.post(url, json=given, timeout=10).status_code == 400
    assert fresh.session.post(url, params=given, timeout=10).status_code == 400
    assert fresh.session.get(url, params=given, timeout=10).status_code == 405
    assert fresh.token(grant_type="password").json()["error"] == "unsupported_grant_type"
    assert fresh.token(grant_type="refresh_token").json()["error"] == "invalid_request"
    assert fresh.session.post(url, data=given, timeout=10).status_code == 200

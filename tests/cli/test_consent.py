"""The question, the answer, and what becomes of a code: tables."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_exact_online.auth.login import Consent, NotAnAnswer, check_redirect_uri, new_state, refused
from tap_exact_online.auth.responses import classify
from tap_exact_online.errors import (
    ConfigurationError,
    LimitReached,
    LoginNeeded,
    TapError,
    Unreachable,
)
from tap_exact_online.settings import HOSTS

STATE = "a-state_of-its-own"
BACK = "https://www.example.com/callback"
CONSENT = Consent("https://start.exactonline.nl", "an-id", BACK, STATE)
NOON = 1_750_000_000.0


@pytest.mark.parametrize("region", HOSTS)
def test_the_question_of_each_region(region: str) -> None:
    url = Consent(HOSTS[region], "an id", f"{BACK}?a=1&b=2", STATE).url()
    assert url.startswith(f"{HOSTS[region]}/api/oauth2/auth?")
    assert dict(parse_qsl(urlsplit(url).query)) == {
        "client_id": "an id",
        "redirect_uri": f"{BACK}?a=1&b=2",
        "response_type": "code",
        "force_login": "0",
        "state": STATE,
    }


def test_exact_can_be_made_to_ask_who_it_is() -> None:
    assert "&force_login=1&" in CONSENT.url(force_login=True)


def test_every_login_has_a_state_of_its_own() -> None:
    states = {new_state() for _ in range(100)}
    assert len(states) == 100
    assert min(map(len, states)) >= 43


@pytest.mark.parametrize(
    ("address", "code"),
    [
        pytest.param(f"{BACK}?code=stampNL001.a%21b&state={STATE}", "stampNL001.a!b", id="decoded"),
        pytest.param(
            f"{BACK}?code=stampNL001.a!b&state={STATE}", "stampNL001.a!b", id="decoded by a browser"
        ),
        pytest.param(f"{BACK}?code=a%2521b&state={STATE}", "a%21b", id="decoded once only"),
        pytest.param(f"{BACK}?code=a+b%2Bc&state={STATE}", "a+b+c", id="a plus sign stays"),
        pytest.param(f"{BACK}?state={STATE}&code=a", "a", id="the other way round"),
        pytest.param(f"{BACK}?x=1&code=a&state={STATE}#_=_", "a", id="with a fragment"),
        pytest.param(f"  '{BACK}?code=a\n bc&state={STATE}'\r\n", "abc", id="wrapped and quoted"),
        pytest.param(f"/callback?code=a&state={STATE}", "a", id="as the listener sees it"),
    ],
)
def test_the_code_in_an_answer(address: str, code: str) -> None:
    assert CONSENT.code_in(address) == code


@pytest.mark.parametrize(
    ("address", "kind", "says"),
    [
        pytest.param("", NotAnAnswer, "no code in it", id="nothing"),
        pytest.param("stampNL001.hunter2", NotAnAnswer, "A code alone is not taken", id="a bare code"),
        pytest.param(f"{BACK}", NotAnAnswer, "no code in it", id="cut off"),
        pytest.param(f"{BACK}?code=&state={STATE}", NotAnAnswer, "no code in it", id="an empty code"),
        pytest.param(CONSENT.url(), NotAnAnswer, "address of Exact's own page", id="the question itself"),
        pytest.param(f"{BACK}?code=hunter2", LoginNeeded, "`state` is not the one", id="no state"),
        pytest.param(f"{BACK}?code=hunter2&state=", LoginNeeded, "`state` is not the one", id="empty state"),
        pytest.param(f"{BACK}?code=hunter2&state=other", LoginNeeded, "another login", id="another state"),
        pytest.param(f"{BACK}?code=hunter2&state=%C3%A9", LoginNeeded, "another login", id="not ASCII"),
        pytest.param(f"{BACK}?error=access_denied&state={STATE}", LoginNeeded, "denied", id="denied"),
        pytest.param(f"{BACK}?error=access_denied", LoginNeeded, "denied", id="denied, without a state"),
        pytest.param(
            f"{BACK}?error=access_denied&state=x", LoginNeeded, "another login", id="another's denial"
        ),
        pytest.param(
            f"{BACK}?error=unauthorized_client&error_description=No+such%07app&state={STATE}",
            ConfigurationError,
            "(unauthorized_client: No such app)",
            id="another error",
        ),
        pytest.param(
            f"{BACK}?error=access_denied&code=hunter2",
            LoginNeeded,
            "another login",
            id="both, without a state",
        ),
    ],
)
def test_what_is_no_answer(address: str, kind: type[TapError], says: str) -> None:
    with pytest.raises(kind) as raised:
        CONSENT.code_in(address)
    assert says in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert STATE not in str(raised.value)


@given(st.text())
def test_nothing_that_is_pasted_ends_in_a_traceback(text: str) -> None:
    for address in (text, f"{BACK}?{text}", f"{BACK}?code={text}&state={text}"):
        with pytest.raises(TapError):
            CONSENT.code_in(address)


@pytest.mark.parametrize(
    "uri",
    [
        "https://www.example.com/callback",
        "http://localhost:8976",
        "http://[::1]:1/x?y=z",
        "HTTPS://Example.com",
    ],
)
def test_redirect_uris(uri: str) -> None:
    check_redirect_uri(uri)


@pytest.mark.parametrize(
    "uri",
    ["", "localhost:80", "ftp://x/y", "https://", "https://a/#b", "https://a b/", "http://a:x/", "http://[a"],
)
def test_what_is_no_redirect_uri(uri: str) -> None:
    with pytest.raises(ConfigurationError, match="EXACT_ONLINE_REDIRECT_URI"):
        check_redirect_uri(uri)


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        pytest.param(400, '{"error":"invalid_client"}', ConfigurationError, "`client_secret`", id="client"),
        pytest.param(
            400,
            '{"error":"invalid_request","error_description":"The redirect_uri differs"}',
            ConfigurationError,
            "to the last slash",
            id="redirect URI",
        ),
        pytest.param(
            400,
            '{"error":"invalid_grant","error_description":"invalid or empty chainId"}',
            LoginNeeded,
            "once and for three minutes",
            id="code",
        ),
        pytest.param(
            400,
            '{"error":"access_denied","error_description":"Rate limit exceeded: access_token not expired"}',
            LimitReached,
            "after 15:16 UTC",
            id="too early",
        ),
        pytest.param(200, "", LoginNeeded, "it was not sent again", id="an empty answer"),
        pytest.param(503, "busy", Unreachable, "out of order (503", id="out of order"),
    ],
)
def test_a_code_that_brings_no_tokens(status: int, body: str, kind: type[TapError], says: str) -> None:
    error = refused(classify(status, body.encode()), NOON)
    assert type(error) is kind
    assert says in str(error)

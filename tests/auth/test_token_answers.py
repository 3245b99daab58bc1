"""What every answer of the token endpoint means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_exact_online.auth.responses import Verdict, classify
from tap_exact_online.spoken import keep_secret

TOKENS = {"access_token": "access-hunter2", "refresh_token": "refresh-hunter2"}
EARLY = {"error": "access_denied", "error_description": "Rate limit exceeded: access_token not expired"}
SPENT = {"error": "unauthorized_client", "error_description": "Old refresh token used."}
TOO_OLD = {
    "error": "invalid_request",
    "error_description": "The refresh token expired at 01/02/2025 10:00:00 and it is now 05/03/2025 10:00:00",
}
NO_CHAIN = {
    "error": "invalid_grant",
    "error_description": "Token is not allowed, because of invalid or empty chainId",
}


def body(document: Any) -> bytes:
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("status", "answer", "verdict"),
    [
        pytest.param(
            200, body({**TOKENS, "token_type": "bearer", "expires_in": "600"}), Verdict.NEW, id="tokens"
        ),
        pytest.param(400, body(EARLY), Verdict.EARLY, id="early-400"),
        pytest.param(401, body(EARLY), Verdict.EARLY, id="early-401"),
        pytest.param(401, body(SPENT), Verdict.SPENT, id="spent-401"),
        pytest.param(400, body(SPENT), Verdict.SPENT, id="spent-400"),
        pytest.param(400, body(TOO_OLD), Verdict.LAPSED, id="unused-for-30-days"),
        pytest.param(401, body(TOO_OLD), Verdict.LAPSED, id="unused-for-30-days-401"),
        pytest.param(400, body(NO_CHAIN), Verdict.LAPSED, id="chain-ended"),
        pytest.param(400, body({"error": "invalid_grant"}), Verdict.LAPSED, id="grant-without-words"),
        pytest.param(400, body({"error": "invalid_client"}), Verdict.WRONG_CLIENT, id="wrong-client-400"),
        pytest.param(401, body({"error": "invalid_client"}), Verdict.WRONG_CLIENT, id="wrong-client-401"),
        pytest.param(200, body({"fault": {"faultstring": "Spike"}}), Verdict.GATEWAY, id="gateway-200"),
        pytest.param(500, body({"fault": {"faultstring": "Spike"}}), Verdict.GATEWAY, id="gateway-500"),
        pytest.param(200, b"", Verdict.LOST, id="empty-200"),
        pytest.param(200, b'{"access_token": "x", "refr', Verdict.LOST, id="cut-short-200"),
        pytest.param(200, b"<html>", Verdict.GATEWAY, id="html-200"),
        pytest.param(200, b"[]", Verdict.GATEWAY, id="a-list"),
        pytest.param(200, b"null", Verdict.GATEWAY, id="null"),
        pytest.param(200, b"[" * 10**5, Verdict.GATEWAY, id="nested-without-end"),
        pytest.param(200, b"\xff\xfe", Verdict.GATEWAY, id="not-utf-8"),
        pytest.param(502, b"", Verdict.GATEWAY, id="502"),
        pytest.param(504, b"<html>Gateway Time-out</html>", Verdict.GATEWAY, id="504"),
        pytest.param(500, b"", Verdict.GATEWAY, id="500"),
        pytest.param(408, b"", Verdict.GATEWAY, id="408"),
        pytest.param(503, body({"fault": {}}), Verdict.OUT_OF_ORDER, id="503-of-the-gateway"),
        pytest.param(429, body({"fault": {}}), Verdict.OUT_OF_ORDER, id="429-of-the-gateway"),
        pytest.param(403, b"<html>", Verdict.OUT_OF_ORDER, id="refused-by-a-box-on-the-way"),
        pytest.param(503, b"The service is unavailable.", Verdict.OUT_OF_ORDER, id="503"),
        pytest.param(429, b"", Verdict.OUT_OF_ORDER, id="429"),
        pytest.param(400, b"", Verdict.OUT_OF_ORDER, id="empty-400"),
        pytest.param(200, body({**TOKENS, "refresh_token": None}), Verdict.LOST, id="no-refresh-token"),
        pytest.param(200, body({**TOKENS, "access_token": None}), Verdict.LOST, id="no-access-token"),
        pytest.param(200, body({**TOKENS, "refresh_token": ""}), Verdict.LOST, id="empty-refresh-token"),
        pytest.param(200, body({**TOKENS, "access_token": ""}), Verdict.LOST, id="empty-access-token"),
        pytest.param(200, body({**TOKENS, "access_token": 5}), Verdict.LOST, id="a-number"),
        pytest.param(500, body(TOKENS), Verdict.GATEWAY, id="tokens-with-a-500"),
    ],
)
def test_the_verdict_on_an_answer(status: int, answer: bytes, verdict: Verdict) -> None:
    assert classify(status, answer).verdict is verdict


@pytest.mark.parametrize(
    "beside",
    [
        pytest.param(b'"expires_in": ' + b"9" * 400, id="400-digits"),
        pytest.param(b'"expires_in": ' + b"9" * 5000, id="5000-digits"),
        pytest.param(b'"x": ' + b"[" * 10**5, id="deep"),
        pytest.param(b'"scope": "cut sh', id="cut-short"),
        pytest.param(b'"x": NaN, y', id="no-json"),
    ],
)
def test_nothing_beside_the_tokens_keeps_them_from_being_kept(beside: bytes) -> None:
    whole = b'{"access_token": "access-hunter2", "refresh_token": "refresh-hunter2", ' + beside
    answer = classify(200, whole + b"}" if beside[-1:].isdigit() else whole)
    assert (answer.verdict, answer.access_token, answer.refresh_token, answer.expires_in) == (
        Verdict.NEW,
        "access-hunter2",
        "refresh-hunter2",
        600.0,
    )


def test_what_the_server_says_shows_no_secret_and_moves_no_cursor() -> None:
    keep_secret("secret!of-hunter2", "refresh!of-hunter2")
    echo = "got client_secret=secret%21of-hunter2&refresh_token=refresh!of-hunter2\x1b]0;x\x07\nforged line \u202e"
    said = classify(400, body({"error": "invalid_request\x1b[2J", "error_description": echo})).said
    assert said == "400 invalid_request [2J: got client_secret=***&refresh_token=*** ]0;x forged line"


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("600", 600.0),
        (600, 600.0),
        ("30", 30.0),
        (None, 600.0),
        ("", 600.0),
        ("soon", 600.0),
        ("0", 600.0),
        (-5, 600.0),
        ("nan", 600.0),
        ("inf", 600.0),
        ("1e9", 600.0),
        ([], 600.0),
    ],
)
def test_the_life_of_a_token_is_a_string_and_an_absurd_one_is_not_believed(told: Any, seconds: float) -> None:
    assert classify(200, body({**TOKENS, "expires_in": told})).expires_in == seconds


def test_both_tokens_are_handed_on_and_not_shown() -> None:
    answer = classify(200, body(TOKENS))
    assert (answer.access_token, answer.refresh_token) == ("access-hunter2", "refresh-hunter2")
    assert "hunter2" not in repr(answer)


@pytest.mark.parametrize(
    ("status", "verdict"), [(200, Verdict.LOST), (400, Verdict.LOST), (500, Verdict.GATEWAY)]
)
def test_a_refresh_token_that_comes_without_an_access_token_is_not_lost(
    status: int, verdict: Verdict
) -> None:
    answer = classify(status, body({"refresh_token": "refresh-hunter2", "error": "oops"}))
    assert answer.verdict is verdict
    assert answer.refresh_token == "refresh-hunter2"
    assert "hunter2" not in repr(answer) + answer.said


@pytest.mark.parametrize(
    ("status", "document", "said"),
    [
        (401, SPENT, "401 unauthorized_client: Old refresh token used."),
        (400, {"error": "invalid_client"}, "400 invalid_client: "),
        (200, {"fault": {}}, "200 without tokens"),
    ],
)
def test_what_the_server_said_is_kept_for_messages(status: int, document: Any, said: str) -> None:
    assert classify(status, body(document)).said == said


def test_a_long_story_is_cut_to_one_line() -> None:
    said = classify(400, body({"error": "x", "error_description": "line\n" * 1000})).said
    assert len(said) < 250
    assert len(said.splitlines()) == 1


@given(st.integers(100, 599), st.binary() | st.dictionaries(st.text(), st.text() | st.integers()).map(body))
def test_every_answer_has_a_verdict_and_only_two_tokens_are_new(status: int, answer: bytes) -> None:
    assert classify(status, answer).verdict is not Verdict.NEW

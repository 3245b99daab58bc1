"""What every answer of the API means."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from tap_exact_online.errors import Denied, LimitReached, Refused
from tap_exact_online.wire.responses import Accept, Renew, Retry, Stop, Wait, classify, doubted, message_of

NO_SELECT = "Please add a $select or a $top=1 statement to the query string."
NO_FILTER = "This endpoint has mandatory filtering applied to it"
EXPIRED = {
    "WWW-Authenticate": 'Bearer realm="x", error="invalid_token", error_description="access token expired"'
}
REASONS = (
    "BlockedUser",
    "InactiveUser",
    "BlockedCustomer",
    "LicenseExpired",
    "DivisionBlocked",
    "NoDivisionAccess",
)


def error(text: str) -> bytes:
    return b'{"error":{"code":"","message":{"lang":"","value":"%s"}}}' % text.encode()


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind"),
    [
        pytest.param(200, {}, b'{"d":[]}', Accept, id="200"),
        pytest.param(200, {}, b"", Accept, id="200-empty-is-for-the-decoder"),
        pytest.param(200, {}, error("no"), Accept, id="200-error-is-for-the-decoder"),
        pytest.param(401, EXPIRED, b"", Renew, id="401-expired"),
        pytest.param(
            401, {"WWW-Authenticate": "Bearer message expired"}, b"", Renew, id="401-message-expired"
        ),
        pytest.param(401, {}, b"", Renew, id="401-bare"),
        pytest.param(408, {}, b"", Retry, id="408"),
        pytest.param(429, {}, b"", Wait, id="429"),
        pytest.param(429, {"X-RateLimit-Remaining": "17"}, b"", Wait, id="429-with-calls-left"),
        pytest.param(500, {}, error("An error has occurred"), Retry, id="500"),
        pytest.param(502, {}, b"<html>Bad gateway</html>", Retry, id="502-html"),
        pytest.param(503, {}, b"The service is unavailable.", Retry, id="503-maintenance"),
        pytest.param(504, {}, b"", Retry, id="504"),
        pytest.param(599, {}, b"", Retry, id="599"),
        pytest.param(400, {}, error(NO_SELECT), Stop, id="400-no-select"),
        pytest.param(400, {}, error(NO_FILTER), Stop, id="400-no-filter"),
        pytest.param(403, {"Reason": "Forbidden"}, b"", Stop, id="403"),
        pytest.param(404, {"Reason": "Not found"}, b"", Stop, id="404"),
        pytest.param(405, {}, b"", Stop, id="405"),
        pytest.param(301, {"Location": "https://x"}, b"", Stop, id="301"),
        pytest.param(302, {}, b"", Stop, id="302-to-nowhere"),
        pytest.param(204, {}, b"", Stop, id="204"),
        pytest.param(418, {}, b"", Stop, id="unheard-of"),
    ],
)
def test_the_kind_of_an_answer(status: int, headers: Mapping[str, str], body: bytes, kind: type) -> None:
    assert type(classify(status, headers, body)) is kind


def test_a_page_that_timed_out_is_asked_for_after_ten_seconds() -> None:
    action = classify(408, {}, b"")
    assert isinstance(action, Retry)
    assert action.after == 10


@pytest.mark.parametrize(
    ("status", "headers", "body", "said"),
    [
        pytest.param(400, {}, error(NO_SELECT), NO_SELECT, id="in-the-body"),
        pytest.param(400, {"Reason": "Bad stuff"}, b"", "Bad stuff", id="in-the-reason"),
        pytest.param(
            400,
            {"Reason": "TooEarlyToRefreshTokens: wait"},
            b"<html>",
            "an HTML page",
            id="a-page-with-a-reason",
        ),
        pytest.param(400, {}, NO_SELECT.encode(), NO_SELECT, id="in-bare-words"),
        pytest.param(
            400,
            {},
            b"Type 'Exact.Web.Api.Models.X' does not have a property named 'Y'.",
            "named 'Y'",
            id="a-property-in-bare-words",
        ),
        pytest.param(405, {}, b"", "no explanation", id="nowhere"),
        pytest.param(404, {}, error(""), "404: nothing at this address: no explanation", id="404"),
        pytest.param(404, {}, error("Resource not found"), "Resource not found", id="404-with-words"),
        pytest.param(
            301, {"Location": "https://start.exactonline.be/"}, b"", "start.exactonline.be", id="301"
        ),
        pytest.param(307, {}, b"", "`region` and `base_url`", id="307"),
    ],
)
def test_a_refusal_says_its_status_and_why(
    status: int, headers: Mapping[str, str], body: bytes, said: str
) -> None:
    action = classify(status, headers, body)
    assert isinstance(action, Stop)
    assert type(action.error) is Refused
    assert str(action.error).startswith(f"{status}: ")
    assert said in str(action.error)


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_that_concerns_the_division_or_the_user_closes_the_division(reason: str) -> None:
    action = classify(403, CaseInsensitiveDict({"reason": reason}), b"Forbidden")
    assert isinstance(action, Stop)
    assert isinstance(action.error, Denied)
    assert (action.error.reason, action.error.whole_division) == (reason, True)
    assert reason in str(action.error)


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        pytest.param({"Reason": "Forbidden"}, b"Forbidden", "Forbidden", id="bare-with-a-reason"),
        pytest.param({"Reason": "Unauthorized"}, b"", "no explanation", id="empty-with-a-reason"),
        pytest.param({}, error("Forbidden"), "Forbidden", id="json"),
        pytest.param({}, b'{"error":{"message":"No"}}', "No", id="json-without-a-language"),
        pytest.param({"Reason": "SomethingNew"}, b"Forbidden", "Forbidden", id="a-reason-nobody-knows"),
        pytest.param(
            {},
            b"Forbidden - Application Scope Violated.\r\nCannot read 'organization.administration' scope.",
            "lacks the scope 'organization.administration'",
            id="scope",
        ),
        pytest.param(
            {},
            error("Forbidden - Application Scope Violated.\\nCannot read 'crm.accounts' scope."),
            "lacks the scope 'crm.accounts'",
            id="scope-in-json",
        ),
    ],
)
def test_other_denials_concern_the_endpoint_alone(headers: Mapping[str, str], body: bytes, said: str) -> None:
    action = classify(403, headers, body)
    assert isinstance(action, Stop)
    assert isinstance(action.error, Denied)
    assert not action.error.whole_division
    assert said in str(action.error)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param({"Reason": "NoDivisionAccess"}, b"Forbidden", id="in-the-reason"),
        pytest.param({}, b"Forbidden - User division is not within division scope", id="in-the-body"),
        pytest.param({}, error("Forbidden - User division is not within division scope"), id="in-json"),
    ],
)
def test_a_company_that_is_not_ticked_is_told_where_to_tick_it(
    headers: Mapping[str, str], body: bytes
) -> None:
    action = classify(403, headers, body)
    assert isinstance(action, Stop)
    assert isinstance(action.error, Denied)
    assert (action.error.reason, action.error.whole_division) == ("NoDivisionAccess", True)
    assert "Manage companies" in str(action.error)


NOT_EXACTS = {
    "html": b"<!DOCTYPE html><html><title>Access Denied</title></html>",
    "html-that-quotes-exact": b"<html>Forbidden - Application Scope Violated. Add a $select</html>",
    "empty": b"",
    "blank": b" \r\n",
    "a-gateway's-fault": b'{"fault":{"faultstring":"Access denied","detail":{"errorcode":"policies"}}}',
    "a-gateway's-error": b'{"error":{"code":403,"message":"Request blocked","status":"PERMISSION_DENIED"}}',
    "an-error-in-a-word": b'{"error":"access_denied"}',
    "an-error-without-words": b'{"error":{"code":"","message":null}}',
    "an-error-in-a-list": b'[{"error":{"message":{"value":"Forbidden"}}}]',
    "a-message-only": b'{"statusCode":403,"message":"Forbidden"}',
    "a-store's-error": b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
    "what-anybody-says": b"Forbidden",
    "more-of-what-anybody-says": b"Forbidden - blocked by policy 17",
    "words-in-the-middle": b"403: Forbidden - Application Scope Violated",
    "not-text": b"\xff\xfe\x00",
}


@pytest.mark.parametrize(
    "headers", [{}, {"Reason": ""}, {"Server": "AkamaiGHost"}], ids=["", "blank", "edge"]
)
@pytest.mark.parametrize("status", [400, 403, 404])
@pytest.mark.parametrize("body", NOT_EXACTS.values(), ids=NOT_EXACTS)
def test_a_refusal_without_a_mark_of_exact_is_an_outage(
    status: int, headers: Mapping[str, str], body: bytes
) -> None:
    action = classify(status, headers, body)
    assert isinstance(action, Retry)
    assert action.counted
    assert not action.maintenance
    assert action.after >= 10
    assert action.why.startswith(f"{status}, but not in Exact's own words: ")
    assert not action.why.endswith(": ")


@pytest.mark.parametrize(
    ("status", "own_fault", "maintenance"),
    [(500, True, False), (501, False, False), (502, False, True), (503, False, True), (504, False, True)],
)
def test_only_500_may_be_about_the_input(status: int, *, own_fault: bool, maintenance: bool) -> None:
    action = classify(status, {}, error("An error has occurred"))
    assert isinstance(action, Retry)
    assert (action.wrong_input, action.maintenance, action.counted) == (own_fault, maintenance, False)


@pytest.mark.parametrize(
    ("headers", "expired"),
    [
        pytest.param(EXPIRED, True, id="access-token"),
        pytest.param({"WWW-Authenticate": "Bearer message expired"}, True, id="message"),
        pytest.param({"www-authenticate": 'Bearer error_description="Token Expired"'}, True, id="other-case"),
        pytest.param({"WWW-Authenticate": 'Bearer realm="edge"'}, False, id="nothing-of-it"),
        pytest.param({"WWW-Authenticate": "Basic"}, False, id="another-scheme"),
        pytest.param({}, False, id="no-header"),
    ],
)
def test_a_401_says_whether_the_token_has_ended(headers: Mapping[str, str], *, expired: bool) -> None:
    assert classify(401, CaseInsensitiveDict(headers), b"expired") == Renew(expired)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param({"Reason": "The app is blocked: too many errors"}, b"", id="in-the-reason"),
        pytest.param({}, error("Too many errors"), id="in-json"),
        pytest.param({}, b'{"fault":{"faultstring":"too many errors"}}', id="in-a-fault"),
    ],
)
def test_a_blocked_app_is_left_in_peace_whoever_says_so(headers: Mapping[str, str], body: bytes) -> None:
    action = classify(403, headers, body)
    assert isinstance(action, Stop)
    assert isinstance(action.error, LimitReached)


@pytest.mark.parametrize("whole", [True, False])
def test_a_denial_of_what_could_be_read_is_an_outage(*, whole: bool) -> None:
    action = doubted(Denied("403 X: closed", "X", whole_division=whole))
    assert action.why == "403 X: closed. It could be read earlier in this run, though"
    assert (action.counted, action.whole_division) == (True, whole)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(error("line one\\n  line two"), "line one line two", id="one-line"),
        pytest.param(b'{"error":{"message":"plain"}}', "plain", id="message-without-a-language"),
        pytest.param(b'{"error":"other"}', '{"error":"other"}', id="another-form"),
        pytest.param(
            b'{"error":{"message":{"lang":""}}}', '{"error":{"message":{"lang":""}}}', id="no-value"
        ),
        pytest.param(b"[1]", "[1]", id="a-list"),
        pytest.param(b"  The service\n is unavailable. ", "The service is unavailable.", id="text"),
        pytest.param(b"<!DOCTYPE html><title>x</title>", "an HTML page", id="html"),
        pytest.param(b"<HTML><body>", "an HTML page", id="html-in-capitals"),
        pytest.param(b"\xff\xfe\xfa", "\ufffd\ufffd\ufffd", id="not-utf-8"),
        pytest.param(b"", "", id="empty"),
    ],
)
def test_what_a_body_says(body: bytes, said: str) -> None:
    assert message_of(body) == said


@pytest.mark.parametrize("body", [b"a" * 10**6, error("a" * 10**5), b"[" * 10**5])
def test_a_long_body_is_cut(body: bytes) -> None:
    assert len(message_of(body)) == 300


@given(
    st.integers(100, 599), st.dictionaries(st.sampled_from(["Reason", "Location"]), st.text()), st.binary()
)
def test_every_answer_means_something(status: int, headers: dict[str, str], body: bytes) -> None:
    action = classify(status, headers, body)
    assert isinstance(action, Accept | Retry | Wait | Renew | Stop)
    assert isinstance(action, Accept) == (status == 200)
    said = message_of(body)
    assert len(said) <= 300
    assert len(said.splitlines()) <= 1

"""What is kept between runs, and what is refused when it is read back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_exact_online.auth.bearer import Bearer
from tap_exact_online.auth.exchange import Exchange
from tap_exact_online.auth.tokens import (
    LIFETIME,
    RENEW_AT,
    VERSION,
    Tokens,
    fingerprint,
    from_document,
    to_document,
)
from tap_exact_online.errors import ConfigurationError

OWNER = fingerprint("an-id", "nl")
TOKENS = Tokens(
    OWNER,
    "refresh-hunter2",
    refresh_issued=1000.0,
    access_token="access-hunter2",
    access_issued=1000.0,
    seed=fingerprint("seed-hunter2"),
    rotated_by="host:1",
)
PLACE = "/somewhere/tokens.json"


def test_nothing_shows_a_secret() -> None:
    exchange = Exchange("https://x", "an-id", "secret-hunter2", lambda _: None)
    assert "hunter2" not in repr(TOKENS) + str(TOKENS) + repr(exchange) + repr(Bearer("access-hunter2"))


def test_what_is_stored_comes_back_equal() -> None:
    assert from_document(to_document(TOKENS), OWNER, PLACE) == TOKENS


@given(
    st.builds(
        Tokens,
        st.just(OWNER),
        st.text(),
        st.none() | st.floats(0, 4e9),
        st.none() | st.text(),
        st.floats(0, 4e9),
        st.floats(1, 1e5),
        st.none() | st.text(),
        st.none() | st.text(),
    )
)
def test_any_tokens_come_back_equal(tokens: Tokens) -> None:
    assert from_document(to_document(tokens), OWNER, PLACE) == tokens


@pytest.mark.parametrize(
    ("document", "said"),
    [
        pytest.param(None, "does not hold a connection", id="no-json"),
        pytest.param([], "does not hold a connection", id="a-list"),
        pytest.param("hunter2", "does not hold a connection", id="text"),
        pytest.param({}, "does not hold a connection", id="empty"),
        pytest.param({"refresh_token": 5, "version": 1}, "does not hold a connection", id="a-number"),
        pytest.param({"other": "hunter2"}, "does not hold a connection", id="something-else"),
        pytest.param({**to_document(TOKENS), "version": VERSION + 1}, "newer version", id="newer"),
        pytest.param({**to_document(TOKENS), "version": "1"}, "newer version", id="version-in-words"),
        pytest.param(
            to_document(replace(TOKENS, owner="else")), "another client id or region", id="other-client"
        ),
        pytest.param(
            {"refresh_token": "hunter2", "version": 1}, "another client id or region", id="no-owner"
        ),
    ],
)
def test_what_is_not_ours_is_refused_by_its_place_and_not_shown(document: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        from_document(document, OWNER, PLACE)
    assert PLACE in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_what_an_older_version_did_not_know_has_its_default_and_what_it_does_not_know_is_dropped() -> None:
    document = {"owner": OWNER, "refresh_token": "r", "version": 1, "of_the_past": 5}
    assert from_document(document, OWNER, PLACE) == Tokens(OWNER, "r")


@pytest.mark.parametrize(
    ("tokens", "age", "fresh"),
    [
        pytest.param(TOKENS, 0, True, id="new"),
        pytest.param(TOKENS, 574.9, True, id="before-it-may-be-renewed"),
        pytest.param(TOKENS, 575.1, False, id="in-its-last-25-s"),
        pytest.param(TOKENS, 601, False, id="expired"),
        pytest.param(TOKENS, -100, True, id="from-the-future"),
        pytest.param(replace(TOKENS, access_token=None), 0, False, id="none-yet"),
        pytest.param(replace(TOKENS, expires_in=100.0), 74.9, True, id="a-short-life"),
        pytest.param(replace(TOKENS, expires_in=100.0), 75.1, False, id="the-end-of-a-short-life"),
        pytest.param(replace(TOKENS, expires_in=10.0), 0, False, id="a-life-too-short-to-use"),
    ],
)
def test_a_token_is_used_until_its_last_25_seconds(tokens: Tokens, age: float, fresh: bool) -> None:  # noqa: FBT001
    assert tokens.fresh(1000.0 + age) is fresh


def test_a_new_token_may_be_asked_for_when_the_old_one_is_no_longer_fresh() -> None:
    assert 570 < RENEW_AT < LIFETIME == 600


def test_a_fingerprint_tells_apart_and_tells_nothing() -> None:
    names = [fingerprint("ab", "c"), fingerprint("a", "bc"), fingerprint("abc"), fingerprint("")]
    assert len({*names}) == 4
    assert {len(name) for name in names} == {16}
    assert fingerprint("an-id", "nl") == OWNER
    assert "hunter2" not in fingerprint("hunter2")

"""What is kept between runs, and what is refused when it is read back."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from tap_exact_online.auth.exchange import Exchange
from tap_exact_online.auth.form import Form
from tap_exact_online.auth.tokens import LIFETIME, RENEW_AT, VERSION, Tokens, fingerprint
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.wire.bearer import Bearer

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
KEY, OLD_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()
DOCUMENT = asdict(TOKENS)


def read(document: Any, form: Form | None = None) -> Tokens:
    return (form or Form(OWNER)).read(json.dumps(document).encode(), PLACE)


def test_nothing_shows_a_secret() -> None:
    exchange = Exchange("https://x", "an-id", "secret-hunter2", lambda _: None)
    assert "hunter2" not in repr(TOKENS) + str(TOKENS) + repr(exchange) + repr(Bearer("access-hunter2"))


_token = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)
_any_tokens = st.builds(
    Tokens,
    st.just(OWNER),
    _token,
    st.none() | st.floats(0, 4e9),
    st.none() | _token,
    st.floats(0, 4e9),
    st.floats(1, 1e5),
    *[st.none() | st.text()] * 3,
    before=st.lists(st.text()).map(tuple),
    sent=st.dictionaries(st.text(), st.integers(0, 9)),
    tried=st.none() | st.text(),
    tries=st.integers(0, 9),
)


@pytest.mark.parametrize("keys", [(), (KEY,), (KEY, OLD_KEY)], ids=["clear", "sealed", "two-keys"])
@given(_any_tokens)
def test_any_tokens_come_back_equal(keys: tuple[str, ...], tokens: Tokens) -> None:
    form = Form(OWNER, keys)
    assert form.read(form.write(tokens), PLACE) == tokens


def test_what_is_sealed_shows_no_token_and_whose_it_is() -> None:
    content = Form(OWNER, [KEY]).write(TOKENS)
    assert b"hunter2" not in content
    assert {*json.loads(content)} == {"version", "owner", "sealed"}


def test_an_old_key_still_opens_and_what_is_in_the_clear_is_read_with_keys_too() -> None:
    assert Form(OWNER, [KEY, OLD_KEY]).read(Form(OWNER, [OLD_KEY]).write(TOKENS), PLACE) == TOKENS
    assert Form(OWNER, [KEY]).read(Form(OWNER).write(TOKENS), PLACE) == TOKENS


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        pytest.param([], "is encrypted: set `store_key`", id="no-key"),
        pytest.param([KEY], "None of the keys in `store_key`", id="another-key"),
    ],
)
def test_what_cannot_be_opened_names_the_setting(keys: list[str], said: str) -> None:
    content = Form(OWNER, [OLD_KEY]).write(TOKENS)
    with pytest.raises(ConfigurationError, match=said) as caught:
        Form(OWNER, keys).read(content, PLACE)
    assert PLACE in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "key", ["hunter2", "hunter2" * 10, KEY[:-2], "\u20ac"], ids=["short", "long", "cut", "not-ascii"]
)
def test_what_is_no_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ConfigurationError, match="`store_key`") as caught:
        Form(OWNER, [key])
    assert key not in str(caught.value)


def test_another_owners_store_is_refused_without_its_key() -> None:
    content = Form("else", [OLD_KEY]).write(replace(TOKENS, owner="else"))
    with pytest.raises(ConfigurationError, match="another client id or region"):
        Form(OWNER).read(content, PLACE)


def test_what_is_sealed_for_another_owner_is_not_believed_under_this_ones_name() -> None:
    """All owners of a key could else be made to use each other's connection by moving a sealed part."""
    other = json.loads(Form("else", [KEY]).write(replace(TOKENS, owner="else")))
    with pytest.raises(ConfigurationError, match="another client id or region"):
        read({**other, "owner": OWNER}, Form(OWNER, [KEY]))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        pytest.param(None, "does not hold a connection", id="no-json"),
        pytest.param([], "does not hold a connection", id="a-list"),
        pytest.param("hunter2", "does not hold a connection", id="text"),
        pytest.param({}, "does not hold a connection", id="empty"),
        pytest.param({**DOCUMENT, "refresh_token": 5}, "does not hold a connection", id="a-number"),
        pytest.param({"other": "hunter2"}, "does not hold a connection", id="something-else"),
        pytest.param({**DOCUMENT, "version": VERSION + 1}, "newer version", id="newer"),
        pytest.param({**DOCUMENT, "version": "1"}, "does not hold a connection", id="version-in-words"),
        pytest.param({**DOCUMENT, "owner": "else"}, "another client id or region", id="other-client"),
        pytest.param({**DOCUMENT, "version": True}, "does not hold a connection", id="version-yes"),
        pytest.param({**DOCUMENT, "owner": 5}, "does not hold a connection", id="owner-a-number"),
        pytest.param({**DOCUMENT, "access_issued": "then"}, "does not hold a connection", id="time-in-words"),
        pytest.param({**DOCUMENT, "access_issued": float("nan")}, "does not hold a connection", id="nan"),
        pytest.param({**DOCUMENT, "access_issued": 1e300}, "does not hold a connection", id="after-all-time"),
        pytest.param({**DOCUMENT, "tried_at": -1.0}, "does not hold a connection", id="before-all-time"),
        pytest.param({**DOCUMENT, "access_token": "hunter2\n"}, "does not hold a conn", id="a-line-end"),
        pytest.param({**DOCUMENT, "refresh_token": "hunter2\0"}, "does not hold a conn", id="a-nul"),
        pytest.param({**DOCUMENT, "expires_in": None}, "does not hold a connection", id="no-life"),
        pytest.param({"version": 1, "owner": OWNER, "sealed": 5}, "does not hold a connection", id="seal"),
        pytest.param(
            {"version": 1, "owner": OWNER, "sealed": "\ud800"}, "does not hold a conn", id="surrogate"
        ),
        pytest.param({"version": 1, "owner": OWNER, "sealed": "hunter2"}, "is encrypted", id="sealed"),
        pytest.param({"refresh_token": "hunter2", "version": 1}, "does not hold a connection", id="no-owner"),
    ],
)
def test_what_is_not_ours_is_refused_by_its_place_and_not_shown(document: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        read(document)
    assert PLACE in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_what_an_older_version_did_not_know_has_its_default_and_what_it_does_not_know_is_dropped() -> None:
    document = {"owner": OWNER, "refresh_token": "r", "version": 1, "of_the_past": 5}
    assert read(document) == Tokens(OWNER, "r")


@pytest.mark.parametrize(
    ("tokens", "age", "left"),
    [
        pytest.param(TOKENS, 0, 575, id="new"),
        pytest.param(TOKENS, 570, 5, id="before-it-may-be-renewed"),
        pytest.param(TOKENS, 580, -5, id="in-its-last-25-s"),
        pytest.param(TOKENS, 700, -125, id="expired"),
        pytest.param(TOKENS, -100, 575, id="from-the-future"),
        pytest.param(replace(TOKENS, access_token=None), 0, 0, id="none-yet"),
        pytest.param(replace(TOKENS, expires_in=60.0), 0, 57.5, id="a-short-life-is-used-in-the-same-part"),
        pytest.param(replace(TOKENS, expires_in=6000.0), 0, 5975, id="a-long-life"),
    ],
)
def test_the_time_that_a_token_can_be_used(tokens: Tokens, age: float, left: float) -> None:
    assert tokens.left(1000.0 + age) == pytest.approx(left)


def test_a_new_token_may_be_asked_for_when_the_old_one_is_no_longer_fresh() -> None:
    assert 570 < RENEW_AT < LIFETIME == 600


def test_a_fingerprint_tells_apart_and_tells_nothing() -> None:
    names = [fingerprint("ab", "c"), fingerprint("a", "bc"), fingerprint("abc"), fingerprint("")]
    assert len({*names}) == 4
    assert {len(name) for name in names} == {16}
    assert fingerprint("an-id", "nl") == OWNER
    assert "hunter2" not in fingerprint("hunter2")

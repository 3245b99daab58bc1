"""When the refresh token is spent, and that it is never lost: one log of all that happens, in order."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tap_exact_online.auth.responses import TokenAnswer, Verdict
from tap_exact_online.auth.rotation import Rotation
from tap_exact_online.auth.tokens import Tokens, fingerprint
from tap_exact_online.errors import (
    ConfigurationError,
    LimitReached,
    LoginNeeded,
    TokenNotStored,
    Unreachable,
)

OWNER = "someone"
NOW = 1_750_000_000.0
STORED = Tokens(
    OWNER, "refresh-0-hunter2", refresh_issued=NOW, access_token="access-0-hunter2", access_issued=NOW
)
READ_UNDER_LOCK = ["read", "lock", "read"]


@dataclass(repr=False)
class World:
    """A store, a token endpoint and a clock in one."""

    stored: Tokens | None = None
    answers: list[TokenAnswer | Exception] = field(default_factory=list)
    now: float = NOW
    log: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    spent: list[str] = field(default_factory=list)
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    fail: dict[str, Exception] = field(default_factory=dict)
    place: str = "the shelf"

    def _note(self, what: str) -> None:
        if what in self.before:
            self.before.pop(what)()
        self.log.append(what)
        if what in self.fail:
            raise self.fail[what]

    def read(self) -> Tokens | None:
        self._note("read")
        return None if self.stored is None else replace(self.stored)

    def write(self, tokens: Tokens) -> None:
        self._note("write")
        self.stored = tokens

    def check(self) -> None:
        self._note("check")

    @contextmanager
    def lock(self) -> Iterator[None]:
        self._note("lock")
        try:
            yield
        finally:
            self.log.append("unlock")

    def refresh(self, refresh_token: str) -> TokenAnswer:
        self._note("post")
        self.spent.append(refresh_token)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def rotation(self, seed: str | None = None) -> Rotation:
        return Rotation(self, self, OWNER, seed, self.clock, self.sleep)


def new(number: int) -> TokenAnswer:
    return TokenAnswer(Verdict.NEW, "", f"access-{number}-hunter2", f"refresh-{number}-hunter2")


def said(verdict: Verdict) -> TokenAnswer:
    return TokenAnswer(verdict, "401 words of the server")


def world(age: float, *answers: TokenAnswer | Exception, **given: Any) -> World:
    """Stored tokens of an age, and what the endpoint will answer."""
    return World(STORED, [*answers], now=NOW + age, **given)


# --- While the token is good ---------------------------------------------------------------------------------


@pytest.mark.parametrize("age", [0, 300, 574])
def test_a_stored_token_is_used_until_its_last_25_seconds(age: float) -> None:
    it = world(age)
    assert it.rotation().access_token() == "access-0-hunter2"
    assert it.log == ["read"]


def test_nothing_is_read_again_while_the_token_is_good() -> None:
    it = world(0)
    rotation = it.rotation()
    for it.now in (NOW, NOW + 100, NOW + 574):
        rotation.access_token()
    assert it.log == ["read"]


def test_what_another_process_stored_is_found_without_the_lock() -> None:
    it = world(0)
    rotation = it.rotation()
    rotation.access_token()
    it.now += 580
    it.stored = replace(STORED, access_token="access-9", access_issued=it.now)
    assert rotation.access_token() == "access-9"
    assert it.log == ["read", "read"]


def test_what_another_process_stored_while_the_lock_was_waited_for_is_used() -> None:
    it = world(580)
    newer = replace(STORED, access_token="access-9", access_issued=it.now)
    it.before["lock"] = lambda: setattr(it, "stored", newer)
    assert it.rotation().access_token() == "access-9"
    assert it.log == [*READ_UNDER_LOCK, "unlock"]


# --- Renewal -------------------------------------------------------------------------------------------------


def test_a_token_is_renewed_under_the_lock_and_kept_before_it_is_used() -> None:
    it = world(576, new(1))
    assert it.rotation().access_token() == "access-1-hunter2"
    assert it.log == [*READ_UNDER_LOCK, "read", "check", "post", "write", "unlock"]
    assert it.spent == ["refresh-0-hunter2"]
    assert it.stored is not None
    assert (it.stored.refresh_token, it.stored.access_issued) == ("refresh-1-hunter2", NOW + 576)
    assert it.stored.refresh_issued == NOW + 576
    assert it.stored.rotated_by


def test_a_chain_goes_on_for_hours_with_one_post_in_ten_minutes() -> None:
    it = world(0, *map(new, range(1, 40)))
    rotation = it.rotation()
    for _ in range(6 * 60):
        it.now += 60
        assert rotation.access_token()
    assert len(it.spent) == 6 * 60 // 10
    assert it.spent == [f"refresh-{number}-hunter2" for number in range(len(it.spent))]


def test_nothing_is_spent_when_the_store_could_not_keep_it() -> None:
    it = world(580, new(1), fail={"check": ConfigurationError("read-only")})
    with pytest.raises(ConfigurationError, match="read-only"):
        it.rotation().access_token()
    assert it.spent == []
    assert it.log[-1] == "unlock"


def test_a_token_that_could_not_be_kept_is_not_used() -> None:
    it = world(580, new(1), fail={"write": OSError(errno.ENOSPC, "No space left on device")})
    rotation = it.rotation()
    with pytest.raises(TokenNotStored, match=r"the shelf.*No space left") as caught:
        rotation.access_token()
    assert caught.value.exit_code == 5
    assert "hunter2" not in str(caught.value) + repr(rotation)


@pytest.mark.parametrize(
    ("age", "answers", "token", "posts"),
    [
        pytest.param(580, [said(Verdict.EARLY)], 0, 1, id="early-keeps-the-stored-one"),
        pytest.param(700, [said(Verdict.EARLY)], 0, 1, id="early-though-our-clock-says-otherwise"),
        pytest.param(580, [said(Verdict.UNCLEAR)], 0, 1, id="unclear-while-the-present-one-lives"),
        pytest.param(
            601, [said(Verdict.UNCLEAR), new(1)], 1, 2, id="unclear-after-it-died-is-tried-once-more"
        ),
    ],
)
def test_trouble_is_got_over(age: float, answers: Sequence[TokenAnswer], token: int, posts: int) -> None:
    it = world(age, *answers)
    assert it.rotation().access_token() == f"access-{token}-hunter2"
    assert len(it.spent) == posts
    assert it.slept == []


@pytest.mark.parametrize("verdict", [Verdict.EARLY, Verdict.UNCLEAR])
def test_after_trouble_the_endpoint_is_asked_again_soon_but_not_at_every_call(verdict: Verdict) -> None:
    it = world(576, said(verdict), new(1))
    rotation = it.rotation()
    assert [rotation.access_token() for _ in range(5)] == ["access-0-hunter2"] * 5
    assert len(it.spent) == 1
    it.now += 11
    assert rotation.access_token() == "access-1-hunter2"


@pytest.mark.parametrize(
    ("answers", "failure", "words", "code"),
    [
        pytest.param([said(Verdict.SPENT)], LoginNeeded, "used before", 3, id="spent"),
        pytest.param([said(Verdict.LAPSED)], LoginNeeded, "unused for 30 days", 3, id="lapsed"),
        pytest.param(
            [said(Verdict.WRONG_CLIENT)], ConfigurationError, "`client_secret`", 2, id="wrong-client"
        ),
        pytest.param([said(Verdict.UNCLEAR)] * 2, Unreachable, "Run again later", 1, id="unclear-twice"),
        pytest.param(
            [said(Verdict.UNCLEAR), said(Verdict.SPENT)], LoginNeeded, "used before", 3, id="lost-answer"
        ),
        pytest.param([Unreachable("no connection")], Unreachable, "no connection", 1, id="no-connection"),
    ],
)
def test_a_failure_says_what_to_do_and_changes_nothing(
    answers: Sequence[TokenAnswer | Exception], failure: type[Exception], words: str, code: int
) -> None:
    it = world(700, *answers)
    rotation = it.rotation()
    with pytest.raises(failure, match=words) as caught:
        rotation.access_token()
    assert getattr(caught.value, "exit_code", None) == code
    assert len(it.spent) <= 2
    assert it.stored == STORED
    assert "write" not in it.log
    assert it.log[-1] == "unlock"
    assert "hunter2" not in str(caught.value) + repr(rotation)


def test_what_the_server_said_is_passed_on() -> None:
    it = world(700, said(Verdict.LAPSED))
    with pytest.raises(LoginNeeded, match="words of the server"):
        it.rotation().access_token()


def test_after_spent_the_chain_that_another_process_stored_meanwhile_is_used() -> None:
    it = world(580, said(Verdict.SPENT))
    newer = replace(STORED, refresh_token="refresh-9", access_token="access-9", access_issued=NOW + 580)
    it.before["post"] = lambda: setattr(it, "stored", newer)
    assert it.rotation().access_token() == "access-9"
    assert len(it.spent) == 1
    assert it.stored == newer


# --- The seed ------------------------------------------------------------------------------------------------


def test_a_seed_fills_an_empty_store() -> None:
    it = World(None, [new(1)])
    assert it.rotation("seed-hunter2").access_token() == "access-1-hunter2"
    assert it.spent == ["seed-hunter2"]
    assert it.stored is not None
    assert it.stored.seed == fingerprint("seed-hunter2")
    assert it.stored.owner == OWNER


def test_a_seed_that_was_used_before_is_ignored() -> None:
    it = world(0)
    it.stored = replace(STORED, seed=fingerprint("seed-hunter2"))
    assert it.rotation("seed-hunter2").access_token() == "access-0-hunter2"
    assert it.log == ["read"]


def test_the_seed_of_a_chain_stays_with_it() -> None:
    it = world(580, new(1))
    it.stored = replace(STORED, seed=fingerprint("seed-hunter2"))
    assert it.rotation("seed-hunter2").access_token() == "access-1-hunter2"
    assert it.spent == ["refresh-0-hunter2"]
    assert it.stored is not None
    assert it.stored.seed == fingerprint("seed-hunter2")


def test_a_seed_that_was_changed_replaces_the_chain() -> None:
    it = world(0, new(1))
    it.stored = replace(STORED, seed=fingerprint("an-older-seed"))
    assert it.rotation("seed-hunter2").access_token() == "access-1-hunter2"
    assert it.spent == ["seed-hunter2"]


def test_a_seed_that_is_dead_leaves_the_stored_chain_alone() -> None:
    it = world(0, said(Verdict.LAPSED))
    it.stored = replace(STORED, seed=fingerprint("an-older-seed"))
    before = it.stored
    with pytest.raises(LoginNeeded):
        it.rotation("seed-hunter2").access_token()
    assert it.stored == before


def test_a_setting_that_was_removed_keeps_the_chain() -> None:
    it = world(0)
    it.stored = replace(STORED, seed=fingerprint("an-older-seed"))
    assert it.rotation().access_token() == "access-0-hunter2"


def test_without_store_and_seed_the_message_names_both() -> None:
    it = World()
    with pytest.raises(LoginNeeded, match=r"the shelf is empty.*`refresh_token`"):
        it.rotation().access_token()
    assert it.spent == []


def test_a_seed_whose_app_was_given_a_token_just_now_has_to_wait() -> None:
    it = World(None, [said(Verdict.EARLY)])
    with pytest.raises(LimitReached) as caught:
        it.rotation("seed-hunter2").access_token()
    assert caught.value.until is not None
    assert 570 <= caught.value.until.timestamp() - NOW <= 600


# --- After a 401 ---------------------------------------------------------------------------------------------


def test_a_refused_token_is_renewed() -> None:
    it = world(590, new(1))
    rotation = it.rotation()
    rotation.renew("access-0-hunter2")
    assert rotation.access_token() == "access-1-hunter2"
    assert it.slept == []


def test_a_refused_token_that_another_process_replaced_is_not_renewed_again() -> None:
    it = world(100)
    rotation = it.rotation()
    assert rotation.access_token() == "access-0-hunter2"
    it.stored = replace(STORED, access_token="access-9", access_issued=it.now)
    rotation.renew("access-0-hunter2")
    assert it.spent == []
    assert rotation.access_token() == "access-9"


def test_a_token_refused_before_its_time_is_renewed_as_soon_as_exact_allows_it() -> None:
    it = world(100, said(Verdict.EARLY), new(1))
    rotation = it.rotation()
    rotation.renew("access-0-hunter2")
    assert it.slept == [475]
    assert rotation.access_token() == "access-1-hunter2"


def test_a_token_that_is_refused_and_not_replaced_needs_a_person() -> None:
    it = world(100, said(Verdict.EARLY), said(Verdict.EARLY))
    with pytest.raises(LoginNeeded) as caught:
        it.rotation().renew("access-0-hunter2")
    assert "hunter2" not in str(caught.value)
    assert len(it.spent) == 2


def test_no_token_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    it = world(601, said(Verdict.UNCLEAR), said(Verdict.EARLY), said(Verdict.EARLY), new(1))
    rotation = it.rotation("seed-hunter2")
    it.stored = replace(STORED, seed=fingerprint("seed-hunter2"))
    rotation.access_token()
    rotation.renew("access-0-hunter2")
    assert caplog.records
    assert "hunter2" not in caplog.text

"""How a code becomes a stored connection: in which order, and what happens when the store fails in between."""

from __future__ import annotations

import errno
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tap_exact_online.auth.login import Login
from tap_exact_online.auth.responses import TokenAnswer, Verdict
from tap_exact_online.auth.tokens import Tokens, fingerprint
from tap_exact_online.errors import ConfigurationError, LoginNeeded, TokenNotStored
from tests.fakes import Clock

NEW = TokenAnswer(Verdict.NEW, "", "access-hunter2", "refresh-hunter2", 600.0)
OLD = Tokens("me", "old-hunter2", 5.0, seed="an earlier seed", tried="x", tries=1)


@dataclass
class Store:
    """Keeps tokens in memory, notes what is done with it, and fails as often as it is told to."""

    tokens: Tokens | None = None
    failures: int = 0
    done: list[str] = field(default_factory=list)
    place: str = "a store"

    def read(self) -> Tokens | None:
        return self.tokens

    def leftovers(self) -> list[Tokens]:
        return []

    def write(self, tokens: Tokens) -> None:
        self.done.append("write")
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EROFS, "Read-only file system")
        self.tokens = tokens

    def forget(self) -> None:
        self.done.append("forget")
        self.tokens = None

    @contextmanager
    def lock(self) -> Iterator[None]:
        self.done.append("lock")
        yield
        self.done.append("unlock")


@dataclass
class Exchange:
    store: Store
    answer: TokenAnswer = NEW
    interrupt: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)

    def authorize(self, code: str, redirect_uri: str) -> TokenAnswer:
        self.store.done.append("exchange")
        self.asked.append((code, redirect_uri))
        if self.interrupt:
            signal.raise_signal(signal.SIGINT)
        return self.answer


def make(store: Store, answer: TokenAnswer = NEW, seed: str | None = None) -> tuple[Login, Exchange, Clock]:
    clock, exchange = Clock(), Exchange(store, answer)
    return Login(store, exchange, "me", seed, clock, clock.sleep), exchange, clock


def test_trying_an_empty_store() -> None:
    store = Store()
    make(store)[0].prepare()
    assert store.done == ["lock", "write", "forget", "unlock"]
    assert store.tokens is None


def test_trying_a_store_that_holds_a_connection() -> None:
    store = Store(OLD)
    make(store)[0].prepare()
    assert store.done == ["lock", "write", "unlock"]
    assert store.tokens is OLD


def test_trying_a_store_that_was_left_half_tried() -> None:
    store = Store(Tokens("me", ""))
    make(store)[0].prepare()
    assert store.tokens is None


@pytest.mark.parametrize("tokens", [None, OLD])
def test_a_store_that_cannot_be_written(tokens: Tokens | None) -> None:
    store = Store(tokens, failures=1)
    with pytest.raises(ConfigurationError, match=r"a store cannot be written \(Read-only file system\)"):
        make(store)[0].prepare()
    assert store.tokens is tokens


def test_a_code_is_exchanged_and_kept_under_the_lock() -> None:
    store = Store()
    login, exchange, clock = make(store)
    login.redeem("a!code", "https://back")
    assert exchange.asked == [("a!code", "https://back")]
    assert store.done == ["lock", "exchange", "write", "unlock"]
    kept = store.tokens
    assert kept is not None
    assert (kept.owner, kept.refresh_token, kept.access_token) == ("me", "refresh-hunter2", "access-hunter2")
    assert kept.refresh_issued == kept.access_issued == clock.now
    assert kept.rotated_by
    assert (kept.seed, kept.previous, kept.tried, kept.tries) == (None, None, None, 0)


@pytest.mark.parametrize(
    ("stored", "seed", "kept"),
    [
        pytest.param(None, None, None, id="no seed"),
        pytest.param(None, "seed", fingerprint("seed"), id="a seed"),
        pytest.param(OLD, "seed", fingerprint("seed"), id="another seed"),
        pytest.param(OLD, None, "an earlier seed", id="the seed of another machine"),
    ],
)
def test_the_seed_counts_as_used(stored: Tokens | None, seed: str | None, kept: str | None) -> None:
    store = Store(stored)
    make(store, seed=seed)[0].redeem("code", "https://back")
    assert store.tokens is not None
    assert store.tokens.seed == kept
    assert store.tokens.previous == (fingerprint("old-hunter2") if stored else None)


def test_half_an_answer_is_kept() -> None:
    store = Store()
    make(store, TokenAnswer(Verdict.LOST, "200 without tokens", None, "refresh-hunter2"))[0].redeem(
        "c", "https://b"
    )
    assert store.tokens is not None
    assert (store.tokens.refresh_token, store.tokens.access_token) == ("refresh-hunter2", None)
    assert store.tokens.left(Clock().now) <= 0


def test_a_store_that_fails_for_a_moment() -> None:
    store = Store(failures=2)
    login, exchange, clock = make(store)
    login.redeem("code", "https://back")
    assert store.tokens is not None
    assert len(exchange.asked) == 1
    assert clock.slept == [0.2, 1.0]


def test_a_store_that_fails_for_good() -> None:
    store = Store(OLD, failures=99)
    login, exchange, _ = make(store)
    with pytest.raises(TokenNotStored, match="could not be kept in a store") as raised:
        login.redeem("code", "https://back")
    assert raised.value.exit_code == 5
    assert "hunter2" not in str(raised.value)
    assert len(exchange.asked) == 1


def test_a_refusal_changes_nothing() -> None:
    store = Store(OLD)
    with pytest.raises(LoginNeeded):
        make(store, TokenAnswer(Verdict.LAPSED, "400 invalid_grant"))[0].redeem("code", "https://back")
    assert store.tokens is OLD
    assert "write" not in store.done


def test_an_interruption_waits_until_the_connection_is_kept() -> None:
    store = Store()
    login, exchange, _ = make(store)
    exchange.interrupt = True
    with pytest.raises(KeyboardInterrupt):
        login.redeem("code", "https://back")
    assert store.tokens is not None
    assert store.tokens.refresh_token == "refresh-hunter2"


def test_nothing_secret_shows() -> None:
    login, _, _ = make(Store(), seed="seed-hunter2")
    assert "hunter2" not in repr(login)

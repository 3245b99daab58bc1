"""What every store keeps: one contract for all of them, with real servers and real processes."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tap_exact_online.auth.stores import Store, file, objects, postgres
from tap_exact_online.auth.tokens import VERSION, Tokens, fingerprint
from tap_exact_online.errors import ConfigurationError, LimitReached, TapError
from tests.auth.stores.kinds import OWNER, TOKENS, Database, File, Kind, Object, after, opened

KEY, OLD_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()
LEASE = 1.0


@pytest.fixture(params=["file", "postgresql", "s3"])
def kind(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kind:
    for module in (file, postgres, objects):
        monkeypatch.setattr(module, "LOCK_TIMEOUT", 0.3)
    if request.param == "file":
        return File(str(tmp_path / "state" / "tokens.json"))
    if request.param == "postgresql":
        return Database(request.getfixturevalue("token_database"))
    return Object(request.getfixturevalue("s3"))


@pytest.fixture
def store(kind: Kind) -> Store:
    return opened(kind)


def keep(store: Store, tokens: Tokens = TOKENS) -> None:
    with store.lock():
        store.write(tokens)


@contextlib.contextmanager
def refused(failure: type[TapError], words: str) -> Iterator[None]:
    """Expect a failure that names the store and shows nothing secret, in itself and in all that led to it."""
    with pytest.raises(failure, match=words) as caught:
        yield
    error: BaseException | None = caught.value
    while error is not None:
        for secret in ("hunter2", KEY, OLD_KEY):
            assert secret not in f"{error} {error!r}"
        error = error.__cause__ or error.__context__


@contextlib.contextmanager
def program(kind: Kind, action: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run another process until it holds the store."""
    command = [sys.executable, "-m", "tests.auth.stores.program", action, kind.url, OWNER, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


# --- What is kept --------------------------------------------------------------------------------------------


def test_an_empty_store_holds_nothing(store: Store) -> None:
    assert store.read() is None
    with store.lock():
        assert store.read() is None
    assert store.read() is None


def test_what_is_written_is_read_under_the_lock_and_after_it(kind: Kind, store: Store) -> None:
    for tokens in (TOKENS, after("next")):
        with store.lock():
            store.write(after("first"))
            store.write(tokens)
            assert store.read() == tokens
        assert store.read() == tokens
        assert opened(kind).read() == tokens


def test_a_write_without_a_lock_is_kept_too(store: Store) -> None:
    store.write(TOKENS)
    store.write(after("next"))
    assert store.read() == after("next")


def test_what_is_written_is_there_for_other_processes_though_the_writer_is_killed(
    kind: Kind, store: Store
) -> None:
    with program(kind, "write", str(LEASE)) as writer:
        writer.communicate("refresh-of-another-hunter2")
    stored = store.read()
    assert stored is not None
    assert stored.refresh_token == "refresh-of-another-hunter2"
    keep(store)
    command = [sys.executable, "-m", "tests.auth.stores.program", "read", kind.url, OWNER]
    assert subprocess.check_output(command, text=True) == f"{fingerprint('refresh-hunter2')}\n"


def test_what_is_forgotten_is_gone_and_may_be_forgotten_again(kind: Kind, store: Store) -> None:
    store.forget()
    keep(store)
    with store.lock():
        store.forget()
        store.forget()
        assert store.read() is None
    store.forget()
    assert store.read() is None
    keep(store, after("next"))
    assert opened(kind).read() == after("next")


def test_after_forgetting_the_holder_may_write_again(store: Store) -> None:
    keep(store)
    with store.lock():
        store.forget()
        store.write(after("next"))
    assert store.read() == after("next")


def test_a_block_that_fails_lets_go_and_keeps_what_was_written(store: Store) -> None:
    def fail() -> None:
        with store.lock():
            store.write(TOKENS)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.read() == TOKENS
    keep(store, after("next"))
    assert store.read() == after("next")


# --- What is refused -----------------------------------------------------------------------------------------


def test_another_owner_gets_nothing_and_touches_nothing(kind: Kind, store: Store) -> None:
    keep(store)
    before = kind.content()
    other = opened(kind, "someone else")
    if kind.owners_share:
        with refused(ConfigurationError, "belongs to another client id or region"):
            other.read()
    else:
        assert other.read() is None
    assert kind.content() == before


def test_what_a_newer_version_wrote_is_refused_and_left_alone(kind: Kind, store: Store) -> None:
    keep(store)
    kind.spoil(f'"version": {VERSION}'.encode(), b'"version": 99')
    before = kind.content()
    with refused(ConfigurationError, "newer version"):
        store.read()
    assert kind.content() == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"{", b"[", id="no-json"),
        pytest.param(b'"refresh_token"', b'"fresh_token"', id="no-token"),
        pytest.param(b'"access_issued": 1000.0', b'"access_issued": "then"', id="no-number"),
        pytest.param(b'"access_issued": 1000.0', b'"access_issued": NaN', id="nan"),
    ],
)
def test_what_is_damaged_is_refused_and_left_alone(old: bytes, new: bytes, kind: Kind, store: Store) -> None:
    keep(store)
    kind.spoil(old, new)
    before = kind.content()
    with refused(ConfigurationError, "does not hold a connection of this tap"):
        store.read()
    assert kind.content() == before


def test_its_place_names_it_without_a_secret(store: Store, kind: Kind) -> None:
    assert "hunter2" not in store.place + repr(store)
    assert store.place.partition(":")[0] == kind.url.partition(":")[0]


# --- Sealed --------------------------------------------------------------------------------------------------


def test_what_is_sealed_shows_nothing_and_comes_back(kind: Kind) -> None:
    store = opened(kind, keys=[KEY])
    keep(store)
    assert b"hunter2" not in kind.content()
    assert OWNER.encode() in kind.content()
    assert store.read() == TOKENS


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        pytest.param([], "is encrypted: set `store_key`", id="no-key"),
        pytest.param([OLD_KEY], "None of the keys in `store_key`", id="another-key"),
    ],
)
def test_what_is_sealed_stays_closed_to_others(keys: list[str], words: str, kind: Kind) -> None:
    keep(opened(kind, keys=[KEY]))
    before = kind.content()
    with refused(ConfigurationError, words):
        opened(kind, keys=keys).read()
    assert kind.content() == before


def test_a_key_is_replaced_by_the_next_write(kind: Kind) -> None:
    keep(opened(kind, keys=[OLD_KEY]))
    both = opened(kind, keys=[KEY, OLD_KEY])
    assert both.read() == TOKENS
    keep(both, after("next"))
    assert opened(kind, keys=[KEY]).read() == after("next")
    with refused(ConfigurationError, "None of the keys"):
        opened(kind, keys=[OLD_KEY]).read()


def test_what_was_in_the_clear_is_sealed_by_the_next_write(kind: Kind, store: Store) -> None:
    keep(store)
    sealed = opened(kind, keys=[KEY])
    assert sealed.read() == TOKENS
    assert b"hunter2" in kind.content()
    keep(sealed, after("next"))
    assert b"hunter2" not in kind.content()
    assert sealed.read() == after("next")


# --- The lock ------------------------------------------------------------------------------------------------


def test_a_second_holder_is_kept_out_until_the_first_lets_go(kind: Kind, store: Store) -> None:
    other = opened(kind)
    with store.lock():
        with refused(LimitReached, "Another process"), other.lock():
            pytest.fail("both hold it")
        assert other.read() is None
        store.write(TOKENS)
    keep(other, after("next"))
    assert store.read() == after("next")


def test_another_process_is_kept_out_until_this_one_lets_go(
    kind: Kind, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with program(kind, "hold") as holder:
        with refused(LimitReached, "Another process"), store.lock():
            pytest.fail("both hold it")
        for module in (file, postgres, objects):
            monkeypatch.setattr(module, "LOCK_TIMEOUT", 10.0)
        assert holder.stdin is not None
        holder.stdin.close()
        keep(store)
    assert store.read() == TOKENS


def test_a_holder_that_is_killed_frees_the_others(
    kind: Kind, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a second where the lock ends with its holder; else after the lease, and not before."""
    for module in (file, postgres, objects):
        monkeypatch.setattr(module, "LOCK_TIMEOUT", 10.0)
    with program(kind, "hold", str(LEASE)) as holder:
        holder.kill()
        holder.wait()
        start = time.monotonic()
        with store.lock():
            waited = time.monotonic() - start
            store.write(TOKENS)
    assert store.read() == TOKENS
    if kind.ends_with_its_holder:
        assert waited < 1
    else:
        assert LEASE <= waited < LEASE + 3


def test_nobody_goes_on_without_the_lock_of_a_holder_that_hangs(kind: Kind, store: Store) -> None:
    keep(store)
    with program(kind, "hold") as holder:
        holder.send_signal(signal.SIGSTOP)
        before = kind.content()
        with refused(LimitReached, "Find out whether it hangs"), store.lock():
            pytest.fail("went on without the lock")
        assert store.read() == TOKENS
        assert kind.content() == before


def test_processes_that_take_turns_lose_no_write(kind: Kind, store: Store) -> None:
    keep(store, Tokens(OWNER, "hunter2"))
    command = [sys.executable, "-m", "tests.auth.stores.program", "take", kind.url, OWNER]
    processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(6)]
    assert [process.wait(60) for process in processes] == [0] * 6
    stored = store.read()
    assert stored is not None
    assert stored.refresh_token == "hunter2" + "+" * 6

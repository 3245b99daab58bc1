"""What PostgreSQL adds to the contract: its lock and its connection, its rights, and what it calls its refusals."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from demo.postgres import Postgres
from tap_exact_online.auth.form import Form
from tap_exact_online.auth.stores.postgres import PostgresStore
from tap_exact_online.auth.tokens import Tokens
from tap_exact_online.errors import ConfigurationError, LimitReached
from tests.auth.stores.kinds import OWNER, TOKENS, after
from tests.auth.stores.servers import disconnect, run, token_url


@pytest.fixture
def store(token_database: Postgres) -> PostgresStore:
    return opened(token_url(token_database))


def opened(url: str, owner: str = OWNER, lock_timeout: float = 5.0) -> PostgresStore:
    return PostgresStore(url, Form(owner), lock_timeout)


def setting(store: PostgresStore, name: str) -> str:
    """Return a setting as the session that holds the lock has it."""
    row = store._session().execute("SELECT current_setting(%s)", [name]).fetchone()  # noqa: SLF001
    assert row is not None
    return str(row[0])


# --- The table -----------------------------------------------------------------------------------------------


def test_reading_makes_no_table(store: PostgresStore, token_database: Postgres) -> None:
    assert store.read() is None
    with pytest.raises(psycopg.errors.UndefinedTable):
        run(token_database, "SELECT FROM exact_online_tokens")


def test_owners_that_start_at_once_make_one_table(token_database: Postgres) -> None:
    owners = [f"owner-{number}" for number in range(8)]
    stores = [opened(token_url(token_database), owner) for owner in owners]
    together = threading.Barrier(len(stores))

    def start(store: PostgresStore, owner: str) -> None:
        together.wait(10)
        store.write(Tokens(owner, f"{owner}-hunter2"))

    threads = [threading.Thread(target=start, args=pair) for pair in zip(stores, owners, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    stored = [store.read() for store in stores]
    assert [tokens.refresh_token if tokens else None for tokens in stored] == [
        f"{owner}-hunter2" for owner in owners
    ]


def test_two_owners_do_not_wait_for_each_other(store: PostgresStore, token_database: Postgres) -> None:
    other = opened(token_url(token_database), "someone else")
    with store.lock(), other.lock():
        store.write(TOKENS)
        other.write(Tokens("someone else", "other-hunter2"))
        other.forget()
    assert store.read() == TOKENS
    assert other.read() is None


# --- The connection ------------------------------------------------------------------------------------------


def test_a_write_is_on_disk_though_the_server_does_not_insist(store: PostgresStore) -> None:
    with store.lock():
        assert setting(store, "synchronous_commit") == "on"


def test_a_stricter_server_stays_strict(store: PostgresStore, token_database: Postgres) -> None:
    run(token_database, f"ALTER DATABASE {token_database.database} SET synchronous_commit = remote_apply")
    with store.lock():
        assert setting(store, "synchronous_commit") == "remote_apply"


def test_the_server_does_not_end_a_holder_that_waits_for_exact(
    store: PostgresStore, token_database: Postgres
) -> None:
    run(
        token_database,
        f"ALTER DATABASE {token_database.database} SET idle_session_timeout = '1min'",
        f"ALTER DATABASE {token_database.database} SET statement_timeout = '1s'",
    )
    with store.lock():
        assert setting(store, "idle_session_timeout") == "0"
        assert setting(store, "statement_timeout") == "30s"


def test_a_connection_that_breaks_under_the_lock_is_made_again(
    store: PostgresStore, token_database: Postgres
) -> None:
    other = opened(token_url(token_database), lock_timeout=0.1)
    store.write(TOKENS)
    with store.lock():
        disconnect(token_database)
        store.write(after("next"))
        with pytest.raises(LimitReached), other.lock():
            pytest.fail("the lock was not taken again")
        disconnect(token_database)
        assert store.read() == after("next")
        disconnect(token_database)
        store.forget()
        disconnect(token_database)
    assert store.read() is None


@pytest.mark.parametrize("first", ["first write", "later write"])
def test_what_another_wrote_after_the_lock_was_lost_stays(
    first: str,
    store: PostgresStore,
    token_database: Postgres,
) -> None:
    if first == "later write":
        store.write(TOKENS)
    with store.lock():
        disconnect(token_database)
        opened(token_url(token_database)).write(after("other"))
        for _ in range(2):
            with pytest.raises(OSError, match="another process has written") as caught:
                store.write(after("mine"))
            assert caught.value.errno == errno.ESTALE
    assert store.read() == after("other")


@pytest.mark.parametrize("first", ["first write", "later write"])
def test_a_write_whose_confirmation_was_lost_is_a_write(
    first: str,
    store: PostgresStore,
    token_database: Postgres,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replace: Callable[[PostgresStore, psycopg.Connection, str], bool] = PostgresStore._replace

    def unconfirmed(it: PostgresStore, connection: psycopg.Connection, document: str) -> bool:
        monkeypatch.undo()
        before = it._revision  # noqa: SLF001
        replace(it, connection, document)
        it._revision, it._unconfirmed = before, it._revision  # noqa: SLF001  as if execute had not returned
        disconnect(token_database)
        connection.execute("SELECT")
        raise AssertionError

    if first == "later write":
        store.write(TOKENS)
    with store.lock():
        monkeypatch.setattr(PostgresStore, "_replace", unconfirmed)
        store.write(after("next"))
    assert store.read() == after("next")


def test_a_lock_that_someone_else_has_now_is_not_written_without(
    store: PostgresStore, token_database: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_exact_online.auth.stores.postgres._RETAKE_SECONDS", 0.1)
    store.write(TOKENS)
    other = opened(token_url(token_database))
    with store.lock():
        disconnect(token_database)
        with other.lock(), pytest.raises(OSError, match="lock timeout"):
            store.write(after("next"))
    assert store.read() == TOKENS


# --- Refusals ------------------------------------------------------------------------------------------------


def refused(store: PostgresStore, words: str) -> None:
    for what in ("read", "locked"):
        with pytest.raises(ConfigurationError, match=words) as caught:
            store.read() if what == "read" else store.write(TOKENS)
        assert str(caught.value).startswith(f"The token store {store.place} cannot be {what}: ")
        assert "hunter2" not in f"{caught.value!r} {caught.value.__context__!r} {caught.value.__cause__!r}"


def test_a_database_that_is_down_is_named() -> None:
    refused(opened("postgresql://me:hunter2@127.0.0.1:9/tokens"), r"port 9 failed: Connection refused")


def test_a_database_that_is_not_there_is_named(token_database: Postgres) -> None:
    refused(
        opened(token_url(Postgres(token_database.folder, "nothing"))), 'database "nothing" does not exist'
    )


def test_a_wrong_password_is_named_and_not_shown(token_database: Postgres) -> None:
    run(token_database, "CREATE ROLE careful LOGIN PASSWORD 'right'")
    rules = Path(token_database.folder) / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(f"local {token_database.database} careful scram-sha-256\n{before}")
    try:
        run(token_database, "SELECT pg_reload_conf()")
        refused(
            opened(token_url(token_database, "careful")), 'password authentication failed for user "careful"'
        )
        assert opened(token_url(token_database, "careful", "right")).read() is None
    finally:
        rules.write_text(before)
        run(token_database, "SELECT pg_reload_conf()", "DROP ROLE careful")


def test_missing_rights_come_with_what_to_run(store: PostgresStore, token_database: Postgres) -> None:
    run(token_database, "REVOKE CREATE ON SCHEMA public FROM PUBLIC", "CREATE ROLE reader LOGIN")
    poor = opened(token_url(token_database, "reader"))
    try:
        with pytest.raises(
            ConfigurationError, match=r"permission denied.*CREATE TABLE IF NOT EXISTS exact_online_tokens \("
        ):
            poor.write(TOKENS)
        store.write(TOKENS)
        refused(
            poor, r"permission denied for table exact_online_tokens\. .*GRANT SELECT, INSERT, UPDATE, DELETE"
        )
        run(token_database, "GRANT SELECT ON exact_online_tokens TO reader")
        assert poor.read() == TOKENS
        with poor.lock(), pytest.raises(OSError, match="permission denied for table"):
            poor.write(after("next"))
        run(token_database, "GRANT INSERT, UPDATE, DELETE ON exact_online_tokens TO reader")
        poor.write(after("next"))
        assert store.read() == after("next")
    finally:
        run(token_database, "DROP OWNED BY reader", "DROP ROLE reader")


def test_what_takes_no_writes_is_not_locked(store: PostgresStore, token_database: Postgres) -> None:
    """A standby has locks of its own: who locks there and who locks the primary would both go on."""
    store.write(TOKENS)
    run(token_database, f"ALTER DATABASE {token_database.database} SET default_transaction_read_only = on")
    assert store.read() == TOKENS
    with pytest.raises(ConfigurationError, match="cannot be locked: it takes no writes now"), store.lock():
        pytest.fail("locked")


# --- URLs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "place"),
    [
        pytest.param("postgresql://me:hunter2@host:5433/db", "postgresql://host:5433/db", id="all"),
        pytest.param(
            "postgres://host/db?sslmode=require&password=hunter2", "postgresql://host/db", id="options"
        ),
        pytest.param("postgresql+psycopg://me:hunter2@host/db", "postgresql://host/db", id="sqlalchemy"),
        pytest.param("postgresql://me:%40hunter2%2F@host/db", "postgresql://host/db", id="escaped"),
        pytest.param("postgresql://me:hunter2?#@host/db", "postgresql://host/db", id="what-libpq-allows"),
        pytest.param("postgresql:///db?host=/run/pg", "postgresql:///db?host=/run/pg", id="socket"),
        pytest.param("postgresql://one:1,two:2/db", "postgresql://one,two:1,2/db", id="two-hosts"),
        pytest.param("postgresql://", "postgresql:///", id="all-from-the-environment"),
    ],
)
def test_a_place_shows_server_and_database(url: str, place: str) -> None:
    store = opened(url)
    assert store.place == place
    assert "hunter2" not in repr(store)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:",
        "postgresql:db",
        "postgresql://me:hunter2@two@host/db",
        "postgresql://me:hunter2/two@host/db",
        "postgresql://me:1/hunter2@host/db",
        "postgresql://me:%hunter2@host/db",
        "postgresql://host:hunter2/db",
        "postgresql://host/db?hunter2",
        "postgresql://host/db?hunter2=1",
        "postgresql://[hunter2/db",
    ],
)
def test_what_is_no_such_url_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a PostgreSQL URL") as caught:
        opened(url)
    error = caught.value
    assert "hunter2" not in f"{error!r} {error.__context__!r} {error.__cause__!r}"

"""PostgreSQL: a row of a small table, and a lock that dies with its connection."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any, LiteralString, TypeVar
from uuid import UUID, uuid4

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from tap_exact_online.auth.exchange import LONGEST
from tap_exact_online.auth.form import Form
from tap_exact_online.auth.tokens import Tokens
from tap_exact_online.errors import ConfigurationError, LimitReached
from tap_exact_online.spoken import keep_secret, spoken, unstopped
from tap_exact_online.surroundings import address_told

LOCK_TIMEOUT = LONGEST + 30.0
"""Seconds: more than a token request takes at most, with the writes around it, so that a working holder is waited for."""

_STATEMENT_SECONDS = 30.0  # nothing here takes longer than a database needs for one row
_RETAKE_SECONDS = 10.0  # for the lock, after its connection broke: who has it now will write something newer

_READ_ONLY = "it takes no writes now: a standby, or set to read-only"
_FIND_TABLE: LiteralString = "SELECT to_regclass('exact_online_tokens')"
_CREATE: LiteralString = """
    CREATE TABLE IF NOT EXISTS exact_online_tokens (
      owner text PRIMARY KEY, document text NOT NULL, revision uuid NOT NULL, changed timestamptz NOT NULL
    )"""
_UPDATE: LiteralString = """
    UPDATE exact_online_tokens SET document = %(document)s, revision = %(new)s, changed = now()
    WHERE owner = %(owner)s AND revision = ANY(%(known)s)"""
_INSERT: LiteralString = """
    INSERT INTO exact_online_tokens (owner, document, revision, changed)
    VALUES (%(owner)s, %(document)s, %(new)s, now()) ON CONFLICT (owner) DO NOTHING"""

# Where the network or the other machine goes away without a word, either side notices within a minute, and with the
# connection the lock goes. Left alone, both would wait for two hours.
_CLIENT = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "fallback_application_name": "tap-exact-online",
}
_SERVER: LiteralString = """
    SELECT set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false),
           set_config('tcp_keepalives_count', '3', false);
    -- A commit is done when it is on disk; a stricter setting of the server stays.
    SELECT set_config('synchronous_commit', 'on', false)
      WHERE current_setting('synchronous_commit') IN ('off', 'local');
    -- The connection is idle while Exact answers, and must not be ended for it. Unknown before PostgreSQL 14.
    SELECT set_config('idle_session_timeout', '0', false)
      WHERE current_setting('idle_session_timeout', true) IS NOT NULL"""
_PATIENCE: LiteralString = (
    "SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false)"
)


_T = TypeVar("_T")


class PostgresStore:
    """One connection in a row of the table `exact_online_tokens`, which is made on first use.

    The lock is a session's advisory lock on a connection of its own: when the process dies, the server notices that
    the connection is gone and lets go of it. What is written goes over the connection that holds the lock. When that
    one breaks, both are taken again, and a write fails if another process has written in between.

    A pooler in front of the database has to keep one server connection for one client (pgbouncer: `pool_mode =
    session`). In transaction mode the lock ends up with a connection that others use too, and excludes nobody; what
    another process wrote is not overwritten even then, but two may spend the same token.

    Attributes:
        place: The server and the database, without user and password.
    """

    def __init__(self, url: str, form: Form, lock_timeout: float | None = None) -> None:
        """Read the URL; nothing is connected before it is needed.

        Args:
            url: As libpq takes it, `postgresql://user:password@host/database?sslmode=require`; the form of
                SQLAlchemy, `postgresql+psycopg:`, too. What it leaves out comes from the `PG...` variables.
            form: How the connection is written down.
            lock_timeout: Seconds to wait for another process; None for `LOCK_TIMEOUT`.

        Raises:
            ConfigurationError: It is no such URL.
        """
        self._parameters = parameters(url)
        self.place = place(self._parameters)
        self._form = form
        self._lock_timeout = lock_timeout
        self._locked = False
        self._connection: psycopg.Connection | None = None
        self._revision: UUID | None = None
        self._unconfirmed: UUID | None = None

    def read(self) -> Tokens | None:
        """Return what is stored, or None where there is no row or no table."""
        try:
            if self._locked:
                document = self._over_the_lock(self._look)
            else:
                with closing(self._connect()) as connection:
                    document = self._row(connection)[1]
        except psycopg.Error as error:
            raise ConfigurationError(self._unusable("read", error)) from None
        return None if document is None else self._form.read(document.encode(), self.place)

    def write(self, tokens: Tokens) -> None:
        """Replace the row; done when the server has it on disk."""
        if not self._locked:
            with self.lock():
                return self.write(tokens)
        document = self._form.write(tokens).decode()
        return self._change(lambda connection: self._replace(connection, document))

    def reserve(self) -> None:
        """Take nothing: the row is there, and a database keeps some room for itself."""

    def leftovers(self) -> Sequence[Tokens]:
        """Return nothing: a row is written whole, or not."""
        return ()

    def forget(self) -> None:
        """Remove the row; the table stays."""
        if not self._locked:
            with self.lock():
                return self.forget()
        return self._change(self._remove)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold an advisory lock of the database, named after the owner."""
        timeout = LOCK_TIMEOUT if self._lock_timeout is None else self._lock_timeout
        try:
            self._look(self._session(timeout))
        except errors.LockNotAvailable:
            self._close()
            msg = (
                f"Another process has held the token store {self.place} for {timeout:.0f} s."
                " Find out whether it hangs, and run again."
            )
            raise LimitReached(msg) from None
        except psycopg.Error as error:
            self._close()
            raise ConfigurationError(self._unusable("locked", error)) from None
        except BaseException:
            self._close()
            raise
        self._locked = True
        try:
            yield
        finally:
            self._locked = False
            self._close()

    def _change(self, act: Callable[[psycopg.Connection], bool]) -> None:
        """Change the row.

        Raises:
            OSError: It cannot be changed, or was changed by another process after the lock was lost.
        """
        try:
            changed = self._over_the_lock(act)
        except psycopg.Error as error:
            raise OSError(errno.EIO, words(error)) from None
        if not changed:
            raise OSError(errno.ESTALE, "the lock was lost, and another process has written in the meantime")

    def _over_the_lock(self, act: Callable[[psycopg.Connection], _T]) -> _T:
        """Use the connection that holds the lock; take both again, once, if it broke."""
        try:
            return act(self._session())
        except psycopg.OperationalError:
            if self._connection is None or not self._connection.closed:
                raise
        return act(self._session())

    def _session(self, timeout: float | None = None) -> psycopg.Connection:
        """Return the connection that holds the lock; connect and take the lock where there is none (any more)."""
        if self._connection is None or self._connection.closed:
            self._close()
            self._connection = self._connect()
            self._connection.execute(_SERVER)
            self._take_lock(self._connection, _RETAKE_SECONDS if timeout is None else timeout)
            self._connection.execute(_PATIENCE, [f"{_STATEMENT_SECONDS:.0f}s"] * 2)
            self._make_table(self._connection)
        return self._connection

    def _connect(self) -> psycopg.Connection:
        return connected(self._parameters)

    def _take_lock(self, connection: psycopg.Connection, timeout: float) -> None:
        if _one(connection, "SELECT current_setting('transaction_read_only')") == "on":
            # A standby has locks of its own, which keep nobody out of the primary.
            raise errors.ReadOnlySqlTransaction(_READ_ONLY)
        connection.execute(_PATIENCE, [f"{max(1, round(timeout * 1000))}ms", "0"])
        connection.execute("SELECT pg_advisory_lock(%s)", [lock_number(self._form.owner)])

    def _make_table(self, connection: psycopg.Connection) -> None:
        """Make the table where it is missing; another owner's process may be doing the same.

        Looked for first: CREATE asks for the right to create even where there is nothing to do. Locked too: IF NOT
        EXISTS alone fails when two do it in the same moment.
        """
        if _one(connection, _FIND_TABLE):
            return
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number("")])
            connection.execute(_CREATE)

    def _row(self, connection: psycopg.Connection) -> tuple[UUID | None, str | None]:
        """Return revision and document, or two None."""
        try:
            cursor = connection.execute(
                "SELECT revision, document FROM exact_online_tokens WHERE owner = %s", [self._form.owner]
            )
        except errors.UndefinedTable:
            return None, None
        return cursor.fetchone() or (None, None)

    def _look(self, connection: psycopg.Connection) -> str | None:
        """Return the document, and note which revision it is: only this one may be replaced."""
        self._revision, document = self._row(connection)
        self._unconfirmed = None
        return document

    def _replace(self, connection: psycopg.Connection, document: str) -> bool:
        """Replace the known revision; tell whether it was still there."""
        # A write whose confirmation was lost may have taken effect: its revision is as good as the one before.
        known = [revision for revision in (self._revision, self._unconfirmed) if revision]
        self._unconfirmed = new = uuid4()
        values = {"owner": self._form.owner, "document": document, "new": new, "known": known}
        changed = bool(known) and connection.execute(_UPDATE, values).rowcount == 1
        if not changed and self._revision is None:
            changed = connection.execute(_INSERT, values).rowcount == 1
        if changed:
            self._revision, self._unconfirmed = new, None
        return changed

    def _remove(self, connection: psycopg.Connection) -> bool:
        connection.execute("DELETE FROM exact_online_tokens WHERE owner = %s", [self._form.owner])
        self._revision = self._unconfirmed = None
        return True

    def _close(self) -> None:
        """Let go of lock and connection: what lies behind may already be gone."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(psycopg.Error):
            if not connection.closed:
                # Said aloud: after a mere goodbye the server takes its time.
                connection.execute("SELECT pg_advisory_unlock_all()")
        connection.close()

    def _unusable(self, what: str, error: psycopg.Error) -> str:
        msg = f"The token store {self.place} cannot be {what}: {unstopped(words(error))}."
        if isinstance(error, errors.InsufficientPrivilege):
            return (
                f"{msg} Give the user the right to create a table, or let somebody else run:"
                f" {' '.join(_CREATE.split())}; and GRANT SELECT, INSERT, UPDATE, DELETE on it."
            )
        return f"{msg} Check `store` and the database."


def _one(connection: psycopg.Connection, query: LiteralString) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def lock_number(of: str) -> int:
    """Return the number of the lock of an owner, or of something else that is named: advisory locks have 64 bits, which all users of a database share."""
    digest = hashlib.sha256(f"tap-exact-online {of}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def address_parts(address: str) -> Mapping[str, Any] | None:
    """Return what libpq makes of an address, or None where it is none: what libpq says of that may hold the password."""
    try:
        parts = conninfo_to_dict(address)
    except psycopg.Error:
        return None
    # A password with an @, / or # that is not escaped ends up in part in one of these, and so in messages.
    shown = [str(parts.get(name) or "") for name in ("port", "host", "hostaddr", "dbname")]
    return None if "@" in "".join(shown) or not re.fullmatch(r"[\d,]*", shown[0]) else parts


def plain_address(url: str) -> str:
    """Return the address of a database as PostgreSQL itself takes it; empty: as PGHOST, PGUSER and so on say.

    Args:
        url: The address, of an option `--url`; that for SQLAlchemy will do, too.

    Raises:
        ConfigurationError: It is none.
    """
    # The name that SQLAlchemy wants for its driver, `postgresql+psycopg://`, means nothing to PostgreSQL itself.
    address = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)
    if address_parts(address) is None:
        msg = (
            "--url: it is no address of a PostgreSQL database, as postgresql://USER:PASSWORD@HOST:PORT/DATABASE. Characters such"
            " as @ / : # in user or password have to be escaped: %40 %2F %3A %23."
        )
        raise ConfigurationError(msg)
    return address


def parameters(url: str) -> Mapping[str, Any]:
    """Return how libpq reaches what a URL names; passwords in it are shown nowhere from now on.

    Args:
        url: `postgresql://user:password@host/database?sslmode=require`; the form of SQLAlchemy,
            `postgresql+psycopg:`, too.

    Raises:
        ConfigurationError: It is no such URL.
    """
    scheme, _, rest = url.partition(":")
    known = address_parts(f"{scheme.lower().partition('+')[0]}:{rest}") if rest.startswith("//") else None
    if known is None:
        msg = (
            "`store` is not a PostgreSQL URL of the form postgresql://user:password@host:5432/database. Characters"
            " such as @ / : # ? % in user or password have to be escaped: %40 %2F %3A %23 %3F %25."
        )
        raise ConfigurationError(msg)
    keep_secret(*(known.get(name) for name in ("password", "sslpassword")))
    return known


def connected(to: Mapping[str, Any]) -> psycopg.Connection:
    """Connect to a database.

    Args:
        to: What `parameters` returned.

    Raises:
        psycopg.Error: It cannot be reached.
    """
    # Nothing is prepared: poolers do not always carry a prepared statement to the connection that runs it.
    return psycopg.connect(**{**_CLIENT, **to}, autocommit=True, prepare_threshold=None)


def words(error: psycopg.Error) -> str:
    """Return what the database says, on one line and without the password."""
    # libpq asks in a line of its own whether the server is running.
    said = [line.strip() for line in str(error).splitlines() if line and not line.endswith("?")]
    return spoken(error.diag.message_primary or "; ".join(said)).rstrip(".")


def unreached(error: psycopg.Error, url: str) -> str:
    """Return the message for a database that cannot be reached, or that broke off.

    Args:
        error: What the database, or libpq, says.
        url: The address that was tried; empty: as PGHOST and so on say.
    """
    return f"The database cannot be reached, or broke off: {unstopped(words(error))}. {address_told(url, os.environ)}"


def place(parameters: Mapping[str, Any]) -> str:
    """Return the server and the database, without user and password, for messages."""
    host = str(parameters.get("host") or parameters.get("hostaddr") or "")
    port = f":{parameters['port']}" if parameters.get("port") else ""
    database = parameters.get("dbname") or ""
    # The folder of a socket cannot stand where a host does.
    return (
        f"postgresql:///{database}?host={host}"
        if host.startswith("/")
        else f"postgresql://{host}{port}/{database}"
    )

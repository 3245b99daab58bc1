"""Rows of a small table in PostgreSQL."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, LiteralString, TypeVar

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from tap_exact_online.auth.stores.postgres import connected, lock_number, parameters, place, words
from tap_exact_online.board.naming import PATIENCE, checked

if TYPE_CHECKING:
    from tap_exact_online.board.places import Change

_T = TypeVar("_T")

_CREATE: LiteralString = """
    CREATE TABLE IF NOT EXISTS exact_online_board (
      owner text, name text, document bytea NOT NULL, changed timestamptz NOT NULL, PRIMARY KEY (owner, name)
    )"""
# For this transaction only: behind a pooler the next one may be somebody else's.
_PATIENCE: LiteralString = (
    "SELECT set_config('lock_timeout', %(lock)s, true), set_config('statement_timeout', %(statement)s, true)"
)
_LOCK: LiteralString = "SELECT pg_advisory_xact_lock(%s)"
_READ: LiteralString = "SELECT document FROM exact_online_board WHERE owner = %(owner)s AND name = %(name)s"
_REMOVE: LiteralString = "DELETE FROM exact_online_board WHERE owner = %(owner)s AND name = %(name)s"
_WRITE: LiteralString = """
    INSERT INTO exact_online_board (owner, name, document, changed)
    VALUES (%(owner)s, %(name)s, %(document)s, now())
    ON CONFLICT (owner, name) DO UPDATE SET document = excluded.document, changed = excluded.changed"""


class PostgresBoard:
    """A row of the table `exact_online_board` for each document. The table is made when something is first written.

    A change is one transaction under an advisory lock that ends with it, and nothing is set for a session: poolers that
    hand on connections between transactions do no harm. The connection stays open, and is made again when it broke.

    Attributes:
        place: The server and the database, without user and password.
    """

    def __init__(self, url: str, owner: str, patience: float = PATIENCE) -> None:
        """Read the URL; nothing is connected before it is needed.

        Args:
            url: As the setting `store` takes it.
            owner: The fingerprint of client id and server.
            patience: Seconds to wait for other processes.

        Raises:
            ConfigurationError: It is no such URL.
        """
        self._parameters = parameters(url)
        self.place = place(self._parameters)
        self._owner = owner
        self._patience = patience
        self._turn = threading.Lock()  # a connection is for one thread at a time
        self._connection: psycopg.Connection | None = None

    def read(self, name: str) -> bytes | None:
        """Return a document, or None where there is no row or no table."""
        row = {"owner": self._owner, "name": checked(name)}
        try:
            return self._in_transaction(lambda connection: _document(connection, row))
        except errors.UndefinedTable:
            return None
        except psycopg.Error as error:
            raise OSError(errno.EIO, words(error)) from None

    def change(self, name: str, change: Change) -> bytes | None:
        """Replace a row under a lock of its own."""
        row = {"owner": self._owner, "name": checked(name)}

        def replace(connection: psycopg.Connection) -> bytes | None:
            connection.execute(_LOCK, [lock_number(f"board {self._owner} {name}")])
            before = _document(connection, row)
            after = change(before)
            if after is None:
                connection.execute(_REMOVE, row)
            elif after != before:
                connection.execute(_WRITE, {**row, "document": after})
            return after

        try:
            try:
                return self._in_transaction(replace)
            except errors.UndefinedTable:
                self._in_transaction(_make_table)
                return self._in_transaction(replace)
        except errors.InsufficientPrivilege as error:
            msg = (
                f"{words(error)}; give the user the right to create a table, or let somebody else run:"
                f" {' '.join(_CREATE.split())}; and GRANT SELECT, INSERT, UPDATE, DELETE on it"
            )
            raise OSError(errno.EACCES, msg) from None
        except errors.LockNotAvailable:
            msg = f"another process has held the document for {self._patience:.0f} s"
            raise OSError(errno.ETIMEDOUT, msg) from None
        except psycopg.Error as error:
            raise OSError(errno.EIO, words(error)) from None

    def _in_transaction(self, act: Callable[[psycopg.Connection], _T]) -> _T:
        """Act in a transaction of its own; again where a connection that was kept turns out to have been ended meanwhile."""
        with self._turn:
            while True:
                is_new = self._connection is None
                connection = self._opened()
                is_acted = False
                try:
                    with connection.transaction():
                        connection.execute(_PATIENCE, self._timeouts())
                        done = act(connection)
                        is_acted = True
                except psycopg.OperationalError:
                    # Once it went to its end, it may have got there.
                    if is_new or is_acted or not connection.closed:
                        raise
                else:
                    return done
                finally:
                    if connection.closed or connection.info.transaction_status is not TransactionStatus.IDLE:
                        self._close()

    def _timeouts(self) -> dict[str, str]:
        patience = max(1, round(self._patience * 1000))
        return {"lock": f"{patience}ms", "statement": f"{patience + 1000}ms"}

    def _opened(self) -> psycopg.Connection:
        if self._connection is None:
            self._connection = connected(self._parameters)
        return self._connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()


def _document(connection: psycopg.Connection, row: dict[str, str]) -> bytes | None:
    found = connection.execute(_READ, row).fetchone()
    return None if found is None else bytes(found[0])


def _make_table(connection: psycopg.Connection) -> None:
    """Make the table; locked, since IF NOT EXISTS alone fails when two do it in the same moment."""
    connection.execute(_LOCK, [lock_number("board")])
    connection.execute(_CREATE)

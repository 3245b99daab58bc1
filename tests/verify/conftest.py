"""Books that were read and loaded once; every test gets a copy of the database."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from demo.postgres import Postgres
from tap_exact_online.sandbox.control import Control
from tests.cli.program import Ended
from tests.conftest import Sandbox, running
from tests.doctor.patient import Patient
from tests.loaded import load
from tests.singer import Tap, tap_for

STREAMS = ("deleted", "reads", "accounts", "gl_accounts", "journals", "receivables_list")
_numbers = itertools.count()


@dataclass
class Books:
    """A sandbox, a tap, and the state behind what it loaded: the one that fits every copy of the database."""

    sandbox: Sandbox
    tap: Tap
    folder: Path
    state: dict[str, Any] | None = None

    @property
    def control(self) -> Control:
        return self.sandbox.control

    def load(self, database: Postgres, **config: Any) -> dict[str, Any]:
        """Run the tap behind the state, load what it writes, and return the new state."""
        return load(self.tap, database, STREAMS, self.state, **config).state


@dataclass
class Case:
    """A copy of the database, and the command."""

    books: Books
    database: Postgres
    patient: Patient

    def verify(self, *options: str, **environment: str) -> Ended:
        """Run `exact-online verify`."""
        return self.patient.run("verify", *options, env=self.where(**environment))

    def where(self, **environment: str) -> dict[str, str]:
        return {"EXACT_ONLINE_DELETES_URL": self.database.url, **environment}

    def verified(self, exit_code: int, *options: str) -> dict[str, Any]:
        """Return what it says in JSON."""
        ended = self.verify("--yes", "--json", *options)
        assert ended.exit_code == exit_code, ended.err + ended.out
        found: dict[str, Any] = json.loads(ended.out)
        assert found["exit_code"] == exit_code
        assert found["equal"] is (exit_code == 0)
        return found

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.conninfo, autocommit=True) as connection:
            found = connection.execute(statement.encode(), values)
            return found.fetchall() if found.description else []


def rows_of(found: dict[str, Any], stream: str, division: int) -> dict[str, Any]:
    """Return what a document says of a stream in a division."""
    (table,) = (each for each in found["tables"] if (each["stream"], each["division"]) == (stream, division))
    return dict(table)


@pytest.fixture(scope="package")
def books(tmp_path_factory: pytest.TempPathFactory, postgres_server: Postgres) -> Iterator[Books]:
    folder = tmp_path_factory.mktemp("books")
    generous = {"minute_limit": 10**6, "day_limit": 10**6, "contract_limit": 10**6, "error_limit": 10**6}
    with running(folder, {"rows": 40, "refresh_after": 0, **generous}) as sandbox:
        tap = tap_for(sandbox, folder)
        read = Books(sandbox, tap, folder)
        read.state = read.load(postgres_server.create_database("verify_books"))
        yield read


@pytest.fixture
def case(books: Books, postgres_server: Postgres, tmp_path: Path) -> Iterator[Case]:
    name = f"verify_{next(_numbers)}"
    with psycopg.connect(postgres_server.conninfo, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE verify_books".encode())
    user = f"{name} of {tmp_path.name}"
    login = {"refresh_token": books.control.new_login(user)}
    yield Case(books, Postgres(postgres_server.folder, name), Patient(books.sandbox, tmp_path, user, login))
    books.control.allow()

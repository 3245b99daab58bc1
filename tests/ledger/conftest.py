"""Real books of the sandbox, read by the tap, landed in both databases, built by dbt."""

from __future__ import annotations

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest

from demo.postgres import Postgres as Server
from tests.conftest import Sandbox, running
from tests.ledger import messages
from tests.ledger.building import Built, Dbt
from tests.ledger.messages import Tables
from tests.ledger.reading import LIMITS, LINES, SUMS, read
from tests.ledger.warehouses import DuckDB, Postgres, Warehouse
from tests.singer import Run

# A process for each database, where there is more than one: `make ledger` has two.
KINDS = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ("postgres", "duckdb")]


@pytest.fixture(scope="session")
def asked() -> None:
    """Skip what builds with dbt, or takes long, unless `make ledger` asks for it."""
    if not os.environ.get("LEDGER"):
        pytest.skip("`make ledger` runs it")


@pytest.fixture(scope="session")
def dbt(asked: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dbt]:  # noqa: ARG001  it may skip
    """Return dbt; it starts with the first command."""
    made = Dbt(tmp_path_factory.mktemp("dbt"))
    yield made
    made.end()


@pytest.fixture(scope="session")
def books(asked: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:  # noqa: ARG001  it may skip
    """Return a sandbox with real books, that all tests of the ledger share: read from it, change nothing in it."""
    with running(tmp_path_factory.mktemp("books"), {**LIMITS, "divisions": 4, "rows": 2500}) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def ran(books: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """Return what the tap wrote of the books, and then of what Exact adds up."""
    folder = tmp_path_factory.mktemp("ran")
    return read(books, folder, None, *LINES), read(books, folder, None, *SUMS)


@pytest.fixture(scope="session")
def tables(ran: tuple[Run, Run]) -> Tables:
    """Return the tables that a loader makes of it."""
    return messages.tables(*(run.lines for run in ran))


@pytest.fixture(scope="session", params=KINDS)
def empty(
    asked: None,  # noqa: ARG001  it may skip
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Warehouse:
    """Return an empty database, to land something in a copy of it; both kinds in turn."""
    if request.param == "duckdb":
        made = DuckDB(tmp_path_factory.mktemp("duckdb") / "books.duckdb")
        made.execute("SELECT 1")
        return made
    server: Server = request.getfixturevalue("postgres_server")
    return Postgres(server.create_database(f"nothing_{uuid4().hex}"))


@pytest.fixture(scope="session")
def landed(empty: Warehouse, tables: Tables) -> Warehouse:
    """Return a database with all of the books, to make copies of."""
    made = empty.copy("landed")
    made.land(tables.values())
    return made


@pytest.fixture
def warehouse(landed: Warehouse) -> Warehouse:
    """Return a copy of the database with all of the books, to build and break."""
    return landed.copy("books")


@pytest.fixture(scope="session")
def built(landed: Warehouse, dbt: Dbt) -> tuple[Warehouse, Built]:
    """Return a database in which everything was built, and what became of each part. Change nothing in it."""
    made = landed.copy("built")
    return made, dbt.build(made)

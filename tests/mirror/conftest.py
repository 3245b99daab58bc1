"""The databases. The PostgreSQL server and the Meltano project are made as for the end-to-end tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import duckdb
import psycopg
import pytest

from demo.postgres import Postgres as Server
from tests.meltano.conftest import make_project
from tests.mirror.engines import BigQuery, DuckDB, Engine, Postgres, Snowflake

__all__ = ["make_project"]

KINDS: Mapping[str, tuple[type[Engine], str, str, str, str, str]] = {
    # engine, types of keys, EntityKey, DeletedDate, _sdc_extracted_at, WholeBeganAt
    "postgres": (Postgres, "uuid", "uuid", "timestamp", "timestamp", "timestamp"),
    "postgres: text": (Postgres, "text", "text", "text", "text", "text"),
    "postgres: text in the table only": (Postgres, "varchar", "uuid", "timestamptz", "text", "timestamptz"),
    "postgres: text in the log only": (Postgres, "uuid", "text", "timestamp", "timestamptz", "timestamp"),
    "duckdb": (DuckDB, "uuid", "uuid", "timestamp", "timestamp", "timestamp"),
    "duckdb: text": (DuckDB, "varchar", "varchar", "varchar", "varchar", "varchar"),
    "duckdb: text in the table only": (DuckDB, "varchar", "uuid", "timestamptz", "timestamp", "timestamptz"),
    "bigquery": (BigQuery, "varchar", "varchar", "timestamptz", "timestamptz", "timestamptz"),
    "snowflake": (Snowflake, "varchar", "varchar", "timestamp", "timestamp", "timestamp"),
}


@pytest.fixture
def make_engine(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Engine]]:
    opened = []

    def make(kind: str) -> Engine:
        cls, *types = KINDS[kind]
        connection: object
        if cls is Postgres:
            server: Server = request.getfixturevalue("database")
            connection = psycopg.connect(server.conninfo, autocommit=True)
        else:
            connection = duckdb.connect(config={"threads": 1})
        opened.append(connection)
        engine = cls(
            connection, dict(zip(("key", "log_key", "date", "extracted", "began"), types, strict=True))
        )
        engine.create_log()
        return engine

    yield make
    for connection in opened:
        connection.close()


@pytest.fixture(params=KINDS)
def engine(make_engine: Callable[[str], Engine], request: pytest.FixtureRequest) -> Engine:
    return make_engine(request.param)


@pytest.fixture(params=["postgres", "duckdb", "bigquery", "snowflake"])
def usual(make_engine: Callable[[str], Engine], request: pytest.FixtureRequest) -> Engine:
    return make_engine(request.param)

"""The two databases that the package is tested on, filled with what the tap has written, and copied in an instant."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb
import psycopg
from psycopg import sql

from demo.postgres import Postgres as Server
from tests.ledger.messages import Columns, Row, Table

SCHEMA = "exact_online"
"""Where a loader puts the tables."""


class Warehouse(Protocol):
    """A database, by what the tests and dbt do with it."""

    kind: str

    def output(self, schema: str) -> dict[str, Any]:
        """Return what dbt needs to know to build into a schema of it."""
        ...

    def land(self, tables: Iterable[Table]) -> None:
        """Let tables have these rows and no others: views on them stay as they are."""
        ...

    def copy(self, name: str) -> Warehouse:
        """Return a copy, in place of an earlier one of that name."""
        ...

    def execute(self, statement: str) -> None:
        """Run a statement."""
        ...

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return what a query finds, by the names of its columns."""
        ...


_POSTGRES = {"json": "jsonb", "double": "numeric"}


@dataclass(frozen=True)
class Postgres:
    """A database of a PostgreSQL server. Tables have the types that target-postgres gives them, unless that made them."""

    server: Server
    kind: str = "postgres"

    def output(self, schema: str) -> dict[str, Any]:
        host, database = str(self.server.folder), self.server.database
        place = {
            "host": host,
            "port": 5432,
            "user": "postgres",
            "password": "none is asked",
            "dbname": database,
        }
        return {"type": "postgres", "threads": 2, "schema": schema, **place}

    def land(self, tables: Iterable[Table]) -> None:
        with psycopg.connect(self.server.conninfo) as connection:
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(SCHEMA)))
            for table in tables:
                name = sql.Identifier(SCHEMA, table.name)
                types = [
                    sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(_POSTGRES.get(kind, kind)))
                    for column, kind in table.columns.items()
                ]
                if table.unique:
                    key = sql.SQL(", ").join(map(sql.Identifier, table.key))
                    types.append(sql.SQL("PRIMARY KEY ({})").format(key))
                connection.execute(
                    sql.SQL("CREATE TABLE IF NOT EXISTS {} ({})").format(name, sql.SQL(", ").join(types))
                )
                connection.execute(sql.SQL("TRUNCATE {}").format(name))
                with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(name)) as copy:
                    for values in _values(table.columns, table.rows):
                        copy.write_row(values)
            connection.commit()
            connection.autocommit = True
            connection.execute("ANALYZE")

    def copy(self, name: str) -> Postgres:
        here, there = sql.Identifier(self.server.database), sql.Identifier(name)
        with psycopg.connect(Server(self.server.folder).conninfo, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(there))
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(there, here))
        return Postgres(Server(self.server.folder, name))

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.server.conninfo, autocommit=True) as connection:
            connection.execute(statement.encode())

    def rows(self, query: str) -> list[dict[str, Any]]:
        with psycopg.connect(self.server.conninfo, row_factory=psycopg.rows.dict_row) as connection:
            return connection.execute(query.encode()).fetchall()


_DUCKDB = {"text": "varchar"}


@dataclass(frozen=True)
class DuckDB:
    """A file of DuckDB. Tables have the types that loaders of DuckDB give them."""

    file: Path
    kind: str = "duckdb"

    def output(self, schema: str) -> dict[str, Any]:
        return {"type": "duckdb", "threads": 2, "schema": schema, "path": str(self.file)}

    def land(self, tables: Iterable[Table]) -> None:
        with self._open() as connection:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            for table in tables:
                types = {column: _DUCKDB.get(kind, kind) for column, kind in table.columns.items()}
                listed = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
                if table.unique:
                    listed += f", PRIMARY KEY ({', '.join(table.key)})"
                connection.execute(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{table.name} ({listed})")
                connection.execute(f"DELETE FROM {SCHEMA}.{table.name}")  # noqa: S608  names of this test
                part = self.file.with_suffix(".rows")
                lines = (json.dumps({name: row.get(name) for name in types}) for row in table.rows)
                part.write_text("".join(line + "\n" for line in lines))
                if table.rows:
                    known = json.dumps(types).replace("'", "''").replace('"', "'")
                    connection.execute(
                        f"INSERT INTO {SCHEMA}.{table.name} BY NAME"  # noqa: S608  names of this test
                        f" SELECT * FROM read_json('{part}', format = 'newline_delimited', columns = {known})"
                    )
                part.unlink()

    def copy(self, name: str) -> DuckDB:
        self.execute("CHECKPOINT")  # what was written last may stand in a file beside it
        folder = self.file.parent / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return DuckDB(Path(shutil.copyfile(self.file, folder / self.file.name)))

    def execute(self, statement: str) -> None:
        with self._open() as connection:
            connection.execute(statement)

    def rows(self, query: str) -> list[dict[str, Any]]:
        with self._open() as connection:
            found = connection.execute(query)
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    @contextmanager
    def _open(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect(str(self.file), config={"threads": 2}) as connection:
            yield connection


def _values(columns: Columns, rows: Sequence[Row]) -> Iterator[list[Any]]:
    """Yield the values of rows, nested ones as JSON text where the database takes no other."""
    nested = {name for name, kind in columns.items() if kind == "json"}
    for row in rows:
        yield [_text(row.get(name)) if name in nested else row.get(name) for name in columns]


def _text(value: Any) -> str | None:
    return None if value is None else json.dumps(value)

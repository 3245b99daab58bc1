"""Databases to apply the scripts to: PostgreSQL, DuckDB, and DuckDB in the place of BigQuery and Snowflake."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import psycopg
import sqlglot
from typing_extensions import override

from tap_exact_online import mirror
from tap_exact_online.catalog.resources import BY_NAME
from tap_exact_online.mirror.plan import Plan

SCHEMA = "exact_online"

Row = tuple[int, str, int]
"""Division, key, Timestamp."""

Entry = tuple[int, str | None, int | None, int, dt.datetime | None]
"""Division, EntityKey, EntityType, Timestamp, DeletedDate in UTC."""


class Engine:
    """A database with the tables of a loader."""

    dialect = "duckdb"
    blank = "?"

    def __init__(self, connection: Any, key: str, log_key: str, date: str) -> None:
        self.connection = connection
        self.key_type = key
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
        self.log_types = (log_key, date)

    def create_log(self) -> None:
        key, date = self.log_types
        self.connection.execute(
            f'CREATE TABLE {SCHEMA}.deleted ("Division" bigint, "ID" bigint, "EntityKey" {key}, "EntityType" bigint,'
            f' "Timestamp" bigint, "DeletedDate" {date}, PRIMARY KEY ("Division", "ID"))'
        )

    def create(self, *streams: str) -> None:
        for stream in streams:
            key = BY_NAME[stream].key
            self.connection.execute(
                f'CREATE TABLE {SCHEMA}.{stream} ("Division" bigint, "{key}" {self.key_type}, "Timestamp" bigint,'
                f' PRIMARY KEY ("Division", "{key}"))'
            )

    def load(self, stream: str, rows: Iterable[Row]) -> None:
        """Merge rows on their key, as a loader does: other columns keep what they hold."""
        key = BY_NAME[stream].key
        for row in rows:
            self.connection.execute(
                f'INSERT INTO {SCHEMA}.{stream} ("Division", "{key}", "Timestamp")'  # noqa: S608 names of this test
                f" VALUES ({', '.join([self.blank] * 3)})"
                f' ON CONFLICT ("Division", "{key}") DO UPDATE SET "Timestamp" = excluded."Timestamp"',
                row,
            )

    def log(self, entries: Sequence[Entry]) -> None:
        count = self.connection.execute(f"SELECT count(*) FROM {SCHEMA}.deleted").fetchone()[0]  # noqa: S608 names of this test
        for number, (division, key, kind, timestamp, date) in enumerate(entries, start=count):
            moment = None if date is None else date.isoformat(sep=" ") + self.zone
            self.connection.execute(
                f"INSERT INTO {SCHEMA}.deleted VALUES ({', '.join([self.blank] * 6)})",  # noqa: S608 names of this test
                (division, number, key, kind, timestamp, moment),
            )

    @property
    def zone(self) -> str:
        """What is written behind a moment."""
        return "" if self.log_types[1] == "timestamp" else "+00:00"

    def rows(self, stream: str) -> set[Row]:
        key = BY_NAME[stream].key
        found = self.connection.execute(
            f'SELECT "Division", "{key}", "Timestamp" FROM {SCHEMA}.{stream}'  # noqa: S608 names of this test
        ).fetchall()
        return {(division, str(value), timestamp) for division, value, timestamp in found}

    def marks(self, stream: str, column: str = "_deleted_at") -> dict[tuple[int, str], dt.datetime]:
        """Return the marked rows, and when they are said to have been deleted, in UTC."""
        key = BY_NAME[stream].key
        found = self.connection.execute(
            f'SELECT "Division", "{key}", "{column}" FROM {SCHEMA}.{stream} WHERE "{column}" IS NOT NULL'  # noqa: S608 names of this test
        ).fetchall()
        return {(division, str(value)): _in_utc(moment) for division, value, moment in found}

    def apply(self, plan: Plan) -> None:
        plan = dataclasses.replace(plan, case=mirror.usual_case(self.dialect))
        self.run(mirror.script(self.dialect, plan))

    def run(self, script: str) -> None:
        self.connection.execute(script)


class Postgres(Engine):
    dialect = "postgres"
    blank = "%s"

    def __init__(self, connection: psycopg.Connection, **types: str) -> None:
        super().__init__(connection, **types)
        # A clock far from UTC shows what reads a moment by it.
        connection.execute("SET TimeZone = 'Pacific/Auckland'")


class DuckDB(Engine):
    dialect = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection, **types: str) -> None:
        super().__init__(connection, **types)
        connection.execute("SET GLOBAL TimeZone = 'Pacific/Auckland'")


class BigQuery(DuckDB):
    """DuckDB in its place: what is asked and decided is done here, each statement is translated."""

    dialect = "bigquery"
    question = re.compile(
        r"^IF EXISTS \(.*? table_name = '(\w+)'\) THEN\n(.*?)^END IF;\n", re.MULTILINE | re.DOTALL
    )

    @override
    def run(self, script: str) -> None:
        for name, body in self.question.findall(script):
            if self._is_there(name):
                for statement in statements(body, self.dialect):
                    self.connection.execute(statement.sql("duckdb"))

    def _is_there(self, name: str) -> bool:
        query = "SELECT count(*) FROM duckdb_tables() WHERE schema_name = ? AND lower(table_name) = ?"
        return bool(self.connection.execute(query, (SCHEMA, name.lower())).fetchone()[0])


class Snowflake(BigQuery):
    dialect = "snowflake"
    question = re.compile(
        r"^  IF \(EXISTS \(.*? TABLE_NAME = '(\w+)'\)\) THEN\n(.*?)^  END IF;\n", re.MULTILINE | re.DOTALL
    )


def statements(body: str, dialect: str) -> list[sqlglot.Expr]:
    """Parse statements; one that the dialect does not have is an error."""
    parsed = [each for each in sqlglot.parse(body, read=dialect) if each is not None]
    assert not [each for each in parsed if isinstance(each, sqlglot.exp.Command)]
    return parsed


def _in_utc(moment: dt.datetime | str) -> dt.datetime:
    value = dt.datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)

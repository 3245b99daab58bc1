"""Databases to apply the scripts to: PostgreSQL, DuckDB, and DuckDB in the place of BigQuery and Snowflake."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
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

Kind = Mapping[str, str]
"""The types that a loader chose: `key`, `log_key` (EntityKey), `date` (DeletedDate), `extracted` (_sdc_extracted_at), `began`
(WholeBeganAt)."""

Entry = tuple[int, str | None, int | None, int, dt.datetime | None]
"""Division, EntityKey, EntityType, Timestamp, DeletedDate in UTC."""


class Engine:
    """A database with the tables of a loader."""

    dialect = "duckdb"
    blank = "?"

    def __init__(self, connection: Any, types: Kind) -> None:
        self.connection = connection
        self.types = types
        connection.execute(f"CREATE SCHEMA {SCHEMA}")

    def create_log(self) -> None:
        self.connection.execute(
            f'CREATE TABLE {SCHEMA}.deleted ("Division" bigint, "ID" bigint, "EntityKey" {self.types["log_key"]},'
            f' "EntityType" bigint, "Timestamp" bigint, "DeletedDate" {self.types["date"]}, PRIMARY KEY ("Division", "ID"))'
        )

    def create_reads(self) -> None:
        self.connection.execute(
            f'CREATE TABLE {SCHEMA}.reads ("Stream" varchar, "Division" bigint, "WholeBeganAt" {self.types["began"]},'
            ' PRIMARY KEY ("Stream", "Division"))'
        )

    def create(self, *streams: str, extracted: bool = True) -> None:
        """Make tables, with the loader's column or without."""
        for stream in streams:
            _, key, version = columns(stream)
            more = "".join(f""", "{name}" varchar DEFAULT 'the same'""" for name in BY_NAME[stream].keys[1:])
            more += f', "_sdc_extracted_at" {self.types["extracted"]}' if extracted else ""
            self.connection.execute(
                f'CREATE TABLE {SCHEMA}.{stream} ("Division" bigint, "{key}" {self.types["key"]}, "{version}" bigint{more},'
                f' PRIMARY KEY ("Division", "{key}"))'
            )

    def load(self, stream: str, rows: Iterable[Row], at: dt.datetime | None = None) -> None:
        """Merge rows on their key, as a loader does: other columns keep what they hold.

        Args:
            stream: The stream.
            rows: Its rows.
            at: When the tap read them, in UTC; None for a loader that does not keep it.
        """
        _, key, version = columns(stream)
        names, more = f'"Division", "{key}", "{version}"', ()
        merged = f'"{version}" = excluded."{version}"'
        if at is not None:
            names += ', "_sdc_extracted_at"'
            merged += ', "_sdc_extracted_at" = excluded."_sdc_extracted_at"'
            more = (self.written(at, "extracted"),)
        values = [(*row, *more) for row in rows]
        blanks = f"({', '.join([self.blank] * (3 + len(more)))})"
        self.connection.execute(
            f"INSERT INTO {SCHEMA}.{stream} ({names})"  # noqa: S608 names of this test
            f" VALUES {', '.join([blanks] * len(values))}"
            f' ON CONFLICT ("Division", "{key}") DO UPDATE SET {merged}',
            [value for row in values for value in row],
        )

    def read(self, stream: str, began: dt.datetime | None, division: int = 1) -> None:
        """Say when the last whole read of a stream began."""
        self.connection.execute(
            f"INSERT INTO {SCHEMA}.reads VALUES ({', '.join([self.blank] * 3)})"  # noqa: S608 names of this test
            ' ON CONFLICT ("Stream", "Division") DO UPDATE SET "WholeBeganAt" = excluded."WholeBeganAt"',
            (stream, division, began and self.written(began, "began")),
        )

    def log(self, entries: Sequence[Entry]) -> None:
        count = self.connection.execute(f"SELECT count(*) FROM {SCHEMA}.deleted").fetchone()[0]  # noqa: S608 names of this test
        for number, (division, key, kind, timestamp, date) in enumerate(entries, start=count):
            moment = None if date is None else self.written(date, "date")
            self.connection.execute(
                f"INSERT INTO {SCHEMA}.deleted VALUES ({', '.join([self.blank] * 6)})",  # noqa: S608 names of this test
                (division, number, key, kind, timestamp, moment),
            )

    def written(self, moment: dt.datetime, column: str) -> str:
        """Return how a loader writes a moment into a column of its type: with a zone, where that has one."""
        zone = "" if self.types[column] == "timestamp" else "+00:00"
        return moment.replace(tzinfo=None).isoformat(sep=" ") + zone

    def rows(self, stream: str) -> set[Row]:
        division, key, version = columns(stream)
        found = self.connection.execute(
            f'SELECT "{division}", "{key}", "{version}" FROM {SCHEMA}.{stream}'  # noqa: S608 names of this test
        ).fetchall()
        return {(division, str(value), timestamp) for division, value, timestamp in found}

    def marks(self, stream: str, column: str = "_deleted_at") -> dict[tuple[int, str], dt.datetime]:
        """Return the marked rows, and when they are said to have been deleted, in UTC."""
        _, key, _ = columns(stream)
        found = self.connection.execute(
            f'SELECT "Division", "{key}", "{column}" FROM {SCHEMA}.{stream} WHERE "{column}" IS NOT NULL'  # noqa: S608 names of this test
        ).fetchall()
        return {(division, str(value)): _in_utc(moment) for division, value, moment in found}

    def apply(self, plan: Plan) -> int:
        """Apply a plan, and return how many rows were written or removed."""
        plan = dataclasses.replace(plan, case=mirror.usual_case(self.dialect))
        return self.run(mirror.script(self.dialect, plan))

    def run(self, script: str) -> int:
        """Run a script, and return how many rows were written or removed."""
        raise NotImplementedError


class Postgres(Engine):
    dialect = "postgres"
    blank = "%s"

    def __init__(self, connection: psycopg.Connection, types: Kind) -> None:
        super().__init__(connection, types)
        self.said: list[str] = []
        connection.add_notice_handler(lambda notice: self.said.append(notice.message_primary or ""))
        # A clock far from UTC shows what reads a moment by it.
        connection.execute("SET TimeZone = 'Pacific/Auckland'")

    @override
    def run(self, script: str) -> int:
        self.said.clear()
        self.connection.execute(script)
        counts = (re.search(r"(\d+) rows (removed|changed)$", each) for each in self.said)
        return sum(int(count[1]) for count in counts if count)


class DuckDB(Engine):
    dialect = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection, types: Kind) -> None:
        super().__init__(connection, types)
        connection.execute("SET GLOBAL TimeZone = 'Pacific/Auckland'")

    @override
    def run(self, script: str) -> int:
        return sum(self._changed(each) for each in self.connection.extract_statements(script))

    def _changed(self, statement: duckdb.Statement) -> int:
        result = self.connection.execute(statement)
        return result.fetchone()[0] if statement.type is duckdb.StatementType.MERGE_INTO else 0


class BigQuery(DuckDB):
    """DuckDB in its place: what it asks and decides is done here, each statement is translated."""

    dialect = "bigquery"

    @override
    def run(self, script: str) -> int:
        changed = 0
        for branches in decisions(script):
            for question, body in branches:
                if self._answer(question):
                    for statement in _translated(body, self.dialect):
                        changed += super().run(statement)
                    break
        return changed

    def _answer(self, question: str) -> bool:
        """Ask what is there, where names are spelled in the dialect's usual way."""
        spell = mirror.usual_case(self.dialect).spell
        shown = "upper({0}) AS {0}" if spell("a") == "A" else "{0}"
        names = ["table_schema", "table_name", "column_name"]
        for view, known in (("tables", names[:2]), ("columns", names)):
            pattern = re.compile(rf"\S*INFORMATION_SCHEMA\.{view}\b", re.IGNORECASE)
            answers = f"(SELECT {', '.join(map(shown.format, known))} FROM information_schema.{view})"  # noqa: S608 names of this test
            question = pattern.sub(answers, question)
        return bool(self.connection.execute(f"SELECT {question}").fetchone()[0])


class Snowflake(BigQuery):
    dialect = "snowflake"


def decisions(script: str) -> list[list[tuple[str, str]]]:
    """Return what a script of BigQuery or Snowflake asks and does, a list of branches for each table."""
    found = []
    for block in re.findall(r"^( *)(IF .*?)^\1END IF;\n", script, re.MULTILINE | re.DOTALL):
        margin, text = block
        branches = re.split(rf"^{margin}(?:ELSE)?IF ", "\n" + margin + text, flags=re.MULTILINE)[1:]
        found.append([tuple(branch.split(" THEN\n", 1)) for branch in branches])
    return found


def columns(stream: str) -> tuple[str, str, str]:
    """Return the columns of a row. Only what Exact logs the deletes of has a row version in these tables."""
    key = next((name for name in BY_NAME[stream].keys if name != "Division"), "Only")
    return "Division", key, "Number" if BY_NAME[stream].deleted_type is None else "Timestamp"


def statements(body: str, dialect: str) -> list[sqlglot.Expr]:
    """Parse statements; one that the dialect does not have is an error."""
    parsed = [each for each in sqlglot.parse(body, read=dialect) if each is not None]
    assert not [each for each in parsed if isinstance(each, sqlglot.exp.Command)]
    return parsed


@cache
def _translated(body: str, dialect: str) -> Sequence[str]:
    return [statement.sql("duckdb") for statement in statements(body, dialect)]


def _in_utc(moment: dt.datetime | str) -> dt.datetime:
    value = dt.datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)

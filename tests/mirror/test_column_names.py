"""The script for tables whose columns the tap has named in the other way."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql

from demo.postgres import Postgres
from tap_exact_online import mirror
from tap_exact_online.catalog import ColumnNames, snake
from tap_exact_online.cli import main
from tap_exact_online.mirror.plan import Case, Mode, Plan, mirrored
from tests.mirror.engines import SCHEMA, Engine
from tests.mirror.rows import entry, plan, row

FIELDS = (
    "Division",
    "Timestamp",
    "EntityType",
    "EntityKey",
    "DeletedDate",
    "Stream",
    "WholeBeganAt",
    "ID",
    "GLAccount",
)
LIVE, GONE = [row("came back", 30), row("untouched", 10)], [row("gone", 10)]


@pytest.mark.parametrize("dialect", mirror.DIALECTS)
@pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.value)
def test_every_column_has_the_other_name(dialect: str, mode: Mode) -> None:
    exact = mirror.script(dialect, Plan(mirrored(), mode, case=Case.AS_IS))
    other = mirror.script(dialect, Plan(mirrored(), mode, case=Case.AS_IS, names=ColumnNames.SNAKE))
    for name in FIELDS:
        for quote in ('"', "`", "'"):
            assert f"{quote}{name}{quote}" not in other
            before, now = (
                text.count(f"{quote}{each}{quote}") for text, each in ((exact, name), (other, snake(name)))
            )
            assert now >= before
    assert len(other.splitlines()) == len(exact.splitlines())
    assert '"_sdc_extracted_at"' in other.replace("`", '"').replace("'", '"')


def test_the_loaders_case_comes_on_top() -> None:
    script = mirror.script(
        "snowflake", Plan(mirrored(["accounts"]), case=Case.UPPER, names=ColumnNames.SNAKE)
    )
    assert '"ENTITY_KEY"' in script
    assert '"_SDC_EXTRACTED_AT"' in script


@pytest.mark.parametrize("kind", ["postgres", "duckdb"])
@pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.value)
def test_rows_that_are_gone_are_found_by_the_other_names(make_engine: object, kind: str, mode: Mode) -> None:
    assert callable(make_engine)
    engine: Engine = make_engine(kind)
    engine.create("accounts")
    engine.load("accounts", LIVE + GONE)
    engine.log([entry("gone", 20), entry("came back", 20)])
    other = replace(plan(mode, "accounts"), names=ColumnNames.SNAKE)
    tables = {
        "accounts": ("Division", "ID", "Timestamp"),
        "deleted": ("Division", "ID", "EntityKey", "EntityType", "Timestamp", "DeletedDate"),
    }
    if kind == "duckdb":  # it renames no column that a key rests on
        for table in tables:
            engine.connection.execute(f"CREATE TABLE {SCHEMA}.x AS FROM {SCHEMA}.{table}")
            engine.connection.execute(f"DROP TABLE {SCHEMA}.{table}")
            engine.connection.execute(f"ALTER TABLE {SCHEMA}.x RENAME TO {table}")
    for table, columns in tables.items():
        for number, column in enumerate(columns):
            # By way of a third name: names of DuckDB differ by more than their letter case.
            for old, new in ((column, f"c{number}"), (f"c{number}", snake(column))):
                engine.connection.execute(f'ALTER TABLE {SCHEMA}.{table} RENAME COLUMN "{old}" TO "{new}"')
    assert engine.apply(other) == len(GONE)
    left = engine.connection.execute(
        f'SELECT division, CAST(id AS varchar), "timestamp" FROM {SCHEMA}.accounts'  # noqa: S608 names of this test
    ).fetchall()
    assert {*left} == {*LIVE, *(GONE if mode is Mode.MARK else [])}
    assert engine.apply(other) == 0


def test_other_names_than_the_tables_have_are_named(postgres_server: Postgres) -> None:
    database = postgres_server.create_database("other_names")
    with psycopg.connect(database.conninfo) as connection:
        connection.execute("CREATE SCHEMA exact_online")
        for table in ("accounts", "deleted", "reads"):
            connection.execute(
                sql.SQL("CREATE TABLE exact_online.{} (division bigint, id text)").format(
                    sql.Identifier(table)
                )
            )
    ended = CliRunner().invoke(main, ["deletes", "--apply", "--url", database.url])
    assert ended.exit_code == 2, ended.output
    assert "Say with --column-names what the tap calls them" in ended.output
    assert "Nothing was changed." in ended.output

"""The scripts as text.

After a change that is meant, write them anew and review the difference:

UPDATE_SNAPSHOTS=1 pytest tests/mirror/test_scripts.py
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tap_exact_online import mirror
from tap_exact_online.catalog.resources import RESOURCES
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.mirror.plan import Case, Mode, Plan, logged
from tests.mirror.engines import BigQuery, Snowflake, statements

SNAPSHOTS = Path(__file__).parent / "snapshots"
TWO = ["goods_deliveries", "accounts"]

every_dialect = pytest.mark.parametrize("dialect", mirror.DIALECTS)
every_mode = pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.value)


@every_dialect
@every_mode
def test_the_script_is_that_of_the_snapshot(dialect: str, mode: Mode) -> None:
    plan = Plan(logged(TWO), mode, case=mirror.usual_case(dialect))
    file, now = SNAPSHOTS / f"{dialect}-{mode.value}.sql", mirror.script(dialect, plan)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(now, encoding="utf-8")
    assert now == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("engine", [BigQuery, Snowflake])
@every_mode
def test_every_statement_parses(engine: type[BigQuery], mode: Mode) -> None:
    plan = Plan(logged(), mode, "there.exact_online", case=mirror.usual_case(engine.dialect))
    found = engine.question.findall(mirror.script(engine.dialect, plan))
    assert [name.lower() for name, _ in found] == [stream.name for stream in logged()]
    kinds = ["merge"] if mode is Mode.REMOVE else ["alter", "merge"]
    for _, body in found:
        assert [each.key for each in statements(body, engine.dialect)] == kinds


def test_all_streams_that_exact_logs() -> None:
    assert logged() == [resource for resource in RESOURCES if resource.deleted_type is not None]
    assert [stream.name for stream in logged(TWO)] == ["accounts", "goods_deliveries"]


@pytest.mark.parametrize(
    ("dialect", "schema", "table", "asked"),
    [
        ("duckdb", "books", '"books"."deleted"', '\'"books",exact'),
        ("duckdb", "file.books", '"file"."books"."deleted"', '\'"file"."books",exact'),
        ("duckdb", "", '"deleted"', "'main,exact"),
        ("bigquery", "books", "`books`.`deleted`", "FROM `books`.INFORMATION_SCHEMA.TABLES"),
        ("bigquery", "my-project.books", "`my-project`.`books`.`deleted`", "FROM `my-project`.`books`.INFO"),
        ("bigquery", "", "`deleted`", "FROM INFORMATION_SCHEMA.TABLES"),
        (
            "snowflake",
            "books",
            '"BOOKS"."DELETED"',
            "FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'BOOKS'",
        ),
        ("snowflake", "raw.books", '"RAW"."BOOKS"."DELETED"', 'FROM "RAW".INFORMATION_SCHEMA.TABLES'),
        ("snowflake", "", '"DELETED"', "TABLE_SCHEMA = CURRENT_SCHEMA()"),
        ("postgres", "books", '"deleted"', "place CONSTANT text := 'books'"),
        ("postgres", "", '"deleted"', "place CONSTANT text := current_schema()"),
    ],
)
def test_where_the_tables_are(dialect: str, schema: str, table: str, asked: str) -> None:
    script = mirror.script(dialect, Plan(logged(TWO), schema=schema, case=mirror.usual_case(dialect)))
    assert asked in script
    assert table in script


@every_dialect
@pytest.mark.parametrize(
    ("case", "table", "column", "mark"),
    [
        (Case.AS_IS, "My_accounts", "EntityKey", "_Gone_At"),
        (Case.LOWER, "my_accounts", "entitykey", "_gone_at"),
        (Case.UPPER, "MY_ACCOUNTS", "ENTITYKEY", "_GONE_AT"),
    ],
)
def test_names_as_the_loader_spells_them(
    dialect: str, case: Case, table: str, column: str, mark: str
) -> None:
    plan = Plan(logged(["accounts"]), Mode.MARK, prefix="My_", case=case, column="_Gone_At")
    script = mirror.script(dialect, plan)
    for name in (table, column, mark):
        assert name in script
    assert case is Case.AS_IS or "EntityKey" not in script


@every_dialect
@pytest.mark.parametrize(
    ("given", "named"),
    [
        (Plan([], schema='a"b'), "--schema"),
        (Plan([], schema="a'; DROP TABLE x; --"), "--schema"),
        (Plan([], schema="a."), "--schema"),
        (Plan([], schema="$deletes$"), "--schema"),
        (Plan([], prefix="a`b"), "--prefix"),
        (Plan([], prefix="%I"), "--prefix"),
        (Plan([], prefix="a.b"), "--prefix"),
        (Plan([], column="a\nb"), "--column"),
        (Plan([], column=""), "--column"),
        (Plan([], column="a\\"), "--column"),
    ],
)
def test_a_name_that_leaves_its_quotes_is_refused(dialect: str, given: Plan, named: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{named}: "):
        mirror.script(dialect, given)


def test_postgresql_takes_no_database_in_front() -> None:
    with pytest.raises(ConfigurationError, match=r"^--schema: PostgreSQL"):
        mirror.script("postgres", Plan([], schema="here.there"))

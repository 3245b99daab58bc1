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
from tap_exact_online.mirror.plan import Case, Mode, Plan, mirrored
from tests.mirror.engines import decisions, statements

SNAPSHOTS = Path(__file__).parent / "snapshots"
TWO = ["goods_deliveries", "accounts"]
SOME = [*TWO, "receivables"]

every_dialect = pytest.mark.parametrize("dialect", mirror.DIALECTS)
every_mode = pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.value)


@every_dialect
@every_mode
def test_the_script_is_that_of_the_snapshot(dialect: str, mode: Mode) -> None:
    plan = Plan(mirrored(SOME), mode, case=mirror.usual_case(dialect))
    file, now = SNAPSHOTS / f"{dialect}-{mode.value}.sql", mirror.script(dialect, plan)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(now, encoding="utf-8")
    assert now == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("dialect", ["bigquery", "snowflake"])
@every_mode
def test_every_statement_parses(dialect: str, mode: Mode) -> None:
    plan = Plan(mirrored(), mode, "there.exact_online", case=mirror.usual_case(dialect))
    found = decisions(mirror.script(dialect, plan))
    assert len(found) == len(plan.streams)
    for stream, branches in zip(plan.streams, found, strict=True):
        logged = stream.deleted_type is not None
        assert len(branches) == 1 + logged
        for (question, body), vanishing in zip(branches, (True, False), strict=False):
            assert f"'{plan.table(stream.name)}'" in question
            assert (f"'{plan.table('reads')}'" in question) is vanishing
            merges = logged + vanishing if mode is Mode.REMOVE else 1
            kinds = ["alter"] * (mode is Mode.MARK) + ["merge"] * merges
            assert [each.key for each in statements(body, dialect)] == kinds


def test_all_streams_whose_rows_can_be_gone() -> None:
    names = [resource.name for resource in RESOURCES if resource.divided]
    assert [stream.name for stream in mirrored()] == [name for name in names if name != "deleted"]
    assert [stream.name for stream in mirrored(SOME)] == ["receivables", "accounts", "goods_deliveries"]


def test_all_streams_that_exact_logs() -> None:
    logged = mirrored(vanishing=False)
    assert logged == [resource for resource in RESOURCES if resource.deleted_type is not None]
    assert [stream.name for stream in mirrored(TWO, vanishing=False)] == ["accounts", "goods_deliveries"]


@every_dialect
@every_mode
def test_the_log_alone_where_no_column_tells_when_rows_were_read(dialect: str, mode: Mode) -> None:
    plan = Plan(mirrored(TWO, vanishing=False), mode, extracted="")
    script = mirror.script(dialect, plan)
    assert "_sdc_extracted_at" not in script
    assert '"reads"' not in script
    assert "`reads`" not in script


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
    script = mirror.script(dialect, Plan(mirrored(TWO), schema=schema, case=mirror.usual_case(dialect)))
    assert asked in script
    assert table in script


@every_dialect
@pytest.mark.parametrize(
    ("case", "names"),
    [
        (Case.AS_IS, ["My_accounts", "My_reads", "EntityKey", "WholeBeganAt", "_Gone_At", "_Read_At"]),
        (Case.LOWER, ["my_accounts", "my_reads", "entitykey", "wholebeganat", "_gone_at", "_read_at"]),
        (Case.UPPER, ["MY_ACCOUNTS", "MY_READS", "ENTITYKEY", "WHOLEBEGANAT", "_GONE_AT", "_READ_AT"]),
    ],
)
def test_names_as_the_loader_spells_them(dialect: str, case: Case, names: list[str]) -> None:
    plan = Plan(
        mirrored(["accounts"]), Mode.MARK, prefix="My_", case=case, column="_Gone_At", extracted="_Read_At"
    )
    script = mirror.script(dialect, plan)
    for name in names:
        assert name in script
    # What a stream is called in `reads` is the tap's own.
    assert "'accounts'" in script
    for name in ("EntityKey", "WholeBeganAt"):
        assert case is Case.AS_IS or name not in script


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
        (Plan([], extracted='a"b'), "--extracted"),
        (Plan([], extracted="a'"), "--extracted"),
    ],
)
def test_a_name_that_leaves_its_quotes_is_refused(dialect: str, given: Plan, named: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{named}: "):
        mirror.script(dialect, given)


def test_postgresql_takes_no_database_in_front() -> None:
    with pytest.raises(ConfigurationError, match=r"^--schema: PostgreSQL"):
        mirror.script("postgres", Plan([], schema="here.there"))

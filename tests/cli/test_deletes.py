"""`exact-online deletes`: what it prints, what it does in PostgreSQL, and what it says of bad input."""

from __future__ import annotations

import os
import sys

import psycopg
import pytest
from click.testing import CliRunner, Result

from demo.postgres import Postgres
from tap_exact_online import mirror
from tap_exact_online.catalog import ColumnNames
from tap_exact_online.cli import main
from tap_exact_online.mirror.plan import Case, Mode, Plan, mirrored

PASSWORD = "hunter2"
NOWHERE = f"postgresql://me:{PASSWORD}@127.0.0.1:9/books"


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("EXACT_ONLINE_", "TAP_", "PG"))]:
        monkeypatch.delenv(name)


def run(*options: str, **environment: str) -> Result:
    result = CliRunner().invoke(main, ["deletes", *options], env=environment)
    assert PASSWORD not in result.output
    return result


@pytest.mark.parametrize("dialect", mirror.DIALECTS)
def test_prints_the_script_of_every_stream(dialect: str) -> None:
    result = run("--dialect", dialect)
    assert result.exit_code == 0
    assert result.output == mirror.script(dialect, Plan(mirrored(), case=mirror.usual_case(dialect)))


def test_every_option_is_in_the_script() -> None:
    options = "--mode=mark --schema=books --streams=accounts,journals --prefix=eo_ --case=lower --column=Gone"
    result = run("--dialect=duckdb", *options.split(), "--extracted=Read")
    wanted = Plan(mirrored(["accounts", "journals"]), Mode.MARK, "books", "eo_", Case.LOWER, "Gone", "Read")
    assert result.output == mirror.script("duckdb", wanted)


def test_the_environment_counts_as_options_and_nothing_in_it_as_nothing() -> None:
    environment = {"MODE": "mark", "SCHEMA": "books", "STREAMS": "", "PREFIX": "", "COLUMN": "gone"}
    environment |= {"EXTRACTED": ""}
    result = run("--dialect=duckdb", **{f"EXACT_ONLINE_DELETES_{k}": v for k, v in environment.items()})
    assert result.output == mirror.script("duckdb", Plan(mirrored(), Mode.MARK, "books", column="gone"))
    result = run("--dialect=duckdb", EXACT_ONLINE_DELETES_SCHEMA="")
    assert result.output == mirror.script("duckdb", Plan(mirrored()))
    result = run("--dialect=duckdb", "--schema=.")
    assert result.output == mirror.script("duckdb", Plan(mirrored(), schema=""))


@pytest.mark.parametrize(
    ("options", "environment", "names"),
    [
        (["--column-names=snake_case"], {}, ColumnNames.SNAKE),
        ([], {"EXACT_ONLINE_DELETES_COLUMN_NAMES": "snake_case"}, ColumnNames.SNAKE),
        ([], {"TAP_EXACT_ONLINE_COLUMN_NAMES": "snake_case"}, ColumnNames.SNAKE),
        (["--column-names=exact"], {"TAP_EXACT_ONLINE_COLUMN_NAMES": "snake_case"}, ColumnNames.EXACT),
        ([], {"EXACT_ONLINE_DELETES_COLUMN_NAMES": ""}, ColumnNames.EXACT),
    ],
)
def test_columns_have_the_names_that_the_tap_gives_them(
    options: list[str], environment: dict[str, str], names: ColumnNames
) -> None:
    result = run("--dialect=duckdb", *options, **environment)
    assert result.exit_code == 0, result.output
    assert result.output == mirror.script("duckdb", Plan(mirrored(), names=names))


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        (["--extracted="], {}),
        (["--extracted=."], {}),
        ([], {"EXACT_ONLINE_DELETES_EXTRACTED": "."}),
    ],
)
def test_the_log_alone(options: list[str], environment: dict[str, str]) -> None:
    result = run("--dialect=duckdb", *options, **environment)
    assert result.output == mirror.script("duckdb", Plan(mirrored(vanishing=False), extracted=""))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "--dialect: say for which database: postgres, duckdb, bigquery, snowflake."),
        (["--dialect=oracle"], "'oracle' is not one of"),
        (
            ["--dialect=duckdb", "--streams=accounts,nothing,none"],
            "--streams: there is no stream none, nothing.",
        ),
        (
            ["--dialect=duckdb", "--streams=journals,accounts,banks", "--extracted="],
            "--streams: Exact does not log the deletes of banks, journals; it takes --extracted.",
        ),
        (
            ["--dialect=duckdb", "--streams=reads,deleted,divisions"],
            "--streams: no row is ever deleted from deleted, divisions, reads.",
        ),
        (["--dialect=duckdb", "--extracted=a;b"], "--extracted: a name is made of"),
        (["--dialect=duckdb", "--schema=a;b"], "--schema: a name is made of"),
        (["--dialect=duckdb", "--apply"], "--apply: runs on PostgreSQL only."),
        (["--apply", f"--url=mysql://me:{PASSWORD}@there/books"], "--url: it is no address"),
        (["--apply", f"--url=postgresql://me:{PASSWORD}@there:port:port/books?a"], "--url: it is no address"),
        (["--apply", f"--url={PASSWORD}"], "--url: it is no address"),
    ],
)
def test_bad_input(options: list[str], says: str) -> None:
    result = run(*options)
    assert result.exit_code == 2
    assert says in result.output


def test_no_database_there() -> None:
    result = run("--apply", EXACT_ONLINE_DELETES_URL=NOWHERE)
    assert result.exit_code == 1
    assert "The database cannot be reached, or broke off: connection failed" in result.output
    # What the client asks of a reader, whether the server runs, is left to our own next sentence.
    assert "refused. Where it is comes from EXACT_ONLINE_DELETES_URL: correct it there." in result.output
    assert PASSWORD not in result.output


def test_no_psycopg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    result = run("--apply", "--url", NOWHERE)
    assert result.exit_code == 2
    assert "tap-exact-online[postgres]" in result.output


@pytest.fixture
def books(database: Postgres) -> Postgres:
    """A database with an account that is gone."""
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        connection.execute("""
            CREATE SCHEMA exact_online;
            CREATE TABLE exact_online.accounts ("Division" bigint, "ID" uuid, "Timestamp" bigint);
            CREATE TABLE exact_online.deleted ("Division" bigint, "EntityKey" uuid, "EntityType" bigint,
              "Timestamp" bigint, "DeletedDate" timestamp);
            INSERT INTO exact_online.accounts
              SELECT 1, gen_random_uuid(), number FROM generate_series(1, 3) AS number;
            INSERT INTO exact_online.deleted
              SELECT "Division", "ID", 2, "Timestamp" + 1, now() FROM exact_online.accounts WHERE "Timestamp" < 3;
        """)
    return database


def test_runs_it_in_postgresql_and_says_what_was_done(books: Postgres) -> None:
    marked = run("--apply", "--url", books.conninfo, "--mode=mark")
    assert (marked.exit_code, marked.output) == (0, "accounts: the marks of 2 rows changed\n")
    removed = run("--apply", EXACT_ONLINE_DELETES_URL=books.url)  # an address for SQLAlchemy
    assert (removed.exit_code, removed.output) == (0, "accounts: 2 rows removed\n")
    again = run("--apply", PGHOST=str(books.folder), PGUSER="postgres", PGDATABASE=books.database)
    assert (again.exit_code, again.output) == (0, "There was nothing to change.\n")
    with psycopg.connect(books.conninfo) as connection:
        assert connection.execute('SELECT "Timestamp" FROM exact_online.accounts').fetchall() == [(3,)]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            ["--schema=nowhere"],
            "There is no table nowhere.deleted: select the stream `deleted`, and load it first.",
        ),
        (["--prefix=eo_"], "There is no table exact_online.eo_deleted"),
        (["--case=upper"], "There is no table EXACT_ONLINE.DELETED"),
    ],
)
def test_what_the_database_refuses(books: Postgres, options: list[str], says: str) -> None:
    result = run("--apply", "--url", books.conninfo, *options)
    assert result.exit_code == 1
    assert f"Error: The database refuses, and nothing was changed: {says}" in result.output

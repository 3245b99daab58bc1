from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import psycopg
import pytest

from demo.changes import DAY, Change, apply
from demo.outcome import SCHEMA, Difference, counts, differences, remember, tables
from demo.postgres import Postgres
from demo.project import Project
from demo.sandbox import Sandbox, sandbox
from tap_exact_online.catalog.resources import BY_NAME, RESOURCES, Kind
from tap_exact_online.catalog.schemas import selected_by_default
from tap_exact_online.sandbox.control import Control
from tests.docs.pages import page
from tests.meltano.conftest import connect

RUN = ("--environment=demo", "run", "tap-exact-online", "target-postgres")
DIVISION = 1000001
DEFAULT = [resource for resource in RESOURCES if resource.selected]
# What PostgreSQL is to make of each EDM type.
COLUMNS = {
    "Guid": "uuid",
    "String": "text",
    "DateTime": "timestamp without time zone",
    "Int64": "bigint",
    "Int32": "bigint",
    "Int16": "bigint",
    "Byte": "bigint",
    "Double": "numeric",
    "Boolean": "boolean",
}


@dataclass(frozen=True)
class Loaded:
    """The pipeline after one run."""

    sandbox: Sandbox
    control: Control
    database: Postgres
    project: Project
    log: str


@pytest.fixture(scope="module")
def loaded(postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder = tmp_path_factory.mktemp("loaded")
    database = postgres_server.create_database("loaded")
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        # A server far from UTC, as many are: no instant may move because of it.
        connection.execute("ALTER DATABASE loaded SET timezone TO 'America/New_York'")
    with sandbox(folder, "--rows", "1500", "--minute-seconds", "1") as stand_in:
        project = connect(folder, stand_in, database)
        yield Loaded(stand_in, Control(stand_in.base_url), database, project, project.meltano(*RUN))


def columns(loaded: Loaded, table: str) -> dict[str, str]:
    with psycopg.connect(loaded.database.conninfo) as connection:
        query = "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
        return dict(connection.execute(query, (SCHEMA, table)).fetchall())


def test_a_table_for_each_default_stream(loaded: Loaded) -> None:
    assert tables(loaded.database) == [resource.name for resource in DEFAULT]


@pytest.mark.parametrize("name", [resource.name for resource in DEFAULT])
def test_column_types(loaded: Loaded, name: str) -> None:
    resource = BY_NAME[name]
    landed = columns(loaded, name)
    for fact in resource.endpoint.properties.values():
        if selected_by_default(resource, fact) or fact.name in resource.primary_keys:
            assert landed[fact.name] == COLUMNS[fact.type], fact.name
    assert landed["Division"] == "bigint"


@pytest.mark.parametrize("name", [resource.name for resource in DEFAULT])
def test_primary_keys(loaded: Loaded, name: str) -> None:
    with psycopg.connect(loaded.database.conninfo) as connection:
        query = (
            "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)"
            " WHERE i.indisprimary AND i.indrelid = %s::regclass"
        )
        found = {column for (column,) in connection.execute(query, (f"{SCHEMA}.{name}",))}
    assert found == set(BY_NAME[name].primary_keys)


def test_every_row_of_every_division(loaded: Loaded) -> None:
    divisions = [row["Code"] for row in loaded.control.divisions()]
    wanted = {
        resource.name: sum(loaded.control.count(division, resource.path) for division in divisions)
        for resource in DEFAULT
        if resource.kind is not Kind.DIVISIONS
    }
    assert counts(loaded.database) == {"divisions": len(divisions), **wanted}


def test_the_query_of_the_docs_tells_how_old_everything_is(loaded: Loaded) -> None:
    (block,) = (block for block in page("streams/reads.md").blocks if block.kind == "sql")
    streams = sorted(resource.name for resource in DEFAULT if resource.divided)
    pairs = [(stream, row["Code"]) for stream in streams for row in loaded.control.divisions()]
    with psycopg.connect(loaded.database.conninfo) as connection:
        found = connection.execute(block.body.encode()).fetchall()
        assert sorted(row[:2] for row in found) == pairs
        ages = [age for *_, age, _ in found]
        assert ages == sorted(ages, reverse=True)
        assert timedelta() < ages[-1] <= ages[0] < timedelta(hours=1), "whatever the zone of the server"
        read = f'FROM {SCHEMA}.reads WHERE ("Stream", "Division") = (%s, %s)'
        connection.execute(f"DELETE {read}".encode(), pairs[-1])
        first, *_ = connection.execute(block.body.encode()).fetchall()
        assert (first[:2], first[3]) == (pairs[-1], None)
        connection.rollback()


def test_a_second_run_brings_what_is_new(loaded: Loaded) -> None:
    remember(loaded.database)
    log = BY_NAME["deleted"].path
    known = loaded.control.count(DIVISION, log)
    outcome = apply(loaded.control, DIVISION, DAY)
    # A whole entry goes with its payment terms.
    gone = loaded.control.count(DIVISION, log) - known
    assert gone > sum(outcome.withdrawn) > len(outcome.withdrawn)
    loaded.control.reset_stats()
    loaded.project.meltano(*RUN)
    found = differences(loaded.database)

    def total(verb: str, stream: str) -> int:
        return sum(change.count for change in DAY if (change.verb, change.stream) == (verb, stream))

    for name, each in found.items():
        added = gone if name == "deleted" else total("add", name)
        if name == "transaction_lines":
            added += sum(outcome.booked)
        assert (each.added, each.changed) == (added, total("change", name)), name
    assert loaded.control.stats()["client_errors"] == {}


def test_a_run_with_nothing_new_changes_nothing(loaded: Loaded) -> None:
    with psycopg.connect(loaded.database.conninfo) as connection:
        connection.execute("DROP SCHEMA IF EXISTS before CASCADE")
    remember(loaded.database)
    loaded.project.meltano(*RUN)
    assert differences(loaded.database) == {
        name: Difference(rows, 0, 0) for name, rows in counts(loaded.database).items()
    }


def test_every_change_of_the_day_is_of_a_default_stream() -> None:
    assert {change.stream for change in DAY} <= {resource.name for resource in DEFAULT}
    assert all(isinstance(change, Change) for change in DAY)

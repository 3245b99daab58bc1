"""`meltano run tap-exact-online target-postgres exact-online:deletes`: load and deletes in one command."""

from __future__ import annotations

import json

import psycopg

from demo.postgres import Postgres
from tap_exact_online.catalog import ColumnNames
from tap_exact_online.catalog.resources import BY_NAME
from tap_exact_online.sandbox.control import Control
from tests.conftest import StartSandbox
from tests.meltano.conftest import LoadedProject, MakeProject

STREAMS = ("accounts", "gl_accounts", "transaction_lines")
SELECT = {"TAP_EXACT_ONLINE__SELECT": '["deleted.*", "accounts.*", "gl_accounts.*", "transaction_lines.*"]'}
JOB = ("--environment=demo", "run", "exact-online-mirror")


Key = tuple[int, str]
"""Division and key: a key is one division's."""


def kept(control: Control, name: str) -> set[Key]:
    divisions = [row["Code"] for row in control.divisions()]
    path, key = BY_NAME[name].path, BY_NAME[name].key
    return {(division, str(row[key])) for division in divisions for row in control.rows(division, path)}


def loaded(
    database: Postgres,
    name: str,
    condition: str = "true",
    schema: str = "exact_online",
    names: ColumnNames = ColumnNames.EXACT,
) -> set[Key]:
    with psycopg.connect(database.conninfo) as connection:
        division, key = map(names.of, ("Division", BY_NAME[name].key))
        query = f'SELECT "{division}", "{key}"::text FROM {schema}.{name} WHERE {condition}'  # noqa: S608 names of this test
        return set(connection.execute(query.encode()))


def test_load_and_deletes_in_one_command(
    start_sandbox: StartSandbox, database: Postgres, make_project: MakeProject
) -> None:
    sandbox = start_sandbox(divisions=2, rows=200)
    control = sandbox.control
    project = make_project(sandbox, database, **SELECT)
    project.meltano(*JOB)
    before = {name: kept(control, name) for name in STREAMS}
    assert {name: loaded(database, name) for name in STREAMS} == before

    for division in control.divisions():
        for name in STREAMS:
            control.delete(division["Code"], BY_NAME[name].path, 2)
    log = project.meltano(*JOB)
    after = {name: kept(control, name) for name in STREAMS}
    assert all(len(before[name] - after[name]) == 4 for name in STREAMS)
    assert {name: loaded(database, name) for name in STREAMS} == after
    assert "accounts: 4 rows removed" in log


def test_what_exact_does_not_log_goes_after_a_whole_read(
    start_sandbox: StartSandbox, database: Postgres, make_project: MakeProject
) -> None:
    """One stream is read whole at every run, one by `Modified`, and of one the log does not tell any more."""
    sandbox = start_sandbox(divisions=2, rows=200)
    control = sandbox.control
    names = ("receivables_list", "journals", "accounts")
    select = json.dumps([f"{name}.*" for name in ("deleted", "reads", *names)])
    project = make_project(sandbox, database, TAP_EXACT_ONLINE__SELECT=select)
    project.meltano(*JOB)
    before = {name: kept(control, name) for name in names}
    assert {name: loaded(database, name) for name in names} == before

    for division in control.divisions():
        for name in names:
            control.delete(division["Code"], BY_NAME[name].path, 2, logged=False)
    after = {name: kept(control, name) for name in names}
    assert all(len(before[name] - after[name]) == 4 for name in names)
    log = project.meltano(*JOB)
    assert {name: loaded(database, name) for name in names} == {
        **before,
        "receivables_list": after["receivables_list"],
    }
    assert "receivables_list: 4 rows removed" in log

    project.meltano("--environment=demo", "run", "--full-refresh", "exact-online-mirror")
    assert {name: loaded(database, name) for name in names} == after


def test_marked_rows_live_with_the_loader_and_with_names_of_their_own(
    start_sandbox: StartSandbox, database: Postgres, make_project: MakeProject
) -> None:
    """The loader and the SQL know nothing of names, but what the tap and its one setting say."""
    sandbox = start_sandbox(divisions=1, rows=200)
    control, path = sandbox.control, BY_NAME["accounts"].path
    (division,) = (row["Code"] for row in control.divisions())
    # As in the environment `prod`, where only the loader is told where the database is.
    project = make_project(
        sandbox,
        database,
        **SELECT,
        EXACT_ONLINE_DELETES_MODE="mark",
        TAP_EXACT_ONLINE_COLUMN_NAMES="snake_case",
        TAP_EXACT_ONLINE_BASE_URL=sandbox.base_url,
        TAP_EXACT_ONLINE_CLIENT_ID=sandbox.client_id,
        TAP_EXACT_ONLINE_CLIENT_SECRET=sandbox.client_secret,
        TAP_EXACT_ONLINE_REFRESH_TOKEN=sandbox.refresh_token,
        TARGET_POSTGRES_SQLALCHEMY_URL=database.url,
        TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA="books",
    )
    job = ("--environment=prod", "run", "tap-exact-online", "target-postgres", "exact-online:deletes")
    project.meltano(*job)
    everything = kept(control, "accounts")
    control.delete(division, path, 3)
    control.change(division, path, 3)
    project.meltano(*job)
    gone = everything - kept(control, "accounts")
    assert len(gone) == 3
    assert loaded(database, "accounts", schema="books", names=ColumnNames.SNAKE) == everything
    assert loaded(database, "accounts", "_deleted_at IS NOT NULL", "books", ColumnNames.SNAKE) == gone

    row = next(iter(gone))
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        # Exact brings it back, with a row version above that of its deletion.
        connection.execute(
            "UPDATE books.accounts SET timestamp = (SELECT max(timestamp) + 1 FROM books.deleted) WHERE id = %s",
            (row[1],),
        )
    told = {
        "EXACT_ONLINE_DELETES_MODE": "mark",
        "TAP_EXACT_ONLINE_COLUMN_NAMES": "snake_case",
        "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": "books",
        "TARGET_POSTGRES_HOST": str(database.folder),
        "TARGET_POSTGRES_USER": "postgres",
        "TARGET_POSTGRES_PASSWORD": "not asked for",
        "TARGET_POSTGRES_DATABASE": database.database,
    }
    LoadedProject(project.folder, told).meltano("--environment=prod", "invoke", "exact-online:deletes")
    assert loaded(database, "accounts", "_deleted_at IS NOT NULL", "books", ColumnNames.SNAKE) == gone - {row}

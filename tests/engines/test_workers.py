"""Several workers in one project, without an engine: what has to be there first, and that none of them disturbs another."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from demo.outcome import SCHEMA, counts
from demo.postgres import Postgres
from demo.processes import BIN
from demo.project import Project
from tap_exact_online.catalog import BY_NAME, schema_of
from tests.auth.stores.servers import token_url
from tests.conftest import Sandbox, StartSandbox
from tests.meltano.conftest import SELECT, connect
from tests.processes import Captured, capture, until

STREAMS = ("divisions", "journals", "gl_accounts")
SOME_FIELDS = [
    f"{stream}.{field}"
    for stream in STREAMS
    for field in ("Code", "ID", "Division", "Timestamp")
    if field in schema_of(BY_NAME[stream])["properties"]
]


@pytest.fixture
def company(start_sandbox: StartSandbox) -> Sandbox:
    return start_sandbox(divisions=9, rows=200, minute_limit=10**6)


@pytest.fixture
def project(tmp_path: Path, company: Sandbox, database: Postgres, token_database: Postgres) -> Project:
    """Return a project that keeps nothing on disk: tables, states and tokens are in databases that are empty."""
    return made(tmp_path, company, database, token_database)


def made(folder: Path, company: Sandbox, database: Postgres, system: Postgres, **more: str) -> Project:
    return connect(
        folder,
        company,
        database,
        **{
            SELECT: json.dumps(SOME_FIELDS),
            "TAP_EXACT_ONLINE_BASE_URL": company.base_url,
            "TAP_EXACT_ONLINE_CLIENT_ID": company.client_id,
            "TAP_EXACT_ONLINE_CLIENT_SECRET": company.client_secret,
            "TAP_EXACT_ONLINE_REFRESH_TOKEN": company.refresh_token,
            "TAP_EXACT_ONLINE_STORE": token_url(system),
            "MELTANO_DATABASE_URI": system.url,
            **more,
        },
    )


def run(project: Project, *arguments: str, target: str = "target-postgres") -> Captured:
    """Start an `exact-online` command around `meltano run`."""
    meltano = [str(BIN / "meltano"), "--environment=demo", "run", "--force", "tap-exact-online", target]
    command, *options = arguments
    return capture(
        "exact-online", [command, "--project", str(project.folder), *options, "--", *meltano], env=project.env
    )


def prepare(project: Project) -> None:
    ended = run(project, "prepare").end(300)
    assert ended.returncode == 0, ended.stderr
    assert "Connected: 9 divisions granted, 9 of them to be read." in ended.stdout


def workers(project: Project, name: str, number: int) -> list[Captured]:
    """Start workers, and as many groups for them."""
    options = ["--groups", str(number), "--round", name, "--lease", "10"]
    return [run(project, "work", *options) for _ in range(number)]


def all_end(started: Sequence[Captured]) -> None:
    for ended in [worker.end(300) for worker in started]:
        assert ended.returncode == 0, ended.stderr[-4000:]
        assert "groups are done." in ended.stderr


def columns(database: Postgres) -> list[tuple[str, str, str]]:
    with psycopg.connect(database.conninfo) as connection:
        query = (
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = %s ORDER BY 1, 2"
        )
        return connection.execute(query, [SCHEMA]).fetchall()


def expected(company: Sandbox) -> dict[str, int]:
    """Return how many rows the sandbox has of each stream, over all divisions."""
    control = company.control
    divisions = [row["Code"] for row in control.divisions()]
    paths = {"journals": "financial/Journals", "gl_accounts": "sync/Financial/GLAccounts"}
    return {
        "divisions": len(divisions),
        **{
            stream: sum(control.count(division, path) for division in divisions)
            for stream, path in paths.items()
        },
    }


def test_workers_fill_empty_databases_and_a_new_column_though_one_is_killed(
    project: Project, company: Sandbox, database: Postgres, token_database: Postgres, tmp_path: Path
) -> None:
    prepare(project)
    made_first = columns(database)
    assert {table for table, _, _ in made_first} == {*STREAMS}
    assert counts(database) == dict.fromkeys(STREAMS, 0)
    all_end(workers(project, "first", 4))
    assert counts(database) == expected(company)
    assert company.control.stats()["tokens"]["redemptions"] == 1
    prepare(project)
    assert columns(database) == made_first
    assert counts(database) == expected(company)

    # A column more: it is there before the workers are, and all that is read from now on has it.
    wider = made(
        tmp_path / "wider",
        company,
        database,
        token_database,
        **{
            SELECT: json.dumps([*SOME_FIELDS, "journals.Description"]),
            "TAP_EXACT_ONLINE_NEW_FIELDS": "reread",
        },
    )
    prepare(wider)
    assert {*columns(database)} - {*made_first} == {("journals", "Description", "text")}
    killed, *others = workers(wider, "second", 4)
    until(lambda: described(database) > 0, killed.process)
    killed.process.kill()
    all_end(others)
    assert killed.end().returncode == -signal.SIGKILL
    assert counts(database) == expected(company)
    assert described(database) == expected(company)["journals"]


def described(database: Postgres) -> int:
    """Return how many journals have what is in the new column."""
    with psycopg.connect(database.conninfo) as connection:
        found = connection.execute('SELECT count("Description") FROM exact_online.journals').fetchone()
    assert found is not None
    return int(found[0])


def test_workers_share_the_database_of_a_project_and_keep_states_of_their_own(
    tmp_path: Path, company: Sandbox, database: Postgres, token_database: Postgres
) -> None:
    project = made(tmp_path, company, database, token_database)
    variables = {**project.variables, "TAP_EXACT_ONLINE_STORE": str(tmp_path / "tokens.json")}
    del variables["MELTANO_DATABASE_URI"]
    project = type(project)(project.folder, variables)
    assert not (project.folder / ".meltano" / "meltano.db").exists()
    prepare(project)
    all_end(workers(project, "first", 3))
    assert counts(database) == expected(company)
    assert (project.folder / ".meltano" / "meltano.db").is_file()
    states = project.meltano("--environment=demo", "state", "list")
    name = "demo:tap-exact-online-to-target-postgres:shard"
    assert all(f"{name}-{number}-of-3" in states for number in range(1, 4))
    assert not [*(project.folder / ".meltano").glob("run/tap-exact-online/*")], "each has a folder of its own"

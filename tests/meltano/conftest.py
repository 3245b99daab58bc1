"""A PostgreSQL server for all tests, an empty database for each, and copies of the Meltano project."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from demo.postgres import Postgres, postgres
from demo.project import Project, copy_project
from tests.faults.quick import only
from tests.singer import catalog

SELECT = "TAP_EXACT_ONLINE__SELECT"
NOWHERE = "http://127.0.0.1:9"  # the port of the discard service, on which nothing answers


class Connection(Protocol):
    """What the tap needs to know of a sandbox; the sandboxes of tests and demo both have it."""

    @property
    def base_url(self) -> str: ...
    @property
    def client_id(self) -> str: ...
    @property
    def client_secret(self) -> str: ...
    @property
    def refresh_token(self) -> str: ...


class MakeProject(Protocol):
    """Make a copy of the Meltano project whose environment `demo` leads to a sandbox and a database."""

    def __call__(self, sandbox: Connection, database: Postgres, **variables: str) -> Project: ...


def connect(folder: Path, sandbox: Connection, database: Postgres, **variables: str) -> Project:
    """Make a project in a folder, see `MakeProject`. Nothing but this machine can be reached over HTTPS from it.

    Where streams are named, the tap discovers those only: to discover all, and to go over them, takes two seconds of a run of
    five. Where a pattern stands for several streams, and where none is named, nothing is different from what a user has.
    """
    project = copy_project(
        folder / "project",
        {
            "DEMO_BASE_URL": sandbox.base_url,
            "DEMO_CLIENT_ID": sandbox.client_id,
            "DEMO_CLIENT_SECRET": sandbox.client_secret,
            "DEMO_REFRESH_TOKEN": sandbox.refresh_token,
            "DEMO_POSTGRES": database.url,
            "TAP_EXACT_ONLINE_STORE": str(folder / "tokens.json"),
            "HTTPS_PROXY": NOWHERE,
            "NO_PROXY": "127.0.0.1",
            **variables,
        },
    )
    named = {pattern.partition(".")[0] for pattern in json.loads(variables.get(SELECT, "[]"))}
    if named and not any("*" in name for name in named):
        _discover_only(project, named)
    return project


def _discover_only(project: Project, streams: set[str]) -> None:
    """Put a program in front of the tap that tells of some streams where it is asked to discover."""
    plugin = project.folder / ".meltano" / "extractors" / "tap-exact-online"
    installed = plugin.resolve() / "venv" / "bin" / plugin.name
    plugin.unlink()
    program = plugin / "venv" / "bin" / plugin.name
    program.parent.mkdir(parents=True)
    known = plugin / "catalog.json"
    # In lines, as the tap does: Meltano takes none of more than 64 kB.
    known.write_text(json.dumps(only(catalog(), *streams), indent=2))
    program.write_text(
        f"""#!/bin/sh
case " $* " in *" --discover "*) exec cat '{known}' ;; esac
exec '{installed}' "$@"
"""
    )
    program.chmod(0o755)
    (program.parent / "exact-online").symlink_to(installed.parent / "exact-online")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """Return a PostgreSQL server that all tests share; use `database` to have something to oneself."""
    with postgres() as server:
        yield server


@pytest.fixture
def database(postgres_server: Postgres, request: pytest.FixtureRequest) -> Postgres:
    """Return an empty database: `.url` for the loader, `.conninfo` for psycopg."""
    return postgres_server.create_database(f"test_{abs(hash(request.node.nodeid)):x}")


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """Return a function that makes the project: `make_project(sandbox, database, NAME="value")`.

    `project.meltano("--environment=demo", "run", "tap-exact-online", "target-postgres")` then runs the pipeline and
    returns its log, or raises `ProgramFailed`. State, tokens and logs stay in `tmp_path`. To choose streams give
    `TAP_EXACT_ONLINE__SELECT='["journals.*"]'`. To kill a run halfway use `project.command` and `project.env` with
    `demo.processes.started`: its process leads a process group.
    """

    def make(sandbox: Connection, database: Postgres, **variables: str) -> Project:
        return connect(tmp_path, sandbox, database, **variables)

    return make

"""Copies of the Meltano project."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from typing_extensions import override

from demo.postgres import Postgres
from demo.processes import ProgramFailed, tail
from demo.project import Project, copy_project
from tests.faults.quick import only
from tests.processes import fork
from tests.singer import catalog

SELECT = "TAP_EXACT_ONLINE__SELECT"
_PATIENCE = 300.0  # seconds
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


@dataclass(frozen=True, slots=True)
class LoadedProject(Project):
    """A project whose commands are forked from a Meltano that is loaded: a start takes a second of two to five."""

    @override
    def meltano(self, *arguments: str, log: Path | None = None) -> str:
        """Run a Meltano command to its end and return what it wrote."""
        log = log or self.folder / "meltano.log"
        with log.open("wb") as written:
            process = fork(
                "meltano",
                self.command(*arguments)[1:],
                stdout=written.fileno(),
                stderr=written.fileno(),
                env=self.env,
                folder=self.folder,
            )
        try:
            code = process.wait(_PATIENCE)
        finally:
            process.kill()
        if code != 0:
            msg = f"Meltano ended with exit code {code}.\n{tail(log)}\nAll of it: {log}"
            raise ProgramFailed(msg)
        return log.read_text(encoding="utf-8", errors="replace")


def loaded(project: Project) -> LoadedProject:
    """Return a project whose commands take no time to start."""
    return LoadedProject(project.folder, project.variables)


class MakeProject(Protocol):
    """Make a copy of the Meltano project whose environment `demo` leads to a sandbox and a database."""

    def __call__(self, sandbox: Connection, database: Postgres, **variables: str) -> Project: ...


def connect(folder: Path, sandbox: Connection, database: Postgres, **variables: str) -> Project:
    """Make a project in a folder, see `MakeProject`. Nothing but this machine can be reached over HTTPS from it.

    Where streams are named, the tap discovers those only: to discover all, and to go over them, takes two seconds of a run of
    five. Where a pattern stands for several streams, and where none is named, nothing is different from what a user has.
    """
    copied = copy_project(
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
    project = loaded(copied)
    named = {pattern.partition(".")[0] for pattern in json.loads(variables.get(SELECT, "[]"))}
    if named and not any("*" in name for name in named):
        discover_only(project, named)
    return project


def discover_only(project: Project, streams: set[str]) -> None:
    """Put a program in front of the tap that tells of some streams where it is asked to discover."""
    plugin = project.folder / ".meltano" / "extractors" / "tap-exact-online"
    installed, place = plugin.resolve() / "venv", plugin / "venv"
    plugin.unlink()
    (place / "bin").mkdir(parents=True)
    for each in (*installed.iterdir(), *(installed / "bin").iterdir()):
        if each.name != "bin":
            (place / each.relative_to(installed)).symlink_to(each)
    known = plugin / "catalog.json"
    # In lines, as the tap does: Meltano takes none of more than 64 kB.
    known.write_text(json.dumps(only(catalog(), *streams), indent=2))
    program = place / "bin" / plugin.name
    program.unlink()
    program.write_text(
        f"""#!/bin/sh
case " $* " in *" --discover "*) exec cat '{known}' ;; esac
exec '{installed / "bin" / plugin.name}' "$@"
"""
    )
    program.chmod(0o755)


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

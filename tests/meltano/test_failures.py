"""Wrong situations that a user of the Meltano project runs into, and what they are told."""

from __future__ import annotations

import dataclasses
import errno
import os
from pathlib import Path

import pytest

from demo.postgres import Postgres, PostgresNotStarted, postgres
from demo.processes import ProgramFailed
from demo.project import PluginsMissing, copy_project
from tests.conftest import StartSandbox
from tests.meltano.conftest import NOWHERE, MakeProject

RUN = ("--environment=demo", "run", "tap-exact-online", "target-postgres")
ONE = {"TAP_EXACT_ONLINE__SELECT": '["journals.*"]'}


def test_sandbox_is_not_running(
    start_sandbox: StartSandbox, database: Postgres, make_project: MakeProject
) -> None:
    project = make_project(dataclasses.replace(start_sandbox(rows=10), base_url=NOWHERE), database, **ONE)
    with pytest.raises(ProgramFailed, match=f"Cannot reach {NOWHERE}.*`base_url`"):
        project.meltano(*RUN)


def test_postgresql_is_not_running(
    start_sandbox: StartSandbox, tmp_path: Path, make_project: MakeProject
) -> None:
    project = make_project(start_sandbox(rows=10), Postgres(tmp_path), **ONE)
    with pytest.raises(ProgramFailed, match=r"(?s)target-postgres.*Is the server running"):
        project.meltano(*RUN)


def test_settings_are_missing(
    start_sandbox: StartSandbox, database: Postgres, make_project: MakeProject
) -> None:
    project = make_project(start_sandbox(rows=10), database, DEMO_CLIENT_ID="", **ONE)
    with pytest.raises(ProgramFailed, match=r"`client_id` is not set.*TAP_EXACT_ONLINE_CLIENT_ID"):
        project.meltano(*RUN)


def test_plugins_are_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "fresh"
    root.mkdir()
    (root / "meltano.yml").touch()
    monkeypatch.setattr("demo.project.ROOT", root)
    with pytest.raises(PluginsMissing, match="make plugins"):
        copy_project(tmp_path / "project")


def test_postgresql_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.postgres.get_server", _no_room)
    with pytest.raises(PostgresNotStarted, match=r"(?s)PostgreSQL did not start.*No space left"), postgres():
        pass


def _no_room(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

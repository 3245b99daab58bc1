"""Wrong situations that a user of the Meltano project runs into, and what they are told."""

from __future__ import annotations

import dataclasses
import errno
import os
import re
import signal
from pathlib import Path

import pytest

from demo.postgres import Postgres, PostgresNotStarted, postgres
from demo.processes import ProgramFailed, started
from demo.project import ROOT, PluginsMissing, copy_project
from tap_exact_online.settings import SETTINGS
from tests.conftest import StartSandbox
from tests.docs.pages import page
from tests.docs.troubles import explained
from tests.meltano.conftest import NOWHERE, MakeProject, loaded
from tests.processes import until

RUN = ("--environment=demo", "run", "tap-exact-online", "target-postgres")
ONE = {"TAP_EXACT_ONLINE__SELECT": '["journals.*"]'}
_PATIENCE = 60.0  # seconds


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


@pytest.mark.parametrize(
    ("command", "variables", "says"),
    [
        pytest.param(
            ("--log-level=warning", "invoke", "tap-exact-online:status"),
            {"TAP_EXACT_ONLINE_SHARD": "9/2"},
            r"error.*`shard`: '9/2' is not a part",
            id="a command of the tap",
        ),
        pytest.param(
            ("--log-level=warning", "invoke", "tap-exact-online:status", "--nothing"),
            {},
            r"error.*No such option",
            id="an option",
        ),
        pytest.param(
            (f"--log-config={ROOT / 'quiet.yaml'}", "run", "exact-online:deletes"),
            {"EXACT_ONLINE_DELETES_STREAMS": "nothing"},
            r"Error: --streams: there is no stream nothing\.",
            id="deletes in a job",
        ),
    ],
)
def test_a_short_log_says_why_something_failed(
    tmp_path: Path, command: tuple[str, ...], variables: dict[str, str], says: str
) -> None:
    given = {
        "DEMO_BASE_URL": "http://127.0.0.1:9",
        "DEMO_CLIENT_ID": "any",
        "DEMO_CLIENT_SECRET": "any",
        "DEMO_POSTGRES": "postgresql://nobody",
    }
    project = loaded(copy_project(tmp_path / "project", {**given, **variables}))
    with pytest.raises(ProgramFailed, match=says):
        project.meltano("--environment=demo", *command)


def test_a_rule_that_meets_nothing(
    start_sandbox: StartSandbox, database: Postgres, make_project: MakeProject
) -> None:
    rules = {"TAP_EXACT_ONLINE__SELECT": '["journals.*", "journals.Nmae"]'}
    project = make_project(start_sandbox(rows=10), database, **rules)
    with pytest.raises(ProgramFailed):
        project.meltano(*RUN)
    said = (project.folder / "meltano.log").read_text()
    assert "`journals.Nmae`" in said
    assert explained("Property").search(said)  # Meltano itself goes on


def test_a_run_that_was_killed_is_in_the_way_of_the_next_unless_it_is_forced(
    start_sandbox: StartSandbox, database: Postgres, make_project: MakeProject, tmp_path: Path
) -> None:
    sandbox = start_sandbox(rows=10)
    project = make_project(sandbox, database, **ONE)
    sandbox.control.fault("delay", path="financial/Journals", seconds=_PATIENCE, times=None)
    with started(
        project.command(*RUN), tmp_path / "killed.log", env=project.env, cwd=project.folder
    ) as meltano:
        until(lambda: any(fault["seen"] for fault in sandbox.control.faults()), meltano)
        os.killpg(meltano.pid, signal.SIGKILL)
        meltano.wait()
    sandbox.control.clear_faults()
    with pytest.raises(ProgramFailed) as refused:
        project.meltano(*RUN)
    said = explained("Another").search(str(refused.value))
    assert said
    start, end = re.findall(r"\d+-\d+-\d+ (\d+):(\d+):\d+", said[0])
    minutes = [int(hour) * 60 + int(minute) for hour, minute in (start, end)]
    assert (minutes[1] - minutes[0]) % (24 * 60) in {5, 6}  # as the docs say
    demo, run, *plugins = RUN
    assert "Exit code 0: complete." in project.meltano(demo, run, "--force", *plugins)


_TAKEN = {
    "boolean": '"late_commits": false',
    "date_iso8601": '"start_date": ""',
    "string": '"shard": ""',
}
_REFUSED = {
    "options": "ValueError: '…' is not a valid choice",
    "array": "ValueError: Failed to parse JSON array",
    "object": "ValueError: Failed to parse JSON object",
    "integer": "ValueError: invalid literal for int()",
}


def _printed(folder: Path, line: str) -> str:
    """Return the configuration that Meltano would give to the tap, with one more line in `.env`."""
    project = loaded(copy_project(folder / "project", {"DEMO_CLIENT_ID": "any", "DEMO_CLIENT_SECRET": "any"}))
    (project.folder / ".env").write_text(f"{line}\n")
    return project.meltano("--environment=demo", "config", "print", "tap-exact-online")


@pytest.mark.parametrize("kind", sorted({setting.kind for setting in SETTINGS}))
def test_what_meltano_makes_of_a_blank_variable(tmp_path: Path, kind: str) -> None:
    named = re.findall(r'^"(\w+)"', _TAKEN.get(kind, ""))
    (name,) = named or [next(setting.name for setting in SETTINGS if setting.kind == kind)]
    line = f"TAP_EXACT_ONLINE_{name.upper()}="
    if kind in _TAKEN:
        assert _TAKEN[kind] in _printed(tmp_path, line)
        return
    with pytest.raises(ProgramFailed) as refused:
        _printed(tmp_path, line)
    assert explained(_REFUSED[kind]).search(str(refused.value))


@pytest.mark.parametrize(
    ("line", "kind"),
    [("DIVISIONS=123", "array"), ("REGION=NL", "options"), ("CONCURRENCY=two", "integer")],
)
def test_what_meltano_does_not_take_though_the_tap_would_or_says_better(
    tmp_path: Path, line: str, kind: str
) -> None:
    with pytest.raises(ProgramFailed) as refused:
        _printed(tmp_path, f"TAP_EXACT_ONLINE_{line}")
    assert explained(_REFUSED[kind]).search(str(refused.value))
    assert line.partition("=")[2] in page("troubleshooting.md").text.split("### A value that Meltano")[1]


def test_what_meltano_takes_for_a_list(tmp_path: Path) -> None:
    assert '"divisions": [\n    123,\n    456\n  ]' in _printed(
        tmp_path, "TAP_EXACT_ONLINE_DIVISIONS=123,456"
    )


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

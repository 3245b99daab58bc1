from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import filelock
import pytest

from demo import kept
from demo.processes import ProgramFailed, started, undisturbed, when_ready
from demo.project import ROOT
from tap_exact_online.sandbox.control import Control
from tests.demonstration import DEMO, demo, living
from tests.processes import until


def test_leaves_nothing_running_where_it_is_not_to_be_kept(tmp_path: Path) -> None:
    with kept.servers(tmp_path, "--rows", "5", keep=False) as (server, stand_in):
        assert Control(stand_in.base_url).divisions()
        assert server.folder.exists()
    assert living(tmp_path) == []
    assert not server.folder.exists()


def test_what_is_to_be_kept_goes_with_a_story_that_fails(tmp_path: Path) -> None:
    story = pytest.raises(RuntimeError, match="lost the thread")
    with story, kept.servers(tmp_path, "--rows", "5", keep=True) as (server, _):
        assert kept.running(tmp_path)
        msg = "lost the thread"
        raise RuntimeError(msg)
    assert living(tmp_path) == []
    assert not server.folder.exists()


@pytest.mark.parametrize(
    ("moment", "number"), [("Starting PostgreSQL", signal.SIGTERM), ("First run", signal.SIGINT)]
)
def test_takes_everything_down_when_interrupted(tmp_path: Path, moment: str, number: signal.Signals) -> None:
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*DEMO, "--folder", tmp_path],
            cwd=ROOT,
            stdout=output,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    until(lambda: moment in log.read_text(), process, log)
    process.send_signal(number)
    assert process.wait(30) == 128 + number
    assert living(tmp_path) == []


def test_two_at_once_in_one_folder(tmp_path: Path) -> None:
    with filelock.FileLock(tmp_path / "lock"):
        done = demo(tmp_path)
    assert done.returncode == 1
    assert f"Another demo is running in {tmp_path}" in done.stderr


def test_a_program_that_does_not_start(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-c", "import sys; sys.exit('the port is taken')"]
    with (
        started(command, log) as process,
        pytest.raises(ProgramFailed, match=r"exit code 1(?s:.*)the port is taken"),
    ):
        when_ready(process, tmp_path / "never", log)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match="make install"), started([tmp_path / "no"], tmp_path / "log"):
        pass


@pytest.mark.parametrize("version", [None, "3.10.13"])
def test_no_python_that_is_new_enough(tmp_path: Path, version: str | None) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "grep", "rm"):
        (tools / name).symlink_to(shutil.which(name) or name)
    if version:
        python = tools / "python3"
        python.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "Python {version}" || exit 1\n')
        python.chmod(0o755)
    command = [tools / "bash", ROOT / "scripts/make_venv.sh", tmp_path / "venv", ROOT / "constraints.txt"]
    done = subprocess.run(command, env={"PATH": str(tools)}, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "No Python 3.11 or newer" in done.stderr
    assert f"Found: {'Python ' + version if version else 'no python3 at all'}" in done.stderr
    assert "make PYTHON=" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_held_back_and_then_delivered(number: signal.Signals) -> None:
    through = []

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    def work() -> None:
        with undisturbed():
            signal.raise_signal(number)
            through.append(number)

    before = signal.signal(number, stop)
    try:
        with pytest.raises(KeyboardInterrupt):
            work()
        assert signal.getsignal(number) is stop
    finally:
        signal.signal(number, before)
    assert through == [number]

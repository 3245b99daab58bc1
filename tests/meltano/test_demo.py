from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import filelock
import psutil
import psycopg
import pytest

from demo import kept
from demo.processes import ProgramFailed, started, undisturbed, when_ready
from demo.project import ROOT
from tap_exact_online.cli.certificate import certificate_of
from tap_exact_online.ledger.certificate import Verdict
from tap_exact_online.ledger.reading import DEFAULT_SCHEMA
from tap_exact_online.sandbox.control import Control
from tests.processes import until

DEMO = (sys.executable, "-m", "demo", "--rows", "200")


def living(folder: Path) -> list[str]:
    """Return the programs that know of a folder."""
    return [
        " ".join(process.info["cmdline"])
        for process in psutil.process_iter(["cmdline"])
        if process.pid != os.getpid() and str(folder) in " ".join(process.info["cmdline"] or [])
    ]


def demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DEMO, "--folder", folder, *options], cwd=ROOT, check=False, capture_output=True, text=True
    )


def test_tells_what_landed_and_stays_to_be_asked_until_it_is_stopped(tmp_path: Path) -> None:
    done = demo(tmp_path, "--keep")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        line = re.search(r"transaction_lines +(\d+) +\d+ +(\d+) +(\d+) +(\d+) +\d+ +(\d+)", done.stdout)
        assert line, done.stdout
        before, added, changed, deleted, now = map(int, line.groups())
        assert (before, changed) == (400, 15)
        assert now == before + added - deleted
        booked = re.search(r"added +\d+ entries of (\d+) transaction lines", done.stdout)
        withdrawn = re.search(r"deleted +\d+ entries of (\d+) transaction lines", done.stdout)
        assert booked, done.stdout
        assert withdrawn, done.stdout
        assert (added, deleted) == (int(booked[1]), int(withdrawn[1]))
        assert added >= deleted > 0
        assert re.search(r"^exact_online\.accounts: Division +Code +Name", done.stdout, re.MULTILINE)

        # The ledger is whole, and is not when half of a company's lines are taken away.
        whole, broken = done.stdout.split("==> A page is lost: 100 lines")
        assert re.search(r"2 companies, \d+ years: \d+ complete. Exit code 0.", whole)
        assert re.search(r"1 company, \d+ years: .* different. Exit code 1.", broken)
        assert "missing here" in broken
        # What is kept is whole again.
        assert "The lines are put back" in broken

        # The line for psql and the queries are those that were printed.
        (conninfo,) = re.findall(r"psql\S* '(postgresql:.*)'", done.stdout)
        printed = "\n".join(each.removeprefix("    ") for each in done.stdout.splitlines())
        assert len(kept.QUERIES) == 3
        with psycopg.connect(conninfo) as connection:
            for query in kept.QUERIES.values():
                assert query.strip() in printed
                assert len(connection.execute(query.encode()).fetchall()) > 3
            count = "SELECT count(*) FROM exact_online.transaction_lines"
            assert connection.execute(count).fetchall() == [(now,)]
        assert certificate_of(conninfo, None, DEFAULT_SCHEMA).verdict is Verdict.COMPLETE
        (address,) = re.findall(r"the sandbox at (\S+)", done.stdout)
        assert Control(address).divisions()

        # So is the line that runs it once more.
        (more,) = re.findall(r"^    (\S+/meltano .* run exact-online-books)$", done.stdout, re.MULTILINE)
        run = subprocess.run(more.split(), check=False, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr

        again = demo(tmp_path)
        assert again.returncode == 1
        assert "What an earlier demo has kept still runs" in again.stderr
    finally:
        stopped = demo(tmp_path, "--stop")
    assert (stopped.returncode, stopped.stdout) == (0, "Stopped.\n")
    assert living(tmp_path) == []
    assert demo(tmp_path, "--stop").stdout == f"Nothing is kept running in {tmp_path}.\n"


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

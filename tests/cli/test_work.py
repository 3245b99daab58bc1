"""Workers that share a round: real processes, the real tap, a sandbox."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tap_exact_online.cli.leash import end
from tap_exact_online.cli.project import own_system_folder
from tap_exact_online.cli.work import variables
from tap_exact_online.reading import Shard
from tap_exact_online.surroundings import project_folder
from tests.conftest import Sandbox, StartSandbox
from tests.faults.quick import only
from tests.processes import Captured, capture, until
from tests.singer import catalog

NOTE = 'echo "$TAP_EXACT_ONLINE_SHARD $MELTANO_RUN_STATE_ID_SUFFIX $$ $PPID" >> notes\n'
"""Begins a command: which group it was run for, with which suffix, as which process of which worker."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def environment(folder: Path, sandbox: Sandbox) -> dict[str, str]:
    return connected(folder, sandbox)


def connected(folder: Path, sandbox: Sandbox) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("TAP_", "MELTANO_"))},
        "TAP_EXACT_ONLINE_BASE_URL": sandbox.base_url,
        "TAP_EXACT_ONLINE_CLIENT_ID": sandbox.client_id,
        "TAP_EXACT_ONLINE_CLIENT_SECRET": sandbox.client_secret,
        "TAP_EXACT_ONLINE_REFRESH_TOKEN": sandbox.refresh_token,
        "TAP_EXACT_ONLINE_STORE": str(folder / "state" / "tokens.json"),
    }


def work(
    environment: Mapping[str, str],
    script: str,
    *,
    groups: int = 4,
    lease: float = 30.0,
    name: str = "nightly",
    more: Sequence[str] = (),
) -> Captured:
    """Start a worker whose command is a script."""
    arguments = ["work", "--groups", str(groups), "--round", name, "--lease", str(lease), *more]
    return capture("exact-online", [*arguments, "--", "sh", "-c", script], env=environment)


def notes(folder: Path) -> list[list[str]]:
    with contextlib.suppress(FileNotFoundError):
        return [line.split() for line in (folder / "notes").read_text().splitlines()]
    return []


def shards(folder: Path) -> Counter[str]:
    return Counter(note[0] for note in notes(folder))


def is_there(process: int) -> bool:
    """Tell whether a process runs; one that has ended and that nobody asked about does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# --- A round -------------------------------------------------------------------------------------------------


def test_each_group_is_run_once_with_a_state_of_its_own(folder: Path, environment: dict[str, str]) -> None:
    workers = [work(environment, NOTE) for _ in range(3)]
    ends = [worker.end() for worker in workers]
    assert [end.returncode for end in ends] == [0, 0, 0], ends
    assert sorted(note[:2] for note in notes(folder)) == [[f"{n}/4", f"shard-{n}-of-4"] for n in range(1, 5)]
    assert all("Round nightly: 4 of 4 groups are done." in end.stderr for end in ends)


def test_a_round_that_is_over_has_nothing_left_and_says_so(folder: Path, environment: dict[str, str]) -> None:
    assert work(environment, NOTE).end().returncode == 0
    again = work(environment, NOTE).end()
    assert again.returncode == 0
    assert "Nothing is left to do in the round nightly" in again.stderr
    assert work(environment, NOTE, name="the next").end().returncode == 0
    assert shards(folder) == {f"{number}/4": 2 for number in range(1, 5)}


def test_a_group_that_fails_is_tried_again_behind_the_others(
    folder: Path, environment: dict[str, str]
) -> None:
    script = (
        f"{NOTE} case $TAP_EXACT_ONLINE_SHARD in 1/*) test -e second || {{ touch second; exit 1; }} ;; esac"
    )
    ended = work(environment, script).end()
    assert ended.returncode == 0, ended.stderr
    assert [note[0] for note in notes(folder)] == ["1/4", "2/4", "3/4", "4/4", "1/4"]
    assert "Group 1/4 failed with exit code 1" in ended.stderr
    assert "4 of 4 groups are done" in ended.stderr


@pytest.mark.parametrize(("code", "tries"), [(1, 3), (4, 1), (2, 1), (3, 1), (143, 1)])
def test_what_cannot_be_done_is_told_by_exit_code_and_summary(
    code: int, tries: int, folder: Path, environment: dict[str, str]
) -> None:
    script = f"{NOTE} case $TAP_EXACT_ONLINE_SHARD in 2/*) exit {code} ;; esac"
    ended = work(environment, script).end()
    assert ended.returncode == code
    assert shards(folder) == {"1/4": 1, "2/4": tries, "3/4": 1, "4/4": 1}
    assert "Round nightly: 3 of 4 groups are done." in ended.stderr
    assert f"Group 2/4 failed: exit code {code} " in ended.stderr
    late = work(environment, NOTE).end()
    assert late.returncode == code, "a worker that comes later tells the same"
    again = work(environment, NOTE, more=["--again"]).end()
    assert again.returncode == 0, again.stderr
    assert shards(folder) == {"1/4": 1, "2/4": tries + 1, "3/4": 1, "4/4": 1}


def test_a_command_that_is_killed_is_tried_again_and_leaves_nothing_behind(
    folder: Path, environment: dict[str, str]
) -> None:
    script = f"{NOTE} test -e second || {{ touch second; sleep 60 & echo $! > child; kill -9 $$; }}"
    ended = work(environment, script, groups=1).end()
    assert ended.returncode == 0, ended.stderr
    assert "failed with exit code 137" in ended.stderr
    assert not is_there(int((folder / "child").read_text()))


# --- Ends ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_to_stop_ends_its_command_in_good_order_and_gives_the_group_back(
    number: signal.Signals, folder: Path, environment: dict[str, str]
) -> None:
    script = f"{NOTE} trap 'sleep 0.3; echo in good order > goodbye; exit 143' TERM; sleep 60 & wait"
    worker = work(environment, script)
    until(lambda: notes(folder), worker.process)
    worker.process.send_signal(number)
    ended = worker.end()
    assert ended.returncode == 128 + number, ended.stderr
    assert (folder / "goodbye").read_text() == "in good order\n"
    assert "Group 1/4 is given back." in ended.stderr
    assert not is_there(int(notes(folder)[0][2]))
    other = work(environment, NOTE, lease=3600).end(30)
    assert other.returncode == 0
    assert shards(folder) == {"1/4": 2, "2/4": 1, "3/4": 1, "4/4": 1}


def test_a_killed_worker_takes_its_command_with_it_and_another_takes_the_group_over(
    folder: Path, environment: dict[str, str]
) -> None:
    script = f"{NOTE} sleep 60 & wait"
    killed = work(environment, script, groups=2, lease=3)
    until(lambda: notes(folder), killed.process)
    killed.process.kill()
    other = work(environment, NOTE, groups=2, lease=3)
    command = int(notes(folder)[0][2])
    until(lambda: not is_there(command), other.process)
    ended = other.end()
    assert ended.returncode == 0, ended.stderr
    assert shards(folder) == {"1/2": 2, "2/2": 1}
    killed.end()


def test_a_worker_that_stood_still_for_too_long_does_not_go_on(
    folder: Path, environment: dict[str, str]
) -> None:
    script = f"{NOTE} test $(grep -c . notes) -gt 1 || sleep 60"
    still = work(environment, script, groups=1, lease=3)
    until(lambda: notes(folder), still.process)
    still.process.send_signal(signal.SIGSTOP)
    other = work(environment, script, groups=1, lease=3)
    try:
        assert other.end().returncode == 0
    finally:
        still.process.send_signal(signal.SIGCONT)
    ended = still.end()
    assert ended.returncode == 0
    assert "Group 1/1 was lost" in ended.stderr
    assert shards(folder) == {"1/1": 2}


def test_a_command_that_takes_longer_than_a_lease_is_not_taken_over(
    folder: Path, environment: dict[str, str]
) -> None:
    workers = [work(environment, f"{NOTE} sleep 4", groups=1, lease=1.5) for _ in range(2)]
    assert [worker.end().returncode for worker in workers] == [0, 0]
    assert shards(folder) == {"1/1": 1}


def test_a_board_that_fails_for_the_time_of_a_lease_ends_the_worker(
    folder: Path, environment: dict[str, str]
) -> None:
    (folder / "file").write_text("in the way")
    broken = {**environment, "TAP_EXACT_ONLINE_STORE": str(folder / "file" / "tokens.json")}
    ended = work(broken, NOTE, lease=1).end()
    assert ended.returncode == 1
    assert "The board beside the token store" in ended.stderr
    assert "cannot be used" in ended.stderr
    assert notes(folder) == []


def test_a_group_that_does_not_listen_is_killed(folder: Path) -> None:
    process = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; touch ready; while :; do sleep 1; done"], process_group=0
    )
    until((folder / "ready").exists, process)
    end(process.pid, lambda: process.poll() is not None, grace=0.2)
    assert process.wait(10) == -signal.SIGKILL


# --- The command line ----------------------------------------------------------------------------------------


def test_a_command_that_is_not_there_is_refused_before_anything_is_taken(environment: dict[str, str]) -> None:
    arguments = ["work", "--groups", "2", "--round", "x", "--", "no-such-program"]
    ended = capture("exact-online", arguments, env=environment).end()
    assert ended.returncode == 2
    assert "The command no-such-program is not there" in ended.stderr
    assert work(environment, NOTE, groups=2, name="x").end().returncode == 0


def test_another_number_of_groups_is_refused(environment: dict[str, str]) -> None:
    assert work(environment, NOTE, groups=2).end().returncode == 0
    ended = work(environment, NOTE, groups=3).end()
    assert ended.returncode == 2
    assert "begun with 2 groups" in ended.stderr


@pytest.mark.parametrize(
    ("given", "suffix"),
    [({}, "shard-3-of-16"), ({"MELTANO_RUN_STATE_ID_SUFFIX": "books"}, "books-shard-3-of-16")],
)
def test_the_variables_of_a_group(given: dict[str, str], suffix: str) -> None:
    assert variables(Shard(3, 16), given) == {
        "TAP_EXACT_ONLINE_SHARD": "3/16",
        "MELTANO_RUN_STATE_ID_SUFFIX": suffix,
    }


# --- The system folder of a Meltano project ------------------------------------------------------------------


def test_the_project_is_the_nearest_one_upwards(folder: Path) -> None:
    (folder / "books" / "deep").mkdir(parents=True)
    assert project_folder(folder / "books" / "deep", {"MELTANO_PROJECT_ROOT": "/elsewhere"}) == Path(
        "/elsewhere"
    )
    (folder / "books" / "meltano.yml").touch()
    assert project_folder(folder / "books" / "deep", {}) == folder / "books"
    assert project_folder(folder / "books", {}) == folder / "books"


def test_a_worker_has_a_system_folder_of_its_own_that_shares_all_but_what_runs_write(folder: Path) -> None:
    shared = folder / ".meltano"
    (shared / "extractors" / "tap").mkdir(parents=True)
    (shared / "run" / "tap").mkdir(parents=True)
    (shared / "state").mkdir()
    with own_system_folder(folder, {}) as given:
        assert given["MELTANO_PROJECT_ROOT"] == str(folder)
        own = Path(given["MELTANO_SYS_DIR_ROOT"])
        assert [*(own / "run").iterdir()] == []
        (own / "state" / "one.json").write_text("1")
        (own / "extractors" / "installed later").mkdir()
        (own / "loaders" / "target").mkdir()
        (own / "meltano.db").write_text("the database")
        (own / "new").mkdir()
        (own / "run" / "mine").mkdir()
    assert not own.exists()
    assert (shared / "state" / "one.json").read_text() == "1"
    assert (shared / "meltano.db").read_text() == "the database"
    for kept in ("extractors/tap", "extractors/installed later", "loaders/target", "new", "run/tap"):
        assert (shared / kept).is_dir(), kept
    assert not (shared / "run" / "mine").exists()


def test_a_system_folder_elsewhere_is_the_one_that_is_shared(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    with own_system_folder(folder, {"MELTANO_SYS_DIR_ROOT": str(folder / "elsewhere")}) as given:
        (Path(given["MELTANO_SYS_DIR_ROOT"]) / "meltano.db").touch()
    assert (folder / "elsewhere" / "meltano.db").exists()
    assert not (folder / ".meltano").exists()


def test_without_a_project_nothing_is_made(folder: Path) -> None:
    with own_system_folder(None, {}) as given:
        assert given == {}
    assert [*folder.iterdir()] == []


# --- With the tap --------------------------------------------------------------------------------------------


@pytest.fixture
def company(start_sandbox: StartSandbox) -> Sandbox:
    """Return a sandbox whose answers take so long that a worker can be killed in the middle."""
    return start_sandbox(divisions=12, rows=100, latency_ms=200, minute_limit=10**6)


def test_one_of_three_workers_is_killed_and_every_division_is_read(folder: Path, company: Sandbox) -> None:
    (folder / "catalog.json").write_text(json.dumps(only(catalog(), "divisions", "journals", "accounts")))
    environment = connected(folder, company)
    tap = f"exec '{sys.executable}' -m tap_exact_online --config ENV --catalog catalog.json > out.$$"
    workers = [work(environment, f"{NOTE}{tap}", groups=8, lease=4, name="kill") for _ in range(3)]
    until(lambda: len({note[3] for note in notes(folder)}) == 3, workers[0].process)
    first = workers.pop(0)
    until(lambda: has_read(folder, first), first.process)
    first.process.kill()
    ends = [worker.end(180) for worker in workers]
    assert [ended.returncode for ended in ends] == [0, 0], ends
    assert first.end().returncode == -signal.SIGKILL
    counted = shards(folder)
    assert set(counted) == {f"{number}/8" for number in range(1, 9)}
    lost = [note[0] for note in notes(folder) if note[3] == str(first.process.pid)][-1]
    assert counted == {shard: 2 if shard == lost else 1 for shard in counted}
    read = rows(folder)
    divisions = {1000001 + number for number in range(12)}
    assert read["divisions"] == divisions
    assert read["accounts"] == read["journals"] == divisions
    assert company.control.stats()["tokens"]["redemptions"] == 1


def has_read(folder: Path, worker: Captured) -> bool:
    """Tell whether the tap of a worker is in the middle of its group."""
    processes = [note[2] for note in notes(folder) if note[3] == str(worker.process.pid)]
    out = folder / f"out.{processes[-1]}"
    return out.exists() and out.stat().st_size > 0


def rows(folder: Path) -> dict[str, set[int]]:
    """Return the divisions of which each stream wrote rows."""
    read: dict[str, set[int]] = {}
    for path in folder.glob("out.*"):
        for line in path.read_bytes().splitlines():
            with contextlib.suppress(ValueError):  # the last line of the killed
                message = json.loads(line)
                if message["type"] == "RECORD":
                    read.setdefault(message["stream"], set()).add(message["record"]["Division"])
    return read

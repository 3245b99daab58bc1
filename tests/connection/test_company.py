"""Many processes that share one connection, and runs that outlive many access tokens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from demo.postgres import Postgres
from tap_exact_online import edm
from tap_exact_online.connection import kept
from tap_exact_online.settings import parse
from tap_exact_online.wire.calls import Call, address
from tap_exact_online.wire.odata import Decoder
from tests.auth.stores.servers import token_url
from tests.conftest import Sandbox, StartSandbox
from tests.processes import Captured, capture
from tests.singer import Tap, tap_for

PROCESSES = 16


@pytest.fixture
def world(start_sandbox: StartSandbox) -> Sandbox:
    return start_sandbox(rows=0)


def start(tap: Tap, *patience: str, env: Mapping[str, str] | None = None) -> Captured:
    """Start a process that wants one access token."""
    tap.command()
    return capture("one token", [tap.folder / "config.json", *patience], env={**os.environ, **(env or {})})


def finish(processes: Sequence[Captured]) -> list[tuple[int, str, str]]:
    """Return exit code, output and errors of each."""
    ended = [process.end() for process in processes]
    return [(each.returncode, each.stdout, each.stderr) for each in ended]


@pytest.fixture(params=["file", "postgres", "s3"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return a place that processes share, of each kind."""
    if request.param == "postgres":
        return token_url(request.getfixturevalue("token_database"))
    return request.getfixturevalue("s3").url if request.param == "s3" else str(tmp_path / "store.json")


def test_sixteen_processes_spend_one_token(world: Sandbox, tmp_path: Path, shared: str) -> None:
    """All start with an access token that has ended; one of them exchanges, all of them go on."""
    tap = tap_for(world, tmp_path)
    tap.config["store"] = shared
    assert [code for code, _, _ in finish([start(tap)])] == [0]
    world.control.advance_clock(601)
    ahead = {"SECONDS_AHEAD": "601"}
    results = finish([start(tap, env=ahead) for _ in range(PROCESSES)])
    assert [code for code, _, _ in results] == [0] * PROCESSES, results
    assert len({output for _, output, _ in results}) == 1
    assert world.control.stats()["tokens"] == {
        "calls": 2,
        "redemptions": 2,
        "code_grants": 0,
        "reuse_attempts": 0,
    }


def test_two_machines_share_one_connection(world: Sandbox, tmp_path: Path, token_database: Postgres) -> None:
    """Two homes, one database: what one machine was given, the other uses."""
    outputs = []
    for machine in ("one", "two"):
        folder = tmp_path / machine
        folder.mkdir()
        tap = tap_for(world, folder)
        tap.config["store"] = token_url(token_database)
        home = {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}
        ((code, output, errors),) = finish([start(tap, env=home)])
        assert code == 0, errors
        outputs.append(output)
    assert outputs[0] == outputs[1]
    assert world.control.stats()["tokens"]["redemptions"] == 1


def test_a_run_of_hours_crosses_many_token_lives_without_one_401(world: Sandbox, tmp_path: Path) -> None:
    """By the sandbox's clock: a call every 47 s, for two hours and a half."""
    settings = parse(tap_for(world, tmp_path).config)
    client = kept(settings).connect(world.control.now, world.control.advance_clock)
    division = world.control.divisions()[0]["Code"]
    endpoint = edm.load("financial/Journals")
    address_of_all = address(client.base_url, endpoint.path, division, {"$select": "ID"})
    decoder = Decoder([endpoint.properties["ID"]], "ID")
    for _ in range(190):
        client.get(Call(endpoint.path, address_of_all, division), decoder.decode)
        world.control.advance_clock(47)
    stats = world.control.stats()
    assert stats["by_endpoint"][endpoint.path] == 190
    assert stats["client_errors"] == {}
    assert stats["tokens"]["reuse_attempts"] == 0
    assert 14 <= stats["tokens"]["redemptions"] <= 16
    assert stats["tokens"]["calls"] == stats["tokens"]["redemptions"]


def test_a_401_in_the_middle_costs_one_renewal(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    world = start_sandbox(rows=1500, refresh_after=0, minute_limit=100_000)
    expired = {"WWW-Authenticate": 'Bearer error="invalid_token", error_description="access token expired"'}
    world.control.fault("status", path="sync/Financial/GLAccounts", status=401, headers=expired, skip=1)
    run = tap_for(world, tmp_path).run()
    assert run.exit_code == 0, run.log
    assert world.control.stats()["tokens"]["redemptions"] == 2
    divisions = len(world.control.divisions())
    assert len(run.table("gl_accounts")) == sum(
        world.control.count(row["Code"], "sync/Financial/GLAccounts") for row in world.control.divisions()
    )
    assert divisions


def test_a_second_401_needs_a_person(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    world = start_sandbox(rows=10, refresh_after=0)
    for path, skip in (("sync/*", 0), ("current/Me", 1)):
        world.control.fault("status", path=path, status=401, skip=skip, times=None)
    run = tap_for(world, tmp_path).run()
    assert run.exit_code == 3, run.log
    assert "Traceback" not in run.log


def test_a_holder_that_hangs_stops_the_others(world: Sandbox, tmp_path: Path) -> None:
    """The lock is never broken: whoever waits too long leaves with 4 and spends nothing."""
    script = (
        "import sys; from pathlib import Path\n"
        "from tap_exact_online.auth.form import Form\n"
        "from tap_exact_online.auth.stores.file import FileStore\n"
        "with FileStore(Path(sys.argv[1]), Form('anyone')).lock(): print('held', flush=True); sys.stdin.read()"
    )
    tap = tap_for(world, tmp_path)
    holder = subprocess.Popen(
        [sys.executable, "-c", script, tap.config["store"]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout
    assert holder.stdin
    assert holder.stdout.readline() == "held\n"
    waiting = start(tap, "1")
    ((code, _, errors),) = finish([waiting])
    assert (code, "Another process has held the token store" in errors) == (4, True)
    assert world.control.stats()["tokens"]["calls"] == 0

    patient = start(tap)
    holder.send_signal(signal.SIGKILL)
    ((code, _, errors),) = finish([patient])
    assert code == 0, errors
    holder.stdin.close()
    holder.stdout.close()
    holder.wait()


def test_the_seed_replaces_the_chain_once(world: Sandbox, tmp_path: Path) -> None:
    tap = tap_for(world, tmp_path)
    assert tap.run("--test").exit_code == 0
    tap.config["refresh_token"] = world.control.new_login()
    assert tap.run("--test").exit_code == 0
    assert tap.run("--test").exit_code == 0
    assert world.control.stats()["tokens"]["redemptions"] == 2


def test_a_store_that_stops_taking_writes_after_the_post(world: Sandbox, tmp_path: Path) -> None:
    """The new token is saved beside the store, the run ends with 5, and the next one brings the token home."""
    tap = tap_for(world, tmp_path)
    home = tmp_path / "home"
    script = (
        "import errno, sys\n"
        "from tap_exact_online.auth.stores.file import FileStore\n"
        "from tap_exact_online.auth import redemption\n"
        "from tap_exact_online.tap import TapExactOnline\n"
        "redemption._LAST_WAITS = (0.1,)\n"
        "write = FileStore.write\n"
        "def full(store, tokens):\n"
        "    if tokens.tries == 0 and 'emergency' not in store.place:\n"
        "        raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "    write(store, tokens)\n"
        "FileStore.write = full\n"
        "TapExactOnline.cli(sys.argv[1:])\n"
    )
    env = {"HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
    command = [sys.executable, "-c", script, *tap.command("--test")[3:]]
    failed = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **env}
    )
    assert failed.returncode == 5, failed.stderr
    assert "No space left on device" in failed.stderr
    assert '"type":"RECORD"' in failed.stdout
    (saved,) = (home / "state").rglob("emergency/*.json")
    assert saved.stat().st_mode & 0o777 == 0o600

    document = json.loads(saved.read_bytes())
    world.control.advance_clock(601)
    document["access_issued"] -= 601
    saved.write_text(json.dumps(document))
    run = tap.run("--test", env=env)
    assert run.exit_code == 0, run.log
    assert "is now in" in run.log


def test_debug_level_says_much_but_no_secret(world: Sandbox, tmp_path: Path) -> None:
    tap = tap_for(world, tmp_path)
    run = tap.run()
    assert run.exit_code == 0
    assert "DEBUG" in run.log
    stored = json.loads(Path(tap.config["store"]).read_bytes())
    printed = run.log + json.dumps(run.lines)
    for secret in (world.client_secret, world.refresh_token, stored["access_token"], stored["refresh_token"]):
        assert secret not in printed

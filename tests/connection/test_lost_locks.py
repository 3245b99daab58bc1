"""A holder that loses its lock while its token is on the way: it brings home what came, and nobody calls it dead before."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from demo.postgres import Postgres
from tests.auth.stores.servers import token_url
from tests.conftest import Sandbox, StartSandbox
from tests.connection.test_company import finish, start
from tests.singer import Tap, tap_for

AHEAD = {"SECONDS_AHEAD": "601"}
_PATIENCE = 30.0


@pytest.fixture
def world(start_sandbox: StartSandbox) -> Sandbox:
    return start_sandbox(rows=0)


def connected(world: Sandbox, folder: Path, store: str) -> Tap:
    """Return a tap whose access token has ended, and whose next POST is answered late."""
    tap = tap_for(world, folder)
    tap.config["store"] = store
    assert [code for code, _, _ in finish([start(tap)])] == [0]
    world.control.advance_clock(601)
    world.control.fault("delay", path="token", seconds=4, act=True)
    return tap


def wait_for(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


def under_way(world: Sandbox) -> Callable[[], bool]:
    """Tell whether the POST that is answered late has arrived."""
    return lambda: any(rule["seen"] for rule in world.control.faults())


def check(world: Sandbox, outcomes: list[tuple[int, str, str]], tap: Tap) -> None:
    """All have a token, the one token was sent twice, and the store ends with what came of it."""
    assert [code for code, _, _ in outcomes] == [0] * len(outcomes), outcomes
    assert len({output for _, output, _ in outcomes}) == 1
    attempts = world.control.tokens()["attempts"]
    assert max(attempts.values()) <= 2
    assert [code for code, _, _ in finish([start(tap, env=AHEAD)])] == [0]
    assert world.control.stats()["tokens"]["redemptions"] == 2


def test_a_database_that_ends_the_session_of_the_holder(
    world: Sandbox, tmp_path: Path, token_database: Postgres
) -> None:
    tap = connected(world, tmp_path, token_url(token_database))
    holder = start(tap, env=AHEAD)
    wait_for(under_way(world))
    with psycopg.connect(token_database.conninfo, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    check(world, finish([holder, *[start(tap, env=AHEAD) for _ in range(2)]]), tap)


def test_a_lock_file_that_is_removed(world: Sandbox, tmp_path: Path) -> None:
    tap = connected(world, tmp_path, str(tmp_path / "store.json"))
    holder = start(tap, env=AHEAD)
    wait_for(under_way(world))
    (tmp_path / "store.json.lock").unlink()
    check(world, finish([holder, *[start(tap, env=AHEAD) for _ in range(2)]]), tap)


def test_a_holder_that_is_stopped_past_its_lease(
    world: Sandbox, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    tap = connected(world, tmp_path, request.getfixturevalue("s3").url)
    short = {**AHEAD, "LEASE": "1"}
    holder = start(tap, env=short)
    wait_for(under_way(world))
    holder.send_signal(signal.SIGSTOP)
    calls = world.control.stats()["tokens"]["calls"]
    others = [start(tap, env=short) for _ in range(2)]
    wait_for(lambda: world.control.stats()["tokens"]["calls"] > calls)
    holder.send_signal(signal.SIGCONT)
    check(world, finish([holder, *others]), tap)

"""A holder that loses its lock while its token is on the way: it brings home what came, and nobody calls it dead before."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from demo.postgres import Postgres
from tests.auth.stores.servers import token_url
from tests.conftest import Sandbox, StartSandbox
from tests.connection.test_company import finish, start
from tests.processes import Captured
from tests.singer import Tap, tap_for

AHEAD = {"SECONDS_AHEAD": "601"}
_PATIENCE = 30.0


@pytest.fixture
def world(start_sandbox: StartSandbox) -> Sandbox:
    return start_sandbox(rows=0)


class Relay:
    """Stands in front of a sandbox, and holds one answer back: the server has acted, and the client waits."""

    def __init__(self, world: Sandbox) -> None:
        self._server = urlsplit(world.base_url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.hold = False
        self.held = threading.Event()
        self.released = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection((self._server.hostname or "", self._server.port or 80))
                for arguments in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._pass_on, args=arguments, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:  # noqa: FBT001
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_answer and self.hold:
                    self.hold = False
                    self.held.set()
                    self.released.wait(60)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.released.set()
        self._listener.close()


@pytest.fixture
def relay(world: Sandbox) -> Iterator[Relay]:
    relay = Relay(world)
    yield relay
    relay.close()


def connected(world: Sandbox, relay: Relay, folder: Path, store: str) -> Tap:
    """Return a tap whose access token has ended, and whose next answer is held back."""
    tap = tap_for(world, folder)
    tap.config |= {"store": store, "base_url": relay.base_url}
    assert [code for code, _, _ in finish([start(tap)])] == [0]
    world.control.advance_clock(601)
    relay.hold = True
    return tap


def wait_for(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


def check(world: Sandbox, relay: Relay, processes: list[Captured], tap: Tap) -> None:
    """All have a token, the one token was sent twice, and the store ends with what came of it."""
    wait_for(lambda: world.control.stats()["tokens"]["calls"] >= 3)  # another one has sent it too
    relay.released.set()
    outcomes = finish(processes)
    assert [code for code, _, _ in outcomes] == [0] * len(outcomes), outcomes
    assert len({output for _, output, _ in outcomes}) == 1
    attempts = world.control.tokens()["attempts"]
    assert max(attempts.values()) <= 2
    assert [code for code, _, _ in finish([start(tap, env=AHEAD)])] == [0]
    assert world.control.stats()["tokens"]["redemptions"] == 2


def test_a_database_that_ends_the_session_of_the_holder(
    world: Sandbox, relay: Relay, tmp_path: Path, token_database: Postgres
) -> None:
    tap = connected(world, relay, tmp_path, token_url(token_database))
    holder = start(tap, env=AHEAD)
    assert relay.held.wait(_PATIENCE)
    with psycopg.connect(token_database.conninfo, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    check(world, relay, [holder, *[start(tap, env=AHEAD) for _ in range(2)]], tap)


def test_a_lock_file_that_is_removed(world: Sandbox, relay: Relay, tmp_path: Path) -> None:
    tap = connected(world, relay, tmp_path, str(tmp_path / "store.json"))
    holder = start(tap, env=AHEAD)
    assert relay.held.wait(_PATIENCE)
    (tmp_path / "store.json.lock").unlink()
    check(world, relay, [holder, *[start(tap, env=AHEAD) for _ in range(2)]], tap)


def test_a_holder_that_is_stopped_past_its_lease(
    world: Sandbox, relay: Relay, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    tap = connected(world, relay, tmp_path, request.getfixturevalue("s3").url)
    short = {**AHEAD, "LEASE": "1"}
    holder = start(tap, env=short)
    assert relay.held.wait(_PATIENCE)
    holder.process.send_signal(signal.SIGSTOP)
    others = [start(tap, env=short) for _ in range(2)]
    wait_for(lambda: world.control.stats()["tokens"]["calls"] >= 3)
    holder.process.send_signal(signal.SIGCONT)
    check(world, relay, [holder, *others], tap)

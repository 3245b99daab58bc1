"""One sandbox for the folder: every test signs in anew, and works in a division of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tap_exact_online.sandbox.control import Control
from tap_exact_online.sandbox.options import CHANGEABLE
from tests.conftest import Sandbox, running
from tests.sandbox.client import Client


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
def fresh(shared: Sandbox, control: Control) -> Client:
    """Return a client that holds a refresh token and has not used it."""
    return Client(shared, control.new_login())


@pytest.fixture
def client(fresh: Client) -> Client:
    """Return a client that is signed in."""
    assert fresh.refresh().status_code == 200
    return fresh

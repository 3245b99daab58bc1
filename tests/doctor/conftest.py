"""One sandbox for the folder; every test signs in as a user of its own and leaves everything allowed and granted."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Sandbox, running
from tests.doctor.patient import Patient

GENEROUS: dict[str, object] = {
    "minute_limit": 10**6,
    "day_limit": 10**6,
    "contract_limit": 10**6,
    "token_limit": 10**6,
}
_users = (f"patient {number}" for number in itertools.count())


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(
        tmp_path_factory.mktemp("shared"), {"rows": 5, "divisions": 4, "refresh_after": 0, **GENEROUS}
    ) as started:
        yield started


@pytest.fixture
def connected(tmp_path: Path) -> Callable[[Sandbox], Patient]:
    """Return a function that sets the command up for a sandbox, signed in as a new user."""

    def connect(sandbox: Sandbox) -> Patient:
        user = next(_users)
        return Patient(sandbox, tmp_path, user, {"refresh_token": sandbox.control.new_login(user)})

    return connect


@pytest.fixture
def patient(shared: Sandbox, connected: Callable[[Sandbox], Patient]) -> Iterator[Patient]:
    control = shared.control
    control.reset_limits()
    control.reset_stats()
    yield connected(shared)
    control.clear_faults()
    control.allow()
    control.options(minute_limit=10**6, day_limit=10**6, minute_seconds=60.0, contract_limit=10**6)
    for division in control.divisions():
        control.grant_division(division["Code"])
        control.unblock_division(division["Code"])

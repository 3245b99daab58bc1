"""One sandbox for the folder, without limits; every test signs in as a user of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import Program
from tests.conftest import Sandbox, running

PUBLIC = "https://www.example.com/callback"
_users = (f"person {number}" for number in itertools.count())


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    generous = {"minute_limit": 10**6, "day_limit": 10**6, "contract_limit": 10**6, "error_limit": 10**6}
    with running(
        tmp_path_factory.mktemp("shared"), {"rows": 10, "redirect_uri": PUBLIC, **generous}
    ) as started:
        yield started


@pytest.fixture
def program(shared: Sandbox, tmp_path: Path) -> Iterator[Program]:
    yield Program(shared, tmp_path, next(_users))
    control = shared.control
    control.options(redirect_uri=PUBLIC)
    control.clear_faults()
    control.allow()
    for division in control.divisions():
        control.grant_division(division["Code"])


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand where there is no Meltano project, and no `.env` file of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MELTANO_PROJECT_ROOT", raising=False)

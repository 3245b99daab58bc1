"""A sandbox for the folder, and a tap that is loaded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.sandbox.options import CHANGEABLE
from tests.conftest import Sandbox, StartSandbox, running
from tests.faults.conftest import every, quick
from tests.faults.quick import Quick
from tests.faults.world import FINE
from tests.files.world import World, alone, make_world

__all__ = ["every", "quick"]

MakeWorld = Callable[..., World]
_OPTIONS: dict[str, object] = {**FINE, "rows": 200, "divisions": 1}


@pytest.fixture
def make(start_sandbox: StartSandbox, tmp_path: Path, quick: Quick, every: dict[str, Any]) -> MakeWorld:
    """Return a function that makes a world of its own; its keywords are the options of the sandbox."""
    return lambda **options: make_world(start_sandbox(**{**_OPTIONS, **options}), tmp_path, quick, every)


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("shared"), _OPTIONS) as started:
        yield started


@pytest.fixture
def world(shared: Sandbox, tmp_path: Path, quick: Quick, every: dict[str, Any]) -> Iterator[World]:
    """Return a world of 20 attachments in a division of its own."""
    options = {name: value for name, value in shared.control.options().items() if name in CHANGEABLE}
    yield alone(make_world(shared, tmp_path, quick, every))
    shared.control.clear_faults()
    shared.control.allow()
    shared.control.options(**options)
    shared.control.reset_limits()

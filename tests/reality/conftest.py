"""The tap is loaded once, as for the faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Sandbox, StartSandbox
from tests.faults.conftest import every, quick
from tests.faults.quick import FastTap, Quick
from tests.faults.world import FINE
from tests.singer import Run, tap_for

__all__ = ["every", "quick"]

Read = Callable[..., Run]


def error_body(said: str) -> str:
    """Return the body of a refusal as Exact writes it."""
    return json.dumps({"error": {"code": "", "message": {"lang": "", "value": said}}})


@pytest.fixture
def books(start_sandbox: StartSandbox) -> Sandbox:
    return start_sandbox(**FINE, rows=120)


@pytest.fixture
def tap(books: Sandbox, tmp_path: Path, quick: Quick) -> FastTap:
    return FastTap(**vars(tap_for(books, tmp_path)), quick=quick)


@pytest.fixture
def divisions(books: Sandbox) -> tuple[int, int]:
    first, second = (int(row["Code"]) for row in books.control.divisions())
    return first, second


@pytest.fixture
def read(tap: FastTap) -> Read:
    """Return a function that runs the tap with a catalog."""

    def run(catalog: dict[str, Any], state: Any = None, **config: Any) -> Run:
        return tap.run(catalog=catalog, state=state, **config)

    return run

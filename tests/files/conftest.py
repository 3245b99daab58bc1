"""A sandbox for each test, a tap that is loaded once, and the servers of the token stores' tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.auth.stores.servers import S3, s3, s3_endpoint
from tests.conftest import Sandbox, StartSandbox
from tests.faults.conftest import every, quick
from tests.faults.quick import FastTap, Quick, only
from tests.faults.world import FINE
from tests.files.kept import FILES, Places
from tests.singer import tap_for

__all__ = ["S3", "every", "quick", "s3", "s3_endpoint"]


@pytest.fixture
def books(start_sandbox: StartSandbox) -> Sandbox:
    return start_sandbox(**FINE, rows=200, divisions=1)


@pytest.fixture
def tap(books: Sandbox, tmp_path: Path, quick: Quick) -> FastTap:
    return FastTap(**vars(tap_for(books, tmp_path)), quick=quick)


@pytest.fixture
def division(books: Sandbox) -> int:
    return int(books.control.divisions()[0]["Code"])


@pytest.fixture
def catalog(every: dict[str, Any]) -> dict[str, Any]:
    return only(every, FILES)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "files")

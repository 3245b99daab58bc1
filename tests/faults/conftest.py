"""A tap that is loaded once for all tests of this folder, and a world for it to read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import running
from tests.faults.quick import Quick, narrow
from tests.faults.world import FIELDS, FINE, PAGES, World
from tests.singer import Tap, tap_for


@pytest.fixture(scope="session")
def quick() -> Quick:
    """Return what starts runs of the tap whose waits take no time."""
    return Quick()


@pytest.fixture(scope="session")
def every(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return a catalog with all streams selected; do not change it, see `only`."""
    return Tap(tmp_path_factory.mktemp("catalog"), {}).catalog(lambda _: True)


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory, quick: Quick) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("matrix")
    with running(folder, {**FINE, "rows": PAGES * 1000 - 900}) as sandbox:
        tap = tap_for(sandbox, folder)
        yield World(sandbox, quick, tap, narrow(tap.catalog(["divisions", *FIELDS]), FIELDS))


@pytest.fixture
def world(shared: World) -> Iterator[World]:
    """Return a sandbox that stands still: each fault, right and option of it is put back behind the test."""
    yield shared
    shared.control.clear_faults()
    shared.control.allow()
    shared.control.options(**FINE, limit_headers="documented", reference="all", minute_seconds=60)
    shared.control.reset_limits()

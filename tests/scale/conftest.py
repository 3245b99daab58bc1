"""Runs of the tap over many divisions, whose waits take no time."""

from __future__ import annotations

import pytest

from tests.faults.quick import Quick


@pytest.fixture(scope="session")
def quick() -> Quick:
    """Return what starts runs of the tap whose waits take no time."""
    return Quick()

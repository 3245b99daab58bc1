"""The tap is loaded once, as for the faults; where a server is no matter, there is one without a connection."""

from __future__ import annotations

from pathlib import Path

import pytest

from tap_exact_online.tap import TapExactOnline
from tests.reality.conftest import books, divisions, every, quick, read, tap

__all__ = ["books", "divisions", "every", "quick", "read", "tap", "unconnected"]


@pytest.fixture
def unconnected(tmp_path: Path) -> TapExactOnline:
    config = {"client_id": "an id", "client_secret": "a secret", "store": str(tmp_path / "tokens.json")}
    return TapExactOnline(config=config)

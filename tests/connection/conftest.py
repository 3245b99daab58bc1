"""Everything here runs at debug level: `Tap.run` searches all that is printed for tokens and secrets."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _say_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGLEVEL", "DEBUG")
    monkeypatch.setenv("TAP_EXACT_ONLINE_LOGLEVEL", "DEBUG")

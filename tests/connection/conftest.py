"""Everything here runs at debug level: `Tap.run` searches all that is printed for tokens and secrets."""

from __future__ import annotations

import pytest

from tests.auth.stores.servers import s3, s3_endpoint, token_database, token_server, token_url

__all__ = ["s3", "s3_endpoint", "token_database", "token_server", "token_url"]


@pytest.fixture(autouse=True)
def _say_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGLEVEL", "DEBUG")
    monkeypatch.setenv("TAP_EXACT_ONLINE_LOGLEVEL", "DEBUG")

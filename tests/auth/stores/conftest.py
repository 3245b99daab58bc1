"""The servers of the stores, and a watch over what is said."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.auth.stores.servers import s3, s3_endpoint, token_database, token_server

__all__ = ["s3", "s3_endpoint", "token_database", "token_server"]


@pytest.fixture(autouse=True)
def _nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    for when in ("setup", "call"):
        for record in caplog.get_records(when):
            assert "hunter2" not in record.getMessage().lower()

"""Boards of each kind, in empty places."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.board.kinds import Database, File, Kind, Object


@pytest.fixture(params=["file", "postgresql", "s3"])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    if request.param == "file":
        return File(str(tmp_path / "state" / "tokens.json"))
    if request.param == "postgresql":
        return Database(request.getfixturevalue("token_database"))
    return Object(request.getfixturevalue("s3"))

"""`personal_data: hash`, switched on for tables that hold the values: no column changes its type, which loaders refuse."""

from __future__ import annotations

import hmac
from pathlib import Path

import psycopg
import pytest

from demo.postgres import Postgres
from tests.conftest import running
from tests.faults.world import FINE
from tests.loaded import LOADER, load
from tests.singer import tap_for

SALT = "a salt of these tests"
STREAMS = ("accounts", "divisions", "journals", "vat_codes")
QUERY = 'SELECT "Division", "ID", "Name", "Latitude" FROM exact_online.accounts ORDER BY 1, 2'


@pytest.mark.skipif(not LOADER.exists(), reason="target-postgres is not installed: make plugins")
def test_hashes_come_into_tables_that_are_there(database: Postgres, tmp_path: Path) -> None:
    salted = {"personal_data": "hash", "personal_salt": SALT}
    with (
        running(tmp_path, {**FINE, "rows": 12}) as sandbox,
        psycopg.connect(database.conninfo, autocommit=True) as connection,
    ):
        tap = tap_for(sandbox, tmp_path)
        tap.config["late_commits"] = False
        state = load(tap, database, STREAMS).state
        before = connection.execute(QUERY).fetchall()
        assert any(row[3] is not None for row in before)
        state = load(tap, database, STREAMS, state, **salted).state
        assert connection.execute(QUERY).fetchall() == before  # nothing has changed in Exact since
        state = load(tap, database, STREAMS, state, new_fields="reread", **salted).state
        after = connection.execute(QUERY).fetchall()
        assert after == [
            (*key, hmac.digest(SALT.encode(), name.encode(), "sha256").hex(), latitude)
            for *key, name, latitude in before
        ]
        assert load(tap, database, STREAMS, state, **salted).records["accounts"] == []

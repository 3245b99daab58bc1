"""The quick way into PostgreSQL lands what target-postgres lands, so that it may stand for it in all other tests."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from demo.postgres import Postgres as Server
from demo.project import ROOT
from tests.conftest import StartSandbox
from tests.ledger import messages
from tests.ledger.reading import LIMITS, STREAMS, read
from tests.ledger.warehouses import SCHEMA, Postgres
from tests.singer import Run

TARGET = ROOT / ".meltano/loaders/target-postgres/venv/bin/target-postgres"
LATER = {"_sdc_batched_at", "_sdc_received_at", "_sdc_sequence", "_sdc_sync_started_at"}
"""Of the loader's own columns, those that tell when it worked."""


def load(run: Run, database: Server, folder: Path) -> Postgres:
    """Load what the tap wrote, as Meltano does."""
    config = folder / "target.json"
    config.write_text(
        json.dumps(
            {"sqlalchemy_url": database.url, "default_target_schema": SCHEMA, "validate_records": False}
        )
    )
    lines = "".join(json.dumps(line) + "\n" for line in run.lines)
    subprocess.run([TARGET, "--config", config], input=lines.encode(), check=True, capture_output=True)
    return Postgres(database)


def columns(warehouse: Postgres) -> dict[tuple[str, str], str]:
    known = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = "
    found = warehouse.rows(f"{known}'{SCHEMA}'")
    return {(each["table_name"], each["column_name"]): each["data_type"] for each in found}


def rows(warehouse: Postgres, name: str) -> list[tuple[Any, ...]]:
    found = warehouse.rows(f"SELECT * FROM {SCHEMA}.{name}")  # noqa: S608  a stream's name
    plain = [{column: str(value) for column, value in row.items() if column not in LATER} for row in found]
    return sorted(tuple(sorted(row.items())) for row in plain)


@pytest.mark.usefixtures("asked")
def test_the_quick_way_lands_the_same(
    start_sandbox: StartSandbox, postgres_server: Server, tmp_path: Path
) -> None:
    run = read(start_sandbox(**LIMITS, divisions=2, rows=100), tmp_path / "tap")
    real = load(run, postgres_server.create_database("real"), tmp_path)
    quick = Postgres(postgres_server.create_database("quick"))
    quick.land(messages.tables(run.lines).values())
    assert columns(quick) == columns(real)
    for name in STREAMS:
        assert rows(quick, name) == rows(real, name)
        assert rows(quick, name)

"""Hands what a tap writes to the real target-postgres, without Meltano: for tests that are about the rows in the end."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection, Mapping
from typing import Any

from demo.postgres import Postgres
from demo.project import ROOT
from tests.singer import Run, Tap

LOADER = ROOT / ".meltano/loaders/target-postgres/venv/bin/target-postgres"
# As `meltano.yml` sets it.
SETTINGS: Mapping[str, Any] = {
    "default_target_schema": "exact_online",
    "use_copy": True,
    "validate_records": False,
    "add_record_metadata": True,
}


def load(
    tap: Tap,
    database: Postgres,
    streams: Collection[str],
    state: Mapping[str, Any] | None = None,
    **config: Any,
) -> Run:
    """Read streams and load them, and return what was read.

    Args:
        tap: The tap.
        database: Where to.
        streams: The streams to read, with the fields that are on by default.
        state: What the last run left.
        config: Settings of the tap for this run.
    """
    process = tap.start(catalog=tap.catalog([*streams]), state=state, **config).end()
    assert process.returncode == 0, process.stderr
    file = tap.folder / "loader.json"
    file.write_text(json.dumps({**SETTINGS, "sqlalchemy_url": database.url}))
    subprocess.run(
        [LOADER, "--config", file],
        input=process.stdout,
        text=True,
        check=True,
        capture_output=True,
        timeout=180,
    )
    lines = [json.loads(line) for line in process.stdout.splitlines() if line.startswith('{"type"')]
    return Run(process.returncode, process.stderr, lines)

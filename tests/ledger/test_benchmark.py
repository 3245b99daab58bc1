"""The benchmark of the ledger runs. How fast anything is, no test says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from demo.project import ROOT


@pytest.mark.usefixtures("asked")
def test_the_ledger_is_measured(tmp_path: Path) -> None:
    script = [sys.executable, ROOT / "benchmarks" / "ledger.py", "--lines", "20000", "--json"]
    done = subprocess.run(
        [*script, "--plots", tmp_path], check=False, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [(row["database"], row["lines"]) for row in found] == [("postgres", 20000), ("duckdb", 20000)]
    assert all(row["wall s"] > 0 and row["dbt CPU s"] > 0 for row in found)
    assert "Building the ledger" in "".join(ET.parse(tmp_path / "ledger-time.svg").getroot().itertext())  # noqa: S314  the benchmark's own

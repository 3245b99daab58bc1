"""Files that are damaged or made by somebody else: named, exit code 2, no traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "tap_exact_online"]
SETTINGS = {"client_id": "an-id", "client_secret": "a-secret", "base_url": "http://127.0.0.1:9"}


def run(folder: Path, *options: str, **settings: object) -> subprocess.CompletedProcess[str]:
    config = folder / "config.json"
    config.write_text(json.dumps({**SETTINGS, **settings}))
    return subprocess.run(
        [*COMMAND, "--config", config, *options], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    ("option", "text", "named"),
    [
        ("--state", "[" * 100_000 + "]" * 100_000, "--state"),
        ("--state", '{"bookmarks": {"accounts": ' + "9" * 5_000 + "}}", "--state"),
        (
            "--state",
            '{"bookmarks": {"accounts": {"partitions": [{"context": {"Division": [1]}}]}}}',
            "no number",
        ),
        ("--catalog", '{"streams": null}', "--catalog"),
        ("--catalog", '{"streams": {}}', "--catalog"),
        ("--catalog", '{"streams": [null]}', "--catalog"),
        ("--catalog", '{"streams": [{"stream": "accounts"}]}', "--catalog"),
        ("--catalog", "{}", "--catalog"),
    ],
)
def test_a_strange_file_is_named(tmp_path: Path, option: str, text: str, named: str) -> None:
    file = tmp_path / "file.json"
    file.write_text(text)
    done = run(tmp_path, option, str(file))
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert named in done.stderr


def test_a_wait_of_a_googol_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, maintenance_minutes=10**400)
    assert done.returncode == 2, done.stderr
    assert "maintenance_minutes" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_closed_output_is_said(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(SETTINGS))
    command = f"exec '{sys.executable}' -m tap_exact_online --config '{config}' >&-"
    done = subprocess.run(["bash", "-c", command], stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert done.returncode == 2, done.stderr
    assert "Standard output is closed" in done.stderr
    assert "Traceback" not in done.stderr

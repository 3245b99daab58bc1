"""What the page says to paste is pasted: both programs are installed, each by itself, and rows come to PostgreSQL."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg

from demo.postgres import Postgres
from tap_exact_online.catalog import BY_NAME
from tests.conftest import StartSandbox
from tests.docs.pages import ROOT, Block, page

PAGE = page("without-meltano.md")
STREAMS = ("deleted", "reads", "journals")


def block(mark: str) -> Block:
    """Return the first block with a mark."""
    return next(each for each in PAGE.blocks if each.mark == mark)


def bash(script: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def install(folder: Path) -> Path:
    """Install by the lines of the page, this checkout in the place of the package, and return where the programs are."""
    lines = re.findall(r"^\$ (uv tool install .*)$", block("paste").body, re.MULTILINE)
    assert len(lines) == 2
    lines = [line.replace('"tap-exact-online[', f'"{ROOT}[') for line in lines]
    own = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "UV_TOOL_DIR": str(folder / "tools"),
        "UV_TOOL_BIN_DIR": str(folder / "bin"),
        "UV_CONSTRAINT": str(ROOT / "constraints.txt"),
        "UV_PYTHON": sys.executable,
    }
    for line in lines:
        done = bash(line, folder, {**os.environ, **own})
        assert done.returncode == 0, done.stderr
    return folder / "bin"


def test_the_page_leads_to_rows(start_sandbox: StartSandbox, database: Postgres, tmp_path: Path) -> None:
    programs = install(tmp_path)
    assert {each.name for each in programs.iterdir()} == {
        "tap-exact-online",
        "exact-online",
        "target-postgres",
    }
    sandbox = start_sandbox(rows=20)
    environment = {
        "PATH": f"{programs}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "TAP_EXACT_ONLINE_BASE_URL": sandbox.base_url,
        "TAP_EXACT_ONLINE_CLIENT_ID": sandbox.client_id,
        "TAP_EXACT_ONLINE_CLIENT_SECRET": sandbox.client_secret,
        "TAP_EXACT_ONLINE_REFRESH_TOKEN": sandbox.refresh_token,
        "BOOKS": database.url,
    }
    catalog = re.findall(r"^\$ (.*--discover.*)$", PAGE.text, re.MULTILINE)[0]
    assert bash(catalog, tmp_path, environment).returncode == 0
    document = json.loads((tmp_path / "catalog.json").read_text())
    for stream in document["streams"]:
        (own,) = (entry for entry in stream["metadata"] if entry["breadcrumb"] == [])
        own["metadata"]["selected"] = stream["stream"] in STREAMS
    (tmp_path / "catalog.json").write_text(json.dumps(document))
    loader = {**json.loads(block("loader").body), "sqlalchemy_url": database.url}
    (tmp_path / "loader.json").write_text(json.dumps(loader))
    script = block("script").body.replace("--state=", "--catalog=catalog.json --state=")

    done = bash(script, tmp_path, environment)
    assert done.returncode == 0, done.stderr
    state = json.loads((tmp_path / "state.json").read_text())
    assert state["bookmarks"]["journals"]["partitions"]
    journals = BY_NAME["journals"].path
    wanted = sum(sandbox.control.count(each["Code"], journals) for each in sandbox.control.divisions())
    with psycopg.connect(database.conninfo) as connection:
        assert connection.execute("SELECT count(*) FROM exact_online.journals").fetchone() == (wanted,)

    # A run that fails says so, and goes on from where the last one ended.
    failed = bash(script, tmp_path, {**environment, "TAP_EXACT_ONLINE_SHARD": "3/2"})
    assert failed.returncode == 2, failed.stderr
    assert json.loads((tmp_path / "state.json").read_text()) == state

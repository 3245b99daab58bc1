"""Somebody who has nothing but the README connects, looks, and loads: its own command lines, in a real Meltano project."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from urllib.parse import parse_qsl

import psycopg
import requests

from demo.postgres import Postgres
from demo.processes import BIN
from demo.project import Project, copy_project
from tests.cli.program import free_port
from tests.conftest import StartSandbox
from tests.docs.pages import ROOT, Page
from tests.meltano.conftest import discover_only


def _steps() -> list[str]:
    """Return the command lines by which the README connects and runs: those of the numbered steps."""
    section = (
        (ROOT / "README.md")
        .read_text(encoding="utf-8")
        .split("## Connect your own books")[1]
        .split("\n## ")[0]
    )
    return re.findall(r"^ +\$ (meltano .*?) *(?:#.*)?$", section, re.MULTILINE)


def _fill_in(example: Path, values: dict[str, str]) -> str:
    """Fill in the example of an `.env` file; what it does not ask for is added."""
    text = example.read_text(encoding="utf-8")
    for name, value in values.items():
        text, found = re.subn(rf"^#?{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
        if not found:
            text += f"{name}={value}\n"
    return text


def _allow(project: Project, step: str) -> str:
    """Run a login, and do in the browser what it asks for."""
    with subprocess.Popen(
        ["bash", "-c", step], cwd=project.folder, env=project.env, stdout=subprocess.PIPE, text=True
    ) as login:
        said = []
        for line in login.stdout or ():
            said.append(line)
            if "/api/oauth2/auth?" in line:
                url, _, query = line.strip().partition("?")
                form = {**dict(parse_qsl(query)), "user": "a newcomer", "answer": "allow"}
                answer = requests.post(url, data=form, allow_redirects=False, timeout=30)
                assert "Connected" in requests.get(answer.headers["Location"], timeout=30).text
    assert login.returncode == 0, said
    return "".join(said)


def test_the_steps_of_the_readme_lead_to_rows(
    start_sandbox: StartSandbox, database: Postgres, tmp_path: Path
) -> None:
    redirect_uri = f"http://localhost:{free_port()}/callback"
    sandbox = start_sandbox(rows=10, redirect_uri=redirect_uri)
    project = copy_project(
        tmp_path / "project", {"HOME": str(tmp_path), "PATH": f"{BIN}:/usr/bin:/bin", "NO_PROXY": "*"}
    )
    discover_only(project, {"deleted", "journals"})
    values = {
        "TAP_EXACT_ONLINE_CLIENT_ID": sandbox.client_id,
        "TAP_EXACT_ONLINE_CLIENT_SECRET": sandbox.client_secret,
        "EXACT_ONLINE_REDIRECT_URI": redirect_uri,
        # Beyond what the file asks for: where this Exact is, a server that has a socket only, and less to read.
        "TAP_EXACT_ONLINE_BASE_URL": sandbox.base_url,
        "TARGET_POSTGRES_SQLALCHEMY_URL": database.url,
        "TAP_EXACT_ONLINE__SELECT": '["deleted.*", "journals.*"]',
    }
    (project.folder / ".env").write_text(_fill_in(ROOT / ".env.example", values), encoding="utf-8")
    login, *others = _steps()
    assert "2 divisions are granted" in _allow(project, login)
    for step in others:
        ended = subprocess.run(
            ["bash", "-c", step],
            cwd=project.folder,
            env=project.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == 0, f"{step}\n{ended.stdout}{ended.stderr}"
        if ":doctor" in step:
            assert "2 streams: the selection of the Meltano project, environment prod" in " ".join(
                ended.stdout.split()
            )
    with psycopg.connect(database.conninfo) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM exact_online.journals").fetchone() or (0,)
    assert rows == sum(
        sandbox.control.count(each["Code"], "financial/Journals") for each in sandbox.control.divisions()
    )


def test_the_readme_and_the_first_steps_say_the_same() -> None:
    first = Page(ROOT / "docs" / "getting-started.md").text
    for step in _steps():
        assert step in first

"""The files for containers name what is there: copied files, commands, jobs, settings. They are linted by `make lint`."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from tap_exact_online.catalog.resources import BY_NAME
from tap_exact_online.settings import SETTINGS
from tests.conftest import StartSandbox

ROOT = Path(__file__).parents[1]
DOCKERFILE = re.sub(r" *\\\n *", " ", (ROOT / "Dockerfile").read_text())
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
PROJECT = yaml.safe_load((ROOT / "meltano.yml").read_text())
COPIED = [name for line in re.findall(r"^COPY (.*)$", DOCKERFILE, re.MULTILINE) for name in line.split()[:-1]]


def ignored(path: str) -> bool:
    """Tell whether .dockerignore keeps a path from the build: the last rule that fits decides."""
    verdict = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        rule = line.removeprefix("!")
        if rule and not rule.startswith("#"):
            parents = ["/".join(path.split("/")[: n + 1]) for n in range(path.count("/") + 1)]
            if any(fnmatch(each, rule) or fnmatch(f"/{each}", rule.replace("**", "*")) for each in parents):
                verdict = not line.startswith("!")
    return verdict


@pytest.mark.parametrize("name", COPIED)
def test_what_is_copied_is_there_and_gets_into_the_build(name: str) -> None:
    assert (ROOT / name).exists()
    assert not ignored(name.rstrip("/"))


@pytest.mark.parametrize(
    "name",
    [".env", ".git/config", ".meltano/meltano.db", "output/a.jsonl", "demo/postgres.py", "tests/fakes.py"],
)
def test_nothing_else_gets_into_the_build(name: str) -> None:
    assert ignored(name)


def test_the_package_is_copied_without_what_python_left() -> None:
    assert not ignored("tap_exact_online/tap.py")
    assert ignored("tap_exact_online/__pycache__")


def test_the_image_has_the_plugins_of_the_jobs_that_load_into_postgresql() -> None:
    installed = " ".join(re.findall(r"meltano install ([a-z -]+?) &&", DOCKERFILE)).split()
    (command,) = re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)
    verb, job = json.loads(command)
    tasks = {each["name"]: " ".join(each["tasks"]).split() for each in PROJECT["jobs"]}
    plugins = {name: {task.split(":")[0] for task in each} for name, each in tasks.items()}
    assert verb == "run"
    assert plugins[job] <= set(installed)
    assert set(installed) == set().union(*(each for each in plugins.values() if "target-postgres" in each))
    assert SERVICES["load"]["command"][-2:] == [verb, job]


def test_the_image_does_not_run_as_root() -> None:
    assert re.search(r"^USER [1-9]\d+$", DOCKERFILE, re.MULTILINE)
    assert not any("user" in service for service in SERVICES.values())


def test_variables_are_settings_or_those_of_the_environment_demo() -> None:
    known = {f"TAP_EXACT_ONLINE_{setting.name.upper()}" for setting in SETTINGS}
    known |= set(re.findall(r"\$(DEMO_\w+)", (ROOT / "meltano.yml").read_text()))
    known |= {"MELTANO_DATABASE_URI", "SANDBOX_READY_FILE", "SANDBOX_URL"}
    for name, service in SERVICES.items():
        given = set(service.get("environment", ())) - {"POSTGRES_USER", "POSTGRES_PASSWORD"}
        assert given <= known, name


def test_the_commands_of_the_services_work_together(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    """What `load` hands on to Meltano, and what `changes` does to the books; here with the sandbox of a test."""
    (options,) = re.findall(r"exec exact-online sandbox (.*)$", SERVICES["sandbox"]["command"][0])
    assert (
        dict(zip(*[iter(shlex.split(options))] * 2, strict=True))["--ready-file"]
        == (SERVICES["load"]["environment"]["SANDBOX_READY_FILE"])
    )
    sandbox = start_sandbox(rows=300)
    ready = tmp_path / "ready.json"
    names = ("client_id", "client_secret", "refresh_token")
    ready.write_text(json.dumps({name: getattr(sandbox, name) for name in names}))
    env = {**os.environ, "SANDBOX_READY_FILE": str(ready), "SANDBOX_URL": sandbox.base_url}
    for service in ("load", "changes"):
        assert SERVICES[service]["entrypoint"][:3] == ["python", "-m", "demo.container"]

    def run(*command: str) -> str:
        program = [sys.executable, *command]
        return subprocess.run(program, cwd=ROOT, env=env, check=True, capture_output=True, text=True).stdout

    shown = run(
        *SERVICES["load"]["entrypoint"][1:], sys.executable, "-c", "import os; print(dict(os.environ))"
    )
    for name in names:
        assert f"'DEMO_{name.upper()}': '{getattr(sandbox, name)}'" in shown
    assert f"'DEMO_BASE_URL': '{sandbox.base_url}'" in shown

    division, path = sandbox.control.divisions()[0]["Code"], BY_NAME["transaction_lines"].path
    before = sandbox.control.count(division, path)
    told = run(*SERVICES["changes"]["entrypoint"][1:])
    (booked, withdrawn) = (
        int(lines) for lines in re.findall(r"entr(?:y|ies) of (\d+) transaction lines", told)
    )
    assert booked > withdrawn > 0
    assert sandbox.control.count(division, path) == before + booked - withdrawn

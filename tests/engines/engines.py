"""Starts one pass on each engine, with the file of `examples/`, and tells how it goes."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests
import yaml

from demo.processes import started, tail
from demo.project import ROOT
from tests.engines.world import GROUPS, World

EXAMPLES, INSTALLED = ROOT / "examples", ROOT / ".engines"
_PATIENCE = 180.0  # seconds until an engine is up


@dataclass
class Pass:
    """One pass of an engine.

    Attributes:
        processes: What has the workers among its children.
        state: Tells how it goes: "running", "success" or "failed".
        log: Where the engine writes.
    """

    processes: Callable[[], list[psutil.Process]]
    state: Callable[[], str]
    log: Path

    def workers(self) -> list[psutil.Process]:
        """Return the workers of the large round that run now."""
        found = []
        for process in self.processes():
            for child in _tree(process):
                with suppress(psutil.Error):
                    if _is_worker(child.cmdline()):
                        found.append(child)
        return found


def _is_worker(words: Sequence[str]) -> bool:
    """Tell a worker from the shell that runs it, and from those of the rounds of one group."""
    program = [Path(word).name for word in words[1:3]]
    return program == ["exact-online", "work"] and bool(
        re.search(rf"--groups[ =]{GROUPS}\b", " ".join(words))
    )


def _tree(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return [process, *process.children(recursive=True)]
    return []


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[psutil.Process]:
    """End a process with all that it started, also what leads a group of its own."""
    leader = psutil.Process(process.pid)
    try:
        yield leader
    finally:
        tree = _tree(leader)
        for each in tree:
            with suppress(psutil.NoSuchProcess):
                each.terminate()
        for each in psutil.wait_procs(tree, 20)[1]:
            with suppress(psutil.NoSuchProcess):
                each.kill()


# --- Airflow -------------------------------------------------------------------------------------------------


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class _Api:
    base: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str) -> Any:
        answer = self.session.get(f"{self.base}{path}", timeout=60)
        answer.raise_for_status()
        return answer.json()

    def is_up(self) -> bool:
        with suppress(requests.RequestException, ValueError, KeyError):
            token = self.get("/auth/token")["access_token"]
            self.session.headers["authorization"] = f"Bearer {token}"
            health = self.get("/api/v2/monitor/health")
            self.get("/api/v2/dags/exact_online")
            return bool(health["scheduler"]["status"] == "healthy")
        return False


@contextmanager
def airflow(world: World) -> Iterator[Pass]:
    """Run the DAG on an Airflow of its own."""
    home, port = world.folder / "airflow", _free_port()
    home.mkdir()
    environment = {
        **world.env,
        "PATH": os.pathsep.join([str(INSTALLED / "airflow" / "bin"), world.env["PATH"]]),
        "EXACT_ONLINE_SCHEDULE": "",  # else Airflow begins a pass of its own
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(EXAMPLES / "airflow" / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__PARALLELISM": "8",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(_free_port()),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(_free_port()),
    }
    log = world.folder / "airflow.log"
    command = [str(INSTALLED / "airflow" / "bin" / "airflow"), "standalone"]
    with started(command, log, env=environment, cwd=home) as process, _ended(process) as leader:
        api = _Api(f"http://127.0.0.1:{port}")
        _until(api.is_up, process, log)
        runs = f"{api.base}/api/v2/dags/exact_online/dagRuns"
        answer = api.session.post(runs, json={"logical_date": None}, timeout=60)
        answer.raise_for_status()
        name = answer.json()["dag_run_id"]

        def state() -> str:
            found = api.get(f"/api/v2/dags/exact_online/dagRuns/{name}")["state"]
            return "running" if found == "queued" else str(found)

        yield Pass(lambda: [leader], state, log)


# --- Dagster -------------------------------------------------------------------------------------------------


@contextmanager
def dagster(world: World) -> Iterator[Pass]:
    """Run the job on a Dagster of its own."""
    home, log = world.folder / "dagster", world.folder / "dagster.log"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    environment = {
        **world.env,
        "DAGSTER_HOME": str(home),
        "PATH": os.pathsep.join([world.env["PATH"], str(INSTALLED / "dagster" / "bin")]),
    }
    file = EXAMPLES / "dagster" / "exact_online.py"
    program = str(INSTALLED / "dagster" / "bin" / "dagster")
    command = [program, "job", "execute", "-f", str(file), "-j", "exact_online"]
    with started(command, log, env=environment, cwd=home) as process, _ended(process) as leader:
        yield Pass(lambda: [leader], lambda: _state(process.poll()), log)


def _state(code: int | None) -> str:
    return "running" if code is None else "success" if code == 0 else "failed"


# --- Kubernetes ----------------------------------------------------------------------------------------------


@dataclass
class _Pod:
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    left: int
    process: subprocess.Popen[bytes] | None = None

    def state(self) -> str:
        """Tell how it goes; start it again as often as the Job says."""
        code = None if self.process is None else self.process.poll()
        if self.process is not None and (code is None or code == 0 or self.left == 0):
            return _state(code)
        self.left -= self.process is not None
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.environment["EXACT_ONLINE_PROJECT"],
            )
        return "running"


def _line(container: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    """Return what a container runs, with the variables that Kubernetes puts in."""
    words = [*container["command"], *container["args"]]
    return shlex.join([re.sub(r"\$\((\w+)\)", lambda match: environment[match[1]], word) for word in words])


@contextmanager
def kubernetes(world: World) -> Iterator[Pass]:
    """Run what the pods of the Job run, as processes of this machine."""
    manifest = yaml.safe_load((EXAMPLES / "kubernetes" / "exact-online.yaml").read_text())
    job = manifest["spec"]["jobTemplate"]["spec"]
    pod = job["template"]["spec"]
    containers = [*pod["initContainers"], *pod["containers"]]
    own = {each["name"]: each.get("value", "exact-online-29404110") for each in containers[0]["env"]}
    log = world.folder / "kubernetes.log"
    environment = {**own, **world.env}
    script = "\n".join(_line(container, environment) for container in containers)
    pods = [
        _Pod(["sh", "-euc", script], environment, log, job["backoffLimitPerIndex"])
        for _ in range(job["completions"])
    ]

    def state() -> str:
        states = {pod.state() for pod in pods}
        return "running" if "running" in states else max(states, key=("success", "failed").index)

    def processes() -> list[psutil.Process]:
        found = []
        for pod in pods:
            with suppress(psutil.NoSuchProcess):
                if pod.process is not None:
                    found.append(psutil.Process(pod.process.pid))
        return found

    try:
        yield Pass(processes, state, log)
    finally:
        for pod in pods:
            if pod.process is not None and pod.process.poll() is None:
                with _ended(pod.process):
                    pass
                pod.process.wait()


def _until(so: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while not so():
        assert process.poll() is None, tail(log)
        assert time.monotonic() < end, tail(log)
        time.sleep(0.5)

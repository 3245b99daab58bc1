"""The pieces that tell of a failure are run as they stand on the page, against a listener."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typing_extensions import override

from tests.conftest import Sandbox
from tests.docs.pages import page

BLOCKS = {block.mark: block.body for block in page("notifications.md").blocks if block.mark}


@dataclass
class Listener:
    """What was sent to an address of this machine."""

    address: str
    heard: list[tuple[str, str]] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """The texts of the messages that came to the webhook."""
        return [json.loads(body)["text"] for path, body in self.heard if path == "/hook"]


@contextmanager
def listening() -> Iterator[Listener]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            if self.path == "/hook":
                assert self.headers["Content-Type"] == "application/json"
            listener.heard.append((self.path, body))
            self.send_response(200)
            self.end_headers()

        def do_GET(self) -> None:
            self.do_POST()

        @override
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener = Listener(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


Script = Callable[..., int]


@pytest.fixture
def script(listener: Listener, sandbox: Sandbox, tmp_path: Path) -> Script:
    """Return a function that runs a piece of the page with arguments, and returns its exit code."""

    def run(mark: str, *arguments: str, **variables: str) -> int:
        file = tmp_path / f"{mark}.sh"
        file.write_text(BLOCKS[mark])
        own = {k: v for k, v in os.environ.items() if not k.startswith(("TAP_", "EXACT_ONLINE_"))}
        environment = {
            **own,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "NO_PROXY": "*",
            "HOOK": f"{listener.address}/hook",
            "PING": f"{listener.address}/ping",
            "TAP_EXACT_ONLINE_BASE_URL": sandbox.base_url,
            "TAP_EXACT_ONLINE_CLIENT_ID": sandbox.client_id,
            "TAP_EXACT_ONLINE_CLIENT_SECRET": sandbox.client_secret,
            "TAP_EXACT_ONLINE_STORE": str(tmp_path / "tokens.json"),
            **variables,
        }
        command = ["bash", file, *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, check=False, timeout=120).returncode

    return run


def test_a_command_that_fails_is_told_of_with_the_end_of_its_log(script: Script, listener: Listener) -> None:
    assert script("tell", "bash", "-c", "echo fine") == 0
    assert listener.heard == []
    assert script("tell", "exact-online", "doctor", TAP_EXACT_ONLINE_CLIENT_ID="") == 2
    (text,) = listener.texts
    assert text.startswith("exact-online doctor ended with 2:\n")
    assert "Exit code 2." in text


def test_a_listener_that_is_not_there_changes_nothing(script: Script) -> None:
    nowhere = "http://127.0.0.1:9"
    assert script("tell", "bash", "-c", "exit 3", HOOK=nowhere) == 3
    assert script("ping", "bash", "-c", "exit 4", PING=nowhere) == 4


def test_a_connection_that_lapses_is_told_of(
    script: Script, listener: Listener, sandbox: Sandbox, tmp_path: Path
) -> None:
    assert script("lapse") == 0
    (text,) = listener.texts
    assert text.endswith("0 days left. Run exact-online login.")
    listener.heard.clear()
    login = {"TAP_EXACT_ONLINE_REFRESH_TOKEN": sandbox.control.new_login("a listener")}
    assert script("tell", "exact-online", "divisions", **login) == 0
    assert script("lapse") == 0
    assert listener.heard == []
    store = tmp_path / "tokens.json"
    stored = json.loads(store.read_text())
    store.write_text(json.dumps({**stored, **_older(stored, days=21)}))
    assert script("lapse") == 0
    assert " 9 days left. " in listener.texts[0]
    assert script("lapse", TAP_EXACT_ONLINE_REGION="nowhere") == 0
    assert "`region`" in listener.texts[1]


def _older(stored: dict[str, Any], days: int) -> dict[str, Any]:
    """Return the moments of a stored connection, so many days earlier."""
    return {
        name: value - days * 86_400
        for name, value in stored.items()
        if isinstance(value, int | float) and value > 10**9
    }


def test_the_start_and_the_end_are_told_to_a_check(script: Script, listener: Listener) -> None:
    assert script("ping", "bash", "-c", "echo read 7 rows; exit 4") == 4
    assert listener.heard == [("/ping/start", ""), ("/ping/4", "read 7 rows\n")]
    listener.heard.clear()
    assert script("ping", "true") == 0
    assert [path for path, _ in listener.heard] == ["/ping/start", "/ping/0"]


def test_the_callbacks_of_airflow_and_dagster(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the engines hand over is what the functions read; Dagster's decorator hands the function on."""
    monkeypatch.setenv("HOOK", f"{listener.address}/hook")
    monkeypatch.setenv("NO_PROXY", "*")
    dagster = types.ModuleType("dagster")
    vars(dagster).update(run_failure_sensor=lambda each: each, RunFailureSensorContext=SimpleNamespace)
    monkeypatch.setitem(sys.modules, "dagster", dagster)
    task = SimpleNamespace(dag_id="exact_online", task_id="work")
    failed = SimpleNamespace(
        dagster_run=SimpleNamespace(job_name="exact_online"),
        failure_event=SimpleNamespace(message="Execution of run failed."),
    )
    for mark, context in (("airflow", {"task_instance": task, "run_id": "tonight"}), ("dagster", failed)):
        known: dict[str, Any] = {}
        exec(BLOCKS[mark], known)  # noqa: S102  what the page says to paste
        known["tell"](context)
    assert listener.texts == [
        "exact_online: work failed in the run tonight",
        "exact_online failed: Execution of run failed.",
    ]


def test_every_piece_of_the_page_is_run() -> None:
    pieces = {block.mark for block in page("notifications.md").blocks if block.kind in {"sh", "python"}}
    assert pieces == {"tell", "lapse", "ping", "airflow", "dagster"}

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from tap_exact_online.cli import main
from tests.conftest import StartSandbox
from tests.processes import until
from tests.sandbox.client import Client

LINES = "sync/Financial/TransactionLines"


def test_help_names_every_command_and_option() -> None:
    runner = CliRunner()
    assert "sandbox" in runner.invoke(main, ["--help"]).output
    text = runner.invoke(main, ["sandbox", "--help"]).output
    for option in (
        "--host",
        "--port",
        "--seed",
        "--rows",
        "--minute-limit",
        "--tls",
        "--reference",
        "--ready-file",
    ):
        assert option in text


def test_ready_line_and_ready_file(tmp_path: Path) -> None:
    ready = tmp_path / "deep" / "ready.json"
    command = [
        sys.executable,
        "-c",
        "from tap_exact_online.cli import main; main()",
        "sandbox",
        "--port",
        "0",
    ]
    with subprocess.Popen(
        [*command, "--ready-file", str(ready)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        facts = json.loads(ready.read_bytes())
        assert facts["pid"] == process.pid
        assert facts["ca_file"] is None
        for name in ("base_url", "client_id", "client_secret", "refresh_token"):
            assert f"{name}={facts[name]}" in line
        assert list(ready.parent.iterdir()) == [ready]
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0


def test_used_port_is_said_and_exits_with_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, ["sandbox", "--port", str(port)])
    assert result.exit_code == 2
    assert f"Error: Cannot listen on 127.0.0.1:{port}" in result.output
    assert "--port" in result.output


def test_missing_extra_is_said() -> None:
    program = "import sys; sys.modules['uvicorn'] = None; from tap_exact_online.cli import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", program, "sandbox"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert 'pip install "tap-exact-online[sandbox]"' in ended.stderr


@pytest.mark.parametrize("table", ["sync/CRM/Accounts", "sync/CRM/Nonsense=5", "sync/CRM/Accounts=many"])
def test_wrong_table_sizes(table: str) -> None:
    result = CliRunner().invoke(main, ["sandbox", "--table", table])
    assert result.exit_code == 2
    assert "PATH=ROWS" in result.output


def test_stops_at_once_while_calls_wait(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox(rows=10, latency_ms=60_000)
    with socket.create_connection(("127.0.0.1", int(sandbox.base_url.rsplit(":", 1)[1]))) as waiting:
        waiting.sendall(b"GET /api/v1/current/Me HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: sandbox.control.stats()["calls"], sandbox.process)
        began = time.monotonic()
        sandbox.process.terminate()
        assert sandbox.process.wait(5) == 0
        assert time.monotonic() - began < 20  # the call waits for a minute


@pytest.mark.parametrize("page", ["https://elsewhere.example", "https://elsewhere.example:80", "null"])
def test_a_page_of_others_commands_nothing(page: str, start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox(rows=10)
    before = sandbox.control.divisions()
    command = f"{sandbox.base_url}/_sandbox/withdraw_division"
    sent = json.dumps({"division": before[0]["Code"]})
    headers = {"Origin": page, "Content-Type": "text/plain"}
    answer = requests.post(command, sent, headers=headers, timeout=5)
    assert answer.status_code == 403
    assert sandbox.control.divisions() == before
    headers["Origin"] = sandbox.base_url
    assert requests.post(command, sent, headers=headers, timeout=5).status_code == 200
    assert sandbox.control.divisions() != before


def test_tls(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox(rows=10, tls=True)
    assert sandbox.base_url.startswith("https://")
    session = requests.Session()
    session.trust_env = False
    url = f"{sandbox.base_url}/api/v1/current/Me"
    assert session.get(url, verify=sandbox.ca_file, timeout=5).status_code == 401
    with pytest.raises(requests.exceptions.SSLError):
        session.get(url, timeout=5)
    sandbox.control.fault("reset_before")
    with pytest.raises(requests.ConnectionError):
        session.get(url, verify=sandbox.ca_file, timeout=5)


def test_no_rows_and_no_divisions(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox(rows=0, divisions=0)
    division = sandbox.control.add_division()
    client = Client(sandbox, sandbox.refresh_token)
    client.refresh()
    assert client.rows(LINES, division, select="ID") == []
    [made] = sandbox.control.add(division, LINES)
    assert [row["ID"] for row in client.rows(LINES, division, select="ID")] == [made]


def test_a_million_lines(start_sandbox: StartSandbox) -> None:
    began = time.monotonic()
    sandbox = start_sandbox(rows=1_000_000, divisions=1)
    client = Client(sandbox, sandbox.refresh_token)
    client.refresh()
    [first, second], _ = rows_of(client, top="2")
    assert time.monotonic() - began < 20
    assert sandbox.control.count(1000001, LINES) == 1_000_000
    start, step = int(first["Timestamp"]), int(second["Timestamp"]) - int(first["Timestamp"])
    last, link = rows_of(client, skiptoken=f"{start + 999_899 * step}L")
    assert len(last) == 100
    assert link is None
    status = Path(f"/proc/{sandbox.process.pid}/status")
    if status.exists():
        [resident] = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        assert int(resident) < 1 << 20  # in KiB: less than 1 GiB


def rows_of(client: Client, **query: str) -> tuple[list[dict[str, str]], str | None]:
    content = client.get(LINES, 1000001, select="ID,Timestamp", filter="Timestamp gt 0L", **query).json()["d"]
    return content["results"], content.get("__next")

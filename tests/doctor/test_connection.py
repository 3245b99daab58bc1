"""What the doctor says of the machine, the settings and the connection; and how it shares a token with everyone else."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tap_exact_online.reading.account import opened
from tests.cli.program import free_port
from tests.conftest import Sandbox, StartSandbox
from tests.doctor.patient import Patient

FIRST = 1000001
Connect = Callable[[Sandbox], Patient]


def test_a_server_that_cannot_be_reached(patient: Patient) -> None:
    patient.settings["base_url"] = f"http://127.0.0.1:{free_port()}"
    patient.settings["refresh_token"] = "anything-hunter2"
    said = patient.doctor()
    assert said.exit_code == 1
    assert "nothing answers at this address" in said.findings["server"]["text"]
    assert said.checks["connection"] == "warning"  # the seed was never used
    assert said.checks["rights"] == "skipped"
    assert not patient.store.exists()


def test_a_server_that_is_out_of_order(patient: Patient) -> None:
    patient.sandbox.control.fault("status", path="current/Me", times=None, status=503, body="Maintenance")
    began = time.monotonic()
    said = patient.doctor()
    assert said.exit_code == 1
    assert "503" in said.findings["maintenance"]["text"]
    assert time.monotonic() - began < 20


def test_nothing_is_stored(patient: Patient) -> None:
    del patient.settings["refresh_token"]
    said = patient.doctor()
    assert said.exit_code == 3
    assert "exact-online login" in said.findings["login"]["cure"]["en"]
    assert patient.sandbox.control.stats()["calls"] == 0


def test_a_dead_refresh_token(patient: Patient) -> None:
    patient.sandbox.control.new_login(patient.user)  # a second login ends the first chain
    said = patient.doctor()
    assert said.exit_code == 3
    assert said.findings["login"]["exit_code"] == 3
    assert patient.sandbox.control.stats()["tokens"]["calls"] == 1
    assert said.summaries["connection"].startswith("not accepted by Exact; kept in ")
    status = json.loads(patient.run("status", "--json").out)
    assert (status["state"], status["refresh_token_days_left"]) == ("broken", None)


def used(patient: Patient) -> int:
    """Return how many of the contract's calls are lent or made."""
    (account,) = patient.store.parent.glob(f"{patient.store.name}.*.calls")
    return opened(account.read_bytes()).used


def test_an_access_token_that_is_refused(start_sandbox: StartSandbox, connected: Connect) -> None:
    patient = connected(start_sandbox(divisions=1, rows=5))
    assert patient.doctor("--streams", "divisions").exit_code == 0
    before = used(patient)
    patient.sandbox.control.reset_stats()
    # Who is connected is answered; the list of divisions is not.
    patient.sandbox.control.fault("status", path="*", skip=1, times=None, status=401)
    said = patient.doctor("--streams", "accounts")
    assert said.exit_code == 3
    assert "exact-online login" in said.findings["login"]["cure"]["en"]
    # The token is tried only now, and what is found is told of the connection, not of the list of divisions.
    assert said.checks["connection"] == "problem"
    assert said.summaries["connection"].startswith("not accepted by Exact; kept in ")
    assert [said.checks[name] for name in ("divisions", "rights", "calls", "cost")] == ["skipped"] * 4
    # What was lent of the contract's calls, and not made, is given back.
    assert used(patient) - before <= patient.sandbox.control.stats()["calls"]


def test_a_token_that_dies_between_two_questions(start_sandbox: StartSandbox, connected: Connect) -> None:
    patient = connected(start_sandbox(divisions=2, rows=5))
    patient.sandbox.control.fault("status", path="sync/Documents/*", times=None, status=401)
    patient.sandbox.control.fault("status", path="current/Me", skip=1, times=None, status=401)
    said = patient.doctor("--streams", "accounts,documents")
    assert said.exit_code == 3
    assert said.results("accounts") + said.results("documents") == [
        *("readable", "readable"),
        *("not_asked", "not_asked"),
    ]


def test_a_token_that_one_endpoint_refuses(start_sandbox: StartSandbox, connected: Connect) -> None:
    patient = connected(start_sandbox(divisions=2, rows=5))
    patient.sandbox.control.fault("status", path="sync/Documents/*", times=None, status=401)
    said = patient.doctor("--streams", "accounts,documents")
    assert said.exit_code == 1
    assert said.results("accounts") == ["readable", "readable"]
    assert said.results("documents") == ["refused", "refused"]
    assert patient.sandbox.control.stats()["tokens"]["redemptions"] == 1


def test_another_app(patient: Patient) -> None:
    patient.settings["client_secret"] = "hunter2-secret"
    said = patient.doctor()
    assert said.exit_code == 2
    assert said.findings["app"]["exit_code"] == 2
    assert "Manage my apps" in said.findings["app"]["cure"]["en"]


def test_a_store_that_cannot_be_used(patient: Patient) -> None:
    patient.store.write_bytes(b"{")
    patient.store.chmod(0o600)
    said = patient.doctor()
    assert said.exit_code == 2
    assert "does not hold a connection" in said.findings["store"]["text"]


def test_settings_that_cannot_be_used(patient: Patient) -> None:
    patient.settings["region"] = "mars"
    said = patient.doctor("--streams", "accounts")
    assert said.exit_code == 2
    assert (
        said.findings["configuration"]["text"] == "`region`: 'mars' is none of nl, be, de, fr, es, uk, com."
    )
    assert said.checks["configuration"] == "problem"
    assert said.checks["connection"] == "skipped"


def test_a_certificate_that_nobody_vouches_for(
    start_sandbox: StartSandbox, connected: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    patient = connected(start_sandbox(divisions=1, rows=5, tls=True))
    said = patient.doctor()
    assert said.exit_code == 1
    assert "the server's certificate is not accepted" in said.findings["server"]["text"]
    assert patient.sandbox.control.stats()["tokens"]["calls"] == 0


def test_a_token_that_the_store_does_not_take(patient: Patient) -> None:
    script = (
        "import errno\n"
        "from tap_exact_online.auth.stores.file import FileStore\n"
        "from tap_exact_online.cli import main\n"
        "write = FileStore.write\n"
        "def full(store, tokens):\n"
        "    if tokens.tries == 0 and 'emergency' not in store.place:\n"
        "        raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "    write(store, tokens)\n"
        "FileStore.write = full\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "doctor", "--json", "--streams", "accounts"],
        capture_output=True,
        text=True,
        check=False,
        env=patient.env(),
        timeout=60,
    )
    patient.check(done.stdout + done.stderr)
    document = json.loads(done.stdout)
    assert done.returncode == document["exit_code"] == 5
    assert [each["finding"] for each in document["findings"]] == ["unsaved"]
    assert document["rights"][0]["results"][str(FIRST)] == "readable"  # it goes on with what it has


def test_many_at_once_spend_no_token_twice(patient: Patient) -> None:
    with ThreadPoolExecutor(4) as pool:
        said = [*pool.map(lambda _: patient.doctor("--streams", "accounts"), range(4))]
    assert [each.exit_code for each in said] == [0] * 4
    stats = patient.sandbox.control.stats()["tokens"]
    assert (stats["calls"], stats["redemptions"], stats["reuse_attempts"]) == (1, 1, 0)


def test_the_tap_goes_on_with_the_connection(patient: Patient) -> None:
    assert patient.doctor("--streams", "accounts").exit_code == 0
    first = patient.stored["refresh_token"]
    assert patient.doctor("--streams", "accounts").exit_code == 0
    assert patient.stored["refresh_token"] == first  # its access token is still good
    stats = patient.sandbox.control.stats()["tokens"]
    assert (stats["calls"], stats["reuse_attempts"]) == (1, 0)

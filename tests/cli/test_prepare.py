"""What is made before workers start."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import Sandbox, StartSandbox
from tests.processes import run

SCRIPT = 'echo "$TAP_EXACT_ONLINE_SCHEMAS_ONLY $MELTANO_RUN_STATE_ID_SUFFIX" >> notes; exit ${CODE:-0}'


@pytest.fixture
def company(start_sandbox: StartSandbox) -> Sandbox:
    return start_sandbox(divisions=3, rows=10)


@pytest.fixture
def environment(tmp_path: Path, company: Sandbox, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.chdir(tmp_path)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("TAP_", "MELTANO_"))},
        "TAP_EXACT_ONLINE_BASE_URL": company.base_url,
        "TAP_EXACT_ONLINE_CLIENT_ID": company.client_id,
        "TAP_EXACT_ONLINE_CLIENT_SECRET": company.client_secret,
        "TAP_EXACT_ONLINE_REFRESH_TOKEN": company.refresh_token,
        "TAP_EXACT_ONLINE_STORE": str(tmp_path / "tokens.json"),
        "TAP_EXACT_ONLINE_EXCLUDE_DIVISIONS": "[1000002]",
    }


def test_the_connection_is_tried_and_the_command_run_for_schemas_only(
    tmp_path: Path, company: Sandbox, environment: dict[str, str]
) -> None:
    for times in (1, 2):
        ended = run("exact-online", ["prepare", "--", "sh", "-c", SCRIPT], env=environment)
        assert ended.returncode == 0, ended.stderr
        assert "Connected: 3 divisions granted, 2 of them to be read." in ended.stdout
        assert (tmp_path / "notes").read_text() == "true prepare\n" * times
    assert company.control.stats()["tokens"]["redemptions"] == 1


def test_without_a_command_the_connection_alone_is_tried(environment: dict[str, str]) -> None:
    ended = run("exact-online", ["prepare"], env=environment)
    assert ended.returncode == 0
    assert "Connected: 3 divisions" in ended.stdout


def test_a_dead_connection_is_told_before_the_command_is_run(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    dead = {**environment, "TAP_EXACT_ONLINE_REFRESH_TOKEN": "unknown"}
    ended = run("exact-online", ["prepare", "--", "sh", "-c", SCRIPT], env=dead)
    assert ended.returncode == 3
    assert not (tmp_path / "notes").exists()


@pytest.mark.parametrize("code", [1, 2, 4])
def test_the_exit_code_of_the_command_is_that_of_all(code: int, environment: dict[str, str]) -> None:
    given = {**environment, "CODE": str(code), "MELTANO_RUN_STATE_ID_SUFFIX": "books"}
    ended = run("exact-online", ["prepare", "sh", "-c", SCRIPT], env=given)
    assert ended.returncode == code
    assert Path("notes").read_text() == "true books-prepare\n"


def test_a_command_that_is_not_there_is_told_before_anything_is_sent(
    company: Sandbox, environment: dict[str, str]
) -> None:
    ended = run("exact-online", ["prepare", "no-such-program"], env=environment)
    assert ended.returncode == 2
    assert company.control.stats()["tokens"]["calls"] == 0

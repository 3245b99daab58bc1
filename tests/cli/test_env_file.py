"""The commands in the folder that the README sets up: what they need stands in `.env`, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import Program


def moved_to_file(program: Program, **more: str) -> dict[str, str]:
    """Write the settings of a program to `.env`, and return the environment without them."""
    given = program.env()
    settings = {name: given.pop(name) for name in [*given] if name.startswith("TAP_EXACT_ONLINE_")}
    lines = [f"{name}={value}" for name, value in {**settings, **more}.items()]
    (program.folder / ".env").write_text("\n".join(lines))
    return given


@pytest.fixture
def from_file(program: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    given = moved_to_file(program, EXACT_ONLINE_REDIRECT_URI=program.redirect_uri)
    monkeypatch.setattr(program, "env", lambda: given)
    return program


def test_a_login_and_what_follows_it(from_file: Program) -> None:
    with from_file.start("login", "--code-url=-") as running:  # the redirect URI is in the file, too
        running.type(from_file.consent(running.url()))
        assert "Connected." in from_file.checked(running).out
    for command in (
        ("status",),
        ("divisions",),
        ("plan", "--streams=journals"),
        ("doctor", "--streams=journals"),
        ("hint", "1000001"),
    ):
        ended = from_file.run(*command)
        assert ended.exit_code == 0, (command, ended.out, ended.err)


def test_the_environment_wins_over_the_file_and_a_folder_below_finds_it(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = moved_to_file(program, TAP_EXACT_ONLINE_SHARD="9/2")
    monkeypatch.setattr(program, "env", lambda: given)
    below = program.folder / "below"
    below.mkdir()
    monkeypatch.setattr(program, "folder", below)
    assert "`shard`: '9/2'" in program.run("status").err
    assert "State           not connected" in program.run("status", env={"TAP_EXACT_ONLINE_SHARD": "1/2"}).out


@pytest.mark.parametrize("content", [b"A=\xff\xfe\n", "TAP_EXACT_ONLINE_REGION=nl\n".encode("utf-16")])
def test_a_file_that_is_no_text(program: Program, content: bytes) -> None:
    file = program.folder / ".env"
    file.write_bytes(content)
    ended = program.run("status")
    assert ended.exit_code == 2
    assert f"Error: The file {file} cannot be read as text: save it as UTF-8." in ended.err


def test_the_tap_reads_it_where_it_reads_the_environment(tmp_path: Path, program: Program) -> None:
    environment = moved_to_file(program, TAP_EXACT_ONLINE_SHARD="9/2")
    command = [sys.executable, "-m", "tap_exact_online", "--config=ENV"]
    ended = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.returncode, "`shard`: '9/2'" in ended.stderr) == (2, True), ended.stderr


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("{}", "Connect with `exact-online login`."),
        ("executable: exact-online", "Connect with `meltano invoke tap-exact-online:login`."),
    ],
)
def test_what_to_run_is_what_works_here(program: Program, file: str, says: str) -> None:
    (program.folder / "meltano.yml").write_text(file)
    assert says in program.run("status").out

"""`exact-online --help`: one page, by what a person wants; every command says what it can be told in the same words."""

from __future__ import annotations

import importlib
import json

import click
import pytest
from click.testing import CliRunner

from tap_exact_online.cli import COMMANDS, GROUPS, main
from tests.cli.program import Program

SHARED = {"--config", "--region", "--base-url", "--store", "--log-level"}
# What needs no connection, so that the settings make no difference.
ALONE = {"certificate", "deletes", "ledger", "sandbox", "streams"}
# What prints no facts: a question to a person, SQL, what another command says, a server.
TALKS = {"login", "logout", "deletes", "ledger", "work", "sandbox"}


def command(name: str) -> click.Command:
    found: click.Command = importlib.import_module(COMMANDS[name][0]).command
    return found


def options(name: str) -> dict[str, str]:
    return {
        flag: each.help or ""
        for each in command(name).params
        if isinstance(each, click.Option)
        for flag in each.opts
    }


def test_every_command_is_in_one_group_and_on_one_page() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert len(grouped) == len({*grouped})
    assert {*COMMANDS} <= {*grouped}
    shown = CliRunner().invoke(main, ["--help"]).output
    lines = shown.splitlines()
    assert len(lines) < 50
    for title, names in GROUPS.items():
        there = [name for name in names if name in COMMANDS]
        assert (f"{title}:" in lines) is bool(there)
        for name in there:
            (line,) = (line for line in lines if line.startswith(f"  {name} "))
            assert lines.index(line) > lines.index(f"{title}:")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_has_the_options_of_all_others_and_tells_its_exit_codes(name: str) -> None:
    has = options(name)
    if name not in ALONE:
        assert {*has} >= SHARED
        assert {flag: has[flag] for flag in SHARED} == {flag: options("status")[flag] for flag in SHARED}
    assert ("--json" in has) is (name not in TALKS)
    assert "Exit codes" in (command(name).help or "")


def test_what_hint_and_prepare_say_as_json(program: Program) -> None:
    program.login()
    assert json.loads(program.run("hint", "--json", "1000001").out) == {"hints": 1}
    granted = len(program.sandbox.control.divisions())
    assert json.loads(program.run("prepare", "--json").out) == {"divisions": granted, "to_read": granted}

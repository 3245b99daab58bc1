"""`exact-online --help`: one page, by what a person wants; every command says what it can be told in the same words."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from tap_exact_online.cli import COMMANDS, GROUPS, main
from tap_exact_online.tap import TapExactOnline
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


def every_help(name: str, command: click.Command) -> Iterator[tuple[str, str]]:
    yield name, command.get_help(click.Context(command, info_name=name, terminal_width=80))
    if isinstance(command, click.Group):
        context = click.Context(command)
        for own in command.list_commands(context):
            found = command.get_command(context, own)
            assert found is not None
            yield from every_help(f"{name} {own}", found)


def test_no_help_shows_a_mark_of_the_program_that_sets_it() -> None:
    shown = [*every_help("exact-online", main), *every_help("tap-exact-online", TapExactOnline.cli)]
    assert len(shown) > len(COMMANDS)
    assert [name for name, text in shown if "\\b" in text or "\b" in text] == []


def test_no_help_cuts_what_a_command_does() -> None:
    cut = [
        (name, line)
        for name, text in every_help("exact-online", main)
        for line in text.splitlines()
        if line.endswith("...") and not line.startswith("Usage:")
    ]
    assert cut == []


@pytest.mark.parametrize(
    ("name", "example"),
    [
        (
            "work",
            "exact-online work --groups 16 --round 2026-11-26 -- \\\nmeltano run --force tap-exact-online target-postgres\n",
        ),
        ("prepare", "exact-online prepare -- meltano run --force tap-exact-online target-postgres\n"),
    ],
)
def test_an_example_can_be_pasted(name: str, example: str) -> None:
    lines = dict(every_help("exact-online", main))[f"exact-online {name}"].splitlines()
    assert example in "".join(f"{line.strip()}\n" for line in lines)


def test_what_hint_and_prepare_say_as_json(program: Program) -> None:
    program.login()
    assert json.loads(program.run("hint", "--json", "1000001").out) == {"hints": 1}
    granted = len(program.sandbox.control.divisions())
    assert json.loads(program.run("prepare", "--json").out) == {"divisions": granted, "to_read": granted}

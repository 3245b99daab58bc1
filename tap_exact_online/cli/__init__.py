"""The `exact-online` command: what is not Singer.

Each command is in a module of its own, which is imported only when that command runs: `exact-online --help` stays
quick, and one command's missing extra does not break the others. To add a command, write a module with a click
command named `command`, and add a line to `COMMANDS` and its name to a group.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from typing import Any

import click
from typing_extensions import override

from tap_exact_online import output
from tap_exact_online.auth.signals import leave_no_core
from tap_exact_online.cli.failing import fail, is_read_as_data
from tap_exact_online.errors import OutputLost, TapError
from tap_exact_online.surroundings import reach_loader

COMMANDS: Mapping[str, tuple[str, str]] = {
    # name: module, one line for --help
    "certificate": (
        "tap_exact_online.cli.certificate",
        "Show whether the books are whole, by Exact's own totals.",
    ),
    "deletes": (
        "tap_exact_online.cli.deletes",
        "Make the SQL that mirrors deletes, or run it on PostgreSQL.",
    ),
    "divisions": (
        "tap_exact_online.cli.divisions",
        "List the divisions that are granted, also in groups for a scheduler.",
    ),
    "doctor": ("tap_exact_online.cli.doctor", "Find out what is not right in Exact, and where to click."),
    "hint": ("tap_exact_online.cli.hint", "Say that a company has news, so that it is read first."),
    "ledger": (
        "tap_exact_online.cli.ledger",
        "Write the dbt package that makes a ledger of the rows, or build it.",
    ),
    "login": ("tap_exact_online.cli.login", "Connect to Exact Online; needed once."),
    "logout": ("tap_exact_online.cli.logout", "Forget the stored connection."),
    "peek": ("tap_exact_online.cli.peek", "Show the first rows of a stream, for one call."),
    "plan": (
        "tap_exact_online.cli.plan",
        "Show what the next run reads, how old everything is, and what it costs.",
    ),
    "prepare": ("tap_exact_online.cli.prepare", "Make what has to be there before several workers start."),
    "sandbox": ("tap_exact_online.cli.sandbox", "Run a stand-in for Exact Online on this machine."),
    "streams": ("tap_exact_online.cli.streams", "List what there is to read, and what it costs."),
    "status": ("tap_exact_online.cli.status", "Show how the connection is doing, without using it."),
    "verify": (
        "tap_exact_online.cli.verify",
        "Compare the rows at Exact with those in PostgreSQL, and name what differs.",
    ),
    "work": (
        "tap_exact_online.cli.work",
        "Read one group of divisions after the other, together with other workers.",
    ),
}

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Connect": ("login", "status", "logout"),
    "Look": ("doctor", "divisions", "streams", "peek", "plan"),
    "Run": ("prepare", "work", "hint", "deletes", "verify"),
    "Ledger": ("ledger", "certificate"),
    "Try out": ("sandbox",),
}
"""The commands by what a person wants, for --help. What is not there is left out."""


class _Lazy(click.Group):
    """A group that imports a command when it is asked for, and ends with the exit code that a failure means."""

    @override
    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run it, and see that all it wrote has arrived: of its help, too."""
        output.watch()
        try:
            try:
                return super().main(*args, **kwargs)
            finally:
                output.flush()
        except OutputLost as error:
            output.give_up()
            fail(str(error))
            raise SystemExit(error.exit_code) from None
        except BrokenPipeError:  # quietly, as click ends where it notices by itself
            output.give_up()
            raise SystemExit(TapError.exit_code) from None

    @override
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OutputLost:
            raise
        except TapError as error:
            fail(str(error))
            raise SystemExit(error.exit_code) from None
        except click.ClickException as error:
            if not is_read_as_data(os.environ):
                raise
            fail(error.format_message())
            raise SystemExit(error.exit_code) from None

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        widest = max(map(len, COMMANDS))  # so that all groups have their second column in one place
        for title, names in GROUPS.items():
            if there := [(name.ljust(widest), COMMANDS[name][1]) for name in names if name in COMMANDS]:
                with formatter.section(title):
                    formatter.write_dl(there)


@click.group(cls=_Lazy)
def main() -> None:
    """Work with Exact Online beside the Singer tap.

    Settings come from --config, the nearest .env file and the environment, the later ones winning. In a Meltano project write
    `meltano invoke tap-exact-online:login` for `exact-online login`, and so on: only Meltano knows all its settings.

    Exit codes: 0 all is well; 1 something could not be read, or Exact does not answer; 2 a setting or an option cannot be used;
    3 a login is needed; 4 a limit is reached; 5 a new token could not be stored. `exact-online COMMAND --help` has the details.
    """
    leave_no_core()
    from tap_exact_online.settings import read_env  # noqa: PLC0415 - takes time, and help needs none

    read_env()
    reach_loader(os.environ)

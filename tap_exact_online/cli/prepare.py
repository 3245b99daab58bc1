"""`exact-online prepare`: what has to be there before several workers start, made once by one process."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import click

from tap_exact_online.board import Listing
from tap_exact_online.cli import project as meltano
from tap_exact_online.cli import running
from tap_exact_online.cli.options import with_settings
from tap_exact_online.connection import kept
from tap_exact_online.reading import USUAL, read_divisions
from tap_exact_online.settings import Settings
from tap_exact_online.surroundings import project_folder
from tap_exact_online.telling import words

_SCHEMAS_ONLY = "TAP_EXACT_ONLINE_SCHEMAS_ONLY"


@click.command("prepare", context_settings={"allow_interspersed_args": False})
@click.option(
    "--project",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The Meltano project. Default: MELTANO_PROJECT_ROOT, or the nearest folder upwards with a meltano.yml.",
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
@click.argument("command_line", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
@with_settings
def command(settings: Settings, *, folder: Path | None, as_json: bool, command_line: tuple[str, ...]) -> None:
    """Make what has to be there before several workers start. It can be run again at any time.

    The connection is tried, with a fresh token, and the list of divisions is read. Then COMMAND is run once with
    TAP_EXACT_ONLINE_SCHEMAS_ONLY in its environment, so that the tap writes schemas and no rows:

    \b
      exact-online prepare -- meltano run --force tap-exact-online target-postgres

    Meltano brings its system database up to date by that, and the loader makes schema, tables and new columns for all that
    is selected. Workers that start together would do so at the same time, and some of them fail.

    Exit codes: that of COMMAND; else 0 all is there; 1 the divisions cannot be read; 2 a setting or an option cannot be
    used, or nothing is granted; 3 a login is needed; 4 no calls are left; 5 a new token could not be stored; 143 terminated.
    """  # noqa: D301  click wants the character itself
    if command_line:
        running.check(command_line)
    places = kept(settings)
    client = places.connect()
    client.tokens.access_token()
    listing = Listing(places.board, USUAL, time.time, time.sleep)
    granted = [row["Code"] for row in read_divisions(client, listing, sorted(settings.choice.only)).rows]
    if (unsaved := client.settle()) is not None:
        raise unsaved
    picked = settings.choice.pick(granted)
    told = (
        f"Connected: {words.counted(len(granted), 'division')} granted, {len(picked):,} of them to be read."
    )
    document = {"divisions": len(granted), "to_read": len(picked)}
    click.echo(json.dumps(document, indent=1) if as_json else told)
    if command_line:
        raise SystemExit(_run(command_line, folder))


def _run(command_line: tuple[str, ...], folder: Path | None) -> int:
    environment = dict(os.environ)
    signals, leash = running.Signals(), running.Leash()
    project = folder or project_folder(Path.cwd(), environment)
    try:
        with signals.noted(), meltano.own_system_folder(project, environment) as own:
            given = {**environment, **own, **meltano.own_state("prepare", environment), _SCHEMAS_ONLY: "true"}
            code = running.run(command_line, given, leash, lambda: signals.came is not None)
    finally:
        leash.close()
    return code if signals.came is None else signals.exit_code

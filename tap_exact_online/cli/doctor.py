"""`exact-online doctor`: what is not right in Exact Online, and where to click."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace

import click

from tap_exact_online.cli.console import progress, show
from tap_exact_online.cli.options import json_object, with_connection
from tap_exact_online.cli.selection import (
    BY_DEFAULT,
    check_options,
    divisions_named,
    select_lines,
    selection,
    selection_options,
)
from tap_exact_online.doctor.document import document
from tap_exact_online.doctor.examination import Request, Tools, examine
from tap_exact_online.doctor.findings import Finding
from tap_exact_online.doctor.proposal import propose
from tap_exact_online.doctor.state import singer_state
from tap_exact_online.doctor.survey import survey
from tap_exact_online.errors import ConfigurationError, Unset
from tap_exact_online.settings import Settings


@click.command("doctor")
@click.option("--divisions", metavar="N,N", help="Only these divisions. Default: as the settings say.")
@selection_options
@click.option(
    "--state",
    metavar="FILE",
    help="The state of the last run, as `meltano state get` prints it; - reads it from standard input.",
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object, for monitoring.")
@click.option(
    "--facts",
    is_flag=True,
    help="Instead: read a few pages, and tell what the service is like; to be pasted into an issue.",
)
@click.option(
    "--propose",
    "proposing",
    is_flag=True,
    help="Instead: propose a selection, of the streams that can be read and hold something.",
)
@with_connection
def command(  # noqa: PLR0913 - one for each option
    load_settings: Callable[[], Settings],
    *,
    divisions: str | None,
    streams: str | None,
    catalog: str | None,
    state: str | None,
    as_json: bool,
    facts: bool,
    proposing: bool,
) -> None:
    """Find out what is not right in Exact Online, and where to click.

    Looks at the streams that a run would read here, and says what selects them. Checks the settings, the server, the connection, which divisions are granted, which selected stream can be read in
    which division, how many calls are left, and, with --state, what the last run read and how old the log of deleted
    rows is. It reads no data, and spends at most one call for each stream and division; none of the last ones of a
    day. --streams divisions spends none of them.

    --facts looks at one division: the first page of each stream with all its fields, a second page of three, and two
    questions that are meant to be refused, for a field that does not exist. At most one call for each stream and five
    more, besides those for the list of divisions. What it prints names fields and endpoints; it holds no content, no
    name and no number of a division.

    --propose asks each stream for one row in one division, the first that is open or that --divisions names, and prints the
    lines for `meltano.yml` that select what can be read and holds something. Some 260 calls, fewer where scopes are missing, at
    the 60 a minute that Exact allows.

    Exit codes: 0 all is well; 1 something cannot be read; 2 a setting or an option cannot be used; 3 a login is needed;
    4 calls are used up, run again at the time named; 5 a new token could not be stored.
    """
    check_options(streams, catalog)
    # What an option says is wanted, and nothing else: to examine something instead would spend calls on it.
    only = None if divisions is None else divisions_named(divisions)
    left = None if state is None else singer_state(json_object(state, "--state"))
    settings, mistakes = _settings(load_settings)
    everything = settings is not None and settings.select_everything
    looked_at = BY_DEFAULT
    try:
        looked_at = selection(streams, catalog, everything=everything)
    except ConfigurationError as error:
        if streams is not None or catalog is not None:
            raise
        mistakes.append(Finding("configuration", str(error)))
    names = looked_at.streams
    if only is not None and settings is not None:
        settings = replace(settings, choice=replace(settings.choice, only=only))
    if (facts or proposing) and settings is not None and not mistakes:
        (_propose if proposing else _tell_facts)(settings, names, as_json=as_json)
        return
    with progress("Looking at the connection", quiet=as_json) as (tell, sleep):
        request = Request(settings, mistakes, names, left, source=looked_at.source)
        result = examine(request, Tools(tell, sleep=sleep))
    if as_json:
        click.echo(json.dumps(document(result), indent=1))
    else:
        from tap_exact_online.doctor.rendering import draw  # noqa: PLC0415 - needs rich

        show(lambda console: draw(console, result), sys.stdout)
    raise SystemExit(result.exit_code)


def _settings(load: Callable[[], Settings]) -> tuple[Settings | None, list[Finding]]:
    """Return the settings, or what is wrong with them."""
    try:
        return load(), []
    except Unset as error:
        return None, [Finding("unset", str(error))]
    except ConfigurationError as error:
        return None, [Finding("configuration", str(error))]


def _tell_facts(settings: Settings, streams: list[str], *, as_json: bool) -> None:
    with progress("Looking at the connection", quiet=as_json) as (tell, sleep):
        found = survey(settings, streams, Tools(tell, sleep=sleep))
    if as_json:
        click.echo(json.dumps(found.document(), indent=1))
        return
    from tap_exact_online.doctor.rendering import draw_facts  # noqa: PLC0415 - needs rich

    show(lambda console: draw_facts(console, found), sys.stdout)


def _propose(settings: Settings, _: list[str], *, as_json: bool) -> None:
    with progress("Looking at the connection", quiet=as_json) as (tell, sleep):
        found = propose(settings, Tools(tell, sleep=sleep))
    if as_json:
        click.echo(json.dumps(found.document(), indent=1))
        return
    from tap_exact_online.doctor.rendering import draw_proposal  # noqa: PLC0415 - needs rich

    for line in select_lines(found.chosen):
        click.echo(line)
    show(lambda console: draw_proposal(console, found), sys.stderr)

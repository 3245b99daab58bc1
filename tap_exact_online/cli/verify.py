"""`exact-online verify`: rows at Exact against rows in the loader's PostgreSQL."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import click

from tap_exact_online.cli.console import progress, show, survive
from tap_exact_online.cli.options import has_terminal, with_settings
from tap_exact_online.cli.selection import divisions_named, streams_named
from tap_exact_online.doctor.findings import exit_code
from tap_exact_online.doctor.probes import Line
from tap_exact_online.errors import ConfigurationError, LimitReached, TapError
from tap_exact_online.mirror.plan import DEFAULT_COLUMN, DEFAULT_EXTRACTED, DEFAULT_SCHEMA, Case, Plan
from tap_exact_online.settings import Settings
from tap_exact_online.spoken import PARAGRAPH, spoken
from tap_exact_online.telling import words as telling
from tap_exact_online.verify import words
from tap_exact_online.verify.checking import Verification, planned, verify
from tap_exact_online.verify.database import opened

if TYPE_CHECKING:
    from rich.console import Console

_ENVIRONMENT = "EXACT_ONLINE_DELETES_"
_FEW_TABLES = 40
"""Of more tables only those are listed that differ."""


@click.command("verify")
@click.option(
    "--streams", default="", metavar="A,B", help="Only these streams. Default: all that have a table."
)
@click.option("--divisions", metavar="N,N", help="Only these divisions. Default: as the settings say.")
@click.option("--yes", is_flag=True, help="Do not ask whether the calls may be spent.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object, for monitoring.")
@click.option(
    "--schema",
    default=None,
    envvar=_ENVIRONMENT + "SCHEMA",
    metavar="NAME",
    help=f"The schema of the tables. Default: {DEFAULT_SCHEMA}. '.': wherever the session looks.",
)
@click.option(
    "--prefix",
    default="",
    envvar=_ENVIRONMENT + "PREFIX",
    help="What the loader puts in front of the tables' names.",
)
@click.option(
    "--case",
    type=click.Choice([str(each.value) for each in Case]),
    default=Case.AS_IS.value,
    envvar=_ENVIRONMENT + "CASE",
    help="How the loader spells names, of columns too.",
)
@click.option(
    "--column",
    default=DEFAULT_COLUMN,
    show_default=True,
    envvar=_ENVIRONMENT + "COLUMN",
    metavar="NAME",
    help="The column by which rows are marked that are gone: they count as gone.",
)
@click.option(
    "--url",
    envvar=_ENVIRONMENT + "URL",
    help="The address of the database, as postgresql://USER:PASSWORD@HOST/DATABASE. Better kept in"
    f" {_ENVIRONMENT}URL. Default: PGHOST, PGUSER, PGPASSWORD, PGDATABASE and so on.",
)
@with_settings
def command(  # noqa: PLR0913 - one for each option
    settings: Settings,
    *,
    streams: str,
    divisions: str | None,
    yes: bool,
    as_json: bool,
    schema: str | None,
    prefix: str,
    case: str,
    column: str,
    url: str | None,
) -> None:
    """Compare the rows at Exact with those in the loader's PostgreSQL, for each stream and division.

    Exact documents no count, so every key is read, with nothing beside it but when the row was changed: one call for 1,000 rows
    of a Sync stream, one for 60 of most others. What that comes to is told, and asked for, before it is spent. The list of
    divisions is asked for first, unless --divisions names some. PostgreSQL is found as `exact-online deletes` finds it, and is only
    read; needs the extra [postgres].

    A row counts as missing or surplus only where two looks at both sides agree and the last run should have brought or removed it,
    by the stream `reads` and the log of deletes. What came since then is new or leaving, what moved meanwhile is moving: neither
    is a difference, and the next run sees to it. No content is compared.

    Exit codes: 0 equal; 1 something differs or cannot be read; 2 a setting or an option cannot be used, or there is nothing to
    compare; 3 a login is needed; 4 no calls are left; 5 a new token could not be stored.
    """
    plan = Plan(
        (),
        schema="" if schema == "." else schema or DEFAULT_SCHEMA,
        prefix=prefix,
        case=Case(case),
        column=column,
        extracted=DEFAULT_EXTRACTED,
        names=settings.column_names,
    )
    named = [name.strip() for name in streams.split(",") if name.strip()]
    if named:
        streams_named(streams)
    only = divisions_named(divisions) if divisions is not None else frozenset[int]()
    with opened(url or "", plan) as database:
        line = Line.of(settings, time.time, time.sleep)
        try:
            with progress("Looking at what was loaded", quiet=as_json):
                found = planned(settings, line, database, named, only)
            _ask(words.price(found), yes=yes)
            with progress("Looking at the database", quiet=as_json) as (tell, sleep):
                line.sleep.sleep = sleep
                verify(settings, line, database, found, tell)
        finally:
            line.settle()
    code = exit_code(found.findings)
    if code in {0, LimitReached.exit_code} and any(each.outcome.differs for each in found.checked):
        code = TapError.exit_code  # what differs matters more than what could not be asked any more
    if as_json:
        survive(sys.stdout)
        click.echo(json.dumps(words.document(found, code), indent=1))
    else:
        show(lambda console: _draw(console, found), sys.stdout)
    raise SystemExit(code)


def _ask(price: str, *, yes: bool) -> None:
    """Say what it costs, and ask whether that may be spent.

    Raises:
        ConfigurationError: Nobody can be asked, and nobody has said yes.
    """
    if not yes and not has_terminal():
        msg = f"{price} There is no terminal to ask on: confirm with --yes."
        raise ConfigurationError(msg)
    click.echo(price, err=True)
    if not yes:
        click.confirm("Spend them?", abort=True, err=True)


def _draw(console: Console, found: Verification) -> None:
    from rich.text import Text  # noqa: PLC0415 - only tables need it

    from tap_exact_online.doctor.rendering import draw_findings, table_with  # noqa: PLC0415 - needs rich

    shown = found.checked
    if len(shown) > _FEW_TABLES:
        shown = [each for each in shown if any(words.sets(each.outcome).values())]
    table = table_with("Stream", "Division", "At Exact", "Database", "Differences", "On its way")
    for column in table.columns[2:4]:
        column.justify = "right"
    for each in shown:
        style = "bold red" if each.outcome.differs else ""
        counts = {kind: len(keys) for kind, keys in words.sets(each.outcome).items() if keys}
        differing = [f"{count:,} {kind}" for kind, count in counts.items() if kind in words.DIFFERENCES]
        others = [f"{count:,} {kind}" for kind, count in counts.items() if kind not in words.DIFFERENCES]
        cells = (
            str(each.division),
            f"{each.given:,}",
            f"{each.held:,}",
            ", ".join(differing) or "none",
            ", ".join(others),
        )
        table.add_row(Text(each.resource.name, style), *(Text(cell, style) for cell in cells))
    if shown:
        console.print(table)
    if rest := len(found.checked) - len(shown):
        console.print(Text(f"{telling.counted(rest, 'more is', 'more are')} equal.", "dim"))
    for line in words.lines(found):
        console.print(Text(spoken(line, PARAGRAPH)))
    for stream, why in found.passed_over.items():
        console.print(Text(f"Not compared: {stream} ({why}).", "dim"))
    if found.closed:
        console.print(Text(f"In the database, and not read: division {telling.listed(found.closed)}.", "dim"))
    draw_findings(console, found.findings)
    console.print()
    for line in words.advice(found):
        console.print(Text(line), soft_wrap=True)
    console.print(Text(words.verdict(found), "green" if found.equal else "bold red"))

"""`exact-online peek`: the first rows of a stream."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from tap_exact_online.catalog import BY_NAME, check_streams
from tap_exact_online.cli.console import show, survive
from tap_exact_online.cli.options import with_settings
from tap_exact_online.cli.selection import fields_chosen
from tap_exact_online.doctor.document import of_finding
from tap_exact_online.doctor.examination import Tools
from tap_exact_online.doctor.peek import Peek, Wish, columns, peek, personal
from tap_exact_online.settings import Settings
from tap_exact_online.spoken import PARAGRAPH, spoken
from tap_exact_online.telling import words

if TYPE_CHECKING:
    from rich.console import Console

_MANY = 1000
_LONGEST = 60
_SIDE_BY_SIDE = 6
"""So many columns stand beside each other; of more, each has a line, and each row a column."""


@click.command("peek")
@click.argument("stream")
@click.option("--division", type=int, metavar="N", help="The company. Default: the first that is open.")
@click.option(
    "--rows",
    default=5,
    show_default=True,
    type=click.IntRange(1, _MANY),
    metavar="N",
    help="How many rows at most; Exact gives no more than a page: 60 of most streams, 1,000 of Sync streams.",
)
@click.option("--fields", default="", metavar="A,B", help="Only these fields; special personal ones, too.")
@click.option(
    "--year",
    type=click.IntRange(1900, 2999),
    metavar="N",
    help="Of this year, where the stream is read year by year or as of a date.",
)
@click.option("--catalog", metavar="FILE", help="Show the fields that this Singer catalog selects.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
@with_settings
def command(  # noqa: PLR0913 - one for each option
    settings: Settings,
    *,
    stream: str,
    division: int | None,
    rows: int,
    fields: str,
    year: int | None,
    catalog: str | None,
    as_json: bool,
) -> None:
    """Show the first rows of STREAM, as a run would write them.

    Costs one call of the division. Where --division and the setting `divisions` name none, the list of divisions is asked for
    first; a stream that is read by scheme takes one more. No state is read or changed, and nothing is stored but the connection.

    It shows the fields that the selection of the Meltano project or --catalog chooses, else those that are on by default.
    Special personal fields are asked for only where --fields or the selection names them.

    Exit codes: 0 shown, also where there is no row; 1 it cannot be read, and the doctor's words say why; 2 a setting or an
    option cannot be used; 3 a login is needed; 4 no calls are left; 5 a new token could not be stored.
    """
    check_streams({stream}, "STREAM: ")
    resource = BY_NAME[stream]
    chosen = fields_chosen(stream, catalog, everything=settings.select_everything)
    named = [each.strip() for each in fields.split(",") if each.strip()]
    wish = Wish(resource, columns(resource, named, chosen), rows, division, year)
    found = peek(settings, wish, Tools(lambda *_: None))
    if as_json:
        survive(sys.stdout)
        click.echo(json.dumps(_document(found), indent=1))
    elif found.finding is not None:
        show(lambda console: _draw_finding(console, found), sys.stderr)
    else:
        show(lambda console: _draw(console, found), sys.stdout)
    raise SystemExit(0 if found.finding is None else found.finding.exit_code)


def _document(found: Peek) -> dict[str, Any]:
    return {
        "stream": found.resource.name,
        "division": found.division,
        "calls": found.calls,
        "rows": [*found.rows],
        "remarks": [*found.remarks],
        "not_shown": personal(found.resource, found.fields),
        "finding": None if found.finding is None else of_finding(found.finding),
    }


def _draw_finding(console: Console, found: Peek) -> None:
    from tap_exact_online.doctor.rendering import draw_findings  # noqa: PLC0415 - needs rich

    if found.finding is not None:
        draw_findings(console, [found.finding])


def _draw(console: Console, found: Peek) -> None:
    from rich.text import Text  # noqa: PLC0415 - only tables need it

    from tap_exact_online.doctor.rendering import table_with  # noqa: PLC0415 - needs rich

    filled = [name for name in found.fields if any(row[name] not in (None, "") for row in found.rows)]
    if len(filled) <= _SIDE_BY_SIDE:
        table = table_with(*filled)
        for row in found.rows:
            table.add_row(*(Text(_cell(row[name])) for name in filled))
    else:
        table = table_with("Field", *(f"Row {number}" for number, _ in enumerate(found.rows, 1)))
        for column in table.columns[1:]:
            column.no_wrap, column.overflow = True, "ellipsis"
        for name in filled:
            table.add_row(Text(name), *(Text(_cell(row[name])) for row in found.rows))
    if found.rows:
        console.print(table)
        console.print()
    console.print(Text(_head(found), "bold"))
    for line in _lines(found, filled):
        console.print(Text(spoken(line, PARAGRAPH)))


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "" if value is None else spoken(text, _LONGEST)


def _head(found: Peek) -> str:
    where = "" if found.division is None else f" in division {found.division}"
    to_find = (
        f", {found.finding_out} of them to find a division: --division spares them"
        if found.finding_out
        else ""
    )
    spent = f"{words.counted(found.calls, 'call')}{to_find}. No state was touched."
    if not found.rows:
        return f"{found.resource.name} holds no row{where}, and can be read: {spent}"
    return f"{words.counted(len(found.rows), 'row')} of {found.resource.name}{where}, the first that came: {spent}"


def _lines(found: Peek, filled: list[str]) -> list[str]:
    """Say what is not in the table."""
    lines = [*found.remarks]
    empty = [name for name in found.fields if name not in filled] if found.rows else []
    if empty:
        lines.append(f"Empty in all of these rows: {', '.join(empty)}.")
    if others := personal(found.resource, found.fields):
        lines.append(
            f"Not asked for, since they are special personal fields: {', '.join(others)}. --fields names them."
        )
    return lines

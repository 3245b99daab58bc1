"""`exact-online divisions`: what is granted, and in which groups a scheduler can read it."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from tap_exact_online.board import Listing
from tap_exact_online.cli.console import show, survive
from tap_exact_online.cli.options import with_settings
from tap_exact_online.connection import kept
from tap_exact_online.doctor.grants import Division
from tap_exact_online.reading import USUAL, Choice, Shard, known_divisions, read_divisions
from tap_exact_online.settings import Settings
from tap_exact_online.telling import words

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True)
class Listed:
    """One division that is granted.

    Attributes:
        division: The division.
        read: The settings leave it to be read.
        shard: The group it is in, as the setting `shard` names it; None where no groups are asked for, or it is not read.
    """

    division: Division
    read: bool
    shard: str | None

    def values(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {**self.division.document(), "read": self.read, "shard": self.shard}


def listed(divisions: Sequence[Division], choice: Choice, groups: int | None) -> list[Listed]:
    """Return the granted divisions in ascending order, with the group that the setting `shard` gives each.

    Args:
        divisions: All that are granted.
        choice: The settings that narrow them.
        groups: How many groups to make; None for none. A shard of the settings then does not count.
    """
    within = choice if groups is None else replace(choice, shard=None)
    picked = {*within.pick(division.code for division in divisions)}
    shards = [Shard(part, groups) for part in range(1, groups + 1)] if groups else []
    rows = []
    for division in sorted(divisions, key=lambda each: each.code):
        code = division.code
        part = next((f"{s.part}/{s.of}" for s in shards if code in picked and s.holds(code)), None)
        rows.append(Listed(division, code in picked, part))
    return rows


def grouped(rows: Sequence[Listed], groups: int) -> dict[str, list[int]]:
    """Return the divisions of each group, by what the setting `shard` has to be for it.

    A group that holds none is left out: a job for it would have nothing to do, and with an empty list of divisions it
    would read all of them.
    """
    parts: dict[str, list[int]] = {f"{part}/{groups}": [] for part in range(1, groups + 1)}
    for row in rows:
        if row.shard is not None:
            parts[row.shard].append(row.division.code)
    return {shard: codes for shard, codes in parts.items() if codes}


@click.command("divisions")
@click.option("--json", "form", flag_value="json", help="Write one JSON object.")
@click.option("--csv", "form", flag_value="csv", help="Write one line for each division, with a head.")
@click.option(
    "--groups",
    type=click.IntRange(1),
    metavar="N",
    help="Split what is to be read into N groups, for a scheduler.",
)
@click.option("--refresh", is_flag=True, help="Read the list anew, whatever was read within the last hour.")
@with_settings
def command(settings: Settings, *, form: str | None, groups: int | None, refresh: bool) -> None:
    """List the divisions that are granted to the app, and which of them the settings leave to be read.

    With --groups each falls in one of N groups, always the same: run one job for each group, with the setting `shard`
    as it is shown (TAP_EXACT_ONLINE_SHARD=1/4), or with the list of its divisions (TAP_EXACT_ONLINE_DIVISIONS=[1,2]). With
    `shard`, a company that is granted later falls in a group by itself. Groups that hold no division are left out.

    Costs one call for every 60 divisions. A list of more than that is kept for an hour for all processes that share the token
    store, and costs none then: --refresh reads it anew, for companies that were ticked just now.

    Exit codes: 0 listed; 1 the list cannot be read; 2 a setting cannot be used, or nothing is granted; 3 a login is
    needed; 4 no calls are left; 5 a new token could not be stored.
    """
    places = kept(replace(settings, maintenance=0.0))  # a person waits
    client = places.connect()
    listing = Listing(places.board, USUAL, time.time, time.sleep)
    whole = replace(settings.choice, only=(), exclude=())
    known = sorted(settings.choice.only)
    find = (
        partial(read_divisions, client, listing, known)
        if refresh
        else partial(known_divisions, client, listing, whole, known)
    )
    page = find()
    rows = listed([Division.of(row) for row in page.rows], settings.choice, groups)
    parts = {} if groups is None else grouped(rows, groups)
    if form == "json":
        document: dict[str, Any] = {"divisions": [row.values() for row in rows]}
        if groups is not None:
            document["groups"] = [{"shard": shard, "divisions": codes} for shard, codes in parts.items()]
        click.echo(json.dumps(document, indent=1))
    elif form == "csv":
        survive(sys.stdout)
        columns = [*Listed(Division(0), read=False, shard=None).values()]
        writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({name: _cell(value) for name, value in row.values().items()})
    else:
        show(lambda console: _draw(console, rows, groups, parts), sys.stdout)
    if (unsaved := client.settle()) is not None:
        raise unsaved


def _cell(value: Any) -> Any:
    """Write truth in CSV as JSON does, and what a spreadsheet would take for a formula as the text that it is."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return json.dumps(value) if isinstance(value, bool) else value


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _draw(console: Console, rows: Sequence[Listed], groups: int | None, parts: dict[str, list[int]]) -> None:
    from rich.text import Text  # noqa: PLC0415 - only tables need it

    from tap_exact_online.doctor.rendering import cells_of, table_with  # noqa: PLC0415 - needs rich

    table = table_with("Division", "Name", "Status", "Group" if groups else "Read")
    table.columns[-1].no_wrap = True
    for row in rows:
        last = (row.shard or "not read") if groups else ("yes" if row.read else "no")
        table.add_row(*cells_of(row.division), Text(last, "" if row.read else "dim"))
    console.print(table)
    read = sum(row.read for row in rows)
    console.print(Text(f"{len(rows):,} granted, {read:,} to read.", "bold"))
    for shard, codes in parts.items():
        console.print()
        count = words.counted(len(codes), "division")
        console.print(Text.assemble((f"TAP_EXACT_ONLINE_SHARD={shard}", "bold"), f"  {count}"))
        # In one line, to be copied.
        console.print(
            Text(f"TAP_EXACT_ONLINE_DIVISIONS={json.dumps(codes, separators=(',', ':'))}"), soft_wrap=True
        )

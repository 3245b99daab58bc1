"""`exact-online plan`: what the next run reads, how old everything is, and what it costs."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from tap_exact_online.board import HINTS, Listing, opened_hints
from tap_exact_online.catalog import RESOURCES
from tap_exact_online.cli.console import show
from tap_exact_online.cli.options import json_object, with_settings
from tap_exact_online.cli.selection import Selection, selection, selection_options
from tap_exact_online.connection import Kept, kept
from tap_exact_online.doctor.outlook import Outlook, Question, outlook
from tap_exact_online.doctor.state import singer_state
from tap_exact_online.errors import LimitReached, TapError
from tap_exact_online.reading import (
    USUAL,
    Around,
    Reason,
    Supply,
    everywhere,
    is_at_hand,
    known_divisions,
)
from tap_exact_online.settings import Settings
from tap_exact_online.spoken import unstopped
from tap_exact_online.state import check_names, moves, read_before
from tap_exact_online.surroundings import how_to
from tap_exact_online.telling import hours, told_selection, words

if TYPE_CHECKING:
    from rich.console import Console

_REASONS: Mapping[Reason, str] = {
    Reason.BOUND: "near the bound",
    Reason.NEVER_READ: "never read before",
    Reason.HINT: "with a hint, or changed themselves",
    Reason.CHANCE: "most likely to have news",
}


@click.command("plan")
@click.option(
    "--state",
    metavar="FILE",
    help="The state of the last run, as `meltano state get` prints it; - reads it from standard input. Without: a first run.",
)
@selection_options
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object, with the age of every pair.")
@with_settings
def command(
    settings: Settings, *, state: str | None, streams: str | None, catalog: str | None, as_json: bool
) -> None:
    """Show what the next run reads, how long it takes, how old everything is, and what bound can be kept.

    A pair is a stream of a division. Calls are the least that a run takes: a first read takes one more for each 1,000 rows of a
    Sync stream and for each 60 of the others. A run of this moment would decide the same.

    Costs no call where the list of divisions was read within the last hour by anyone; else one, and one more for every page.

    Exit codes: 0 shown; 1 the list cannot be read; 2 a setting or the state cannot be used; 3 a login is needed; 4 no calls
    are left; 5 a new token could not be stored.
    """
    looked_at = selection(streams, catalog, everything=settings.select_everything)
    names = {*looked_at.streams}
    left = singer_state(json_object(state, "--state")) if state is not None else {}
    settings.owner(os.environ).check(left)
    check_names(left, settings.column_names)
    places = kept(settings)
    rows, supply = _divisions(settings, places, left)
    _prepared(settings, left, names, rows)
    try:
        hints = opened_hints(places.board.read(HINTS))
    except OSError as error:
        msg = f"Hints cannot be read at {places.board.place}: {unstopped(error.strerror)}. Check `store`."
        raise TapError(msg) from None
    found = outlook(
        Question(
            [each for each in RESOURCES if each.name in names and each.divided],
            Around.of(rows, hints),
            left,
            settings.terms,
            settings.cadences,
            supply,
            settings.contract_calls,
            settings.concurrency,
            time.time(),
        )
    )
    if as_json:
        click.echo(json.dumps(_document(found, settings.contract_calls, looked_at), indent=1))
    else:
        has_state = state is not None
        show(lambda console: _draw(console, found, settings, looked_at, has_state=has_state), sys.stdout)


def _divisions(
    settings: Settings, places: Kept, state: Mapping[str, Any]
) -> tuple[Sequence[Mapping[str, Any]], Supply]:
    """Return the rows of the divisions that a run would read, and the calls that it would have for them."""
    choice = settings.choice
    client = places.connect()
    listing = Listing(places.board, USUAL, client.clock, time.sleep)
    try:
        found = known_divisions(client, listing, choice, sorted(choice.only) or read_before(state)).rows
    except LimitReached as error:
        kept_before = listing.kept()
        found = kept_before.rows if kept_before else [{"Code": code} for code in read_before(state)]
        if not found:
            raise
        click.echo(f"The divisions are those of an earlier run. {error}", err=True)
    if (unsaved := client.settle()) is not None:
        raise unsaved
    rows = {row["Code"]: row for row in found}
    picked = choice.pick(rows)
    budget = places.budget()
    # The run makes the calls for the list once more, where it is not kept.
    before = 0 if is_at_hand(listing, choice) or client.budget is None else client.budget.made
    part = len(picked) / max(1, everywhere(listing, choice, len(rows)))
    return [rows[code] for code in picked], budget.foreseen(part, before)


def _prepared(
    settings: Settings, state: Any, names: Collection[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Forget in a state what a run would read anew: what `reread` names, and divisions that Exact has moved."""
    read = {row["Code"] for row in rows}
    if settings.reread is not None:
        settings.reread.apply(state, names, read, settings.reread.divisions)
    moves.apply(state, rows)


def _document(found: Outlook, a_day: int, looked_at: Selection) -> dict[str, Any]:
    planned = {
        (stream, division) for stream, each in found.plan.streams.items() for division in each.divisions
    }
    return {
        "selection": {"source": looked_at.source, "streams": len(looked_at.streams)},
        "next_run": {
            "pairs": found.plan.planned,
            "calls": found.plan.calls,
            "seconds": round(found.seconds),
            "most_of_one_division": found.longest
            and {"division": found.longest[0], "calls": found.longest[1]},
            "streams": [*found.plan.streams],
            "reasons": {reason.name.lower(): found.plan.reasons.get(reason, 0) for reason in Reason},
        },
        "everything": {
            "pairs": len(found.pairs),
            "calls": found.one_pass,
            "contract_calls": a_day or None,
            "hours": None if not a_day else round(found.one_pass / a_day * 24, 1),
            "affordable_hours": None if found.affordable is None else math.ceil(found.affordable / 3600),
            "bounds_cost_a_day": None if found.a_day is None else round(found.a_day),
        },
        "streams": [
            {
                "stream": each.stream,
                "divisions": each.divisions,
                "never_read": each.never,
                "median_hours": _hours(each.median_age),
                "oldest_hours": _hours(each.oldest),
                "at_most_hours": _hours(each.bound),
                "too_old": each.broken,
                "planned": each.planned,
                "calls": each.calls,
            }
            for each in found.streams
        ],
        "pairs": [
            {
                "stream": pair.stream,
                "division": pair.division,
                "read_at": pair.known and datetime.fromtimestamp(pair.known.read, UTC).isoformat(),
                "news_a_day": pair.known and round(pair.known.rate, 3),
                "planned": (pair.stream, pair.division) in planned,
            }
            for pair in found.pairs
        ],
    }


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 1)


def _draw(
    console: Console, found: Outlook, settings: Settings, looked_at: Selection, *, has_state: bool
) -> None:
    from rich.text import Text  # noqa: PLC0415 - only tables need it

    from tap_exact_online.doctor.rendering import table_with  # noqa: PLC0415 - needs rich

    table = table_with(
        "Stream", "Divisions", "Never read", "Median age", "Oldest", "At most", "Next run", "Calls"
    )
    for each in found.streams:
        ages = [
            hours(seconds) if seconds is not None else ""
            for seconds in (each.median_age, each.oldest, each.bound)
        ]
        ages[1] += " (!)" * bool(each.broken)
        numbers = (f"{each.divisions:,}", f"{each.never:,}", *ages, f"{each.planned:,}", f"{each.calls:,}")
        table.add_row(Text(each.stream), *map(Text, numbers))
    console.print(table)
    if not has_state:
        how = how_to("plan --state -")
        console.print(
            Text(
                "Shown as a first run: give the state of the last one with --state, in a Meltano project by"
                f" `meltano state get STATE_ID | {how}`."
            )
        )
    console.print(Text(f"Looked at {told_selection(looked_at.streams, looked_at.source)}.", "dim"))
    plan = found.plan
    console.print(
        Text(
            f"The next run reads {plan.planned:,} of {words.counted(len(found.pairs), 'pair')}:"
            f" {words.counted(plan.calls, 'call')} or more, {words.duration(found.seconds)} at least.",
            "bold",
        )
    )
    for reason, text in _REASONS.items():
        if number := plan.reasons.get(reason, 0):
            console.print(Text(f"  {number:,} {text}"))
    if found.longest is not None and len({pair.division for pair in found.pairs}) > 1:
        division, most = found.longest
        console.print(Text(f"  {words.counted(most, 'call')} at most of one division: {division}"))
    a_day = settings.contract_calls
    text = f"To read everything once takes {words.counted(found.one_pass, 'call')} or more"
    if found.affordable is not None:
        text += (
            f", of the {a_day:,} of a day: {hours(found.one_pass / a_day * 86_400)}. A bound of"
            f" {math.ceil(found.affordable / 3600)}h can be kept"
        )
    console.print(Text(f"{text}."))
    if found.a_day is not None and settings.bounded:
        of = f" of {a_day:,}" if a_day else ""
        console.print(Text(f"`at_most_old` takes {found.a_day:,.0f}{of} calls a day."))
    console.print(
        Text(
            "A first read of a company takes a call more for each 1,000 rows of a Sync stream, 60 of others."
        )
    )

"""The certificate for a person: on a terminal or in a log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tap_exact_online.doctor.rendering import table_with
from tap_exact_online.ledger import explained
from tap_exact_online.ledger.certificate import Certificate, Verdict, Year, age, by_account_and_period
from tap_exact_online.spoken import spoken
from tap_exact_online.telling import words

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

STYLES: Mapping[Verdict, str] = {
    Verdict.COMPLETE: "green",
    Verdict.MOVING: "cyan",
    Verdict.DIFFERENT: "bold red",
    Verdict.NOT_READ: "yellow",
}

_COLUMNS = (
    *(
        "Company",
        "Name",
        "Year",
        "Groups equal",
        "Booked",
        "Difference",
        "Result",
        "Witnesses",
        "Read",
        "Verdict",
    ),
)
_NUMBERS = frozenset({"Groups equal", "Booked", "Difference", "Result"})
_LEFT_OUT_FIRST = ("Witnesses", "Result", "Booked", "Read", "Name")
_LEAST_OF_A_NAME, _MOST_OF_A_NAME = 12, 40
_BOUNDLESS = 10_000


def draw(console: Console, found: Certificate, most: int, exit_code: int) -> None:
    """Print all of it: the years, then where those are off that are not complete.

    Args:
        console: Where to.
        found: The certificate.
        most: How many accounts and periods are named for each year.
        exit_code: What the command ends with.
    """
    console.print(
        Text.assemble(("The books against Exact's own totals", "bold"), f"  {found.at:%Y-%m-%d %H:%M} UTC")
    )
    console.print()
    console.print(_fitting(found, console))
    for year in found.years:
        if year.verdict in (Verdict.DIFFERENT, Verdict.MOVING):
            _of_year(console, found, year, most)
    for verdict in dict.fromkeys(year.verdict for year in found.years):
        if verdict is not Verdict.COMPLETE:
            console.print()
            console.print(
                Text.assemble(
                    (explained.VERDICTS[verdict], STYLES[verdict]), f": {explained.MEANINGS[verdict]}"
                )
            )
    console.print()
    if not found.compared:
        console.print(Text(explained.NOTHING_COMPARED, "bold red"))
    console.print(
        Text(f"{explained.summary(found)}. Exit code {exit_code}.", "bold red" if exit_code else "green")
    )


def _fitting(found: Certificate, console: Console) -> Table:
    """Return the table of the years; on a narrow terminal without whole columns, since figures that are cut short mislead."""
    boundless = console.options.update(max_width=_BOUNDLESS)
    without: list[str] = []
    for name in (*_LEFT_OUT_FIRST, ""):
        least = _years(found, without, _LEAST_OF_A_NAME)
        if Measurement.get(console, boundless, least).maximum <= console.width or not name:
            break
        without.append(name)
    table = _years(found, without, _MOST_OF_A_NAME)
    if without:
        table.caption = Text(f"Left out for lack of room: {', '.join(without)}.", "dim")
        table.caption_justify = "left"
    return table


def _years(found: Certificate, without: Collection[str], most_of_a_name: int) -> Table:
    """Return the table of the years.

    Args:
        found: The certificate.
        without: The columns that are left out.
        most_of_a_name: How much room a company's name takes at most.
    """
    shown = [name for name in _COLUMNS if name not in without]
    if "Name" in shown and not any(map(explained.named, found.years)):
        shown.remove("Name")
    table = table_with(*shown)
    for column in table.columns:
        column.no_wrap = True
        if column.header in _NUMBERS:
            column.justify = "right"
        if column.header == "Name":  # the one that gives way
            column.no_wrap, column.max_width = False, most_of_a_name
    before = None
    for year in found.years:
        cells = _cells(year, found.at)
        if year.division == before:
            cells |= {"Company": Text(), "Name": Text()}
        table.add_row(*(cells[name] for name in shown))
        before = year.division
    return table


def _cells(year: Year, at: datetime) -> dict[str, Text]:
    """Return what stands in each column for a year."""
    since = age(year, at)
    name = spoken(explained.named(year), _MOST_OF_A_NAME)
    return {
        "Company": Text(str(year.division)),
        "Name": Text(name, no_wrap=True, overflow="ellipsis"),
        "Year": Text("-" if year.financial_year is None else str(year.financial_year)),
        "Groups equal": Text(explained.equal(year)),
        "Booked": Text(f"{explained.money(year.amount)} {year.currency or ''}".strip()),
        "Difference": Text(explained.money(year.difference), "" if not year.difference else "red"),
        "Result": Text(explained.money(year.result)),
        "Witnesses": Text(explained.witnesses(year)),
        "Read": Text("-" if since is None else words.ago(since)),
        "Verdict": Text(explained.VERDICTS[year.verdict], STYLES[year.verdict]),
    }


def _of_year(console: Console, found: Certificate, year: Year, most: int) -> None:
    """Print where a year is off, the largest first."""
    spots = by_account_and_period(found.groups_of(year))
    head = f"{explained.company(year)}, {year.financial_year}"
    console.print(Padding(Text(f"{spoken(head)}: {explained.unequal(year)}", "bold"), (1, 0, 0, 0)))
    if year.whole_from_period is not None:
        console.print(Text(f"Lines are whole from period {spoken(year.whole_from_period)} on.", "dim"))
    if spots:
        table = table_with("Period", "Account", "Here", "In Exact", "Off by", "Groups", "Why")
        for column in table.columns[2:6]:
            column.justify = "right"
            column.no_wrap = True
        for spot in spots[:most]:
            table.add_row(
                Text(explained.periods(spot)),
                Text(spoken(explained.account(spot), 60)),
                Text(explained.money(spot.amount)),
                Text(explained.money(spot.exact_amount)),
                Text(explained.money(spot.off)),
                Text(f"{spot.groups:,}"),
                Text(explained.why(spot)),
            )
        console.print(table)
        if explained.says_more(spots[:most]):
            console.print(Text(explained.OFF_BY, "dim"))
    if rest := len(spots) - most if len(spots) > most else 0:
        console.print(
            Text(
                f"{words.counted(rest, 'account and period', 'accounts and periods')} more: --groups shows more.",
                "dim",
            )
        )
    for line in explained.open_witnesses(year):
        console.print(Text(f"Witness: {line}", "yellow"))

"""The certificate for a person: on a terminal or in a log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tap_exact_online.doctor.rendering import table_with
from tap_exact_online.ledger import explained
from tap_exact_online.ledger.certificate import Certificate, Verdict, Year, age, by_account_and_period
from tap_exact_online.spoken import spoken
from tap_exact_online.telling import words

if TYPE_CHECKING:
    from rich.console import Console

STYLES: Mapping[Verdict, str] = {
    Verdict.COMPLETE: "green",
    Verdict.MOVING: "cyan",
    Verdict.DIFFERENT: "bold red",
    Verdict.NOT_READ: "yellow",
}


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
    console.print(_years(found))
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


def _years(found: Certificate) -> Table:
    table = table_with(
        "Company", "Year", "Groups equal", "Booked", "Difference", "Result", "Witnesses", "Read", "Verdict"
    )
    for column in table.columns[2:6]:
        column.justify = "right"
    for column in (*table.columns[1:6], *table.columns[7:]):
        column.no_wrap = True
    table.columns[0].no_wrap = False
    before = None
    for year in found.years:
        since = age(year, found.at)
        table.add_row(
            Text("" if year.division == before else spoken(explained.company(year), 40)),
            Text("-" if year.financial_year is None else str(year.financial_year)),
            Text(explained.equal(year)),
            Text(f"{explained.money(year.amount)} {year.currency or ''}".strip()),
            Text(explained.money(year.difference), "" if not year.difference else "red"),
            Text(explained.money(year.result)),
            Text(explained.witnesses(year)),
            Text("-" if since is None else words.ago(since)),
            Text(explained.VERDICTS[year.verdict], STYLES[year.verdict]),
        )
        before = year.division
    return table


def _of_year(console: Console, found: Certificate, year: Year, most: int) -> None:
    """Print where a year is off, the largest first."""
    spots = by_account_and_period(found.groups_of(year))
    head = f"{explained.company(year)} ({year.division}), {year.financial_year}"
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
    if rest := len(spots) - most if len(spots) > most else 0:
        console.print(
            Text(
                f"{words.counted(rest, 'account and period', 'accounts and periods')} more: --groups shows more.",
                "dim",
            )
        )
    for line in explained.open_witnesses(year):
        console.print(Text(f"Witness: {line}", "yellow"))

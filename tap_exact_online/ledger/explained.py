"""The words of the certificate, wherever it is shown. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from tap_exact_online.ledger.certificate import Certificate, Spot, Verdict, Why, Witness, Year
from tap_exact_online.telling import words

VERDICTS: Mapping[Verdict, str] = {
    Verdict.COMPLETE: "complete",
    Verdict.MOVING: "moving",
    Verdict.DIFFERENT: "different",
    Verdict.NOT_READ: "not compared",
}
MEANINGS: Mapping[Verdict, str] = {
    Verdict.COMPLETE: "Every total that Exact has is here, to the cent, and nothing is here that Exact does not have.",
    Verdict.MOVING: "Bookings changed after Exact's totals were read. Nothing is known to be wrong; the next run compares again.",
    Verdict.DIFFERENT: "What is here is not what Exact has. The accounts and witnesses that are named say where; do not use their figures yet.",
    Verdict.NOT_READ: "Exact's totals of this year were not read, so nothing was compared: select the stream `reporting_balance`, for"
    " this year too.",
}
BOOKED = "All debits of the year here. Entries that open the books are among them, which a trial balance shows apart."
WHY: Mapping[Why, str] = {
    Why.DIFFERS: "another amount",
    Why.MISSING_HERE: "missing here",
    Why.ONLY_HERE: "only here",
    Why.MOVING: "moving",
}
WITNESSES: Mapping[str, str] = {
    "result": "result of the year",
    "opening": "opening balances",
    "receivables": "receivables",
    "payables": "payables",
}
SPOKEN: Mapping[Witness, str] = {
    Witness.AGREES: "agrees",
    Witness.DIFFERS: "differs",
    Witness.MOVING: "moving",
    Witness.NOT_READ: "not read",
    Witness.DOES_NOT_APPLY: "does not apply",
}
NOTHING_COMPARED = "Nothing was compared: Exact's own totals, the stream `reporting_balance`, are not here."


def money(amount: Decimal | None) -> str:
    """Return an amount as a person reads it; a dash where there is none."""
    return "-" if amount is None else f"{amount:,.2f}"


OFF_BY = (
    "Off by is the sum over groups: what is too much in one and too little in another does not cancel out."
)
"""Said where that is more than the difference which stands beside it."""
_HASH = re.compile("[0-9a-f]{64}")


def named(year: Year) -> str:
    """Return the name of a company; nothing where it has none here, or a hash stands in its place."""
    name = year.division_name or ""
    return "" if _HASH.fullmatch(name) else name


def company(year: Year) -> str:
    """Return what a company is called, with its number."""
    name = named(year)
    return f"{name} ({year.division})" if name else str(year.division)


def says_more(spots: Iterable[Spot]) -> bool:
    """Tell whether some spot is off by more than its difference."""
    return any(spot.off > abs(spot.amount - spot.exact_amount) for spot in spots)


def account(spot: Spot) -> str:
    """Return what an account is called."""
    return " ".join(part for part in (spot.code, spot.name) if part) or "without an account"


def periods(spot: Spot) -> str:
    """Return the periods of a spot."""
    return words.listed(["-" if period is None else str(period) for period in spot.periods], shown=12)


def why(spot: Spot) -> str:
    """Return why the groups of a spot are not equal."""
    return ", ".join(WHY[each] for each in spot.why)


def equal(year: Year) -> str:
    """Return how many groups of a year are equal."""
    return f"{year.equal_groups:,} of {year.groups:,}"


def unequal(year: Year) -> str:
    """Return how many groups of a year are not equal."""
    if left := year.groups - year.equal_groups:
        return f"{words.counted(left, 'group')} of {year.groups:,} not equal"
    return f"all {year.groups:,} groups equal, but not every witness agrees"


def witnesses(year: Year) -> str:
    """Say in a few words what the witnesses say: by name those that do not agree, and how many do."""
    said = year.witnesses
    loud = (Witness.DIFFERS, Witness.MOVING)
    parts = [f"{name} {SPOKEN[each]}" for each in loud for name, found in said.items() if found is each]
    if agreeing := sum(each is Witness.AGREES for each in said.values()):
        parts.append(f"{agreeing} {'agrees' if agreeing == 1 else 'agree'}")
    return ", ".join(parts) or "-"


def open_witnesses(year: Year) -> list[str]:
    """Return the witnesses that do not agree, or were not asked, each with what it says."""
    quiet = (Witness.AGREES, Witness.DOES_NOT_APPLY)
    return [
        f"{WITNESSES[name]}: {SPOKEN[each]}" for name, each in year.witnesses.items() if each not in quiet
    ]


def summary(found: Certificate) -> str:
    """Return one line about all of it."""
    counts = [
        f"{sum(year.verdict is verdict for year in found.years):,} {VERDICTS[verdict]}"
        for verdict in reversed(Verdict)
        if any(year.verdict is verdict for year in found.years)
    ]
    companies = words.counted(len(found.divisions), "company", "companies")
    return f"{companies}, {words.counted(len(found.years), 'year')}: {', '.join(counts) or 'nothing'}"

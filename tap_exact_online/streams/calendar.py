"""What a stream is asked for one by one: the years of a company, its schemes, dates."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from tap_exact_online.errors import ReadError
from tap_exact_online.reading import Client
from tap_exact_online.streams.gathering import gathered
from tap_exact_online.wire import Need, datetime_literal

PERIODS = "financial/FinancialPeriods"
STATUSES = "read/financial/JournalStatusList"
SCHEMES = "financial/GLSchemes"
_OPEN = 0
_FIRST_PAYROLL_YEAR = 2020
_BOOKS_STAY_OPEN = timedelta(days=550)
"""A year whose status cannot be seen counts as open for so long after its end: the accounts of the last year are made in it."""


@dataclass(frozen=True, slots=True)
class Value:
    """One of the things to ask for.

    Attributes:
        name: What the state calls it.
        literal: As the query string has it.
        settled: What it stands for changes seldom.
    """

    name: str
    literal: str
    settled: bool = False


def dates(now: float) -> list[Value]:
    """Return the first of January of each year of payroll, and today.

    Args:
        now: The time, in epoch seconds.
    """
    today = datetime.fromtimestamp(now, UTC)
    firsts = [datetime(year, 1, 1) for year in range(_FIRST_PAYROLL_YEAR, today.year + 1)]  # noqa: DTZ001  a wall clock has no zone
    this = Value("today", datetime_literal(datetime(today.year, today.month, today.day)))  # noqa: DTZ001
    return [*(Value(f"{day:%Y}", datetime_literal(day), settled=True) for day in firsts), this]


def schemes(client: Client, division: int) -> Generator[Need, Any, list[Value]]:
    """Return the schemes of a company: a conversation."""
    rows = yield from gathered(client, SCHEMES, division, ["ID"])
    # A mapping that changes shows in the years that are open, and in the others within a week.
    return [Value(row["ID"], f"guid'{row['ID']}'", settled=True) for row in rows]


def ends_of_years(client: Client, division: int) -> Generator[Need, Any, dict[int, str]]:
    """Return the years of which a company has periods, and when each ends: a conversation."""
    rows = yield from gathered(client, PERIODS, division, ["ID", "FinYear", "EndDate"])
    ends: dict[int, str] = {}
    for row in rows:
        if (year := row["FinYear"]) is not None:
            ends[year] = max(ends.get(year, ""), row["EndDate"] or "")
    return ends


@dataclass(frozen=True, slots=True)
class Shown:
    """What is known of the years of a company.

    Attributes:
        open: Years of which a journal is open.
        closed: Years of which every journal is closed.
    """

    open: frozenset[int] = frozenset()
    closed: frozenset[int] = frozenset()

    @classmethod
    def read(cls, note: Mapping[str, Any]) -> Shown:
        """Read what a state keeps."""

        def of(name: str) -> frozenset[int]:
            years = note.get(name)
            return (
                frozenset(year for year in years if isinstance(year, int))
                if isinstance(years, list)
                else frozenset()
            )

        return cls(of("open"), of("closed"))

    def note(self, now: float) -> dict[str, Any]:
        """Return what a state is to keep, as it was seen at that time (epoch seconds)."""
        return {"at": int(now), "open": sorted(self.open), "closed": sorted(self.closed)}


def shown_years(client: Client, division: int) -> Generator[Need, Any, Shown | None]:
    """Return which years are open and which are closed, None where the user may not see that: a conversation."""
    try:
        rows = yield from gathered(client, STATUSES, division, ["Journal", "Year", "Period", "Status"])
    except ReadError:
        return None
    is_open = frozenset(row["Year"] for row in rows if row["Status"] == _OPEN)
    return Shown(is_open, frozenset(row["Year"] for row in rows if row["Year"] is not None) - is_open)


def years(ends: Mapping[int, str], shown: Shown, now: float) -> list[Value]:
    """Return the years to ask for, and which of them are settled: the last one never is.

    Args:
        ends: The years, and when each ends.
        shown: Which are open and which closed; of a year of which nothing is shown the age decides.
        now: The time, in epoch seconds.
    """
    today = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)

    def settled(year: int) -> bool:
        if year in shown.open or year in shown.closed:
            return year in shown.closed
        return not ends[year] or datetime.fromisoformat(ends[year]) + _BOOKS_STAY_OPEN < today

    return [Value(f"{year}", f"{year}", settled=year < max(ends) and settled(year)) for year in sorted(ends)]


def beside(axis: str, known: Collection[int]) -> dict[str, str]:
    """Return filters for what lies outside of years and between them, by the names of the parts.

    Args:
        axis: The property that holds a year.
        known: The years that are asked for by themselves.
    """
    ordered = sorted(known)
    found = {"~": f"{axis} lt {ordered[0]} or {axis} gt {ordered[-1]}"}
    for before, after in pairwise(ordered):
        if after - before > 1:
            found[f"~{before}-{after}"] = f"{axis} gt {before} and {axis} lt {after}"
    return found

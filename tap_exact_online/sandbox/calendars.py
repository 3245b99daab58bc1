"""When the periods of a division's books begin and end, and what a currency is worth on a day.

Days are counted from the first day of the books. The calendars:

    months    calendar years of twelve months
    july      years from July, called by the year in which they end; the first is broken: January to June 2021
    thirteen  calendar years of thirteen periods of four weeks; the last takes the days that are left
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import count, islice, takewhile
from typing import Literal, NamedTuple

from tap_exact_online.sandbox import values
from tap_exact_online.sandbox.values import DAY, FIRST_DAY, LAST_DAY

DAYS = (LAST_DAY - FIRST_DAY) // DAY + 1
_ORIGIN = date(2021, 1, 1)
_YEAR = _ORIGIN.year
_LAST_MONTH = 12
_FOUR_WEEKS = 28
_THIRTEEN = 13

Kind = Literal["months", "july", "thirteen"]


class Period(NamedTuple):
    """A financial period.

    Attributes:
        year: The financial year.
        number: The period within it, from 1.
        first: Its first day.
        last: Its last day.
    """

    year: int
    number: int
    first: int
    last: int


def _day(year: int, month: int) -> int:
    """Return the first day of a month, which may be more than 12."""
    return (date(year + (month - 1) // _LAST_MONTH, (month - 1) % _LAST_MONTH + 1, 1) - _ORIGIN).days


def _months(start: int) -> Iterator[Period]:
    """Yield the months of years that start with a month."""
    for month in count(1):
        year, place = divmod(month - start, _LAST_MONTH)
        # a year is called by that in which it ends; the months before the first whole one make a year of their own
        called = _YEAR + year + (1 if start > 1 else 0)
        number = month if month < start else place + 1
        yield Period(called, number, _day(_YEAR, month), _day(_YEAR, month + 1) - 1)


def _thirteen() -> Iterator[Period]:
    for year in count(_YEAR):
        start, end = _day(year, 1), _day(year + 1, 1) - 1
        for number in range(1, _THIRTEEN + 1):
            first = start + (number - 1) * _FOUR_WEEKS
            yield Period(year, number, first, end if number == _THIRTEEN else first + _FOUR_WEEKS - 1)


def periods(kind: Kind) -> Iterator[Period]:
    """Yield the periods of a calendar, from the first day of the books on and without end."""
    return _thirteen() if kind == "thirteen" else _months(7 if kind == "july" else 1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The periods of the generated books.

    Attributes:
        periods: All periods of the years that the books touch.
        of_day: Financial year and period of each day.
        closed: The last periods of the years that are closed: all but the newest.
    """

    periods: tuple[Period, ...]
    of_day: tuple[tuple[int, int], ...]
    closed: tuple[Period, ...]


@lru_cache
def calendar(kind: Kind) -> Calendar:
    """Return the calendar of a kind."""
    newest = next(each.year for each in periods(kind) if each.last >= DAYS - 1)
    known = tuple(takewhile(lambda each: each.year <= newest, periods(kind)))
    of_day = [(each.year, each.number) for each in known for _ in range(each.first, each.last + 1)]
    ends = {each.year: each for each in known if each.year < newest}
    return Calendar(known, tuple(of_day[:DAYS]), tuple(ends.values()))


def listed(kind: Kind, count: int) -> list[Period]:
    """Return so many periods of a calendar."""
    return list(islice(periods(kind), count))


MONTHS = tuple(each.first for each in takewhile(lambda each: each.first < DAYS, periods("months")))
"""The first days of months: those on which a new rate begins."""
_MONTH = tuple(
    (at.year - _YEAR) * _LAST_MONTH + at.month - 1 for at in (_ORIGIN + timedelta(day) for day in range(DAYS))
)
QUARTERS = tuple((_day(_YEAR, 3 * nth + 1), _day(_YEAR, 3 * nth + 4) - 1) for nth in range(20))
"""First and last days of the calendar quarters, for which VAT is returned."""

MILLION = 1_000_000
_IN_EURO = {"EUR": MILLION, "USD": 920_000, "GBP": 1_160_000}
_SWING = 80_001  # rates swing by four percent to either side


def month_of(day: int) -> int:
    """Return which month of the books a day is in; what is before the books counts as the first."""
    return _MONTH[min(max(day, 0), DAYS - 1)]


@lru_cache(maxsize=1024)
def rate(source: str, target: str, month: int) -> int:
    """Return how many millionths of the target one of the source is worth in a month of the books."""
    if source == target:
        return MILLION
    return _euro(source, month) * MILLION // _euro(target, month)


def _euro(currency: str, month: int) -> int:
    base = _IN_EURO[currency]
    swing = 0 if currency == "EUR" else values.number("rate", currency, month) % _SWING - _SWING // 2
    return base + base * swing // MILLION


def foreign(currency: str) -> tuple[str, str]:
    """Return the two currencies that books in a currency have beside it."""
    return ("EUR", "GBP") if currency == "USD" else ("USD", "GBP")

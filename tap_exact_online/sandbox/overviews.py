"""What Exact's dashboard shows of the books: result, revenue, which periods are closed, VAT returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from tap_exact_online.sandbox.balances import PERIOD_CLOSING, Group
from tap_exact_online.sandbox.calendars import calendar
from tap_exact_online.sandbox.computed import Computed
from tap_exact_online.sandbox.moment import CLOSING, PROFIT_AND_LOSS, REVENUE, Account, Moment
from tap_exact_online.sandbox.values import DAY, Value

JOURNALS = "financial/Journals"
STATUSES = "read/financial/JournalStatusList"
VAT_CODES = "vat/VATCodes"
RETURNS = "read/financial/Returns"
_VAT_RETURN = 50
_OF_VAT = 31
_PROCESSED = 50
_FILED, _DUE = 24 * DAY, 30 * DAY
"""How long after a quarter its return is made, and how long after it it has to be."""
_JOURNAL_TYPES: Mapping[int, str] = {
    10: "Kas",
    12: "Bank",
    20: "Verkoop",
    21: "Verkoopcredit",
    22: "Inkoop",
    90: "Memoriaal",
}


def _in_result(group: Group) -> bool:
    """Tell whether a sum belongs to the result of its year: what closes the year does not."""
    return group.kind not in CLOSING


def _revenue(moment: Moment) -> dict[tuple[int, int], int]:
    """Return the revenue of each period in cents; a period without revenue is not there."""
    return _earned(moment, lambda account: account.kind == REVENUE)


def _results(moment: Moment) -> dict[tuple[int, int], int]:
    """Return the result of each period in cents, a profit positive."""
    return _earned(moment, lambda account: account.balance == PROFIT_AND_LOSS)


def _earned(moment: Moment, counts: Callable[[Account], bool]) -> dict[tuple[int, int], int]:
    """Return what some accounts add to the result of each period in cents, income positive."""
    found: dict[tuple[int, int], int] = {}
    for group, sums in moment.sums.items():
        if counts(moment.accounts[group.gl]) and _in_result(group):
            place = group.year, group.period
            found[place] = found.get(place, 0) - sums.amount
    return found


def profit_and_loss(moment: Moment) -> Computed:
    """Return revenue, costs and result of this year and the last, and of this period in both."""
    year, period = moment.current.year, moment.current.period
    revenue, result = _revenue(moment), _results(moment)

    def told(ending: str, of: int, within: int | None) -> dict[str, Value]:
        def total(amounts: Mapping[tuple[int, int], int]) -> int:
            return sum(
                cents for place, cents in amounts.items() if place[0] == of and within in {None, place[1]}
            )

        earned, left = total(revenue), total(result)
        return {
            f"Revenue{ending}": earned / 100,
            f"Costs{ending}": (earned - left) / 100,
            f"Result{ending}": left / 100,
        }

    row: dict[str, Value] = {
        "CurrentYear": year,
        "CurrentPeriod": period,
        "PreviousYear": year - 1,
        "PreviousYearPeriod": period,
        "CurrencyCode": moment.currency,
        **told("CurrentYear", year, None),
        **told("CurrentPeriod", year, period),
        **told("PreviousYear", year - 1, None),
        **told("PreviousYearPeriod", year - 1, period),
    }
    return Computed([year], lambda _: dict(row))


def revenue_list(moment: Moment) -> Computed:
    """Return the revenue of each period that had any."""
    found = sorted(_revenue(moment).items())
    return Computed(
        [f"{year}|{period}" for (year, period), _ in found],
        lambda i: {"Year": found[i][0][0], "Period": found[i][0][1], "Amount": found[i][1] / 100},
    )


def journal_statuses(moment: Moment) -> Computed:
    """Return each period of each journal: a year that was closed is closed, and so are those before it."""
    closed = _closed_until(moment)
    shelf = moment.alive.shelf(JOURNALS)
    journals = {row["Code"]: row for row in (shelf.row(index) for index in shelf.indexes())}
    periods = sorted({(each.year, each.period) for each in moment.periods})
    found = [(journal, *place) for journal in journals.values() for place in periods]

    def row(index: int) -> dict[str, Value]:
        journal, year, period = found[index]
        kind = journal["Type"]
        return {
            "Journal": journal["Code"],
            "Period": period,
            "Year": year,
            "JournalDescription": journal["Description"],
            "JournalType": kind,
            "JournalTypeDescription": _JOURNAL_TYPES.get(kind) if isinstance(kind, int) else None,
            "Status": int(year <= closed),
            "StatusDescription": "Gesloten" if year <= closed else "Open",
        }

    return Computed([f"{journal['Code']}|{year}|{period}" for journal, year, period in found], row)


def _closed_until(moment: Moment) -> int:
    """Return the last year that is closed: books that were made without closing entries do not tell, and go by the calendar."""
    closed = [group.year for group in moment.sums if group.kind == PERIOD_CLOSING]
    if not closed and not moment.balances.closes:
        closed = [period.year for period in calendar(moment.alive.ledger.calendar).closed]
    return max(closed, default=0)


def returns(moment: Moment) -> Computed:
    """Return the VAT returns: what the entries of a quarter put on the accounts of VAT is booked off in the next one."""
    periods = {(each.year, each.period): each for each in moment.periods}
    shelf = moment.alive.shelf(VAT_CODES)
    codes = [shelf.row(index) for index in shelf.indexes()]
    of_vat = {code[name] for code in codes for name in ("GLToPay", "GLToClaim")}
    owed: dict[int, int] = {}
    for group, sums in moment.sums.items():
        booked = periods.get((group.year, group.period))
        if group.kind == _VAT_RETURN and booked and moment.accounts[group.gl].guid in of_vat:
            quarter = _quarter(booked.end) - 1
            owed[quarter] = owed.get(quarter, 0) + sums.amount
    found = sorted(owed.items())
    ids = moment.alive.book.ids(RETURNS)

    def row(index: int) -> dict[str, Value]:
        quarter, cents = found[index]
        year, place = divmod(quarter, 4)
        subject = f"Btw-aangifte {year} kwartaal {place + 1}"
        filed = _first_day(quarter + 1) + _FILED
        return {
            "DocumentID": ids.of(quarter),
            "Amount": cents / 100,
            "Created": filed,
            "Currency": moment.currency,
            "Description": subject,
            "DueDate": _first_day(quarter + 1) + _DUE,
            "Frequency": "Q",
            "Period": place + 1,
            "PeriodDescription": f"Kwartaal {place + 1}",
            "Status": _PROCESSED,
            "Subject": subject,
            "Type": _OF_VAT,
            "Year": year,
        }

    return Computed([ids.of(quarter) for quarter, _ in found], row)


def _quarter(wall: int) -> int:
    """Return the number of a day's quarter, counted from the year 0."""
    day = datetime.fromtimestamp(wall / 1000, UTC)
    return day.year * 4 + (day.month - 1) // 3


def _first_day(quarter: int) -> int:
    """Return the first day of a quarter in wall-clock milliseconds."""
    return int(datetime(quarter // 4, quarter % 4 * 3 + 1, 1, tzinfo=UTC).timestamp()) * 1000


MAKERS: Mapping[str, Callable[[Moment], Computed]] = {
    "read/financial/ProfitLossOverview": profit_and_loss,
    "read/financial/RevenueList": revenue_list,
    STATUSES: journal_statuses,
    RETURNS: returns,
}

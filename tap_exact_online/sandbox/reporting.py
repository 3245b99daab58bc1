"""The balances that Exact reports: by period, by classification, and at the start of a year."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from tap_exact_online.sandbox.alive import COST_CENTERS, COST_UNITS
from tap_exact_online.sandbox.balances import Group, Sums
from tap_exact_online.sandbox.computed import Computed
from tap_exact_online.sandbox.moment import CARRIED, OPENING, PROFIT_AND_LOSS, Moment
from tap_exact_online.sandbox.values import Value

BALANCES = "financial/ReportingBalance"
BY_CLASSIFICATION = "read/financial/ReportingBalanceByClassification"
MAPPINGS = "financial/GLAccountClassificationMappings"
_PROCESSED = 50


class _Row(NamedTuple):
    """A sum, and the number that identifies it."""

    number: int
    group: Group
    sums: Sums


def _numbered(moment: Moment) -> list[_Row]:
    """Return the sums in the order of their numbers; Exact may be late with the newest entries."""
    late = moment.options.balances_late
    sums = moment.balances.sums(late) if late else moment.sums
    numbers = moment.balances.numbered(sums)
    return sorted(_Row(numbers[group], group, each) for group, each in sums.items())


def _written(moment: Moment, row: _Row) -> dict[str, Value]:
    """Return the properties of a sum."""
    group, sums = row.group, row.sums
    account = moment.accounts[group.gl]
    center = moment.alive.named(COST_CENTERS, None if group.cost_center < 0 else group.cost_center)
    unit = moment.alive.named(COST_UNITS, None if group.cost_unit < 0 else group.cost_unit)
    counted = {"lines": sums.lines, "nonzero": sums.nonzero, "entries": sums.entries}
    return {
        "Amount": sums.amount / 100,
        "AmountCredit": sums.credit / 100,
        "AmountDebit": sums.debit / 100,
        "BalanceType": account.balance,
        "CostCenterCode": center[0],
        "CostCenterDescription": center[1],
        "CostUnitCode": unit[0],
        "CostUnitDescription": unit[1],
        "Count": counted[moment.options.balance_count],
        "Division": moment.alive.book.division,
        "GLAccount": account.guid,
        "GLAccountCode": account.code,
        "GLAccountDescription": account.description,
        "ReportingPeriod": group.period,
        "ReportingYear": group.year,
        "Status": group.status,
        "Type": group.kind,
    }


def reporting_balance(moment: Moment) -> Computed:
    """Return one row for each sum."""
    rows = _numbered(moment)
    return Computed(
        identities=[row.number for row in rows],
        make=lambda i: _written(moment, rows[i]) | {"ID": rows[i].number},
        columns={
            "ReportingYear": lambda i: rows[i].group.year,
            "ReportingPeriod": lambda i: rows[i].group.period,
        },
        fresh=moment.options.balance_ids == "fresh",
    )


def by_classification(moment: Moment) -> Computed:
    """Return one row for each sum and each scheme that classifies its account; other accounts are in no row."""
    shelf = moment.alive.shelf(MAPPINGS)
    mappings: dict[Value, list[tuple[int, Mapping[str, Value]]]] = {}
    for index in shelf.indexes():
        row = shelf.row(index)
        mappings.setdefault(row["GLAccount"], []).append((index, row))
    guids = {gl: account.guid for gl, account in moment.accounts.items()}
    pairs = (
        (place * _MOST_SUMS + row.number, row, mapping)
        for row in _numbered(moment)
        for place, mapping in mappings.get(guids[row.group.gl], ())
    )
    found = sorted(pairs, key=lambda pair: pair[0])
    return Computed(
        identities=[number for number, _, _ in found],
        make=lambda i: (
            _written(moment, found[i][1])
            | {
                "ID": found[i][0],
                "GLScheme": found[i][2]["GLSchemeID"],
                "ClassificationCode": found[i][2]["ClassificationCode"],
                "ClassificationDescription": found[i][2]["ClassificationDescription"],
            }
        ),
        columns={
            "GLScheme": lambda i: found[i][2]["GLSchemeID"],
            "ReportingYear": lambda i: found[i][1].group.year,
        },
        fresh=moment.options.balance_ids == "fresh",
    )


_MOST_SUMS = 10**7


def opening_balance(years_back: int, *, processed: bool) -> Callable[[Moment], Computed]:
    """Return what computes the balances at the start of this year or of one before it.

    Args:
        years_back: 0 for this year.
        processed: Leave out what is entered and not processed.
    """

    def computed(moment: Moment) -> Computed:
        year = moment.current.year - years_back
        amounts = _opening(moment, year, (_PROCESSED,) if processed else None)
        found = sorted((gl, cents) for gl, cents in amounts.items() if cents)
        accounts = moment.accounts

        def row(index: int) -> dict[str, Value]:
            gl, cents = found[index]
            credit = moment.options.opening_amounts == "side" and accounts[gl].side == "C"
            return {
                "Division": moment.alive.book.division,
                "GLAccount": accounts[gl].guid,
                "ReportingYear": year,
                "Amount": (-cents if credit else cents) / 100,
                "BalanceSide": accounts[gl].side,
                "GLAccountCode": accounts[gl].code,
                "GLAccountDescription": accounts[gl].description,
            }

        return Computed([f"{accounts[gl].guid}|{year}" for gl, _ in found], row)

    return computed


def _opening(moment: Moment, year: int, statuses: Iterable[int] | None) -> Mapping[int, int]:
    """Return what the accounts of the balance sheet carry into a year, in cents.

    That is all that was booked on them in the years before, and the opening balance where the books begin with that year.
    """
    found: dict[int, int] = {}
    for group, sums in moment.sums.items():
        before = group.year < year and group.kind not in CARRIED
        opening = group.year == year and group.kind == OPENING
        wanted = statuses is None or group.status in statuses
        if (before or opening) and wanted and moment.accounts[group.gl].balance != PROFIT_AND_LOSS:
            found[group.gl] = found.get(group.gl, 0) + sums.amount
    return found


MAKERS: Mapping[str, Callable[[Moment], Computed]] = {
    BALANCES: reporting_balance,
    BY_CLASSIFICATION: by_classification,
    "openingbalance/CurrentYear/AfterEntry": opening_balance(0, processed=False),
    "openingbalance/CurrentYear/Processed": opening_balance(0, processed=True),
    "openingbalance/PreviousYear/AfterEntry": opening_balance(1, processed=False),
    "openingbalance/PreviousYear/Processed": opening_balance(1, processed=True),
}

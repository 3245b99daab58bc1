"""What a reader of the sandbox can work out for itself from the lines and terms that it is sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.sandbox.client import Client

LINES = "sync/Financial/TransactionLines"
TERMS = "sync/Cashflow/PaymentTerms"
LEDGER = "sync/Financial/GLAccounts"
BALANCES = "financial/ReportingBalance"
CLOSING = range(310, 329)

Row = dict[str, Any]
Key = tuple[Any, ...]

_OF_LINES = "ID,EntryID,Type,Status,GLAccount,FinancialYear,FinancialPeriod,CostCenter,CostUnit,AmountDC,LineNumber,Timestamp"


def exact(amount: float) -> Decimal:
    """Return an amount as it is written."""
    return Decimal(repr(amount))


def lines_of(client: Client, division: int) -> list[Row]:
    """Return the transaction lines that are sent."""
    return client.rows(LINES, division, select=_OF_LINES)


@dataclass
class Sum:
    """What some lines add up to."""

    debit: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)
    lines: int = 0
    nonzero: int = 0
    entries: set[str] = field(default_factory=set)

    def add(self, row: Row) -> None:
        amount = exact(row["AmountDC"])
        self.debit += max(amount, Decimal(0))
        self.credit += max(-amount, Decimal(0))
        self.lines += 1
        self.nonzero += amount != 0
        self.entries.add(row["EntryID"])

    @property
    def amount(self) -> Decimal:
        return self.debit - self.credit

    def count(self, reading: str) -> int:
        return {"lines": self.lines, "nonzero": self.nonzero, "entries": len(self.entries)}[reading]


def key_of(row: Row) -> Key:
    """Return what the lines of one balance have in common."""
    return (
        row["FinancialYear"],
        row["FinancialPeriod"],
        row["GLAccount"],
        row["Type"],
        row["Status"],
        row["CostCenter"] and row["CostCenter"].strip(),
        row["CostUnit"] and row["CostUnit"].strip(),
    )


def sums_of(lines: Iterable[Row]) -> dict[Key, Sum]:
    """Add lines up as the balances are documented."""
    found: dict[Key, Sum] = defaultdict(Sum)
    for row in lines:
        if row["GLAccount"] is not None:
            found[key_of(row)].add(row)
    return dict(found)


def expected_balances(lines: Iterable[Row], reading: str = "lines") -> dict[Key, tuple[Decimal, ...]]:
    """Return amount, debit, credit and count of each balance that lines make."""
    return {
        key: (each.amount, each.debit, each.credit, Decimal(each.count(reading)))
        for key, each in sums_of(lines).items()
    }


def told_balances(rows: Iterable[Row]) -> dict[Key, tuple[Decimal, ...]]:
    """Return the same of the balances that are sent; no two may be of one kind."""
    found: dict[Key, tuple[Decimal, ...]] = {}
    for row in rows:
        key = (
            row["ReportingYear"],
            row["ReportingPeriod"],
            row["GLAccount"],
            row["Type"],
            row["Status"],
            row["CostCenterCode"] and row["CostCenterCode"].strip(),
            row["CostUnitCode"] and row["CostUnitCode"].strip(),
        )
        assert key not in found
        found[key] = (
            exact(row["Amount"]),
            exact(row["AmountDebit"]),
            exact(row["AmountCredit"]),
            Decimal(row["Count"]),
        )
    return found


def currency_of(client: Client, division: int) -> str:
    """Return the currency of the books."""
    listed = {row["Code"]: row for row in client.rows("system/Divisions", division)}
    return str(listed[division]["Currency"])


def accounts_of(client: Client, division: int) -> dict[str, Row]:
    """Return the ledger accounts by their IDs."""
    rows = client.rows(LEDGER, division, select="ID,Code,Description,Type,BalanceType,BalanceSide")
    return {row["ID"]: row for row in rows}

"""The books of one division as they come over HTTP, amounts in cents and dates in days."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tap_exact_online import edm
from tests.sandbox.client import Client

Row = dict[str, Any]

LINES = "sync/Financial/TransactionLines"
TERMS = "sync/Cashflow/PaymentTerms"
INVOICES = "sync/SalesInvoice/SalesInvoices"
ACCOUNTS = "sync/Financial/GLAccounts"
PERIODS = "financial/FinancialPeriods"
FREE = {"minute_limit": 100_000, "day_limit": 100_000, "contract_limit": 100_000}
READINGS: dict[str, dict[str, str]] = {
    "as seen": {},
    "headers are postings": {"memorial_header": "control"},
    "headers have no account": {"memorial_header": "none"},
    "years are not closed": {"closing": "none"},
    "years end with balances": {"year_end": "balances"},
    "receivables are positive": {"term_sign": "positive"},
}
KINDS = {0: "months", 1: "july", 2: "thirteen", 3: "dollars"}
WORLDS = [("as seen", place) for place in KINDS] + [
    (reading, place) for place, reading in enumerate(list(READINGS)[1:])
]
_EPOCH = date(1970, 1, 1)
_DATE = re.compile(r"/Date\((-?\d+)\)/")


def day(value: Any) -> date | None:
    """Return a date from its JSON text."""
    match = _DATE.fullmatch(value or "")
    return None if match is None else _EPOCH + timedelta(milliseconds=int(match[1]))


def cents(amount: float) -> int:
    """Return an amount in cents."""
    return round(amount * 100)


def total(rows: Iterable[Row], name: str = "AmountDC") -> int:
    """Return what an amount of rows adds up to, in cents."""
    return sum(cents(row[name]) for row in rows)


def grouped(rows: Iterable[Row], key: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    """Return rows by a key."""
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


@dataclass
class Books:
    """What a division says of itself."""

    client: Client
    division: int
    options: Row
    known: dict[str, list[Row]] = field(default_factory=dict)

    def rows(self, path: str) -> list[Row]:
        """Return all rows of an endpoint, read once; dates as dates."""
        if path not in self.known:
            endpoint = edm.load(path)
            dates = {name for name, each in endpoint.properties.items() if each.type == "DateTime"}
            plain = ",".join(
                name for name, each in endpoint.properties.items() if not each.type.startswith("Coll")
            )
            self.known[path] = [
                {name: day(value) if name in dates else value for name, value in row.items()}
                for row in self.client.rows(path, self.division, select=plain)
            ]
        return self.known[path]

    @property
    def lines(self) -> list[Row]:
        return self.rows(LINES)

    @property
    def accounts(self) -> dict[str, Row]:
        """The ledger accounts by their Guid."""
        return {row["ID"]: row for row in self.rows(ACCOUNTS)}

    def balance(
        self, of: Callable[[Row], bool], until: date | None = None, without: tuple[int, ...] = ()
    ) -> int:
        """Return what the accounts that are meant hold at the end of a day, in cents."""
        meant = {identity for identity, row in self.accounts.items() if of(row)}
        return total(
            row
            for row in self.lines
            if row["GLAccount"] in meant
            and row["Type"] not in without
            and (until is None or row["Date"] <= until)
        )

    @property
    def closed(self) -> list[int]:
        """The financial years that are closed: all but the newest that anything is booked in."""
        return sorted({row["FinancialYear"] for row in self.lines})[:-1]

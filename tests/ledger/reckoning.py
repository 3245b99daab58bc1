"""What the package must say, reckoned from the rows themselves in cents, by no SQL and by none of the package's rules."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.ledger.messages import Row, Tables
from tests.ledger.reading import SUMS

Cell = tuple[int, int | None]
"""Division and financial year."""
Group = tuple[Any, ...]
"""Division, year, period, account, transaction type, status, cost center, cost unit: what Exact adds up together."""

_LINES = 1
"""The number of transaction lines in the log of deletes."""
OPENING = 10
"""The type of the entry that opens the books."""
SPECIAL = range(310, 329)
"""Transaction types that close a period or a year: they do not belong to its result."""
YEAR_END = {327, 328}
"""Those that take all balances off and put them back."""
PROFIT_AND_LOSS = 110
"""The first type of account that belongs to the result."""
DEBTORS, CREDITORS = 20, 22
WITNESSES = ("result", "opening", "receivables", "payables")


def cents(value: Any) -> int:
    """Return an amount in cents."""
    return int((Decimal(str(value or 0)) * 100).to_integral_value())


@dataclass(frozen=True)
class Told:
    """What the certificate says of one company and year.

    Attributes:
        verdict: complete, moving, different or not_read.
        groups: How many groups there are of each verdict.
        witnesses: What each witness says, in the order of `WITNESSES`.
    """

    verdict: str
    groups: Mapping[str, int]
    witnesses: tuple[str, ...]


def alive(tables: Tables) -> Tables:
    """Return the rows that Exact has: without what the log of deletes names, and of sums those of the last read."""
    log = {
        (row["Division"], row["EntityKey"]): row["Timestamp"]
        for row in tables["deleted"].rows
        if row["EntityType"] == _LINES
    }
    lines = tables["transaction_lines"]
    kept = [row for row in lines.rows if row["Timestamp"] > log.get((row["Division"], row["ID"]), -1)]
    found = {**tables, "transaction_lines": lines.having(kept)}
    for name in SUMS:
        newest = max((row["_sdc_sync_started_at"] for row in tables[name].rows), default=0)
        last = [row for row in tables[name].rows if row["_sdc_sync_started_at"] == newest]
        found[name] = tables[name].having(tables[name].rows if name == "reads" else last)
    return found


def _group(row: Row, year: str, period: str, center: str, unit: str) -> Group:
    dimensions = (row[center] or None, row[unit] or None)
    return (
        row["Division"],
        row[year],
        row[period],
        row["GLAccount"],
        row["Type"],
        row["Status"],
        *dimensions,
    )


def sums(tables: Tables) -> dict[Group, tuple[int, int]]:
    """Return debit and credit of each group of lines."""
    found: dict[Group, list[int]] = defaultdict(lambda: [0, 0])
    for row in tables["transaction_lines"].rows:
        amount = cents(row["AmountDC"])
        group = _group(row, "FinancialYear", "FinancialPeriod", "CostCenter", "CostUnit")
        found[group][amount < 0] += abs(amount)
    return {group: (debit, credit) for group, (debit, credit) in found.items()}


def balances(tables: Tables) -> dict[Group, tuple[int, int]]:
    """Return debit and credit of each group as Exact says them."""
    found: dict[Group, tuple[int, int]] = {}
    for row in tables["reporting_balance"].rows:
        group = _group(row, "ReportingYear", "ReportingPeriod", "CostCenterCode", "CostUnitCode")
        found[group] = (cents(row["AmountDebit"]), abs(cents(row["AmountCredit"])))
    return found


def groups(tables: Tables) -> dict[Group, str]:
    """Return what is to be said of each group, where the balances are as new as the lines."""
    ours, theirs = sums(tables), balances(tables)
    read = {row["Division"] for row in tables["reporting_balance"].rows}

    def verdict(group: Group) -> str:
        if group[0] not in read:
            return "not_read"
        if group not in theirs:
            return "equal" if ours[group] == (0, 0) else "only_here"
        if group not in ours:
            return "equal" if theirs[group] == (0, 0) else "missing_here"
        return "equal" if ours[group] == theirs[group] else "differs"

    return {group: verdict(group) for group in ours.keys() | theirs.keys()}


def account_types(tables: Tables) -> dict[tuple[int, str], int]:
    """Return the type of each account."""
    return {(row["Division"], row["ID"]): row["Type"] for row in tables["gl_accounts"].rows}


def results(tables: Tables) -> Counter[Cell]:
    """Return the profit of each year in cents, before the entries that close it."""
    types = account_types(tables)
    found: Counter[Cell] = Counter()
    for row in tables["transaction_lines"].rows:
        kind = types.get((row["Division"], row["GLAccount"]), 0)
        if kind >= PROFIT_AND_LOSS and row["Type"] not in SPECIAL:
            found[row["Division"], row["FinancialYear"]] -= cents(row["AmountDC"])
    return found


def openings(tables: Tables, cell: Cell) -> Counter[str]:
    """Return the balance of each account of the balance sheet when a year begins."""
    types = account_types(tables)
    found: Counter[str] = Counter()
    for row in tables["transaction_lines"].rows:
        kind = types.get((row["Division"], row["GLAccount"]), 0)
        before = row["Division"] == cell[0] and cell[1] is not None and row["FinancialYear"] < cell[1]
        if before and row["GLAccount"] and kind < PROFIT_AND_LOSS and row["Type"] not in YEAR_END:
            found[row["GLAccount"]] += cents(row["AmountDC"])
    return Counter({account: amount for account, amount in found.items() if amount})


def controls(tables: Tables, division: int, kind: int) -> int:
    """Return the balance of the control accounts of debtors or creditors."""
    types = account_types(tables)
    return sum(
        cents(row["AmountDC"])
        for row in tables["transaction_lines"].rows
        if row["Division"] == division and types.get((division, row["GLAccount"])) == kind
    )


def years(tables: Tables) -> dict[int, set[int]]:
    """Return the years that lines or balances know, by company."""
    found: dict[int, set[int]] = {row["Code"]: set() for row in tables["divisions"].rows}
    for stream, name in (("transaction_lines", "FinancialYear"), ("reporting_balance", "ReportingYear")):
        for row in tables[stream].rows:
            found.setdefault(row["Division"], set()).add(row[name])
    return found


def witnesses(tables: Tables, truth: Tables, word: str) -> dict[Cell, dict[str, str]]:
    """Return what each witness that speaks says: where our sum is not that of the true rows it says `word`."""
    found: dict[Cell, dict[str, str]] = defaultdict(dict)

    def say(cell: Cell, witness: str, *, agrees: bool) -> None:
        found[cell][witness] = "agrees" if agrees else word

    ours, theirs = results(tables), results(truth)
    for row in tables["profit_loss_overview"].rows:
        for name in ("CurrentYear", "PreviousYear"):
            cell = row["Division"], row[name]
            say(cell, "result", agrees=ours[cell] == theirs[cell])
    for stream in ("opening_balances_current_year", "opening_balances_previous_year"):
        for cell in {(row["Division"], row["ReportingYear"]) for row in tables[stream].rows}:
            say(cell, "opening", agrees=openings(tables, cell) == openings(truth, cell))
    known = years(tables)
    for row in tables["outstanding_invoices_overview"].rows:
        division = row["Division"]
        if known[division]:
            now = division, max(known[division])
            for witness, kind in (("receivables", DEBTORS), ("payables", CREDITORS)):
                say(now, witness, agrees=controls(tables, division, kind) == controls(truth, division, kind))
    return found


def certificate(tables: Tables, truth: Tables, *, moving: bool = False) -> dict[Cell, Told]:
    """Return what the certificate must say of every company and year.

    Args:
        tables: The rows that were landed.
        truth: The rows that Exact had when it added up.
        moving: Whether what differs does so because lines are newer than what Exact added up.
    """
    verdicts = groups(tables)
    spoken = witnesses(tables, truth, "moving" if moving else "differs")
    speaking = {(division, witness) for (division, _), said in spoken.items() for witness in said}
    told = {}
    for division, known in years(tables).items():
        for year in sorted(known) or [None]:
            count = Counter(
                "moving" if moving and verdict not in {"equal", "not_read"} else verdict
                for group, verdict in verdicts.items()
                if group[:2] == (division, year)
            )
            said = tuple(
                spoken.get((division, year), {}).get(
                    witness, "does_not_apply" if (division, witness) in speaking else "not_read"
                )
                for witness in WITNESSES
            )
            told[division, year] = Told(_verdict(count, said), dict(count), said)
    return told


def _verdict(count: Mapping[str, int], said: Iterable[str]) -> str:
    if any(count.get(each) for each in ("missing_here", "only_here", "differs")) or "differs" in said:
        return "different"
    if count.get("not_read") or not count:
        return "not_read"
    return "moving" if count.get("moving") or "moving" in said else "complete"

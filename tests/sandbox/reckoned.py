"""Balances, results and open items, worked out from the lines and terms that the sandbox sends, beside what it says they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from tap_exact_online.sandbox.control import Control
from tests.sandbox.books import (
    BALANCES,
    CLOSING,
    TERMS,
    Row,
    accounts_of,
    currency_of,
    exact,
    expected_balances,
    lines_of,
    told_balances,
)
from tests.sandbox.client import Client

PERIODS = "financial/FinancialPeriods"
RESULT = "read/financial/ProfitLossOverview"
OPENINGS = (
    "CurrentYear/AfterEntry",
    "CurrentYear/Processed",
    "PreviousYear/AfterEntry",
    "PreviousYear/Processed",
)
OVERVIEW = "read/financial/AgingOverview"
OUTSTANDING = "read/financial/OutstandingInvoicesOverview"
SIDES = {20: "Receivable", 22: "Payable"}
DAY = 86_400_000
DESCRIPTIONS = ["<= 30", "31 - 60", "61 - 90", "> 90"]
_OF_TERMS = (
    "ID,TransactionEntryID,EntryNumber,Account,AccountCode,AccountName,AmountDC,AmountFC,Currency,Description,DueDate,EndDate,"
    "InvoiceDate,InvoiceNumber,Journal,LineType,Status,YourRef"
)


def assert_balances(client: Client, division: int) -> None:
    """The balances are the lines, added up."""
    told = told_balances(client.rows(BALANCES, division))
    assert told == expected_balances(lines_of(client, division))
    assert told


def day(moment: str) -> int:
    """Return the milliseconds of a `/Date(...)/`."""
    return int(moment.removeprefix("/Date(").removesuffix(")/"))


def current_period(client: Client, control: Control, division: int) -> tuple[int, int]:
    """Return year and period of today, or those of the last period that has begun."""
    today = midnight(control)
    rows = client.rows(PERIODS, division)
    begun = [row for row in rows if day(row["StartDate"]) <= today] or rows[:1]
    last = max(begun, key=lambda row: day(row["StartDate"]))
    return last["FinYear"], last["FinPeriod"]


def total(lines: Iterable[Row], wanted: Callable[[Row], bool]) -> Decimal:
    return sum((exact(row["AmountDC"]) for row in lines if row["GLAccount"] and wanted(row)), Decimal(0))


def expected_result(client: Client, control: Control, division: int) -> dict[str, Decimal | int]:
    lines, accounts = lines_of(client, division), accounts_of(client, division)
    year, period = current_period(client, control, division)
    found: dict[str, Decimal | int] = {
        "CurrentYear": year,
        "PreviousYear": year - 1,
        "CurrentPeriod": period,
        "PreviousYearPeriod": period,
    }
    for ending, of, within in (
        ("CurrentYear", year, None),
        ("CurrentPeriod", year, period),
        ("PreviousYear", year - 1, None),
        ("PreviousYearPeriod", year - 1, period),
    ):

        def counts(row: Row, of: int = of, within: int | None = within) -> bool:
            in_time = row["FinancialYear"] == of and within in {None, row["FinancialPeriod"]}
            return in_time and row["Type"] not in CLOSING

        result = -total(lines, lambda row: counts(row) and accounts[row["GLAccount"]]["BalanceType"] == "W")
        revenue = -total(lines, lambda row: counts(row) and accounts[row["GLAccount"]]["Type"] == 110)
        found |= {f"Revenue{ending}": revenue, f"Costs{ending}": revenue - result, f"Result{ending}": result}
    return found


def assert_result(client: Client, control: Control, division: int) -> Row:
    [row] = client.rows(RESULT, division)
    expected = expected_result(client, control, division)
    told = {name: exact(value) if isinstance(value, float) else value for name, value in row.items()}
    assert {name: told[name] for name in expected} == expected
    assert told["CurrencyCode"] == currency_of(client, division)
    return row


def expected_opening(client: Client, division: int, year: int, *, processed: bool) -> dict[str, Decimal]:
    accounts = accounts_of(client, division)
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in lines_of(client, division):
        before = row["FinancialYear"] < year and row["Type"] not in {327, 328}
        opening = row["FinancialYear"] == year and row["Type"] == 10
        if (
            row["GLAccount"]
            and (before or opening)
            and accounts[row["GLAccount"]]["BalanceType"] == "B"
            and (row["Status"] == 50 or not processed)
        ):
            found[row["GLAccount"]] += exact(row["AmountDC"])
    return {account: amount for account, amount in found.items() if amount}


def assert_opening(client: Client, control: Control, division: int, path: str) -> dict[str, Decimal]:
    """What the accounts of the balance sheet carry into a year follows from the lines; return it."""
    year, _ = current_period(client, control, division)
    year -= path.startswith("Previous")
    rows = client.rows(f"openingbalance/{path}", division)
    assert {row["ReportingYear"] for row in rows} == {year}
    assert {row["Division"] for row in rows} == {division}
    told = {row["GLAccount"]: exact(row["Amount"]) for row in rows}
    assert told == expected_opening(client, division, year, processed=path.endswith("Processed"))
    assert len(told) == len(rows)
    return told


def wall(moment: str | None) -> int | None:
    return None if moment is None else int(moment.removeprefix("/Date(").removesuffix(")/"))


def midnight(control: Control) -> int:
    """Return the last midnight of the Dutch wall clock, in milliseconds."""
    wall = datetime.fromtimestamp(control.now(), ZoneInfo("Europe/Amsterdam"))
    return int(wall.replace(tzinfo=UTC).timestamp() * 1000) // DAY * DAY


def open_terms(client: Client, control: Control, division: int, kind: int) -> list[Row]:
    """Return the terms of receipts (20) or payments (22) that are outstanding today, with what is owed on each."""
    today = midnight(control)
    terms = client.rows(TERMS, division, select=_OF_TERMS)
    found = []
    for row in terms:
        end, begun = wall(row["EndDate"]), wall(row["InvoiceDate"])
        if row["LineType"] == kind and (end is None or end > today) and (begun or 0) <= today:
            found.append(row)
    sign = orientation(terms, kind)
    return [
        row | {"Owed": sign * exact(row["AmountDC"]), "Own": sign * exact(row["AmountFC"])} for row in found
    ]


def orientation(terms: list[Row], kind: int) -> int:
    """Return the sign that makes invoices positive: most terms are invoices."""
    amounts = [row["AmountDC"] for row in terms if row["LineType"] == kind]
    return 1 if sum(amount > 0 for amount in amounts) * 2 > len(amounts) else -1


def age(control: Control, row: Row, by: str = "InvoiceDate") -> int:
    days = (midnight(control) - (wall(row[by]) or 0)) // DAY
    return sum(days > most for most in (30, 60, 90))


def assert_lists(client: Client, control: Control, division: int, own: bool = True) -> None:  # noqa: FBT001, FBT002
    """The lists of both sides are the open terms."""
    for kind, side in SIDES.items():
        expected = {row["ID"]: row for row in open_terms(client, control, division, kind)}
        rows = client.rows(f"read/financial/{side}sList", division)
        assert {row["Id"] for row in rows} == expected.keys()
        assert len({row["HID"] for row in rows}) == len(rows)
        for row in rows:
            term = expected[row["Id"]]
            assert exact(row["Amount"]) == term["Own" if own else "Owed"]
            assert row["CurrencyCode"] == (term["Currency"] if own else currency_of(client, division))
            told = [
                row[name] for name in ("AccountId", "AccountCode", "AccountName", "DueDate", "InvoiceDate")
            ]
            assert told == [
                term[name] for name in ("Account", "AccountCode", "AccountName", "DueDate", "InvoiceDate")
            ]
            assert (row["EntryNumber"], row["InvoiceNumber"], row["JournalCode"]) == (
                term["EntryNumber"],
                term["InvoiceNumber"],
                term["Journal"],
            )


def assert_ages(client: Client, control: Control, division: int, by: str = "InvoiceDate") -> None:
    """The age of the debts of each relation, and of all, follow from the open terms."""
    overview = client.rows(OVERVIEW, division)
    assert [row["AgeGroup"] for row in overview] == [1, 2, 3, 4]
    assert [row["AgeGroupDescription"] for row in overview] == DESCRIPTIONS
    for kind, side in SIDES.items():
        expected: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
        for row in open_terms(client, control, division, kind):
            expected[row["Account"]][age(control, row, by)] += row["Owed"]
        rows = client.rows(f"read/financial/Aging{side}sList", division)
        told = {
            row["AccountId"]: [exact(row[f"AgeGroup{nth}Amount"]) for nth in (1, 2, 3, 4)] for row in rows
        }
        assert told == expected
        assert len(rows) == len(told)
        for row in rows:
            assert exact(row["TotalAmount"]) == sum(told[row["AccountId"]])
            assert [row[f"AgeGroup{nth}Description"] for nth in (1, 2, 3, 4)] == DESCRIPTIONS
            assert [row[f"AgeGroup{nth}"] for nth in (1, 2, 3, 4)] == [1, 2, 3, 4]
        columns = [sum((ages[nth] for ages in expected.values()), Decimal(0)) for nth in range(4)]
        assert [exact(row[f"Amount{side}"]) for row in overview] == columns


def assert_totals(client: Client, control: Control, division: int) -> None:
    """What is outstanding and overdue in all follows from the open terms."""
    [row] = client.rows(OUTSTANDING, division)
    for kind, side in SIDES.items():
        terms = open_terms(client, control, division, kind)
        late = [term for term in terms if (wall(term["DueDate"]) or 0) < midnight(control)]
        for word, chosen in (("Outstanding", terms), ("Overdue", late)):
            owed = sum((term["Owed"] for term in chosen), Decimal(0))
            invoices = {(term["TransactionEntryID"], term["InvoiceNumber"]) for term in chosen}
            assert exact(row[f"{word}{side}InvoiceAmount"]) == owed
            assert row[f"{word}{side}InvoiceCount"] == len(invoices)
    assert row["CurrencyCode"] == currency_of(client, division)


def assert_all(client: Client, control: Control, division: int) -> None:
    assert_lists(client, control, division)
    assert_ages(client, control, division)
    assert_totals(client, control, division)

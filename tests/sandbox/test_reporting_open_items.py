"""Lists of what is open, and its age, follow from the payment terms that are alive today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

import pytest

from tap_exact_online.sandbox.control import Control
from tests.sandbox.books import TERMS, Row, currency_of, exact
from tests.sandbox.client import Client

ACCOUNTS = "sync/CRM/Accounts"
OVERVIEW = "read/financial/AgingOverview"
OUTSTANDING = "read/financial/OutstandingInvoicesOverview"
SIDES = {20: "Receivable", 22: "Payable"}
DAY = 86_400_000
DESCRIPTIONS = ["<= 30", "31 - 60", "61 - 90", "> 90"]
_OF_TERMS = (
    "ID,TransactionEntryID,EntryNumber,Account,AccountCode,AccountName,AmountDC,AmountFC,Currency,Description,DueDate,EndDate,"
    "InvoiceDate,InvoiceNumber,Journal,LineType,Status,YourRef"
)


@pytest.fixture(autouse=True)
def generous(control: Control) -> None:
    control.options(minute_limit=10**6, day_limit=10**6, contract_limit=10**6)


def wall(moment: str | None) -> int | None:
    return None if moment is None else int(moment.removeprefix("/Date(").removesuffix(")/"))


def midnight(control: Control) -> int:
    return int(control.now() * 1000) // DAY * DAY


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


def test_what_is_open_follows_from_the_terms(client: Client, control: Control, division: int) -> None:
    assert_all(client, control, division)
    for kind in SIDES:
        assert open_terms(client, control, division, kind)


def days_ago(control: Control, days: int) -> str:
    """Return a day before today, as the control API takes it."""
    from datetime import UTC, datetime  # noqa: PLC0415

    return datetime.fromtimestamp(midnight(control) / 1000 - days * 86_400, UTC).strftime("%Y-%m-%d")


def settle(control: Control, division: int, terms: list[Row]) -> None:
    control.set_row(division, TERMS, {"ID": terms[0]["ID"], "EndDate": days_ago(control, 0), "Status": 50})


def settle_later(control: Control, division: int, terms: list[Row]) -> None:
    control.set_row(division, TERMS, {"ID": terms[0]["ID"], "EndDate": days_ago(control, -1)})


def reopen(control: Control, division: int, terms: list[Row]) -> None:
    control.set_row(division, TERMS, {"ID": terms[0]["ID"], "EndDate": days_ago(control, 3)})
    control.set_row(division, TERMS, {"ID": terms[0]["ID"], "EndDate": None, "Status": 20})


def spread(control: Control, division: int, terms: list[Row]) -> None:
    """Give terms ages at both sides of every bound."""
    for row, days in zip(terms, (0, 30, 31, 60, 61, 90, 91), strict=False):
        control.set_row(
            division,
            TERMS,
            {
                "ID": row["ID"],
                "InvoiceDate": days_ago(control, days),
                "DueDate": days_ago(control, days - 31),
            },
        )


def forget(control: Control, division: int, terms: list[Row]) -> None:
    control.delete(division, TERMS, ids=[row["ID"] for row in terms[:3]])


def revalue(control: Control, division: int, terms: list[Row]) -> None:
    control.set_row(
        division, TERMS, {"ID": terms[0]["ID"], "AmountDC": 55.5, "AmountFC": 66.6, "Currency": "USD"}
    )
    control.set_row(division, TERMS, {"ID": terms[1]["ID"], "AmountDC": -5.25, "AmountFC": -5.25})


def hand_over(control: Control, division: int, terms: list[Row]) -> None:
    control.set_row(division, TERMS, {"ID": terms[0]["ID"], "Account": terms[-1]["Account"]})


def more(control: Control, division: int, _: list[Row]) -> None:
    control.add(division, TERMS, 2)


def late(control: Control, division: int, _: list[Row]) -> None:
    handle = control.begin(division, TERMS)
    control.change(division, TERMS, 2)
    control.commit(division, handle)


@pytest.mark.parametrize(
    "change", [settle, settle_later, reopen, spread, forget, revalue, hand_over, more, late]
)
def test_what_is_open_changes_with_the_terms(
    client: Client, control: Control, division: int, change: Callable[[Control, int, list[Row]], None]
) -> None:
    assert_all(client, control, division)
    for kind in SIDES:
        change(control, division, open_terms(client, control, division, kind))
        assert_all(client, control, division)


def test_a_term_is_as_old_as_the_option_says(client: Client, control: Control, division: int) -> None:
    for kind in SIDES:
        spread(control, division, open_terms(client, control, division, kind))
    assert_ages(client, control, division)
    before = client.rows(OVERVIEW, division)
    control.options(aging_by="due")
    assert_ages(client, control, division, by="DueDate")
    assert client.rows(OVERVIEW, division) != before


def test_debts_grow_older_with_the_days(client: Client, control: Control, division: int) -> None:
    for kind in SIDES:
        spread(control, division, open_terms(client, control, division, kind))
    before = client.rows(OVERVIEW, division)
    control.advance_clock(86_400)
    client.refresh(control.new_login())
    assert_all(client, control, division)
    assert client.rows(OVERVIEW, division) != before


def test_lists_may_be_in_the_currency_of_the_books(client: Client, control: Control, division: int) -> None:
    for kind in SIDES:
        terms = open_terms(client, control, division, kind)
        control.set_row(division, TERMS, {"ID": terms[0]["ID"], "AmountFC": 66.6, "Currency": "USD"})
    assert_lists(client, control, division)
    control.options(open_items_currency="division")
    assert_lists(client, control, division, own=False)


@pytest.mark.parametrize(("status", "in_transit"), [(20, False), (30, True), (40, True)])
def test_what_was_paid_and_is_not_matched_is_in_transit(
    client: Client,
    control: Control,
    division: int,
    status: int,
    in_transit: bool,  # noqa: FBT001
) -> None:
    for kind, side in SIDES.items():
        term = open_terms(client, control, division, kind)[0]
        control.set_row(division, TERMS, {"ID": term["ID"], "Status": status})
        rows = client.rows(f"read/financial/{side}sList", division)
        [row] = [row for row in rows if row["Id"] == term["ID"]]
        assert row["AmountInTransit"] == (row["Amount"] if in_transit else 0)


def test_a_relation_goes_by_its_name_of_now(client: Client, control: Control, division: int) -> None:
    row = client.rows("read/financial/AgingReceivablesList", division)[0]
    control.set_row(division, ACCOUNTS, {"ID": row["AccountId"], "Name": "New & Daughters"})
    rows = client.rows("read/financial/AgingReceivablesList", division)
    assert [each["AccountName"] for each in rows if each["AccountId"] == row["AccountId"]] == [
        "New & Daughters"
    ]

"""Open items, their age, VAT and the consolidation are what the lines and terms make of them, reckoned anew in Python."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from tests.ledger.building import MARTS, Dbt
from tests.ledger.messages import Row, Tables
from tests.ledger.reckoning import (
    CREDITORS,
    DEBTORS,
    PROFIT_AND_LOSS,
    SPECIAL,
    YEAR_END,
    account_types,
    cents,
)
from tests.ledger.warehouses import Warehouse

GROUP = {"Stam": [1000001, 1000002, 1000004]}
"""Three companies, of which the last is in dollars."""
DUE = (0, 30, 60, 90)
EQUITY = {50, 52}


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text[:10])


def marts(warehouse: Warehouse, name: str, condition: str = "true") -> list[dict[str, Any]]:
    query = f"SELECT * FROM {MARTS}.exact_online__{name} WHERE {condition}"  # noqa: S608  names of this test
    return warehouse.rows(query)


@pytest.fixture(scope="session")
def built(landed: Warehouse, dbt: Dbt) -> Warehouse:
    """Return a database with all of the package built, and every test of it passed."""
    made = landed.copy("built")
    outcome = dbt.build(made, variables={"exact_online_group": GROUP}, exclude=("resource_type:unit_test",))
    assert outcome.code == 0, outcome.log
    assert outcome.of("warn") == {"accounts_are_mapped"}  # two accounts of the sandbox have no code of RGS
    return made


def owed(term: Row) -> int:
    """Return what is owed in cents: the sandbox writes what a customer owes as negative, and what we owe as positive."""
    return cents(term["AmountDC"]) * (-1 if term["LineType"] == 20 else 1)


def open_on(terms: list[Row], at: date) -> list[Row]:
    return [
        term for term in terms if term["invoiced"] <= at and (term["ended"] is None or term["ended"] > at)
    ]


def dated(tables: Tables) -> list[Row]:
    return [
        {**row, "invoiced": day(row["InvoiceDate"]), "due": day(row["DueDate"]), "ended": day(row["EndDate"])}
        for row in tables["payment_terms"].rows
    ]


def test_every_age_is_that_of_the_terms_and_of_the_book(built: Warehouse, tables: Tables) -> None:
    found = marts(built, "ageing")
    days = sorted({row["as_of"] for row in found})
    assert len(days) > 50
    assert days[-1] >= datetime.now(UTC).date() - timedelta(days=1)
    terms, types = dated(tables), account_types(tables)
    expected: Counter[tuple[Any, ...]] = Counter()
    for at in days:
        for term in open_on(terms, at):
            late = (at - term["due"]).days
            bucket = sum(late > limit for limit in DUE)
            kind = "receivable" if term["LineType"] == 20 else "payable"
            expected[term["Division"], at, kind, term["Account"], term["Currency"], bucket] += owed(term)
    shown: Counter[tuple[Any, ...]] = Counter()
    for row in found:
        key = (row["division"], row["as_of"], row["kind"], str(row["relation_id"]), row["currency"])
        for bucket, name in enumerate(("not_due", "bucket_1", "bucket_2", "bucket_3", "bucket_4")):
            shown[*key, bucket] += cents(row[name])
    started = {key: amount for key, amount in expected.items() if amount and key[1] in days}
    assert {key: amount for key, amount in shown.items() if amount} == {
        key: amount
        for key, amount in started.items()
        if key[:2] in {(row["division"], row["as_of"]) for row in found}
    }
    book: Counter[tuple[Any, ...]] = Counter()
    for row in tables["transaction_lines"].rows:
        kind = types.get((row["Division"], row["GLAccount"]))
        if kind in {DEBTORS, CREDITORS}:
            side, sign = ("receivable", 1) if kind == DEBTORS else ("payable", -1)
            for at in days[bisect_left(days, date.fromisoformat(row["Date"][:10])) :]:
                book[row["Division"], at, side, row["Account"]] += sign * cents(row["AmountDC"])
    told: Counter[tuple[Any, ...]] = Counter()
    for row in found:
        told[row["division"], row["as_of"], row["kind"], str(row["relation_id"])] += cents(
            row["control_account"]
        )
    assert {key: amount for key, amount in told.items() if amount} == {
        key: amount for key, amount in book.items() if amount
    }
    assert not any(row["difference"] for row in found)


def test_open_items_are_those_of_today(built: Warehouse, tables: Tables) -> None:
    found = {(row["division"], str(row["term_id"])): row for row in marts(built, "open_items")}
    assert len(found) == len(tables["payment_terms"].rows)
    today = datetime.now(UTC).date()
    for term in dated(tables):
        row = found[term["Division"], term["ID"]]
        assert cents(row["amount"]) == owed(term)
        assert cents(row["ledger_amount"]) == -cents(term["AmountDC"])
        assert row["orientation"] == -1
        is_open = term["invoiced"] <= today and (term["ended"] is None or term["ended"] > today)
        assert row["is_open"] == is_open
        assert row["days_late"] == ((today - term["due"]).days if is_open else None)
        assert row["in_transit"] == (term["ended"] is None and term["Status"] in {30, 40})


def test_vat_is_that_of_the_lines(built: Warehouse, tables: Tables) -> None:
    to_pay, to_claim, charged = {"1500", "1505", "1510"}, {"1520"}, "6"
    expected: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in tables["transaction_lines"].rows:
        code, account, amount = row["VATCode"], row["GLAccountCode"], cents(row["AmountDC"])
        place = row["Division"], row["FinancialYear"], row["FinancialPeriod"]
        if account in to_pay | to_claim and row["Type"] not in SPECIAL:
            direction, sign = ("to_pay", -1) if account in to_pay else ("to_claim", 1)
            which = 3 if row["Type"] == 50 else 1
            expected[*place, None if row["Type"] == 50 else code, direction][which] += sign * amount
        elif code:
            vat = (Decimal(amount) * Decimal(str(row["VATPercentage"]))).quantize(Decimal(1), ROUND_HALF_UP)
            sale = row["Type"] in {20, 21} or account.startswith("8")
            ways = (
                (("to_pay", 1), ("to_claim", 1))
                if code == charged
                else ((("to_claim", 1), ("to_pay", -1))[sale],)
            )
            for direction, sign in ways:
                expected[*place, code, direction][0] += sign * amount
                expected[*place, code, direction][2] += sign * int(vat)
    found = {
        tuple(
            row[name] for name in ("division", "financial_year", "financial_period", "vat_code", "direction")
        ): [cents(row[name]) for name in ("base", "vat_booked", "vat_expected", "settled")]
        for row in marts(built, "vat")
    }
    assert found == dict(expected)
    assert any(key[3] == charged for key in found)
    assert sum(settled for *_, settled in found.values())


def rates(tables: Tables) -> dict[date, Decimal]:
    """Return what a dollar is in euros from each day on."""
    return {
        date.fromisoformat(row["StartDate"][:10]): Decimal(str(row["Rate"]))
        for row in tables["exchange_rates"].rows
        if row["Division"] == 1000001 and row["SourceCurrency"] == "USD"
    }


def months(tables: Tables, division: int) -> Iterator[tuple[tuple[int, int], Decimal]]:
    """Yield the periods of a company that has months, in their order, with the rate of each."""
    known = rates(tables)
    for row in sorted(tables["financial_periods"].rows, key=lambda row: row["StartDate"]):
        if row["Division"] == division:
            yield (row["FinYear"], row["FinPeriod"]), known[date.fromisoformat(row["StartDate"][:10])]


def taken_over(kinds: Row, as_booked: dict[str, Decimal], closed: Counter[str], left: Row | None) -> bool:
    """Let equity take over what the year made, at what that was translated at; return whether anything was closed."""
    of_result = [code for code in as_booked if kinds[code] >= PROFIT_AND_LOSS]
    own = sum(closed[code] for code in of_result)
    if own:
        assert left
        assert left["amount"] == left["group_amount"] == 0
        earned = sum((as_booked[code] for code in of_result), Decimal(0))
        as_booked.update(dict.fromkeys(of_result, Decimal(0)))
        for code in closed:
            if kinds[code] in EQUITY:
                as_booked[code] -= earned * closed[code] / own
    return own != 0


def test_three_companies_in_two_currencies_are_one(built: Warehouse, tables: Tables) -> None:
    found = marts(built, "consolidation", "group_name = 'Stam'")
    assert {(row["division"], row["currency"]) for row in found} == {
        (1000001, "EUR"),
        (1000002, "EUR"),
        (1000004, "USD"),
    }
    booked: dict[tuple[int, int], dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for row in tables["transaction_lines"].rows:
        if row["Division"] == 1000004 and row["GLAccount"] and row["Type"] not in YEAR_END:
            sums = booked[row["FinancialYear"], row["FinancialPeriod"]][row["GLAccountCode"]]
            sums[0] += cents(row["AmountDC"])
            sums[1] += 0 if row["Type"] in SPECIAL else cents(row["AmountDC"])
    kinds = {row["Code"]: row["Type"] for row in tables["gl_accounts"].rows if row["Division"] == 1000004}
    shown = {
        (row["financial_year"], row["financial_period"], row["gl_account_code"] or row["account_key"]): row
        for row in found
        if row["division"] == 1000004
    }
    balance: Counter[str] = Counter()
    as_booked: dict[str, Decimal] = defaultdict(Decimal)
    seen = closings = 0
    for period, rate in months(tables, 1000004):
        closed = Counter[str]()
        for code, (net, before_closing) in booked[period].items():
            balance[code] += net
            as_booked[code] += before_closing * rate
            closed[code] = net - before_closing
        closings += taken_over(kinds, as_booked, closed, shown.get((*period, "result_not_booked")))
        total = Decimal(0)
        for code, amount in balance.items():
            row = shown.get((*period, code))
            if row is None:  # a period that is still to come
                continue
            seen += 1
            if kinds[code] >= PROFIT_AND_LOSS:
                wanted = booked[period][code][1] * rate
            elif kinds[code] in EQUITY:
                wanted = as_booked[code]
            else:
                wanted = amount * rate
            assert abs(cents(row["group_amount"]) - wanted) <= 1, (period, code)
            total += 0 if kinds[code] >= PROFIT_AND_LOSS else wanted
        result = sum(value for code, value in as_booked.items() if kinds[code] >= PROFIT_AND_LOSS)
        if (*period, "translation_difference") in shown:
            assert abs(cents(shown[*period, "result_not_booked"]["group_amount"]) - result) <= 1
            difference = cents(shown[*period, "translation_difference"]["group_amount"])
            assert abs(difference + total + result) <= len(balance) + 1
    assert seen > 1000
    assert closings > 2
    assert not any(
        row["group_amount"]
        for row in found
        if row["account_key"] == "translation_difference" and row["currency"] == "EUR"
    )
    assert any(row["group_amount"] for row in found if row["account_key"] == "translation_difference")


def test_what_count_counts_is_told(built: Warehouse) -> None:
    assert {row["reading"] for row in marts(built, "count_readings")} == {"lines"}

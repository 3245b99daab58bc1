"""What the page of the ledger says that can be asked has an answer, on both databases."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.docs.pages import page
from tests.ledger.building import MARTS, Dbt
from tests.ledger.messages import Tables
from tests.ledger.reckoning import SPECIAL, YEAR_END, account_types, alive, cents
from tests.ledger.warehouses import Warehouse

COSTS = {111, 120, 121, 122, 123, 125, 126}
"""Types of accounts that hold what it costs to operate."""
QUESTIONS = [block.body for block in page("ledger.md").blocks if block.kind == "sql"]


@pytest.fixture(scope="module")
def built(dbt: Dbt, landed: Warehouse) -> Warehouse:
    made = landed.copy("questions")
    ended = dbt.build(made, command="run")
    assert ended.code == 0, ended.log
    return made


@pytest.fixture(scope="module", autouse=True)
def _with_seeds(dbt: Dbt, landed: Warehouse) -> None:
    ended = dbt.build(landed, command="seed")
    assert ended.code == 0, ended.log


@pytest.mark.parametrize("number", range(len(QUESTIONS)))
def test_a_question_has_an_answer(built: Warehouse, number: int) -> None:
    question = QUESTIONS[number]
    found = built.rows(question.rstrip().rstrip(";"))
    if "verdict <>" not in question:  # of a ledger that is whole nothing is off
        assert found


def answer(built: Warehouse, part: str) -> list[dict[str, Any]]:
    """Return what is found by the only question that has this in it."""
    (question,) = (each for each in QUESTIONS if part in each)
    return built.rows(question.rstrip().rstrip(";"))


def test_a_year_ends_with_its_last_period(built: Warehouse, tables: Tables) -> None:
    assets = Counter[int]()
    sides = {
        (row["division"], row["gl_account_id"]): row["side"]
        for row in built.rows(f"SELECT * FROM {MARTS}.exact_online__chart_of_accounts")  # noqa: S608  a name of this test
    }
    for line in alive(tables)["transaction_lines"].rows:
        account = (line["Division"], line["GLAccount"])
        if line["FinancialYear"] <= 2025 and line["Type"] not in YEAR_END and sides[account] == "assets":
            assets[line["Division"]] += cents(line["AmountDC"])
    found = Counter[tuple[int, str]]()
    for row in answer(built, "year_end"):
        found[row["division"], row["side"]] += cents(row["amount"])
    for division, amount in assets.items():
        assert found[division, "assets"] == found[division, "equity_and_liabilities"] == amount
    assert any(row["FinPeriod"] == 13 for row in tables["financial_periods"].rows)


def test_a_month_ends_once_for_each_company(built: Warehouse) -> None:
    rows = built.rows(
        f"SELECT DISTINCT division, calendar_month, financial_year, financial_period, is_last_of_month"  # noqa: S608  a name of this test
        f" FROM {MARTS}.exact_online__consolidation"
    )
    ends = Counter((row["division"], row["calendar_month"]) for row in rows)
    assert 2 in ends.values()
    last = Counter((row["division"], row["calendar_month"]) for row in rows if row["is_last_of_month"])
    assert last == dict.fromkeys(ends, 1)


def test_costs_are_those_of_the_accounts_of_costs(built: Warehouse, tables: Tables) -> None:
    types = account_types(tables)
    costs = sum(
        cents(line["AmountDC"])
        for line in alive(tables)["transaction_lines"].rows
        if line["FinancialYear"] == 2025
        and line["Type"] not in SPECIAL
        and types.get((line["Division"], line["GLAccount"])) in COSTS
    )
    assert sum(cents(row["costs"]) for row in answer(built, "AS costs")) == costs


def test_the_vat_of_a_quarter_goes_by_dates(built: Warehouse, tables: Tables) -> None:
    inside = {
        (row["Division"], row["FinYear"], row["FinPeriod"])
        for row in tables["financial_periods"].rows
        if row["StartDate"][:10] >= "2025-04-01" and row["EndDate"][:10] <= "2025-06-30"
    }
    rows = built.rows(f"SELECT * FROM {MARTS}.exact_online__vat")  # noqa: S608  a name of this test
    wanted = Counter[int]()
    for row in rows:
        if (row["division"], row["financial_year"], row["financial_period"]) in inside:
            wanted[row["division"]] += cents(row["vat_booked"])
    found = Counter[int]()
    for row in answer(built, "p.first_day"):
        found[row["division"]] += cents(row["vat"])
    assert found == wanted
    assert {period for *_, period in inside} > {4, 5, 6}  # a year from July has other numbers

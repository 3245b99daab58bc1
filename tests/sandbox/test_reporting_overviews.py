"""Result, revenue, opening balances, classifications, closed periods and VAT returns follow from the lines that are alive."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tap_exact_online.sandbox.control import Control
from tests.conftest import Sandbox, StartSandbox
from tests.sandbox.books import (
    BALANCES,
    CLOSING,
    LINES,
    Key,
    Row,
    accounts_of,
    currency_of,
    exact,
    lines_of,
    sums_of,
    told_balances,
)
from tests.sandbox.client import Client, page
from tests.sandbox.reckoned import (
    OPENINGS,
    PERIODS,
    RESULT,
    assert_opening,
    assert_result,
    current_period,
    day,
)

JOURNALS = "financial/Journals"
SCHEMES = "financial/GLSchemes"
MAPPINGS = "financial/GLAccountClassificationMappings"
REVENUE = "read/financial/RevenueList"
STATUSES = "read/financial/JournalStatusList"
VAT_RETURN = 50
RETURNS = "read/financial/Returns"
BY_CLASSIFICATION = "read/financial/ReportingBalanceByClassification"


@pytest.fixture(autouse=True)
def generous(control: Control) -> None:
    control.options(minute_limit=10**6, day_limit=10**6, contract_limit=10**6)


def lines_in_result(client: Client, division: int, year: int) -> list[Row]:
    accounts = accounts_of(client, division)
    return [
        row
        for row in lines_of(client, division)
        if row["GLAccount"]
        and accounts[row["GLAccount"]]["BalanceType"] == "W"
        and row["FinancialYear"] == year
        and row["Type"] not in CLOSING
    ]


def test_the_result_follows_from_the_lines(client: Client, control: Control, division: int) -> None:
    row = assert_result(client, control, division)
    assert row["RevenueCurrentYear"] or row["RevenuePreviousYear"]
    assert row["CostsCurrentYear"]
    assert row["CostsPreviousYear"]
    [first, second, *_] = lines_in_result(client, division, row["CurrentYear"])
    control.delete(division, LINES, ids=[first["ID"]])
    control.set_row(division, LINES, {"ID": second["ID"], "AmountDC": -123_456.78})
    control.add(division, LINES, 2)
    after = assert_result(client, control, division)
    assert after["ResultCurrentYear"] != row["ResultCurrentYear"]


def test_what_closes_a_year_is_not_in_its_result(client: Client, control: Control, division: int) -> None:
    before = assert_result(client, control, division)
    line, *_ = lines_in_result(client, division, before["PreviousYear"])
    control.set_row(division, LINES, {"ID": line["ID"], "Type": 310})
    after = assert_result(client, control, division)
    assert exact(after["ResultPreviousYear"]) == exact(before["ResultPreviousYear"]) + exact(line["AmountDC"])


def test_this_year_is_the_year_of_today(start_sandbox: StartSandbox) -> None:
    sandbox: Sandbox = start_sandbox(divisions=1, rows=400, minute_limit=10**6, token_limit=10**6)
    control, division = sandbox.control, 1000001
    control.advance_clock(datetime(2024, 5, 17, tzinfo=UTC).timestamp() - control.now())
    client = Client(sandbox, control.new_login())
    client.refresh()
    row = assert_result(client, control, division)
    assert (row["CurrentYear"], row["CurrentPeriod"]) == (2024, 5)
    for path in OPENINGS:
        years = {each["ReportingYear"] for each in client.rows(f"openingbalance/{path}", division)}
        assert years == {2024 if path.startswith("Current") else 2023}


def test_revenue_by_period_follows_from_the_lines(client: Client, control: Control, division: int) -> None:
    for change in (
        lambda: None,
        lambda: control.delete(division, LINES, 9),
        lambda: control.add(division, LINES),
    ):
        change()
        accounts = accounts_of(client, division)
        expected: dict[Key, Decimal] = defaultdict(Decimal)
        for row in lines_of(client, division):
            if row["GLAccount"] and accounts[row["GLAccount"]]["Type"] == 110 and row["Type"] not in CLOSING:
                expected[row["FinancialYear"], row["FinancialPeriod"]] -= exact(row["AmountDC"])
        rows = client.rows(REVENUE, division)
        assert {(row["Year"], row["Period"]): exact(row["Amount"]) for row in rows} == expected
        assert len(rows) == len(expected) > 12


@pytest.mark.parametrize("path", OPENINGS)
def test_opening_balances_follow_from_the_lines(
    client: Client, control: Control, division: int, path: str
) -> None:
    assert assert_opening(client, control, division, path)
    year, _ = current_period(client, control, division)
    year -= path.startswith("Previous")
    lines = [row for row in lines_of(client, division) if row["FinancialYear"] < year]
    control.set_row(division, LINES, {"ID": lines[0]["ID"], "Status": 20})
    control.set_row(division, LINES, {"ID": lines[-1]["ID"], "Type": 328})
    control.delete(division, LINES, ids=[lines[3]["ID"], lines[4]["ID"]])
    control.add(division, LINES, 1)
    assert_opening(client, control, division, path)
    for row in lines_of(client, division):
        if row["GLAccount"] == lines[0]["GLAccount"]:
            control.set_row(division, LINES, {"ID": row["ID"], "AmountDC": 0.0})
    assert lines[0]["GLAccount"] not in assert_opening(client, control, division, path)


def test_amounts_of_opening_balances_may_stand_on_the_side_of_the_account(
    client: Client, control: Control, division: int
) -> None:
    path = "openingbalance/CurrentYear/AfterEntry"
    debit = {row["GLAccount"]: row for row in client.rows(path, division)}
    control.options(opening_amounts="side")
    own = {row["GLAccount"]: row for row in client.rows(path, division)}
    accounts = accounts_of(client, division)
    sides = {"D": 1, "C": -1}
    assert {row["BalanceSide"] for row in own.values()} == {*sides}
    for account, row in own.items():
        assert row["BalanceSide"] == accounts[account]["BalanceSide"]
        assert row["GLAccountCode"] == accounts[account]["Code"]
        assert row["Amount"] == sides[row["BalanceSide"]] * debit[account]["Amount"]


def test_balances_by_classification_are_the_balances_of_the_accounts_it_has(
    client: Client, control: Control, division: int
) -> None:
    for change in (
        lambda: None,
        lambda: control.delete(division, LINES, 9),
        lambda: control.add(division, LINES),
    ):
        change()
        sums = sums_of(lines_of(client, division))
        mappings = client.rows(MAPPINGS, division)
        seen = 0
        for scheme in client.rows(SCHEMES, division):
            of_scheme = [row for row in mappings if row["GLSchemeID"] == scheme["ID"]]
            expected = sorted(
                (mapping["ClassificationCode"].strip(), *map(str, key), each.amount, each.lines)
                for mapping in of_scheme
                for key, each in sums.items()
                if key[2] == mapping["GLAccount"] and key[0] == 2023
            )
            url = (
                f"{client.url(BY_CLASSIFICATION, division)}?glScheme=guid'{scheme['ID']}'&reportingYear=2023"
            )
            rows, link = page(client.fetch(url))
            while link is not None:
                more, link = page(client.fetch(link))
                rows += more
            told = sorted(
                (row["ClassificationCode"].strip(), *map(str, key), amounts[0], int(amounts[3]))
                for row in rows
                for key, amounts in told_balances([row]).items()
            )
            assert told == expected
            assert len({row["ID"] for row in rows}) == len(rows)
            assert {row["GLScheme"] for row in rows} <= {scheme["ID"]}
            seen += len(rows)
        assert seen > 20


def test_every_period_of_every_journal_has_a_status(client: Client, control: Control, division: int) -> None:
    control.add(division, JOURNALS)
    journals = {row["Code"]: row for row in client.rows(JOURNALS, division)}
    periods = {(row["FinYear"], row["FinPeriod"]) for row in client.rows(PERIODS, division)}
    rows = client.rows(STATUSES, division)
    found = {(row["Journal"], row["Year"], row["Period"]) for row in rows}
    assert found == {(code, *place) for code in journals for place in periods}
    assert len(rows) == len(found)
    for row in rows:
        journal = journals[row["Journal"]]
        assert (row["JournalDescription"], row["JournalType"]) == (journal["Description"], journal["Type"])


def open_years(client: Client, division: int) -> set[int]:
    return {row["Year"] for row in client.rows(STATUSES, division) if row["Status"] == 0}


def test_a_year_with_a_closing_entry_is_closed_as_are_those_before(
    client: Client, control: Control, division: int
) -> None:
    years = {row["FinYear"] for row in client.rows(PERIODS, division)}
    lines = lines_of(client, division)
    last = [row for row in lines if row["FinancialYear"] == max(years) and row["GLAccount"]]
    line = next(row for row in last if row["Type"] not in CLOSING)
    assert max(years) in open_years(client, division)
    control.set_row(division, LINES, {"ID": line["ID"], "Type": 310})
    assert open_years(client, division) == set()
    control.delete(division, LINES, ids=[line["ID"]])
    assert max(years) in open_years(client, division)
    closing = [row["ID"] for row in lines if row["Type"] == 310 and row["FinancialYear"] == 2023]
    later = [row["ID"] for row in lines if row["Type"] == 310 and row["FinancialYear"] > 2023]
    if closing:
        control.delete(division, LINES, ids=closing + later)
        assert {2023, *years} - {*range(2023)} <= open_years(client, division) | {*range(2023)}


def quarter(moment: str) -> int:
    at = datetime.fromtimestamp(day(moment) / 1000, UTC)
    return at.year * 4 + (at.month - 1) // 3


def test_vat_returns_follow_from_the_entries_that_book_them(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox(divisions=3, rows=900, minute_limit=10**6, token_limit=10**6)
    control, client = sandbox.control, Client(sandbox, sandbox.control.new_login())
    client.refresh()
    for division in (1000001, 1000002, 1000003):
        assert_returns(client, division)
        lines = client.rows(LINES, division, select="ID,EntryID,Type")
        booked = [row for row in lines if row["Type"] == VAT_RETURN]
        control.delete(
            division, LINES, ids=[row["ID"] for row in booked if row["EntryID"] == booked[0]["EntryID"]]
        )
        control.set_row(division, LINES, {"ID": booked[-1]["ID"], "AmountDC": 1000.0})
        before = len(client.rows(RETURNS, division))
        assert_returns(client, division)
        control.delete(
            division, LINES, ids=[row["ID"] for row in booked if row["EntryID"] == booked[-1]["EntryID"]]
        )
        assert_returns(client, division)
        assert len(client.rows(RETURNS, division)) == before - 1


def assert_returns(client: Client, division: int) -> None:
    """A return is what an entry of its type, in the month after the quarter, books off the accounts of the VAT codes."""
    codes = client.rows("vat/VATCodes", division)
    of_vat = {row[name] for row in codes for name in ("GLToPay", "GLToClaim")}
    expected: dict[int, Decimal] = defaultdict(Decimal)
    for row in client.rows(LINES, division, select="Type,GLAccount,AmountDC,Date"):
        if row["Type"] == VAT_RETURN and row["GLAccount"] in of_vat:
            expected[quarter(row["Date"]) - 1] += exact(row["AmountDC"])
    rows = client.rows(RETURNS, division)
    assert {row["Year"] * 4 + row["Period"] - 1: exact(row["Amount"]) for row in rows} == expected
    assert len({row["DocumentID"] for row in rows}) == len(rows) == len(expected) > 4
    currency = currency_of(client, division)
    assert {(row["Type"], row["Frequency"], row["Currency"]) for row in rows} == {(31, "Q", currency)}


def test_overviews_are_of_one_division(client: Client, control: Control, division: int) -> None:
    other = control.add_division()
    before = client.rows(RESULT, other), client.rows(REVENUE, other), client.rows(BALANCES, other)
    assert before[0] != client.rows(RESULT, division)
    control.delete(division, LINES, 20)
    assert before == (client.rows(RESULT, other), client.rows(REVENUE, other), client.rows(BALANCES, other))

"""One set of books makes everything: the identities of bookkeeping hold over HTTP, whatever the calendar and the reading."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import pytest

from tests.sandbox.client import Client
from tests.sandbox.ledgers import INVOICES, PERIODS, TERMS, Books, cents, grouped, total

YEAR_ENDS, CLOSING, OPENING, RETURN, REVALUATION, DIFFERENCE = (327, 328), 310, 10, 50, 80, 82
DAYS = (date(2021, 8, 20), date(2023, 12, 31), date(2025, 9, 13))


def of_result(row: dict[str, Any]) -> bool:
    return bool(row["BalanceType"] == "W")


def test_every_entry_adds_up_to_zero(books: Books) -> None:
    entries = grouped(books.lines, lambda row: row["EntryID"])
    assert len(entries) > 600
    for entry in entries.values():
        assert len({row["EntryNumber"] for row in entry}) == 1
        assert total(entry) == 0
        assert len({row["Currency"] for row in entry}) == 1
        assert total(entry, "AmountFC") == 0
        numbers = [row["LineNumber"] for row in entry]
        assert len(set(numbers)) == len(numbers)
        assert (
            len({(row["Type"], row["FinancialYear"], row["FinancialPeriod"], row["Status"]) for row in entry})
            == 1
        )


def test_the_trial_balance_of_every_period_is_zero(books: Books) -> None:
    periods = grouped(books.lines, lambda row: (row["FinancialYear"], row["FinancialPeriod"]))
    known = {(row["FinYear"], row["FinPeriod"]) for row in books.rows(PERIODS)}
    assert set(periods) <= known
    assert len(periods) >= 60
    assert not any(total(rows) for rows in periods.values())


def test_periods_follow_each_other_and_hold_their_lines(books: Books) -> None:
    periods = sorted(books.rows(PERIODS), key=lambda row: (row["FinYear"], row["FinPeriod"]))
    for before, after in itertools.pairwise(periods):
        assert after["StartDate"] == before["EndDate"] + timedelta(days=1)
    spans = {(row["FinYear"], row["FinPeriod"]): (row["StartDate"], row["EndDate"]) for row in periods}
    for line in books.lines:
        first, last = spans[line["FinancialYear"], line["FinancialPeriod"]]
        assert first <= line["Date"] <= last


def test_the_kinds_of_calendars(started: dict[str, Client]) -> None:
    expected: dict[int, tuple[str, dict[int, int], date]] = {
        0: ("EUR", dict.fromkeys(range(2021, 2026), 12), date(2022, 1, 1)),
        1: ("EUR", {2021: 6, **dict.fromkeys(range(2022, 2027), 12)}, date(2021, 7, 1)),
        2: ("EUR", dict.fromkeys(range(2021, 2026), 13), date(2022, 1, 1)),
        3: ("USD", dict.fromkeys(range(2021, 2026), 12), date(2022, 1, 1)),
        4: ("EUR", dict.fromkeys(range(2021, 2026), 12), date(2022, 1, 1)),
    }
    client = started["as seen"]
    listed = {row["Code"]: row for row in client.rows("system/Divisions", 1_000_001)}
    for place, (currency, years, second) in expected.items():
        periods = Books(client, 1_000_001 + place, {}).rows(PERIODS)
        assert listed[1_000_001 + place]["Currency"] == currency
        assert {
            year: len(rows) for year, rows in grouped(periods, lambda row: row["FinYear"]).items()
        } == years
        [first] = [row for row in periods if (row["FinYear"], row["FinPeriod"]) == (2022, 1)]
        assert first["StartDate"] == second
        assert min(row["StartDate"] for row in periods) == date(2021, 1, 1)


def test_open_terms_are_the_control_accounts_on_any_day(books: Books) -> None:
    sign = -1 if books.options["term_sign"] == "negative" else 1
    for moment in (*DAYS, date(2025, 12, 31)):
        for line_type, account_type in ((20, 20), (22, 22)):
            terms = [
                row
                for row in books.rows(TERMS)
                if row["LineType"] == line_type
                and row["InvoiceDate"] <= moment
                and (row["EndDate"] is None or row["EndDate"] > moment)
            ]
            held = books.balance(lambda row: row["Type"] == account_type, moment, YEAR_ENDS)  # noqa: B023 - used at once
            assert terms
            assert sign * total(terms) == held != 0


def test_terms_are_parts_of_the_lines_on_control_accounts(books: Books) -> None:
    lines = {row["ID"]: row for row in books.lines}
    periods = {(row["FinYear"], row["FinPeriod"]): row for row in books.rows(PERIODS)}
    sign = -1 if books.options["term_sign"] == "negative" else 1
    split, open_parts = 0, 0
    for identity, terms in grouped(books.rows(TERMS), lambda row: row["TransactionID"]).items():
        line = lines[identity]
        assert sign * total(terms) == cents(line["AmountDC"])
        assert sign * total(terms, "AmountFC") == cents(line["AmountFC"])
        split += len(terms) > 1
        open_parts += any(row["EndDate"] for row in terms) and not all(row["EndDate"] for row in terms)
        for term in terms:
            assert term["TransactionEntryID"] == line["EntryID"]
            assert cents(term["TransactionAmountDC"]) == cents(line["AmountDC"])
            assert (term["GLAccount"], term["Account"]) == (line["GLAccount"], line["Account"])
            assert term["TransactionReportingPeriod"] == line["FinancialPeriod"]
            assert term["AmountFC"] * term["RateFC"] == pytest.approx(term["AmountDC"], abs=0.02)
            assert (term["Status"] == 50) is (term["EndDate"] is not None) is term["IsFullyPaid"]
            if term["EndDate"] is not None:
                ended = periods[term["EndYear"], term["EndPeriod"]]
                assert ended["StartDate"] <= term["EndDate"] <= ended["EndDate"]
    assert split > 40
    assert open_parts > 10
    assert {20, 50} < {row["Status"] for row in books.rows(TERMS)} <= {20, 30, 40, 50}
    receivable = [row for row in books.rows(TERMS) if row["LineType"] == 20 and row["TransactionType"] == 20]
    assert {row["TransactionAmountDC"] > 0 for row in receivable} == {True}
    assert {row["AmountDC"] > 0 for row in receivable} == {sign > 0}


def test_a_later_part_names_the_entry_that_split_it_off(books: Books) -> None:
    entries = {row["EntryID"]: row["EntryNumber"] for row in books.lines}
    apart = [row for row in books.rows(TERMS) if row["EntryID"] != row["TransactionEntryID"]]
    assert len(apart) > 20
    assert all(entries[row["EntryID"]] == row["EntryNumber"] for row in books.rows(TERMS))


def test_vat_is_what_its_code_says_of_its_base(books: Books) -> None:
    codes = {row["Code"]: row for row in books.rows("vat/VATCodes")}
    accounts = books.accounts
    for code in codes.values():
        assert {accounts[code[name]]["Type"] for name in ("GLToPay", "GLToClaim")} == {24}
        assert accounts[code["GLToPay"]]["Code"] == code["GLToPayCode"]
    assert {row["Type"] for row in codes.values()} == {"B", "E", "I", "N"}
    booked = [row for row in books.lines if row["VATCode"] and row["LineNumber"] >= 9000]
    assert len(booked) > 150
    for line in booked:
        code = codes[line["VATCode"]]
        assert line["VATPercentage"] == code["Percentage"]
        assert line["AmountVATBaseFC"] * line["VATPercentage"] == pytest.approx(
            line["AmountVATFC"], abs=0.011
        )
        assert cents(line["AmountVATFC"]) == cents(line["AmountFC"])
        assert line["GLAccount"] in {code["GLToPay"], code["GLToClaim"]}
    for entry in grouped(books.lines, lambda row: row["EntryID"]).values():
        for code, rows in grouped(
            (row for row in entry if row["VATCode"]), lambda row: row["VATCode"]
        ).items():
            plain = [row for row in rows if row["LineNumber"] < 9000]
            vat = [row for row in rows if row["LineNumber"] >= 9000]
            assert total(plain, "AmountVATBaseFC") == total(plain, "AmountFC")
            if codes[code]["Charged"]:
                assert total(vat, "AmountFC") == 0
                assert len(vat) == 2
                assert vat[0]["AmountFC"]
            elif vat:
                assert total(plain, "AmountVATBaseFC") == total(vat, "AmountVATBaseFC")
                assert total(plain, "AmountVATFC") == total(vat, "AmountFC")
            else:
                assert codes[code]["Percentage"] == 0
    assert any(codes[row["VATCode"]]["Charged"] for row in booked)


def test_percentages_are_those_of_the_codes(books: Books) -> None:
    moment = date(2023, 5, 5)
    rows = [
        row
        for row in books.rows("vat/VatPercentages")
        if row["StartDate"] <= moment and (row["EndDate"] is None or row["EndDate"] >= moment)
    ]
    assert {row["VATCodeID"]: row["Percentage"] for row in rows} == {
        row["ID"]: row["Percentage"] for row in books.rows("vat/VATCodes")
    }


def test_vat_returns_settle_the_quarters_before_them(books: Books) -> None:
    returned = [row for row in books.lines if row["Type"] == RETURN]
    assert len({row["EntryID"] for row in returned}) == 19
    last = date(2025, 9, 30)
    for account, row in books.accounts.items():
        if row["Type"] != 24 or row["Code"] == "1540":
            continue
        moved = [each for each in books.lines if each["GLAccount"] == account]
        booked = [each for each in moved if each["Type"] not in {RETURN, *YEAR_ENDS} and each["Date"] <= last]
        assert booked
        assert total(booked) == -total(each for each in moved if each["Type"] == RETURN) != 0
    due = [row for row in returned if row["GLAccountCode"] == "1540"]
    paid = [row for row in books.lines if row["GLAccountCode"] == "1540" and row["Type"] == 40]
    assert total(due) == -total(paid) != 0


def test_closed_years_are_closed_by_310_alone(books: Books) -> None:
    accounts = books.accounts
    closing = [row for row in books.lines if row["Type"] == CLOSING]
    if books.options["closing"] == "none":
        assert not closing
        return
    assert len({row["EntryID"] for row in closing}) == len(books.closed) >= 4
    for year in books.closed:
        result = [
            row
            for row in books.lines
            if row["FinancialYear"] == year and row["GLAccount"] and of_result(accounts[row["GLAccount"]])
        ]
        for account in grouped(
            result, lambda row: (row["GLAccount"], row["CostCenter"], row["CostUnit"])
        ).values():
            assert total(account) == 0
        before = total(row for row in result if row["Type"] != CLOSING)
        assert before != 0
        last = max(row["FinPeriod"] for row in books.rows(PERIODS) if row["FinYear"] == year)
        ended = [row for row in closing if row["FinancialYear"] == year]
        assert {row["FinancialPeriod"] for row in ended} == {last}
        kept = [
            row
            for row in ended
            if row["GLAccount"] and not of_result(accounts[row["GLAccount"]]) and row["AmountDC"]
        ]
        assert [accounts[row["GLAccount"]]["Type"] for row in kept] == [52]
        assert total(kept) == before
    newest = total(
        row
        for row in books.lines
        if row["FinancialYear"] not in books.closed
        and row["GLAccount"]
        and of_result(accounts[row["GLAccount"]])
    )
    assert newest != 0


def test_years_may_end_with_all_balances_taken_off(books: Books) -> None:
    ends = [row for row in books.lines if row["Type"] in YEAR_ENDS]
    if books.options["year_end"] == "none":
        assert not ends
        return
    assert total(row for row in ends if row["GLAccountCode"] == "1300") == 0
    for moment in {row["Date"] for row in ends if row["Type"] == 327}:
        for code in ("1100", "1300", "0500"):
            assert books.balance(lambda row: row["Code"] == code, moment) == 0  # noqa: B023 - used at once
            after = books.balance(lambda row: row["Code"] == code, moment + timedelta(days=1), YEAR_ENDS)  # noqa: B023
            assert after == books.balance(lambda row: row["Code"] == code, moment + timedelta(days=1)) != 0  # noqa: B023


def test_every_type_of_account_is_booked_on(books: Books) -> None:
    booked = {
        books.accounts[row["GLAccount"]]["Type"]
        for row in books.lines
        if row["GLAccount"] and row["AmountDC"]
    }
    balance = {10, 12, 14, 16, 20, 21, 22, 24, 25, 26, 27, 29, 30, 32, 35, 40, 50, 52, 55, 60, 90, 100}
    assert booked == balance | {110, 111, 120, 121, 122, 123, 125, 126, 130, 140, 150, 160}
    assert {10, 20, 21, 30, 31, 40, 50, 80, 82, 90} <= {row["Type"] for row in books.lines}


def test_rates_move_and_are_those_of_the_lines(books: Books) -> None:
    [own] = {row["TargetCurrency"] for row in books.rows("financial/ExchangeRates")}
    rates = sorted(books.rows("financial/ExchangeRates"), key=lambda row: row["StartDate"])
    by_source = grouped(rates, lambda row: row["SourceCurrency"])
    assert set(by_source) == ({"EUR", "GBP"} if own == "USD" else {"USD", "GBP"})
    assert all(len({row["Rate"] for row in each}) > 50 for each in by_source.values())
    abroad = [row for row in books.lines if row["Currency"] != own]
    assert {row["Currency"] for row in abroad} == set(by_source)
    for line in abroad:
        if line["Type"] in {DIFFERENCE, REVALUATION}:
            assert line["AmountFC"] == 0
            continue
        rate = [row["Rate"] for row in by_source[line["Currency"]] if row["StartDate"] <= line["Date"]][-1]
        assert line["ExchangeRate"] == rate
        assert line["AmountDC"] == pytest.approx(line["AmountFC"] * rate, abs=0.011)
    home = [row for row in books.lines if row["Currency"] == own]
    assert all(cents(row["AmountDC"]) == cents(row["AmountFC"]) and row["ExchangeRate"] == 1 for row in home)
    differences = [row for row in books.lines if row["Type"] == DIFFERENCE and row["AmountDC"]]
    assert {row["GLAccountCode"] for row in differences} == {"1300", "1600", "4910"}


def test_a_bank_holds_what_its_journal_booked(books: Books) -> None:
    journals = [
        row for row in books.rows("financial/Journals") if row["Type"] == 10 or row["BankAccountIBAN"]
    ]
    assert {row["Type"] for row in journals} == {10, 12}
    assert len(journals) == 4
    for journal in journals:
        assert books.accounts[journal["GLAccount"]]["Type"] == journal["GLAccountType"]
        on_it = [row for row in books.lines if row["GLAccount"] == journal["GLAccount"]]
        own = [row for row in on_it if row["JournalCode"] == journal["Code"]]
        assert {row["Type"] for row in on_it if row["JournalCode"] != journal["Code"]} <= {
            OPENING,
            REVALUATION,
            *YEAR_ENDS,
        }
        assert {row["LineNumber"] for row in own} == {0}
        whole = [row for row in books.lines if row["JournalCode"] == journal["Code"]]
        assert own
        assert total(own) == -total(row for row in whole if row["LineNumber"])


def test_cost_centers_stand_on_lines_of_the_result_alone(books: Books) -> None:
    accounts = books.accounts
    with_center = [row for row in books.lines if row["CostCenter"]]
    assert len({row["CostCenter"] for row in with_center}) > 5
    assert all(of_result(accounts[row["GLAccount"]]) for row in with_center)
    assert all(row["CostCenter"] for row in books.lines if row["CostUnit"])
    known = {row["Code"] for row in books.rows("hrm/Costcenters")}
    assert {row["CostCenter"] for row in with_center} <= known


def test_sales_invoices_are_the_entries_that_book_them(books: Books) -> None:
    entries = grouped((row for row in books.lines if row["Type"] == 20), lambda row: row["InvoiceNumber"])
    invoices = grouped(books.rows(INVOICES), lambda row: row["InvoiceNumber"])
    assert set(invoices) == set(entries)
    for number, invoice in invoices.items():
        booked = {row["LineNumber"]: abs(cents(row["AmountDC"])) for row in entries[number]}
        assert {row["LineNumber"]: abs(cents(row["AmountDC"])) for row in invoice} == booked
        assert {row["InvoiceTo"] for row in invoice} == {row["Account"] for row in entries[number]}


def test_the_newest_entries_are_not_all_processed(books: Books) -> None:
    waiting = [row for row in books.lines if row["Status"] == 20]
    assert waiting
    newest = max((row["FinancialYear"], row["FinancialPeriod"]) for row in books.lines)
    assert {(row["FinancialYear"], row["FinancialPeriod"]) for row in waiting} == {newest}
    assert {row["Status"] for row in books.lines} == {20, 50}


def test_the_books_begin_with_an_opening_balance(books: Books) -> None:
    opening = [row for row in books.lines if row["Type"] == OPENING]
    assert {row["Date"] for row in opening} == {date(2021, 1, 1)}
    assert len({row["EntryID"] for row in opening}) == 1
    assert {row["FinancialPeriod"] for row in opening} == {1}
    assert not any(of_result(books.accounts[row["GLAccount"]]) for row in opening if row["GLAccount"])


def test_what_line_0_of_a_memorial_entry_is(books: Books) -> None:
    headers = [row for row in books.lines if row["Type"] == 90 and row["LineNumber"] == 0]
    assert headers
    reading = books.options["memorial_header"]
    assert {row["GLAccount"] is None for row in headers} == {reading == "none"}
    assert {bool(row["AmountDC"]) for row in headers} == {reading == "control"}

"""The balances are the lines that are alive, added up: worked out here from the lines alone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tap_exact_online.sandbox.control import Control, ControlError
from tests.sandbox.books import (
    BALANCES,
    LEDGER,
    LINES,
    accounts_of,
    expected_balances,
    key_of,
    lines_of,
    told_balances,
)
from tests.sandbox.client import Client, page
from tests.sandbox.reckoned import assert_balances

CENTERS = "hrm/Costcenters"


@pytest.fixture(autouse=True)
def generous(control: Control) -> None:
    control.options(minute_limit=10**6, day_limit=10**6, contract_limit=10**6)


def entry_of_some_lines(client: Client, division: int) -> list[str]:
    """Return the IDs of all lines of an entry in the middle of the books."""
    lines = lines_of(client, division)
    entry = lines[len(lines) // 2]["EntryID"]
    return [row["ID"] for row in lines if row["EntryID"] == entry]


def test_balances_are_the_lines_added_up(client: Client, division: int) -> None:
    assert_balances(client, division)


def test_the_balances_of_all_lines_are_zero(client: Client, division: int) -> None:
    rows = client.rows(BALANCES, division)
    total = sum((amount for amount, *_ in told_balances(rows).values()), Decimal(0))
    assert total == 0


def test_a_year_has_the_balances_of_that_year(client: Client, division: int) -> None:
    whole = {row["ID"]: row for row in client.rows(BALANCES, division)}
    years = sorted({row["ReportingYear"] for row in whole.values()})
    assert len(years) > 1
    parts = {year: client.rows(BALANCES, division, filter=f"ReportingYear eq {year}") for year in years}
    assert {row["ID"]: row for rows in parts.values() for row in rows} == whole
    assert all(row["ReportingYear"] == year for year, rows in parts.items() for row in rows)
    assert client.rows(BALANCES, division, filter="ReportingYear eq 1871") == []


def test_a_page_has_sixty_rows_and_names_the_next(client: Client, division: int) -> None:
    pages = client.pages(BALANCES, division)
    assert [len(rows) for rows in pages[:-1]] == [60] * (len(pages) - 1)
    assert len(pages) > 2
    numbers = [int(row["ID"]) for rows in pages for row in rows]
    assert numbers == sorted(set(numbers))


def test_codes_and_names_are_those_of_the_accounts(client: Client, control: Control, division: int) -> None:
    [account] = {row["GLAccount"] for row in client.rows(BALANCES, division, top="1")}
    control.change(division, LEDGER, ids=[account])
    accounts = accounts_of(client, division)
    assert accounts[account]["Description"].startswith("changed")
    for row in client.rows(BALANCES, division):
        known = accounts[row["GLAccount"]]
        told = row["GLAccountCode"], row["GLAccountDescription"], row["BalanceType"]
        assert told == (known["Code"], known["Description"], known["BalanceType"])
        assert row["Division"] == division


def test_deleted_lines_are_in_no_balance(client: Client, control: Control, division: int) -> None:
    before = told_balances(client.rows(BALANCES, division))
    control.delete(division, LINES, ids=entry_of_some_lines(client, division))
    assert_balances(client, division)
    control.delete(division, LINES, 2)
    assert_balances(client, division)
    assert told_balances(client.rows(BALANCES, division)) != before


def test_a_balance_without_lines_is_gone(client: Client, control: Control, division: int) -> None:
    lines = lines_of(client, division)
    key = key_of(next(row for row in lines if row["GLAccount"] is not None))
    control.delete(division, LINES, ids=[row["ID"] for row in lines if key_of(row) == key])
    told = told_balances(client.rows(BALANCES, division))
    assert key not in told
    assert_balances(client, division)


def test_a_balance_of_zero_exists_where_lines_do(client: Client, control: Control, division: int) -> None:
    lines = lines_of(client, division)
    key = key_of(next(row for row in lines if row["GLAccount"] is not None and row["AmountDC"]))
    for row in lines:
        if key_of(row) == key:
            control.set_row(division, LINES, {"ID": row["ID"], "AmountDC": 0.0})
    told = told_balances(client.rows(BALANCES, division))
    assert told[key][:3] == (0, 0, 0)
    assert told[key][3] > 0
    assert_balances(client, division)


CHANGES = (
    {"AmountDC": 1234.56},
    {"AmountDC": -0.01},
    {"FinancialYear": 2019, "FinancialPeriod": 13},
    {"FinancialPeriod": 0},
    {"Type": 90, "Status": 20},
    {"CostCenter": "KP00003"},
    {"CostCenter": "nowhere", "CostUnit": "KD00001"},
    {"CostCenter": None, "CostUnit": None},
    {"GLAccount": None},
    {"Description": "a text"},
)


@pytest.mark.parametrize("change", CHANGES)
def test_changed_lines_count_as_they_are(
    client: Client, control: Control, division: int, change: dict[str, object]
) -> None:
    assert_balances(client, division)
    lines = lines_of(client, division)
    for row in (lines[0], lines[7], lines[len(lines) // 2], lines[-1]):
        control.set_row(division, LINES, {"ID": row["ID"], **change})
    assert_balances(client, division)


def test_a_line_that_moves_to_another_entry_counts_there(
    client: Client, control: Control, division: int
) -> None:
    control.options(balance_count="entries")
    lines = [row for row in lines_of(client, division) if row["GLAccount"] is not None]
    here, there = next(
        (row, other)
        for row in lines
        for other in lines
        if key_of(row)[2:] == key_of(other)[2:] and row["EntryID"] != other["EntryID"]
    )
    moved = {"ID": here["ID"], "EntryID": there["EntryID"]}
    control.set_row(division, LINES, moved | {"FinancialYear": there["FinancialYear"]})
    control.set_row(division, LINES, {"ID": here["ID"], "FinancialPeriod": there["FinancialPeriod"]})
    strange = "0e0e0e0e-2222-4333-8444-555555555555"
    control.set_row(division, LINES, {"ID": lines[1]["ID"], "EntryID": strange})
    expected = expected_balances(lines_of(client, division), "entries")
    assert told_balances(client.rows(BALANCES, division)) == expected


def test_changed_texts_change_no_balance(client: Client, control: Control, division: int) -> None:
    before = client.rows(BALANCES, division)
    control.change(division, LINES, 20)
    assert client.rows(BALANCES, division) == before


def test_added_lines_count(client: Client, control: Control, division: int) -> None:
    before = told_balances(client.rows(BALANCES, division))
    made = control.add(division, LINES, 5)
    assert_balances(client, division)
    control.set_row(division, LINES, {"ID": made[0], "AmountDC": 99.99})
    control.delete(division, LINES, ids=[made[1]])
    assert_balances(client, division)
    assert told_balances(client.rows(BALANCES, division)) != before


def test_a_line_counts_from_its_commit_on(client: Client, control: Control, division: int) -> None:
    before = told_balances(client.rows(BALANCES, division))
    handle = control.begin(division, LINES)
    assert told_balances(client.rows(BALANCES, division)) == before
    control.add(division, LINES)
    control.commit(division, handle)
    assert_balances(client, division)
    assert told_balances(client.rows(BALANCES, division)) != before


def test_a_line_made_by_hand_counts(client: Client, control: Control, division: int) -> None:
    account = next(iter(accounts_of(client, division)))
    row = {"GLAccount": account, "AmountDC": 10.5, "FinancialYear": 2031, "FinancialPeriod": 2, "Type": 84}
    control.set_row(division, LINES, {"ID": "0d0d0d0d-2222-4333-8444-555555555555", **row})
    [told] = client.rows(BALANCES, division, filter="ReportingYear eq 2031")
    assert (told["Amount"], told["GLAccount"], told["Type"], told["Count"]) == (10.5, account, 84, 1)
    assert_balances(client, division)


def test_a_cost_center_that_goes_by_another_name_does_so_in_its_balances(
    client: Client, control: Control, division: int
) -> None:
    [line] = lines_of(client, division)[:1]
    center = client.rows(CENTERS, division, select="ID,Code")[2]
    control.set_row(division, LINES, {"ID": line["ID"], "CostCenter": center["Code"]})
    control.change(division, CENTERS, ids=[center["ID"]])
    rows = client.rows(BALANCES, division)
    named = {row["CostCenterDescription"] for row in rows if row["CostCenterCode"] == center["Code"]}
    [name] = named
    assert name.startswith("changed")


@pytest.mark.parametrize("reading", ["lines", "nonzero", "entries"])
def test_what_is_counted_is_an_option(client: Client, control: Control, division: int, reading: str) -> None:
    control.options(balance_count=reading)
    lines = lines_of(client, division)
    assert told_balances(client.rows(BALANCES, division)) == expected_balances(lines, reading)
    for row in lines[::17]:
        control.set_row(division, LINES, {"ID": row["ID"], "AmountDC": 0.0})
    control.delete(division, LINES, ids=entry_of_some_lines(client, division))
    control.add(division, LINES, 3)
    lines = lines_of(client, division)
    assert told_balances(client.rows(BALANCES, division)) == expected_balances(lines, reading)


def test_the_readings_of_the_count_differ(client: Client, control: Control, division: int) -> None:
    first, second, third, *_ = (row for row in lines_of(client, division) if row["GLAccount"] is not None)
    control.set_row(division, LINES, {"ID": first["ID"], "AmountDC": 0.0})
    same = (
        "EntryID",
        "GLAccount",
        "CostCenter",
        "CostUnit",
        "Type",
        "Status",
        "FinancialYear",
        "FinancialPeriod",
    )
    control.set_row(division, LINES, {"ID": third["ID"], **{name: second[name] for name in same}})
    lines = lines_of(client, division)
    readings = [expected_balances(lines, reading) for reading in ("lines", "nonzero", "entries")]
    assert readings[0] != readings[1]
    assert readings[0] != readings[2]


@pytest.mark.parametrize("late", [1, 2, 7])
def test_balances_may_be_late_with_the_newest_entries(
    client: Client, control: Control, division: int, late: int
) -> None:
    control.add(division, LINES, 4)  # two entries
    control.options(balances_late=late)
    lines = lines_of(client, division)
    newest = list(dict.fromkeys(row["EntryID"] for row in reversed(lines)))[:late]
    assert len(newest) == late
    known = [row for row in lines if row["EntryID"] not in newest]
    assert told_balances(client.rows(BALANCES, division)) == expected_balances(known)
    control.options(balances_late=0)
    assert_balances(client, division)


def test_numbers_of_balances_are_stable(client: Client, control: Control, division: int) -> None:
    def numbers() -> dict[tuple[object, ...], str]:
        rows = client.rows(BALANCES, division)
        return dict(zip(told_balances(rows), (row["ID"] for row in rows), strict=True))

    before = numbers()
    account = next(iter(accounts_of(client, division)))
    early = {"FinancialYear": 1999, "FinancialPeriod": 1, "GLAccount": account, "AmountDC": 1.0}
    control.set_row(division, LINES, {"ID": "0d0d0d0d-2222-4333-8444-666666666666", **early})
    after = numbers()
    assert len(after) == len(before) + 1
    assert before.items() <= after.items()


def test_numbers_of_balances_may_differ_from_call_to_call(
    client: Client, control: Control, division: int
) -> None:
    stable = client.rows(BALANCES, division)
    control.options(balance_ids="fresh")
    first, second = client.rows(BALANCES, division), client.rows(BALANCES, division)
    assert told_balances(first) == told_balances(second) == told_balances(stable)
    seen = [{row["ID"] for row in rows} for rows in (stable, first, second)]
    assert not seen[0] & seen[1]
    assert not seen[1] & seen[2]
    control.options(balance_ids="stable")
    assert client.rows(BALANCES, division) == stable


def test_what_is_done_to_a_balance_by_hand_stays_over_what_is_computed(
    client: Client, control: Control, division: int
) -> None:
    first, second, *_, third = client.rows(BALANCES, division)
    control.set_row(division, BALANCES, {"ID": int(first["ID"]), "Amount": 12.5})
    control.delete(division, BALANCES, ids=[int(second["ID"])])
    [made] = control.add(division, BALANCES)
    for _ in range(2):
        told = {row["ID"]: row for row in client.rows(BALANCES, division)}
        assert told[first["ID"]]["Amount"] == 12.5
        assert told[first["ID"]]["AmountDebit"] == first["AmountDebit"]
        assert second["ID"] not in told
        assert str(made) in told
        assert third["ID"] in told
        assert len(told) == control.count(division, BALANCES)
        account = next(iter(accounts_of(client, division)))
        control.set_row(
            division,
            LINES,
            {"ID": "0d0d0d0d-2222-4333-8444-777777777777", "FinancialYear": 1990, "GLAccount": account},
        )
    with pytest.raises(ControlError, match="computed from the ledger"):
        control.begin(division, BALANCES)


def test_a_division_that_moves_keeps_its_balances(client: Client, control: Control, division: int) -> None:
    control.delete(division, LINES, 3)
    before = client.rows(BALANCES, division)
    control.move_division(division)
    assert client.rows(BALANCES, division) == before
    assert_balances(client, division)


def test_lines_that_make_no_sense_break_nothing(client: Client, control: Control, division: int) -> None:
    lines = lines_of(client, division)
    for row, value in zip(lines, ("much", 1e300, None, True, [1]), strict=False):
        control.set_row(division, LINES, {"ID": row["ID"], "AmountDC": value, "FinancialYear": "soon"})
    assert page(client.get(BALANCES, division))[0]

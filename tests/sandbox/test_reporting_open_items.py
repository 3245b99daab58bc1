"""Lists of what is open, and its age, follow from the payment terms that are alive today."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tap_exact_online.sandbox.control import Control
from tests.sandbox.books import TERMS, Row
from tests.sandbox.client import Client
from tests.sandbox.reckoned import (
    OVERVIEW,
    SIDES,
    assert_ages,
    assert_all,
    assert_lists,
    midnight,
    open_terms,
)

ACCOUNTS = "sync/CRM/Accounts"


@pytest.fixture(autouse=True)
def generous(control: Control) -> None:
    control.options(minute_limit=10**6, day_limit=10**6, contract_limit=10**6)


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

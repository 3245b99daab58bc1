"""What is computed from the ledger holds for every calendar and currency, and for every reading of what Exact may do."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.conftest import StartSandbox
from tests.sandbox.books import LINES, TERMS, accounts_of, exact, lines_of
from tests.sandbox.client import Client
from tests.sandbox.reckoned import (
    OPENINGS,
    OUTSTANDING,
    SIDES,
    assert_all,
    assert_balances,
    assert_opening,
    assert_result,
)

DIVISIONS = (1000001, 1000002, 1000003, 1000004)  # months, years from July, thirteen periods, dollars
CONTROL_ACCOUNTS = {20: 20, 22: 22}  # the kind of a term, the type of the account
LIMITS = {"minute_limit": 10**6, "day_limit": 10**6, "contract_limit": 10**6, "token_limit": 10**6}
READINGS: tuple[dict[str, str], ...] = (
    {},
    {"memorial_header": "control", "year_end": "balances"},
    {"memorial_header": "none", "term_sign": "positive", "closing": "none"},
)


@pytest.mark.parametrize("reading", READINGS, ids=["usual", "balances end and begin", "nothing is closed"])
def test_every_kind_of_books_is_added_up(start_sandbox: StartSandbox, reading: dict[str, str]) -> None:
    rows = 1400 if "year_end" in reading else 700  # all entries of that reading have to find room
    sandbox = start_sandbox(divisions=len(DIVISIONS), rows=rows, **LIMITS, **reading)
    control, client = sandbox.control, Client(sandbox, sandbox.control.new_login())
    client.refresh()
    for division in DIVISIONS:
        assert_balances(client, division)
        assert_result(client, control, division)
        assert_all(client, control, division)
        for path in OPENINGS:
            opening = assert_opening(client, control, division, path)
            # what earlier years brought was put on the balance sheet when they were closed
            closed = "closing" not in reading
            assert (sum(opening.values()) == 0) is closed, (division, path)
        lines = lines_of(client, division)
        assert ({327, 328} <= {row["Type"] for row in lines}) is ("year_end" in reading)
        entry = lines[len(lines) // 3]["EntryID"]
        control.delete(division, LINES, ids=[row["ID"] for row in lines if row["EntryID"] == entry])
        control.set_row(division, LINES, {"ID": lines[-1]["ID"], "AmountDC": 77.77, "CostCenter": "KP00009"})
        control.add(division, LINES, 3)
        [term, *_] = client.rows(TERMS, division, select="ID")
        control.set_row(division, TERMS, {"ID": term["ID"], "EndDate": None})
        assert_balances(client, division)
        assert_result(client, control, division)
        assert_all(client, control, division)
        for path in OPENINGS:
            assert_opening(client, control, division, path)


def test_what_is_open_is_what_the_accounts_of_customers_and_suppliers_hold(
    start_sandbox: StartSandbox,
) -> None:
    sandbox = start_sandbox(divisions=len(DIVISIONS), rows=700, **LIMITS)
    client = Client(sandbox, sandbox.control.new_login())
    client.refresh()
    for division in DIVISIONS:
        accounts, lines = accounts_of(client, division), lines_of(client, division)
        [row] = client.rows(OUTSTANDING, division)
        for kind, side in SIDES.items():
            amounts = (
                exact(line["AmountDC"])
                for line in lines
                if line["GLAccount"] and accounts[line["GLAccount"]]["Type"] == CONTROL_ACCOUNTS[kind]
            )
            held = sum(amounts, Decimal(0))
            assert exact(row[f"Outstanding{side}InvoiceAmount"]) == (held if side == "Receivable" else -held)
            assert held

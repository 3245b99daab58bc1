"""The two tables that the certificate rests on, written by hand, in PostgreSQL and in DuckDB.

The columns have the types that the package gives them; DuckDB keeps sums of integers in wider ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import psycopg

from demo.postgres import Postgres

SCHEMA = "exact_online_ledger"

_COMPLETENESS: Mapping[str, str] = {
    "division": "bigint",
    "division_code": "varchar",
    "division_name": "varchar",
    "currency": "varchar",
    "financial_year": "int",
    **dict.fromkeys(
        (
            *("groups", "equal_groups", "moving_groups", "missing_here_groups", "only_here_groups"),
            *("differing_groups", "not_read_groups", "lines"),
        ),
        "count",
    ),
    **dict.fromkeys(("amount", "exact_amount", "difference", "result"), "numeric(19,4)"),
    "whole_from_period": "int",
    "lines_read_at": "moment",
    "balances_read_at": "moment",
    "days_since_read": "numeric(19,4)",
    **dict.fromkeys(
        ("result_witness", "opening_witness", "receivables_witness", "payables_witness", "verdict"), "varchar"
    ),
}
_RECONCILIATION: Mapping[str, str] = {
    "division": "bigint",
    "division_name": "varchar",
    "currency": "varchar",
    "financial_year": "int",
    "financial_period": "int",
    "gl_account_id": "varchar",
    "gl_account_code": "varchar",
    "gl_account_name": "varchar",
    "transaction_type": "int",
    "status": "int",
    "cost_center_code": "varchar",
    "cost_unit_code": "varchar",
    **dict.fromkeys(
        ("amount", "exact_amount", "difference", "debit", "exact_debit", "credit", "exact_credit"),
        "numeric(19,4)",
    ),
    "line_count": "count",
    "exact_count": "count",
    "changed_at": "moment",
    "balances_read_at": "moment",
    "verdict": "varchar",
}
_TABLES: Mapping[str, Mapping[str, str]] = {
    "exact_online__completeness": _COMPLETENESS,
    "exact_online__reconciliation": _RECONCILIATION,
}
_TYPES: Mapping[str, Mapping[str, str]] = {
    "postgres": {"count": "bigint", "moment": "timestamp"},
    "duckdb": {"count": "hugeint", "moment": "timestamptz"},
}

Row = Mapping[str, Any]

AT = "2026-11-26 04:30:00"


def year(division: int, financial_year: int | None, **more: Any) -> Row:
    """Return a row of completeness; complete, unless said otherwise."""
    name = {1: "Bakker & Zoon BV", 2: "Holding <b>BV</b>"}.get(division)
    return {
        "division": division,
        "division_code": f"{division}",
        "division_name": name,
        "currency": "EUR",
        "financial_year": financial_year,
        "groups": 120,
        "equal_groups": 120,
        "moving_groups": 0,
        "missing_here_groups": 0,
        "only_here_groups": 0,
        "differing_groups": 0,
        "not_read_groups": 0,
        "lines": 2500,
        "amount": "1234567.8900",
        "exact_amount": "1234567.8900",
        "difference": "0.0000",
        "result": "-4321.1000",
        "whole_from_period": None,
        "lines_read_at": AT,
        "balances_read_at": AT,
        "days_since_read": "0.1",
        "result_witness": "agrees",
        "opening_witness": "agrees",
        "receivables_witness": "does_not_apply",
        "payables_witness": "not_read",
        "verdict": "complete",
        **more,
    }


def group(division: int, financial_year: int, period: int, account: str, **more: Any) -> Row:
    """Return a row of reconciliation; it differs by 10.00, unless said otherwise."""
    names = {"8000": "Omzet", "1300": "Debiteuren", "4000": "Lonen"}
    return {
        "division": division,
        "division_name": None,
        "currency": "EUR",
        "financial_year": financial_year,
        "financial_period": period,
        "gl_account_id": account,
        "gl_account_code": account,
        "gl_account_name": names.get(account),
        "transaction_type": 20,
        "status": 50,
        "cost_center_code": None,
        "cost_unit_code": None,
        "amount": "90.0000",
        "exact_amount": "100.0000",
        "difference": "-10.0000",
        "debit": "90.0000",
        "exact_debit": "100.0000",
        "credit": "0.0000",
        "exact_credit": "0.0000",
        "line_count": 1,
        "exact_count": 2,
        "changed_at": AT,
        "balances_read_at": AT,
        "verdict": "differs",
        **more,
    }


NOT_READ = {
    "equal_groups": 0,
    "not_read_groups": 120,
    "exact_amount": None,
    "difference": None,
    "balances_read_at": None,
    "days_since_read": None,
    "result_witness": "not_read",
    "opening_witness": "not_read",
    "receivables_witness": "not_read",
    "verdict": "not_read",
}
NEVER = {
    "groups": 0,
    "not_read_groups": 0,
    "lines": 0,
    "amount": None,
    "result": None,
    "lines_read_at": None,
}

GREEN = [year(1, 2024), year(1, 2025), year(2, 2025, currency="USD")]
"""Every year is complete."""

RED_YEARS = [
    year(1, 2024),
    year(
        1,
        2025,
        equal_groups=116,
        missing_here_groups=1,
        differing_groups=2,
        only_here_groups=1,
        difference="1030.0000",
        result_witness="differs",
        verdict="different",
    ),
    year(2, 2025, equal_groups=119, moving_groups=1, receivables_witness="moving", verdict="moving"),
    year(2, 2026, **NOT_READ),
    year(3, None, **{**NOT_READ, **NEVER}),
]
RED_GROUPS = [
    group(1, 2024, 1, "8000", difference="0", amount="1", exact_amount="1", verdict="equal"),
    group(1, 2025, 3, "8000"),
    group(1, 2025, 3, "8000", transaction_type=21, difference="-20", amount="80", exact_amount="100"),
    group(
        1,
        2025,
        4,
        "1300",
        amount=None,
        exact_amount="1000",
        difference="-1000",
        verdict="missing_here",
        debit=None,
        exact_debit="1000",
        credit=None,
        line_count=None,
    ),
    # Two lines that cancel each other out are not here: only debit and credit tell.
    group(
        1,
        2025,
        5,
        "4000",
        amount="0",
        exact_amount="0",
        difference="0",
        debit="0",
        exact_debit="7.5",
        exact_credit="7.5",
        verdict="only_here",
    ),
    group(2, 2025, 1, "8000", verdict="moving"),
    group(2, 2026, 1, "8000", verdict="not_read", exact_amount=None, difference=None),
]


def _created(kind: str) -> Iterator[str]:
    yield f"CREATE SCHEMA {SCHEMA}"
    for table, columns in _TABLES.items():
        body = ", ".join(f"{name} {_TYPES[kind].get(each, each)}" for name, each in columns.items())
        yield f"CREATE TABLE {SCHEMA}.{table} ({body})"


def _inserted(table: str, rows: Sequence[Row], blank: str) -> Iterator[tuple[str, list[Any]]]:
    for row in rows:
        blanks = ", ".join([blank] * len(row))
        yield f"INSERT INTO {SCHEMA}.{table} ({', '.join(row)}) VALUES ({blanks})", [*row.values()]  # noqa: S608 names of this test


def in_postgres(database: Postgres, years: Sequence[Row], groups: Sequence[Row] = ()) -> None:
    """Make the tables in PostgreSQL."""
    with psycopg.connect(database.conninfo) as connection:
        for statement in _created("postgres"):
            connection.execute(statement.encode())
        for table, rows in zip(_TABLES, (years, groups), strict=True):
            for statement, values in _inserted(table, rows, "%s"):
                connection.execute(statement.encode(), values)


def in_duckdb(file: Path, years: Sequence[Row], groups: Sequence[Row] = ()) -> None:
    """Make the tables in a DuckDB file."""
    with opened(file) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for statement in _created("duckdb"):
            connection.execute(statement)
        for table, rows in zip(_TABLES, (years, groups), strict=True):
            for statement, values in _inserted(table, rows, "?"):
                connection.execute(statement, values)


@contextmanager
def opened(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB file, which is made where it is not there."""
    connection = duckdb.connect(str(file), config={"threads": 1})
    try:
        yield connection
    finally:
        connection.close()

"""The same ledger, whatever the loader is and whatever the user asks for: other types, other names, rows that are only added."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from tap_exact_online.catalog import snake
from tests.ledger.building import MARTS, Built, Dbt
from tests.ledger.messages import Row, Table, Tables
from tests.ledger.warehouses import SCHEMA, Warehouse

SUMS = ("exact_online__trial_balance", "exact_online__reconciliation")
STATEMENTS = ("exact_online__profit_and_loss", "exact_online__balance_sheet", "exact_online__cash_flow")


def build(dbt: Dbt, warehouse: Warehouse, *models: str, **variables: Any) -> Built:
    chosen = (f"+{model}" for model in models)
    made = dbt.build(warehouse, *chosen, exclude=["test_type:unit"], variables=variables)
    assert made.code == 0, made.log
    return made


def sums(warehouse: Warehouse, model: str, *names: str, where: str = "") -> dict[tuple[Any, ...], Any]:
    """Return a column of a model, added up by others: the last name is the column."""
    *keys, column = names
    listed = ", ".join(keys)
    found = warehouse.rows(
        f"SELECT {listed}, sum({column}) AS total FROM {MARTS}.{model} {where} GROUP BY {listed}"  # noqa: S608  names of these tests
    )
    return {tuple(row[key] for key in keys): row["total"] for row in found if row["total"]}


CLOSING = ("division", "gl_account_id", "financial_year", "financial_period", "closing")
GROUPS = ("division", "financial_year", "financial_period", "gl_account_id", "verdict", "exact_amount")


def as_text(table: Table) -> Table:
    """Return a table of a loader that knows no types."""

    def written(value: Any) -> Any:
        return value if value is None or isinstance(value, str) else str(value)

    columns = dict.fromkeys(table.columns, "text")
    rows = [{name: written(value) for name, value in row.items()} for row in table.rows]
    return dataclasses.replace(table, columns=columns, rows=tuple(rows))


def as_json(table: Table) -> Table:
    """Return a table of a loader that puts every value into a column of JSON."""
    return dataclasses.replace(table, columns=dict.fromkeys(table.columns, "json"))


def renamed(table: Table) -> Table:
    """Return a table of a loader that writes all names in lower case, with its own word in front of the table's."""

    def spelled(row: Mapping[str, Any]) -> Row:
        return {name.lower(): value for name, value in row.items()}

    rows = tuple(spelled(row) for row in table.rows)
    key = tuple(name.lower() for name in table.key)
    return dataclasses.replace(
        table, name=f"raw_{table.name}", key=key, columns=spelled(table.columns), rows=rows
    )


def test_types_are_what_a_loader_makes_of_them(
    empty: Warehouse, tables: Tables, dbt: Dbt, built: tuple[Warehouse, Built]
) -> None:
    usual, _ = built
    for number, other in enumerate((as_text, as_json)):
        warehouse = empty.copy(f"types{number}")
        # Lists of numbers and names within a column are of no use here.
        warehouse.land(other(table) for table in tables.values())
        build(dbt, warehouse, *SUMS)
        for model, names in zip(SUMS, (CLOSING, GROUPS), strict=True):
            assert sums(warehouse, model, *names) == sums(usual, model, *names)


def test_names_are_what_a_loader_makes_of_them(
    empty: Warehouse, tables: Tables, dbt: Dbt, built: tuple[Warehouse, Built]
) -> None:
    usual, _ = built
    warehouse = empty.copy("names")
    warehouse.land(renamed(table) for table in tables.values())
    build(dbt, warehouse, *SUMS, exact_online_prefix="raw_", exact_online_case="lower")
    assert sums(warehouse, SUMS[0], *CLOSING) == sums(usual, SUMS[0], *CLOSING)
    assert sums(warehouse, SUMS[1], *GROUPS) == sums(usual, SUMS[1], *GROUPS)


def in_snake_case(table: Table) -> Table:
    """Return a table as the tap's setting `column_names: snake_case` makes it."""

    def named(row: Mapping[str, Any]) -> Row:
        return {snake(name): value for name, value in row.items()}

    key, rows = tuple(map(snake, table.key)), tuple(map(named, table.rows))
    return dataclasses.replace(table, key=key, columns=named(table.columns), rows=rows)


def test_columns_may_be_called_in_the_way_of_databases(
    empty: Warehouse, tables: Tables, dbt: Dbt, built: tuple[Warehouse, Built]
) -> None:
    usual, _ = built
    warehouse = empty.copy("snake")
    warehouse.land(in_snake_case(table) for table in tables.values())
    build(dbt, warehouse, *SUMS)
    assert sums(warehouse, SUMS[0], *CLOSING) == sums(usual, SUMS[0], *CLOSING)
    assert sums(warehouse, SUMS[1], *GROUPS) == sums(usual, SUMS[1], *GROUPS)


def test_a_table_with_both_names_of_a_column_is_refused(empty: Warehouse, tables: Tables, dbt: Dbt) -> None:
    """Rows were loaded with one setting, then with the other: each column holds a part of them."""
    accounts = tables["gl_accounts"]
    # DuckDB takes names that differ in capitals for the same.
    there = {name.lower() for name in accounts.columns}
    others = {name: kind for name, kind in in_snake_case(accounts).columns.items() if name not in there}
    both = {**accounts.columns, **others}
    warehouse = empty.copy("both")
    warehouse.land([dataclasses.replace(accounts, columns=both)])
    made = dbt.build(warehouse, "stg_exact_online__gl_accounts", exclude=["test_type:unit"])
    assert made.code != 0
    assert "rows were loaded with both settings of `column_names`" in made.log


def test_a_loader_may_only_add_rows(
    empty: Warehouse, tables: Tables, dbt: Dbt, built: tuple[Warehouse, Built]
) -> None:
    """Before each line stands what it was: other amount, lower row version, read earlier."""
    usual, _ = built
    lines = tables["transaction_lines"]
    older = [
        {
            **row,
            "AmountDC": 1.0,
            "Timestamp": row["Timestamp"] - 1,
            "_sdc_extracted_at": "2020-01-01T00:00:00",
        }
        for row in lines.rows
    ]
    warehouse = empty.copy("added")
    both = dataclasses.replace(lines, rows=(*lines.rows, *older), unique=False)
    warehouse.land({**tables, lines.name: both}.values())
    build(dbt, warehouse, SUMS[0])
    assert sums(warehouse, SUMS[0], *CLOSING) == sums(usual, SUMS[0], *CLOSING)


def test_only_lines_and_accounts_make_a_ledger(empty: Warehouse, tables: Tables, dbt: Dbt) -> None:
    """Nothing else was loaded: there is no verdict, and no mistake either."""
    warehouse = empty.copy("few")
    warehouse.land(tables[name] for name in ("transaction_lines", "gl_accounts"))
    made = dbt.build(warehouse)
    assert made.code == 0, made.log
    assert not made.of("error", "fail", "skipped")
    assert "balances_are_read" in made.of("warn")
    verdicts = warehouse.rows(f"SELECT DISTINCT verdict FROM {MARTS}.exact_online__reconciliation")  # noqa: S608  a name of these tests
    assert [row["verdict"] for row in verdicts] == ["not_read"]
    assert sums(warehouse, "exact_online__balance_sheet", "division", "side", "amount")


def test_nothing_at_all_was_loaded(empty: Warehouse, dbt: Dbt) -> None:
    warehouse = empty.copy("nothing_yet")
    made = dbt.build(warehouse)
    assert made.code == 0, made.log
    assert not warehouse.rows(f"SELECT * FROM {MARTS}.exact_online__balance_sheet")  # noqa: S608  a name of these tests


def test_dimensions_split_the_same_sums(
    warehouse: Warehouse, dbt: Dbt, built: tuple[Warehouse, Built]
) -> None:
    usual, _ = built
    build(dbt, warehouse, *STATEMENTS, exact_online_dimensions="both")
    for model, column in (
        ("exact_online__trial_balance", "closing"),
        ("exact_online__profit_and_loss", "amount_year_to_date_last_year"),
        ("exact_online__balance_sheet", "amount_last_year"),
    ):
        names = (*CLOSING[:-1], column)
        assert sums(warehouse, model, *names) == sums(usual, model, *names)
        assert sums(usual, model, *names)
    split = sums(warehouse, "exact_online__profit_and_loss", "cost_center_code", "cost_unit_code", "amount")
    assert len({center for center, _ in split} - {None}) > 1
    assert len({unit for _, unit in split} - {None}) > 1


def test_only_some_companies(
    warehouse: Warehouse, dbt: Dbt, tables: Tables, built: tuple[Warehouse, Built]
) -> None:
    usual, _ = built
    chosen, *_ = sorted(row["Code"] for row in tables["divisions"].rows)
    build(dbt, warehouse, SUMS[0], exact_online_divisions=[chosen])
    where = f"WHERE division = {chosen}"
    assert sums(warehouse, SUMS[0], *CLOSING) == sums(usual, SUMS[0], *CLOSING, where=where)


def test_years_that_were_not_read_come_from_the_balances(
    warehouse: Warehouse, dbt: Dbt, built: tuple[Warehouse, Built]
) -> None:
    """With a `start_date`, the tap brings only some lines of the years before: what they left behind is in Exact's balances."""
    usual, _ = built
    years = [2024, 2025, 2026]
    warehouse.execute(
        f'DELETE FROM {SCHEMA}.transaction_lines WHERE "FinancialYear" < 2024 AND "LineNumber" > 0'  # noqa: S608  a name of these tests
    )
    build(dbt, warehouse, *STATEMENTS, "exact_online__reconciliation", exact_online_years=years)
    for model, column in (
        ("exact_online__trial_balance", "opening"),
        ("exact_online__balance_sheet", "amount"),
        ("exact_online__balance_sheet", "amount_last_year"),
        ("exact_online__profit_and_loss", "amount_last_year"),
    ):
        names = (*CLOSING[:-1], column)
        where = "WHERE financial_year >= 2024"
        assert sums(warehouse, model, *names, where=where) == sums(usual, model, *names, where=where)
        assert sums(usual, model, *names, where=where)

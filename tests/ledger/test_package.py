"""The package as it is read: what it says of its columns, its examples, its lists of codes, and other databases' dialects."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlglot
import yaml
from sqlglot import exp

from tap_exact_online.catalog import BY_NAME, codes_of, snake
from tests.ledger.building import MARTS, PACKAGE, Built, Dbt
from tests.ledger.messages import Tables
from tests.ledger.reckoning import SPECIAL, account_types, alive, cents
from tests.ledger.warehouses import Warehouse

DIALECTS = ("bigquery", "snowflake", "databricks")
MODELS = PACKAGE / "models"
SCREEN = 90
"""So many lines are seen at once."""


def described() -> Iterator[Mapping[str, Any]]:
    """Yield what is said of each model."""
    for file in sorted(MODELS.rglob("*.yml")):
        yield from yaml.safe_load(file.read_text()).get("models", ())


def examples() -> list[tuple[str, str]]:
    """Return the queries in the descriptions, each with the name of its model."""
    found = []
    for model in described():
        blocks = re.findall(r"(?:^    .+\n?)+", model["description"], re.MULTILINE)
        found += [(model["name"], block) for block in blocks]
    return found


def seed(name: str) -> dict[str, dict[str, str]]:
    with (PACKAGE / "seeds" / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    (key, *_) = rows[0]
    assert len({row[key] for row in rows}) == len(rows)
    return {row[key]: row for row in rows}


def test_postgresql_knows_how_large_the_tables_are(built: tuple[Warehouse, Built]) -> None:
    """It takes a new table for nearly empty until it has looked, and then joins its rows with all lines one by one."""
    warehouse, _ = built
    if warehouse.kind != "postgres":
        pytest.skip("others know it by themselves")
    unknown = "SELECT relname FROM pg_class JOIN pg_namespace AS place ON place.oid = relnamespace WHERE reltuples < 0"
    found = warehouse.rows(f"{unknown} AND relkind = 'r' AND nspname = '{MARTS}'")
    assert {row["relname"] for row in found} <= {file.stem for file in (PACKAGE / "seeds").glob("*.csv")}


def test_no_view_is_put_in_the_place_of_another_at_the_next_build(
    built: tuple[Warehouse, Built], dbt: Dbt
) -> None:
    """In PostgreSQL each takes away what rests on the old one, and two at once may wait for each other for ever."""
    warehouse, first = built
    assert not first.of("error", "fail")
    again, log = warehouse.copy("again"), dbt.folder / warehouse.kind / "dbt.log"
    before = len(log.read_text())
    second = dbt.build(again, command="run")
    assert second.code == 0, second.log
    if warehouse.kind == "postgres":
        put_aside = {*re.findall(r'rename to "(\w+)__dbt_backup"', log.read_text()[before:])}
        known = "SELECT tablename FROM pg_tables WHERE schemaname = "
        tables = again.rows(f"{known}'{MARTS}'")
        assert put_aside
        assert put_aside <= {row["tablename"] for row in tables}


def test_columns_in_snake_case_are_found_by_the_rule_of_the_tap() -> None:
    macro = (PACKAGE / "macros" / "columns.sql").read_text(encoding="utf-8")
    (seam,) = re.findall(r"set seam = '(.*)'", macro)
    staging = "".join(file.read_text(encoding="utf-8") for file in (MODELS / "staging").glob("*.sql"))
    fields = {*re.findall(r"\('(\w+)', '\w+', '\w+'\)", staging)}
    assert len(fields) > 100
    assert {re.sub(seam, "_", field).lower() for field in fields} == {snake(field) for field in fields}


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        ("exact_online_account_types", "gl_accounts"),
        ("exact_online_transaction_types", "transaction_lines"),
    ],
)
def test_lists_have_every_code_that_is_known(name: str, stream: str) -> None:
    codes = codes_of(BY_NAME[stream].path, "Type")
    assert codes
    assert codes.meanings.keys() <= seed(name).keys()


def test_what_closes_is_in_no_result_and_what_carries_over_in_no_balance() -> None:
    types = {int(code): row for code, row in seed("exact_online_transaction_types").items()}
    assert {code for code, row in types.items() if row["in_result"] == "false"} == {
        310,
        *range(320, 329),
        3000,
    }
    assert {code for code, row in types.items() if row["in_balance"] == "false"} == {327, 328, 3000}


def test_sections_are_told_in_one_way() -> None:
    """Types share a section: what is said of it is the same each time."""
    said = {
        (row["statement"], row["section"]): tuple(
            row[name] for name in ("section_name", "section_name_nl", "section_order", "side", "subtotal")
        )
        for row in seed("exact_online_account_types").values()
    }
    for row in seed("exact_online_account_types").values():
        assert said[row["statement"], row["section"]][2] == row["section_order"]
    assert len({facts[2] for facts in said.values()}) == len(said)


def test_every_model_says_what_it_is() -> None:
    files = {file.stem for file in MODELS.rglob("*.sql")}
    said = [model["name"] for model in described()]
    assert sorted(said) == sorted(files)
    for model in described():
        assert model["description"], model["name"]
        assert all(column["description"] for column in model["columns"]), model["name"]


def test_every_model_fits_a_screen() -> None:
    """What people are to read and change, they have to see at once."""
    lines = {file.stem: len(file.read_text(encoding="utf-8").splitlines()) for file in MODELS.rglob("*.sql")}
    assert lines
    assert {name: count for name, count in lines.items() if count > SCREEN} == {}


def test_every_column_is_described(built: tuple[Warehouse, Built]) -> None:
    warehouse, _ = built
    rows = warehouse.rows(
        f"SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = '{MARTS}'"  # noqa: S608  a name of these tests
    )
    there: dict[str, set[str]] = {}
    for row in rows:
        there.setdefault(row["table_name"], set()).add(row["column_name"])
    for model in described():
        said = {column["name"] for column in model["columns"]}
        # What is on the way only passes the columns of another model on.
        assert said == there[model["name"]] or model["name"].startswith("int_"), model["name"]
        assert said <= there[model["name"]], model["name"]


def test_every_example_runs(built: tuple[Warehouse, Built]) -> None:
    warehouse, _ = built
    answered = set()
    for model, query in examples():
        rows = warehouse.rows(re.sub(r"\b(from|join) (exact_online__)", rf"\1 {MARTS}.\2", query))
        if rows:
            answered.add(model)
    # Where all is well, nobody finds what is wrong.
    assert {name for name, _ in examples()} - answered <= {"exact_online__reconciliation"}


def test_every_analysis_runs(built: tuple[Warehouse, Built], dbt: Dbt) -> None:
    warehouse, _ = built
    assert dbt.build(warehouse, command="compile").code == 0
    for file in compiled(dbt, warehouse, "analyses"):
        assert warehouse.rows(file.read_text()), file.name


def test_subtotals_add_up(built: tuple[Warehouse, Built], dbt: Dbt) -> None:
    warehouse, _ = built
    assert dbt.build(warehouse, command="compile").code == 0
    (file,) = compiled(dbt, warehouse, "analyses", "profit_and_loss_with_subtotals")
    rows = warehouse.rows(file.read_text())
    sections: dict[tuple[int, int], Any] = {}
    results: dict[tuple[int, int], Any] = {}
    for row in rows:
        year = (row["division"], row["financial_year"])
        if row["place"] == 1:
            sections[year] = sections.get(year, 0) + row["amount"]
        else:
            assert row["amount"] == sections[year]
            results[year] = (row["name"], row["amount"])
    assert results == {year: ("Net result", amount) for year, amount in sections.items()}


def test_cost_centers_are_charged_with_what_it_costs_to_operate(
    built: tuple[Warehouse, Built], dbt: Dbt, tables: Tables
) -> None:
    warehouse, _ = built
    assert dbt.build(warehouse, command="compile").code == 0
    (file,) = compiled(dbt, warehouse, "analyses", "costs_by_cost_center")
    types = account_types(tables)
    costs = sum(
        cents(line["AmountDC"])
        for line in alive(tables)["transaction_lines"].rows
        if line["Type"] not in SPECIAL
        and types.get((line["Division"], line["GLAccount"])) in {111, 120, 121, 122, 123, 125, 126}
    )
    assert sum(cents(row["costs"]) for row in warehouse.rows(file.read_text())) == costs


def compiled(dbt: Dbt, warehouse: Warehouse, folder: str, name: str = "*") -> list[Path]:
    """Return what dbt made of the project's files."""
    found = (dbt.folder / warehouse.kind / "compiled" / "exact_online" / folder).rglob(f"{name}.sql")
    # What it made of unit tests lies in folders that are called as the files they stand in.
    return sorted(file for file in found if not any(part.endswith(".yml") for part in file.parts))


def test_other_databases_can_read_it(built: tuple[Warehouse, Built], dbt: Dbt) -> None:
    """Syntax alone: nothing here has run on BigQuery, Snowflake or Databricks."""
    warehouse, _ = built
    assert dbt.build(warehouse, command="compile").code == 0
    files = [file for folder in ("models", "tests", "analyses") for file in compiled(dbt, warehouse, folder)]
    assert len(files) > 70
    reserved = {
        word.lower()
        for dialect in DIALECTS
        for word in sqlglot.Dialect.get_or_raise(dialect).generator_class.RESERVED_KEYWORDS
    }
    for file in files:
        for dialect in DIALECTS:
            quote = '"' if dialect == "snowflake" else "`"
            statement = sqlglot.parse_one(file.read_text().replace('"', quote), read=dialect)
            names = {name.name.lower() for name in statement.find_all(exp.Identifier) if not name.quoted}
            assert not names & reserved, (file.name, dialect)

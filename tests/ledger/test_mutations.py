"""Whatever is broken, the certificate shows it in the companies, years and groups that it concerns, and in no others."""

from __future__ import annotations

import pytest

from tests.conftest import Sandbox, running
from tests.ledger import messages, reckoning
from tests.ledger.breaking import MUTATIONS, Books, Mutation
from tests.ledger.building import MARTS, Built, Dbt
from tests.ledger.messages import Tables
from tests.ledger.reading import LIMITS, LINES, SUMS, read
from tests.ledger.reckoning import Cell, Group, Told
from tests.ledger.warehouses import Warehouse

PATH = "sync/Financial/TransactionLines"
BALANCED = {"trial_balance_is_zero", "every_entry_sums_to_zero"}
"""Tests that the books are books. They prove nothing of whether they are whole."""
ALL = (
    "+exact_online__completeness",
    "+exact_online__trial_balance",
    "exact_online__general_ledger",
    *BALANCED,
)
STAY = ("path:models/staging", "resource_type:seed", "resource_type:unit_test")
"""What is as it was when other rows are landed: views on the loader's tables."""
KEYS = "financial_year, financial_period, gl_account_id, transaction_type, status, cost_center_code, cost_unit_code"
COUNTED = {
    "equal": "equal_groups",
    "moving": "moving_groups",
    "missing_here": "missing_here_groups",
    "only_here": "only_here_groups",
    "differs": "differing_groups",
    "not_read": "not_read_groups",
}


def change(sandbox: Sandbox, divisions: tuple[int, ...]) -> tuple[int, str]:
    """Change books as a user does: a cost center of a line, and an entry is deleted."""
    control = sandbox.control
    costs = [row for row in control.iter_rows(divisions[1], PATH) if row["CostCenter"]]
    line = costs[len(costs) // 2]
    other = next(row["CostCenter"] for row in costs if row["CostCenter"] != line["CostCenter"])
    control.set_row(divisions[1], PATH, {"ID": line["ID"], "CostCenter": other})
    entry = costs[len(costs) // 3]["EntryID"]
    control.delete_entry(divisions[1], entry)
    return divisions[1], line["ID"]


@pytest.fixture(scope="session")
def twice(asked: None, tmp_path_factory: pytest.TempPathFactory) -> Books:  # noqa: ARG001  it may skip
    """Return books that were read, changed in Exact, and read again."""
    folder = tmp_path_factory.mktemp("twice")
    with running(tmp_path_factory.mktemp("changing"), {**LIMITS, "divisions": 3, "rows": 2500}) as sandbox:
        divisions = tuple(row["Code"] for row in sandbox.control.divisions())
        first = read(sandbox, folder, None, *LINES)
        added_up = read(sandbox, folder, None, *SUMS)
        changed = change(sandbox, divisions)
        second = read(sandbox, folder, first.state, *LINES)
        anew = read(sandbox, folder, None, *SUMS)
    before = (first.lines, added_up.lines)
    return Books(
        messages.tables(*before),
        messages.tables(*before, second.lines, anew.lines),
        divisions,
        changed,
    )


@pytest.fixture(scope="session")
def whole(empty: Warehouse, twice: Books, dbt: Dbt) -> Warehouse:
    """Return a database with the books as they are after the changes, all of it built, to make copies of."""
    made = empty.copy("books")
    made.land(twice.after.values())
    built = dbt.build(made, *ALL)
    assert built.code == 0, built.log
    return made.copy("twice")


def broken(whole: Warehouse, books: Books, tables: Tables) -> Warehouse:
    """Return a copy in which those tables that were broken are landed anew."""
    copy = whole.copy("books")
    copy.land(table for name, table in tables.items() if table is not books.after[name])
    return copy


def told(warehouse: Warehouse) -> dict[Cell, Told]:
    found = warehouse.rows(f"SELECT * FROM {MARTS}.exact_online__completeness")  # noqa: S608  names of this test
    return {
        (row["division"], row["financial_year"]): Told(
            row["verdict"],
            {verdict: row[name] for verdict, name in COUNTED.items() if row[name]},
            tuple(row[f"{witness}_witness"] for witness in reckoning.WITNESSES),
        )
        for row in found
    }


def named(warehouse: Warehouse) -> dict[Group, str]:
    """Return each group that is not equal, and its verdict."""
    found = warehouse.rows(
        f"SELECT division, {KEYS}, verdict FROM {MARTS}.exact_online__reconciliation"  # noqa: S608  names of this test
        " WHERE verdict <> 'equal'"
    )
    return {
        (
            row["division"],
            *(str(row[key]) if key == "gl_account_id" else row[key] for key in KEYS.split(", ")),
        ): row["verdict"]
        for row in found
    }


def check(mutation: Mutation, built: Built, warehouse: Warehouse, tables: Tables, books: Books) -> None:
    truth = reckoning.alive(books.before if mutation.moving else books.after)
    tables = reckoning.alive(tables)
    expected = reckoning.certificate(tables, truth, moving=mutation.moving)
    assert told(warehouse) == expected
    groups = {group: verdict for group, verdict in reckoning.groups(tables).items() if verdict != "equal"}
    if mutation.moving:
        groups = dict.fromkeys(groups, "moving")
    assert named(warehouse) == groups
    wrong = any(each.verdict == "different" for each in expected.values())
    by_groups = any(verdict not in {"moving", "not_read"} for verdict in groups.values())
    assert wrong == by_groups  # no witness is alone here
    assert ("reconciliation_to_the_cent" in built.of("fail")) == by_groups
    assert bool(BALANCED & built.of("fail")) == mutation.unbalanced
    assert built.code == int(by_groups or mutation.unbalanced)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_what_is_broken_is_named(mutation: Mutation, whole: Warehouse, twice: Books, dbt: Dbt) -> None:
    tables = mutation.breaks(twice)
    warehouse = broken(whole, twice, tables)
    check(mutation, dbt.build(warehouse, *ALL, exclude=STAY), warehouse, tables, twice)

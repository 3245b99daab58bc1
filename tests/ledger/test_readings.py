"""What is not known of Exact may be either way: the certificate is the same, and what was decided by the data is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import running
from tests.ledger import messages
from tests.ledger.building import MARTS, Dbt
from tests.ledger.reading import LIMITS, LINES, SUMS, read
from tests.ledger.warehouses import Warehouse


@dataclass(frozen=True)
class Reading:
    """One way in which Exact may be.

    Attributes:
        books: How the sandbox makes its books.
        answers: How it answers.
        count: What its `Count` counts.
        orientation: The sign of receivables and of payables, where debit is positive.
        opening: How its opening balances are signed.
    """

    books: Mapping[str, str]
    answers: Mapping[str, str]
    count: str
    orientation: Mapping[str, int]
    opening: str


READINGS = {
    "signs and sides the other way round": Reading(
        {"term_sign": "positive", "memorial_header": "control", "year_end": "balances"},
        {"opening_amounts": "side", "balance_count": "entries", "open_items_currency": "division"},
        "entries",
        {"receivable": 1, "payable": 1},
        "by_side",
    ),
    "years that nobody closes": Reading(
        {"memorial_header": "none", "closing": "none", "calendar": "thirteen"},
        {"balance_count": "nonzero", "balance_ids": "fresh"},
        "nonzero_lines",
        {"receivable": -1, "payable": -1},
        "as_signed",
    ),
}


@pytest.mark.parametrize("name", READINGS)
def test_the_certificate_holds_whatever_the_reading(
    name: str, empty: Warehouse, dbt: Dbt, tmp_path: Path
) -> None:
    reading = READINGS[name]
    with running(tmp_path, {**LIMITS, "divisions": 2, "rows": 1500, **reading.books}) as sandbox:
        sandbox.control.options(**reading.answers)
        runs = [read(sandbox, tmp_path / "tap", None, *streams).lines for streams in (LINES, SUMS)]
    warehouse = empty.copy("books")
    warehouse.land(messages.tables(*runs).values())
    built = dbt.build(warehouse, exclude=("resource_type:unit_test",))
    assert built.code == 0, built.log
    assert built.of("warn") <= {"accounts_are_mapped"}

    def said(model: str, *columns: str) -> set[tuple[object, ...]]:
        query = f"SELECT DISTINCT {', '.join(columns)} FROM {MARTS}.exact_online__{model}"  # noqa: S608  names of this test
        return {tuple(row.values()) for row in warehouse.rows(query)}

    assert said("completeness", "verdict") == {("complete",)}
    assert said("witnesses", "witness", "verdict") == {
        (witness, "agrees") for witness in ("result", "opening", "receivables", "payables")
    }
    assert said("count_readings", "reading") == {(reading.count,)}
    assert said("term_signs", "kind", "orientation") == set(reading.orientation.items())
    assert {row for row in said("witnesses", "witness", "reading") if row[0] == "opening"} == {
        ("opening", reading.opening)
    }

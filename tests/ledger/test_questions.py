"""What the page of the ledger says that can be asked has an answer, on both databases."""

from __future__ import annotations

import pytest

from tests.docs.pages import page
from tests.ledger.building import Dbt
from tests.ledger.warehouses import Warehouse

QUESTIONS = [block.body for block in page("ledger.md").blocks if block.kind == "sql"]


@pytest.fixture(scope="module")
def built(dbt: Dbt, landed: Warehouse) -> Warehouse:
    made = landed.copy("questions")
    ended = dbt.build(made, command="run")
    assert ended.code == 0, ended.log
    return made


@pytest.fixture(scope="module", autouse=True)
def _with_seeds(dbt: Dbt, landed: Warehouse) -> None:
    ended = dbt.build(landed, command="seed")
    assert ended.code == 0, ended.log


@pytest.mark.parametrize("number", range(len(QUESTIONS)))
def test_a_question_has_an_answer(built: Warehouse, number: int) -> None:
    question = QUESTIONS[number]
    found = built.rows(question.rstrip().rstrip(";"))
    if "verdict <>" not in question:  # of a ledger that is whole nothing is off
        assert found

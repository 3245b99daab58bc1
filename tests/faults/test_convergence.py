"""After any schedule of changes, faults and kills, one good run and the deletes make every table equal to Exact's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.faults.convergence import narrow_catalog, play
from tests.faults.quick import Quick
from tests.singer import Tap

SEEDS = (6, 7, 1000, 1003, 1005)
"""The first holds deletes around a move, which row versions alone would apply wrongly."""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return narrow_catalog(Tap(tmp_path_factory.mktemp("catalog"), {}))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_table_equals_the_source_in_the_end(
    seed: int, quick: Quick, catalog: dict[str, Any], tmp_path: Path
) -> None:
    outcome = play(seed, tmp_path, quick, catalog)
    assert outcome.unequal == {}, "\n".join([f"seed {seed}", *outcome.log])
    assert outcome.ends[0] > 0

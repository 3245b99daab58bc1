"""In a firm that has too many companies for its calls, the plan keeps its bound, and finds changes sooner than taking turns does."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
COMPANIES, STREAMS, DAYS = 30, 13, 16
CALLS = COMPANIES * STREAMS * 20_000 // 39_000
"""As many for each as 3,000 companies have."""
HOUR = 3600.0


@pytest.fixture
def staleness(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module("staleness")
    for name in [name for name in sys.modules if name == "staleness" or name.partition(".")[0] == "rig"]:
        del sys.modules[name]


def test_a_bound_is_kept_and_changes_are_found_sooner_than_by_taking_turns(staleness: ModuleType) -> None:
    firm = staleness.Firm.made(COMPANIES, STREAMS, DAYS, seed=1)
    plan = partial(staleness.planned, bound=72 * HOUR)
    in_turn = staleness.watched(firm, CALLS, staleness.oldest_first, 1)
    planned = staleness.watched(firm, CALLS, plan, 1)
    hinted = staleness.watched(firm, CALLS, plan, 1, hinted=True)
    assert len(planned.delays) == len(hinted.delays) == len(in_turn.delays) > 200
    for each in (planned, hinted):
        assert each.calls <= CALLS
        assert each.unread == 0
        assert each.oldest <= 72 * HOUR
        assert each.quantile(1.0) <= 72 * HOUR
    assert hinted.quantile(0.5) < planned.quantile(0.5) < in_turn.quantile(0.5) / 2

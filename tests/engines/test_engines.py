"""One pass on each engine, for real: empty databases, a worker that is killed, a column that is added meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from demo.postgres import Postgres
from tests.conftest import StartSandbox
from tests.engines.engines import Pass, airflow, dagster, kubernetes
from tests.engines.world import ADDED, WORKERS, World, made

_PATIENCE = 900.0  # seconds; a pass takes two minutes
_LIFE = 570.0  # seconds until a new access token may be asked for


@pytest.fixture
def world(tmp_path: Path, start_sandbox: StartSandbox, database: Postgres) -> World:
    generous = dict.fromkeys(("minute_limit", "day_limit", "contract_limit"), 10**6)
    company = start_sandbox(divisions=16, rows=150, latency_ms=100, **generous)
    return made(tmp_path, company, database)


def until(so: Callable[[], object], run: Pass) -> None:
    """Wait until something is so, while the pass goes on."""
    end = time.monotonic() + _PATIENCE
    while not so():
        assert run.state() == "running", run.log.read_text()[-5000:]
        assert time.monotonic() < end, run.log.read_text()[-5000:]
        time.sleep(0.2)


@pytest.mark.parametrize("engine", [airflow, dagster, kubernetes], ids=lambda each: each.__name__)
def test_a_pass_reads_everything_though_a_worker_is_killed_and_a_column_is_added(
    engine: Callable[[World], AbstractContextManager[Pass]], world: World
) -> None:
    began = time.monotonic()
    with engine(world) as run:
        until(lambda: len(run.workers()) == WORKERS, run)
        until(lambda: sum(world.rows().values()) > 0, run)
        world.add_column()
        run.workers()[0].kill()
        until(lambda: run.state() != "running", Pass(run.processes, lambda: "running", run.log))
        assert run.state() == "success", run.log.read_text()[-5000:]
    assert world.rows() == world.expected()
    assert ADDED in world.columns("journals")
    assert world.verdicts() == {"complete"}
    assert sum(world.lapses()) == 1
    tokens = world.company.control.stats()["tokens"]
    assert tokens["reuse_attempts"] == 0
    assert 1 <= tokens["redemptions"] <= 1 + (time.monotonic() - began) // _LIFE

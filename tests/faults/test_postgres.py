"""One schedule through Meltano into a real PostgreSQL, where the deletes are applied by SQL."""

from __future__ import annotations

import json
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psutil
import psycopg
import pytest
from psycopg import sql
from typing_extensions import override

from demo.outcome import SCHEMA
from demo.postgres import Postgres
from demo.processes import started
from demo.project import Project
from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import Sandbox, StartSandbox
from tests.faults.convergence import FIELDS, Schedule
from tests.faults.loader import Loader, Table
from tests.faults.quick import Quick
from tests.faults.world import FINE
from tests.meltano.conftest import connect
from tests.singer import tap_for

RUN = ("--environment=demo", "run", "tap-exact-online", "target-postgres")

# Versions of before and after a move cannot be compared, but what was extracted before it and is in the log is gone.
DELETE: LiteralString = """
    DELETE FROM {table} AS row USING {schema}.deleted AS gone, {schema}.divisions AS division
    WHERE gone."EntityType" = {number} AND gone."Division" = row."Division" AND gone."EntityKey" = row.{key}
      AND division."Code" = row."Division"
      AND (row."Timestamp" <= gone."Timestamp" OR row._sdc_extracted_at <
        GREATEST(division."DivisionMoveDate", division."DivisionHRLinkUnlinkDate")
          AT TIME ZONE 'Europe/Amsterdam' AT TIME ZONE 'UTC')"""
DELETE_LINKED: LiteralString = """
    DELETE FROM {table} AS row USING {schema}.divisions AS division
    WHERE division."Code" = row."Division"
      AND row._sdc_extracted_at < division."DivisionHRLinkUnlinkDate" AT TIME ZONE 'Europe/Amsterdam' AT TIME ZONE 'UTC'"""


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime) and name == "Modified":  # lands as UTC in a column without a zone
        return value.replace(tzinfo=UTC)
    return float(value) if isinstance(value, Decimal) else value


@dataclass
class Database(Loader):
    """What is in PostgreSQL."""

    conninfo: str = ""

    def look(self) -> None:
        """Read all tables anew."""
        self.tables = {stream: self._table(stream) for stream in FIELDS}

    def _table(self, stream: str) -> Table:
        with psycopg.connect(self.conninfo, row_factory=psycopg.rows.dict_row) as connection:
            try:
                found = connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(SCHEMA, stream)))
            except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
                return {}
            rows = [{name: _plain(name, value) for name, value in row.items()} for row in found]
        return {tuple(row[key] for key in BY_NAME[stream].primary_keys): row for row in rows}

    @override
    def apply_deletes(self, *, mind_moves: bool = True) -> None:
        if not mind_moves:
            return
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            connection.execute("SET TIME ZONE 'UTC'")
            for stream in FIELDS:
                names = {"table": sql.Identifier(SCHEMA, stream), "schema": sql.Identifier(SCHEMA)}
                resource = BY_NAME[stream]
                if (number := resource.deleted_type) is not None:
                    key = sql.Identifier(resource.key)
                    connection.execute(sql.SQL(DELETE).format(number=sql.Literal(number), key=key, **names))
                if stream == "leave_absence_hours_by_day":
                    connection.execute(sql.SQL(DELETE_LINKED).format(**names))
        self.look()


@dataclass
class MeltanoSchedule(Schedule):
    """A schedule whose runs are Meltano's."""

    project: Project | None = None

    @override
    def _break_things(self) -> None:
        for action in self._random.sample(["status", "cut", "reset_after", "garbled"], 2):
            self._say("fault", action)
            self.sandbox.control.fault(action, skip=self._random.randint(0, 9), status=500)

    @override
    def _hours_pass(self) -> None:
        """Meltano's clock is this machine's."""

    @override
    def _run(self) -> None:
        assert self.project
        self.sandbox.control.reset_stats()
        at = self._random.randint(4, 12)
        number = self._random.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGKILL])
        log = self.project.folder / "killed.log"
        with started(self.project.command(*RUN), log, env=self.project.env, cwd=self.project.folder) as run:
            while run.poll() is None:
                if self.sandbox.control.stats()["calls"] < at:
                    time.sleep(0.01)
                    continue
                for child in psutil.Process(run.pid).children(recursive=True):
                    if "tap-exact-online" in " ".join(child.cmdline()):
                        child.send_signal(number)
                break
            self._say("run ended with", run.wait(120), f"after {number!r} at call {at}")
        self._look()

    @override
    def _run_undisturbed(self) -> int:
        assert self.project
        self.project.meltano(*RUN)
        self._look()
        return 0

    def _look(self) -> None:
        assert isinstance(self.loader, Database)
        self.loader.look()


@pytest.fixture
def books(start_sandbox: StartSandbox) -> Sandbox:
    return start_sandbox(**FINE, rows=1000, latency_ms=30)


def test_postgres_equals_the_source_in_the_end(
    books: Sandbox, database: Postgres, quick: Quick, tmp_path: Path
) -> None:
    wanted = [f"{stream}.{field}" for stream, fields in FIELDS.items() for field in sorted(fields)]
    variables = {"TAP_EXACT_ONLINE__SELECT": json.dumps(wanted)}
    project = connect(tmp_path, books, database, **variables)
    schedule = MeltanoSchedule(
        seed=3,
        sandbox=books,
        tap=tap_for(books, tmp_path),
        quick=quick,
        catalog={},
        loader=Database(conninfo=database.conninfo),
        project=project,
        runs=3,
    )
    outcome = schedule.play()
    assert outcome.unequal == {}, "\n".join(outcome.log)

"""The main job: after every run, every table in PostgreSQL equals the sandbox's own, row for row and value for value."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import psycopg
import pytest
from psycopg import sql

from demo.outcome import SCHEMA
from demo.postgres import Postgres
from demo.processes import started
from demo.project import ROOT, Project
from tap_exact_online.catalog.personal import special
from tap_exact_online.catalog.resources import BY_NAME, RESOURCES, Kind, Resource
from tests.conftest import Sandbox, StartSandbox
from tests.cover import FEW
from tests.expected import expected_rows
from tests.meltano.conftest import connect
from tests.processes import until

RUN = ("--environment=demo", "run", "tap-exact-online", "target-postgres")
SYNC = [resource for resource in RESOURCES if resource.kind is Kind.SYNC]
DEFAULT = {resource.name for resource in RESOURCES if resource.selected}
# Few of the others have all traits by which streams differ; all of them are compared without a database.
OTHERS = [
    resource
    for resource in RESOURCES
    if resource.name in {*FEW, *DEFAULT} and resource.divided and resource.kind is not Kind.SYNC
]
WHOLE = [r for r in OTHERS if r.kind is Kind.FULL]
QUICK = {"minute_limit": 100_000, "day_limit": 100_000, "contract_limit": 100_000}


class World:
    """A sandbox, a database, and the project that joins them, with every stream and every field selected."""

    def __init__(self, sandbox: Sandbox, database: Postgres, project: Project) -> None:
        self.control = sandbox.control
        self.database = database
        self.project = project

    @property
    def divisions(self) -> list[int]:
        return [row["Code"] for row in self.control.divisions()]

    def run(self) -> None:
        self.project.meltano(*RUN)

    def apply_deletes(self) -> None:
        """Mirror the deletes with the statements that the docs give, for every stream."""
        statement, vanished = documented_sql("EntityType"), documented_sql("WholeBeganAt")
        with psycopg.connect(self.database.conninfo, autocommit=True) as connection:
            connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(SCHEMA)))
            for resource in SYNC:
                if resource.deleted_type is not None:
                    text = statement.replace("transaction_lines", resource.name)
                    text = text.replace('row."ID"', f'row."{resource.key}"')
                    text = text.replace('"EntityType" = 1 ', f'"EntityType" = {resource.deleted_type} ')
                    connection.execute(text.encode())
            for resource in WHOLE:
                connection.execute(vanished.replace("receivables", resource.name).encode())

    def table(self, resource: Resource) -> dict[tuple[Any, ...], dict[str, Any]]:
        query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(SCHEMA, resource.name))
        with psycopg.connect(self.database.conninfo, row_factory=psycopg.rows.dict_row) as connection:
            rows = connection.execute(query).fetchall()
        plain = [{k: _plain(v) for k, v in row.items() if not k.startswith("_sdc")} for row in rows]
        return {tuple(row[key] for key in resource.primary_keys): row for row in plain}

    def unequal(self, resources: list[Resource]) -> dict[str, str]:
        """Return what differs, by stream: nothing where the tables are equal."""
        found = {}
        for resource in resources:
            expected = expected_rows(self.control, resource, self.divisions)
            expected = {
                key: {name: _landed(value) for name, value in row.items()} for key, row in expected.items()
            }
            table = self.table(resource)
            for row in table.values():
                for added in ("EntityName", "StreamName"):
                    if resource.name == "deleted":
                        row.pop(added)
            if table != expected:
                missing, extra = expected.keys() - table.keys(), table.keys() - expected.keys()
                wrong = [key for key in expected.keys() & table.keys() if expected[key] != table[key]]
                sample = [(expected[k], table[k]) for k in wrong[:1]]
                found[resource.name] = (
                    f"{len(missing)} missing, {len(extra)} extra, {len(wrong)} differ {sample}"
                )
        return found


def documented_sql(word: str) -> str:
    """Return the statement of the docs that mirrors deletes and holds that word."""
    text = (ROOT / "docs" / "deletes.md").read_text(encoding="utf-8")
    blocks: list[str] = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    (statement,) = [block for block in blocks if word in block]
    return statement


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return float(value) if isinstance(value, Decimal) else value


def _landed(value: Any) -> Any:
    """A moment lands as UTC in a column without a zone."""
    return (
        value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value
    )


@pytest.fixture
def world(start_sandbox: StartSandbox, database: Postgres, tmp_path: Path) -> World:
    sandbox = start_sandbox(divisions=2, rows=600, table={"sync/Financial/TransactionLines": 2100}, **QUICK)
    read = SYNC + OTHERS
    special_fields = [
        f"{resource.name}.{name}"
        for resource in read
        for name in resource.endpoint.properties
        if special(resource.path, name)
    ]
    names = [*(resource.name for resource in read), "divisions", "reads"]
    select = json.dumps([*(f"{name}.*" for name in names), *special_fields])
    settings = {"TAP_EXACT_ONLINE__SELECT": select, "TAP_EXACT_ONLINE_CADENCE": '{"*": "always"}'}
    return World(sandbox, database, connect(tmp_path, sandbox, database, **settings))


def _changes(world: World) -> None:
    """Add, change and delete rows of every stream, in both divisions, where a run can see it."""
    for division in world.divisions:
        for resource in SYNC:
            if resource.name == "deleted":
                continue
            world.control.add(division, resource.path, 3)
            world.control.change(division, resource.path, 4)
            if resource.deleted_type is not None:
                world.control.delete(division, resource.path, 2)
        for resource in OTHERS:
            if resource.kind is Kind.PARTS or resource.endpoint.single:
                continue  # what happens in years that are closed is seen weekly
            world.control.add(division, resource.path, 3)
            if resource.by != "CreatedDate":
                world.control.change(division, resource.path, 2)
            if resource in WHOLE:
                world.control.delete(division, resource.path, 2, logged=False)


def test_every_table_equals_the_sandbox_again_after_changes_and_deletes(world: World) -> None:
    world.run()
    assert world.unequal(SYNC + OTHERS) == {}
    _changes(world)
    world.control.reset_stats()
    world.run()
    world.apply_deletes()
    assert world.unequal([each for each in SYNC + OTHERS if each.kind is not Kind.PARTS]) == {}
    stats = world.control.stats()
    assert stats["client_errors"] == {}
    assert stats["most_in_flight"]["overall"] == 1
    assert stats["tokens"]["redemptions"] <= 1


@pytest.fixture
def slow_world(start_sandbox: StartSandbox, database: Postgres, tmp_path: Path) -> World:
    sandbox = start_sandbox(divisions=2, rows=2500, latency_ms=100, **QUICK)
    select = '["transaction_lines.*", "divisions.*"]'
    return World(sandbox, database, connect(tmp_path, sandbox, database, TAP_EXACT_ONLINE__SELECT=select))


def test_equal_after_the_tap_was_killed_halfway(slow_world: World, tmp_path: Path) -> None:
    path = BY_NAME["transaction_lines"].path
    slow_world.control.reset_stats()
    with started(
        slow_world.project.command(*RUN),
        tmp_path / "killed.log",
        env=slow_world.project.env,
        cwd=slow_world.project.folder,
    ) as meltano:
        until(lambda: slow_world.control.stats()["by_endpoint"].get(path, 0) >= 3, meltano)
        for child in _taps(meltano.pid):
            child.send_signal(signal.SIGKILL)
        assert meltano.wait(60) != 0
    slow_world.run()
    assert slow_world.unequal([BY_NAME["transaction_lines"]]) == {}


def _taps(pid: int) -> Iterator[psutil.Process]:
    found = [
        child
        for child in psutil.Process(pid).children(recursive=True)
        if "tap-exact-online" in " ".join(child.cmdline())
    ]
    assert found
    yield from found

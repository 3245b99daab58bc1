"""The same streams into loaders that need no server: what arrives in DuckDB, by JSON lines and by target-duckdb.

What is shown of target-duckdb are its faults. Where one is gone, a test fails and `docs/meltano.md` can stop warning.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pytest

from demo.project import ROOT
from tap_exact_online.catalog.resources import BY_NAME, RESOURCES, Kind
from tests.conftest import running
from tests.singer import Run, tap_for

PAGE = (ROOT / "docs" / "meltano.md").read_text(encoding="utf-8")
TARGET_JSONL = ROOT / ".meltano/loaders/target-jsonl/venv/bin/target-jsonl"
TARGET_DUCKDB = Path(sys.executable).with_name("target-duckdb")
DEFAULT = [resource.name for resource in RESOURCES if resource.selected]
SYNC = [name for name in DEFAULT if BY_NAME[name].kind is Kind.SYNC]
CHANGED = BY_NAME["transaction_lines"]

Table = dict[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True)
class Loaded:
    """Two runs of the tap with changes in between, both loaded as JSON lines, the first one by target-duckdb, too."""

    folder: Path
    first: Run
    second: Run


def load(program: Path, config: Mapping[str, Any], run: Run, folder: Path) -> None:
    file = folder / f"{program.name}.json"
    file.write_text(json.dumps(config))
    lines = "".join(json.dumps(line) + "\n" for line in run.lines)
    subprocess.run([program, "--config", file], input=lines.encode(), check=True, capture_output=True)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder = tmp_path_factory.mktemp("loaders")
    with running(folder, {"rows": 600}) as sandbox:
        tap = tap_for(sandbox, folder)
        first = tap.run()
        division = sandbox.control.divisions()[0]["Code"]
        sandbox.control.change(division, CHANGED.path, 5)
        sandbox.control.add(division, CHANGED.path, 5)
        second = tap.run(state=first.state)
    for run in (first, second):
        load(TARGET_JSONL, {"destination_path": str(folder), "do_timestamp_file": False}, run, folder)
    load(TARGET_DUCKDB, {"path": str(folder / "db.duckdb"), "default_target_schema": "main"}, first, folder)
    return Loaded(folder, first, second)


def table(connection: duckdb.DuckDBPyConnection, name: str, key: tuple[str, ...]) -> Table:
    """Return a table of DuckDB by primary key, its values as the tap's records have them."""
    cursor = connection.execute(f'SELECT * FROM "{name}"')  # noqa: S608  a stream's name
    columns = [column[0] for column in cursor.description or ()]
    rows = [dict(zip(columns, map(plain, row), strict=True)) for row in cursor.fetchall()]
    return {tuple(row[column] for column in key): row for row in rows}


def plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def moment_like(wanted: Any, found: Any) -> Any:
    """Read a text as a moment where one is wanted: DuckDB leaves those with parts of a second as they are."""
    return datetime.fromisoformat(found) if isinstance(wanted, datetime) and isinstance(found, str) else found


def test_json_lines_are_one_table_in_duckdb(loaded: Loaded) -> None:
    """The SQL of the docs, for every stream that is read by `Timestamp`: what came last counts."""
    (statement,) = re.findall(r"```sql\n(CREATE OR REPLACE TABLE transaction_lines .*?)```", PAGE, re.DOTALL)
    with duckdb.connect() as connection:
        connection.execute(f"SET file_search_path = '{loaded.folder}'")
        connection.execute("SET TimeZone = 'America/New_York'")  # no instant may move because of it
        for name in SYNC:
            connection.execute(statement.replace("transaction_lines", name).replace("output/", ""))
            wanted = loaded.first.table(name) | loaded.second.table(name)
            found = table(connection, name, BY_NAME[name].primary_keys)
            assert set(found) == set(wanted)
            for place, row in wanted.items():
                for column, value in row.items():
                    assert moment_like(value, found[place][column]) == value, f"{name}.{column}"
    changed = loaded.second.table(CHANGED.name)
    assert len(changed) >= 10
    assert len(set(changed) - set(loaded.first.table(CHANGED.name))) == 5


def test_types_are_those_of_exact(loaded: Loaded) -> None:
    file = loaded.folder / "transaction_lines.jsonl"
    relation = duckdb.read_json(file, sample_size=-1)
    types = {name: str(each) for name, each in zip(relation.columns, relation.types, strict=True)}
    assert [types[name] for name in ("ID", "Timestamp", "AmountDC", "Date", "Modified", "AccountCode")] == [
        "UUID",
        "BIGINT",
        "DOUBLE",
        "TIMESTAMP",
        "TIMESTAMP WITH TIME ZONE",
        "VARCHAR",
    ]


def test_target_duckdb_loses_rows_and_empty_texts(loaded: Loaded) -> None:
    lost: dict[str, int] = {}
    emptied = 0
    with duckdb.connect(str(loaded.folder / "db.duckdb"), read_only=True) as connection:
        for name in DEFAULT:
            key = tuple(column.lower() for column in BY_NAME[name].primary_keys)
            wanted, found = loaded.first.table(name), table(connection, name, key)
            lost[name] = len(set(wanted) - set(found))
            assert set(found) <= set(wanted)
            for place, row in found.items():
                for column, value in wanted[place].items():
                    assert row[column.lower()] == as_target_duckdb_keeps(value), f"{name}.{column}"
                    emptied += value == ""
    # It reads the first row of what it loads at once as the names of the columns, where the types let it.
    assert set(lost.values()) == {0, 1}
    assert lost["gl_accounts"] == 1
    assert emptied


def as_target_duckdb_keeps(value: Any) -> Any:
    if value == "":
        return None
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


@pytest.mark.parametrize("program", [TARGET_JSONL, TARGET_DUCKDB], ids=lambda program: program.name)
def test_neither_takes_batch_files(program: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(
        json.dumps(
            {
                "destination_path": str(tmp_path),
                "path": str(tmp_path / "db.duckdb"),
                "default_target_schema": "main",
            }
        )
    )
    schema = {"properties": {"ID": {"type": "string"}}}
    messages = (
        {"type": "SCHEMA", "stream": "journals", "schema": schema, "key_properties": ["ID"]},
        {
            "type": "BATCH",
            "stream": "journals",
            "encoding": {"format": "jsonl"},
            "manifest": ["file:///batch"],
        },
        {"type": "STATE", "value": {}},
    )
    lines = "".join(json.dumps(message) + "\n" for message in messages)
    done = subprocess.run(
        [program, "--config", config], input=lines.encode(), capture_output=True, check=False
    )
    # Not left out in silence: the run fails, and its state is not kept.
    assert done.returncode == 1
    assert not done.stdout.strip()

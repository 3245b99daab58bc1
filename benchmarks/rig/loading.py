"""The ways to load that are compared, and what has to be right after each of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from demo.postgres import Postgres
from rig.measuring import Cost, Program, environment, measure_pipe
from rig.outputs import last_state
from rig.serving import LINES, cpu_of
from rig.taps import Bench

STREAM = "transaction_lines"
_LOG = "deleted"
_SCHEMA = "loaded"
_CHANGED, _DELETED, _ADDED = 20, 10, 5
# As meltano.yml ships it.
SHIPPED: Mapping[str, Any] = {"use_copy": True, "validate_records": False}
# What the loader makes of the types that matter; a test of the project looks at every column.
_TYPES = {
    "ID": "uuid",
    "Timestamp": "bigint",
    "AmountDC": "numeric",
    "Date": "timestamp without time zone",
    "Modified": "timestamp without time zone",
    "Description": "text",
}


def server_cpu(server: Postgres) -> float:
    """Return the seconds of the processor that a server has used so far."""
    with psycopg.connect(server.conninfo) as connection:
        (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    return cpu_of(int((Path(folder) / "postmaster.pid").read_text().split("\n", 1)[0]))


@dataclass(frozen=True, slots=True)
class Way:
    """One way to load.

    Attributes:
        name: What the table calls it.
        loader: Settings of target-postgres.
        batch: The encoding of BATCH files, or nothing for records in the pipe.
        batch_size: Rows in each of those files.
    """

    name: str
    loader: Mapping[str, Any] = field(default_factory=dict)
    batch: Mapping[str, str] | None = None
    batch_size: int = 10_000

    def tap_settings(self, folder: Path) -> dict[str, Any]:
        """Return what the tap needs to be told."""
        if self.batch is None:
            return {}
        folder.mkdir(exist_ok=True)
        storage = {"root": folder.as_uri()}
        return {
            "batch_config": {
                "encoding": dict(self.batch),
                "storage": storage,
                "batch_size": self.batch_size,
            }
        }


WAYS = {
    "defaults": Way("as the loader comes: INSERT, validation"),
    "insert": Way("INSERT, no validation", {"validate_records": False}),
    "validated": Way("COPY, validation", {"use_copy": True}),
    "shipped": Way("COPY, no validation (shipped)", SHIPPED),
    "large": Way("the same, 100,000 rows at once", {**SHIPPED, "batch_size_rows": 100_000}),
    "jsonl": Way("the same, BATCH files: JSONL gzip", SHIPPED, {"format": "jsonl", "compression": "gzip"}),
    "parquet": Way("the same, BATCH files: Parquet", SHIPPED, {"format": "parquet"}),
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one load cost.

    Attributes:
        tap: The tap's part.
        loader: The loader's.
        server: Seconds of the processor that PostgreSQL used.
    """

    tap: Cost
    loader: Cost
    server: float


@dataclass(frozen=True, slots=True)
class Pipe:
    """Where taps and loaders are set up.

    Attributes:
        bench: Sets up the taps.
        tap: See `taps.command_of`.
        loader: The command of target-postgres.
        server: A PostgreSQL server.
    """

    bench: Bench
    tap: str
    loader: str
    server: Postgres

    def load(
        self, way: Way, database: Postgres, state: Mapping[str, Any] | None = None
    ) -> tuple[Loaded, Mapping[str, Any]]:
        """Load once; return what it cost and the state that the loader let through."""
        folder = self.bench.folder / database.database
        folder.mkdir(exist_ok=True)
        config = folder / "loader.json"
        address = {"sqlalchemy_url": database.url, "default_target_schema": _SCHEMA}
        config.write_text(json.dumps({**address, **way.loader}))
        tap = self.bench.ours(
            f"tap {database.database}",
            self.tap,
            streams=[STREAM, _LOG],
            state=state,
            **way.tap_settings(folder / "files"),
        )
        loader = Program("loader", [self.loader, "--config", str(config)], {})
        output = folder / "output.jsonl"
        before = server_cpu(self.server)
        with output.open("wb") as file:
            costs = measure_pipe([tap, loader], file)
        return Loaded(costs[0], costs[1], server_cpu(self.server) - before), _state(output)

    def fresh(self, name: str) -> Postgres:
        """Make an empty database whose time zone is far from UTC, which no instant may mind."""
        with psycopg.connect(self.server.conninfo, autocommit=True) as connection:
            identifier = sql.Identifier(name)
            connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
            connection.execute(sql.SQL("ALTER DATABASE {} SET timezone TO 'Asia/Tokyo'").format(identifier))
        return Postgres(self.server.folder, name)

    def drop(self, name: str) -> None:
        """Throw a database away."""
        with psycopg.connect(self.server.conninfo, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))

    def check(self, way: Way) -> dict[str, str]:
        """Load little, change it at its source, load again, mirror the deletes, and compare with the source.

        Args:
            way: The way to load.

        Returns:
            What was looked at, each with "yes" or with what is wrong.
        """
        control, (division, *_) = self.bench.served.control, self.bench.divisions
        database = self.fresh("checked")
        _, state = self.load(way, database)
        kept = control.rows(division, LINES)
        first = len(kept)
        found = {
            "types": _types(database),
            "keys": _keys(database),
            "all rows": "yes"
            if len(_versions(database)) == first
            else f"{len(_versions(database))} of {first}",
            "instants": _instants(database, kept),
        }
        control.change(division, LINES, count=_CHANGED)
        control.delete(division, LINES, ids=[row["ID"] for row in kept[-_DELETED:]])
        control.add(division, LINES, _ADDED)
        self.load(way, database, state)
        _mirror(database)
        source = {row["ID"]: row["Timestamp"] for row in control.rows(division, LINES)}
        landed = _versions(database)
        old = sum(landed.get(key) != version for key, version in source.items())
        left = len(landed.keys() - source.keys())
        found["upserts"] = "yes" if not old else f"{old} rows are missing or old"
        found["deletes"] = "yes" if not left else f"{left} rows are left"
        self.drop(database.database)
        return found


def _state(output: Path) -> Mapping[str, Any]:
    """Return the last state that the loader let through: it writes the bare value of each."""
    lines = output.read_bytes().splitlines()
    return json.loads(lines[-1]) if lines else last_state(output)


def _versions(database: Postgres) -> dict[str, int]:
    """Return the row version of each row that landed."""
    with psycopg.connect(database.conninfo) as connection:
        query = sql.SQL("SELECT {}::text, {} FROM {}").format(
            *map(sql.Identifier, ("ID", "Timestamp")), sql.Identifier(_SCHEMA, STREAM)
        )
        return dict(connection.execute(query).fetchall())


def _types(database: Postgres) -> str:
    with psycopg.connect(database.conninfo) as connection:
        query = "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
        landed = dict(connection.execute(query, (_SCHEMA, STREAM)).fetchall())
    wrong = [f"{name}: {landed.get(name)}" for name, kind in _TYPES.items() if landed.get(name) != kind]
    return "; ".join(wrong) or "yes"


def _keys(database: Postgres) -> str:
    query = (
        "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)"
        " WHERE i.indisprimary AND i.indrelid = %s::regclass"
    )
    with psycopg.connect(database.conninfo) as connection:
        found = {name for (name,) in connection.execute(query, (f"{_SCHEMA}.{STREAM}",))}
    return "yes" if found == {"Division", "ID"} else f"the key is {sorted(found)}"


def _instants(database: Postgres, rows: list[dict[str, Any]]) -> str:
    """Compare `Created` with what the source shows: the Dutch wall clock, one or two hours ahead of UTC."""
    with psycopg.connect(database.conninfo) as connection:
        query = sql.SQL(
            "SELECT {}::text, ({} AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Amsterdam')::text FROM {}"
        ).format(sql.Identifier("ID"), sql.Identifier("Created"), sql.Identifier(_SCHEMA, STREAM))
        landed = dict(connection.execute(query).fetchall())
    wrong = sum(landed.get(row["ID"], "")[:19] != row["Created"].replace("T", " ")[:19] for row in rows)
    return "yes" if not wrong else f"{wrong} of {len(rows)} moved"


def _mirror(database: Postgres) -> None:
    command = [sys.executable, "-c", "from tap_exact_online.cli import main; main()", "deletes", "--apply"]
    subprocess.run(
        [*command, "--schema", _SCHEMA, "--url", database.conninfo],
        check=True,
        capture_output=True,
        env=environment(),
    )

"""Runs that begin at the same time in one Meltano project: whoever ends with 0 has all of its rows in its tables.

Meltano keeps one state and one catalog for all of them. What the tap makes of the files is in `tests/tap/test_beside_others.py`; here is
whether Meltano makes them so. `AT_ONCE=20` lets the runs race so often.
"""

from __future__ import annotations

import json
import os
import random
import re
import stat
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from demo.postgres import Postgres
from demo.processes import ProgramFailed
from demo.project import Project
from tests.conftest import Sandbox, StartSandbox
from tests.meltano.conftest import SELECT, MakeProject
from tests.processes import Captured, capture

PIPELINE = ("tap-exact-online", "target-postgres")
STREAMS = {"journals": "financial/Journals", "gl_accounts": "sync/Financial/GLAccounts"}
SOME_FIELDS = [f"{stream}.{field}" for stream in STREAMS for field in ("Code", "ID", "Division", "Timestamp")]
TRIES = int(os.environ.get("AT_ONCE", "2"))
REFUSED = "Another run of this tap has begun in the same Meltano project folder at the same time"


@pytest.fixture
def company(start_sandbox: StartSandbox) -> Sandbox:
    return start_sandbox(divisions=6, rows=200, minute_limit=10**6, day_limit=10**6, contract_limit=10**6)


@pytest.fixture
def project(company: Sandbox, database: Postgres, make_project: MakeProject) -> Project:
    return make_project(company, database, **{SELECT: json.dumps(SOME_FIELDS)})


def expected(company: Sandbox, divisions: set[int]) -> dict[str, int]:
    """Return how many rows the sandbox has of each stream in some divisions."""
    control = company.control
    return {
        stream: sum(control.count(division, path) for division in divisions)
        for stream, path in STREAMS.items()
    }


def loaded(database: Postgres, schema: str, divisions: set[int]) -> dict[str, int]:
    """Return how many rows of some divisions are in the tables of a schema."""
    query = sql.SQL("SELECT count(*) FROM {} WHERE {} = ANY(%s)")
    with psycopg.connect(database.conninfo) as connection:
        found = {}
        for stream in STREAMS:
            table = sql.Identifier(schema, stream)
            rows = connection.execute(query.format(table, sql.Identifier("Division")), [[*divisions]])
            found[stream] = next(rows)[0]
    return found


@dataclass
class Pipeline:
    """A pipeline of the project.

    Attributes:
        project: The project.
        suffix: What the id of its state ends with.
        schema: Where its rows go.
        divisions: What it reads.
        more: What else is set for it.
    """

    project: Project
    suffix: str
    schema: str
    divisions: set[int]
    more: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> Captured:
        own = {"TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": self.schema, **self.more}
        command = self.project.command(
            "--environment=demo", "run", "--force", f"--state-id-suffix={self.suffix}", *PIPELINE
        )
        return capture("meltano", command[1:], env={**self.project.env, **own})

    def ends(self, started: Captured, company: Sandbox, database: Postgres) -> str:
        """Wait for its end, check it, and say how it was."""
        ended = started.end(300)
        if ended.returncode == 0:
            whole = expected(company, self.divisions)
            assert loaded(database, self.schema, self.divisions) == whole, ended.stderr
            return "read"
        named = re.search(
            rf"{REFUSED}|Extractor failed|Loader failed|database is locked|Catalog|catalog", ended.stderr
        )
        assert named, ended.stderr
        return "refused" if REFUSED in ended.stderr else named[0]


def race(pipelines: list[Pipeline], company: Sandbox, database: Postgres, apart: float) -> list[str]:
    """Start pipelines some seconds apart, and return how each ended."""
    started = []
    for pipeline in pipelines:
        started.append(pipeline.start())
        threading.Event().wait(apart)
    return [pipeline.ends(each, company, database) for pipeline, each in zip(pipelines, started, strict=True)]


def test_meltano_makes_its_files_in_the_order_and_by_the_names_that_the_tap_knows(project: Project) -> None:
    """Where this fails, what `tap_exact_online/meltano.py` says of Meltano is no longer true."""
    project.meltano("--environment=demo", "run", *PIPELINE)
    seen = project.folder / "seen"
    program = project.folder / ".meltano/extractors/tap-exact-online/venv/bin/tap-exact-online"
    look = f'look() {{ (cd .meltano/run/tap-exact-online && stat -c "$1 %n %.6Y" *); echo "$1 $*"; }}; look "$1" "$@" >> {seen}\n'
    shell, _, rest = program.read_text().partition("\n")
    after = rest.replace("exec '", "'").rstrip() + f'\ncode=$?; stat -c "after %a" "$2" >> {seen}; exit $code\n'
    program.write_text(f"{shell}\n{look}{after}")
    project.meltano("--environment=demo", "run", "--refresh-catalog", *PIPELINE)
    print(seen.read_text())

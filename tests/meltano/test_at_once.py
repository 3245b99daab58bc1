"""Runs that begin at the same time in one Meltano project: whoever ends with 0 has all of its rows in its tables.

Meltano keeps one state and one catalog for all of them. What the tap makes of the files is in `tests/tap/test_beside_others.py`; here is
whether Meltano makes them so. `AT_ONCE=20` lets the runs race so often.
"""

from __future__ import annotations

import json
import os
import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from demo.postgres import Postgres
from demo.project import Project
from tap_exact_online.catalog import BY_NAME, schema_of
from tap_exact_online.reading import Choice, Shard
from tests.conftest import Sandbox, StartSandbox
from tests.meltano.conftest import SELECT, MakeProject
from tests.processes import Captured, capture

PIPELINE = ("tap-exact-online", "target-postgres")
STREAMS = {"journals": "financial/Journals", "gl_accounts": "sync/Financial/GLAccounts"}
SOME_FIELDS = [
    f"{stream}.{field}"
    for stream in STREAMS
    for field in ("Code", "ID", "Division", "Timestamp")
    if field in schema_of(BY_NAME[stream])["properties"]
]
TRIES = int(os.environ.get("AT_ONCE", "1"))
NO_PAGE_TWICE = {"TAP_EXACT_ONLINE_LATE_COMMITS": "false"}
MOST_APART = (
    3.0 if TRIES == 1 else 9.0
)  # seconds: where it is tried often, also when the first has read its own
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
        own = {"TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": self.schema, **NO_PAGE_TWICE, **self.more}
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


def test_meltano_makes_its_files_in_the_order_and_by_the_names_that_the_tap_knows(
    project: Project, tmp_path: Path
) -> None:
    """Where this fails, what `tap_exact_online/meltano.py` says of Meltano is no longer true."""
    project.meltano("--environment=demo", "run", *PIPELINE)
    folder = project.folder / ".meltano" / "run" / "tap-exact-online"
    assert not [*folder.glob("*config.json")], "gone with its run"
    seen = tmp_path / "seen"
    program = project.folder / ".meltano/extractors/tap-exact-online/venv/bin/tap-exact-online"
    shell, _, rest = program.read_text().partition("\n")
    # Notes what there is before the tap starts, and its configuration when it has ended.
    look = f"echo \"begins $*\" >> {seen}; (cd {folder} && stat -c '%n %.6Y' * >> {seen})"
    rest = rest.replace("exec '", "'").rstrip()
    program.write_text(f'{shell}\n{look}\n{rest}\ncode=$?; stat -c "ended %A" "$2" >> {seen}; exit $code\n')
    project.meltano("--environment=demo", "run", "--refresh-catalog", *PIPELINE)
    _, discovering, reading = seen.read_text().split("begins ")

    made = dict(line.split() for line in discovering.splitlines()[1:])
    (own,) = (name for name in made if re.fullmatch(r"tap\.[0-9a-f-]{36}\.config\.json", name))
    assert "--discover" in discovering.splitlines()[0]
    assert float(made[own]) <= float(made["state.json"]), "the configuration is first"

    arguments, *files = reading.splitlines()
    made = dict(line.split() for line in files)
    assert arguments.split() == [
        *("--config", str(folder / own)),
        *("--catalog", str(folder / "tap.properties.json")),
        *("--state", str(folder / "state.json")),
    ]
    assert float(made["state.json"]) <= float(made["tap.properties.json"]), (
        "the state is there before the catalog"
    )
    assert made["ended"][6] == "x", "the tap has marked it when it had read the others"
    assert not [*folder.glob("*config.json")]

    # A command, too, has a configuration there while it runs, and the state is removed for it: so it counts as a run.
    assert (folder / "state.json").is_file()
    project.meltano("--environment=demo", "invoke", "tap-exact-online:status")
    assert not (folder / "state.json").exists()
    assert not [*folder.glob("*config.json")]


def test_a_pipeline_that_has_all_beside_the_first_run_of_another(
    project: Project, company: Sandbox, database: Postgres
) -> None:
    codes = {row["Code"] for row in company.control.divisions()}
    old = Pipeline(project, "old", "old", codes)
    assert old.ends(old.start(), company, database) == "read"
    pauses = random.Random(6)  # noqa: S311  the same in every run
    ends: list[list[str]] = []
    for number in range(TRIES):
        new = Pipeline(project, f"new{number}", f"new{number}", codes)
        both = [old, new] if number % 2 else [new, old]
        ends.append(race(both, company, database, pauses.uniform(0, MOST_APART)))
        # What was refused reads all of it when it is alone.
        assert new.ends(new.start(), company, database) == "read"
    print(ends)  # noqa: T201  how it went, where it is tried often


def test_two_shards_at_once(project: Project, company: Sandbox, database: Postgres) -> None:
    codes = {row["Code"] for row in company.control.divisions()}
    pauses = random.Random(7)  # noqa: S311  the same in every run
    ends: list[list[str]] = []
    for number in range(TRIES):
        both = [
            Pipeline(
                project,
                f"{part}-of-2-{number}",
                f"shards{number}",
                {*Choice(shard=Shard(part, 2)).pick(codes)},
                {"TAP_EXACT_ONLINE_SHARD": f"{part}/2"},
            )
            for part in (1, 2)
        ]
        ends.append(race(both, company, database, pauses.uniform(0, MOST_APART)))
    print(ends)  # noqa: T201  how it went, where it is tried often


def test_a_state_says_whose_it_is(project: Project, company: Sandbox, database: Postgres) -> None:
    codes = {row["Code"] for row in company.control.divisions()}
    whole = Pipeline(project, "whole", "exact_online", codes)
    assert whole.ends(whole.start(), company, database) == "read"
    name = "demo:tap-exact-online-to-target-postgres"
    left = json.loads(project.meltano("--environment=demo", "state", "get", f"{name}:whole").splitlines()[-1])
    assert left["singer_state"]["belongs_to"] == {"environment": "demo"}

    # A shard goes on from the state of a whole run, and what it leaves is its own.
    shards = {part: {*Choice(shard=Shard(part, 2)).pick(codes)} for part in (1, 2)}
    one = Pipeline(project, "one", "exact_online", shards[1], {"TAP_EXACT_ONLINE_SHARD": "1/2"})
    project.meltano("--environment=demo", "state", "copy", "--force", f"{name}:whole", f"{name}:one")
    company.control.reset_stats()
    assert one.ends(one.start(), company, database) == "read"
    asked = [call for call in company.control.asked() if call["path"] == STREAMS["gl_accounts"]]
    assert {call["division"] for call in asked} == shards[1]
    assert all(int(re.findall(r"Timestamp gt (\d+)", call["filter"])[0]) > 1 for call in asked), asked
    other = Pipeline(project, "one", "exact_online", shards[2], {"TAP_EXACT_ONLINE_SHARD": "2/2"})
    ended = other.start().end(300)
    assert ended.returncode == 1
    assert "The state belongs to shard 1/2, and this run reads shard 2/2. Nothing was read." in ended.stderr
    assert "Exit code 2" in ended.stderr

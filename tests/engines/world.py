"""What an engine runs against: a sandbox, an empty PostgreSQL, and a Meltano project that keeps everything there."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from demo.outcome import SCHEMA, counts
from demo.postgres import Postgres
from demo.processes import BIN
from demo.project import Project, copy_project
from tap_exact_online.catalog.resources import BY_NAME
from tap_exact_online.ledger.reading import DEFAULT_SCHEMA
from tests.auth.stores.servers import token_url
from tests.conftest import Sandbox
from tests.meltano.conftest import NOWHERE, discover_only

STREAMS = (
    *("divisions", "deleted", "reads", "accounts", "gl_accounts", "journals"),
    *("transaction_lines", "financial_periods", "reporting_balance"),
)
ADDED = "Description"
"""The column of journals that comes into the selection while workers run."""
GROUPS, WORKERS = 6, 4


@dataclass(frozen=True)
class World:
    """Everything that a firm has, on this machine.

    Attributes:
        folder: For the engine's own files.
        company: The sandbox.
        database: The tables, Meltano's system database with its states, the tokens and the board.
        project: The Meltano project.
    """

    folder: Path
    company: Sandbox
    database: Postgres
    project: Project

    @property
    def env(self) -> dict[str, str]:
        """The environment of the engine and its tasks."""
        return {
            **self.project.env,
            "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]]),
            "TAP_EXACT_ONLINE_BASE_URL": self.company.base_url,
            "TAP_EXACT_ONLINE_CLIENT_ID": self.company.client_id,
            "TAP_EXACT_ONLINE_CLIENT_SECRET": self.company.client_secret,
            "TAP_EXACT_ONLINE_REFRESH_TOKEN": self.company.refresh_token,
            "TAP_EXACT_ONLINE_STORE": token_url(self.database),
            "MELTANO_DATABASE_URI": self.database.url,
            "TARGET_POSTGRES_SQLALCHEMY_URL": self.database.url,
            "EXACT_ONLINE_PROJECT": str(self.project.folder),
            "EXACT_ONLINE_GROUPS": str(GROUPS),
            "EXACT_ONLINE_WORKERS": str(WORKERS),
            "EXACT_ONLINE_LEASE": "20",
            "HTTPS_PROXY": NOWHERE,
            "NO_PROXY": "127.0.0.1",
        }

    def add_column(self) -> None:
        """Select one column more, as somebody does who edits meltano.yml while workers run."""
        select(self.project, [])

    def rows(self) -> dict[str, int]:
        """Return the rows of each table."""
        return counts(self.database)

    def expected(self) -> dict[str, int]:
        """Return how many rows the sandbox has of each stream, over all divisions."""
        control = self.company.control
        divisions = [row["Code"] for row in control.divisions()]
        paths = {
            stream: BY_NAME[stream].endpoint.path
            for stream in STREAMS
            if stream not in {"divisions", "reads"}
        }
        return {
            "divisions": len(divisions),
            **{
                stream: sum(control.count(division, path) for division in divisions)
                for stream, path in paths.items()
            },
        }

    def verdicts(self) -> set[str]:
        """Return what the ledger's certificate says, of all companies and years."""
        query = f"SELECT DISTINCT verdict FROM {DEFAULT_SCHEMA}.exact_online__completeness"  # noqa: S608  a name of ours
        with psycopg.connect(self.database.conninfo) as connection:
            return {row[0] for row in connection.execute(query.encode())}

    def columns(self, table: str) -> set[str]:
        """Return the columns of a table."""
        query = (
            "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
        )
        with psycopg.connect(self.database.conninfo) as connection:
            return {row[0] for row in connection.execute(query, [SCHEMA, table])}

    def lapses(self) -> list[int]:
        """Return how often the worker of each group of the large round vanished."""
        query = "SELECT document FROM exact_online_board WHERE name LIKE 'round.%'"
        with psycopg.connect(self.database.conninfo) as connection:
            rounds = [json.loads(bytes(row[0])) for row in connection.execute(query)]
        [groups] = [found["groups"] for found in rounds if len(found["groups"]) == GROUPS]
        assert {group["status"] for group in groups} == {"done"}
        return [group.get("lapses", 0) for group in groups]


def made(folder: Path, company: Sandbox, database: Postgres) -> World:
    """Make a world in an empty folder."""
    project = copy_project(folder / "project")
    select(project, [f"!journals.{ADDED}"])
    discover_only(project, {*STREAMS})
    return World(folder, company, database, project)


def select(project: Project, but: Sequence[str]) -> None:
    """Write what is selected into meltano.yml: all fields of the streams, but some."""
    file = project.folder / "meltano.yml"
    patterns = [*(f"{stream}.*" for stream in STREAMS), *but]
    lines = "".join(f"    - '{pattern}'\n" for pattern in patterns)
    text = re.sub(
        r"(?<=    select:\n).*?(?=    # End of selection)", lines, file.read_text(), count=1, flags=re.DOTALL
    )
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)  # Meltano may be reading it

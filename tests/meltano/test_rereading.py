"""The commands of the docs that read something anew: what they name is read, and nobody else's bookmark is lost."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from demo.outcome import SCHEMA
from demo.postgres import Postgres
from demo.processes import BIN
from demo.project import Project
from tap_exact_online.catalog.resources import BY_NAME
from tap_exact_online.doctor.cures import CURES
from tap_exact_online.sandbox.control import Control
from tap_exact_online.state.deletions import Age
from tests.conftest import running
from tests.docs.pages import page
from tests.meltano.conftest import connect

STREAMS = ("accounts", "items")
FIRST, SECOND = 1000001, 1000002
_WRITTEN = "123456"
"""The company of the docs."""

(BLOCK,) = (
    block
    for block in page("running.md").blocks
    if (block.mark, block.kind) == ("meltano", "console") and "--full-refresh" in block.body
)
EVERYTHING, COMPANY, STREAM, BOTH = re.findall(r"^\$ (.*?)\s*(?:#.*)?$", BLOCK.body, re.MULTILINE)


@dataclass(frozen=True)
class Books:
    """A pipeline that has loaded everything once."""

    control: Control
    database: Postgres
    project: Project

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command line of the docs, for a company that is there."""
        return subprocess.run(
            ["bash", "-c", command.replace(_WRITTEN, str(FIRST))],
            cwd=self.project.folder,
            env=self.project.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def bookmarks(self) -> dict[tuple[str, int], Any]:
        """Return what Meltano keeps of each stream and company."""
        kept = self.project.meltano(
            "--log-level=error", "state", "get", "demo:tap-exact-online-to-target-postgres"
        )
        state = json.loads(kept)["singer_state"]["bookmarks"]
        return {
            (name, part["context"]["Division"]): part["at"]
            for name in STREAMS
            for part in state[name]["partitions"]
        }

    def spoil(self) -> None:
        """Change every row in the database, so that one that is read anew can be told from the others."""
        with psycopg.connect(self.database.conninfo) as connection:
            for name in STREAMS:
                connection.execute(f'UPDATE {SCHEMA}.{name} SET "Timestamp" = 0'.encode())  # noqa: S608

    def mended(self) -> set[tuple[str, int]]:
        """Return which streams of which companies were read anew: all of their rows, or it fails."""
        found = set()
        with psycopg.connect(self.database.conninfo) as connection:
            for name in STREAMS:
                query = f'SELECT "Division", count(*) FILTER (WHERE "Timestamp" > 0) FROM {SCHEMA}.{name} GROUP BY 1'  # noqa: S608
                for division, again in connection.execute(query.encode()):
                    assert again in {0, self.control.count(division, BY_NAME[name].path)}
                    found |= {(name, division)} if again else set()
        return found


@pytest.fixture(scope="module")
def books(postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    folder = tmp_path_factory.mktemp("rereading")
    database = postgres_server.create_database("rereading")
    with running(folder, {"rows": 100, "divisions": 2}) as sandbox:
        project = connect(
            folder,
            sandbox,
            database,
            MELTANO_ENVIRONMENT="demo",
            PATH=f"{BIN}:/usr/bin:/bin",
            TAP_EXACT_ONLINE__SELECT=json.dumps([f"{name}.*" for name in STREAMS]),
            # Otherwise the last page is read again, and the tables here have no more than one.
            TAP_EXACT_ONLINE_LATE_COMMITS="false",
        )
        project.meltano("run", "tap-exact-online", "target-postgres")
        yield Books(sandbox.control, database, project)


ALL = {(name, division) for name in STREAMS for division in (FIRST, SECOND)}


@pytest.mark.parametrize(
    ("command", "anew"),
    [
        pytest.param(COMPANY, {("accounts", FIRST), ("items", FIRST)}, id="a company"),
        pytest.param(STREAM, {("items", FIRST), ("items", SECOND)}, id="a stream"),
        pytest.param(BOTH, {("items", FIRST)}, id="a stream of a company"),
        pytest.param(EVERYTHING, ALL, id="everything"),
        pytest.param("meltano run tap-exact-online target-postgres", set(), id="nothing"),
    ],
)
def test_a_documented_command_reads_anew_what_it_names_and_keeps_all_bookmarks(
    books: Books, command: str, anew: set[tuple[str, int]]
) -> None:
    before = books.bookmarks()
    assert {*before} == ALL
    books.spoil()
    ended = books.run(command)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert books.mended() == anew
    assert books.bookmarks() == before


def test_a_name_that_means_nothing_leaves_all_as_it_is(books: Books) -> None:
    before = books.bookmarks()
    ended = books.run(COMPANY.replace(_WRITTEN, "99"))
    assert ended.returncode == 1
    assert "`reread` names divisions that are not read: 99" in ended.stderr
    assert books.bookmarks() == before


def test_messages_recommend_what_was_tried() -> None:
    also = f"{COMPANY} exact-online:deletes"  # tried in tests/mirror/test_meltano.py
    assert Age(int(_WRITTEN), timedelta(days=61)).message().endswith(also)
    cure = dataclasses.asdict(CURES["deleted_log_lost"].filled({"divisions": f"[{_WRITTEN}]"}))
    assert all(also in cure[language] for language in ("english", "dutch"))


def test_no_page_narrows_a_full_refresh() -> None:
    text = Path(page("running.md").file).read_text(encoding="utf-8")
    assert not re.search(r"TAP_EXACT_ONLINE_\w+=.*--full-refresh", text)

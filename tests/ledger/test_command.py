"""`exact-online ledger build`: dbt, the tests and the certificate, on both databases, whole and broken."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from demo.processes import BIN
from demo.project import ROOT
from tests.ledger.building import PYTHON
from tests.ledger.warehouses import SCHEMA, DuckDB, Postgres, Warehouse
from tests.processes import until

PROGRAM = BIN / "exact-online"


@pytest.fixture(autouse=True)
def _asked(asked: None) -> None:
    """Skip all of it where it was not asked for."""


def environment(warehouse: Warehouse, folder: Path) -> dict[str, str]:
    """Return the environment that leads to a database, and to dbt, and keeps what dbt makes in a folder."""
    foreign = ("EXACT_ONLINE_", "PG", "DBT_")
    own = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    if isinstance(warehouse, DuckDB):
        leads = {"EXACT_ONLINE_LEDGER_DUCKDB": str(warehouse.file)}
    else:
        assert isinstance(warehouse, Postgres)
        leads = {"EXACT_ONLINE_LEDGER_URL": warehouse.server.url}
    path = os.pathsep.join([str(PYTHON.parent), own["PATH"]])
    return {**own, **leads, "PATH": path, "XDG_CACHE_HOME": str(folder / "cache")}


def run(warehouse: Warehouse, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder."""
    command = [PROGRAM, *words]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(warehouse, folder),
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


def certificate(warehouse: Warehouse, folder: Path) -> Mapping[str, object]:
    found: Mapping[str, object] = json.loads(run(warehouse, folder, "certificate", "--json").stdout)
    return found


def lose_a_page(warehouse: Warehouse) -> None:
    """Take away what would be the oldest page of lines."""
    warehouse.execute(
        f'DELETE FROM {SCHEMA}.transaction_lines WHERE ("Division", "ID") IN (SELECT "Division", "ID"'  # noqa: S608  a table of ours
        f' FROM {SCHEMA}.transaction_lines ORDER BY "Division", "Timestamp" LIMIT 1000)'
    )


def test_a_whole_ledger_is_certified_and_one_that_lost_a_page_is_not(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    ended = run(warehouse, tmp_path, "ledger", "build")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Building the ledger as it came with the tap." in ended.stdout
    assert ended.stdout.rstrip().endswith("Exit code 0.")
    assert "\x1b" not in ended.stdout
    assert not [path for path in (ROOT / "dbt").iterdir() if path.name in {"target", "logs"}]

    lose_a_page(warehouse)
    broken = run(warehouse, tmp_path, "ledger", "build")
    assert broken.returncode == 1
    assert "missing here" in broken.stdout
    assert broken.stdout.rstrip().endswith("Exit code 1.")
    assert "tests of the ledger fail" in broken.stderr
    found = certificate(warehouse, tmp_path)
    assert found["verdict"] == "different"
    assert run(warehouse, tmp_path, "certificate").returncode == 1

    only = run(warehouse, tmp_path, "ledger", "build", "--no-tests")
    assert only.returncode == 1
    assert "START test" not in only.stdout
    assert "START test" in broken.stdout
    # PostgreSQL drops a view with the table that it rests on: all are made anew.
    assert warehouse.rows("SELECT * FROM exact_online_ledger.exact_online__profit_and_loss LIMIT 1")
    assert certificate(warehouse, tmp_path)["groups_not_equal"] == found["groups_not_equal"]


def test_the_certificate_is_of_today_though_an_earlier_test_fails(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    """Where `dbt build` leaves out what stands behind a test that fails, the certificate would be that of the day before."""
    run(warehouse, tmp_path, "ledger", "init", "books", "--database", warehouse.kind)
    assert run(warehouse, tmp_path, "ledger", "build", "books").returncode == 0
    (tmp_path / "books" / "tests" / "mine.sql").write_text(
        "select id from {{ ref('stg_exact_online__transaction_lines') }}"
    )
    lose_a_page(warehouse)
    ended = run(warehouse, tmp_path, "ledger", "build", "books")
    assert ended.returncode == 1
    assert "mine" in ended.stdout
    assert "tests of the ledger fail" in ended.stderr
    assert certificate(warehouse, tmp_path)["verdict"] == "different"


def test_a_package_that_was_written_out_and_changed_is_what_is_built(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    kind = warehouse.kind
    written = run(warehouse, tmp_path, "ledger", "init", "books", "--database", kind)
    assert written.returncode == 0, written.stderr
    mine = tmp_path / "books" / "models" / "mine.sql"
    mine.write_text("select count(*) as companies from {{ ref('stg_exact_online__divisions') }}")
    ended = run(warehouse, tmp_path, "ledger", "build", "books", "--schema", "accounting")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Building the ledger of books." in ended.stdout
    (row,) = warehouse.rows("SELECT companies FROM accounting.mine")
    assert row["companies"] > 0
    assert "Exit code 0" in run(warehouse, tmp_path, "certificate", "--schema=accounting").stdout
    again = run(warehouse, tmp_path, "ledger", "init", "books", "--database", kind)
    assert "unchanged." in again.stdout  # nor did dbt change anything of it


def test_variables_reach_the_package(warehouse: Warehouse, tmp_path: Path) -> None:
    division = warehouse.rows(f'SELECT min("Code") AS code FROM {SCHEMA}.divisions')[0]["code"]  # noqa: S608  a table of ours
    given = json.dumps({"divisions": [division]})
    ended = run(warehouse, tmp_path, "ledger", "build", "--no-tests", "--vars", given)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    years = certificate(warehouse, tmp_path)["years"]
    assert isinstance(years, list)
    assert {year["division"] for year in years} == {division}


def test_a_model_that_cannot_be_built(warehouse: Warehouse, tmp_path: Path) -> None:
    run(warehouse, tmp_path, "ledger", "init", "books", "--database", warehouse.kind)
    (tmp_path / "books" / "models" / "mine.sql").write_text("select nothing from nowhere")
    ended = run(warehouse, tmp_path, "ledger", "build", "books")
    assert ended.returncode == 1
    assert "dbt could not build the ledger: what it says is above. Nothing was compared." in ended.stderr
    assert "Exit code" not in ended.stdout


@contextmanager
def building(warehouse: Warehouse, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM, "ledger", "build"],
            cwd=folder,
            env=environment(warehouse, folder),
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_signal_ends_dbt_too(warehouse: Warehouse, tmp_path: Path) -> None:
    with building(warehouse, tmp_path) as process:
        log = tmp_path / "log"
        until(lambda: "Running with dbt" in log.read_text(), process, log)
        children = psutil.Process(process.pid).children(recursive=True)
        assert any("dbt" in " ".join(child.cmdline()) for child in children)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM
        _, alive = psutil.wait_procs(children, timeout=20)
        assert alive == []

"""`exact-online certificate`, from PostgreSQL and from DuckDB: what it shows, and what it ends with."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from demo.postgres import Postgres
from tap_exact_online.cli import main
from tests.certificate import tables

PASSWORD = "hunter2"


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("EXACT_ONLINE_", "PG"))]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("COLUMNS", raising=False)  # as in a log, whatever terminal the tests run in
    monkeypatch.setenv("TZ", "Pacific/Auckland")  # no moment is read by the clock on the wall


def run(*options: str, **environment: str) -> Result:
    result = CliRunner().invoke(main, ["certificate", *options], env=environment)
    assert PASSWORD not in result.output
    assert not isinstance(result.exception, Exception), result.exception
    return result


@pytest.fixture(params=["postgres", "duckdb"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def where(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Mapping[str, str]:
    """The environment that leads to the red tables."""
    if kind == "duckdb":
        file = tmp_path / "books.duckdb"
        tables.in_duckdb(file, tables.RED_YEARS, tables.RED_GROUPS)
        return {"EXACT_ONLINE_LEDGER_DUCKDB": str(file)}
    database: Postgres = request.getfixturevalue("database")
    tables.in_postgres(database, tables.RED_YEARS, tables.RED_GROUPS)
    return {"EXACT_ONLINE_LEDGER_URL": database.url}  # an address for SQLAlchemy


def document(*options: str, **environment: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("--json", *options, **environment).output)
    return found


def test_a_person_sees_verdicts_and_the_largest_difference_first(where: Mapping[str, str]) -> None:
    ended = run(**where)
    assert ended.exit_code == 1
    text = " ".join(ended.output.split())
    for said in (
        "2025 116 of 120 1,234,567.89 EUR 1,030.00 -4,321.10",
        "Bakker & Zoon BV (1), 2025: 4 groups of 120 not equal",
        "4 1300 Debiteuren 0.00 1,000.00 1,000.00 1 missing here",
        "3 8000 Omzet 170.00 200.00 30.00 2 another amount",
        "5 4000 Lonen 0.00 0.00 7.50 1 only here",
        "Witness: result of the year: differs",
        "Holding <b>BV</b> (2), 2025: 1 group of 120 not equal",
        "3 companies, 5 years: 1 complete, 1 moving, 2 not compared, 1 different. Exit code 1.",
    ):
        assert said in text
    assert text.index("1300 Debiteuren") < text.index("8000 Omzet") < text.index("4000 Lonen")


def test_a_monitor_gets_all_of_it(where: Mapping[str, str]) -> None:
    found = document(**where)
    assert (found["version"], found["exit_code"], found["verdict"]) == (1, 1, "different")
    places = [(year["division"], year["financial_year"], year["verdict"]) for year in found["years"]]
    assert places == [
        *((1, 2024, "complete"), (1, 2025, "different"), (2, 2025, "moving")),
        *((2, 2026, "not_read"), (3, None, "not_read")),
    ]
    year = found["years"][1]
    assert year["difference"] == "1030.0000"
    assert year["balances_read_at"] == "2026-11-26T04:30:00+00:00"
    assert year["witnesses"]["result"] == "differs"
    assert found["groups_not_equal"] == 5
    assert [each["off_by"] for each in found["groups"]] == [
        "1000.0000",
        "20.0000",
        "10.0000",
        "7.5000",
        "10.0000",
    ]
    assert {each["verdict"] for each in found["groups"]} == {"missing_here", "differs", "only_here", "moving"}
    assert len(document("--groups=2", **where)["groups"]) == 2


@pytest.mark.parametrize(
    ("options", "code", "years"),
    [
        (["--year=2024"], 0, 1),
        (["--year=2024", "--strict"], 0, 1),
        (["--division=1"], 1, 2),
        (["--division=2"], 0, 2),  # one year moves, one was not compared
        (["--division=2", "--strict"], 1, 2),
        (["--division=3"], 1, 1),  # nothing was compared at all
        (["--division=1", "--division=2", "--year=2025"], 1, 2),
    ],
)
def test_a_part_of_it_and_the_exit_code(
    where: Mapping[str, str], options: Sequence[str], code: int, years: int
) -> None:
    ended = run("--json", *options, **where)
    assert (ended.exit_code, len(json.loads(ended.output)["years"])) == (code, years)


def test_a_few_of_many_are_named(where: Mapping[str, str]) -> None:
    text = " ".join(run("--groups=1", **where).output.split())
    assert "1300 Debiteuren" in text
    assert "8000 Omzet 170.00" not in text
    assert "2 accounts and periods more: --groups shows more." in text


def by_hand(tmp_path: Path, name: str, width: int) -> str:
    """Return what is shown of one company with a name, on a terminal of some width."""
    years = [{**row, "division_name": name} for row in tables.RED_YEARS if row["division"] == 1]
    file = tmp_path / "named.duckdb"
    tables.in_duckdb(file, years, tables.RED_GROUPS)
    page = tmp_path / "named.html"
    ended = run("--html", str(page), EXACT_ONLINE_LEDGER_DUCKDB=str(file), COLUMNS=str(width))
    assert ended.exit_code == 1
    assert name in document(EXACT_ONLINE_LEDGER_DUCKDB=str(file))["years"][0]["division_name"]
    return ended.output + page.read_text()


def test_a_hash_is_no_name_and_the_number_stands_in_its_place(tmp_path: Path) -> None:
    text = by_hand(tmp_path, "0123456789abcdef" * 4, 200)
    assert "0123456789abcdef" not in text
    assert "\n1, 2025: 4 groups of 120 not equal" in text
    assert '<th scope="row">1</th>' in text
    assert "Name" not in text.split("<!DOCTYPE", maxsplit=1)[0]


@pytest.mark.parametrize("width", [80, 100, 120, 160, 200])
def test_a_long_name_is_cut_and_figures_are_not(tmp_path: Path, width: int) -> None:
    text = by_hand(tmp_path, "Bakker & Zoon Beheermaatschappij BV", width).split("<!DOCTYPE", maxsplit=1)[0]
    (row,) = [line for line in text.splitlines() if " 2024 " in line]
    assert re.match(r"1 +Bakker & Zoo\S* ?.*2024 +120 of 120 ", row)
    assert row.rstrip().endswith("complete")
    assert ("Left out for lack of room: Witnesses" in text) is (width < 160)


def test_what_is_off_by_more_than_its_difference_is_explained(
    where: Mapping[str, str], tmp_path: Path
) -> None:
    said = "Off by is the sum over groups"
    page = tmp_path / "page.html"
    ended = run("--html", str(page), **where)
    assert said in ended.output
    assert said in page.read_text()
    only_alike = run("--groups=2", **where)  # the largest two are off by their differences
    assert said not in only_alike.output


def test_all_is_well(database: Postgres, tmp_path: Path) -> None:
    tables.in_postgres(database, tables.GREEN)
    file = tmp_path / "page.html"
    ended = run("--html", str(file), EXACT_ONLINE_DELETES_URL=database.conninfo)
    assert ended.exit_code == 0
    assert "2 companies, 3 years: 3 complete. Exit code 0." in ended.output
    assert f"The page is in {file}." in ended.output
    assert "Certificate of completeness: complete" in file.read_text()


def test_the_variables_of_postgresql_lead_there(database: Postgres) -> None:
    tables.in_postgres(database, tables.GREEN)
    ended = run(PGHOST=str(database.folder), PGUSER="postgres", PGDATABASE=database.database)
    assert ended.exit_code == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([f"--url=mysql://me:{PASSWORD}@there/books"], "--url: it is no address"),
        (["--duckdb=nowhere.duckdb"], "--duckdb: there is no file nowhere.duckdb."),
        (["--duckdb={page}"], "cannot be opened"),
        (
            ["--duckdb={empty}"],
            "There is no certificate in the schema exact_online_ledger: run `exact-online ledger build` first",
        ),
        (["--duckdb={books}", "--schema=else"], "There is no certificate in the schema else"),
        (["--duckdb={books}", '--schema=a"b'], "--schema: a name is made of"),
        (["--duckdb={books}", "--division=7"], "--division: the certificate has no division 7"),
        (["--duckdb={books}", "--html={books}/page.html"], "cannot be written: Not a directory."),
    ],
)
def test_bad_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: Sequence[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)  # no project of Meltano
    paths = {name: tmp_path / name for name in ("page", "empty", "books")}
    paths["page"].write_text("<html>" * 9000)
    tables.in_duckdb(paths["books"], tables.GREEN)
    with tables.opened(paths["empty"]):
        pass
    ended = run(*(option.format(**paths) for option in options))
    assert ended.exit_code == 2
    assert says in ended.output


def test_no_ledger_yet(database: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # no project of Meltano
    ended = run("--url", database.url)
    assert ended.exit_code == 2
    assert (
        "There is no certificate in the schema exact_online_ledger: run `exact-online ledger build` first"
        in ended.output
    )


def test_no_database_there() -> None:
    ended = run(EXACT_ONLINE_LEDGER_URL=f"postgresql://me:{PASSWORD}@127.0.0.1:9/books")
    assert ended.exit_code == 1
    assert "The database cannot be reached, or broke off: connection failed" in ended.output
    assert "Where it is comes from EXACT_ONLINE_LEDGER_URL: correct it there." in ended.output
    assert PASSWORD not in ended.output


@pytest.mark.parametrize(
    ("package", "options"), [("psycopg", ["--url=postgresql://"]), ("duckdb", ["--duckdb=books.duckdb"])]
)
def test_a_package_is_missing(monkeypatch: pytest.MonkeyPatch, package: str, options: Sequence[str]) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    ended = run(*options)
    assert ended.exit_code == 2
    assert "needs one more package: pip install" in ended.output

"""What dbt is asked to do, by tables; and what `exact-online ledger build` says before it asks."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from tap_exact_online.cli import main
from tap_exact_online.ledger import building
from tap_exact_online.ledger.building import Job
from tap_exact_online.ledger.profile import DATABASES, profile

PASSWORD = "hunter2"


@pytest.mark.parametrize(
    ("schema", "prefix", "case", "more", "variables"),
    [
        (None, None, None, {}, {}),
        ("books", "eo_", "lower", {}, {"schema": "books", "prefix": "eo_", "case": "lower"}),
        ("raw.books", None, "as-is", {}, {"database": "raw", "schema": "books", "case": "as_is"}),
        (
            "",
            "",
            None,
            {"divisions": [1], "exact_online_scheme": "main"},
            {"divisions": [1], "scheme": "main"},
        ),
        ("books", None, None, {"schema": "others"}, {"schema": "others"}),  # what is said by name wins
    ],
)
def test_variables_say_where_the_rows_are(
    schema: str | None,
    prefix: str | None,
    case: str | None,
    more: Mapping[str, Any],
    variables: Mapping[str, Any],
) -> None:
    found = building.variables(schema, prefix, case, more)
    assert found == {f"exact_online_{name}": value for name, value in variables.items()}


@pytest.mark.parametrize(
    ("parts", "environment", "reached"),
    [
        ({}, {"PGHOST": "here"}, {"PGHOST": "here"}),
        ({"host": "there", "port": "1"}, {"PGHOST": "here"}, {"PGHOST": "there", "PGPORT": "1"}),
        # What the address leaves out, the environment tells, as for PostgreSQL's own programs.
        (
            {"host": "there"},
            {"PGSSLMODE": "require", "HOME": "/"},
            {"PGHOST": "there", "PGSSLMODE": "require", "HOME": "/"},
        ),
        ({"host": "there", "keepalives": "1"}, {}, {"PGHOST": "there"}),
    ],
)
def test_an_address_becomes_the_variables_of_postgresql(
    parts: Mapping[str, str], environment: Mapping[str, str], reached: Mapping[str, str]
) -> None:
    names = {"host": "PGHOST", "port": "PGPORT"}
    assert building.reaching(parts, names, environment) == reached


def test_models_come_without_tests_and_tests_without_unit_tests() -> None:
    job = Job(Path("/p"), Path("/f"), None, None, "postgres", {})
    shared = ["--project-dir", "/p", "--profiles-dir", "/f", "--target", "postgres"]
    kinds = ["--resource-type", "model", "--resource-type", "seed"]
    assert job.models() == ["build", *shared, *kinds]
    assert job.tests() == ["test", *shared, "--select", "test_type:data"]
    elsewhere = Job(Path("/p"), Path("/f"), Path("/t"), Path("/l"), "duckdb", {"b": 1, "a": [2]})
    made = ["--target-path", "/t", "--log-path", "/l", "--vars", json.dumps({"a": [2], "b": 1})]
    assert elsewhere.tests()[7:-2] == made


@pytest.mark.parametrize("database", DATABASES)
def test_a_profile_holds_no_secret_and_one_place(database: str) -> None:
    document = yaml.safe_load(profile(database))["exact_online"]
    assert document["target"] == database
    (output,) = document["outputs"].values()
    assert output["type"] == database
    named = {name: value for name, value in output.items() if name not in {"type", "threads"}}
    assert all("env_var(" in value for value in named.values())


def run(*options: str, **environment: str) -> Result:
    result = CliRunner().invoke(main, ["ledger", "build", *options], env=environment)
    assert PASSWORD not in result.output
    assert not isinstance(result.exception, Exception), result.exception
    return result


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--vars", "[1]"], '--vars: give a JSON object, for example {"divisions": [1, 2]}.'),
        (["--vars", "{"], "--vars: give a JSON object"),
        ([f"--url=mysql://me:{PASSWORD}@there/books"], "--url: it is no address"),
        (["--case=upside-down"], "'upside-down' is not one of"),
        (
            ["nowhere"],
            "There is no dbt package in nowhere: write it there with exact-online ledger init nowhere.",
        ),
    ],
)
def test_bad_input(options: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("EXACT_ONLINE_", "PG"))]:
        monkeypatch.delenv(name)
    dbt = tmp_path / "dbt"
    dbt.write_text("#!/bin/sh\nexit 99\n")
    dbt.chmod(0o755)
    ended = run(*options, PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert ended.exit_code == 2
    assert says in ended.output


def test_no_dbt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    ended = run(PATH=str(tmp_path))
    assert ended.exit_code == 2
    assert (
        'dbt is not there. Install it beside the tap: pip install "dbt-core<1.12" dbt-postgres'
        in ended.output
    )
    assert (
        'uv tool install --force "tap-exact-online[postgres]" --with "dbt-core<1.12" --with dbt-postgres'
        in ended.output
    )

"""What a user does with the project besides `meltano run`, each with the installed Meltano itself."""

from __future__ import annotations

import dataclasses
import hmac
import importlib.resources
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest
import yaml

from demo.outcome import SCHEMA
from demo.postgres import Postgres
from demo.project import ROOT, Project
from tap_exact_online.catalog.resources import BY_NAME, STREAMS
from tests.conftest import Sandbox
from tests.meltano.conftest import MakeProject, connect

DEMO = "--environment=demo"
# A pattern that meets special personal fields gives cause for complaint, unless they are excluded.
CHOSEN = ["accounts.*", "journals.*", "!accounts.BSN", "!accounts.UniqueTaxpayerReference"]
SELECT = {"TAP_EXACT_ONLINE__SELECT": json.dumps(CHOSEN)}
PATHS = {name: BY_NAME[name].path for name in ("accounts", "journals")}
SALT = "a grain of sea salt"
HASHED = ("Name", "Email", "Phone", "AddressLine1")


@dataclasses.dataclass(frozen=True)
class World:
    """A project that leads to the shared sandbox, with Meltano's own database in PostgreSQL."""

    sandbox: Sandbox
    database: Postgres
    project: Project

    def ask(self, *arguments: str) -> str:
        """Return what a command writes on standard output."""
        command = self.project.command("--log-level=warning", *arguments)
        done = subprocess.run(command, env=self.project.env, check=True, capture_output=True, text=True)
        return done.stdout


@pytest.fixture(scope="module")
def world(sandbox: Sandbox, postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> World:
    database = postgres_server.create_database("meltano_project")
    own = dataclasses.replace(sandbox, refresh_token=sandbox.control.new_login("meltano project"))
    variables = {"MELTANO_DATABASE_URI": database.url, **SELECT}
    return World(own, database, connect(tmp_path_factory.mktemp("project"), own, database, **variables))


def rows(world: World, name: str) -> dict[tuple[int, str], dict[str, Any]]:
    """Return what a stream has to give, by primary key."""
    codes = [division["Code"] for division in world.sandbox.control.divisions()]
    return {(code, row["ID"]): row for code in codes for row in world.sandbox.control.rows(code, PATHS[name])}


def test_fits_meltanos_own_schema() -> None:
    schema = json.loads(
        importlib.resources.files("meltano.schemas").joinpath("meltano.schema.json").read_text()
    )
    document = yaml.safe_load((ROOT / "meltano.yml").read_text())
    faults = jsonschema.Draft202012Validator(schema).iter_errors(document)
    assert [f"{list(fault.absolute_path)}: {fault.message}" for fault in faults] == []


def test_config_keeps_secrets_out_of_the_file_and_off_the_screen(
    make_project: MakeProject, world: World
) -> None:
    project = make_project(world.sandbox, world.database)
    project.meltano("config", "set", "tap-exact-online", "store_key", "hidden-away")
    assert "hidden-away" in (project.folder / ".env").read_text()
    assert "hidden-away" not in (project.folder / "meltano.yml").read_text()

    shown = project.meltano(DEMO, "config", "print", "tap-exact-online")
    assert f'"base_url": "{world.sandbox.base_url}/"' in shown  # from the environment `demo`
    secrets = (world.sandbox.client_secret, world.sandbox.refresh_token, "hidden-away", "tokens.json")
    assert not any(secret in shown for secret in secrets)


def test_select_lists_what_is_on(make_project: MakeProject, world: World) -> None:
    listed = make_project(world.sandbox, world.database).meltano("select", "tap-exact-online", "--list")
    marks = {field: mark for mark, field in re.findall(r"\[(\w+) *\] (\w+\.\w+)", listed)}
    assert {field.split(".")[0] for field in marks} == {each.name for each in STREAMS if each.selected}
    assert marks["transaction_lines.AmountDC"] == "selected"
    assert marks["transaction_lines.ID"] == "automatic"
    assert "accounts.Logo" not in marks


def test_the_connection_is_tested_as_meltano_does_it(world: World) -> None:
    # Meltano ends the tap at its first row, `meltano test` lets the tap's own --test come to its end.
    world.project.meltano(DEMO, "config", "test", "tap-exact-online")
    tested = world.project.meltano(DEMO, "test", "tap-exact-online")
    assert re.search(r"tap-exact-online:test\.+ success", tested)


def test_a_connection_that_does_not_work_is_said_to(world: World) -> None:
    wrong = {**world.project.env, "DEMO_CLIENT_SECRET": "wrong"}
    command = world.project.command(DEMO, "config", "test", "tap-exact-online")
    # A store of its own: the shared one has an access token that is still good.
    wrong["TAP_EXACT_ONLINE_STORE"] = str(world.project.folder / "wrong.json")
    done = subprocess.run(command, env=wrong, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "check `client_id` and `client_secret`" in done.stderr


def test_a_command_of_the_tap_takes_arguments(world: World) -> None:
    deletes = world.ask(DEMO, "invoke", "tap-exact-online:deletes", "--dialect=duckdb", "--streams=accounts")
    assert 'MERGE INTO "accounts"' in deletes


def test_the_schedule_runs_the_job_that_the_docs_recommend(world: World) -> None:
    (schedule,) = json.loads(world.ask("schedule", "list", "--format=json"))["schedules"]["job"]
    assert schedule["job"]["name"] == "exact-online-mirror"
    assert schedule["job"]["tasks"] == ["tap-exact-online target-postgres exact-online:deletes"]
    for name in ("README.md", "docs/getting-started.md", "docs/running.md", "docs/deletes.md", "Dockerfile"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert schedule["job"]["name"] in text, name
        assert not re.search(r"(?m)^ *\$ meltano run tap-exact-online target-postgres$", text), name


def test_a_schedule_runs_its_job_with_the_state_in_postgresql(world: World) -> None:
    world.project.meltano(
        "schedule", "add", "only-loads", "--job=exact-online-to-postgres", "--interval=@daily"
    )
    log = world.project.meltano(DEMO, "--log-format=json", "schedule", "run", "only-loads")
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    counted = [line for line in lines if line.get("metric_info", {}).get("metric") == "record_count"]
    assert {line["metric_info"]["tags"]["stream"] for line in counted} == set(PATHS)  # structured, to the end
    with psycopg.connect(world.database.conninfo) as connection:
        for name in PATHS:
            found = connection.execute(f'SELECT "Division", "ID"::text FROM {SCHEMA}.{name}').fetchall()  # noqa: S608
            assert set(found) == set(rows(world, name))
        query = (
            "SELECT completed_state FROM state WHERE state_id = 'demo:tap-exact-online-to-target-postgres'"
        )
        (state,) = (json.loads(each) for (each,) in connection.execute(query))
    kept = state["singer_state"]["bookmarks"]
    assert {name: len(kept[name]["partitions"]) for name in PATHS} == dict.fromkeys(
        PATHS, len(world.sandbox.control.divisions())
    )


@pytest.fixture(scope="module")
def hashed(world: World) -> dict[tuple[int, str], dict[str, Any]]:
    """Return the accounts as they arrive hashed, in a run whose state is kept in a file."""
    folder = world.project.folder
    variables = {
        **world.project.variables,
        "MELTANO_STATE_BACKEND_URI": f"file://{folder}/states",
        "TAP_EXACT_ONLINE_PERSONAL_DATA": "hash",
        "TAP_EXACT_ONLINE_PERSONAL_SALT": SALT,
    }
    project = dataclasses.replace(world.project, variables=variables)
    quiet = f"--log-config={ROOT / 'quiet.yaml'}"
    log = project.meltano(DEMO, quiet, "run", "tap-exact-online", "target-jsonl")
    # As the docs say of that file: Meltano's own lines, and nothing of plugins that have no complaint.
    assert "Run completed" in log
    assert not re.search(r"tap-exact-online |METRIC", log.split("Running catalog")[1])
    assert SALT not in log
    assert SALT not in project.meltano(DEMO, "config", "print", "tap-exact-online")
    return landed(folder / "output" / "accounts.jsonl")


def landed(file: Path) -> dict[tuple[int, str], dict[str, Any]]:
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return {(line["Division"], line["ID"]): line for line in lines}


def test_what_tells_of_persons_arrives_hashed(
    world: World, hashed: dict[tuple[int, str], dict[str, Any]]
) -> None:
    wanted = rows(world, "accounts")
    assert set(hashed) == set(wanted)
    for key, row in wanted.items():
        for field in HASHED:
            plain = row[field]
            digest = hmac.digest(SALT.encode(), plain.encode(), "sha256").hex() if plain else plain
            assert hashed[key][field] == digest, field
        assert hashed[key]["Code"] == row["Code"].strip()
    assert any(row["Email"] for row in wanted.values())


def test_the_state_is_kept_in_a_file(world: World, hashed: dict[tuple[int, str], dict[str, Any]]) -> None:
    assert hashed
    file = world.project.folder / "states" / "demo:tap-exact-online-to-target-jsonl" / "state.json"
    bookmarks = json.loads(file.read_text())["completed"]["singer_state"]["bookmarks"]
    last = max(row["Timestamp"] for row in hashed.values())
    kept = [partition["at"] for partition in bookmarks["accounts"]["partitions"]]
    assert max(kept) == last

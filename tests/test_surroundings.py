"""What lies around the working folder: a `.env` file, a Meltano project, and how a command is run there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from tap_exact_online.cli import COMMANDS
from tap_exact_online.surroundings import (
    IN_MELTANO,
    address_told,
    building_in,
    how_to,
    named,
    project_folder,
    reach_loader,
    read_env_file,
    running_in,
    settable,
)
from tests.docs.pages import ROOT

OURS = "commands:\n  login:\n    executable: exact-online\n"
LOCK = '{"commands": {"login": {"args": "login", "executable": "exact-online"}}}'
PLAIN = "exact-online login"
IN_PROJECT = "meltano invoke tap-exact-online:login"


def test_the_commands_that_meltano_has_are_those_of_the_project() -> None:
    plugins = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))["plugins"]
    (tap,) = plugins["extractors"]
    (beside,) = (each for each in plugins["utilities"] if each["name"] == "exact-online")
    tap_has = {name for name, each in tap["commands"].items() if each.get("executable") == "exact-online"}
    assert {name for name, plugin in IN_MELTANO.items() if not plugin} == tap_has - {*beside["commands"]}
    assert {name for name, plugin in IN_MELTANO.items() if plugin} == {*beside["commands"]}
    assert {*IN_MELTANO} <= {*COMMANDS}


@pytest.mark.parametrize(
    ("files", "environment", "command", "said"),
    [
        pytest.param({}, {}, "login", PLAIN, id="no project"),
        pytest.param({"meltano.yml": OURS}, {}, "login", IN_PROJECT, id="in its folder"),
        pytest.param({"../meltano.yml": OURS}, {}, "login", IN_PROJECT, id="in a folder of it"),
        pytest.param({"meltano.yml": "{}"}, {}, "login", PLAIN, id="the tap has no commands there"),
        pytest.param(
            {"meltano.yml": "{}", "plugins/extractors/tap-exact-online.lock": LOCK},
            {},
            "login",
            IN_PROJECT,
            id="defined by the Hub",
        ),
        pytest.param(
            {"meltano.yml": OURS}, {}, "deletes", "meltano invoke exact-online:deletes", id="beside"
        ),
        pytest.param({"meltano.yml": OURS}, {}, "sandbox", "exact-online sandbox", id="not in Meltano"),
        pytest.param(
            {"meltano.yml": OURS},
            {"MELTANO_EXTRACTOR_NAME": "tap-books"},
            "login --yes",
            "meltano invoke tap-books:login --yes",
            id="under another name",
        ),
        pytest.param({}, {"MELTANO_PROJECT_ROOT": "elsewhere"}, "login", PLAIN, id="a project that is gone"),
    ],
)
def test_a_command_is_named_as_it_works_here(
    tmp_path: Path, files: dict[str, str], environment: dict[str, str], command: str, said: str
) -> None:
    here = tmp_path / "folder"
    here.mkdir()
    for name, text in files.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)
    assert named(command, here, environment) == said


def test_a_project_that_meltano_names_counts_wherever_one_stands(tmp_path: Path) -> None:
    (tmp_path / "meltano.yml").write_text(OURS)
    elsewhere = tmp_path.parent
    assert named("login", elsewhere, {"MELTANO_PROJECT_ROOT": str(tmp_path)}) == IN_PROJECT
    assert project_folder(elsewhere, {"MELTANO_PROJECT_ROOT": str(tmp_path)}) == tmp_path
    assert project_folder(tmp_path, {}) == tmp_path


def test_where_this_process_stands_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MELTANO_PROJECT_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    assert how_to("login") == PLAIN
    (tmp_path / "meltano.yml").write_text(OURS)
    assert how_to("login") == IN_PROJECT


@pytest.mark.parametrize(
    ("text", "environment", "found"),
    [
        pytest.param("A=1\n", {}, {"A": "1"}, id="a line"),
        pytest.param("A=1\n", {"A": "2"}, {"A": "2"}, id="the environment wins"),
        pytest.param("A=1\n", {"A": ""}, {"A": ""}, id="also where it is blank"),
        pytest.param("\ufeffA=1\r\nB= two \r\n", {}, {"A": "1", "B": "two"}, id="as Windows writes it"),
        pytest.param("# note\nA\nexport B='x y' # note\n", {}, {"B": "x y"}, id="what is no value"),
        pytest.param("A=1\nB=$A/${A}\n", {}, {"A": "1", "B": "$A/1"}, id="names another variable"),
    ],
)
def test_an_env_file_stands_behind_the_environment(
    tmp_path: Path, text: str, environment: dict[str, str], found: dict[str, str]
) -> None:
    (tmp_path / ".env").write_text(text, encoding="utf-8", newline="")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert read_env_file(below, environment) == tmp_path / ".env"
    assert environment == found


def test_the_nearest_env_file_counts(tmp_path: Path) -> None:
    below = tmp_path / "project"
    below.mkdir()
    (tmp_path / ".env").write_text("A=far\n")
    (below / ".env").write_text("A=near\n")
    environment: dict[str, str] = {}
    read_env_file(below, environment)
    assert environment == {"A": "near"}


def test_no_env_file_changes_nothing(tmp_path: Path) -> None:
    environment = {"A": "1"}
    if any((folder / ".env").exists() for folder in tmp_path.parents):
        pytest.skip("somebody has one above the folder for temporary files")
    assert read_env_file(tmp_path, environment) is None
    assert environment == {"A": "1"}
    assert "A" not in os.environ


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        pytest.param({}, None, id="nothing is told"),
        pytest.param({"TARGET_POSTGRES_PORT": "5432"}, None, id="a port alone is no place"),
        pytest.param(
            {"TARGET_POSTGRES_SQLALCHEMY_URL": "postgresql+psycopg://a/b"},
            "postgresql+psycopg://a/b",
            id="an address",
        ),
        pytest.param(
            {
                "TARGET_POSTGRES_HOST": "db",
                "TARGET_POSTGRES_PORT": "5433",
                "TARGET_POSTGRES_USER": "me@x",
                "TARGET_POSTGRES_PASSWORD": "a/b",
                "TARGET_POSTGRES_DATABASE": "books",
            },
            "postgresql://me%40x:a%2Fb@db:5433/books",
            id="parts",
        ),
        pytest.param({"TARGET_POSTGRES_HOST": "db", "PGHOST": "other"}, None, id="PGHOST comes first"),
    ],
)
def test_the_database_is_where_the_loader_writes(environment: dict[str, str], address: str | None) -> None:
    reach_loader(environment)
    assert environment.get("EXACT_ONLINE_DELETES_URL") == address


def test_an_address_of_ones_own_comes_before_that_of_the_loader() -> None:
    environment = {"EXACT_ONLINE_LEDGER_URL": "postgresql://mine", "TARGET_POSTGRES_HOST": "db"}
    reach_loader(environment)
    assert "EXACT_ONLINE_DELETES_URL" not in environment
    environment = {"TARGET_POSTGRES_HOST": "db", "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": "books"}
    reach_loader(environment)
    assert environment["EXACT_ONLINE_DELETES_SCHEMA"] == "books"


@pytest.mark.parametrize(
    ("text", "environment", "said"),
    [
        pytest.param(
            None,
            {},
            "Put A=… and B=… into the environment, into .env, or as settings into a file for --config.",
            id="no project",
        ),
        pytest.param(
            OURS,
            {},
            "Put A=… and B=… into .env, or let `meltano config set tap-exact-online --interactive` ask for it.",
            id="project",
        ),
        pytest.param(
            "{}",
            {},
            "Put A=… and B=… into the environment, into .env, or as settings into a file for --config.",
            id="of something else",
        ),
        pytest.param(
            "{}",
            {"MELTANO_EXTRACTOR_NAME": "tap-books"},
            "Put A=… and B=… into .env, or let `meltano config set tap-books --interactive` ask for it.",
            id="another name",
        ),
    ],
)
def test_settings_are_put_where_it_can_be_done(
    tmp_path: Path, text: str | None, environment: dict[str, str], said: str
) -> None:
    if text is not None:
        (tmp_path / "meltano.yml").write_text(text, encoding="utf-8")
    assert settable(["A", "B"], tmp_path, environment) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "exact-online ledger build"),
        (OURS, "exact-online ledger build"),
        (
            OURS + "utilities:\n- name: ledger\n  commands:\n    build:\n      args: ledger build\n",
            "meltano run ledger:build",
        ),
    ],
)
def test_the_ledger_is_built_by_what_is_there(tmp_path: Path, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / "meltano.yml").write_text(text, encoding="utf-8")
    assert building_in(tmp_path, {}) == said


@pytest.mark.parametrize(
    ("in_a_project", "said"),
    [
        (True, "meltano run tap-exact-online target-postgres exact-online:deletes"),
        (False, "tap-exact-online … | target-postgres … && exact-online deletes --apply"),
    ],
)
def test_a_run_is_begun_by_what_is_there(tmp_path: Path, *, in_a_project: bool, said: str) -> None:
    if in_a_project:
        (tmp_path / "meltano.yml").write_text("version: 1", encoding="utf-8")
    assert running_in(tmp_path, {}) == said
    again = """TAP_EXACT_ONLINE_REREAD='{"streams": ["items"]}' """
    assert running_in(tmp_path, {}, '{"streams": ["items"]}') == again + said


def test_the_project_has_what_a_message_names() -> None:
    assert building_in(ROOT, {}) == "meltano run ledger:build"


@pytest.mark.parametrize(
    ("environment", "option", "said"),
    [
        ({}, "", "Nothing says where it is: set PGHOST,"),
        (
            {"PGHOST": "there", "PGUSER": "me"},
            "",
            "Where it is comes from PGHOST, PGUSER: correct it there, or set EXACT_ONLINE_DELETES_URL",
        ),
        ({}, "postgresql://me:hunter2@there/books", "Where it is comes from --url: correct it there."),
        (
            {"EXACT_ONLINE_LEDGER_URL": "postgresql://me:hunter2@there/books"},
            None,
            "Where it is comes from EXACT_ONLINE_LEDGER_URL: ",
        ),
        (
            {"TARGET_POSTGRES_SQLALCHEMY_URL": "postgresql://me:hunter2@there/books"},
            None,
            "Where it is comes from the loader's TARGET_POSTGRES_SQLALCHEMY_URL: correct it there, or set EXACT_ONLINE_DELETES_URL",
        ),
        (
            {
                "TARGET_POSTGRES_HOST": "there",
                "TARGET_POSTGRES_PASSWORD": "hunter2",
                "TARGET_POSTGRES_USER": "me",
            },
            None,
            "Where it is comes from the loader's TARGET_POSTGRES_HOST and so on: correct it there, or set EXACT_ONLINE_DELETES_URL",
        ),
    ],
)
def test_a_database_that_is_not_there_was_named_somewhere(
    environment: dict[str, str], option: str | None, said: str
) -> None:
    reach_loader(environment)
    url = option
    if url is None:
        url = environment.get("EXACT_ONLINE_LEDGER_URL") or environment["EXACT_ONLINE_DELETES_URL"]
    told = address_told(url, environment)
    assert told.startswith(said)
    assert "hunter2" not in told

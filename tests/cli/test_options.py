"""Where the commands' settings come from, and how bad ones are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from tap_exact_online import errors
from tap_exact_online.cli import main
from tap_exact_online.cli.options import load
from tap_exact_online.errors import ConfigurationError

APP = {"client_id": "id-hunter2", "client_secret": "secret-hunter2"}
ENVIRONMENT = {f"TAP_EXACT_ONLINE_{name.upper()}": value for name, value in APP.items()}


def file(folder: Path, content: Any, name: str = "config.json") -> str:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def test_all_from_the_environment() -> None:
    given = {"REGION": "be", "DIVISIONS": "[1, 2]", "CONCURRENCY": "3", "STORE": ""}
    settings = load(
        (), ENVIRONMENT | {f"TAP_EXACT_ONLINE_{name}": value for name, value in given.items()}, {}
    )
    assert (settings.client_id, settings.client_secret) == ("id-hunter2", "secret-hunter2")
    assert (settings.server, settings.concurrency, settings.store) == ("be", 3, None)
    assert settings.choice.only == {1, 2}


def test_the_environment_wins_over_files_and_the_command_line_over_both(tmp_path: Path) -> None:
    files = (
        file(tmp_path, {**APP, "region": "de", "store": "first", "shard": "1/2"}, "1.json"),
        "ENV",
        file(tmp_path, {"store": "second"}, "2.json"),
    )
    assert load(files, {}, {}).server == "de"
    assert load(files, {}, {}).store == "second"
    environment = {"TAP_EXACT_ONLINE_REGION": "fr", "TAP_EXACT_ONLINE_STORE": "third"}
    settings = load(files, environment, {"region": "uk", "store": None})
    assert (settings.server, settings.store) == ("uk", "third")
    assert settings.choice.shard is not None


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("", "config.json does not hold a JSON object"),
        ("[]", "config.json does not hold a JSON object"),
        ("[" * 100_000, "config.json does not hold a JSON object"),
        ({**APP, "client_secret": 5}, "`client_secret`: the value has the wrong type"),
        ({**APP, "store": ["hunter2"]}, "`store`: the value has the wrong type"),
        ({**APP, "divisions": ["a"]}, "`divisions`: the value has the wrong type"),
        ({**APP, "divisions": [True]}, "`divisions`: the value has the wrong type"),
        ({**APP, "concurrency": True}, "`concurrency`: the value has the wrong type"),
        ({**APP, "concurrency": 0}, "`concurrency`: 0 is less than 1"),
        ({**APP, "client_id": ""}, "`client_id` is not set"),
        ({**APP, "region": "xx"}, "`region`: 'xx'"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, config: Any, says: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load((file(tmp_path, config),), {}, {})
    assert says in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DIVISIONS", "1;2"),
        ("LATE_COMMITS", "maybe"),
        ("CONCURRENCY", "two"),
        ("REGION", "xx"),
        ("BASE_URL", "x"),
    ],
)
def test_a_variable_that_cannot_be_used(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name.lower() if name in {"REGION", "BASE_URL"} else name):
        load((), {**ENVIRONMENT, f"TAP_EXACT_ONLINE_{name}": value}, {})


@pytest.mark.parametrize(
    "kind",
    [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.TapError)],
)
def test_every_failure_is_one_line_and_its_exit_code(
    kind: type[errors.TapError], monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command("failing")
    def failing() -> None:
        msg = "What is wrong. What to do."
        raise kind(msg)

    monkeypatch.setattr(main, "get_command", lambda *_: failing)
    result = CliRunner().invoke(main, ["failing"])
    assert result.exit_code == kind.exit_code
    assert result.output == "Error: What is wrong. What to do.\n"

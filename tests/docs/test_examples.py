"""What a reader copies from the pages works."""

from __future__ import annotations

import copy
import json
import os
import re
import shlex
import subprocess
import sys
from itertools import takewhile
from pathlib import Path
from typing import Any

import click
import pytest
import sqlglot
import yaml

from tap_exact_online.cli import main as exact_online
from tap_exact_online.settings import SETTINGS, of_environment
from tap_exact_online.streams import ExactStream
from tap_exact_online.tap import TapExactOnline
from tests.conftest import Sandbox
from tests.docs.pages import PAGES, ROOT, Block

_BLOCKS = [(str(each.file.relative_to(ROOT)), block) for each in PAGES for block in each.blocks]
_PROGRAMS = {
    "exact-online": f"{shlex.quote(sys.executable)} -c 'from tap_exact_online.cli import main; main()'",
    "tap-exact-online": f"{shlex.quote(sys.executable)} -m tap_exact_online",
}


def _of(*kinds: str) -> list[Any]:
    return [
        pytest.param(block, id=f"{file}:{number}")
        for number, (file, block) in enumerate(_BLOCKS)
        if block.kind in kinds
    ]


def _commands(block: Block) -> list[str]:
    """Return the command lines of a console block, without prompt and remark."""
    lines = re.findall(r"^\$ (.*)$", block.body.replace("\\\n", ""), re.MULTILINE)
    return [re.sub(r"\s+#.*", "", line) for line in lines]


@pytest.mark.parametrize("block", _of("json", "yaml"))
def test_data_parses(block: Block) -> None:
    assert json.loads(block.body) if block.kind == "json" else yaml.safe_load(block.body)


@pytest.mark.parametrize("block", _of("sql"))
def test_sql_parses(block: Block) -> None:
    assert sqlglot.parse_one(block.body, read="postgres")


def test_blocks_say_what_they_are() -> None:
    assert {block.kind for _, block in _BLOCKS} <= {
        *("console", "json", "yaml", "sql", "text", "python", "dockerfile", "toml", "ini", "sh"),
        *("{toctree}", "{include}"),
    }


@pytest.mark.parametrize("block", _of("console"))
def test_options_and_settings_that_are_shown_exist(block: Block) -> None:
    for line in _commands(block):
        for setting in re.findall(r"TAP_EXACT_ONLINE_([A-Z_]+)=", line):
            assert setting.lower() in {each.name for each in SETTINGS}
        for part in re.split(r"\||&&", line):
            words = shlex.split(re.sub(r"^(?:\s*\w+=(?:'[^']*'|\S+))+", "", part.partition(">")[0]))
            if words and words[0] in _PROGRAMS:
                _parse(words)


def _parse(words: list[str]) -> None:
    """Check a command line as click does, without running it."""
    command: click.Command = TapExactOnline.cli
    arguments = [*takewhile(lambda word: word != "--", words[1:])]  # what follows is another command's
    if words[0] == "exact-online":
        found = exact_online.get_command(click.Context(exact_online), arguments[0])
        assert found, words
        command, arguments = found, arguments[1:]
    while isinstance(command, click.Group) and arguments and arguments[0] in command.commands:
        command, arguments = command.commands[arguments[0]], arguments[1:]
    options = {name for each in command.params for name in [*each.opts, *each.secondary_opts]} | {"--help"}
    assert {word.partition("=")[0] for word in arguments if word.startswith("--")} <= options, words


_RUN = [param for param in _of("console") if param.values[0].mark == "run"]


def test_some_examples_are_run() -> None:
    assert len(_RUN) >= 2


@pytest.mark.parametrize("block", _RUN)
def test_examples_run(block: Block, sandbox: Sandbox, tmp_path: Path) -> None:
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("TAP_", "EXACT_ONLINE_"))
    }
    environment = {
        **own,
        "TAP_EXACT_ONLINE_BASE_URL": sandbox.base_url,
        "TAP_EXACT_ONLINE_CLIENT_ID": sandbox.client_id,
        "TAP_EXACT_ONLINE_CLIENT_SECRET": sandbox.client_secret,
        "TAP_EXACT_ONLINE_REFRESH_TOKEN": sandbox.control.new_login("a reader of the docs"),
        "TAP_EXACT_ONLINE_STORE": str(tmp_path / "tokens.json"),
        "PYTHONPATH": str(ROOT),
    }
    for line in _commands(block):
        for name, program in _PROGRAMS.items():
            line = re.sub(rf"(?<![\w-]){name}(?= )", lambda _, program=program: program, line)  # noqa: PLW2901
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout or list(tmp_path.iterdir())


STATES = [block for _, block in _BLOCKS if block.mark == "state"]


@pytest.mark.parametrize("block", STATES)
def test_a_state_that_a_reader_is_shown_is_taken_and_gone_on_from(block: Block) -> None:
    given = json.loads(block.body)
    config = {"client_id": "an id", "client_secret": "a secret"}
    tap = TapExactOnline(config=config, state=copy.deepcopy(given))
    for name in given["bookmarks"]:
        stream = tap.streams[name]
        assert isinstance(stream, ExactStream)
        assert stream.bookmark({"Division": 123456}) == 13419952052
        assert stream.stream_state == {
            "by": "Timestamp",
            "partitions": [{"context": {"Division": 123456}, "at": 13419952052}],
        }


def test_both_forms_of_a_state_are_shown() -> None:
    assert {"at", "replication_key_value"} == {
        name for block in STATES for name in ("at", "replication_key_value") if f'"{name}"' in block.body
    }


def test_the_example_of_an_env_file_names_settings_that_exist() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    names = {
        line.lstrip("#").partition("=")[0] for line in lines if "=" in line and not line.startswith("# ")
    }
    ours = {f"TAP_EXACT_ONLINE_{setting.name.upper()}" for setting in SETTINGS}
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    loader = next(each for each in project["plugins"]["loaders"] if each["name"] == "target-postgres")
    loaders = {f"TARGET_POSTGRES_{setting['name'].upper()}" for setting in loader["settings"]}
    assert names <= ours | loaders | {"EXACT_ONLINE_REDIRECT_URI"}
    required = {f"TAP_EXACT_ONLINE_{setting.name.upper()}" for setting in SETTINGS if setting.required}
    assert required <= names


def test_what_the_example_of_an_env_file_sets_can_be_used_as_it_is() -> None:
    """A variable that is blank is not as one that is not there: Meltano refuses most of them."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert given
    assert all(given.values())
    assert of_environment(given) == {}

"""Another run in the same folder of a Meltano project: a tap that may have been given its state reads nothing.

The files are as Meltano makes them; `tests/meltano/test_at_once.py` shows that it does, and lets it race.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Sandbox, StartSandbox
from tests.processes import run
from tests.singer import COMMAND, Tap, tap_for

REFUSED = "Another run of this tap has begun in the same Meltano project folder at the same time"


@pytest.fixture
def tap(start_sandbox: StartSandbox, tmp_path: Path) -> Tap:
    books: Sandbox = start_sandbox(divisions=1, rows=20)
    return tap_for(books, tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / ".meltano" / "run" / "tap-exact-online"
    made.mkdir(parents=True)
    return made


def configuration(folder: Path, content: dict[str, Any] | None = None, age: float = 0.0) -> Path:
    """Write the configuration of a run as Meltano does."""
    file = folder / f"tap.{uuid4()}.config.json"
    file.write_text(json.dumps(content or {}))
    began = file.stat().st_mtime - age
    os.utime(file, (began, began))
    return file


def ended(tap: Tap, config: Path, *options: str) -> tuple[int, str]:
    """Run the tap as Meltano starts it; the end of what it wrote on standard error."""
    command = tap.command(*options, catalog=tap.catalog(["journals"]))
    command[command.index("--config") + 1] = str(config)
    process = run("tap", command[len(COMMAND) :])
    assert bool(process.stdout) is (process.returncode == 0)
    return process.returncode, process.stderr


def test_a_run_that_is_alone_reads_and_goes_on_when_others_begin(tap: Tap, folder: Path) -> None:
    mine = configuration(folder, tap.config)
    assert ended(tap, mine)[0] == 0
    assert mine.is_file(), "Meltano removes it in the end"
    # It may take hours; whoever begins now is not in its way.
    assert ended(tap, configuration(folder, tap.config))[0] == 0


@pytest.mark.parametrize(("age", "code"), [(-5, 2), (0, 2), (50, 2), (70, 0)])
def test_what_a_killed_run_left_is_in_the_way_for_a_minute(
    tap: Tap, folder: Path, age: float, code: int
) -> None:
    configuration(folder, age=age)
    found, said = ended(tap, configuration(folder, tap.config))
    assert found == code
    assert (REFUSED in said) is (code == 2)


@pytest.mark.parametrize("how", ["refused", "settings", "file", "discovering"])
def test_a_run_is_refused_though_the_other_has_ended_before_it_looks(
    tap: Tap, folder: Path, how: str
) -> None:
    mine = configuration(folder, tap.config)
    other = configuration(folder, {**tap.config, "region": "moon"} if how == "settings" else tap.config)
    if how == "file":
        other.write_text("{")
    code, _ = ended(tap, other, *["--discover"] * (how == "discovering"))
    assert code == (0 if how == "discovering" else 2)
    other.unlink()
    code, said = ended(tap, mine)
    assert code == 2
    assert REFUSED in said
    mine.unlink()
    assert ended(tap, configuration(folder, tap.config))[0] == 0, "nothing is left of it"


def test_a_configuration_that_is_not_meltanos_is_left_alone(tap: Tap, folder: Path) -> None:
    other = configuration(folder)
    before = other.stat().st_mode
    own = folder / "config.json"
    own.write_text(json.dumps(tap.config))
    assert ended(tap, own)[0] == 0
    assert other.stat().st_mode == before

"""The walls between the rooms hold: the tool that `make lint` runs notices each way to break them."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tap_exact_online"
ROOMS = ("board", "catalog", "evidence", "files", "reading", "state", "streams", "telling", "wire")
"""Those whose face hands on what others may use."""


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the tool as `make lint` does, over the package in a folder."""
    tool = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([tool, "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True)  # noqa: PLW1510


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__", "*.json"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_imports_point_one_way() -> None:
    done = checked(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("wire/odata.py", "from tap_exact_online import reading", "wire is not allowed to import"),
        ("reading/client.py", "from tap_exact_online.streams import stream", "reading is not allowed to"),
        ("board/file.py", "from tap_exact_online import reading", "board is not allowed to import"),
        ("auth/form.py", "from tap_exact_online.state import moves", "auth is not allowed to import"),
        ("sandbox/api.py", "from tap_exact_online import wire", "sandbox is not allowed to import"),
        ("sandbox/api.py", "from tap_exact_online import errors", "sandbox is not allowed to import"),
        ("run.py", "from tap_exact_online import sandbox", "Illegal imports of protected package"),
        ("wire/transport.py", "import threading", "wire is not allowed to import threading"),
        ("state/moves.py", "import singer_sdk", "state is not allowed to import singer_sdk"),
        ("attic.py", "", "tap_exact_online.attic"),
    ],
)
def test_a_broken_wall_is_noticed(copy: Path, file: str, line: str, broken: str) -> None:
    with (copy / PACKAGE.name / file).open("a", encoding="utf-8") as source:
        source.write(f"\n{line}\n")
    done = checked(copy)
    assert done.returncode == 1
    assert broken in " ".join(done.stdout.split())


def test_a_room_is_entered_by_its_face() -> None:
    climbed = [
        f"{file.relative_to(ROOT)}: {node.module}"
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and (parts := (node.module or "").split("."))[0] == PACKAGE.name
        and len(parts) > 2
        and parts[1] in ROOMS
        and file.relative_to(PACKAGE).parts[0] != parts[1]
    ]
    assert climbed == []

"""The dbt package: where it is, and what writing it into a project does to which file.

In the wheel it lies beside this module, in a checkout at `dbt/`. What it becomes in a project is the user's: a note of what
was written tells what they changed since, and that is never overwritten without being told to.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tap_exact_online.errors import ConfigurationError

NOTE = ".exact-online.json"
"""Beside the files: what was written, by its content."""
_MADE_BY_DBT = frozenset({"target", "logs", "dbt_packages", "dbt_internal_packages"})
_LEFT_OUT = frozenset({".user.yml", "profiles.yml", "__pycache__"})
_VERSION = 1


class Act(enum.Enum):
    """What becomes of a file."""

    WRITE = "written"
    UPDATE = "brought up to date"
    SAME = "unchanged"
    KEEP = "kept"
    REMOVE = "removed"


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one file.

    Attributes:
        path: Where it is, in the folder.
        act: What becomes of it.
    """

    path: str
    act: Act


def folder() -> Path:
    """Return where the package is."""
    inside = Path(__file__).with_name("package")
    return inside if inside.is_dir() else Path(__file__).parents[2] / "dbt"


def files(package: Path) -> dict[str, bytes]:
    """Return the files of a package by their paths, without what dbt made there itself.

    Raises:
        ConfigurationError: It is not there.
    """
    if not (package / "dbt_project.yml").is_file():
        msg = f"There is no dbt package in {package}: this installation is not whole."
        raise ConfigurationError(msg)
    return {
        path.relative_to(package).as_posix(): path.read_bytes()
        for path in sorted(package.rglob("*"))
        if path.is_file()
        and path.name not in _LEFT_OUT
        and not _MADE_BY_DBT & {*path.relative_to(package).parts[:-1]}
    }


def digest(content: bytes) -> str:
    """Return what tells a content from any other. Where lines end is no difference: Git may have changed it."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def steps(
    wanted: Mapping[str, bytes], there: Mapping[str, bytes], noted: Mapping[str, str], *, force: bool = False
) -> list[Step]:
    """Decide what becomes of each file. Pure.

    Args:
        wanted: What is to be there, by path.
        there: What is there at these paths, and at those that are noted.
        noted: Digests of what was written last time, by path.
        force: Write, and remove, also what the user changed.
    """
    return [
        Step(path, _act(wanted.get(path), there.get(path), noted.get(path), force=force))
        for path in sorted({*wanted, *(path for path in noted if path in there)})
    ]


def _act(wanted: bytes | None, there: bytes | None, noted: str | None, *, force: bool) -> Act:
    if there is None:
        return Act.WRITE
    if wanted is not None and digest(there) == digest(wanted):
        return Act.SAME
    if digest(there) != noted and not force:
        return Act.KEEP
    return Act.REMOVE if wanted is None else Act.UPDATE


def read_note(place: Path) -> dict[str, str] | None:
    """Return what was written into a folder, or None where nothing of it was, or the note cannot be read."""
    try:
        found = json.loads((place / NOTE).read_bytes())
        noted: dict[str, str] = {str(path): str(each) for path, each in found["files"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return noted


def present(place: Path, paths: Iterable[str]) -> dict[str, bytes]:
    """Return the files that are in a folder, of those named."""
    found = {}
    for path in paths:
        with suppress(FileNotFoundError, NotADirectoryError):
            found[path] = (place / path).read_bytes()
    return found


def write(
    place: Path, wanted: Mapping[str, bytes], decided: Sequence[Step], noted: Mapping[str, str]
) -> None:
    """Do what was decided, and note it.

    Args:
        place: The folder.
        wanted: What is to be there.
        decided: What becomes of each file.
        noted: What was noted before.
    """
    after = dict(noted)
    for step in decided:
        target = place / step.path
        if step.act in (Act.WRITE, Act.UPDATE):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(wanted[step.path])
        if step.act is Act.REMOVE:
            target.unlink()
            after.pop(step.path, None)
        elif step.act is not Act.KEEP:
            after[step.path] = digest(wanted[step.path])
    place.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"version": _VERSION, "files": dict(sorted(after.items()))}, indent=1)
    (place / NOTE).write_text(f"{text}\n", encoding="utf-8")

"""A sandbox, a tap that fetches its files, and what is kept in a folder, looked at from outside."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tap_exact_online.sandbox.control import Control
from tap_exact_online.sandbox.filing import ATTACHMENTS, attachment
from tests.conftest import Sandbox
from tests.faults.quick import FastTap, Quick, only
from tests.singer import Run, tap_for

FILES = "document_attachment_files"
PICTURES = "item_pictures"
ADDRESS = "docs/SysAttachment.aspx"
PICTURE_ADDRESS = "docs/SysImage.aspx"


@dataclass(frozen=True)
class Places:
    """A folder of files."""

    folder: Path

    def contents(self) -> dict[str, bytes]:
        """Return what is kept, by its name."""
        return {
            f"{file.parent.name}/{file.name}": file.read_bytes()
            for file in self.folder.rglob("*")
            if file.is_file() and len(file.parent.name) == 2 and file.parent.parent == self.folder
        }

    def unfinished(self) -> list[Path]:
        """Return what is not, or not yet."""
        folder = self.folder / "unfinished"
        return [*folder.iterdir()] if folder.exists() else []

    def notes(self) -> list[Path]:
        """Return the notes on what each row's file is."""
        return [*(self.folder / "known").rglob("*.json")]

    def check(self, rows: Iterable[dict[str, Any]]) -> None:
        """See that each row's file is there, whole, under the name of its content, and nothing else is."""
        rows = [*rows]
        contents = self.contents()
        for row in rows:
            content = Path(row["Place"]).read_bytes()
            sha256 = hashlib.sha256(content).hexdigest()
            assert row["Sha256"] == sha256
            assert row["FileSize"] == len(content)
            assert contents[f"{sha256[:2]}/{Path(row['Place']).name}"] == content
        assert len(contents) == len({row["Sha256"] for row in rows})


@dataclass(frozen=True)
class World:
    """A sandbox, and a tap that fetches its files into a folder."""

    sandbox: Sandbox
    tap: FastTap
    every: dict[str, Any]
    places: Places
    division: int

    @property
    def control(self) -> Control:
        """What changes the sandbox."""
        return self.sandbox.control

    def run(self, stream: str = FILES, **given: Any) -> Run:
        """Run the tap for one stream."""
        return self.tap.run(
            **{"catalog": only(self.every, stream), "files": str(self.places.folder), **given}
        )

    def ids(self) -> list[str]:
        """Return the IDs of all attachments."""
        return [row["ID"] for row in self.control.rows(self.division, ATTACHMENTS)]

    def truth(self) -> dict[str, bytes]:
        """Return the content of the files of all attachments, by ID."""
        return {key: attachment(key, index).content for index, key in enumerate(self.ids())}

    def fetched(self, address: str = ADDRESS) -> int:
        """Return how many files were asked for."""
        return int(self.control.stats()["by_endpoint"].get(address, 0))


def make_world(sandbox: Sandbox, folder: Path, quick: Quick, every: dict[str, Any]) -> World:
    """Return a tap that is connected to a sandbox, and fetches files into a folder of that one."""
    login = sandbox.control.new_login(folder.name)
    tap = FastTap(**vars(tap_for(sandbox, folder, login)), quick=quick)
    division = int(sandbox.control.divisions()[0]["Code"])
    return World(sandbox, tap, every, Places(folder / "files"), division)


def alone(world: World) -> World:
    """Return a world of a new division, and nothing else."""
    division = world.control.add_division()
    world.tap.config["divisions"] = [division]
    return replace(world, division=division)


def by_id(run: Run, stream: str = FILES) -> dict[str, dict[str, Any]]:
    """Return the rows of a stream."""
    return {record["ID"]: record for record in run.records[stream]}


def unread(run: Run, stream: str = FILES) -> list[int]:
    """Return the places of rows whose file could not be had, as the state has them."""
    [partition] = run.state["bookmarks"][stream]["partitions"]
    return list(partition.get("unread", []))


def an_hour_later(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state whose refusals are too old to count."""
    for partition in state["bookmarks"][FILES]["partitions"]:
        partition.pop("refused_files", None)
    return state

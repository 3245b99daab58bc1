"""What is kept in a folder, looked at from outside."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tap_exact_online.sandbox.control import Control
from tap_exact_online.sandbox.filing import ATTACHMENTS, attachment

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


def truth(control: Control, division: int) -> dict[str, bytes]:
    """Return the content of the files of all attachments, by ID."""
    rows = control.rows(division, ATTACHMENTS)
    return {row["ID"]: attachment(row["ID"], index).content for index, row in enumerate(rows)}


def fetched(control: Control, address: str = ADDRESS) -> int:
    """Return how many files were asked for."""
    return int(control.stats()["by_endpoint"].get(address, 0))

"""The kinds of boards that the contract holds for, each with a way to look behind its back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import obstore
import psycopg
from obstore.store import S3Store

from demo.postgres import Postgres
from tap_exact_online.board import Board, open_board
from tests.auth.stores.servers import S3, token_url

OWNER = "1b4f0e9851971998"


class Kind(Protocol):
    """One kind of board in a place of its own, which is empty, as the setting `store` names it."""

    @property
    def url(self) -> str:
        """The setting `store`."""
        ...

    def spoil(self, name: str) -> bytes | None:
        """Put something in the place of a document that was not written here; return what it is to be taken for."""
        ...

    def names(self) -> set[str]:
        """Return the names of everything that is kept."""
        ...


def opened(kind: Kind, owner: str = OWNER) -> Board:
    """Return the board, as the program opens it."""
    return open_board(kind.url, owner, Path("nowhere"))


@dataclass
class File:
    """A folder that does not exist yet."""

    url: str

    def spoil(self, name: str) -> bytes | None:
        Path(f"{self.url}.{OWNER}.{name}").write_bytes(b"\xff\x00")
        return b"\xff\x00"

    def names(self) -> set[str]:
        return {path.name for path in Path(self.url).parent.iterdir()}


@dataclass
class Database:
    """An empty database."""

    database: Postgres

    @property
    def url(self) -> str:
        return token_url(self.database)

    def spoil(self, name: str) -> bytes | None:
        with psycopg.connect(self.database.conninfo) as connection:
            connection.execute("UPDATE exact_online_board SET document = '\\xff00' WHERE name = %s", [name])
        return b"\xff\x00"

    def names(self) -> set[str]:
        with psycopg.connect(self.database.conninfo) as connection:
            rows = connection.execute("SELECT owner || '.' || name FROM exact_online_board").fetchall()
        return {row[0] for row in rows}


@dataclass
class Object:
    """An empty bucket."""

    s3: S3

    @property
    def url(self) -> str:
        return f"s3://{self.s3.bucket}/folder/tokens.json"

    def spoil(self, name: str) -> bytes | None:
        obstore.put(S3Store(self.s3.bucket), f"folder/tokens.json.{OWNER}.{name}", b"\xff\x00")
        return None

    def names(self) -> set[str]:
        found = obstore.list(S3Store(self.s3.bucket)).collect()
        return {each["path"] for each in found}

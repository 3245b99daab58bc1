"""The kinds of stores that the contract holds for, each with a way to look behind its back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import obstore
import psycopg
from obstore.store import S3Store

from demo.postgres import Postgres
from tap_exact_online.auth.form import Form
from tap_exact_online.auth.stores import Store, open_store
from tap_exact_online.auth.tokens import Tokens
from tests.auth.stores.servers import S3, token_url

OWNER = "someone"
TOKENS = Tokens(
    OWNER,
    "refresh-hunter2",
    refresh_issued=1000.0,
    access_token="access-hunter2",
    access_issued=1000.0,
    rotated_by="host:1",
)


def after(name: str) -> Tokens:
    """Return tokens that came later."""
    return replace(TOKENS, refresh_token=f"refresh-{name}-hunter2", access_token=f"access-{name}-hunter2")


class Kind(Protocol):
    """One kind of store in a place of its own, as the setting `store` names it."""

    @property
    def url(self) -> str:
        """The setting `store`."""
        ...

    ends_with_its_holder: bool
    """Whether a lock goes when its holder is killed; else it lapses."""
    owners_share: bool
    """Whether two owners meet in one place."""

    def content(self) -> bytes:
        """Return what is stored, as whoever can read the place sees it."""
        ...

    def spoil(self, old: bytes, new: bytes) -> None:
        """Replace a part of what is stored."""
        ...


def opened(kind: Kind, owner: str = OWNER, keys: Sequence[str] = ()) -> Store:
    """Return the store, as the program opens it."""
    return open_store(kind.url, Form(owner, keys), Path("nowhere"))


@dataclass
class File:
    """A file in a folder that does not exist yet."""

    url: str
    ends_with_its_holder: bool = True
    owners_share: bool = True

    def content(self) -> bytes:
        return Path(self.url).read_bytes()

    def spoil(self, old: bytes, new: bytes) -> None:
        Path(self.url).write_bytes(_replaced(self.content(), old, new))


@dataclass
class Database:
    """An empty database."""

    database: Postgres
    ends_with_its_holder: bool = True
    owners_share: bool = False

    @property
    def url(self) -> str:
        return token_url(self.database)

    def content(self) -> bytes:
        with psycopg.connect(self.database.conninfo) as connection:
            rows = connection.execute("SELECT exact_online_tokens::text FROM exact_online_tokens").fetchall()
        return "\n".join(row[0] for row in rows).encode()

    def spoil(self, old: bytes, new: bytes) -> None:
        with psycopg.connect(self.database.conninfo) as connection:
            document = connection.execute("SELECT document FROM exact_online_tokens").fetchone()
            assert document is not None
            changed = _replaced(document[0].encode(), old, new).decode()
            connection.execute("UPDATE exact_online_tokens SET document = %s", [changed])


@dataclass
class Object:
    """An object in an empty bucket."""

    s3: S3
    ends_with_its_holder: bool = False
    owners_share: bool = True

    @property
    def url(self) -> str:
        return f"s3://{self.s3.bucket}/folder/tokens.json"

    def _bucket(self) -> S3Store:
        return S3Store(self.s3.bucket)

    def content(self) -> bytes:
        return bytes(obstore.get(self._bucket(), "folder/tokens.json").bytes())

    def spoil(self, old: bytes, new: bytes) -> None:
        obstore.put(self._bucket(), "folder/tokens.json", _replaced(self.content(), old, new))


def _replaced(content: bytes, old: bytes, new: bytes) -> bytes:
    assert old in content
    return content.replace(old, new)

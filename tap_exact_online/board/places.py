"""What a board is, and which one the setting `store` names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeAlias

from tap_exact_online.auth.stores import is_bucket, named, needs_extra
from tap_exact_online.board.file import FileBoard

Change: TypeAlias = Callable[[bytes | None], bytes | None]
"""Makes of what a document holds (None where there is none) what it is to hold (None where it is to go)."""


class Board(Protocol):
    """Holds documents of up to some 500 kB, which all processes of one connection read and change. Any thread may use it.

    Names of documents are small letters, digits, dots and hyphens, 60 at most.
    """

    place: str
    """Where it is, for messages; holds no secret."""

    def read(self, name: str) -> bytes | None:
        """Return a document, or None where there is none.

        Raises:
            OSError: It cannot be read within a bounded time. `strerror` says why, without secrets.
        """
        ...

    def change(self, name: str, change: Change) -> bytes | None:
        """Replace a document by what is made of it, in one step for all processes, and return what is there then.

        Args:
            name: The document.
            change: Makes the new content of the old. It may be called several times, each time with what is there by
                then. The very bytes that it was given: nothing is written. None: the document is removed.

        Raises:
            OSError: It cannot be read or written within a bounded time, or no answer came and it may have been written.
                `strerror` says why, without secrets.
        """
        ...


def open_board(store: str | None, owner: str, default: Path) -> Board:
    """Return the board beside the token store that a setting names. Nothing is touched or sent.

    Args:
        store: The setting `store`: a path or a URL; None for the default.
        owner: The fingerprint of client id and server. Each owner has documents of its own, also in one place.
        default: The file of the token store that is used when none is named.

    Raises:
        ConfigurationError: No such kind of store, a URL that is none, or an extra that is not installed.
    """
    place = default if store is None else named(store)
    if isinstance(place, Path):
        return FileBoard(place, owner)
    return _objects(place, owner) if is_bucket(place) else _postgres(place, owner)


def _postgres(url: str, owner: str) -> Board:
    try:
        from tap_exact_online.board.postgres import PostgresBoard  # noqa: PLC0415  an extra
    except ImportError:
        needs_extra("postgresql:", "postgres")
    return PostgresBoard(url, owner)


def _objects(url: str, owner: str) -> Board:
    try:
        from tap_exact_online.auth.stores.bucket import open_bucket  # noqa: PLC0415  an extra
        from tap_exact_online.board.objects import ObjectBoard  # noqa: PLC0415  an extra
    except ImportError:
        needs_extra("s3:, gs: or az:", "object")
    bucket, place = open_bucket(url, owner)
    return ObjectBoard(bucket, place, owner)

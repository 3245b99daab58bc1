"""Where tokens are kept. Every store keeps one connection and can be locked by one process at a time."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import platformdirs

from tap_exact_online.auth.stores.file import FileStore
from tap_exact_online.auth.tokens import Tokens, fingerprint
from tap_exact_online.errors import ConfigurationError


class Store(Protocol):
    """Keeps one connection."""

    place: str
    """Where it is, for messages; holds no secret."""

    def read(self) -> Tokens | None:
        """Return what is stored, or None where nothing is.

        Raises:
            ConfigurationError: It cannot be read, or is not ours.
        """
        ...

    def write(self, tokens: Tokens) -> None:
        """Keep the tokens durably: when this returns, they survive a crash of the machine.

        Raises:
            OSError: They could not be kept.
        """
        ...

    def lock(self) -> AbstractContextManager[None]:
        """Keep other processes from rotating the token while the block runs.

        Raises:
            LimitReached: Another process has held the lock for too long.
        """
        ...

    def check(self) -> None:
        """Find out whether a write would succeed, while the refresh token is still unspent.

        Raises:
            ConfigurationError: It would not.
        """
        ...


def open_store(store: str | None, *, server: str, client_id: str, owner: str) -> Store:
    """Return the store that a setting names.

    Args:
        store: A path or a `file:` URL; None for a file in the user's state folder.
        server: Name of the region or the host, part of the default file's name.
        client_id: Part of the default file's name, as a fingerprint.
        owner: The fingerprint that stored data must carry.

    Raises:
        ConfigurationError: No such kind of store.
    """
    if store is None:
        return FileStore(default_path(server, client_id), owner)
    scheme = urlsplit(store).scheme
    if scheme == "file":
        return FileStore(Path(unquote(urlsplit(store).path)), owner)
    if len(scheme) > 1:  # one letter is a drive of Windows
        msg = f"`store`: no kind of store is called '{scheme}:'. Use a path or a file: URL."
        raise ConfigurationError(msg)
    return FileStore(Path(store).expanduser(), owner)


def default_path(server: str, client_id: str) -> Path:
    """Return the file that a connection is kept in when no `store` is set: one for each server and client id."""
    folder = platformdirs.user_state_path("tap-exact-online", appauthor=False)
    return folder / f"{server}-{fingerprint(client_id)[:12]}.json"

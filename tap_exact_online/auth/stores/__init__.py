"""Where tokens are kept. Every store keeps one connection and can be locked by one process at a time."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import platformdirs

from tap_exact_online.auth.form import Form
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

    def forget(self) -> None:
        """Remove what is stored.

        Raises:
            OSError: It could not be removed.
        """
        ...


def open_store(store: str | None, form: Form, default: Path) -> Store:
    """Return the store that a setting names.

    Args:
        store: A path or a URL; None for the default.
        form: How the connection is written down.
        default: The file that is used when no store is named.

    Raises:
        ConfigurationError: No such kind of store.
    """
    if store is None:
        return FileStore(default, form)
    scheme = urlsplit(store).scheme
    if scheme == "file":
        return FileStore(Path(unquote(urlsplit(store).path)), form)
    if len(scheme) > 1:  # one letter is a drive of Windows
        msg = f"`store`: no kind of store is called '{scheme}:'. Use a path or a file: URL."
        raise ConfigurationError(msg)
    return FileStore(Path(store).expanduser(), form)


def state_file(server: str, client_id: str, folder: str = "") -> Path:
    """Return the file in the user's state folder for one server and client id.

    Args:
        server: Name of the region or the host.
        client_id: Becomes a fingerprint.
        folder: A folder below; empty for the default store itself.
    """
    base = platformdirs.user_state_path("tap-exact-online", appauthor=False)
    return base / folder / f"{server}-{fingerprint(client_id)[:12]}.json"

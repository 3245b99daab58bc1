"""Where tokens are kept. Every store keeps one connection and can be locked by one process at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NoReturn, Protocol
from urllib.parse import unquote

import platformdirs

from tap_exact_online.auth.form import Form
from tap_exact_online.auth.stores.file import FileStore
from tap_exact_online.auth.tokens import Tokens, fingerprint
from tap_exact_online.errors import ConfigurationError

# A URL without its colon, or with one slash.
_MEANT = re.compile(r"(postgres(ql)?(\+\w+)?|s3|gs|az)[^\w/]*//", re.IGNORECASE)


class Store(Protocol):
    """Keeps one connection. One thread uses it at a time.

    Read and write under the lock: without it another process may write in between. A `write` or `forget` outside of it
    takes the lock for itself where the store needs one to be safe, and then fails as `lock` does.
    """

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
            OSError: They could not be kept, or the lock was lost and another process has written since; what that one
                wrote stays. `strerror` says why.
        """
        ...

    def reserve(self) -> None:
        """Take what the next write needs, so that it cannot fail for want of it. Under the lock, which gives it back.

        Raises:
            OSError: It cannot be had.
        """
        ...

    def leftovers(self) -> Sequence[Tokens]:
        """Return what a writer that was killed before its end left where only this store looks."""
        ...

    def lock(self) -> AbstractContextManager[None]:
        """Keep other processes from rotating the token while the block runs.

        Raises:
            ConfigurationError: There can be no lock here.
            LimitReached: Another process has held the lock for too long.
        """
        ...

    def forget(self) -> None:
        """Remove what is stored, if anything is.

        Raises:
            OSError: It could not be removed.
        """
        ...


def open_store(store: str | None, form: Form, default: Path) -> Store:
    """Return the store that a setting names. Nothing is touched or sent.

    Args:
        store: A path or a URL (`file:`, `postgresql:`, `s3:`, `gs:`, `az:`); None for the default.
        form: How the connection is written down.
        default: The file that is used when no store is named.

    Raises:
        ConfigurationError: No such kind of store, a URL that is none, or an extra that is not installed.
    """
    place = default if store is None else named(store)
    if isinstance(place, Path):
        return FileStore(place, form)
    return _objects(place, form) if is_bucket(place) else _postgres(place, form)


def named(store: str) -> Path | str:
    """Return what the setting `store` names: the path of a file, or the URL of a database or of object storage.

    Raises:
        ConfigurationError: No such kind of store, or a URL that is none.
    """
    _check(store)
    scheme = store.partition(":")[0].lower() if ":" in store else ""
    if scheme == "file":
        return _file(store)
    if scheme.partition("+")[0] in {"postgresql", "postgres"} or is_bucket(store):
        return store
    if re.fullmatch(r"[a-z][a-z0-9+.-]+", scheme):  # one letter is a drive of Windows
        msg = (
            f"`store`: no kind of store is called '{scheme}:'. Use a path, or a URL that begins with file:,"
            " postgresql:, s3:, gs: or az:."
        )
        raise ConfigurationError(msg)
    if "://" in store or _MEANT.match(store) or "password=" in store.lower():
        msg = (
            "`store` is no path, and no URL that is understood: a URL begins with file:, postgresql:, s3:, gs: or az:,"
            " and that of a database is written postgresql://user:password@host:5432/database. It is not repeated here,"
            " for it may hold a password."
        )
        raise ConfigurationError(msg)
    return Path(store).expanduser()


def is_bucket(store: str) -> bool:
    """Tell whether what the setting `store` names is an object in object storage."""
    return store.partition(":")[0].lower() in {"s3", "gs", "az"}


def _check(store: str) -> None:
    """Refuse what comes from a file of variables as it was not meant, before it is taken for the name of a file."""
    if store != store.strip(" \t\r\n'\"`") or not store.isprintable():
        msg = (
            "`store` begins or ends with a blank or a quote, or holds a character that no place has: some programs take"
            " the quotes of a file of variables for a part of the value. Write it without."
        )
        raise ConfigurationError(msg)


def _file(url: str) -> Path:
    match = re.fullmatch(r"file:(?://(?:localhost)?(?=/))?([^?#]+)", url, re.IGNORECASE)
    if match is None or match[1].startswith("//"):
        msg = "`store` is not the URL of a file on this machine: write file:///folder/tokens.json."
        raise ConfigurationError(msg)
    return Path(unquote(match[1]))


def _postgres(url: str, form: Form) -> Store:
    try:
        from tap_exact_online.auth.stores.postgres import PostgresStore  # noqa: PLC0415  an extra
    except ImportError:
        needs_extra("postgresql:", "postgres")
    return PostgresStore(url, form)


def _objects(url: str, form: Form) -> Store:
    try:
        from tap_exact_online.auth.stores.bucket import open_bucket  # noqa: PLC0415  an extra
        from tap_exact_online.auth.stores.objects import ObjectStore  # noqa: PLC0415  an extra
    except ImportError:
        needs_extra("s3:, gs: or az:", "object")
    return ObjectStore(*open_bucket(url, form.owner), form)


def needs_extra(kind: str, extra: str) -> NoReturn:
    """Say that a kind of store needs packages that are not installed.

    Args:
        kind: What its URLs begin with.
        extra: The extra of this package that brings them.

    Raises:
        ConfigurationError: Always.
    """
    msg = f'`store`: a URL that begins with {kind} needs an extra: pip install "tap-exact-online[{extra}]".'
    raise ConfigurationError(msg) from None


def state_file(server: str, client_id: str, folder: str = "") -> Path:
    """Return the file in the user's state folder for one server and client id.

    Args:
        server: Name of the region or the host.
        client_id: Becomes a fingerprint.
        folder: A folder below; empty for the default store itself.
    """
    base = platformdirs.user_state_path("tap-exact-online", appauthor=False)
    return base / folder / f"{server}-{fingerprint(client_id)[:12]}.json"

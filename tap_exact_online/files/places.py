"""Where files are kept. Each place keeps content under a name that nothing half-written ever has."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import uuid4

from tap_exact_online.disk import fsync_folder
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.spoken import spoken
from tap_exact_online.wire import intake

UNFINISHED = "unfinished"
"""The folder of what is still coming in, or was when a run was killed."""
FORSAKEN = 86_400.0
"""Seconds after which nobody writes any more: an answer may take ten minutes."""
_SMALL = 64 << 10


class Unfinished(Protocol):
    """A file that is coming in, under a name of its own."""

    name: str

    def write(self, part: bytes, /) -> object:
        """Add a part.

        Raises:
            OSError: It cannot be written.
        """
        ...


class Place(Protocol):
    """A folder of files and small notes. Threads may share it. Whatever cannot be done is an `OSError`."""

    where: str
    """Where it is, for messages and rows; holds no secret."""

    def begin(self) -> AbstractContextManager[Unfinished]:
        """Take a file in. It is whole and durable at the end of the block, and gone where that ends with an exception."""
        ...

    def keep(self, unfinished: str, key: str) -> None:
        """Give a file that came in its name, unless there is one of that name: then it is the same."""
        ...

    def has(self, key: str) -> bool:
        """Tell whether there is something of that name."""
        ...

    def read(self, key: str) -> bytes | None:
        """Return a note, or None where there is none."""
        ...

    def write(self, key: str, content: bytes) -> None:
        """Write a note, or replace it, in one step."""
        ...

    def tidy(self) -> None:
        """Remove what runs that were killed left behind."""
        ...


def open_place(setting: str) -> Place:
    """Return the place that the setting `files` names. Nothing is touched or sent.

    Raises:
        ConfigurationError: It names none, or an extra that is not installed.
    """
    if setting != setting.strip(" \t\r\n'\"`") or not setting.isprintable():
        msg = (
            "`files` begins or ends with a blank or a quote, or holds a character that no place has: some programs take"
            " the quotes of a file of variables for a part of the value. Write it without."
        )
        raise ConfigurationError(msg)
    scheme = setting.partition(":")[0].lower() if ":" in setting else ""
    if scheme in {"s3", "gs", "az"}:
        return _bucket(setting)
    if re.fullmatch(r"[a-z][a-z0-9+.-]+", scheme) or "://" in setting:  # one letter is a drive of Windows
        msg = f"`files`: no kind of place is called '{spoken(scheme, 20)}:'. Give a folder, or a URL that begins with s3:, gs: or az:."
        raise ConfigurationError(msg)
    return Folder(Path(setting).expanduser().absolute())


def _bucket(url: str) -> Place:
    try:
        from tap_exact_online.files.bucket import open_bucket  # noqa: PLC0415  an extra
    except ImportError:
        msg = '`files`: a URL that begins with s3:, gs: or az: needs an extra: pip install "tap-exact-online[object]".'
        raise ConfigurationError(msg) from None
    return open_bucket(url)


class _Coming:
    """A file in the folder of what is coming in."""

    def __init__(self, name: str, file: BinaryIO) -> None:
        self.name = name
        self._file = file

    def write(self, part: bytes, /) -> object:
        """Add a part."""
        return self._file.write(part)


class Folder:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        """Name it; it is made when something is written.

        Args:
            folder: An absolute path.
        """
        self.where = str(folder)
        self._folder = folder

    @contextmanager
    def begin(self) -> Iterator[Unfinished]:
        """Take a file in."""
        name = f"{UNFINISHED}/{uuid4().hex}"
        path = self._made(name)
        try:
            with path.open("xb") as file:
                yield _Coming(name, file)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            with suppress(OSError):
                path.unlink()
            raise

    def keep(self, unfinished: str, key: str) -> None:
        """Give a file that came in its name, and make that durable."""
        source, path = self._folder / unfinished, self._made(key)
        try:
            if path.exists():
                source.unlink()
            else:
                source.replace(path)
                fsync_folder(path.parent)
        except OSError:
            with suppress(OSError):
                source.unlink()
            raise

    def has(self, key: str) -> bool:
        """Tell whether there is a file of that name."""
        return (self._folder / key).is_file()

    def read(self, key: str) -> bytes | None:
        """Return a note."""
        try:
            return intake.file_content(self._folder / key, _SMALL)[0]
        except FileNotFoundError:
            return None

    def write(self, key: str, content: bytes) -> None:
        """Write a note."""
        with self.begin() as note:
            note.write(content)
        path = self._made(key)
        (self._folder / note.name).replace(path)
        fsync_folder(path.parent)

    def tidy(self) -> None:
        """Remove files that have not been written to for a day."""
        try:
            found = list((self._folder / UNFINISHED).iterdir())
        except FileNotFoundError:
            return
        for path in found:
            with suppress(FileNotFoundError):  # another run was faster
                if path.stat().st_mtime < time.time() - FORSAKEN:
                    path.unlink()

    def _made(self, key: str) -> Path:
        """Return the path of a name, in a folder that is there."""
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

"""Files beside the file of the token store."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from tap_exact_online.auth.stores.file import make_folder, opened, successor
from tap_exact_online.board.naming import MOST, PATIENCE, checked
from tap_exact_online.wire import intake

if TYPE_CHECKING:
    from tap_exact_online.board.places import Change


class FileBoard:
    """A file for each document, `tokens.json.<owner>.<name>`, and one lock for all of them.

    Files are replaced in one step, so readers need no lock. They are not forced to the disk: after a crash of the machine
    a document may be an older one, or none.

    Attributes:
        place: The path of the token store's file.
    """

    def __init__(self, path: Path, owner: str, patience: float = PATIENCE) -> None:
        """Name the files; nothing is touched before it is needed.

        Args:
            path: The file of the token store. Its folder is made, closed to others, when something is written.
            owner: The fingerprint of client id and server.
            patience: Seconds to wait for other processes.
        """
        self.place = str(path)
        self._path = path
        self._owner = owner
        self._patience = patience

    def read(self, name: str) -> bytes | None:
        """Return a document, or None where there is none."""
        return _content(self._file(name))

    def change(self, name: str, change: Change) -> bytes | None:
        """Replace a document under the lock."""
        file = self._file(name)
        with self._lock(file):
            before = _content(file)
            after = change(before)
            if after is None:
                file.unlink(missing_ok=True)
            elif after != before:
                _replace(file, after)
        return after

    def _file(self, name: str) -> Path:
        """Return the file of a document, beside where a link leads: two names of one store must not have two boards."""
        try:
            path = self._path.resolve()
        except RuntimeError:  # before Python 3.13: a circle of links
            raise OSError(errno.ELOOP, "Too many levels of symbolic links") from None
        return path.with_name(f"{path.name}.{self._owner}.{checked(name)}")

    @contextmanager
    def _lock(self, file: Path) -> Iterator[None]:
        make_folder(file.parent)
        # Each its own: a thread must wait for another one of this process, too.
        lock = filelock.FileLock(
            file.with_name(f"{self._path.resolve().name}.{self._owner}.lock"),
            timeout=self._patience,
            mode=0o600,
            is_singleton=False,
            fallback_to_soft=False,
        )
        try:
            lock.acquire()
        except filelock.Timeout:
            msg = f"another process has held the board for {self._patience:.0f} s"
            raise OSError(errno.ETIMEDOUT, msg) from None
        try:
            yield
        finally:
            lock.release()


def _content(file: Path) -> bytes | None:
    try:
        return intake.file_content(file, MOST)[0]
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.EFBIG:
            return None
        raise


def _replace(file: Path, content: bytes) -> None:
    """Put a new file in the place of another; a crash leaves the old one or the new one, whole."""
    new = successor(file)
    try:
        with opened(new) as stream:
            stream.write(content)
            stream.truncate()  # a writer that was killed may have left more
        new.replace(file)
    except OSError:
        new.unlink(missing_ok=True)
        raise

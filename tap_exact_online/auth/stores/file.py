"""A file: the default store."""

from __future__ import annotations

import errno
import logging
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import filelock

from tap_exact_online.auth.exchange import LONGEST
from tap_exact_online.auth.form import Form
from tap_exact_online.auth.stores.mounts import network_file_system
from tap_exact_online.auth.tokens import Tokens
from tap_exact_online.disk import fsync_folder
from tap_exact_online.errors import ConfigurationError, LimitReached
from tap_exact_online.spoken import unstopped
from tap_exact_online.wire import intake

_log = logging.getLogger("tap-exact-online.auth")

LOCK_TIMEOUT = LONGEST + 30.0
"""Seconds: more than a token request takes at most, with the writes around it, so that a working holder is waited for."""

_ROOM = 16 << 10  # bytes: more than a connection takes, also when it is sealed


class FileStore:
    """One connection in a file that only its owner can read.

    Attributes:
        place: The file's path.
    """

    def __init__(self, path: Path, form: Form, lock_timeout: float | None = None) -> None:
        """Name the file; nothing is touched before it is needed.

        Args:
            path: The file. Its folder is made, closed to others, when something is written.
            form: How the connection is written down.
            lock_timeout: Seconds to wait for another process; None for `LOCK_TIMEOUT`.
        """
        self.place = str(path)
        self._path = path
        self._form = form
        self._lock_timeout = lock_timeout
        self._warned = False
        self._reserved = self._locked = False
        self._seen: bytes | None = None  # what the file held when it was last looked at under the lock

    def read(self) -> Tokens | None:
        """Return what is stored, or None where there is no file."""
        found = self._content(self._path, self.place)
        if self._locked:
            self._seen = found
        return None if found is None else self._form.read(found, self.place)

    def _content(self, path: Path, place: str) -> bytes | None:
        try:
            content, facts = intake.file_content(path, intake.TOKENS)
        except FileNotFoundError:
            return None
        except OSError as error:
            msg = f"The token store {place} cannot be read: {unstopped(error.strerror)}. Check `store` and its rights."
            raise ConfigurationError(msg) from error
        if os.name == "posix" and stat.S_IMODE(facts.st_mode) & 0o077:
            msg = f"The token store {place} can be read by others. Close it: chmod 600 {place}"
            raise ConfigurationError(msg)
        return content

    def leftovers(self) -> Sequence[Tokens]:
        """Return what a writer that was killed before its end left beside the file."""
        path = successor(self._path.resolve())
        try:
            content = self._content(path, str(path))
            return () if content is None else (self._form.read(content, str(path)),)
        except ConfigurationError:
            return ()  # only the room for it, or a part

    def write(self, tokens: Tokens) -> None:
        """Replace the file in one step: a crash leaves the old one or the new one, whole and on disk."""
        make_folder(self._path.parent)
        path = self._path.resolve()  # where a link leads, so that the link stays
        new = successor(path)
        content = self._form.write(tokens)
        self._check(path)
        is_reserved, self._reserved = self._reserved, False
        try:
            with opened(new) as file:
                file.write(content)
                file.flush()
                file.truncate()
                os.fsync(file.fileno())
            new.replace(path)
        except Exception:
            # With room of its own it may hold what was to be written, whole: `leftovers` finds it.
            with suppress(OSError):
                if not is_reserved:
                    new.unlink()
            raise
        self._seen = content
        fsync_folder(path.parent)

    def _check(self, path: Path) -> None:
        """Under the lock, see that nobody has written since: somebody may have removed the lock file, and another got it."""
        if not self._locked:
            return
        if self._now(path) != self._seen:
            raise OSError(errno.ESTALE, "the lock was lost, and another process has written in the meantime")

    def _now(self, path: Path) -> bytes | None:
        """Return what the file holds, whatever that is."""
        try:
            return intake.file_content(path, intake.TOKENS)[0]
        except OSError:
            return None

    def reserve(self) -> None:
        """Take the room on the disk that the next write needs: when it comes, there may be none left."""
        with opened(successor(self._path.resolve())) as file:
            self._reserved = True
            file.write(b" " * _ROOM)
            file.flush()
            os.fsync(file.fileno())

    def forget(self) -> None:
        """Remove the file, and what may be left beside it."""
        path = self._path.resolve()
        successor(path).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        self._seen = None
        if path.parent.is_dir():
            fsync_folder(path.parent)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lock file beside it; the system lets go of it when the process dies, however it dies."""
        timeout = LOCK_TIMEOUT if self._lock_timeout is None else self._lock_timeout
        try:
            make_folder(self._path.parent)
            path = self._path.resolve()  # where a link leads: two names of one file must not have two locks
            self._warn(path)
            # Without flock, filelock would go on with a file that outlives a killed holder: rather stop.
            lock = filelock.FileLock(f"{path}.lock", timeout=timeout, mode=0o600, fallback_to_soft=False)
            lock.acquire()
        except filelock.Timeout:
            msg = (
                f"Another process has held the token store {self.place} for {timeout:.0f} s."
                " Find out whether it hangs, and run again."
            )
            raise LimitReached(msg) from None
        except (OSError, RuntimeError) as error:  # before Python 3.13 a circle of links is a RuntimeError
            words = getattr(error, "strerror", None) or error
            msg = f"The token store {self.place} cannot be locked ({words}). Set `store` to a writable place."
            raise ConfigurationError(msg) from error
        self._locked, self._seen = True, self._now(path)
        try:
            yield
        finally:
            self._locked = False
            if self._reserved:
                self._reserved = False
                with suppress(OSError):
                    successor(path).unlink()
            lock.release()

    def _warn(self, path: Path) -> None:
        """Say once that the lock may not hold where other machines see the file too."""
        if self._warned or sys.platform != "linux":
            return
        self._warned = True
        try:
            kind = network_file_system(path, Path("/proc/mounts").read_text(errors="replace"))
        except OSError:
            return  # a container without /proc: nothing is known
        if kind is not None:
            _log.warning(
                "The token store %s lies on a network file system (%s), where a lock may not keep other machines out."
                " If several share it, set `store` to a postgresql:, s3:, gs: or az: URL.",
                self.place,
                kind,
            )


def successor(path: Path) -> Path:
    """Return the file that takes the place of another: always of the same name, so that it is found again."""
    return path.with_name(f".{path.name}.next")


def opened(path: Path) -> BinaryIO:
    """Open a file to write from its beginning, over what may be there: room that is taken already stays taken."""
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o600), "wb")


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, each closed to others: whoever may write above could swap it."""
    for each in (*reversed(folder.parents), folder):
        if not each.is_dir():
            each.mkdir(mode=0o700, exist_ok=True)

"""A file: the default store."""

from __future__ import annotations

import logging
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from tap_exact_online.auth.form import Form
from tap_exact_online.auth.stores.mounts import network_file_system
from tap_exact_online.auth.tokens import Tokens
from tap_exact_online.errors import ConfigurationError, LimitReached

_log = logging.getLogger("tap-exact-online.auth")

LOCK_TIMEOUT = 120.0
"""Seconds: more than the 93 that a token request takes at most, so that a working holder is waited for."""


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

    def read(self) -> Tokens | None:
        """Return what is stored, or None where there is no file."""
        try:
            content = self._path.read_bytes()
            mode = self._path.stat().st_mode
        except FileNotFoundError:
            return None
        except OSError as error:
            msg = f"The token store {self.place} cannot be read: {error.strerror}. Check `store` and its rights."
            raise ConfigurationError(msg) from error
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            msg = f"The token store {self.place} can be read by others. Close it: chmod 600 {self.place}"
            raise ConfigurationError(msg)
        return self._form.read(content, self.place)

    def write(self, tokens: Tokens) -> None:
        """Replace the file in one step: a crash leaves the old one or the new one, whole and on disk."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path.resolve()  # where a link leads, so that the link stays
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self._form.write(tokens))
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
        _fsync_folder(path.parent)

    def forget(self) -> None:
        """Remove the file."""
        path = self._path.resolve()
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            _fsync_folder(path.parent)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lock file beside it; the system lets go of it when the process dies, however it dies."""
        timeout = LOCK_TIMEOUT if self._lock_timeout is None else self._lock_timeout
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
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
        try:
            yield
        finally:
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


def _fsync_folder(folder: Path) -> None:
    """Make a rename durable; Windows cannot open a folder and needs no such step."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

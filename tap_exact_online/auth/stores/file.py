"""A file: the default store."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from tap_exact_online.auth.form import Form
from tap_exact_online.auth.tokens import Tokens
from tap_exact_online.errors import ConfigurationError, LimitReached

# Longer than the token request's own timeout, so that a working holder is waited for and a hanging one is not.
_LOCK_TIMEOUT = 90.0


class FileStore:
    """One connection in a file that only its owner can read.

    Attributes:
        place: The file's path.
    """

    def __init__(self, path: Path, form: Form, lock_timeout: float = _LOCK_TIMEOUT) -> None:
        """Name the file; nothing is touched before it is needed.

        Args:
            path: The file. Its folder is made, closed to others, when something is written.
            form: How the connection is written down.
            lock_timeout: Seconds to wait for another process.
        """
        self.place = str(path)
        self._path = path
        self._form = form
        self._lock_timeout = lock_timeout

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
        self._path.unlink(missing_ok=True)
        if self._path.parent.is_dir():
            _fsync_folder(self._path.parent)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lock file beside it; the system lets go of it when the process dies, however it dies."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = filelock.FileLock(f"{self.place}.lock", timeout=self._lock_timeout, mode=0o600)
            lock.acquire()
        except filelock.Timeout:
            msg = (
                f"Another process has held the token store {self.place} for {self._lock_timeout:.0f} s."
                " Find out whether it hangs, and run again."
            )
            raise LimitReached(msg) from None
        except OSError as error:
            msg = f"The token store {self.place} cannot be locked ({error.strerror}). Set `store` to a writable place."
            raise ConfigurationError(msg) from error
        try:
            yield
        finally:
            lock.release()


def _fsync_folder(folder: Path) -> None:
    """Make a rename durable; Windows cannot open a folder and needs no such step."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

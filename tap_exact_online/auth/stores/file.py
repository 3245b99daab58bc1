"""A file: the default store."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from tap_exact_online.auth.tokens import Tokens, from_document, to_document
from tap_exact_online.errors import ConfigurationError, LimitReached

# Longer than the token request's own timeout, so that a working holder is waited for and a hanging one is not.
_LOCK_TIMEOUT = 90.0


class FileStore:
    """One connection in a file that only its owner can read.

    Attributes:
        place: The file's path.
    """

    def __init__(self, path: Path, owner: str, lock_timeout: float = _LOCK_TIMEOUT) -> None:
        """Name the file; nothing is touched before it is needed.

        Args:
            path: The file. Its folder is made, closed to others, when something is written.
            owner: The fingerprint that stored data must carry.
            lock_timeout: Seconds to wait for another process.
        """
        self.place = str(path)
        self._path = path
        self._owner = owner
        self._lock_timeout = lock_timeout

    def read(self) -> Tokens | None:
        """Return what is stored, or None where there is no file."""
        try:
            text = self._path.read_text(encoding="utf-8")
            mode = self._path.stat().st_mode
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            msg = f"The token store {self.place} cannot be read: {error.__class__.__name__}. Check `store` and its rights."
            raise ConfigurationError(msg) from error
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            msg = f"The token store {self.place} can be read by others. Close it: chmod 600 {self.place}"
            raise ConfigurationError(msg)
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            document = None
        return from_document(document, self._owner, self.place)

    def write(self, tokens: Tokens) -> None:
        """Replace the file in one step: a crash leaves the old one or the new one, whole and on disk."""
        self._replace(json.dumps(to_document(tokens), indent=1).encode())

    def check(self) -> None:
        """Do all that a write does but with the old content, so that a full or closed disk shows now.

        A file that is mounted by itself, as containers have it, can be read but not replaced: only trying shows it.
        """
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(prefix=f".{self._path.name}.", dir=self._path.parent) as file:
                file.write(b" " * 4096)
                file.flush()
                os.fsync(file.fileno())
            if self._path.exists():
                self._replace(self._path.read_bytes())
        except OSError as error:
            msg = (
                f"The token store {self.place} cannot be written ({error.strerror}), and a refresh now would lose the"
                " connection. Make its folder writable or set `store` elsewhere; nothing was spent."
            )
            raise ConfigurationError(msg) from error

    def _replace(self, content: bytes) -> None:
        path = self._path.resolve()  # where a link leads, so that the link stays
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
        _fsync_folder(path.parent)

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

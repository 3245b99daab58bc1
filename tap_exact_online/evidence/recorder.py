"""Writes what a user may send with a bug report: every answer of a run, scrubbed, a file for each."""

from __future__ import annotations

import errno
import logging
import os
import secrets
import threading
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.evidence.scrubbing import Scrubber
from tap_exact_online.spoken import unstopped

_log = logging.getLogger("tap-exact-online.recorder")

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Recorder:
    """Writes answers into a folder, as `000001.json`, `000002.json` and so on. Threads may share it."""

    def __init__(self, folder: Path, base_url: str) -> None:
        """Make the folder.

        Args:
            folder: Where to write. A folder with something in it gets a new one inside: `2`, `3`.
            base_url: Scheme and host of the server, which the recording does not name.

        Raises:
            ConfigurationError: The folder cannot be made.
        """
        self._scrubber = Scrubber(base_url, secrets.token_bytes(32))
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._stopped = False
        self.folder = folder
        """Where this recording is."""
        try:
            self.folder = _own(folder)
        except OSError as error:
            if error.errno not in _FULL:
                msg = f"`record`: the folder {folder} cannot be used: {unstopped(error.strerror)}."
                raise ConfigurationError(msg) from None
            self._stop(error)
        else:
            _log.info("Recording scrubbed answers in %s; look through them before you send them", self.folder)

    def __call__(self, url: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Write an answer. Where that fails, nothing more is written: a run does not end for the want of a recording.

        Args:
            url: The address that was asked.
            status: The HTTP status.
            headers: The answer's headers.
            body: The whole body.
        """
        with self._lock:  # numbers in the order in which the answers came
            if self._stopped:
                return
            entry = self._scrubber.entry(url, status, headers, body)
            if entry is None:
                return
            try:
                _write(self.folder / f"{next(self._numbers):06}.json", entry)
            except OSError as error:
                self._stop(error)

    def _stop(self, error: OSError) -> None:
        self._stopped = True
        _log.warning(
            "The recording in %s ends here: %s. The run goes on without it.",
            self.folder,
            unstopped(error.strerror),
        )


def _own(folder: Path) -> Path:
    """Make the folder of a recording, or one inside where there is something in it, and return it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not any(folder.iterdir()):
            return folder
    else:
        return folder
    for number in count(2):
        try:
            (inside := folder / str(number)).mkdir(mode=0o700)
        except FileExistsError:
            continue
        return inside
    raise AssertionError  # numbers do not end


def _write(file: Path, text: str) -> None:
    """Write a new file that only its owner can read; none is left where it cannot be written to its end."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(handle, "w", encoding="utf-8") as opened:  # noqa: PTH123  a handle, not a path
            opened.write(text)
    except OSError:
        file.unlink(missing_ok=True)
        raise

"""Commands that a command runs: started, watched, and ended with everything that they started themselves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from tap_exact_online.cli import leash
from tap_exact_online.errors import ConfigurationError

_LOOK = 0.2  # seconds: how soon a wish to stop is noticed


class Signals:
    """Whether the system asked this process to stop.

    Attributes:
        came: The number of the first signal that asked for it; None: go on.
    """

    def __init__(self) -> None:
        self.came: int | None = None

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note signals while the block runs, instead of ending at once."""

        def note(number: int, _: FrameType | None) -> None:
            self.came = self.came or number

        before: dict[int, Any] = {
            number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @property
    def exit_code(self) -> int:
        """What a process ends with that was asked to stop."""
        return 128 + (self.came or 0)


class Leash:
    """Keeps commands from outliving this process, however it ends."""

    def __init__(self) -> None:
        reading, self._writing = os.pipe()
        command = [sys.executable, "-I", "-S", str(Path(leash.__file__))]
        try:
            self._process = subprocess.Popen(  # noqa: S603  a part of this program
                command,
                stdin=reading,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        finally:
            os.close(reading)

    def hold(self, group: int) -> None:
        """End this process group with us; 0 for none."""
        with suppress(BrokenPipeError):
            os.write(self._writing, f"{group}\n".encode())

    def close(self) -> None:
        """Let go."""
        os.close(self._writing)
        self._process.wait()


def check(command: Sequence[str]) -> None:
    """Look whether a command can be run.

    Raises:
        ConfigurationError: It cannot.
    """
    if os.name != "posix":
        msg = "Commands can be run on Linux and macOS only: process groups are a word of Unix."
        raise ConfigurationError(msg)
    if shutil.which(command[0]) is None:
        msg = f"The command {command[0]} is not there, or may not be run. Give its path, or put its folder on PATH."
        raise ConfigurationError(msg)


def run(
    command: Sequence[str], environment: Mapping[str, str], kept: Leash, is_to_stop: Callable[[], bool]
) -> int:
    """Run a command to its end; end it in good order where this process is to stop.

    Args:
        command: The program and its arguments. It reads nothing, and writes where we write.
        environment: Its environment.
        kept: What ends it when we are killed.
        is_to_stop: Tells whether it is to end now.

    Returns:
        Its exit code; 128 and more where a signal ended it.
    """
    # A group of its own: Ctrl-C reaches us alone, and we end it.
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, process_group=0)  # noqa: S603
    kept.hold(process.pid)
    try:
        while (code := _ended(process)) is None:
            if is_to_stop():
                leash.end(process.pid, lambda: process.poll() is not None)
                code = process.wait()
                break
        leash.sweep(process.pid)
    finally:
        kept.hold(0)
    return code if code >= 0 else 128 - code


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(_LOOK)
    except subprocess.TimeoutExpired:
        return None

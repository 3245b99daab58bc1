"""Programs that are started, awaited, and taken down with everything they started themselves."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_LAST_LINES = 20
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_COMPLAINT = re.compile(
    r"^.*\[(?:error|critical) *\] (?:tap|target)-.*(?:\n[ \t].*)*", re.MULTILINE
)  # with what is indented

BIN = Path(sys.executable).parent
"""Where the programs that were installed next to this Python are."""


class ProgramFailed(Exception):  # noqa: N818  the name says what happened
    """A program ended with an error or did not get ready; the message holds the last it wrote."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold back Ctrl-C and its like until the block is through, so that nothing is started and then lost sight of."""
    held: list[int] = []
    before = {
        number: handler
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if (handler := signal.getsignal(number)) not in (signal.SIG_IGN, None)
    }
    for number in before:
        signal.signal(number, lambda number, _: held.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if held:
            signal.raise_signal(held[0])


@contextmanager
def started(
    command: Sequence[str | os.PathLike[str]],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program in a process group of its own and end the whole group at the end, whatever happened.

    Args:
        command: The program and its arguments.
        log: Where its output goes.
        env: Its environment; that of this process when left out.
        cwd: Its folder.

    Raises:
        ProgramFailed: There is no such program.
    """
    process: subprocess.Popen[bytes] | None = None
    try:
        with log.open("wb") as output, undisturbed():
            process = subprocess.Popen(  # noqa: S603  the callers name the program
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                start_new_session=True,  # Ctrl-C reaches the caller alone, who then ends this one in good order
            )
        yield process
    except FileNotFoundError as error:
        if process is not None:
            raise
        msg = f"{command[0]} is not there: run `make install` first."
        raise ProgramFailed(msg) from error
    finally:
        if process is not None:
            end(process)


def run(
    command: Sequence[str | os.PathLike[str]],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Run a program to its end.

    Raises:
        ProgramFailed: It ended with an error.
    """
    with started(command, log, env=env, cwd=cwd) as process:
        if process.wait() != 0:
            raise ProgramFailed(describe(process, log))


def when_ready(process: subprocess.Popen[bytes], ready: Path, log: Path) -> dict[str, Any]:
    """Wait until a program has written its ready file, and return what is in it.

    Raises:
        ProgramFailed: It ended before, or took too long.
    """
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):  # not there, or not whole yet
            facts: dict[str, Any] = json.loads(ready.read_bytes())
            return facts
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
            raise ProgramFailed(describe(process, log))
    msg = f"{_name(process)} was not ready within {_START_SECONDS:.0f} s.\n{tail(log)}"
    raise ProgramFailed(msg)


def describe(process: subprocess.Popen[bytes], log: Path) -> str:
    """Say how a program ended and what it wrote last."""
    return f"{_name(process)} ended with exit code {process.returncode}.\n{tail(log)}\nAll of it: {log}"


def tail(log: Path) -> str:
    """Return the lines of a log that matter: what a plugin of Meltano complained of, or else simply the last ones."""
    text = _COLOUR.sub("", log.read_text(encoding="utf-8", errors="replace"))
    complaints = [match[0] for match in _COMPLAINT.finditer(text)]
    return "\n".join((complaints or text.splitlines())[-_LAST_LINES:])


def _name(process: subprocess.Popen[bytes]) -> str:
    arguments = process.args if isinstance(process.args, list) else [process.args]
    return " ".join(Path(str(argument)).name for argument in arguments[:2])


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program and what is left of its group: ask first, insist after a while."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
            if number == signal.SIGTERM and not _group_lives(process.pid):
                return


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True

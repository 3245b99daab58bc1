"""Processes of the project's programs, forked from one that has the program loaded already: see `tests/zygote.py`."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests import zygote

_ROOT = Path(__file__).resolve().parents[1]
_PATIENCE = 60.0  # seconds


@dataclass
class Forked:
    """A process that was forked; it is waited for and ended like one of `subprocess`."""

    pid: int
    _told: int = field(repr=False)
    returncode: int | None = None

    def poll(self) -> int | None:
        """Return how it ended, None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; minus the number of the signal that killed it."""
        code = self._ended(timeout)
        if code is None:
            command = f"process {self.pid}"
            raise subprocess.TimeoutExpired(command, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal; one that has ended gets none."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], timeout)[0]:
            said = os.read(self._told, 64)
            os.close(self._told)
            assert said, "the zygote is gone"
            self.returncode = int(said)
        return self.returncode


def fork(
    program: str,
    arguments: Sequence[str | os.PathLike[str]],
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = 1,
    stderr: int = 2,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Forked:
    """Start a program of `zygote.PROGRAMS`. Standard input, output and error are open files, by their numbers.

    The environment and the folder are those of this process when left out.
    """
    request = {
        "arguments": [os.fspath(each) for each in arguments],
        "env": dict(os.environ if env is None else env),
        "folder": str(folder or Path.cwd()),
    }
    reading, writing = os.pipe()
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, writing)
        if stdin == subprocess.DEVNULL:
            stdin = os.open(os.devnull, os.O_RDONLY)
            stack.callback(os.close, stdin)
        files = [stdin, stdout, stderr, writing]
        socket.send_fds(_zygote(program), [json.dumps(request).encode()], files)
    pid = b""
    while not pid.endswith(b"\n"):
        part = os.read(reading, 1)  # no more: how it ended may follow at once
        assert part, f"the zygote of {program} is gone"
        pid += part
    return Forked(int(pid), reading)


@dataclass
class Captured:
    """A process whose output is kept until it ends."""

    process: Forked
    _out: IO[bytes]
    _err: IO[bytes]

    def end(self, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Wait for its end, and return what it wrote."""
        try:
            code = self.process.wait(timeout)
        finally:
            self.process.kill()
        said = []
        for file in (self._out, self._err):
            file.seek(0)
            said.append(file.read().decode())
            file.close()
        return subprocess.CompletedProcess([], code, *said)


def capture(
    program: str,
    arguments: Sequence[str | os.PathLike[str]],
    *,
    given: bytes = b"",
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Captured:
    """Start a program; what it is given on standard input is all there at once."""
    out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115  closed when it has ended
    with tempfile.TemporaryFile() as stdin:
        stdin.write(given)
        stdin.seek(0)
        files = {"stdin": stdin.fileno(), "stdout": out.fileno(), "stderr": err.fileno()}
        return Captured(fork(program, arguments, env=env, folder=folder, **files), out, err)


def run(
    program: str,
    arguments: Sequence[str | os.PathLike[str]],
    *,
    given: bytes = b"",
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return capture(program, arguments, given=given, env=env).end()


def until(so: Callable[[], object], process: Forked | subprocess.Popen[Any], log: Path | None = None) -> None:
    """Wait until something is so. It fails where the process ends before, or it takes too long."""
    deadline = time.monotonic() + _PATIENCE
    while not so():
        said = f"the process ended with {process.returncode}"
        assert process.poll() is None, log.read_text() if log else said
        assert time.monotonic() < deadline, log.read_text() if log else "it takes too long"
        time.sleep(0.01)  # who asks all the time takes it away from those who are waited for


@functools.cache
def _zygote(program: str) -> socket.socket:
    """Start the process that has a program loaded. It ends once nobody can ask it any more."""
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", zygote.__name__, str(theirs.fileno()), program]
    with theirs:
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd=_ROOT, stdin=subprocess.DEVNULL)
    _started.append((mine, process))
    return mine


_started: list[tuple[socket.socket, subprocess.Popen[bytes]]] = []


def leave_none_behind() -> None:
    """End what forks. What it forked was ended by those who asked for it."""
    for link, process in _started:
        link.close()
        process.wait(30)
    _started.clear()
    _zygote.cache_clear()


def on_a_full_disk(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a program whose standard output has no room."""
    with Path("/dev/full").open("wb") as full:
        return subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )

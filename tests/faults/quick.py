"""Starts runs of the tap without the time that a start takes, and reads what they write."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from typing_extensions import override

from tests.faults import zygote
from tests.singer import COMMAND, Run, Tap

_ROOT = Path(__file__).resolve().parents[2]


@dataclass
class QuickRun(Run):
    """One run, and how long it would have waited."""

    @property
    def slept(self) -> list[float]:
        """Every wait, in seconds."""
        return [
            float(line.removeprefix(zygote.SLEPT))
            for line in self.log.splitlines()
            if line.startswith(zygote.SLEPT)
        ]


@dataclass
class Started:
    """A run that is under way."""

    pid: int
    output: IO[bytes]
    log: IO[bytes]
    link: socket.socket = field(repr=False)

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal; a run that has ended gets none: its number is kept until `wait`."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def end(self) -> tuple[int, str]:
        """Wait for its end; return exit code and log. Minus the number of the signal that killed it."""
        self.output.close()  # first: it may be waiting for somebody to read
        code = int(self.link.recv(64))
        self.log.seek(0)
        log = self.log.read().decode("utf-8", "replace")
        self.log.close()
        return code, log


class Quick:
    """Runs taps one after the other."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link

    def start(self, command: list[str]) -> Started:
        """Start what `Tap.command` returned."""
        assert command[: len(COMMAND)] == COMMAND
        reading, writing = os.pipe()
        log = tempfile.TemporaryFile()  # noqa: SIM115  closed when the run has ended
        socket.send_fds(self._link, [json.dumps(command[len(COMMAND) :]).encode()], [writing, log.fileno()])
        os.close(writing)
        return Started(int(self._link.recv(64)), os.fdopen(reading, "rb"), log, self._link)

    def run(self, tap: Tap, *options: str, **given: Any) -> QuickRun:
        """Run to the end."""
        started = self.start(tap.command(*options, **given))
        lines = [json.loads(line) for line in started.output]
        code, log = started.end()
        assert "Traceback" not in log, log
        tap.check_no_secret(log)
        return QuickRun(code, log, lines)


@dataclass
class FastTap(Tap):
    """A tap, set up for one sandbox, whose runs start at once and whose waits take no time."""

    quick: Quick

    @override
    def run(self, *options: str, env: Mapping[str, str] | None = None, **given: Any) -> QuickRun:
        """Run to the end."""
        assert env is None
        return self.quick.run(self, *options, **given)


@contextlib.contextmanager
def quick_taps() -> Iterator[Quick]:
    """Keep a loaded tap ready."""
    mine, theirs = socket.socketpair()
    command = [sys.executable, "-m", zygote.__name__, str(theirs.fileno())]
    process = subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd=_ROOT, stdin=subprocess.DEVNULL)
    theirs.close()
    try:
        yield Quick(mine)
    finally:
        mine.close()  # it ends by itself, once no run is under way
        process.wait(30)


def narrow(catalog: dict[str, Any], fields: Mapping[str, set[str]]) -> dict[str, Any]:
    """Return a catalog in which those streams ask for those fields only; keys are always asked for."""
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if entry["breadcrumb"] and stream["stream"] in fields:
                entry["metadata"]["selected"] = entry["breadcrumb"][1] in fields[stream["stream"]]
    return catalog


def only(catalog: dict[str, Any], *streams: str) -> dict[str, Any]:
    """Return a catalog that holds those streams of it only."""
    return {"streams": [copy.deepcopy(each) for each in catalog["streams"] if each["stream"] in streams]}

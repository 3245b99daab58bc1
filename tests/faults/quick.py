"""Runs of the tap whose waits take no time, and what they write."""

from __future__ import annotations

import copy
import json
import os
import signal
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from typing_extensions import override

from tests.faults.quick_tap import SLEPT
from tests.processes import Forked, fork
from tests.singer import COMMAND, Run, Tap

_ROOT = Path(__file__).resolve().parents[2]


@dataclass
class QuickRun(Run):
    """One run, and how long it would have waited."""

    @property
    def slept(self) -> list[float]:
        """Every wait, in seconds."""
        return [float(line.removeprefix(SLEPT)) for line in self.log.splitlines() if line.startswith(SLEPT)]


@dataclass
class Started:
    """A run that is under way."""

    process: Forked
    output: IO[bytes]
    log: IO[bytes]

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal; a run that has ended gets none."""
        self.process.send_signal(number)

    def end(self) -> tuple[int, str]:
        """Wait for its end; return exit code and log. Minus the number of the signal that killed it."""
        self.output.close()  # first: it may be waiting for somebody to read
        code = self.process.wait()
        self.log.seek(0)
        log = self.log.read().decode("utf-8", "replace")
        self.log.close()
        return code, log


class Quick:
    """Runs taps whose waits take no time."""

    def start(self, command: list[str]) -> Started:
        """Start what `Tap.command` returned."""
        assert command[: len(COMMAND)] == COMMAND
        reading, writing = os.pipe()
        log = tempfile.TemporaryFile()  # noqa: SIM115  closed when the run has ended
        process = fork("quick tap", command[len(COMMAND) :], stdout=writing, stderr=log.fileno())
        os.close(writing)
        return Started(process, os.fdopen(reading, "rb"), log)

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

"""A process that has the tap loaded and forks for each run of it: a run costs its work, not its start.

Each run is a process of its own, which signals can end like any other. Its waits take no time: they move its clock, and
that of the sandbox with it.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
import traceback
from functools import cached_property
from typing import NoReturn

from typing_extensions import override

from tap_exact_online.connection import connect
from tap_exact_online.reading.client import Client
from tap_exact_online.run import Run
from tap_exact_online.sandbox.control import Control
from tap_exact_online.tap import TapExactOnline

SLEPT = "slept: "
_MOST_BYTES = 1 << 20


class QuickRun(Run):
    """A run with a clock that its own waits move."""

    @cached_property
    def _control(self) -> Control:
        return Control(self.settings.base_url)

    @cached_property
    def _ahead(self) -> list[float]:
        """How far the clock is ahead of this machine's."""
        return [self._control.now() - time.time()]

    @cached_property
    @override
    def client(self) -> Client:
        """The one connection of this run."""
        client = connect(self.settings, self._clock, self._sleep)
        client.ticks = self._clock
        return client

    def _clock(self) -> float:
        return time.time() + sum(self._ahead)

    def _sleep(self, seconds: float) -> None:
        print(f"{SLEPT}{seconds}", file=sys.stderr, flush=True)  # noqa: T201  what a test reads
        self._ahead.append(seconds)
        self._control.advance_clock(seconds)


class QuickTap(TapExactOnline):
    """The tap, whose runs wait in no time."""

    @cached_property
    @override
    def exact(self) -> Run:
        """The run that this tap is for."""
        return QuickRun(self)


def _run(arguments: list[str]) -> NoReturn:
    code = 1
    try:
        QuickTap.cli(arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001  as the interpreter does at the end of a program
        traceback.print_exc()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def serve(link: socket.socket) -> None:
    """Fork for each command line that comes in: answer with the process id, then with the status."""
    while True:
        try:
            message, files, _, _ = socket.recv_fds(link, _MOST_BYTES, 2)
        except ConnectionResetError:  # a test gave up in the middle of a run
            return
        if not message:
            return
        pid = os.fork()
        if pid == 0:
            link.close()
            for file, standard in zip(files, (1, 2), strict=True):
                os.dup2(file, standard)
                os.close(file)
            _run(json.loads(message))
        for file in files:
            os.close(file)
        link.send(str(pid).encode())
        _, status = os.waitpid(pid, 0)
        link.send(str(os.waitstatus_to_exitcode(status)).encode())


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the test that started it
    serve(socket.socket(fileno=int(sys.argv[1])))

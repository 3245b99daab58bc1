"""A process that has a program loaded and forks for each run of it: a run costs its work, not its start.

Each run is a process of its own, with the arguments, environment, folder and files that it was given, and signals end it
like any other. Only the imports are behind it, and the reading of the facts that were committed. What a start itself does is
tested where a program is started anew, with `subprocess`: `tests/tap/test_strange_files.py`, `tests/tap/test_interrupted.py`,
`tests/sandbox/test_program.py` and others.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedReader, BufferedWriter, FileIO, TextIOWrapper
from types import ModuleType
from typing import Any, NoReturn

MOST_BYTES = 1 << 20
"""Of one request."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program that can be kept loaded.

    Attributes:
        module: What has its `main`.
        name: What `sys.argv` begins with.
        package: The package that its help names, as `python -m` would; None as `python -c` would.
        more: What it imports only once it runs.
    """

    module: str
    name: str
    package: str | None = None
    more: tuple[str, ...] = ()


_COMMANDS = tuple(
    f"tap_exact_online.cli.{name}"
    for name in ("divisions", "doctor", "hint", "login", "logout", "plan", "status")
)
_HTTP = (
    "email.contentmanager",
    "encodings.idna",
    "importlib_metadata._adapters",
    "requests",
    "urllib3.contrib.socks",
    "tap_exact_online.wire.transport",
    "resource",
    "zipp.compat.overlay",
    "zipp.glob",
)
_SERVER = ("uvicorn.lifespan.off", "uvicorn.loops.auto", "uvicorn.protocols.http.auto", "ssl")
_MELTANO = (
    "alembic.command",
    "anyio._backends._asyncio",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.dialects.mssql",
    "mako.template",
    "meltano.core.meltano_file",
    "meltano.core.plugin.utility",
    "meltano.core.state_store.azure",
    "meltano.core.state_store.google",
    "meltano.core.state_store.s3",
    "meltano.migrations.utils.dialect_typing",
    "sqlite3",
)
PROGRAMS: Mapping[str, Program] = {
    "tap": Program(
        "tap_exact_online.__main__",
        "tap_exact_online/__main__.py",
        "tap_exact_online",
        ("tap_exact_online.tap", *_HTTP),
    ),
    "exact-online": Program("tap_exact_online.cli", "-c", None, (*_COMMANDS, *_HTTP)),
    "sandbox": Program(
        "tap_exact_online.cli",
        "-c",
        None,
        (
            "tap_exact_online.cli.sandbox",
            "tap_exact_online.sandbox.replay",
            "tap_exact_online.sandbox.server",
            "tap_exact_online.sandbox.service",
            "tap_exact_online.settings",
            *_SERVER,
            *_HTTP,
        ),
    ),
    "meltano": Program("meltano.cli", "meltano", None, _MELTANO),
    "dying tap": Program("tests.connection.dying", "-c", None, _HTTP),
    "one token": Program("tests.connection.one_token", "-c", None, ("obstore", "psycopg", *_HTTP)),
    "quick tap": Program("tests.faults.quick_tap", "-c", None, _HTTP),
}


def load(program: Program) -> Any:
    """Import what a program needs, read what it reads of itself, and return its `main`."""
    for name in program.more:
        with contextlib.suppress(ImportError):  # an extra that is not installed
            importlib.import_module(name)
    main = importlib.import_module(program.module).main
    if edm := sys.modules.get("tap_exact_online.edm"):
        for path in edm.paths():
            edm.load(path)
    return main


# --- In the process that is forked ---------------------------------------------------------------------------


def _take(request: Mapping[str, Any], files: list[int], program: Program) -> None:
    """Become what was asked for."""
    for file, standard in zip(files, (0, 1, 2), strict=True):
        os.dup2(file, standard)
        os.close(file)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["folder"])
    sys.argv = [program.name, *request["arguments"]]
    # As the interpreter opens them: whether one is a terminal shows only now.
    sys.stdin = TextIOWrapper(BufferedReader(FileIO(0)), "utf-8")
    sys.stdout = TextIOWrapper(BufferedWriter(FileIO(1, "w")), "utf-8", line_buffering=os.isatty(1))
    sys.stderr = TextIOWrapper(
        BufferedWriter(FileIO(2, "w")), "utf-8", "backslashreplace", line_buffering=True
    )
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]
    main = ModuleType("__main__")
    main.__package__ = program.package
    sys.modules["__main__"] = main


def _run(main: Any) -> NoReturn:
    """Run to the end as the interpreter does, but for taking everything down, which takes as long as a short run."""
    code: Any = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
        if code is not None and not isinstance(code, int):
            print(code, file=sys.stderr)  # noqa: T201  as the interpreter does
            code = 1
    except KeyboardInterrupt:
        traceback.print_exc()
        sys.stderr.flush()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:  # noqa: BLE001  as the interpreter does
        traceback.print_exc()
        code = 1
    try:
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001  for threads that are no daemons
        atexit._run_exitfuncs()  # noqa: SLF001  there is no other way
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001
        code = 120
    os._exit(code or 0)


# --- In the process that forks -------------------------------------------------------------------------------


class _Zygote:
    """Forks for each request, and tells how each run ended."""

    def __init__(self, link: socket.socket, program: Program) -> None:
        self._link = link
        self._program = program
        self._main = load(program)
        self._ends: dict[int, int] = {}
        self._waker, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        gc.collect()
        gc.freeze()

    def serve(self) -> None:
        """Work until nobody asks any more."""
        while True:
            ready, _, _ = select.select([self._link.fileno(), self._waker], [], [])
            if self._waker in ready:
                os.read(self._waker, 4096)
                self._tell()
            if self._link.fileno() in ready and not self._answer():
                self._end()
                return

    def _answer(self) -> bool:
        message, files, _, _ = socket.recv_fds(self._link, MOST_BYTES, 4)
        if not message:
            return False
        *standard, told = files
        pid = os.fork()
        if pid == 0:
            self._link.close()
            for file in (told, self._waker, *self._ends.values()):
                os.close(file)
            _take(json.loads(message), standard, self._program)
            _run(self._main)
        for file in standard:
            os.close(file)
        self._ends[pid] = told
        os.write(told, f"{pid}\n".encode())
        return True

    def _end(self) -> None:
        """Leave nothing behind, whatever became of those who asked."""
        for pid in self._ends:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        for pid in self._ends:
            os.waitpid(pid, 0)

    def _tell(self) -> None:
        for pid, told in [*self._ends.items()]:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                with contextlib.suppress(BrokenPipeError):  # nobody wants to know
                    os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
                os.close(told)
                del self._ends[pid]


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests
    number, name = sys.argv[1:]
    _Zygote(socket.socket(fileno=int(number)), PROGRAMS[name]).serve()

"""Shows how far a run is: drawn on a terminal, or as a line twice a minute in a log.

All of it goes to standard error. Standard output belongs to the messages.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TextIO

from typing_extensions import override

from tap_exact_online.telling.progress import Line, Progress

if TYPE_CHECKING:
    from rich.console import Console, Group

_EVERY = 30.0
_A_SECOND = 8
_DUMB = frozenset({"", "dumb", "unknown"})
_READ_BY_PROGRAMS = ("CI", "SINGER_SDK_LOG_CONFIG", "MELTANO_EXTRACTOR_NAME")
"""Where one of these variables is set, a program reads the log, even where it says that it is a terminal."""

_log = logging.getLogger("tap-exact-online.progress")


def log(line: Line) -> None:
    """Write a line to the log; its numbers are fields of their own where logs are structured."""
    _log.log(line.level, "%s", line.text, extra=dict(line.numbers))


def can_draw(file: TextIO, environ: Mapping[str, str]) -> bool:
    """Tell whether somebody watches, on something that can be drawn on.

    Args:
        file: Standard error.
        environ: The variables of the environment.
    """
    return (
        file.isatty()
        and environ.get("TERM", "" if sys.platform != "win32" else "windows") not in _DUMB
        and not any(environ.get(name) for name in _READ_BY_PROGRAMS)
    )


@contextlib.contextmanager
def shown(progress: Progress, environ: Mapping[str, str], every: float = _EVERY) -> Iterator[None]:
    """Show how far a run is while it goes on.

    Args:
        progress: What is known of it.
        environ: The variables of the environment.
        every: Seconds from one line of a log to the next.
    """
    with _drawn(progress, sys.stderr) if can_draw(sys.stderr, environ) else _logged(progress, every):
        yield


@contextlib.contextmanager
def _logged(progress: Progress, every: float) -> Iterator[None]:
    """Let a thread tell of it: the one that reads may wait for an hour."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(every):
            progress.beat()

    thread = threading.Thread(target=beat, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def _drawn(progress: Progress, terminal: TextIO) -> Iterator[None]:
    """Draw it below the log, and leave nothing behind."""
    # Takes a tenth of a second, which only those who watch have to give.
    from rich.console import Console, Group  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415
    from rich.spinner import Spinner  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(file=terminal, force_terminal=True, markup=False, highlight=False, emoji=False)
    spinner = Spinner("line")

    def draw() -> Group:
        status = progress.status()
        spinner.update(text=Text(status.reading(), no_wrap=True, overflow="ellipsis"))
        return Group(spinner, Text(f"  {status.costing()}", no_wrap=True, overflow="ellipsis", style="dim"))

    live = Live(
        console=console,
        get_renderable=draw,
        refresh_per_second=_A_SECOND,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    progress.drawn = True
    with _above(console, terminal):
        live.start()
        try:
            yield
        finally:
            progress.drawn = False
            with contextlib.suppress(OSError):  # the terminal is gone
                live.stop()


@contextlib.contextmanager
def _above(console: Console, terminal: TextIO) -> Iterator[None]:
    """Let whatever writes to standard error write above what is drawn. Handlers hold on to the file that they know."""
    lines = _Lines(console)
    named = logging.root.manager.loggerDict.values()
    loggers = [logging.getLogger(), *(logger for logger in named if isinstance(logger, logging.Logger))]
    handlers = [
        handler
        for logger in loggers
        for handler in logger.handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is terminal
    ]
    for handler in handlers:
        handler.setStream(lines)
    try:
        with contextlib.redirect_stderr(lines):
            yield
    finally:
        for handler in handlers:
            handler.setStream(terminal)
        with contextlib.suppress(OSError):
            lines.close()


class _Lines(io.TextIOBase):
    """A file whose lines a console prints as they are: not wrapped, and above what it draws."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begun = ""

    @override
    def write(self, text: str, /) -> int:
        *lines, self._begun = f"{self._begun}{text}".split("\n")
        if lines:
            self._console.out("\n".join(lines), highlight=False)
        return len(text)

    @override
    def isatty(self) -> bool:
        return True

    @override
    def fileno(self) -> int:
        return self._console.file.fileno()

    @override
    def close(self) -> None:
        """Write what has no end yet."""
        if self._begun:
            self.write("\n")
        super().close()

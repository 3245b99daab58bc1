"""Where tables go: in colour and as wide as the window on a terminal, plain and of one width in a log."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH_OF_A_LOG = 120


def show(draw: Callable[[Console], None], file: TextIO) -> None:
    """Draw something on a terminal, or write it to a file without a trace of one.

    Args:
        draw: Prints it.
        file: Where to.
    """
    survive(file)
    console = console_on(file)
    if console.is_terminal:
        draw(console)
        return
    with console.capture() as capture:
        draw(console)
    # Tables pad their lines, which a log does not need.
    file.write("".join(f"{line.rstrip()}\n" for line in capture.get().splitlines()))


def survive(file: TextIO) -> None:
    """Write a question mark for what a file cannot hold: the name of a company is no reason to fail."""
    if isinstance(file, io.TextIOWrapper):
        file.reconfigure(errors="replace")


def console_on(file: TextIO) -> Console:
    """Return a console. Whether it may colour is up to the file alone, not to FORCE_COLOR and its like."""
    from rich.console import Console  # noqa: PLC0415 - takes a tenth of a second, and only tables need it

    terminal = file.isatty()
    width = None if terminal or "COLUMNS" in os.environ else _WIDTH_OF_A_LOG
    return Console(
        file=file, force_terminal=terminal, width=width, markup=False, highlight=False, emoji=False
    )

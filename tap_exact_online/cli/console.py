"""Where tables go: in colour and as wide as the window on a terminal, plain and of one width in a log."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from collections.abc import Callable, Iterator
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


@contextlib.contextmanager
def progress(
    first: str, *, quiet: bool
) -> Iterator[tuple[Callable[[int, str, int], None], Callable[[float], None]]]:
    """Show on a terminal how far a look at Exact is and what it waits for, and leave no trace of it.

    Args:
        first: What it does before it asks for a stream.
        quiet: Show nothing.

    Yields:
        What is told of each stream and division (how many there are in all, the stream, the division), and what sleeps.
    """
    if quiet or not sys.stderr.isatty():
        yield (lambda _total, _stream, _division: None), time.sleep
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415 - needs rich

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=console_on(sys.stderr), transient=True) as shown:
        task = shown.add_task(first, total=None)

        def tell(total: int, stream: str, division: int) -> None:
            # How many there are may have been a guess.
            total = max(total, int(shown.tasks[task].completed) + 1)
            shown.update(task, total=total, advance=1, description=f"{stream} in {division}")

        def sleep(seconds: float) -> None:
            shown.update(task, description=f"Waiting {seconds:.0f} s for Exact")
            time.sleep(seconds)

        yield tell, sleep

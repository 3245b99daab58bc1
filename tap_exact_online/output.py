"""Standard output that cannot be written: told apart from every other file, for it may fail wherever something is said."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING

from typing_extensions import override

from tap_exact_online.errors import OutputLost
from tap_exact_online.spoken import unstopped

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Watched(io.FileIO):
    """Standard output, whose failures have a name of their own. A reader that is gone is none: that is told otherwise."""

    @override
    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            msg = (
                f"Standard output cannot be written: {unstopped(error.strerror)}. Make room there, or write elsewhere, and run again:"
                " the connection is kept."
            )
            raise OutputLost(msg) from None


def watch() -> None:
    """Let a write to standard output that fails raise `OutputLost`. What is no file of the system's stays as it is."""
    out = sys.stdout
    try:
        raw = _Watched(out.fileno(), "wb", closefd=False)
    except (AttributeError, OSError, ValueError):  # closed, or a test's own
        return
    if not isinstance(out, io.TextIOWrapper):
        return
    out.flush()
    # As Python makes it: without a buffer where that is asked for, and with the system's line ends.
    bare = isinstance(out.buffer, io.RawIOBase)
    sys.stdout = io.TextIOWrapper(
        raw if bare else io.BufferedWriter(raw),
        encoding=out.encoding,
        errors=out.errors,
        newline=None if os.name == "nt" else "\n",
        line_buffering=out.line_buffering,
        write_through=out.write_through,
    )


def flush() -> None:
    """Write what is left.

    Raises:
        OutputLost: It cannot be written.
        BrokenPipeError: Whatever reads it is gone.
    """
    if sys.stdout is not None:
        sys.stdout.flush()


def give_up() -> None:
    """Write nothing any more: else Python complains once more when it closes standard output."""
    with contextlib.suppress(OSError, ValueError):  # a test's own is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

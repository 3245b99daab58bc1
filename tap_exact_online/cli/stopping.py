"""What a login says that is ended before its time, by Ctrl-C or the system."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import click

from tap_exact_online.cli.failing import fail
from tap_exact_online.surroundings import how_to

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


@dataclass(slots=True)
class Stopping:
    """How far a login is.

    Attributes:
        came: The signal that ended it; None: it goes on.
        sent: A code was sent to Exact, so that there may be a connection.
    """

    came: signal.Signals | None = None
    sent: bool = False

    def text(self) -> str:
        """Say what became of it, and how to go on."""
        how = "Ctrl-C" if self.came is signal.SIGINT else "SIGTERM"
        if self.sent:
            return f"Ended by {how} when the code was sent already: see with `{how_to('status')}` whether there is a connection."
        return f"Ended by {how}: nothing was stored, and no other connection was ended. To go on, run `{how_to('login')}` again."


@contextmanager
def told() -> Iterator[Stopping]:
    """End with words and the exit code of the signal where one comes while the block runs.

    Raises:
        SystemExit: One came.
    """
    stopping = Stopping()

    def stop(number: int, _: FrameType | None) -> None:
        stopping.came = signal.Signals(number)
        raise KeyboardInterrupt

    before: dict[int, Any] = {number: signal.signal(number, stop) for number in _NUMBERS}
    try:
        yield stopping
    except (KeyboardInterrupt, click.Abort):  # click makes the one of the other while it asks
        if stopping.came is None:
            raise
        fail(stopping.text())
        raise SystemExit(128 + stopping.came) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""The tap, whose waits take no time: they move its clock, and that of the sandbox with it."""

from __future__ import annotations

import sys
import time
from functools import cached_property

from typing_extensions import override

from tap_exact_online.reading.client import Client
from tap_exact_online.run import Run
from tap_exact_online.sandbox.control import Control
from tap_exact_online.tap import TapExactOnline

SLEPT = "slept: "


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
        client = self.kept.connect(self._clock, self._sleep)
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


def main() -> None:
    """Run such a tap."""
    QuickTap.cli()

"""A firm whose companies are many and small, and what runs over them come to."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tap_exact_online.catalog import BY_NAME, STREAMS
from tests.conftest import Sandbox
from tests.faults.quick import Quick, QuickRun
from tests.faults.world import FINE
from tests.processes import until
from tests.singer import tap_for

DAY = 86_400
DIVIDED = [each.name for each in STREAMS if each.selected and each.divided]
"""The streams that are selected by default and read company by company."""
SMALL: Mapping[str, Any] = {**FINE, "rows": 1, "table": {BY_NAME[name].path: 1 for name in DIVIDED}}
"""Options of a sandbox whose books are tiny, and whose limits are out of the way."""

Place = tuple[str, int]


class Firm:
    """A firm, which is read run after run.

    Attributes:
        sandbox: Its books.
        tap: The tap.
        catalog: What is read.
        last: The run before.
    """

    def __init__(self, sandbox: Sandbox, quick: Quick, folder: Path, **config: Any) -> None:
        """Read nothing yet."""
        self.sandbox = sandbox
        self.control = sandbox.control
        self.tap = tap_for(sandbox, folder)
        self.tap.config |= {"cadence": {"*": "always"}, **config}
        self.catalog = self.tap.catalog(DIVIDED)
        self.last: QuickRun | None = None
        self._quick = quick

    def run(self, **config: Any) -> QuickRun:
        """Run to the end, from where the last run has ended."""
        return self._end(self.last and self.last.state, None, config)

    def run_until(self, calls: int, how: signal.Signals, **config: Any) -> QuickRun:
        """Run until so many calls were answered; then a signal comes, while the next one is under way."""
        self.control.fault("delay", path="*", skip=calls, seconds=60)
        try:
            return self._end(self.last and self.last.state, how, config)
        finally:
            self.control.clear_faults()

    def _end(self, state: Any, how: signal.Signals | None, config: Mapping[str, Any]) -> QuickRun:
        self.control.reset_stats()
        started = self._quick.start(self.tap.command(state=state, catalog=self.catalog, **config))
        with ThreadPoolExecutor(1) as pool:
            lines = pool.submit(lambda: [json.loads(line) for line in started.output])
            if how is not None:
                until(lambda: self.control.faults()[0]["fired"], started.process)
                started.send_signal(how)
            found = lines.result(120)
        code, log = started.end()
        assert "Traceback" not in log, log
        self.last = QuickRun(code, log, found)
        return self.last

    def next_day(self) -> float:
        """Let it be half past six on the next day, and return when that is."""
        now = self.control.now()
        self.control.advance_clock((now // DAY + 1) * DAY + 6.5 * 3600 - now)
        return self.control.now()


def read_at(run: QuickRun) -> dict[Place, float]:
    """Return when everything was read that was (epoch seconds)."""
    return {
        (stream, part["context"]["Division"]): part["read"][0] * 60.0
        for stream, known in run.state["bookmarks"].items()
        for part in known.get("partitions", ())
        if "read" in part
    }

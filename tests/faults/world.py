"""A sandbox whose books stand still, and what an undisturbed run makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tap_exact_online.sandbox.control import Control
from tests.conftest import Sandbox
from tests.faults.quick import Quick, QuickRun
from tests.singer import Tap

LINES = "sync/Financial/TransactionLines"
LEDGER = "sync/Financial/GLAccounts"
DIVISIONS = "system/Divisions"
ME = "current/Me"
PAGES = 3
FINE = {"minute_limit": 10**6, "day_limit": 10**6, "contract_limit": 10**6, "error_limit": 10**6}
FIELDS = {"transaction_lines": {"Description"}, "gl_accounts": {"Description"}}

State = dict[str, Any]


@dataclass
class World:
    """A sandbox whose books stand still, and what an undisturbed run makes of them."""

    sandbox: Sandbox
    quick: Quick
    tap: Tap
    catalog: dict[str, Any]
    whole: QuickRun = field(init=False)
    calls: Mapping[str, int] = field(init=False)
    first: int = field(init=False)
    second: int = field(init=False)

    def __post_init__(self) -> None:
        self.first, self.second = (row["Code"] for row in self.control.divisions())
        self.whole = self.run()
        self.calls = self.control.stats()["by_endpoint"]
        assert self.whole.exit_code == 0

    @property
    def control(self) -> Control:
        return self.sandbox.control

    def run(self, state: State | None = None, **config: Any) -> QuickRun:
        self.control.reset_stats()
        return self.quick.run(self.tap, state=state, catalog=self.catalog, **config)

    def more_calls(self, *, than: Mapping[str, int] | None = None) -> dict[str, int]:
        """Return by how much each endpoint was asked more, or less, than in the undisturbed run."""
        now, usual = self.control.stats()["by_endpoint"], self.calls if than is None else than
        found = {path: now.get(path, 0) - usual.get(path, 0) for path in {*now, *usual}}
        return {path: count for path, count in found.items() if count}

    def is_whole(self, *runs: QuickRun) -> bool:
        """Tell whether runs that followed each other give all rows."""
        tables = [{k: v for run in runs if s in run.schemas for k, v in run.table(s).items()} for s in FIELDS]
        return tables == [self.whole.table(stream) for stream in FIELDS]

    def end_it_and_run_again(self, broken: QuickRun) -> None:
        """Once the fault is gone, the next run completes what is missing, and the state is that of a run without it."""
        self.control.clear_faults()
        self.control.allow()
        again = self.run(broken.state)
        assert again.exit_code == 0, again.log
        assert self.is_whole(broken, again)
        assert bookmarks(again.state) == bookmarks(self.whole.state)


def bookmarks(state: State) -> dict[str, dict[int, Any]]:
    return {
        stream: {part["context"]["Division"]: part["at"] for part in state["bookmarks"][stream]["partitions"]}
        for stream in FIELDS
    }

"""The protocol of a redemption: whatever order the steps of several processes come in, and whatever breaks in between."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from tests.auth.company import LIFE, Company, Process

LUCK = ("good", "good", "good", "unreachable", "lost before", "lost after", "gateway")
_MOST_PROCESSES = 3


class Interleaved(RuleBasedStateMachine):
    """Two or three processes on two machines, one step of one of them at a time."""

    company: Company

    @initialize(relocks=st.booleans())
    def begin(self, relocks: bool) -> None:  # noqa: FBT001  hypothesis draws it
        self.company = Company(relocks)
        self.company.start(0)

    @rule(machine=st.integers(0, 1))
    @precondition(lambda self: len(self.company.processes) < _MOST_PROCESSES)
    def start(self, machine: int) -> None:
        self.company.start(machine)

    @rule(which=st.integers(0, 5), luck=st.sampled_from(LUCK))
    @precondition(lambda self: any(process.can_go for process in self.company.processes))
    def go(self, which: int, luck: str) -> None:
        self.company.go(self._able(which), luck)

    def _able(self, which: int) -> Process:
        able = [process for process in self.company.processes if process.can_go]
        return able[which % len(able)]

    @rule(which=st.integers(0, 5), count=st.integers(2, 12))
    @precondition(lambda self: any(process.can_go for process in self.company.processes))
    def go_far(self, which: int, count: int) -> None:
        """Several steps of one process, which is what mostly happens."""
        process = self._able(which)
        for _ in range(count):
            if process.can_go:
                self.company.go(process)

    @rule(seconds=st.sampled_from([1.0, 30.0, 310.0, LIFE, 3000.0]))
    def wait(self, seconds: float) -> None:
        self.company.wait(seconds)
        for process in self.company.processes:
            if process.is_idle:
                self.company.go(process)

    @rule(which=st.integers(0, 5))
    @precondition(lambda self: self.company.processes)
    def crash(self, which: int) -> None:
        self.company.crash(self.company.processes[which % len(self.company.processes)])

    @rule()
    @precondition(lambda self: self.company.shelf.holder is not None)
    def lose_the_lock(self) -> None:
        self.company.lose_lock()

    @rule()
    def the_store_takes_nothing_or_again(self) -> None:
        self.company.shelf.refuses = not self.company.shelf.refuses

    @rule()
    def the_machines_take_nothing_or_again(self) -> None:
        self.company.drawers_refuse = not self.company.drawers_refuse

    @rule()
    @precondition(lambda self: self.company.seed is None)
    def log_in_anew(self) -> None:
        """A person puts a new token into the setting: processes that start from here on have it."""
        self.company.seed = self.company.server.login()

    @invariant()
    def no_token_is_sent_more_than_twice(self) -> None:
        if hasattr(self, "company"):
            self.company.check()

    def teardown(self) -> None:
        if not hasattr(self, "company"):
            return
        held = self.company.holds_live()
        self.company.heal()
        self.company.check()
        if held:
            assert self.company.is_connected(), "a live token was held, and the store ends with another"


TestInterleaved = Interleaved.TestCase
TestInterleaved.settings = settings(
    max_examples=250, stateful_step_count=40, deadline=None, suppress_health_check=[*HealthCheck]
)

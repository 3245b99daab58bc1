"""Whose turn it is, by a simulation in which divisions rest, back off, are called and end."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from tap_exact_online.reading.scheduler import Partition, Scheduler
from tests.fakes import NOON, Clock

_CALL, _REST, _BACK_OFF = "call", "rest", "back off"
# Whole seconds: where the clock has fractions, the end of a wait may be a hair before what was waited for.
_STEPS = st.lists(st.tuples(st.sampled_from([_CALL, _REST, _BACK_OFF]), st.integers(0, 4)), max_size=6)


@dataclass
class World:
    """Partitions with what each will need, one step after the other; what one needs next is found at its turn."""

    streams: list[dict[int, list[tuple[str, int]]]]
    most: int
    closed: dict[int, int]
    clock: Clock = field(default_factory=Clock)
    under_way: list[tuple[float, Partition]] = field(default_factory=list)
    backing_off: dict[Partition, float] = field(default_factory=dict)
    resting: dict[Partition, float] = field(default_factory=dict)
    begun: list[Partition] = field(default_factory=list)
    ended: set[Partition] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.names = [f"stream {number}" for number in range(len(self.streams))]
        self.scheduler = Scheduler(self.clock, self.most, self.allowance)
        self.left = {}
        for name, scripts in zip(self.names, self.streams, strict=True):
            self.scheduler.add(name, scripts)
            self.left |= {Partition(name, division): deque(script) for division, script in scripts.items()}

    def allowance(self, division: int) -> float:
        return max(0.0, NOON + self.closed.get(division, 0) - self.clock())

    def could_go(self) -> list[Partition]:
        """Return who could go now, the one that should go first."""
        found: list[Partition] = []
        taken = len(self.under_way)
        for name in self.names if taken < self.most else ():
            mine = [each for each in self.backing_off if each.stream == name]
            found += [each for each in mine if self.backing_off[each] <= self.clock()]
            taken += len(mine)  # to its own stream, and to those after it
            if taken >= self.most:
                continue
            found += [
                each
                for each in self.begun
                if each.stream == name and self.resting.get(each, NOON * 2) <= self.clock()
            ]
            found += [
                each
                for each in self.left
                if each.stream == name
                and each not in self.begun
                and self.first_in_line(each)
                and not self.allowance(each.division)
            ]
        return found

    def first_in_line(self, partition: Partition) -> bool:
        """Tell whether no stream before needs the division."""
        of_division = [each for each in self.left if each.division == partition.division]
        return all(each in self.ended for each in of_division[: of_division.index(partition)])

    def take_turn(self, partition: Partition) -> None:
        """Check a turn by the rules, and do what the partition needs then."""
        assert partition not in {waiting for _, waiting in self.under_way}
        assert partition not in self.ended
        assert len(self.under_way) < self.most
        assert partition == self.could_go()[0]
        self.backing_off.pop(partition, None)
        self.resting.pop(partition, None)
        assert not [
            each
            for each in self.begun
            if each.division == partition.division and each not in self.ended | {partition}
        ], "two in one division"
        if partition not in self.begun:
            self.begun.append(partition)
        self.step(partition)

    def step(self, partition: Partition) -> None:
        """Do what a partition needs next."""
        if not self.left[partition]:
            self.ended.add(partition)
            self.scheduler.ended(partition)
            return
        kind, seconds = self.left[partition].popleft()
        if kind == _CALL:
            heapq.heappush(self.under_way, (self.clock() + seconds, partition))
        elif kind == _REST:
            self.resting[partition] = self.clock() + seconds
            self.scheduler.rests(partition, seconds)
        else:
            self.backing_off[partition] = self.clock() + seconds
            self.scheduler.backs_off(partition, seconds)

    def go_on(self) -> bool:
        """Let time pass until something happens. Returns whether anything can."""
        wait = self.scheduler.wait(self.names)
        answer = self.under_way[0][0] - self.clock() if self.under_way else None
        if wait is None and answer is None:
            return False
        if wait is None or (answer is not None and answer <= wait):
            self.clock.now, partition = heapq.heappop(self.under_way)
            self.step(partition)
            return True
        assert wait > 0, "a turn was asked for until there was none"
        began = self.clock.now
        for part in (0.25, 0.5, 0.99):
            self.clock.now = began + wait * part
            assert self.scheduler.turn(self.names) is None, "it would have slept past a turn"
        self.clock.now = began + wait
        turn = self.scheduler.turn(self.names)
        assert turn is not None, "it was woken for nothing"
        self.take_turn(turn)
        return True

    def run(self) -> None:
        """Play it to its end."""
        while True:
            while (partition := self.scheduler.turn(self.names)) is not None:
                self.take_turn(partition)
            assert not self.could_go(), "one could go, and does not"
            if not self.go_on():
                return


@given(
    streams=st.lists(st.dictionaries(st.integers(1, 6), _STEPS, max_size=5), max_size=3),
    most=st.integers(1, 4),
    closed=st.dictionaries(st.integers(1, 6), st.integers(0, 6)),
)
def test_whatever_divisions_need_the_rules_hold_and_everything_ends(
    streams: list[dict[int, list[tuple[str, int]]]], most: int, closed: dict[int, int]
) -> None:
    world = World(streams, most, closed)
    world.run()
    assert world.ended == {*world.left}
    assert not any(world.left.values())
    assert not any(world.scheduler.left(name) for name in world.names)
    assert world.scheduler.turn(world.names) is None
    assert world.scheduler.wait(world.names) is None

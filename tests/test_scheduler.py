"""Whose turn it is: by tables, and by a simulation in which divisions rest, back off, are called and end."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_exact_online.scheduler import Scheduler
from tests.fakes import NOON, Clock


def scheduler_of(
    *divisions: int, most: int = 1, closed: Mapping[int, float] | None = None
) -> tuple[Scheduler, Clock]:
    """Return a scheduler of some divisions, of which some have no calls left for so many seconds."""
    clock = Clock()
    scheduler = Scheduler(
        clock, most, lambda division: max(0.0, NOON + (closed or {}).get(division, 0.0) - clock())
    )
    scheduler.add(divisions)
    return scheduler, clock


def turns(scheduler: Scheduler) -> list[int]:
    """Return all divisions whose turn it is now."""
    found = []
    while (division := scheduler.turn()) is not None:
        found.append(division)
    return found


# --- By tables -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("most", "first"), [(1, [7]), (2, [7, 8]), (3, [7, 8, 9]), (9, [7, 8, 9])])
def test_so_many_go_at_once_in_their_order(most: int, first: list[int]) -> None:
    scheduler, _ = scheduler_of(7, 8, 9, most=most)
    assert turns(scheduler) == first


def test_nothing_to_do_is_nothing_to_wait_for() -> None:
    scheduler, _ = scheduler_of()
    assert scheduler.turn() is None
    assert scheduler.wait() is None


def test_with_every_place_taken_only_an_answer_changes_anything() -> None:
    scheduler, _ = scheduler_of(7, 8)
    assert turns(scheduler) == [7]
    assert scheduler.wait() is None


def test_the_end_of_one_is_the_turn_of_the_next() -> None:
    scheduler, _ = scheduler_of(7, 8)
    assert turns(scheduler) == [7]
    scheduler.ended(7)
    assert scheduler.wait() == 0
    assert turns(scheduler) == [8]
    scheduler.ended(8)
    assert scheduler.turn() is None
    assert scheduler.wait() is None


def test_one_that_rests_gives_way_and_comes_back_before_one_that_was_not_begun() -> None:
    scheduler, clock = scheduler_of(7, 8, 9)
    assert turns(scheduler) == [7]
    scheduler.rests(7, 40)
    assert turns(scheduler) == [8]
    clock.sleep(40)
    assert turns(scheduler) == []  # the one place is taken
    scheduler.ended(8)
    assert turns(scheduler) == [7]
    scheduler.ended(7)
    assert turns(scheduler) == [9]


def test_of_those_that_have_rested_the_one_that_began_first_goes_first() -> None:
    scheduler, clock = scheduler_of(7, 8, 9, most=2)
    assert turns(scheduler) == [7, 8]
    scheduler.rests(8, 10)
    scheduler.rests(7, 20)
    assert turns(scheduler) == [9]
    clock.sleep(30)
    assert turns(scheduler) == [7]
    scheduler.ended(9)
    assert turns(scheduler) == [8]


def test_one_that_backs_off_keeps_its_place() -> None:
    scheduler, clock = scheduler_of(7, 8)
    assert turns(scheduler) == [7]
    scheduler.backs_off(7, 5)
    assert turns(scheduler) == []
    assert scheduler.wait() == 5
    clock.sleep(5)
    assert turns(scheduler) == [7]


def test_a_server_in_trouble_is_met_by_as_many_calls_as_are_made_at_once() -> None:
    scheduler, clock = scheduler_of(*range(20), most=3)
    met: set[int] = set()
    for _ in range(10):
        for division in turns(scheduler):
            met.add(division)
            scheduler.backs_off(division, 2)
        clock.sleep(2)
    assert met == {0, 1, 2}


@pytest.mark.parametrize(
    ("closed", "order"),
    [
        pytest.param({}, [7, 8, 9], id="all have calls left"),
        pytest.param({7: 30.0}, [8, 9, 7], id="the first is used up by others"),
        pytest.param({7: 30.0, 8: 20.0}, [9, 8, 7], id="the one that opens first goes first"),
        pytest.param({7: 30.0, 8: 30.0, 9: 30.0}, [7, 8, 9], id="all are used up"),
    ],
)
def test_one_without_calls_left_is_not_begun(closed: dict[int, float], order: list[int]) -> None:
    scheduler, clock = scheduler_of(7, 8, 9, closed=closed)
    found = []
    while (wait := scheduler.wait()) is not None:
        clock.sleep(wait)
        for division in turns(scheduler):
            found.append(division)
            scheduler.ended(division)
    assert found == order
    assert sum(clock.slept) == max(closed.values(), default=0)


def test_a_server_is_in_trouble_while_a_division_backs_off() -> None:
    scheduler, clock = scheduler_of(7, 8, 9, most=2, closed={9: 30.0})
    assert turns(scheduler) == [7, 8]
    assert not scheduler.in_trouble()
    scheduler.rests(7, 40)
    assert not scheduler.in_trouble()
    scheduler.backs_off(8, 2)
    assert scheduler.in_trouble()
    clock.sleep(2)
    assert turns(scheduler) == [8]
    assert not scheduler.in_trouble()


def test_more_can_be_added_at_any_time() -> None:
    scheduler, _ = scheduler_of(7)
    assert turns(scheduler) == [7]
    scheduler.add([8])
    scheduler.ended(7)
    assert turns(scheduler) == [8]


# --- By a simulation -----------------------------------------------------------------------------------------

_CALL, _REST, _BACK_OFF = "call", "rest", "back off"
# Whole seconds: where the clock has fractions, the end of a wait may be a hair before what was waited for.
_STEPS = st.lists(st.tuples(st.sampled_from([_CALL, _REST, _BACK_OFF]), st.integers(0, 4)), max_size=6)


@dataclass
class World:
    """Divisions with what each will need, one step after the other; what a division needs next is found at its turn."""

    scripts: dict[int, list[tuple[str, int]]]
    most: int
    closed: dict[int, int]
    clock: Clock = field(default_factory=Clock)
    under_way: list[tuple[float, int]] = field(default_factory=list)
    backing_off: dict[int, float] = field(default_factory=dict)
    resting: dict[int, float] = field(default_factory=dict)
    begun: list[int] = field(default_factory=list)
    ended: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.left = {division: deque(script) for division, script in self.scripts.items()}
        self.scheduler = Scheduler(self.clock, self.most, self.allowance)
        self.scheduler.add(self.scripts)

    def allowance(self, division: int) -> float:
        return max(0.0, NOON + self.closed.get(division, 0) - self.clock())

    @property
    def places(self) -> set[int]:
        return {division for _, division in self.under_way} | {*self.backing_off}

    def could_go(self) -> list[int]:
        """Return who could use a free place, the one that should get it first."""
        rested = [division for division in self.begun if self.resting.get(division, NOON * 2) <= self.clock()]
        fresh = [
            division
            for division in self.scripts
            if division not in self.begun and not self.allowance(division)
        ]
        return rested + fresh

    def take_turn(self, division: int) -> None:
        """Check a turn by the rules, and do what the division needs then."""
        assert division not in {waiting for _, waiting in self.under_way}
        assert division not in self.ended
        if division in self.backing_off:
            assert self.backing_off.pop(division) <= self.clock()
        else:
            assert len(self.places) < self.most
            assert division == self.could_go()[0]
            self.resting.pop(division, None)
        if division not in self.begun:
            self.begun.append(division)
        self.step(division)

    def step(self, division: int) -> None:
        """Do what a division needs next."""
        if not self.left[division]:
            self.ended.add(division)
            self.scheduler.ended(division)
            return
        kind, seconds = self.left[division].popleft()
        if kind == _CALL:
            heapq.heappush(self.under_way, (self.clock() + seconds, division))
        elif kind == _REST:
            self.resting[division] = self.clock() + seconds
            self.scheduler.rests(division, seconds)
        else:
            self.backing_off[division] = self.clock() + seconds
            self.scheduler.backs_off(division, seconds)

    def go_on(self) -> bool:
        """Let time pass until something happens. Returns whether anything can."""
        wait = self.scheduler.wait()
        answer = self.under_way[0][0] - self.clock() if self.under_way else None
        if wait is None and answer is None:
            return False
        if wait is None or (answer is not None and answer <= wait):
            self.clock.now, division = heapq.heappop(self.under_way)
            self.step(division)
            return True
        assert wait > 0, "a turn was asked for until there was none"
        began = self.clock.now
        for part in (0.25, 0.5, 0.99):
            self.clock.now = began + wait * part
            assert self.scheduler.turn() is None, "it would have slept past a turn"
        self.clock.now = began + wait
        turn = self.scheduler.turn()
        assert turn is not None, "it was woken for nothing"
        self.take_turn(turn)
        return True

    def run(self) -> None:
        """Play it to its end."""
        while True:
            while (division := self.scheduler.turn()) is not None:
                assert len(self.places | {division}) <= self.most
                self.take_turn(division)
            assert len(self.places) == self.most or not self.could_go(), "a place is free, and nobody goes"
            if not self.go_on():
                return


@given(
    scripts=st.dictionaries(st.integers(1, 9), _STEPS, max_size=6),
    most=st.integers(1, 4),
    closed=st.dictionaries(st.integers(1, 9), st.integers(0, 6)),
)
def test_whatever_divisions_need_the_rules_hold_and_everything_ends(
    scripts: dict[int, list[tuple[str, int]]], most: int, closed: dict[int, int]
) -> None:
    world = World(scripts, most, closed)
    world.run()
    assert world.ended == {*scripts}
    assert not any(world.left.values())
    assert world.scheduler.turn() is None
    assert world.scheduler.wait() is None

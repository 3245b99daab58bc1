"""Whose turn it is: by tables, and by a simulation in which divisions rest, back off, are called and end."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_exact_online.scheduler import Partition, Scheduler
from tests.fakes import NOON, Clock

A, B = "a", "b"


def scheduler_of(
    *divisions: int, most: int = 1, closed: Mapping[int, float] | None = None, ahead: Sequence[int] = ()
) -> tuple[Scheduler, Clock]:
    """Return a scheduler of some divisions, of which some have no calls left for so many seconds.

    Those `ahead` are of a second stream.
    """
    clock = Clock()
    scheduler = Scheduler(
        clock, most, lambda division: max(0.0, NOON + (closed or {}).get(division, 0.0) - clock())
    )
    scheduler.add(A, divisions)
    scheduler.add(B, ahead)
    return scheduler, clock


def turns(scheduler: Scheduler, streams: Sequence[str] = (A, B)) -> list[int]:
    """Return all divisions whose turn it is now: those of the second stream below zero."""
    found = []
    while (partition := scheduler.turn(streams)) is not None:
        found.append(partition.division if partition.stream == A else -partition.division)
    return found


def a(division: int) -> Partition:
    return Partition(A, division)


def b(division: int) -> Partition:
    return Partition(B, division)


# --- By tables -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("most", "first"), [(1, [7]), (2, [7, 8]), (3, [7, 8, 9]), (9, [7, 8, 9])])
def test_so_many_go_at_once_in_their_order(most: int, first: list[int]) -> None:
    scheduler, _ = scheduler_of(7, 8, 9, most=most)
    assert turns(scheduler) == first


def test_nothing_to_do_is_nothing_to_wait_for() -> None:
    scheduler, _ = scheduler_of()
    assert scheduler.turn([A]) is None
    assert scheduler.wait([A]) is None


def test_with_every_place_taken_only_an_answer_changes_anything() -> None:
    scheduler, _ = scheduler_of(7, 8)
    assert turns(scheduler) == [7]
    assert scheduler.wait([A]) is None


def test_the_end_of_one_is_the_turn_of_the_next() -> None:
    scheduler, _ = scheduler_of(7, 8)
    assert turns(scheduler) == [7]
    scheduler.ended(a(7))
    assert scheduler.wait([A]) == 0
    assert turns(scheduler) == [8]
    scheduler.ended(a(8))
    assert scheduler.turn([A]) is None
    assert scheduler.wait([A]) is None


def test_one_that_rests_gives_way_and_comes_back_before_one_that_was_not_begun() -> None:
    scheduler, clock = scheduler_of(7, 8, 9)
    assert turns(scheduler) == [7]
    scheduler.rests(a(7), 40)
    assert turns(scheduler) == [8]
    clock.sleep(40)
    assert turns(scheduler) == []  # the one place is taken
    scheduler.ended(a(8))
    assert turns(scheduler) == [7]
    scheduler.ended(a(7))
    assert turns(scheduler) == [9]


def test_of_those_that_have_rested_the_one_that_began_first_goes_first() -> None:
    scheduler, clock = scheduler_of(7, 8, 9, most=2)
    assert turns(scheduler) == [7, 8]
    scheduler.rests(a(8), 10)
    scheduler.rests(a(7), 20)
    assert turns(scheduler) == [9]
    clock.sleep(30)
    assert turns(scheduler) == [7]
    scheduler.ended(a(9))
    assert turns(scheduler) == [8]


def test_one_that_backs_off_keeps_its_place() -> None:
    scheduler, clock = scheduler_of(7, 8)
    assert turns(scheduler) == [7]
    scheduler.backs_off(a(7), 5)
    assert turns(scheduler) == []
    assert scheduler.wait([A]) == 5
    clock.sleep(5)
    assert turns(scheduler) == [7]


def test_a_server_in_trouble_is_met_by_as_many_calls_as_are_made_at_once() -> None:
    scheduler, clock = scheduler_of(*range(20), most=3)
    met: set[int] = set()
    for _ in range(10):
        for division in turns(scheduler):
            met.add(division)
            scheduler.backs_off(a(division), 2)
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
    while (wait := scheduler.wait([A])) is not None:
        clock.sleep(wait)
        for division in turns(scheduler):
            found.append(division)
            scheduler.ended(a(division))
    assert found == order
    assert sum(clock.slept) == max(closed.values(), default=0)


def test_a_server_is_in_trouble_while_a_division_backs_off() -> None:
    scheduler, clock = scheduler_of(7, 8, 9, most=2, closed={9: 30.0})
    assert turns(scheduler) == [7, 8]
    assert not scheduler.in_trouble()
    scheduler.rests(a(7), 40)
    assert not scheduler.in_trouble()
    scheduler.backs_off(a(8), 2)
    assert scheduler.in_trouble()
    clock.sleep(2)
    assert turns(scheduler) == [8]
    assert not scheduler.in_trouble()


def test_more_can_be_added_at_any_time() -> None:
    scheduler, _ = scheduler_of(7)
    assert turns(scheduler) == [7]
    scheduler.add(B, [8])
    scheduler.ended(a(7))
    assert turns(scheduler) == [-8]


def test_what_is_left_of_a_stream_is_what_has_not_ended() -> None:
    scheduler, _ = scheduler_of(7, 8, ahead=[7])
    assert [scheduler.left(stream) for stream in (A, B, "none")] == [2, 1, 0]
    assert turns(scheduler) == [7]
    scheduler.rests(a(7), 1)
    assert scheduler.left(A) == 2
    scheduler.ended(a(7))
    assert [scheduler.left(stream) for stream in (A, B)] == [1, 1]


def test_forgotten_is_everything() -> None:
    scheduler, _ = scheduler_of(7, 8, ahead=[7])
    assert turns(scheduler) == [7]
    scheduler.forget()
    assert (turns(scheduler), scheduler.wait([A, B]), scheduler.left(A), scheduler.left(B)) == (
        [],
        None,
        0,
        0,
    )
    scheduler.add(B, [7])
    assert turns(scheduler) == [-7]


# --- By tables: the stream ahead -----------------------------------------------------------------------------


def test_a_place_that_a_stream_does_not_need_is_the_next_one_s() -> None:
    scheduler, _ = scheduler_of(7, 8, most=4, ahead=[7, 8, 9, 10, 11])
    assert turns(scheduler) == [7, 8, -9, -10]
    scheduler.ended(b(9))
    assert turns(scheduler) == [-11]


def test_a_division_is_read_for_one_stream_after_the_other() -> None:
    scheduler, clock = scheduler_of(7, 8, most=4, ahead=[7, 8])
    assert turns(scheduler) == [7, 8]
    scheduler.rests(a(7), 5)
    scheduler.ended(a(8))
    assert turns(scheduler) == [-8]
    clock.sleep(5)
    assert turns(scheduler) == [7]
    scheduler.ended(a(7))
    assert turns(scheduler) == [-7]


def test_a_division_that_an_earlier_stream_still_needs_is_not_begun_in_the_moment_its_calls_come_back() -> (
    None
):
    """The allowance may come back between the two times it is asked for."""
    asked = iter([0.1, 0.0, 0.0])
    scheduler = Scheduler(Clock(), 2, lambda _: next(asked))
    scheduler.add(A, [7])
    scheduler.add(B, [7])
    assert turns(scheduler) == []
    assert turns(scheduler) == [7]


def test_the_stream_itself_goes_before_the_one_ahead() -> None:
    scheduler, clock = scheduler_of(7, 8, ahead=[9], closed={8: 10.0})
    assert turns(scheduler) == [7]
    scheduler.rests(a(7), 10)
    assert turns(scheduler) == [-9]
    scheduler.rests(b(9), 10)
    clock.sleep(10)
    for expected in (7, 8, -9):
        assert turns(scheduler) == [expected]
        scheduler.ended(a(expected) if expected > 0 else b(-expected))


@pytest.mark.parametrize(
    ("streams", "went", "wait"), [([A, B], [-8], 10), ([A], [], 10), ([B], [-8], 30), ([], [], None)]
)
def test_only_streams_that_may_go_on_do(streams: list[str], went: list[int], wait: float | None) -> None:
    scheduler, _ = scheduler_of(7, most=2, ahead=[8, 9], closed={9: 30.0})
    assert turns(scheduler, [A]) == [7]
    scheduler.rests(a(7), 10)
    assert turns(scheduler, streams) == went
    assert scheduler.wait(streams) == wait


def test_one_that_backs_off_waits_where_its_stream_may_not_go_on() -> None:
    scheduler, clock = scheduler_of(7, most=2, ahead=[8])
    assert turns(scheduler) == [7, -8]
    scheduler.backs_off(b(8), 2)
    clock.sleep(2)
    assert turns(scheduler, [A]) == []
    assert scheduler.wait([A]) is None
    assert turns(scheduler) == [-8]


# --- By a simulation -----------------------------------------------------------------------------------------

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

    @property
    def places(self) -> set[Partition]:
        return {partition for _, partition in self.under_way} | {*self.backing_off}

    def could_go(self) -> list[Partition]:
        """Return who could use a free place, the one that should get it first."""
        found = []
        for name in self.names:
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
        if partition in self.backing_off:
            assert self.backing_off.pop(partition) <= self.clock()
        else:
            assert len(self.places) < self.most
            assert partition == self.could_go()[0]
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
                assert len(self.places | {partition}) <= self.most
                self.take_turn(partition)
            assert len(self.places) == self.most or not self.could_go(), "a place is free, and nobody goes"
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

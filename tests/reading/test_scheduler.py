"""Whose turn it is, by tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from tap_exact_online.reading.scheduler import Partition, Scheduler
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


# --- The stream ahead ----------------------------------------------------------------------------------------


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


def test_one_that_backs_off_goes_on_where_nothing_more_of_its_stream_may() -> None:
    scheduler, clock = scheduler_of(7, most=2, ahead=[8, 9])
    assert turns(scheduler) == [7, -8]
    scheduler.backs_off(b(8), 2)
    assert scheduler.wait([A]) == 2
    clock.sleep(2)
    assert turns(scheduler, [A]) == [-8]
    scheduler.ended(b(8))
    assert turns(scheduler, [A]) == []


def test_a_stream_does_not_wait_for_the_trouble_of_the_one_ahead() -> None:
    scheduler, clock = scheduler_of(7, ahead=[8, 9])
    assert turns(scheduler) == [7]
    scheduler.rests(a(7), 5)
    assert turns(scheduler) == [-8]
    scheduler.backs_off(b(8), 60)
    assert turns(scheduler) == []  # not another one of the stream in trouble
    assert scheduler.wait([A, B]) == 5
    assert not scheduler.in_trouble()
    clock.sleep(5)
    assert turns(scheduler) == [7]
    assert scheduler.wait([A, B]) is None
    clock.sleep(55)
    assert turns(scheduler) == []  # one call at once
    scheduler.ended(a(7))
    assert turns(scheduler) == [-8]
    scheduler.backs_off(b(8), 60)
    assert scheduler.in_trouble()  # now it is what the run waits for

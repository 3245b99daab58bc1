"""A round on each kind of board: workers share its groups."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tap_exact_online.board import Board, Rounds
from tap_exact_online.board.groups import KEPT
from tap_exact_online.errors import ConfigurationError
from tests.board.kinds import Kind, opened


@dataclass
class Time:
    """A clock and a stopwatch of one machine."""

    clock: float = 1_800_000_000.0
    stopwatch: float = 50.0

    def pass_(self, seconds: float) -> None:
        self.clock += seconds
        self.stopwatch += seconds


def worker(board: Board, time: Time, name: str = "nightly", of: int = 2) -> Rounds:
    rounds = Rounds(board, name, of, "host:1", 60.0, lambda: time.clock, lambda: time.stopwatch)
    rounds.begin()
    return rounds


def test_two_workers_share_the_groups_of_a_round(kind: Kind) -> None:
    one, two = worker(opened(kind), Time()), worker(opened(kind), Time())
    first, second = one.take(), two.take()
    assert first is not None
    assert second is not None
    assert {first.number, second.number} == {1, 2}
    assert one.take() is None
    assert two.end(second, 0, 2.0)
    assert not two.end(second, 0, 2.0), "it is over"
    assert one.end(first, 1, 1.0)
    again = two.take()
    assert again is not None
    assert again.number == first.number
    assert again.holder != first.holder
    assert not one.renew(first), "another one has it now"
    assert two.renew(again)
    two.give_back(again)
    third = one.take()
    assert third is not None
    assert one.end(third, 0, 1.0)
    assert two.take() is None
    assert two.found.is_over
    assert two.found.exit_code == 0


@pytest.mark.parametrize("ahead", [0.0, 500.0, -500.0], ids=["same", "ahead", "behind"])
def test_a_group_is_taken_over_after_its_lease_though_clocks_differ(kind: Kind, ahead: float) -> None:
    here = Time()
    there = Time(clock=here.clock + ahead, stopwatch=7.0)
    gone, other = worker(opened(kind), here, of=1), worker(opened(kind), there, of=1)
    hold = gone.take()
    assert hold is not None
    assert other.take() is None
    for _ in range(3):
        for each in (here, there):
            each.pass_(50.0)
        assert gone.renew(hold)
        assert other.take() is None
    there.pass_(59.0)
    assert other.take() is None
    there.pass_(1.0)
    taken = other.take()
    assert taken is not None
    assert not gone.renew(hold)
    assert not gone.end(hold, 0, 1.0)
    assert other.end(taken, 0, 1.0)


def test_what_took_longest_goes_first_in_the_next_round(kind: Kind) -> None:
    time = Time()
    one = worker(opened(kind), time, "monday", of=3)
    for seconds in (5.0, 50.0, 0.5):
        hold = one.take()
        assert hold is not None
        one.end(hold, 0, seconds)
    two = worker(opened(kind), time, "tuesday", of=3)
    holds = [two.take() for _ in range(3)]
    assert [hold and hold.number for hold in holds] == [2, 1, 3]


def test_a_round_with_another_number_of_groups_is_refused(kind: Kind) -> None:
    worker(opened(kind), Time())
    with pytest.raises(ConfigurationError, match="begun with 2 groups, not with 3"):
        worker(opened(kind), Time(), of=3)
    worker(opened(kind), Time(), "another", of=3)


def test_names_of_schedulers_name_rounds(kind: Kind) -> None:
    for name in ("scheduled__2026-11-26T04:30:00+00:00", "x" * 500, "Nächtlich/1", ""):
        hold = worker(opened(kind), Time(), name).take()
        assert hold is not None
        assert hold.number == 1


def test_rounds_are_dropped_after_a_week(kind: Kind) -> None:
    time = Time()
    worker(opened(kind), time, "old").take()
    time.pass_(KEPT / 2)
    at_work = worker(opened(kind), time, "long")
    hold = at_work.take()
    assert hold is not None
    time.pass_(KEPT / 2 + 1)
    worker(opened(kind), time, "new")
    assert at_work.end(hold, 1, 1.0), "a round that somebody works on stays"
    again = worker(opened(kind), time, "old").take()
    assert again is not None
    assert again.number == 1


def test_a_round_that_somebody_took_away_begins_anew(kind: Kind) -> None:
    board = opened(kind)
    one = worker(board, Time())
    hold = one.take()
    assert hold is not None
    for name in [name for name in kind.names() if ".round." in name]:
        board.change(f"round.{name.rpartition('.')[2]}", lambda _: None)
    assert not one.end(hold, 0, 1.0)
    again = one.take()
    assert again is not None
    assert len(one.found.groups) == 2

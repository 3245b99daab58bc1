"""Whose turn it is among thousands: ten times the divisions take ten times the steps, not a hundred times."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from types import FrameType
from typing import Any

import pytest

from tap_exact_online.reading import scheduler
from tap_exact_online.reading.scheduler import Partition, Scheduler
from tests.fakes import Clock

_STREAMS = ("first", "second", "third", None)
_AT_ONCE = 4
_MINUTE = 60.0


@dataclass
class Run:
    """Reads every division once for each stream, and the stream ahead where nothing else could go.

    Attributes:
        closes: A call uses up what its division may do in a minute.
        rests: A division that was begun rests for a minute before its call.
    """

    divisions: int
    closes: bool = False
    rests: bool = False
    clock: Clock = field(default_factory=Clock)
    closed: dict[int, float] = field(default_factory=dict)
    rested: set[Partition] = field(default_factory=set)
    read: list[Partition] = field(default_factory=list)
    asked: int = 0
    lines: int = 0

    def allowance(self, division: int) -> float:
        self.asked += 1
        return max(0.0, self.closed.get(division, 0.0) - self.clock())

    def play(self) -> None:
        under_way: deque[Partition] = deque()
        known = Scheduler(self.clock, _AT_ONCE, self.allowance)
        known.add(str(_STREAMS[0]), range(self.divisions))
        for stream, ahead in pairwise(_STREAMS):
            if ahead:
                known.add(ahead, range(self.divisions))
            wanted = [each for each in (stream, ahead) if each]
            while known.left(str(stream)):
                while partition := known.turn(wanted):
                    if self.rests and partition not in self.rested:
                        self.rested.add(partition)
                        known.rests(partition, _MINUTE)
                    else:
                        under_way.append(partition)
                wait = known.wait(wanted)
                if under_way:
                    self.answer(known, under_way.popleft())
                elif wait is not None:
                    self.clock.sleep(wait)

    def answer(self, known: Scheduler, partition: Partition) -> None:
        self.read.append(partition)
        if self.closes:
            self.closed[partition.division] = self.clock() + _MINUTE
        known.ended(partition)


@contextmanager
def lines_of(module: Any, count: Callable[[], None]) -> Iterator[None]:
    """Count the lines that a module runs."""

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename != module.__file__:
            return None
        if event == "line":
            count()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def played(divisions: int, *, closes: bool, rests: bool) -> Run:
    run = Run(divisions, closes, rests)

    def count() -> None:
        run.lines += 1

    with lines_of(scheduler, count):
        run.play()
    return run


@pytest.mark.parametrize(
    ("closes", "rests"),
    [
        pytest.param(False, False, id="nothing rests"),
        pytest.param(False, True, id="all rest once they were begun"),
        pytest.param(True, False, id="all have used up their minute"),
        pytest.param(True, True, id="both"),
    ],
)
def test_ten_times_the_divisions_take_ten_times_the_steps(*, closes: bool, rests: bool) -> None:
    few, many = (played(divisions, closes=closes, rests=rests) for divisions in (300, 3000))
    assert (len(few.read), len(many.read)) == (900, 9000)
    assert len({*many.read}) == 9000
    assert many.lines / few.lines < 11
    assert many.asked / few.asked < 11
    assert many.asked < 4 * len(many.read)

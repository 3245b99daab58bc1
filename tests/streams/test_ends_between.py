"""A run may be told to end between any two steps: what it then writes is one state or the next, never half of both."""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from tap_exact_online.streams import ExactStream, Outgoing
from tap_exact_online.streams.sdk import BookkeepingStream
from tap_exact_online.tap import TapExactOnline
from tests.streams.reading import read

HERE = {"Division": 7}
KEYS = (range(1_000, 2_000, 10), range(5_000, 5_100, 50))
BESIDE = ("at", "back", "back_rows")


@contextmanager
def ended_at(step: int, names: Iterable[str]) -> Iterator[None]:
    """Raise what a signal raises, before so many lines of those functions were run."""
    left = step

    def before_each_line(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal left
        if frame.f_code.co_name not in names:
            return None
        if event == "line":
            if not left:
                raise SystemExit(143)
            left -= 1
        return before_each_line

    before = sys.gettrace()
    sys.settrace(before_each_line)
    try:
        yield
    finally:
        sys.settrace(before)


def bookmark(stream: BookkeepingStream) -> tuple[Any, ...]:
    """Return what a later run goes on from; what is empty is none."""
    return tuple(stream.note(HERE, name) for name in BESIDE)


def test_a_bookmark_and_the_place_below_it_are_kept_in_one_step(unconnected: TapExactOnline) -> None:
    stream = unconnected.streams["accounts"]
    assert isinstance(stream, ExactStream)
    read(stream, 7, KEYS[0], whole=True)
    before, state = bookmark(stream), copy.deepcopy(stream.stream_state)
    read(stream, 7, KEYS[1], whole=False)
    after = bookmark(stream)
    assert before == (1_990, 1_989, None)
    assert after == (5_050, 3_060, None)

    found = []
    for step in range(1_000):
        stream.get_context_state(HERE).clear()
        stream.get_context_state(HERE).update(copy.deepcopy(state["partitions"][0]))
        for need in stream.begin(7):
            pytest.fail(str(need))
        try:
            with ended_at(step, ("written", "keep_bookmark", "keep_note", "_keep")):
                stream.written(7, Outgoing(keys=KEYS[1]))
        except SystemExit:
            found.append(bookmark(stream))
        else:
            break
    assert len(found) > 10
    assert {*found} == {before, after}

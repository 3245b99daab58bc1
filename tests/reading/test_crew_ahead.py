"""The stream after the one that is read: begun where a place is free, kept until it is asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_exact_online.errors import ConfigurationError, ReadError
from tap_exact_online.wire.transport import Answer
from tests.reading.slow_wire import (
    MIB,
    Told,
    Wire,
    World,
    by_division,
    in_another_thread,
    told,
    url_of,
    whole,
)

A, B, C = "a", "b", "c"


def test_where_a_place_is_free_the_next_stream_begins() -> None:
    wire = Wire({7: 1, 8: 1, 9: 1}, held=True)
    world = World(wire, most=2)
    with in_another_thread(wire, world.arrivals(A, B)) as found:
        wire.until(lambda: wire.under_way.keys() == {7, 8})
        wire.open(8, 1, A)
        wire.until(lambda: wire.under_way.keys() == {7, 9})
        wire.open(9, 1, A)
        wire.until(lambda: wire.asked[-1] == (B, 8, 1))
        wire.open(8, 1, B)
        wire.until(lambda: wire.asked[-1] == (B, 9, 1))
        assert wire.under_way.keys() == {7, 9}
        wire.open(7, 1, A)  # now nothing of the first stream is left, and the second is not waited for
    assert sorted(each for each, _ in found) == [7, 7, 8, 8, 9, 9]
    wire.let_go()
    assert by_division(told(world.arrivals(B))) == whole(wire.pages)
    assert sorted(wire.asked) == [(stream, division, 1) for stream in (A, B) for division in (7, 8, 9)]
    wire.until_its_threads_end()


def test_with_one_place_the_next_stream_begins_while_the_last_page_is_written() -> None:
    wire = Wire({7: 1}, held=True)
    world = World(wire)
    arrivals = world.arrivals(A, B)
    wire.open(7, 1, A)
    assert told(islice(arrivals, 1)) == [(7, 1)]
    wire.until(lambda: wire.asked == [(A, 7, 1), (B, 7, 1)])
    assert told(arrivals) == [(7, None)]
    wire.let_go()
    assert told(world.arrivals(B)) == [(7, 1), (7, None)]
    assert wire.most == 1


def test_while_the_last_division_rests_the_next_stream_is_read() -> None:
    wire = Wire({7: 2, 8: 1}, headers={7: {"X-RateLimit-Minutely-Remaining": "0"}})
    world = World(wire)
    assert by_division(told(world.arrivals(A, B))) == whole(wire.pages)
    assert wire.asked == [(A, 7, 1), (A, 8, 1), (B, 8, 1), (A, 7, 2)]
    assert world.clock.slept == [40]


@settings(deadline=None, max_examples=60)
@given(
    counts=st.lists(st.integers(1, 3), min_size=1, max_size=5), most=st.integers(1, 4), choose=st.randoms()
)
def test_in_whatever_order_answers_come_every_stream_is_read_once_and_whole(
    counts: list[int], most: int, choose: Any
) -> None:
    pages = dict(enumerate(counts))
    wire = Wire(pages, held=True)
    world = World(wire, most)
    streams: dict[str, Told] = {}

    def all_of_them() -> Iterator[Any]:
        for stream, after in ((A, [B]), (B, [C]), (C, [])):
            streams[stream] = told(world.arrivals(stream, *after))
        yield from ()

    left = {(stream, division): count for stream in (A, B, C) for division, count in pages.items()}
    with in_another_thread(wire, all_of_them()):
        while left:
            now = min(stream for stream, _ in left)
            ready = {division for stream, division in left if stream in {now, chr(ord(now) + 1)}}
            wire.until(lambda: len(wire.under_way) == min(most, len(ready)))  # noqa: B023  asked at once
            division = choose.choice(sorted(wire.under_way))
            # The wire itself refuses two calls of one division.
            stream, _, number = asked = wire.last_of(division)
            wire.open(division, number, stream)
            wire.until(lambda: division not in wire.under_way or wire.last_of(division) != asked)  # noqa: B023
            left[stream, division] -= 1
            if not left[stream, division]:
                del left[stream, division]
    assert {stream: by_division(found) for stream, found in streams.items()} == dict.fromkeys(
        [A, B, C], whole(pages)
    )
    assert sorted(wire.asked) == sorted(
        (stream, division, number + 1)
        for stream in (A, B, C)
        for division, count in pages.items()
        for number in range(count)
    )
    assert wire.most <= most
    for division in pages:
        order = [stream for stream, asked, _ in wire.asked if asked == division]
        assert order == sorted(order), "a division is read for one stream after the other"


# --- How it ends ---------------------------------------------------------------------------------------------


def test_an_error_ahead_ends_its_division_in_its_own_stream() -> None:
    wire = Wire({7: 3, 8: 1}, other={url_of(8, 1, B): Answer(400, {"Reason": "no"})})
    world = World(wire, most=2)
    first = [*world.arrivals(A, B)]
    wire.until(lambda: (B, 8, 1) in wire.asked)
    assert {each.error for each in first} == {None}
    errors = {each.division: each.error for each in world.arrivals(B) if each.page is None}
    assert errors[7] is None
    assert isinstance(errors[8], ReadError)


def test_an_end_says_what_the_division_took() -> None:
    wire = Wire({7: 3, 8: 1}, other={url_of(8, 1, A): Answer(503)})
    world = World(wire, most=2)
    for stream in ((A, B), (B,)):
        calls = {each.division: each.calls for each in world.arrivals(*stream) if each.page is None}
        assert calls == {7: 3, 8: 2 if A in stream else 1}


def test_what_ends_the_run_ends_it_from_ahead_too_and_leaves_nothing_behind() -> None:
    wire = Wire({7: 3, 8: 1}, other={url_of(8, 1, B): ConfigurationError("no certificates")}, held=True)
    world = World(wire, most=2)
    arrivals = world.arrivals(A, B)
    for number, stream in ((1, A), (1, B)):
        wire.open(8, number, stream)
    with pytest.raises(ConfigurationError, match="no certificates"):
        told(arrivals)
    wire.let_go()
    wire.until_its_threads_end()
    assert not wire.under_way
    assert by_division(told(world.arrivals(B))) == whole(wire.pages)


def test_a_reading_that_is_left_reads_the_next_stream_anew() -> None:
    wire = Wire({7: 2, 8: 1}, held=True)
    world = World(wire, most=2)
    arrivals = world.arrivals(A, B)
    wire.open(8, 1, A)
    assert told(islice(arrivals, 2)) == [(8, 1), (8, None)]
    wire.until(lambda: wire.asked[-1] == (B, 8, 1))
    arrivals.close()  # type: ignore[attr-defined]
    wire.let_go()
    wire.until_its_threads_end()
    assert by_division(told(world.arrivals(B))) == whole(wire.pages)
    assert wire.asked.count((B, 8, 1)) == 2


def test_a_reading_that_was_left_and_is_closed_later_is_in_nobody_s_way() -> None:
    wire = Wire({7: 2, 8: 1})
    world = World(wire)
    left = world.arrivals(A, B)
    assert told(islice(left, 1)) == [(7, 1)]
    arrivals = world.arrivals(C)
    found = told(islice(arrivals, 1))
    left.close()  # type: ignore[attr-defined]
    assert by_division(found + told(arrivals)) == whole(wire.pages)


# --- Memory --------------------------------------------------------------------------------------------------


def test_not_much_is_kept_of_the_next_stream() -> None:
    def ahead() -> int:
        return [stream for stream, _, _ in wire.asked].count(B)

    def of_the_first() -> int:
        return [stream for stream, _, _ in wire.asked].count(A)

    wire = Wire({7: 1, **dict.fromkeys(range(8, 20), 3)}, size=3 * MIB, held=True)
    world = World(wire, most=3)
    with in_another_thread(wire, world.arrivals(A, B)):
        for division in range(8, 20):
            for number in (1, 2, 3):
                wire.open(division, number, A)
                wire.open(division, number, B)
        # Three of them are more than 8 MiB; the last calls were made before that, no more than there were places. Where the
        # next stream has them all before the last division of the first one is through, that goes on alone.
        wire.until(lambda: wire.under_way == {7: 1} and ahead() >= 3 and of_the_first() == 1 + 12 * 3)
        assert ahead() <= 3 + 1
        wire.open(7, 1, A)
    assert ahead() <= 3 + 1
    wire.let_go()
    assert by_division(told(world.arrivals(B))) == whole(wire.pages)


def test_what_is_kept_does_not_stop_the_stream_itself() -> None:
    pages = {7: 4, 8: 2, 9: 2}
    wire = Wire(pages, size=9 * MIB, held=True)
    world = World(wire, most=3)
    with in_another_thread(wire, world.arrivals(A, B)) as found:
        for division in (8, 9):
            for number in (1, 2):
                wire.open(division, number, A)
                wire.open(division, number, B)
        # Whichever of 8 and 9 is through first: one page of B is all that may be kept.
        wire.until(lambda: wire.under_way == {7: 1} and B in {stream for stream, _, _ in wire.asked})
        for number in range(1, 5):
            wire.until(lambda: wire.under_way.get(7) == number)  # noqa: B023  asked at once
            wire.open(7, number, A)
    assert by_division(found) == whole(pages)
    wire.let_go()
    assert by_division(told(world.arrivals(B))) == whole(pages)
    assert threading.current_thread() not in wire.threads

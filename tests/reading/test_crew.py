"""Many divisions at once, over a wire whose answers come when the test lets them."""

from __future__ import annotations

import threading
import time
import weakref
from itertools import islice
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_exact_online.errors import ConfigurationError, LimitReached, LoginNeeded, ReadError
from tap_exact_online.reading.crew import Conversation, Reading, Wanted
from tap_exact_online.reading.scheduler import Scheduler
from tap_exact_online.wire.calls import Call, Rest, Send
from tap_exact_online.wire.transport import Answer
from tests.reading.slow_wire import (
    MIB,
    PATH,
    Part,
    Wire,
    World,
    by_division,
    in_another_thread,
    told,
    url_of,
    whole,
)

# --- What is under way ---------------------------------------------------------------------------------------


def test_nothing_to_read_is_the_end() -> None:
    world = World(Wire({}))
    assert [*world.arrivals()] == []
    assert (world.client.calls, world.clock.slept) == (0, [])


def test_the_next_page_is_under_way_while_one_is_written() -> None:
    wire = Wire({7: 3}, held=True)
    arrivals = World(wire).arrivals()
    for number in (1, 2):
        wire.open(7, number)
        arrival = next(arrivals)
        assert arrival.page is not None
        assert arrival.page.number == number
        wire.until(lambda: wire.under_way == {7: number + 1})  # noqa: B023  asked at once
        assert wire.sent[-1] == (7, number + 1)
    wire.let_go()
    assert told(arrivals) == [(7, 3), (7, None)]


def test_with_one_place_one_division_is_read_after_the_other() -> None:
    wire = Wire({7: 2, 8: 1, 9: 3})
    world = World(wire)
    assert told(world.arrivals()) == [
        *[(7, 1), (7, 2), (7, None)],
        *[(8, 1), (8, None)],
        *[(9, 1), (9, 2), (9, 3), (9, None)],
    ]
    assert wire.sent == [(7, 1), (7, 2), (8, 1), (9, 1), (9, 2), (9, 3)]
    assert (wire.most, len(wire.threads), world.client.calls, world.clock.slept) == (1, 1, 6, [])


@settings(deadline=None, max_examples=60)
@given(
    counts=st.lists(st.integers(1, 4), min_size=1, max_size=6), most=st.integers(1, 4), choose=st.randoms()
)
def test_in_whatever_order_answers_come_as_many_as_may_be_are_under_way(
    counts: list[int], most: int, choose: Any
) -> None:
    pages = dict(enumerate(counts))
    left = dict(pages)
    wire = Wire(pages, held=True)
    with in_another_thread(wire, World(wire, most).arrivals()) as found:
        while left:
            at_once = min(most, len(left))
            wire.until(lambda: len(wire.under_way) == at_once)  # noqa: B023  asked at once
            division = choose.choice(sorted(wire.under_way))
            number = wire.under_way[division]
            assert number == pages[division] - left[division] + 1
            wire.open(division, number)
            wire.until(lambda: wire.under_way.get(division) != number)  # noqa: B023  asked at once
            left[division] -= 1
            if not left[division]:
                del left[division]
    assert by_division(found) == whole(pages)
    assert wire.most == min(most, len(pages))
    assert len(wire.threads) == wire.most
    begun = [division for division, number in wire.sent if number == 1]
    assert sorted(begun[:most]) == [*pages][:most]
    assert begun[most:] == [*pages][most:]


def test_what_is_there_is_written_before_anything_is_waited_for() -> None:
    wire = Wire({7: 3, 8: 3}, held=True)
    arrivals = World(wire, most=2).arrivals()
    wire.open(7, 1)
    assert told(islice(arrivals, 1)) == [(7, 1)]
    wire.open(7, 2)
    wire.open(8, 1)
    wire.until(lambda: not wire.under_way)
    assert sorted(told(islice(arrivals, 2))) == [(7, 2), (8, 1)]
    wire.until(lambda: wire.under_way == {7: 3, 8: 2})
    wire.let_go()
    assert by_division(told(arrivals)) == {7: [3, None], 8: [2, 3, None]}


# --- How a division ends -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(Answer(400, {"Reason": "no"}), ReadError, id="refused"),
        pytest.param(Answer(404, {"Reason": "no"}), ReadError, id="not found"),
        pytest.param(Answer(302, {"Location": "https://elsewhere"}), ReadError, id="sent elsewhere"),
        pytest.param(Answer(429, {"X-RateLimit-Remaining": "0"}), LimitReached, id="a day used up"),
    ],
)
@pytest.mark.parametrize("most", [1, 3])
@pytest.mark.parametrize("number", [1, 2])
def test_an_error_ends_its_division_only(
    answer: Answer[Any], kind: type[Exception], most: int, number: int
) -> None:
    pages = {7: 2, 8: 3, 9: 2}
    wire = Wire(pages, other={url_of(8, number): answer})
    arrivals = [*World(wire, most).arrivals()]
    errors = {each.division: each.error for each in arrivals if each.page is None}
    assert isinstance(errors.pop(8), kind)
    assert errors == {7: None, 9: None}
    expected = {**whole(pages), 8: [*range(1, number), None]}
    assert by_division(told(iter(arrivals))) == expected


@pytest.mark.parametrize("most", [1, 3])
def test_what_no_request_can_be_made_with_ends_the_run_in_the_thread_that_reads(most: int) -> None:
    wire = Wire({7: 2, 8: 3, 9: 2}, other={url_of(8, 2): ConfigurationError("no certificates")})
    arrivals = World(wire, most).arrivals()
    with pytest.raises(ConfigurationError, match="no certificates"):
        told(arrivals)
    assert [*arrivals] == []
    wire.until_its_threads_end()
    assert not wire.under_way


def test_a_dead_connection_ends_the_run() -> None:
    wire = Wire({7: 2, 8: 2}, other={url_of(7, 2): Answer(401)}, me=Answer(401))
    world = World(wire)

    class Dead:
        unsaved = None

        def access_token(self) -> str:
            return "a token"

        def renew(self, rejected: str) -> None:
            assert rejected == "a token"
            msg = "Connect again."
            raise LoginNeeded(msg)

    world.client.tokens = Dead()
    arrivals = world.arrivals()
    assert told(islice(arrivals, 1)) == [(7, 1)]
    with pytest.raises(LoginNeeded, match="Connect again"):
        told(arrivals)
    assert wire.sent == [(7, 1), (7, 2)]
    wire.until_its_threads_end()


@pytest.mark.parametrize("most", [1, 4])
@pytest.mark.parametrize(("me", "renewals"), [(Answer(200, result="somebody"), 0), (Answer(401), 1)])
def test_a_401_met_in_many_divisions_at_once_is_asked_about_once(
    me: Answer[Any], renewals: int, most: int
) -> None:
    pages = dict.fromkeys([7, 8, 9, 10], 2)
    wire = Wire(pages, other={url_of(each, 1): Answer(401) for each in pages}, me=me)
    if most == 1 and renewals:
        wire.other = {url_of(7, 1): Answer(401)}  # the others are asked with the new token
    world = World(wire, most)
    assert by_division(told(world.arrivals())) == whole(pages)
    assert wire.witnessed == 1
    assert len(world.tokens.refused) == renewals


# --- Waiting -------------------------------------------------------------------------------------------------


def test_while_a_division_rests_another_is_read() -> None:
    wire = Wire({7: 2, 8: 2}, headers={7: {"X-RateLimit-Minutely-Remaining": "0"}})
    world = World(wire)
    found = told(world.arrivals())
    assert wire.sent == [(7, 1), (8, 1), (8, 2), (7, 2)]
    assert by_division(found) == whole({7: 2, 8: 2})
    assert world.clock.slept == [40]  # up to the end of the minute, once


def test_while_a_server_is_in_trouble_nobody_else_is_tried() -> None:
    wire = Wire({7: 2, 8: 1}, other={url_of(7, 1): Answer(503)})
    world = World(wire)
    assert by_division(told(world.arrivals())) == whole({7: 2, 8: 1})
    assert wire.sent == [(7, 1), (7, 1), (7, 2), (8, 1)]
    assert len(world.clock.slept) == 1


def test_a_rest_ends_in_time_although_an_answer_is_late() -> None:
    wire = Wire({7: 1, 8: 1}, held=True)
    wire.open(7, 1)

    def conversation(division: int) -> Conversation[Part]:
        if division == 7:
            yield Rest(0.1)
        answer = yield Send(
            Call(PATH, url_of(division, 1), division), "a token", msgspec.json.Decoder(Part).decode
        )
        yield answer.result

    reading: Reading[Part] = Reading(
        Scheduler(time.monotonic, 2, lambda _: 0.0), wire, World(wire).client.wait
    )
    arrivals = reading.arrivals(Wanted("accounts", [*wire.pages], conversation))
    assert told(islice(arrivals, 2)) == [(7, 1), (7, None)]
    wire.until(lambda: wire.under_way == {8: 1})
    wire.let_go()
    assert told(arrivals) == [(8, 1), (8, None)]


# --- Memory and threads --------------------------------------------------------------------------------------


def test_while_much_waits_to_be_written_no_call_is_made() -> None:
    pages = dict.fromkeys(range(4), 5)
    wire = Wire(pages, size=3 * MIB)
    world = World(wire, most=4)
    found, most_held = [], 0
    for arrival in world.arrivals():
        found.append((arrival.division, arrival.page.number if arrival.page else None))
        wire.until(lambda: not wire.under_way)  # all that was asked for is here: the loader is slow
        taken = sum(number is not None for _, number in found)
        most_held = max(most_held, (world.client.calls - taken) * wire.size)
    assert by_division(found) == whole(pages)
    # Less than 8 MiB when the last calls were made, and no more of them than there are places.
    assert most_held < 8 * MIB + 4 * wire.size


def test_pages_larger_than_all_that_may_wait_are_read_too() -> None:
    wire = Wire({7: 3, 8: 2}, size=9 * MIB)
    assert by_division(told(World(wire, most=2).arrivals())) == whole({7: 3, 8: 2})


def test_a_page_that_was_written_is_let_go_of() -> None:
    wire = Wire({7: 6})
    arrivals = World(wire).arrivals()
    pages = [weakref.ref(page) for each in arrivals if (page := each.page)]
    del page
    wire.until_its_threads_end()  # one that has just handed over an answer still holds it
    assert [ref() for ref in pages] == [None] * 6

    pages = []
    for each in World(Wire({7: 6})).arrivals():
        if each.page:
            pages.append(weakref.ref(each.page))
        # The last one tells where the next one is.
        assert sum(ref() is not None for ref in pages) <= 2


@pytest.mark.parametrize("most", [1, 3])
def test_threads_end_with_the_reading(most: int) -> None:
    wire = Wire({7: 2, 8: 2, 9: 2})
    assert len([*World(wire, most).arrivals()]) == 3 * 3
    assert 1 <= len(wire.threads) <= most
    assert threading.current_thread() not in wire.threads
    wire.until_its_threads_end()


def test_a_reading_that_is_left_waits_for_nothing_and_asks_for_nothing_more() -> None:
    wire = Wire({7: 3, 8: 3}, held=True)
    arrivals = World(wire).arrivals()
    wire.open(7, 1)
    next(arrivals)
    wire.until(lambda: wire.under_way == {7: 2})
    arrivals.close()  # type: ignore[attr-defined]
    assert wire.under_way == {7: 2}
    wire.let_go()
    wire.until_its_threads_end()
    assert wire.sent == [(7, 1), (7, 2)]

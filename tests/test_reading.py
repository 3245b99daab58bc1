"""Many divisions at once, over a wire whose answers come when the test lets them."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from tap_exact_online.calls import Call, Rest, Send
from tap_exact_online.client import Client
from tap_exact_online.errors import ConfigurationError, LimitReached, LoginNeeded, ReadError
from tap_exact_online.reading import Arrival, Conversation, Reading
from tap_exact_online.scheduler import Scheduler
from tap_exact_online.transport import Answer, Transport
from tests.fakes import BASE, Clock, make_client

PATH = "sync/CRM/Accounts"
MIB = 1 << 20
_PATIENCE = 20.0  # seconds until what does not come is a failure

Told = list[tuple[int, int | None]]  # the division and number of each page, None for an end


class Part(msgspec.Struct, weakref=True):
    """What a page comes to."""

    number: int
    size: int = 1
    next_link: str | None = None


def url_of(division: int, number: int) -> str:
    return f"{BASE}/{division}/{number}"


@dataclass
class Wire(Transport):
    """Answers with pages, a call at once or when the test opens it; notes what is under way.

    Attributes:
        pages: How many pages each division has.
        size: How large each of them is.
        held: Calls wait until they are opened.
        other: What is answered instead, once, or raised.
        headers: The headers of the answers of a division.
    """

    pages: dict[int, int]
    size: int = 1
    held: bool = False
    other: dict[str, Answer[Any] | BaseException] = field(default_factory=dict)
    headers: dict[int, dict[str, str]] = field(default_factory=dict)
    sent: list[tuple[int, int]] = field(default_factory=list)
    under_way: dict[int, int] = field(default_factory=dict)
    most: int = 0
    threads: set[threading.Thread] = field(default_factory=set)
    _opened: set[str] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @override
    def send(self, url: str, access_token: str, read: Callable[[bytes], Any]) -> Answer[Any]:
        division, number = map(int, url.removeprefix(f"{BASE}/").split("/"))
        with self._changed:
            assert division not in self.under_way, "two calls of one division"
            self.sent.append((division, number))
            self.under_way[division] = number
            self.most = max(self.most, len(self.under_way))
            self.threads.add(threading.current_thread())
            self._changed.notify_all()
            opened = self._changed.wait_for(lambda: not self.held or url in self._opened, _PATIENCE)
            assert opened, f"nobody opened {url}"
            del self.under_way[division]
            self._changed.notify_all()
        other = self.other.pop(url, None)
        if isinstance(other, BaseException):
            raise other
        if other is not None:
            return other
        link = url_of(division, number + 1) if number < self.pages[division] else None
        part = Part(number, self.size, link)
        return Answer(200, self.headers.get(division, {}), result=read(msgspec.json.encode(part)))

    def open(self, division: int, number: int) -> None:
        """Let a call be answered."""
        with self._changed:
            self._opened.add(url_of(division, number))
            self._changed.notify_all()

    def let_go(self) -> None:
        """Let every call be answered."""
        with self._changed:
            self.held = False
            self._changed.notify_all()

    def until(self, so: Callable[[], bool]) -> None:
        """Wait until something is so."""
        with self._changed:
            assert self._changed.wait_for(so, _PATIENCE), f"under way are {self.under_way}"

    def until_its_threads_end(self) -> None:
        for thread in self.threads:
            thread.join(_PATIENCE)
            assert not thread.is_alive()


def reading_of(wire: Wire, most: int = 1) -> tuple[Reading[Part], Client, Clock]:
    client, clock, _ = make_client()
    client.transport = wire

    def conversation(division: int) -> Conversation[Part]:
        call = Call(PATH, url_of(division, 1), division)
        return client.ask_pages(call, msgspec.json.Decoder(Part).decode)

    scheduler = Scheduler(clock, most, client.limits.wait)
    scheduler.add(wire.pages)
    return Reading(conversation, scheduler, wire, clock.sleep), client, clock


def told(arrivals: Iterator[Arrival[Part]]) -> Told:
    return [(each.division, each.page.number if each.page else None) for each in arrivals]


def whole(pages: dict[int, int]) -> dict[int, list[int | None]]:
    return {division: [*range(1, count + 1), None] for division, count in pages.items()}


def by_division(found: Told) -> dict[int, list[int | None]]:
    numbers: dict[int, list[int | None]] = {}
    for division, number in found:
        numbers.setdefault(division, []).append(number)
    return numbers


@contextmanager
def in_another_thread(wire: Wire, arrivals: Iterator[Arrival[Part]]) -> Iterator[Told]:
    """Take all arrivals while the test decides about the answers."""
    found: Told = []
    thread = threading.Thread(target=lambda: found.extend(told(arrivals)), daemon=True)
    thread.start()
    try:
        yield found
    except BaseException:
        wire.let_go()  # an example that is broken off leaves nothing behind
        raise
    finally:
        thread.join(_PATIENCE)
    assert not thread.is_alive()


# --- What is under way ---------------------------------------------------------------------------------------


def test_nothing_to_read_is_the_end() -> None:
    reading, client, clock = reading_of(Wire({}))
    assert [*reading.arrivals()] == []
    assert (client.calls, clock.slept) == (0, [])


def test_the_next_page_is_under_way_while_one_is_written() -> None:
    wire = Wire({7: 3}, held=True)
    arrivals = reading_of(wire)[0].arrivals()
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
    reading, client, clock = reading_of(wire)
    assert told(reading.arrivals()) == [
        *[(7, 1), (7, 2), (7, None)],
        *[(8, 1), (8, None)],
        *[(9, 1), (9, 2), (9, 3), (9, None)],
    ]
    assert wire.sent == [(7, 1), (7, 2), (8, 1), (9, 1), (9, 2), (9, 3)]
    assert (wire.most, len(wire.threads), client.calls, clock.slept) == (1, 1, 6, [])


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
    with in_another_thread(wire, reading_of(wire, most)[0].arrivals()) as found:
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
    arrivals = reading_of(wire, most=2)[0].arrivals()
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
        pytest.param(Answer(403, body=b"no"), ReadError, id="refused"),
        pytest.param(Answer(404), ReadError, id="not found"),
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
    arrivals = [*reading_of(wire, most)[0].arrivals()]
    errors = {each.division: each.error for each in arrivals if each.page is None}
    assert isinstance(errors.pop(8), kind)
    assert errors == {7: None, 9: None}
    expected = {**whole(pages), 8: [*range(1, number), None]}
    assert by_division(told(iter(arrivals))) == expected


@pytest.mark.parametrize("most", [1, 3])
def test_what_no_request_can_be_made_with_ends_the_run_in_the_thread_that_reads(most: int) -> None:
    wire = Wire({7: 2, 8: 3, 9: 2}, other={url_of(8, 2): ConfigurationError("no certificates")})
    arrivals = reading_of(wire, most)[0].arrivals()
    with pytest.raises(ConfigurationError, match="no certificates"):
        told(arrivals)
    assert [*arrivals] == []
    wire.until_its_threads_end()
    assert not wire.under_way


def test_a_dead_connection_ends_the_run() -> None:
    wire = Wire({7: 2, 8: 2}, other={url_of(7, 2): Answer(401)})
    reading, client, _ = reading_of(wire)

    class Dead:
        unsaved = None

        def access_token(self) -> str:
            return "a token"

        def renew(self, rejected: str) -> None:
            assert rejected == "a token"
            msg = "Connect again."
            raise LoginNeeded(msg)

    client.tokens = Dead()
    arrivals = reading.arrivals()
    assert told(islice(arrivals, 1)) == [(7, 1)]
    with pytest.raises(LoginNeeded, match="Connect again"):
        told(arrivals)
    assert wire.sent == [(7, 1), (7, 2)]
    wire.until_its_threads_end()


# --- Waiting -------------------------------------------------------------------------------------------------


def test_while_a_division_rests_another_is_read() -> None:
    wire = Wire({7: 2, 8: 2}, headers={7: {"X-RateLimit-Minutely-Remaining": "0"}})
    reading, _, clock = reading_of(wire)
    found = told(reading.arrivals())
    assert wire.sent == [(7, 1), (8, 1), (8, 2), (7, 2)]
    assert by_division(found) == whole({7: 2, 8: 2})
    assert clock.slept == [40]  # up to the end of the minute, once


def test_while_a_server_is_in_trouble_nobody_else_is_tried() -> None:
    wire = Wire({7: 2, 8: 1}, other={url_of(7, 1): Answer(503)})
    reading, _, clock = reading_of(wire)
    assert by_division(told(reading.arrivals())) == whole({7: 2, 8: 1})
    assert wire.sent == [(7, 1), (7, 1), (7, 2), (8, 1)]
    assert len(clock.slept) == 1


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

    scheduler = Scheduler(time.monotonic, 2, lambda _: 0.0)
    scheduler.add(wire.pages)
    arrivals = Reading(conversation, scheduler, wire, Clock().sleep).arrivals()
    assert told(islice(arrivals, 2)) == [(7, 1), (7, None)]
    assert wire.under_way == {8: 1}
    wire.let_go()
    assert told(arrivals) == [(8, 1), (8, None)]


# --- Memory and threads --------------------------------------------------------------------------------------


def test_while_much_waits_to_be_written_no_call_is_made() -> None:
    pages = dict.fromkeys(range(4), 5)
    wire = Wire(pages, size=3 * MIB)
    reading, client, _ = reading_of(wire, most=4)
    found, most_held = [], 0
    for arrival in reading.arrivals():
        found.append((arrival.division, arrival.page.number if arrival.page else None))
        wire.until(lambda: not wire.under_way)  # all that was asked for is here: the loader is slow
        taken = sum(number is not None for _, number in found)
        most_held = max(most_held, (client.calls - taken) * wire.size)
    assert by_division(found) == whole(pages)
    # Less than 8 MiB when the last calls were made, and no more of them than there are places.
    assert most_held < 8 * MIB + 4 * wire.size


def test_pages_larger_than_all_that_may_wait_are_read_too() -> None:
    wire = Wire({7: 3, 8: 2}, size=9 * MIB)
    assert by_division(told(reading_of(wire, most=2)[0].arrivals())) == whole({7: 3, 8: 2})


def test_a_page_that_was_written_is_let_go_of() -> None:
    wire = Wire({7: 6})
    arrivals = reading_of(wire)[0].arrivals()
    pages = [weakref.ref(page) for each in arrivals if (page := each.page)]
    del page
    assert [ref() for ref in pages] == [None] * 6

    pages = []
    for each in reading_of(Wire({7: 6}))[0].arrivals():
        if each.page:
            pages.append(weakref.ref(each.page))
        # The last one tells where the next one is.
        assert sum(ref() is not None for ref in pages) <= 2


@pytest.mark.parametrize("most", [1, 3])
def test_threads_end_with_the_reading(most: int) -> None:
    wire = Wire({7: 2, 8: 2, 9: 2})
    assert len([*reading_of(wire, most)[0].arrivals()]) == 3 * 3
    assert 1 <= len(wire.threads) <= most
    assert threading.current_thread() not in wire.threads
    wire.until_its_threads_end()


def test_a_reading_that_is_left_waits_for_nothing_and_asks_for_nothing_more() -> None:
    wire = Wire({7: 3, 8: 3}, held=True)
    arrivals = reading_of(wire)[0].arrivals()
    wire.open(7, 1)
    next(arrivals)
    wire.until(lambda: wire.under_way == {7: 2})
    arrivals.close()  # type: ignore[attr-defined]
    assert wire.under_way == {7: 2}
    wire.let_go()
    wire.until_its_threads_end()
    assert wire.sent == [(7, 1), (7, 2)]

"""A wire whose answers come when the test lets them, and a reading over it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
from typing_extensions import override

from tap_exact_online.reading.crew import Arrival, Conversation, Reading, Wanted
from tap_exact_online.reading.scheduler import Scheduler
from tap_exact_online.wire.calls import Call
from tap_exact_online.wire.transport import Answer, Transport
from tests.fakes import BASE, make_client

PATH = "sync/CRM/Accounts"
MIB = 1 << 20
PATIENCE = 20.0  # seconds until what does not come is a failure

Told = list[tuple[int, int | None]]  # the division and number of each page, None for an end


class Part(msgspec.Struct, weakref=True):
    """What a page comes to."""

    number: int
    size: int = 1
    next_link: str | None = None


def url_of(division: int, number: int, stream: str = "accounts") -> str:
    return f"{BASE}/{division}/{stream}?$skiptoken={number}"


@dataclass
class Wire(Transport):
    """Answers with pages, a call at once or when the test opens it; notes what is under way.

    Attributes:
        pages: How many pages each division has, of any stream.
        size: How large each of them is.
        held: Calls wait until they are opened.
        other: What is answered instead, once, or raised.
        headers: The headers of the answers of a division.
        me: What is answered to who asks for its own page.
        witnessed: How often that was asked for.
        asked: The stream, division and number of each call.
    """

    pages: dict[int, int]
    size: int = 1
    held: bool = False
    other: dict[str, Answer[Any] | BaseException] = field(default_factory=dict)
    headers: dict[int, dict[str, str]] = field(default_factory=dict)
    me: Answer[Any] = field(default_factory=lambda: Answer(200, result="somebody"))
    witnessed: int = 0
    asked: list[tuple[str, int, int]] = field(default_factory=list)
    under_way: dict[int, int] = field(default_factory=dict)
    most: int = 0
    threads: set[threading.Thread] = field(default_factory=set)
    _before: set[threading.Thread] = field(default_factory=lambda: {*threading.enumerate()})
    _opened: set[str] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @override
    def send(self, url: str, access_token: str, read: Callable[[bytes], Any]) -> Answer[Any]:
        if url.startswith(f"{BASE}/api/v1/current/Me?"):
            self.witnessed += 1
            return self.me
        code, stream, page = url.removeprefix(f"{BASE}/").replace("?$skiptoken=", "/").split("/")
        division, number = int(code), int(page)
        with self._changed:
            assert division not in self.under_way, "two calls of one division"
            self.asked.append((stream, division, number))
            self.under_way[division] = number
            self.most = max(self.most, len(self.under_way))
            self.threads.add(threading.current_thread())
            self._changed.notify_all()
            opened = self._changed.wait_for(lambda: not self.held or url in self._opened, PATIENCE)
            assert opened, f"nobody opened {url}"
            del self.under_way[division]
            self._changed.notify_all()
        other = self.other.pop(url, None)
        if isinstance(other, BaseException):
            raise other
        if other is not None:
            return other
        link = url_of(division, number + 1, stream) if number < self.pages[division] else None
        part = Part(number, self.size, link)
        return Answer(200, self.headers.get(division, {}), result=read(msgspec.json.encode(part)))

    @property
    def sent(self) -> list[tuple[int, int]]:
        """The division and number of each call."""
        return [(division, number) for _, division, number in self.asked]

    def last_of(self, division: int) -> tuple[str, int, int]:
        """Return the last call of a division."""
        return next(each for each in reversed(self.asked) if each[1] == division)

    def open(self, division: int, number: int, stream: str = "accounts") -> None:
        """Let a call be answered."""
        with self._changed:
            self._opened.add(url_of(division, number, stream))
            self._changed.notify_all()

    def let_go(self) -> None:
        """Let every call be answered."""
        with self._changed:
            self.held = False
            self._changed.notify_all()

    def until(self, so: Callable[[], bool]) -> None:
        """Wait until something is so."""
        with self._changed:
            assert self._changed.wait_for(so, PATIENCE), f"under way are {self.under_way}"

    def until_its_threads_end(self) -> None:
        """Wait for the threads that were started since, also for one that has not called yet."""
        for thread in {*threading.enumerate()} - self._before:
            if thread.name.startswith("calls-"):
                thread.join(PATIENCE)
                assert not thread.is_alive()


@dataclass
class World:
    """A reading over a wire, and what belongs to it."""

    wire: Wire
    most: int = 1

    def __post_init__(self) -> None:
        self.client, self.clock, self.tokens = make_client()
        self.client.transport = self.wire
        scheduler = Scheduler(self.clock, self.most, self.client.limits.wait)
        self.reading: Reading[Part] = Reading(scheduler, self.wire, self.client.wait)

    def wanted(self, stream: str, divisions: Sequence[int] | None = None) -> Wanted[Part]:
        """Want divisions of a stream; None for all that the wire has."""
        return Wanted(
            stream,
            [*self.wire.pages] if divisions is None else divisions,
            partial(self._conversation, stream),
        )

    def _conversation(self, stream: str, division: int) -> Conversation[Part]:
        call = Call(PATH, url_of(division, 1, stream), division)
        return self.client.ask_pages(call, msgspec.json.Decoder(Part).decode)

    def arrivals(self, *streams: str) -> Iterator[Arrival[Part]]:
        """Read all divisions for one stream; where there is a second one, that is ahead."""
        wanted = [self.wanted(stream) for stream in streams or ("accounts",)]
        return self.reading.arrivals(*wanted)


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
        thread.join(PATIENCE)
    assert not thread.is_alive()

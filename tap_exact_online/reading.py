"""Many divisions at once: conversations are held in one thread, their calls are made in others.

While the rows of one page are written, the next page is on its way. All that is decided (limits, retries, tokens,
bookmarks) is decided in the thread that asks for the arrivals; a token is therefore never spent by two threads, nor by one
that a signal does not reach.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

from tap_exact_online.calls import BackOff, Need, Rest, Send
from tap_exact_online.errors import LimitReached, ReadError
from tap_exact_online.scheduler import Scheduler
from tap_exact_online.transport import Answer, Transport


class Sized(Protocol):
    """Something that takes up memory until it is written."""

    @property
    def size(self) -> int:
        """About how many bytes."""
        ...


_Page = TypeVar("_Page", bound=Sized)

_MOST_WAITING = 8 << 20
"""No call is made while pages of so many bytes have arrived and wait to be written: the loader is what is slow."""


@dataclass(frozen=True, slots=True)
class Arrival(Generic[_Page]):
    """A page of a division, or the end of it.

    Attributes:
        division: The division.
        page: The page, or None at the end.
        error: Why the division ends before its last page; None where it was read whole.
    """

    division: int
    page: _Page | None
    error: ReadError | LimitReached | None = None


Conversation = Generator[Need | _Page, Any, None]


class Crew:
    """Threads that make calls. Nobody waits for them at the end of a run: an answer that comes later is not needed."""

    def __init__(self, transport: Transport) -> None:
        """Start no thread yet.

        Args:
            transport: What to make the calls with.
        """
        self._transport = transport
        self._calls: SimpleQueue[tuple[int, Send[Any]] | None] = SimpleQueue()
        self._answers: SimpleQueue[tuple[int, Answer[Any] | BaseException]] = SimpleQueue()
        self._threads = 0
        self.under_way = 0

    def send(self, division: int, send: Send[Any]) -> None:
        """Make a call in a thread that has nothing else to do."""
        self.under_way += 1
        if self.under_way > self._threads:
            self._threads += 1
            threading.Thread(target=self._work, name=f"calls-{self._threads}", daemon=True).start()
        self._calls.put((division, send))

    def answer(self, timeout: float | None) -> tuple[int, Answer[Any]] | None:
        """Return the next answer and its division, None where none comes in time.

        Args:
            timeout: Seconds to wait, None for as long as it takes.
        """
        try:
            division, answer = (
                self._answers.get(timeout=timeout) if timeout != 0 else self._answers.get_nowait()
            )
        except Empty:
            return None
        self.under_way -= 1
        if isinstance(answer, BaseException):
            raise answer
        return division, answer

    def dismiss(self) -> None:
        """Let the threads end when they have done what they are doing."""
        for _ in range(self._threads):
            self._calls.put(None)

    def _work(self) -> None:
        while (task := self._calls.get()) is not None:
            division, send = task
            answer: Answer[Any] | BaseException
            try:
                answer = self._transport.send(send.call.url, send.token, send.read)
            except BaseException as error:  # noqa: BLE001  raised again where the answer is taken
                answer = error
            # Not held on to while the next call is waited for: a page is megabytes.
            self._answers.put((division, answer))
            del task, send, answer


class Reading(Generic[_Page]):
    """Reads divisions, each as its conversation goes."""

    def __init__(
        self,
        conversation: Callable[[int], Conversation[_Page]],
        scheduler: Scheduler,
        transport: Transport,
        sleep: Callable[[float], None],
    ) -> None:
        """Begin nothing yet.

        Args:
            conversation: Begins the conversation of a division.
            scheduler: Knows the divisions and whose turn it is.
            transport: What to make the calls with.
            sleep: Waits for a number of seconds, while nothing is under way.
        """
        self._begin = conversation
        self._scheduler = scheduler
        self._crew = Crew(transport)
        self._sleep = sleep
        self._conversations: dict[int, Conversation[_Page]] = {}
        self._arrived: deque[Arrival[_Page]] = deque()
        self._waiting = 0

    def arrivals(self) -> Iterator[Arrival[_Page]]:
        """Give pages and ends as they come; those of one division in their order.

        Raises:
            TapError: Something that ends the run.
        """
        try:
            while True:
                self._collect()
                while self._waiting < _MOST_WAITING and (division := self._scheduler.turn()) is not None:
                    self._go_on(division, None)
                if self._arrived:
                    arrival = self._arrived.popleft()
                    self._waiting -= arrival.page.size if arrival.page else 0
                    yield arrival
                    del arrival
                elif not self._crew.under_way:
                    wait = self._scheduler.wait()
                    if wait is None:
                        return
                    if wait > 0:
                        self._sleep(wait)
        finally:
            self._crew.dismiss()

    def _collect(self) -> None:
        """Take the answers that are there; wait for one where there is nothing else to do."""
        timeout = 0.0 if self._arrived else self._scheduler.wait()
        while self._crew.under_way and (came := self._crew.answer(timeout)):
            self._go_on(*came)
            timeout = 0.0

    def _go_on(self, division: int, answer: Answer[Any] | None) -> None:
        """Hand a conversation what it asked for, up to its next need."""
        conversation = self._conversations.get(division)
        if conversation is None:
            conversation = self._conversations[division] = self._begin(division)
        try:
            need = conversation.send(answer)
            while not isinstance(need, Send | Rest | BackOff):
                self._arrive(Arrival(division, need))
                need = next(conversation)
        except StopIteration:
            self._end(Arrival(division, None))
        except (ReadError, LimitReached) as error:
            self._end(Arrival(division, None, error))
        else:
            if isinstance(need, Send):
                self._crew.send(division, need)
            elif isinstance(need, Rest):
                self._scheduler.rests(division, need.seconds)
            else:
                self._scheduler.backs_off(division, need.seconds)

    def _arrive(self, arrival: Arrival[_Page]) -> None:
        self._arrived.append(arrival)
        self._waiting += arrival.page.size if arrival.page else 0

    def _end(self, arrival: Arrival[_Page]) -> None:
        del self._conversations[arrival.division]
        self._scheduler.ended(arrival.division)
        self._arrive(arrival)

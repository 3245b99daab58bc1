"""Many divisions at once: conversations are held in one thread, their calls are made in others.

While the rows of one page are written, the next page is on its way, and while the last divisions of a stream are read, the
first ones of the stream after it. All that is decided (limits, retries, tokens,
bookmarks) is decided in the thread that asks for the arrivals; a token is therefore never spent by two threads, nor by one
that a signal does not reach.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

from tap_exact_online.errors import ContractUsedUp, LimitReached, ReadError
from tap_exact_online.reading.scheduler import Partition, Scheduler
from tap_exact_online.wire import Answer, BackOff, Need, Reader, Rest, Send, Sink, Transport


class Sized(Protocol):
    """Something that takes up memory until it is written."""

    @property
    def size(self) -> int:
        """About how many bytes."""
        ...


_Page = TypeVar("_Page", bound=Sized)

_MOST_WAITING = 8 << 20
"""No call is made for a stream while pages of it of so many bytes wait to be written: the loader is what is slow."""


@dataclass(frozen=True, slots=True)
class Arrival(Generic[_Page]):
    """A page of a division, or the end of it.

    Attributes:
        division: The division.
        page: The page, or None at the end.
        error: Why the division ends before its last page; None where it was read whole.
        calls: At the end, how many calls the division took.
    """

    division: int
    page: _Page | None
    error: ReadError | LimitReached | None = None
    calls: int = 0


Conversation = Generator[Need | _Page, Any, None]


@dataclass(frozen=True, slots=True)
class Wanted(Generic[_Page]):
    """What a stream wants read.

    Attributes:
        stream: Its name.
        divisions: The divisions, in their order.
        conversation: Begins the conversation of a division.
    """

    stream: str
    divisions: Sequence[int]
    conversation: Callable[[int], Conversation[_Page]]


class Crew:
    """Threads that make calls. Nobody waits for them at the end of a run: an answer that comes later is not needed."""

    def __init__(self, transport: Transport) -> None:
        """Start no thread yet.

        Args:
            transport: What to make the calls with.
        """
        self._transport = transport
        self._calls: SimpleQueue[tuple[Partition, Send[Any]] | None] = SimpleQueue()
        self._answers: SimpleQueue[tuple[Partition, Answer[Any] | BaseException]] = SimpleQueue()
        self._threads = 0
        # Python runs one thread at a time anyway: one after the other, only one half-made page takes up memory.
        self._one_reads = threading.Lock()
        self.under_way = 0

    def send(self, partition: Partition, send: Send[Any]) -> None:
        """Make a call in a thread that has nothing else to do."""
        self.under_way += 1
        if self.under_way > self._threads:
            self._threads += 1
            threading.Thread(target=self._work, name=f"calls-{self._threads}", daemon=True).start()
        self._calls.put((partition, send))

    def answer(self, timeout: float | None) -> tuple[Partition, Answer[Any]] | None:
        """Return the next answer and its partition, None where none comes in time.

        Args:
            timeout: Seconds to wait, None for as long as it takes.
        """
        try:
            partition, answer = (
                self._answers.get(timeout=timeout) if timeout != 0 else self._answers.get_nowait()
            )
        except Empty:
            return None
        self.under_way -= 1
        if isinstance(answer, BaseException):
            raise answer
        return partition, answer

    def dismiss(self) -> None:
        """Let the threads end when they have done what they are doing."""
        for _ in range(self._threads):
            self._calls.put(None)

    def _alone(self, read: Reader[Any]) -> Reader[Any]:
        if isinstance(read, Sink):  # it mostly waits, for the next part or for the disk
            return read

        def alone(body: bytes) -> Any:
            with self._one_reads:
                return read(body)

        return alone

    def _work(self) -> None:
        while (task := self._calls.get()) is not None:
            partition, send = task
            answer: Answer[Any] | BaseException
            try:
                answer = self._transport.send(send.call.url, send.token, self._alone(send.read))
            except BaseException as error:  # noqa: BLE001  raised again where the answer is taken
                answer = error
            # Not held on to while the next call is waited for: a page is megabytes.
            self._answers.put((partition, answer))
            del task, send, answer


class Reading(Generic[_Page]):
    """Reads partitions, each as its conversation goes."""

    def __init__(
        self, scheduler: Scheduler, transport: Transport, wait: Callable[[float, Callable[[], bool]], None]
    ) -> None:
        """Begin nothing yet.

        Args:
            scheduler: Knows whose turn it is; nothing was added to it yet.
            transport: What to make the calls with.
            wait: Waits for a number of seconds, while nothing is under way. It can ask whether that is for a server in
                trouble.
        """
        self._scheduler = scheduler
        self._transport = transport
        self._wait = wait
        self._crew = Crew(transport)
        self._forget()

    def _forget(self) -> None:
        """Begin anew: what is under way is not waited for."""
        self._crew.dismiss()
        self._crew = Crew(self._transport)
        self._scheduler.forget()
        self._wanted: dict[str, Wanted[_Page]] = {}
        self._conversations: dict[Partition, Conversation[_Page]] = {}
        self._calls: Counter[Partition] = Counter()
        self._arrived: dict[str, deque[Arrival[_Page]]] = {}
        self._waiting: Counter[str] = Counter()
        self._over: ContractUsedUp | None = None

    def arrivals(self, wanted: Wanted[_Page], ahead: Wanted[_Page] | None = None) -> Iterator[Arrival[_Page]]:
        """Give pages and ends of a stream as they come; those of one division in their order.

        Args:
            wanted: What to read.
            ahead: What will be asked for next, or None. It is begun where nothing of this stream could go out; what comes
                of it is kept until then.

        Raises:
            TapError: Something that ends the run.
        """
        stream = wanted.stream
        first = next(iter(self._wanted), stream)
        if first != stream:  # it was left, and whoever read it may not have closed it yet
            self._forget()
        self._add(wanted)
        if ahead is not None:
            self._add(ahead)
        arrived = self._arrived[stream]
        try:
            while arrived or self._goes_on(stream):
                if self._over is None:
                    self._advance(arrived)
                if arrived:
                    arrival = arrived.popleft()
                    self._waiting[stream] -= arrival.page.size if arrival.page else 0
                    yield arrival
                    del arrival
                elif (
                    self._over is None
                    and not self._crew.under_way
                    and (wait := self._scheduler.wait(self._open()))
                ):
                    self._wait(wait, self._scheduler.in_trouble)
        except BaseException:  # also where nobody takes the rest
            if self._arrived.get(stream) is arrived:
                self._forget()
            raise
        del self._wanted[stream], self._arrived[stream], self._waiting[stream]
        if not self._wanted:
            self._forget()

    def _goes_on(self, stream: str) -> bool:
        """Tell whether more of a stream may come; raise what has ended the run, unless there is something of the next one."""
        if self._over is not None:
            if any(self._arrived[other] for other in self._wanted if other != stream):
                return False
            raise self._over
        return bool(self._scheduler.left(stream))

    def _advance(self, arrived: Collection[Arrival[_Page]]) -> None:
        """Take what has come, and begin what may begin."""
        self._collect(arrived)
        while self._over is None and (partition := self._scheduler.turn(self._open())):
            self._go_on(partition, None)

    def _add(self, wanted: Wanted[_Page]) -> None:
        if wanted.stream not in self._wanted:
            self._wanted[wanted.stream] = wanted
            self._arrived[wanted.stream] = deque()
            self._scheduler.add(wanted.stream, wanted.divisions)

    def _open(self) -> Collection[str]:
        """Return the streams of which more pages may come."""
        return [stream for stream in self._wanted if self._waiting[stream] < _MOST_WAITING]

    def _collect(self, arrived: Collection[Arrival[_Page]]) -> None:
        """Take the answers that are there; wait for one where there is nothing else to do."""
        timeout = 0.0 if arrived else self._scheduler.wait(self._open())
        while self._crew.under_way and (came := self._crew.answer(timeout)):
            self._go_on(*came)
            timeout = 0.0

    def _go_on(self, partition: Partition, answer: Answer[Any] | None) -> None:
        """Hand a conversation what it asked for, up to its next need."""
        conversation = self._conversations.get(partition)
        if conversation is None:
            begin = self._wanted[partition.stream].conversation
            conversation = self._conversations[partition] = begin(partition.division)
        try:
            need = conversation.send(answer)
            while not isinstance(need, Send | Rest | BackOff):
                self._arrive(partition, need)
                need = next(conversation)
        except StopIteration:
            self._end(partition, None)
        except ContractUsedUp as error:  # in all divisions; what has arrived was paid for, and is written
            self._over = error
        except (ReadError, LimitReached) as error:
            self._end(partition, error)
        else:
            if isinstance(need, Send):
                if self._over is None:
                    self._calls[partition] += 1
                    self._crew.send(partition, need)
            elif isinstance(need, Rest):
                self._scheduler.rests(partition, need.seconds)
            else:
                self._scheduler.backs_off(partition, need.seconds)

    def _arrive(self, partition: Partition, page: _Page) -> None:
        self._arrived[partition.stream].append(Arrival(partition.division, page))
        self._waiting[partition.stream] += page.size

    def _end(self, partition: Partition, error: ReadError | LimitReached | None) -> None:
        del self._conversations[partition]
        self._scheduler.ended(partition)
        calls = self._calls.pop(partition, 0)
        self._arrived[partition.stream].append(Arrival(partition.division, None, error, calls))

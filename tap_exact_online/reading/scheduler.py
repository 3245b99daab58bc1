"""Which partition goes next. Pure: the clock is handed in, nothing is sent or waited for here.

There may be thousands of divisions. Whatever waits, for a moment or for its turn, stands in a heap: a turn looks at the few
that it is about.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush, heapreplace
from itertools import count
from typing import NamedTuple


class Partition(NamedTuple):
    """A division of a stream."""

    stream: str
    division: int


@dataclass(slots=True)
class _Line:
    """The divisions of a stream. One that another stream is read for before stands in no heap yet.

    Attributes:
        divisions: All of them, in their order.
        left: How many have not ended.
        ranks: The place of each in their order.
        fresh: Those that may begin if their allowance lets them, by their rank. A heap.
        closed: When the allowance of those that it did not let is back, and their rank. A heap.
        resting: When those that were begun have rested, and their number in the order of beginning. A heap.
        rested: Those that have rested, by that number. A heap.
        backing_off: When those that keep their place meanwhile may go on.
    """

    divisions: Sequence[int]
    left: int
    ranks: dict[int, int]
    fresh: list[int] = field(default_factory=list)
    closed: list[tuple[float, int]] = field(default_factory=list)
    resting: list[tuple[float, int, int]] = field(default_factory=list)
    rested: list[tuple[int, int]] = field(default_factory=list)
    backing_off: dict[int, float] = field(default_factory=dict)

    def move_on(self, now: float) -> None:
        """Put those whose moment has come where they wait for their turn."""
        while self.resting and self.resting[0][0] <= now:
            _, number, division = heappop(self.resting)
            heappush(self.rested, (number, division))
        while self.closed and self.closed[0][0] <= now:
            _, rank = heappop(self.closed)
            heappush(self.fresh, rank)

    def back(self, now: float) -> int | None:
        """Return the one that has backed off for long enough, or None."""
        return next((division for division, at in self.backing_off.items() if at <= now), None)

    def take_open(self, now: float, allowance: Callable[[int], float]) -> int | None:
        """Take out the first that was not begun and may be now, or None.

        An allowance is asked for when it may be a division's turn, and again when it should be back. Only that of the first
        to come back is asked for at every turn: a minute may end sooner than was told, and then it does so for all.
        """
        waiting = len(self.closed)
        if (rank := self.shut(now, allowance)) is not None:
            heappop(self.fresh)
            return self.divisions[rank]
        if waiting and waiting == len(self.closed):
            _, rank = self.closed[0]
            if not (seconds := allowance(self.divisions[rank])):
                heappop(self.closed)
                return self.divisions[rank]
            heapreplace(self.closed, (now + seconds, rank))
        return None

    def shut(self, now: float, allowance: Callable[[int], float]) -> int | None:
        """Set those aside that may not begin yet, up to the first that may. Return its rank, or None."""
        while self.fresh:
            if not (seconds := allowance(self.divisions[self.fresh[0]])):
                return self.fresh[0]
            heappush(self.closed, (now + seconds, heappop(self.fresh)))
        return None

    def moments(self, now: float, allowance: Callable[[int], float]) -> Iterator[float]:
        """Give the moments at which one that is not backing off may go on."""
        if self.rested or self.shut(now, allowance) is not None:
            yield now
        yield from (heap[0][0] for heap in (self.resting, self.closed) if heap)


@dataclass(slots=True)
class Scheduler:
    """Gives out turns to partitions, so many at once, and never two in one division.

    Streams go in the order in which they are added, and a division is read for one stream after the other: nothing of a
    stream is begun in a division that an earlier one still needs. A partition that was begun goes before one of its stream
    that was not: its pages are what the bookmarks wait for. While it rests until its allowance comes back, others go. While
    it backs off from a server in trouble it holds its place, so that trouble is met by as many calls as are made at once,
    not by one for each division; but an earlier stream, which is written first, does not wait for the trouble of a later one.

    Attributes:
        clock: Returns the time in seconds.
        most: How many may be under way at once.
        allowance: Returns the seconds until a call to a division makes sense: 0 when it may go out now.
    """

    clock: Callable[[], float]
    most: int
    allowance: Callable[[int], float]
    _lines: dict[str, _Line] = field(default_factory=dict)
    _queues: dict[int, deque[str]] = field(default_factory=dict)
    """The streams that a division is still to be read for: the first of them now."""
    _begun: dict[Partition, int] = field(default_factory=dict)
    _under_way: set[Partition] = field(default_factory=set)
    """Those that hold a place for a call that has gone out."""
    _numbers: Iterator[int] = field(default_factory=count)

    def add(self, stream: str, divisions: Iterable[int]) -> None:
        """Add the divisions of a stream to be read, in their order, after those of the streams there are."""
        known = [*divisions]
        if not known:
            return
        line = self._lines[stream] = _Line(known, len(known), {each: rank for rank, each in enumerate(known)})
        for rank, division in enumerate(known):
            queue = self._queues.setdefault(division, deque())
            queue.append(stream)
            if len(queue) == 1:
                heappush(line.fresh, rank)

    def left(self, stream: str) -> int:
        """Return how many divisions of a stream have not ended."""
        return self._lines[stream].left if stream in self._lines else 0

    def forget(self) -> None:
        """Forget everything that was added."""
        for known in (self._lines, self._queues, self._begun, self._under_way):
            known.clear()

    def turn(self, streams: Collection[str]) -> Partition | None:
        """Return the partition whose turn it is now, or None. It holds a place until it rests or ends.

        Args:
            streams: Those that may go on. What backs off may go on in any case: it keeps others from being tried.
        """
        now = self.clock()
        taken = len(self._under_way)
        if taken >= self.most:
            return None
        for stream, line in self._lines.items():
            if (division := line.back(now)) is not None:
                del line.backing_off[division]
                return self._begin(Partition(stream, division))
            # From their stream, and from those after it.
            taken += len(line.backing_off)
            if stream not in streams or taken >= self.most:
                continue
            line.move_on(now)
            if line.rested:
                return self._begin(Partition(stream, heappop(line.rested)[1]))
            if (division := line.take_open(now, self.allowance)) is not None:
                return self._begin(Partition(stream, division))
        return None

    def _begin(self, partition: Partition) -> Partition:
        if partition not in self._begun:
            self._begun[partition] = next(self._numbers)
        self._under_way.add(partition)
        return partition

    def rests(self, partition: Partition, seconds: float) -> None:
        """Let others go until a division has calls left again."""
        self._under_way.remove(partition)
        resting = (self.clock() + seconds, self._begun[partition], partition.division)
        heappush(self._lines[partition.stream].resting, resting)

    def backs_off(self, partition: Partition, seconds: float) -> None:
        """Keep the place of a partition for which the server needs time."""
        self._under_way.remove(partition)
        self._lines[partition.stream].backing_off[partition.division] = self.clock() + seconds

    def ended(self, partition: Partition) -> None:
        """Take note that a partition needs nothing more."""
        self._under_way.discard(partition)
        del self._begun[partition]
        queue = self._queues[partition.division]
        queue.popleft()
        if queue:
            line = self._lines[queue[0]]
            heappush(line.fresh, line.ranks[partition.division])
        else:
            del self._queues[partition.division]
        line = self._lines[partition.stream]
        line.left -= 1
        if not line.left:
            del self._lines[partition.stream]

    def in_trouble(self) -> bool:
        """Tell whether the first stream backs off: what is waited for is then the server, not an allowance."""
        return any(line.backing_off for line in [*self._lines.values()][:1])

    def wait(self, streams: Collection[str]) -> float | None:
        """Return the seconds until `turn` may give another answer, None where only an answer can change it.

        That is also so where nothing is left to do.

        Args:
            streams: Those that may go on.
        """
        taken = len(self._under_way)
        if taken >= self.most:
            return None
        now = self.clock()
        moments: list[float] = []
        for stream, line in self._lines.items():
            taken += len(line.backing_off)
            moments += line.backing_off.values()
            if stream in streams and taken < self.most:
                moments += line.moments(now, self.allowance)
        return max(0.0, min(moments) - now) if moments else None

"""Which partition goes next. Pure: the clock is handed in, nothing is sent or waited for here."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple


class Partition(NamedTuple):
    """A division of a stream."""

    stream: str
    division: int


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
    _fresh: dict[str, deque[int]] = field(default_factory=dict)
    _queues: dict[int, deque[str]] = field(default_factory=dict)
    """The streams that a division is still to be read for: the first of them now."""
    _due: dict[Partition, float] = field(default_factory=dict)
    _begun: dict[Partition, int] = field(default_factory=dict)
    _places: set[Partition] = field(default_factory=set)
    _left: Counter[str] = field(default_factory=Counter)
    _numbers: Iterator[int] = field(default_factory=count)

    def add(self, stream: str, divisions: Iterable[int]) -> None:
        """Add the divisions of a stream to be read, in their order, after those of the streams there are."""
        if fresh := deque(divisions):
            self._fresh[stream] = fresh
            self._left[stream] = len(fresh)
        for division in fresh:
            self._queues.setdefault(division, deque()).append(stream)

    def left(self, stream: str) -> int:
        """Return how many divisions of a stream have not ended."""
        return self._left[stream]

    def forget(self) -> None:
        """Forget everything that was added."""
        for known in (self._fresh, self._queues, self._due, self._begun, self._places, self._left):
            known.clear()

    def turn(self, streams: Collection[str]) -> Partition | None:
        """Return the partition whose turn it is now, or None. It holds a place until it rests or ends.

        Args:
            streams: Those that may go on. What backs off may go on in any case: it keeps others from being tried.
        """
        now = self.clock()
        under_way = self._under_way()
        if under_way >= self.most:
            return None
        due = [partition for partition, at in self._due.items() if at <= now]
        taken = under_way
        for stream, fresh in self._fresh.items():
            mine = [partition for partition in due if partition.stream == stream]
            if held := [partition for partition in mine if partition in self._places]:
                return self._begin(held[0])
            taken += self._backing_off(stream)
            if stream not in streams or taken >= self.most:
                continue
            if mine:
                return self._begin(min(mine, key=self._begun.__getitem__))
            for division in self._first_in_line(stream):
                if not self.allowance(division):
                    fresh.remove(division)
                    return self._begin(Partition(stream, division))
        return None

    def _under_way(self) -> int:
        """Return how many hold a place for a call that has gone out."""
        return sum(partition not in self._due for partition in self._places)

    def _backing_off(self, stream: str) -> int:
        """Return how many partitions of a stream keep a place while they wait: from their stream, and from those after it."""
        return sum(partition in self._due and partition.stream == stream for partition in self._places)

    def _first_in_line(self, stream: str) -> Iterator[int]:
        """Return the divisions that nothing was begun in for a stream, and that no other stream is read for before."""
        return (division for division in self._fresh[stream] if self._queues[division][0] == stream)

    def _begin(self, partition: Partition) -> Partition:
        self._due.pop(partition, None)
        self._begun.setdefault(partition, next(self._numbers))
        self._places.add(partition)
        return partition

    def rests(self, partition: Partition, seconds: float) -> None:
        """Let others go until a division has calls left again."""
        self._places.discard(partition)
        self._due[partition] = self.clock() + seconds

    def backs_off(self, partition: Partition, seconds: float) -> None:
        """Keep the place of a partition for which the server needs time."""
        self._due[partition] = self.clock() + seconds

    def ended(self, partition: Partition) -> None:
        """Take note that a partition needs nothing more."""
        self._places.discard(partition)
        del self._begun[partition]
        self._queues[partition.division].popleft()
        self._left[partition.stream] -= 1
        if not self._left[partition.stream]:
            del self._fresh[partition.stream], self._left[partition.stream]

    def in_trouble(self) -> bool:
        """Tell whether the first stream backs off: what is waited for is then the server, not an allowance."""
        return any(self._backing_off(stream) for stream in [*self._fresh][:1])

    def wait(self, streams: Collection[str]) -> float | None:
        """Return the seconds until `turn` may give another answer, None where only an answer can change it.

        That is also so where nothing is left to do.

        Args:
            streams: Those that may go on.
        """
        taken = self._under_way()
        if taken >= self.most:
            return None
        now = self.clock()
        waits = []
        for stream in self._fresh:
            taken += self._backing_off(stream)
            goes = stream in streams and taken < self.most
            waits += [
                at - now
                for partition, at in self._due.items()
                if partition.stream == stream and (goes or partition in self._places)
            ]
            if goes:
                waits += [self.allowance(division) for division in self._first_in_line(stream)]
        return max(0.0, min(waits)) if waits else None

"""Which division goes next. Pure: the clock is handed in, nothing is sent or waited for here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Scheduler:
    """Gives out turns to divisions, so many at once, and never two to one division.

    A division that was begun goes before one that was not: its pages are what the bookmarks wait for. While it rests until
    its allowance comes back, others go. While it backs off from a server in trouble it holds its place, so that trouble
    is met by as many calls as are made at once, not by one for each division.

    Attributes:
        clock: Returns the time in seconds.
        most: How many may be under way at once.
        allowance: Returns the seconds until a call to a division makes sense: 0 when it may go out now.
    """

    clock: Callable[[], float]
    most: int
    allowance: Callable[[int], float]
    _fresh: deque[int] = field(default_factory=deque)
    _due: dict[int, float] = field(default_factory=dict)
    _begun: dict[int, int] = field(default_factory=dict)
    _places: set[int] = field(default_factory=set)

    def add(self, divisions: Iterable[int]) -> None:
        """Add divisions to be read, in their order."""
        self._fresh.extend(divisions)

    def turn(self) -> int | None:
        """Return the division whose turn it is now, or None. It holds a place until it rests or ends."""
        now = self.clock()
        due = [division for division, at in self._due.items() if at <= now]
        if held := [division for division in due if division in self._places]:
            return self._begin(held[0])
        if len(self._places) >= self.most:
            return None
        if due:
            return self._begin(min(due, key=self._begun.__getitem__))
        for division in self._fresh:
            if not self.allowance(division):
                self._fresh.remove(division)
                return self._begin(division)
        return None

    def _begin(self, division: int) -> int:
        self._due.pop(division, None)
        self._begun.setdefault(division, len(self._begun))
        self._places.add(division)
        return division

    def rests(self, division: int, seconds: float) -> None:
        """Let others go until a division has calls left again."""
        self._places.discard(division)
        self._due[division] = self.clock() + seconds

    def backs_off(self, division: int, seconds: float) -> None:
        """Keep the place of a division for which the server needs time."""
        self._due[division] = self.clock() + seconds

    def ended(self, division: int) -> None:
        """Take note that a division needs nothing more."""
        self._places.discard(division)

    def in_trouble(self) -> bool:
        """Tell whether a division backs off: what is waited for is then the server, not an allowance."""
        return any(division in self._places for division in self._due)

    def wait(self) -> float | None:
        """Return the seconds until `turn` may give another answer, None where only an answer can change it.

        That is also so where nothing is left to do.
        """
        free = len(self._places) < self.most
        waits = [at - self.clock() for division, at in self._due.items() if free or division in self._places]
        if free:
            waits += [self.allowance(division) for division in self._fresh]
        return max(0.0, min(waits)) if waits else None

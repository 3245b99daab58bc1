"""What was not read, and how a few or many thousands of that read. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tap_exact_online.telling.words import counted, listed, span, where

_ONE_BY_ONE = 20
"""So many gaps are listed one by one: a screen shows them with the summary above. More are put together by their cause."""
_OF_A_STREAM = 5
"""So many gaps of a stream with the same cause show what is wrong; the summary says where else it is so."""
_OF_ALL = 60
"""A cause may hold what differs each time, such as a moment. No more lines than these, however many causes there are."""

_CALL = re.compile(r"^[\w/]+ of division \d+: ")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Gap:
    """One stream that was not read to its end in one division.

    Attributes:
        stream: The stream.
        division: The division, or None where the stream has none.
        cause: What happened and what to do.
    """

    stream: str
    division: int | None
    cause: str

    def line(self) -> str:
        """Return it as one line of text."""
        place = "" if self.division is None else f" in division {self.division}"
        return f"{self.stream}{place}: {self.cause}"

    @property
    def kind(self) -> str:
        """The cause without what only says where: the call that it begins with, and the division's number."""
        if self.division is None:
            return self.cause
        own = str(self.division)
        return _NUMBER.sub(lambda found: "…" if found[0] == own else found[0], _CALL.sub("", self.cause))


@dataclass(slots=True)
class Told:
    """How much has been told while a run goes on, so that thousands of gaps that are alike are not."""

    _of_stream: Counter[tuple[str, str]] = field(default_factory=Counter)
    _of_kind: Counter[str] = field(default_factory=Counter)

    def takes(self, gap: Gap) -> bool:
        """Tell whether a gap is one of the first of its kind, and is therefore to be told."""
        kind = gap.kind
        takes = (
            self._of_stream[gap.stream, kind] < _OF_A_STREAM
            and self._of_kind[kind] < _ONE_BY_ONE
            and self._of_kind.total() < _OF_ALL
        )
        if takes:
            self._of_stream[gap.stream, kind] += 1
            self._of_kind[kind] += 1
        return takes


def lines(gaps: Sequence[Gap], divisions: int) -> list[str]:
    """Say what was not read: one by one where that is short, else by cause, what concerns most first.

    Args:
        gaps: Those of one outcome.
        divisions: How many divisions something was asked of.
    """
    if len(gaps) <= _ONE_BY_ONE:
        return [gap.line() for gap in gaps]
    by_kind: defaultdict[str, defaultdict[str, list[Gap]]] = defaultdict(lambda: defaultdict(list))
    for gap in gaps:
        by_kind[gap.kind][gap.stream].append(gap)
    found = [line for kind, streams in by_kind.items() for line in _of_kind(kind, streams, divisions)]
    found.sort(key=lambda line: -line[0])  # what concerns as many stays in its order
    told = [text for _, text in found[:_OF_ALL]]
    more = sum(number for number, _ in found[_OF_ALL:])
    return [*told, f"and {more:,} more for other reasons"] if more else told


def _of_kind(kind: str, streams: Mapping[str, Sequence[Gap]], everywhere: int) -> Iterator[tuple[int, str]]:
    """Give the lines for one cause, and of how many gaps each tells."""
    places = {
        name: [gap.division for gap in gaps if gap.division is not None] for name, gaps in streams.items()
    }
    total = max(everywhere, *map(len, places.values()))
    if len(streams) > 1 and all(places.values()):
        names = f"{counted(len(streams), 'stream')} ({listed([*streams])})"
        number, counts = sum(map(len, streams.values())), [*map(len, places.values())]
        if len({frozenset(divisions) for divisions in places.values()}) == 1:
            yield number, f"{names} {where(next(iter(places.values())), total)}: {kind}"
            return
        if len(streams) > _OF_A_STREAM:
            yield number, f"{names} in {span(min(counts), max(counts))} of {total:,} divisions each: {kind}"
            return
    for name, gaps in streams.items():
        if len(places[name]) > 1:
            yield len(gaps), f"{name} {where(places[name], total)}: {kind}"
        else:
            yield from ((1, gap.line()) for gap in gaps)

"""A table whose row `i` is a pure function of the seed, the division, the path and `i`.

Most properties of a row come from one of a few prepared variants; the rest is computed for each row. That keeps a
million rows in no memory at all, and lets `wire` write a row by filling a few holes in prepared text.
"""

from __future__ import annotations

import dataclasses
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import orjson
from typing_extensions import override

from tap_exact_online import edm
from tap_exact_online.sandbox import values
from tap_exact_online.sandbox.values import DAY, FIRST_DAY, LAST_DAY, Value

NULL = b"null"
_BEFORE_DATE, _BEHIND_DATE = b'"/Date(', b')/"'
_MASK = (1 << 48) - 1
_SPREAD = 0x9E3779B97F4B  # odd, so that multiplying by it modulo 2**48 loses nothing and can be undone
_GATHER = pow(_SPREAD, -1, 1 << 48)


@dataclass(frozen=True, slots=True)
class Ids:
    """The Guids of a table: a prefix of the table's own and twelve digits that stand for the row's index."""

    prefix: str

    def digits(self, index: int) -> int:
        """Return the number that the last twelve digits write."""
        return (index + 1) * _SPREAD & _MASK

    def of(self, index: int) -> str:
        """Return the Guid of a row."""
        return f"{self.prefix}{self.digits(index):012x}"

    def index(self, guid: str) -> int | None:
        """Return the index that a Guid of this table stands for, or None for a Guid of elsewhere."""
        if not guid.startswith(self.prefix) or len(guid) != len(self.prefix) + 12:
            return None
        return (int(guid[-12:], 16) * _GATHER & _MASK) - 1


def ids_of(seed: int, division: int, path: str) -> Ids:
    """Return the Guids of the table behind a path."""
    return Ids(values.guid(seed, division, path)[:24])


@dataclass(slots=True)
class Series:
    """Row versions and times of a table's generated rows: both rise with the index.

    The tables of a division share one counter, so each has a slot in it: row versions differ by a multiple of `slots`.

    Attributes:
        slot: The table's own slot, from 0.
        slots: How many tables share the counter.
        rows: How many rows are generated.
        height: Rows of the largest table of the division.
        start: The counter before the first row.
    """

    slot: int
    slots: int
    rows: int
    height: int
    start: int

    def timestamp(self, index: int) -> int:
        """Return the row version of a row."""
        return self.start + index * self.height // max(1, self.rows) * self.slots + self.slot

    def modified(self, index: int) -> int:
        """Return when a row was last changed, in wall-clock milliseconds."""
        return FIRST_DAY + index * self.height // max(1, self.rows) * (LAST_DAY - FIRST_DAY) // self.height

    def after(self, timestamp: int) -> int:
        """Return the index of the first row whose version is greater."""
        return bisect_right(range(self.rows), timestamp, key=self.timestamp)

    def since(self, modified: int) -> int:
        """Return the index of the first row that was modified at that moment or later."""
        return bisect_left(range(self.rows), modified, key=self.modified)


@dataclass(frozen=True, slots=True)
class Live:
    """A property that is computed for each row.

    Attributes:
        name: The property.
        kind: How the computed value is written: `guid` (the number of its last digits), `date` (milliseconds),
            `int`, `int64`, `double`, `json` (finished JSON text), or `moment` (that of a date, or null).
        prefix: The front of a Guid.
    """

    name: str
    kind: str
    prefix: str = ""

    @property
    def form(self) -> bytes:
        """The place in a bytes template that writes the value as JSON."""
        if self.kind == "guid":
            return b'"%b%%012x"' % self.prefix.encode()
        return {
            "date": b'"/Date(%d)/"',
            "int": b"%d",
            "int64": b'"%d"',
            "double": b"%a",
            "json": b"%b",
            "moment": b"%b",
        }[self.kind]

    def truth(self, computed: Any) -> Value:
        """Return the computed value as a plain value."""
        if self.kind == "guid":
            return f"{self.prefix}{computed:012x}"
        if self.kind == "moment":
            return None if computed == NULL else int(computed[len(_BEFORE_DATE) : -len(_BEHIND_DATE)])
        if self.kind == "json":
            plain: Value = orjson.loads(computed)
            return plain
        value: Value = computed
        return value


def moment(wall: int | None) -> bytes:
    """Return a date, in wall-clock milliseconds, or null as finished JSON text."""
    return NULL if wall is None else b"%b%d%b" % (_BEFORE_DATE, wall, _BEHIND_DATE)


class Variants(Sequence[Mapping[str, Value]]):
    """The prepared rows of a table, each made when it is first asked for: a small table needs few of many.

    Args:
        count: How many there are.
        make: Makes one.
    """

    def __init__(self, count: int, make: Callable[[int], Mapping[str, Value]]) -> None:
        self._make = make
        self._made: list[Mapping[str, Value] | None] = [None] * count

    @override
    def __len__(self) -> int:
        return len(self._made)

    @overload
    def __getitem__(self, index: int) -> Mapping[str, Value]: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Mapping[str, Value]]: ...

    @override
    def __getitem__(self, index: int | slice) -> Mapping[str, Value] | Sequence[Mapping[str, Value]]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        made = self._made[index]
        if made is None:
            made = self._made[index] = self._make(index)
        return made


def nothing_odd(_: int) -> Mapping[str, Value]:
    """Return no differences: every row fits the pattern."""
    return {}


@dataclass(frozen=True, slots=True)
class Table:
    """The generated rows of one endpoint in one division.

    Attributes:
        endpoint: The facts about the endpoint.
        ids: The table's Guids.
        series: Row versions and times.
        variants: Row `i` takes its other properties from `variants[i % len(variants)]`.
        live: The properties computed for each row.
        compute: Gives the values of `live` for an index.
        regular: Rows from this index on are made by `odd`.
        odd: Gives the properties that differ in a row which does not fit the pattern.
        choose: Gives the number of a row's variant where it does not follow from the index alone, and -1 for a row that
            does not fit the pattern.
    """

    endpoint: edm.Endpoint
    ids: Ids
    series: Series
    variants: Sequence[Mapping[str, Value]]
    live: tuple[Live, ...]
    compute: Callable[[int], tuple[Any, ...]]
    regular: int = sys.maxsize
    odd: Callable[[int], Mapping[str, Value]] = nothing_odd
    choose: Callable[[int], int] | None = None

    def padded(self) -> Table:
        """Return the same table with texts that fill the width of their columns."""
        known = self.variants
        return dataclasses.replace(
            self, variants=Variants(len(known), lambda number: values.padded(known[number]))
        )

    def of(self, endpoint: edm.Endpoint) -> Table:
        """Return the same rows as another endpoint gives them, which knows fewer properties."""
        places = [place for place, live in enumerate(self.live) if live.name in endpoint.properties]

        def compute(index: int) -> tuple[Any, ...]:
            known = self.compute(index)
            return tuple(known[place] for place in places)

        variants = [
            {name: value for name, value in variant.items() if name in endpoint.properties}
            for variant in self.variants
        ]
        live = tuple(self.live[place] for place in places)
        return dataclasses.replace(self, endpoint=endpoint, variants=variants, live=live, compute=compute)

    def row(self, index: int) -> dict[str, Value]:
        """Return a whole row; an index past the generated rows gives a row as one that is added later."""
        fits, chosen = index < self.regular, index
        if self.choose is not None:
            chosen = self.choose(index)
            fits, chosen = chosen >= 0, max(chosen, 0)
        row = dict(self.variants[chosen % len(self.variants)])
        row |= {live.name: live.truth(raw) for live, raw in zip(self.live, self.compute(index), strict=True)}
        return row if fits else {**row, **self.odd(index)}


def created(modified: int, index: int) -> int:
    """Return when a row was made, given when it was last changed: up to nine days earlier."""
    return modified - index * 7919 % 10 * DAY

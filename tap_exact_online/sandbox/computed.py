"""Endpoints whose rows Exact computes from others: a shelf whose generated rows are made anew when their basis changes."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from typing_extensions import override

from tap_exact_online import edm
from tap_exact_online.sandbox.books import Book
from tap_exact_online.sandbox.shelf import Shelf, identity_of
from tap_exact_online.sandbox.tables import Series, Table
from tap_exact_online.sandbox.values import Value

Basis = tuple[object, ...]
"""What rows were computed from: two that are equal give the same rows."""

_TURN = 10**12  # more than any identity that is numbered here


def _nothing() -> Mapping[str, Callable[[int], Value]]:
    return {}


@dataclass(frozen=True, slots=True)
class Computed:
    """Rows that follow from other rows, as they are at one moment.

    Attributes:
        identities: What identifies each row, in the order of the rows.
        make: Makes a row.
        columns: Properties that can be told without making the row, for filters.
        fresh: Whether the numbers that identify rows differ between two calls.
    """

    identities: Sequence[Value]
    make: Callable[[int], dict[str, Value]]
    columns: Mapping[str, Callable[[int], Value]] = field(default_factory=_nothing)
    fresh: bool = False


def _table(book: Book, endpoint: edm.Endpoint, computed: Computed) -> Table:
    """Return the table of computed rows; a row that is added by hand is made up."""
    rows = len(computed.identities)

    def odd(index: int) -> Mapping[str, Value]:
        return computed.make(index) if index < rows else _made_up(book, endpoint, index - rows)

    slot = book.paths.index(endpoint.path)
    series = Series(slot, len(book.paths), rows, max(book.height, rows), book.first)
    blank = dict.fromkeys(endpoint.properties)
    return Table(endpoint, book.ids(endpoint.path), series, [blank], (), lambda _: (), 0, odd)


def _made_up(book: Book, endpoint: edm.Endpoint, nth: int) -> Mapping[str, Value]:
    """Return a row that follows from nothing, under an identity that no computed row has."""
    key = endpoint.keys[0]
    kind = endpoint.properties[key].type
    number = {"Int64": 10**9 + nth, "Int32": 9000 + nth}
    identity: Value = number.get(kind, f"+{nth}")
    return book.variant(endpoint, nth) | {
        key: book.ids(endpoint.path).of(nth) if kind == "Guid" else identity
    }


@dataclass(slots=True)
class ComputedShelf(Shelf):
    """The rows of a computed endpoint, and what was placed over them by hand.

    What was changed or deleted by hand stays so for as long as the row exists that it was done to.

    Attributes:
        computed: The rows.
        basis: What they were computed from; another basis makes other rows.
        turn: Rises with every call where identities differ between calls.
    """

    computed: Computed = field(default_factory=lambda: Computed((), lambda _: {}))
    basis: Basis = ()
    turn: int = 0
    _places: dict[Value, int] | None = field(default=None, init=False, repr=False)

    @classmethod
    def of(
        cls, book: Book, endpoint: edm.Endpoint, computed: Computed, basis: Basis, version: int
    ) -> ComputedShelf:
        """Return the shelf of rows that nobody touched yet; its versions are counted from one on."""
        return cls(_table(book, endpoint, computed), version=version, computed=computed, basis=basis)

    @override
    def __post_init__(self) -> None:
        self.size = self.table.series.rows

    @property
    def untouched(self) -> bool:
        """Whether nothing was placed over the rows."""
        return not self.changes and not self.removed and self.size == self.table.series.rows

    def renew(self, book: Book, computed: Computed, basis: Basis) -> None:
        """Take rows that were computed anew, and place over them what was placed over the rows before."""
        before, old = self.table.series.rows, self.computed
        self.table = _table(book, self.endpoint, computed)
        self.computed, self.basis, self._places = computed, basis, None
        self.turn = self.turn if computed.fresh else 0
        rows = self.table.series.rows

        def moved(index: int) -> int | None:
            return index - before + rows if index >= before else self._place(old.identities[index])

        changes = {moved(index): change for index, change in self.changes.items()}
        removed = {moved(index) for index in self.removed}
        self.changes = {index: change for index, change in changes.items() if index is not None}
        self.removed = {index for index in removed if index is not None}
        self.size += rows - before
        self.order = []
        for index, change in self.changes.items():
            insort(self.order, (change.timestamp, index))
        self.named = {self.identity(index): index for index in self.changes if index >= rows}
        self.version += 1

    def _place(self, identity: Value) -> int | None:
        if self._places is None:
            self._places = {known: place for place, known in enumerate(self.computed.identities)}
        return self._places.get(identity)

    @override
    def row(self, index: int) -> dict[str, Value]:
        row = Shelf.row(self, index)
        if self.turn and index < self.table.series.rows:
            row[self.endpoint.keys[0]] = self.identity(index)
        return row

    @override
    def identity(self, index: int) -> Value:
        if index >= len(self.computed.identities):
            return identity_of(self.endpoint, self.row(index))
        known = self.computed.identities[index]
        return known + self.turn * _TURN if self.turn and isinstance(known, int) else known

    @override
    def find(self, identity: Value) -> int | None:
        if identity in self.named:
            return self.named[identity]
        return self._place(identity % _TURN if self.turn and isinstance(identity, int) else identity)

    @override
    def moment(self, index: int, name: str) -> Value:
        column = self.computed.columns.get(name)
        if column is not None and index < self.table.series.rows and index not in self.changes:
            return column(index)
        return self.row(index)[name]

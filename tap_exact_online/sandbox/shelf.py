"""A generated table together with everything that was changed, added or deleted since."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice

from tap_exact_online import edm
from tap_exact_online.sandbox import values
from tap_exact_online.sandbox.tables import Table
from tap_exact_online.sandbox.values import Value

# What a change touches: the first of these that the endpoint has, else any text.
_TOUCHED = (
    "Description",
    "Notes",
    "Remarks",
    "Subject",
    "Name",
    "LastName",
    "AccountName",
    "ItemDescription",
)


CHANGED = ("Modified", "ModifiedDate")
"""What endpoints call the moment at which a row was last changed."""
MADE = ("Created", "CreatedDate")
"""What they call the moment at which it was made."""


def identity_of(endpoint: edm.Endpoint, row: Mapping[str, Value]) -> Value:
    """Return what identifies a row: the value of its key, or those of its keys with a bar between them."""
    values = [row[name] for name in endpoint.keys]
    return values[0] if len(values) == 1 else "|".join(str(value) for value in values)


@dataclass(frozen=True, slots=True)
class Change:
    """A row that no longer is as it was generated.

    Attributes:
        timestamp: Its row version.
        modified: When it was changed, in wall-clock milliseconds; None if it is new and never was.
        fields: The properties that differ from the generated row.
    """

    timestamp: int
    modified: int | None
    fields: Mapping[str, Value]


@dataclass(slots=True)
class Shelf:
    """The rows of one endpoint in one division as a reader sees them now.

    Attributes:
        table: The generated rows.
        changes: Changed and added rows, by index.
        removed: Indexes of deleted rows.
        order: Row versions and indexes of `changes`, sorted: the order in which a Sync reader meets them.
        size: Generated and added rows together, deleted ones included.
        named: Indexes by identity, for rows whose identity does not tell the index.
        version: Rises with every change, so that prepared pages can be told from stale ones.
    """

    table: Table
    changes: dict[int, Change] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    order: list[tuple[int, int]] = field(default_factory=list)
    size: int = -1
    named: dict[Value, int] = field(default_factory=dict)
    version: int = 0
    _ordered: tuple[int, Sequence[int]] = field(default=(-1, ()), init=False, repr=False)

    def __post_init__(self) -> None:
        if self.size < 0:
            self.size = self.table.series.rows
        if not self._tells_itself:
            self.named = {self.identity(index): index for index in range(self.size)}

    def row(self, index: int) -> dict[str, Value]:
        """Return a row with all properties; DateTimes are wall-clock milliseconds."""
        row = self.table.row(index)
        change = self.changes.get(index)
        if change is not None:
            current = dict.fromkeys(CHANGED, change.modified) | {"Timestamp": change.timestamp}
            row |= {name: value for name, value in current.items() if name in row}
            row |= change.fields
        return row

    @property
    def endpoint(self) -> edm.Endpoint:
        """The facts about the endpoint."""
        return self.table.endpoint

    def identity(self, index: int) -> Value:
        """Return the value of the property that identifies a row for as long as it lives."""
        key = self.endpoint.keys[0]
        change = self.changes.get(index)
        if not self._tells_itself:
            return identity_of(self.endpoint, self.row(index))
        if change is not None and key in change.fields:
            return change.fields[key]
        return self.table.ids.of(index)

    @property
    def _tells_itself(self) -> bool:
        """Whether the identity of a row tells its index."""
        keys = self.endpoint.keys
        return len(keys) == 1 and self.endpoint.properties[keys[0]].type == "Guid"

    def find(self, identity: Value) -> int | None:
        """Return the index of the row with an identity, or None if there never was one."""
        if identity in self.named:
            return self.named[identity]
        index = self.table.ids.index(identity) if isinstance(identity, str) else None
        return index if index is not None and 0 <= index < self.size else None

    def timestamp(self, index: int) -> int:
        """Return the row version of a row."""
        change = self.changes.get(index)
        return self.table.series.timestamp(index) if change is None else change.timestamp

    def modified(self, index: int) -> int | None:
        """Return when a row was last changed, in wall-clock milliseconds."""
        change = self.changes.get(index)
        return self.table.series.modified(index) if change is None else change.modified

    def moment(self, index: int, name: str) -> Value:
        """Return a property of a row; a DateTime in wall-clock milliseconds."""
        return self.modified(index) if name == "Modified" else self.row(index)[name]

    def visible(self, index: int) -> bool:
        """Tell whether a row exists: a reserved row that is not committed yet does not."""
        generated = index < self.table.series.rows
        return index not in self.removed and (generated or index in self.changes)

    def __len__(self) -> int:
        added = sum(1 for index in self.changes if index >= self.table.series.rows)
        return self.table.series.rows + added - len(self.removed)

    def indexes(self) -> Iterator[int]:
        """Yield the indexes of all rows, in the order of their making."""
        return (index for index in range(self.size) if self.visible(index))

    def after(self, timestamp: int, keep: Callable[[int], bool] | None = None) -> Iterator[int]:
        """Yield the indexes of rows with a greater row version, in its order.

        Args:
            timestamp: Row versions must be greater than this.
            keep: Tells which of them are wanted; None wants all.
        """
        series = self.table.series
        start = series.after(timestamp)
        generated: Iterator[int] = iter(range(start, series.rows))
        found = generated
        if self.changes or self.removed:
            generated = (i for i in generated if i not in self.changes and i not in self.removed)
            later = islice(self.order, bisect_right(self.order, (timestamp, self.size)), None)
            pairs = merge(((series.timestamp(i), i) for i in generated), later)
            found = (index for _, index in pairs)
        return found if keep is None else filter(keep, found)

    def ordered(self) -> Sequence[int]:
        """Return the indexes of all rows in the order of their keys."""
        version, order = self._ordered
        if version != self.version:
            order = sorted(self.indexes(), key=lambda index: values.sortable(self.identity(index)))
            self._ordered = (self.version, order)
        return order

    def first_since(self, modified: int) -> int | None:
        """Return the index of the row with the lowest version among those modified at that moment or later."""
        series = self.table.series
        generated = range(series.since(modified), series.rows)
        first = next((i for i in generated if i not in self.changes and i not in self.removed), None)
        times = ((i, self.changes[i].modified) for _, i in self.order)
        later = (i for i, at in times if at is not None and at >= modified)
        return min((i for i in (first, next(later, None)) if i is not None), key=self.timestamp, default=None)

    def put(self, index: int, change: Change) -> None:
        """Change a row, or make an added or reserved one visible."""
        self._forget(index)
        self.removed.discard(index)
        self.size = max(self.size, index + 1)
        self.changes[index] = change
        insort(self.order, (change.timestamp, index))
        if self.endpoint.keys[0] in change.fields or self.named:
            self.named[self.identity(index)] = index
        self.version += 1

    def touch(self, index: int, timestamp: int, modified: int) -> None:
        """Change a row as a user would: one of its texts, its version and the time."""
        previous = self.changes[index].fields if index in self.changes else {}
        self.put(index, Change(timestamp, modified, {**previous, **self._edit(index, timestamp)}))

    def reserve(self) -> int:
        """Return the index of a new row that nobody sees before it is `put`."""
        self.size += 1
        return self.size - 1

    def remove(self, index: int) -> None:
        """Delete a row."""
        self._forget(index)
        self.removed.add(index)
        self.version += 1

    def renumber(self, timestamps: Callable[[], int]) -> None:
        """Give all changed and added rows new versions, in their present order."""
        old, self.order = self.order, []
        for _, index in old:
            change = self.changes[index]
            fields = {name: value for name, value in change.fields.items() if name != "Timestamp"}
            self.changes[index] = Change(timestamps(), change.modified, fields)
            insort(self.order, (self.changes[index].timestamp, index))
        self.version += 1

    def _forget(self, index: int) -> None:
        change = self.changes.pop(index, None)
        if change is not None:
            self.order.remove((change.timestamp, index))
        if index >= self.table.series.rows:
            self.removed.discard(index)

    def _edit(self, index: int, mark: int) -> Mapping[str, Value]:
        known = self.endpoint.properties
        texts = (
            name for name, each in known.items() if each.type == "String" and name not in self.endpoint.keys
        )
        name = next((name for name in _TOUCHED if name in known), None) or next(texts, None)
        if name is not None:
            return {name: f"changed {mark}"}
        number = next((each.name for each in known.values() if each.type == "Double"), None)
        return {} if number is None else {number: mark % 10**6 + index / 100}

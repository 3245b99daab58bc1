"""Which rows of an endpoint that is not sync a call wants, in which order they come, and where the next page starts."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from tap_exact_online import edm
from tap_exact_online.sandbox import values, wire
from tap_exact_online.sandbox.clock import iso_of
from tap_exact_online.sandbox.options import Options
from tap_exact_online.sandbox.query import Query, RefusedError
from tap_exact_online.sandbox.shelf import identity_of
from tap_exact_online.sandbox.values import Value

_TOKEN = re.compile(r"(?:datetime'[^']*',)?(?:guid'(?P<guid>[^']+)'|'(?P<text>.*)'|(?P<number>\d+)L?)")


class Rows(Protocol):
    """The rows of an endpoint, by index."""

    @property
    def endpoint(self) -> edm.Endpoint:
        """The facts about the endpoint."""

    @property
    def size(self) -> int:
        """Every index is less than this."""

    def ordered(self) -> Sequence[int]:
        """Return the indexes of all rows in the order of their keys."""

    def identity(self, index: int) -> Value:
        """Return the key of a row."""

    def find(self, identity: Value) -> int | None:
        """Return the index of the row with a key, or None if there never was one."""

    def row(self, index: int) -> dict[str, Value]:
        """Return a row."""

    def moment(self, index: int, name: str) -> Value:
        """Return a property of a row; a DateTime in wall-clock milliseconds."""


@dataclass(frozen=True, slots=True)
class Few:
    """Rows that no table holds, in the order of their keys.

    Attributes:
        endpoint: The facts about the endpoint.
        rows: The rows.
    """

    endpoint: edm.Endpoint
    rows: Sequence[dict[str, Value]]

    @property
    def size(self) -> int:
        """Every index is less than this."""
        return len(self.rows)

    def ordered(self) -> Sequence[int]:
        """Return the indexes of all rows."""
        return range(len(self.rows))

    def identity(self, index: int) -> Value:
        """Return the key of a row."""
        return identity_of(self.endpoint, self.rows[index])

    def find(self, identity: Value) -> int | None:
        """Return the index of the row with a key."""
        return next((i for i in self.ordered() if self.identity(i) == identity), None)

    def row(self, index: int) -> dict[str, Value]:
        """Return a row."""
        return self.rows[index]

    def moment(self, index: int, name: str) -> Value:
        """Return a property of a row."""
        return self.rows[index][name]


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one page.

    Attributes:
        indexes: The rows, in their order.
        total: How many rows there are on all pages, if that was asked.
    """

    indexes: list[int]
    total: int | None


def part(rows: Rows, query: Query, size: int) -> Part:
    """Return the rows of a page of so many.

    Raises:
        RefusedError: The skip token names no row.
    """

    def wanted(index: int) -> bool:
        passed = (each.passes(rows.moment(index, each.name)) for each in query.where)
        found = not query.where or (any(passed) if query.either else all(passed))
        return found and all(_told(rows, index, name, value) for name, value in query.parameters)

    order = _sorted(rows, query)
    start = 0 if query.token is None else _start(rows, query, order)
    found = filter(wanted, islice(order, start, None))
    return Part(
        list(islice(found, query.skip, query.skip + size)),
        sum(1 for index in order if wanted(index)) if query.count else None,
    )


def _told(rows: Rows, index: int, parameter: str, value: Value) -> bool:
    """Tell whether a row is one of those that a function gives for a parameter."""
    named = {name.lower(): name for name in rows.endpoint.properties}
    if name := named.get(parameter.lower()):
        return rows.moment(index, name) == value
    row = rows.row(index)  # a date: a row holds from one to another
    start, end = row.get("StartDate"), row.get("EndDate")
    return not isinstance(value, int) or (
        (not isinstance(start, int) or start <= value) and (not isinstance(end, int) or value <= end)
    )


def _sorted(rows: Rows, query: Query) -> Sequence[int]:
    """Return the indexes of all rows in the order that is asked for."""
    if not query.order:
        return rows.ordered()
    whole = {index: rows.row(index) for index in rows.ordered()}
    order = list(whole)
    for name, descends in reversed(query.order):  # sorting is stable: what counts most comes last
        # what is missing is least
        ranks = {index: (row[name] is not None, row[name]) for index, row in whole.items()}
        order.sort(key=ranks.__getitem__, reverse=descends)
    return order


def _start(rows: Rows, query: Query, order: Sequence[int]) -> int:
    """Return the place behind the row that the skip token names."""
    token = str(query.token)
    match = _TOKEN.fullmatch(token)
    index = None if match is None else _named(rows, match)
    if index is None or (query.order and index not in order):
        raise RefusedError(400, f"The skip token '{token}' is not valid.")
    if query.order or len(rows.endpoint.keys) > 1:
        return order.index(index) + 1
    key = values.sortable(rows.identity(index))
    return bisect_right(order, key, key=lambda i: values.sortable(rows.identity(i)))


def _named(rows: Rows, match: re.Match[str]) -> int | None:
    number = match["number"]
    if number is None:
        return rows.find(match["guid"] or match["text"])
    keys = rows.endpoint.keys
    if len(keys) == 1 and rows.endpoint.properties[keys[0]].type.startswith("Int"):
        return rows.find(int(number))
    return int(number) if int(number) < rows.size else None


def skip_token(rows: Rows, index: int, options: Options) -> str:
    """Return the skip token that leads past a row, in the form that is set."""
    if len(rows.endpoint.keys) > 1:
        return str(index)
    key = wire.key_of(rows.endpoint, rows.row(index))
    if options.skiptoken == "number" and rows.endpoint.properties[rows.endpoint.keys[0]].type == "Guid":
        return str(index)
    if options.skiptoken == "datetime_guid" and "Modified" in rows.endpoint.properties:
        modified = rows.moment(index, "Modified")
        return f"datetime'{iso_of(modified)}',{key}" if isinstance(modified, int) else key
    return key

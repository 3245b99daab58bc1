"""One page of rows: which rows belong to it, how it is written, and where the next one is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote

from tap_exact_online import edm
from tap_exact_online.sandbox import values, wire
from tap_exact_online.sandbox.books import DELETED, DIVISIONS, ME
from tap_exact_online.sandbox.divisions import LOG_DAYS, Division
from tap_exact_online.sandbox.query import Query, RefusedError
from tap_exact_online.sandbox.service import Service
from tap_exact_online.sandbox.shelf import Shelf
from tap_exact_online.sandbox.values import DAY, Value

_MOST_ENCODERS = 300
_DEFAULT_PAGE = 60


@dataclass(frozen=True, slots=True)
class Call:
    """An accepted call for rows.

    Attributes:
        endpoint: The endpoint.
        division: The division; None for `current/Me`.
        query: What is asked for.
        base: The server's address as the client wrote it.
        json: Whether the client asked for JSON; otherwise the answer is Atom.
    """

    endpoint: edm.Endpoint
    division: Division | None
    query: Query
    base: str
    json: bool

    @property
    def root(self) -> str:
        """The endpoint's address."""
        place = "" if self.division is None else f"{self.division.code}/"
        return f"{self.base}/api/v1/{place}{self.endpoint.path}"


def page(service: Service, call: Call) -> bytes:
    """Return the body of the page that a call asks for, prepared earlier if it was."""
    if call.endpoint.path == ME:
        return _few(service, call, [service.divisions.me()])
    if call.endpoint.path == DIVISIONS:
        return _few(service, call, service.divisions.listed())
    if call.division is None:
        raise RefusedError(404, "Resource not found.")
    shelf = service.shelf(call.division, call.endpoint.path)
    key = (
        call.root,
        call.json,
        tuple(call.query.given.items()),
        shelf.version,
        shelf.table.series.start,
        service.revision,
    )
    body = service.pages.get(key)
    if body is None:
        body = _make(service, call, shelf)
        if call.endpoint.path != DELETED:  # what the log still holds depends on the clock
            service.pages.put(key, body)
    return body


def _size(call: Call) -> int:
    full = call.endpoint.page_size or _DEFAULT_PAGE
    return full if call.query.top is None else min(full, call.query.top)


def _make(service: Service, call: Call, shelf: Shelf) -> bytes:
    size = _size(call)
    indexes = list(islice(_wanted(service, call, shelf), size))
    link = _next(service, call, shelf, indexes) if indexes and len(indexes) == size else None
    if service.options.row_order == "shuffled" and call.endpoint.path.startswith("sync/"):
        indexes.sort(key=lambda index: values.number("order", index))
    names = call.query.names
    if not call.json:
        return wire.atom((shelf.row(i) for i in indexes), call.endpoint, names, call.root, link)
    encoder = _encoder(service, call, shelf)
    return wire.envelope(encoder.rows(indexes), _shape(service, call, len(indexes)), link)


def _wanted(service: Service, call: Call, shelf: Shelf) -> Iterator[int]:
    """Return the indexes of the rows from the page's start on."""
    query = call.query
    if call.endpoint.path == DELETED:
        oldest = service.clock.wall() - LOG_DAYS * DAY

        def kept(index: int) -> bool:
            right_type = query.entity_type is None or shelf.row(index)["EntityType"] == query.entity_type
            return right_type and shelf.modified(index) >= oldest

        return shelf.after(query.after, kept)
    if call.endpoint.path.startswith("sync/"):
        return shelf.after(query.after)
    first = 0 if query.skip is None else _position(shelf, query.skip) + 1
    return shelf.since(-(1 << 60) if query.since is None else query.since, first)


def skip_token(shelf: Shelf, index: int) -> str:
    """Return the skip token that leads past a row."""
    if shelf.table.endpoint.path.startswith("sync/"):
        return f"{shelf.timestamp(index)}L"
    return wire.key_of(shelf.table.endpoint, shelf.row(index))


def _position(shelf: Shelf, token: str) -> int:
    kind = shelf.table.endpoint.properties[shelf.table.endpoint.stable_id].type
    bare = token.removeprefix("guid").strip("'")
    identity: Value = (
        int(bare.rstrip("L")) if kind.startswith("Int") and bare.rstrip("L").isdecimal() else bare
    )
    index = shelf.find(identity)
    if index is None:
        raise RefusedError(400, f"The skip token '{token}' is not valid.")
    return index


def _next(service: Service, call: Call, shelf: Shelf, indexes: list[int]) -> str | None:
    """Return the address of the next page. A full page has one, even when no row follows."""
    given = dict(call.query.given)
    if call.query.top is not None:
        left = call.query.top - len(indexes)
        if left <= 0:
            return None
        given["$top"] = str(left)
    given["$skiptoken"] = skip_token(shelf, indexes[-1])
    return _link(service, call, given)


def _link(service: Service, call: Call, given: dict[str, str]) -> str:
    path = call.root.removeprefix(call.base)
    if service.options.next_path == "lower":
        path = path.lower()
    return f"{call.base}{path}?" + "&".join(
        f"{name}={quote(value, safe=chr(39) + ',')}" for name, value in given.items()
    )


def _shape(service: Service, call: Call, count: int) -> str:
    """Return the envelope; without a next link, clients have met all three."""
    path = call.endpoint.path
    if path.startswith("sync/"):
        return "results"
    wanted = service.options.envelope
    if wanted == "object":
        return "object" if count == 1 else "results"
    if wanted != "mixed":
        return wanted
    # by the path alone, so that an endpoint always answers alike
    return "list" if path.startswith("read/") or values.number("envelope", path) % 2 else "results"


def _encoder(service: Service, call: Call, shelf: Shelf) -> wire.Encoder:
    numbers = service.options.int64 == "number"
    key = (call.root, call.query.names, numbers)
    encoder = service.encoders.get(key)
    if not isinstance(encoder, wire.Encoder) or not encoder.writes(shelf):
        encoder = wire.Encoder(shelf, call.query.names, call.root, numbers=numbers)
        service.encoders[key] = encoder
        if len(service.encoders) > _MOST_ENCODERS:
            service.encoders.popitem(last=False)
    return encoder


def _few(service: Service, call: Call, rows: list[dict[str, Value]]) -> bytes:
    """Return a page of rows that no table holds."""
    query, key = call.query, call.endpoint.stable_id
    if query.since is not None:
        rows = [row for row in rows if _number(row["Modified"]) >= query.since]
    if query.skip is not None:
        rows = [row for row in rows if _number(row[key]) > _number(query.skip)]
    size = _size(call)
    shown, link = rows[:size], None
    if (
        shown
        and len(shown) == size
        and call.endpoint.path == DIVISIONS
        and (query.top is None or query.top > size)
    ):
        left = {} if query.top is None else {"$top": str(query.top - size)}
        link = _link(service, call, {**query.given, **left, "$skiptoken": str(shown[-1][key])})
    if not call.json:
        return wire.atom(shown, call.endpoint, query.names, call.root, link)
    written = (wire.encode(row, call.endpoint, query.names, call.root) for row in shown)
    return wire.envelope(written, _shape(service, call, len(shown)), link)


def _number(value: Value) -> int:
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    raise RefusedError(400, f"The skip token '{value}' is not valid.")

"""One page of rows: which rows belong to it, how it is written, and where the next one is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote

from tap_exact_online import edm
from tap_exact_online.sandbox import filing, listing, values, wire
from tap_exact_online.sandbox.books import DELETED, DIVISIONS, ME
from tap_exact_online.sandbox.computed import ComputedShelf
from tap_exact_online.sandbox.divisions import LOG_DAYS, Division
from tap_exact_online.sandbox.listing import Few, Rows
from tap_exact_online.sandbox.query import Query, RefusedError
from tap_exact_online.sandbox.service import Service
from tap_exact_online.sandbox.shelf import Shelf
from tap_exact_online.sandbox.values import DAY

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
    def sync(self) -> bool:
        """Whether it is a Sync endpoint."""
        return self.endpoint.path.startswith("sync/")

    @property
    def root(self) -> str:
        """The endpoint's address."""
        front = "beta/" if self.endpoint.form == "beta" else ""
        place = "" if self.division is None else f"{front}{self.division.code}/"
        return f"{self.base}/api/v1/{place}{self.endpoint.path}"


def page(service: Service, call: Call) -> bytes:
    """Return the body of the page that a call asks for, prepared earlier if it was."""
    if call.endpoint.path == ME:
        return _listed(service, call, Few(call.endpoint, [service.divisions.me()]))
    if call.endpoint.path == DIVISIONS:
        return _listed(service, call, service.divisions.listed())
    if call.division is None:
        raise RefusedError(404, "Resource not found.")
    shelf = service.shelf(call.division, call.endpoint.path)
    key = (call.root, call.json, call.query, shelf.version, shelf.table.series.start, service.revision)
    lasting = call.endpoint.path != DELETED  # what the log still holds depends on the clock
    if isinstance(shelf, ComputedShelf) and shelf.computed.fresh:
        shelf.turn += 1
        lasting = False
    body = service.pages.get(key) if lasting else None
    if body is None:
        body = _synced(service, call, shelf) if call.sync else _listed(service, call, shelf)
        if lasting:
            service.pages.put(key, body)
    return body


def nothing(service: Service, call: Call) -> bytes:
    """Return a page without rows."""
    return _written(service, call, Few(call.endpoint, []), [], None)


def _size(call: Call) -> int:
    full = call.endpoint.page_size or _DEFAULT_PAGE
    return full if call.query.top is None else min(full, call.query.top)


def _synced(service: Service, call: Call, shelf: Shelf) -> bytes:
    """Return a page of a Sync endpoint: in the order of row versions, from one on."""
    size = _size(call)
    indexes = list(islice(shelf.after(call.query.after, _kept(service, call, shelf)), size))
    full = indexes and len(indexes) == size
    link = _next(service, call, size, f"{shelf.timestamp(indexes[-1])}L") if full else None
    if service.options.row_order == "shuffled":
        indexes.sort(key=lambda index: values.number("order", index))
    return _written(service, call, shelf, indexes, link)


def _kept(service: Service, call: Call, shelf: Shelf) -> Callable[[int], bool] | None:
    """Return what tells which rows a Sync reader may see; None for all."""
    if call.endpoint.path != DELETED:
        return None
    oldest, wanted = service.clock.wall() - LOG_DAYS * DAY, call.query.entity_type

    def kept(index: int) -> bool:
        right_type = wanted is None or shelf.row(index)["EntityType"] == wanted
        return right_type and (shelf.modified(index) or 0) >= oldest

    return kept


def _listed(service: Service, call: Call, rows: Rows) -> bytes:
    """Return a page of any other endpoint."""
    size = _size(call)
    part = listing.part(rows, call.query, size)
    full = part.indexes and len(part.indexes) == size
    token = listing.skip_token(rows, part.indexes[-1], service.options) if full else ""
    link = _next(service, call, size, token) if full else None
    return _written(service, call, rows, part.indexes, link, part.total)


def _written(  # noqa: PLR0913, PLR0917 - all that makes up a page
    service: Service, call: Call, rows: Rows, indexes: list[int], link: str | None, total: int | None = None
) -> bytes:
    if not call.json:
        found = (rows.row(i) for i in indexes)
        return _at(call, wire.atom(found, call.endpoint, call.query.names, call.root, link))
    if isinstance(rows, Shelf):
        written = _encoder(service, call, rows).rows(indexes)
    else:
        numbers = service.options.int64 == "number"
        written = (
            wire.encode(rows.row(i), call.endpoint, call.query.names, call.root, numbers=numbers)
            for i in indexes
        )
    return _at(call, wire.envelope(written, _shape(service, call, len(indexes)), link, total))


def _at(call: Call, body: bytes) -> bytes:
    """Put the server's address where rows name files."""
    return body.replace(filing.BASE.encode(), call.base.encode())


def _next(service: Service, call: Call, size: int, token: str) -> str | None:
    """Return the address of the page after a full one, even when no row follows; None when no more are wanted."""
    given = dict(call.query.given)
    if call.query.top is not None:
        if call.query.top <= size:
            return None
        given["$top"] = str(call.query.top - size)
    given["$skiptoken"] = token
    path = call.root.removeprefix(call.base)
    if service.options.skiptoken == "lower" and not call.sync:
        path = f"{path.lower()}({token})"
    elif service.options.next_path == "lower":
        path = path.lower()
    return f"{call.base}{path}?" + "&".join(
        f"{name}={quote(value, safe=chr(39) + ',')}" for name, value in given.items()
    )


def _shape(service: Service, call: Call, count: int) -> str:
    """Return the envelope; without a next link, clients have met all three."""
    path, top = call.endpoint.path, call.query.top
    wanted = service.options.envelope
    if call.sync or call.query.count:
        return "results"
    if wanted == "object" or (wanted == "mixed" and call.endpoint.single and call.division is not None):
        return "object" if count == 1 else "results"
    if wanted != "mixed":
        return wanted
    if top is not None and not path.startswith("read/"):
        return "list" if top < (call.endpoint.page_size or _DEFAULT_PAGE) else "results"
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

"""What the control API can do with rows: show, add, change, delete and place them, and hold a transaction open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from tap_exact_online import edm
from tap_exact_online.sandbox import wire
from tap_exact_online.sandbox.books import DIVISIONS, HEADERS, INVOICES, LINES, ME, TERMS
from tap_exact_online.sandbox.clock import wall_of_iso
from tap_exact_online.sandbox.divisions import COMPUTED, Division
from tap_exact_online.sandbox.listing import Few, Rows
from tap_exact_online.sandbox.service import ENDPOINTS, Service
from tap_exact_online.sandbox.shelf import CHANGED, MADE, Change, Shelf, identity_of
from tap_exact_online.sandbox.shown import SHOWN
from tap_exact_online.sandbox.values import Value

_DATE_TIME = "DateTime"


def _shelf(service: Service, division: int, path: str) -> tuple[Division, Shelf]:
    known = service.divisions[int(division)]
    return known, service.shelf(known, ENDPOINTS.get(path.lower(), path))


def rows(service: Service, division: int, path: str, offset: int = 0, limit: int = 10_000) -> dict[str, Any]:
    """Return a part of the truth; `next` is the offset of the rest, or null."""
    offset, limit = int(offset), int(limit)
    path = ENDPOINTS.get(path.lower(), path)
    endpoint = edm.load(path)
    found: Iterable[Mapping[str, Value]]
    if path in {DIVISIONS, ME}:
        few: Rows = (
            service.divisions.listed() if path == DIVISIONS else Few(endpoint, [service.divisions.me()])
        )
        found = (few.row(i) for i in few.ordered()[offset : offset + limit])
        last = None
    else:
        _, shelf = _shelf(service, division, path)
        places = [i for i in range(offset, min(offset + limit, shelf.size)) if shelf.visible(i)]
        found = (shelf.row(i) for i in places)
        last = offset + limit if offset + limit < shelf.size else None
    return {"rows": [wire.neutral(row, endpoint) for row in found], "next": last}


def count(service: Service, division: int, path: str) -> int:
    """Return how many rows an endpoint has."""
    return len(_shelf(service, division, path)[1])


def add(service: Service, division: int, path: str, count: int = 1) -> list[Value]:
    """Add rows, made and modified now."""
    known, shelf = _shelf(service, division, path)
    made = []
    for _ in range(int(count)):
        index = shelf.reserve()
        shelf.put(index, _new(service, shelf, known.database.tick()))
        _touch_header(service, known, shelf, index)
        made.append(shelf.identity(index))
    return made


def _new(service: Service, shelf: Shelf, timestamp: int) -> Change:
    """Return what tells a new row from its pattern."""
    wall = service.clock.wall()
    known = shelf.endpoint.properties
    unchanged = service.options.null_modified and any(name in known for name in CHANGED)
    return Change(timestamp, None if unchanged else wall, {name: wall for name in MADE if name in known})


def _touch_header(service: Service, known: Division, shelf: Shelf, index: int) -> None:
    """Change the header that a line belongs to, as a user who changes the line does."""
    if header := HEADERS.get(shelf.endpoint.path):
        headers = service.shelf(known, header)
        place = headers.find(shelf.row(index)["EntryID"])
        if place is not None and headers.visible(place):
            headers.touch(place, known.database.tick(), service.clock.wall())


def _chosen(shelf: Shelf, count: int | None, ids: list[Value] | None) -> list[int]:
    """Return the indexes of rows by identity, or of the first so many."""
    if ids is None:
        return list(islice(shelf.indexes(), 1 if count is None else int(count)))
    found = [shelf.find(identity) for identity in ids]
    if any(index is None or not shelf.visible(index) for index in found):
        missing = [identity for identity, index in zip(ids, found, strict=True) if index is None]
        msg = f"no such rows: {missing}"
        raise ValueError(msg)
    return [index for index in found if index is not None]


def change(
    service: Service, division: int, path: str, count: int | None = None, ids: list[Value] | None = None
) -> list[Value]:
    """Change one text of rows, as a user would, now."""
    known, shelf = _shelf(service, division, path)
    chosen = _chosen(shelf, count, ids)
    for index in chosen:
        shelf.touch(index, known.database.tick(), service.clock.wall())
        _touch_header(service, known, shelf, index)
    return [shelf.identity(index) for index in chosen]


def delete(  # noqa: PLR0913, PLR0917 - what a test may want to say about a delete
    service: Service,
    division: int,
    path: str,
    count: int | None = None,
    ids: list[Value] | None = None,
    entity_type: int | None = None,
    *,
    logged: bool = True,
) -> list[Value]:
    """Delete rows, and log it where the endpoint has a number in the log or one is given."""
    known, shelf = _shelf(service, division, path)
    chosen = _chosen(shelf, count, ids)
    gone = [shelf.identity(index) for index in chosen]
    number = entity_type if entity_type is not None else shelf.table.endpoint.deleted_type
    for index, identity in zip(chosen, gone, strict=True):
        _touch_header(service, known, shelf, index)
        shelf.remove(index)
        if logged and number is not None:
            known.database.log_deleted(identity, number, service.clock.wall())
    return gone


def delete_entry(service: Service, division: int, entry: str) -> dict[str, list[Value]]:
    """Delete an entry as a user does, wherever it is shown, with its payment terms; what it settled is open again.

    Raises:
        KeyError: There is no such entry.
        ValueError: Another entry settles it; that one is to be deleted first.
    """
    known, lines = _shelf(service, division, LINES)
    book, ledger = known.database.book, known.database.book.ledger
    number = book.entry_ids().index(entry)
    if number is None or number < 0:
        raise KeyError(entry)
    numbers = ledger.together(number)
    terms = service.shelf(known, TERMS)
    own = [index for each in numbers for index in ledger.terms_of(each) if terms.visible(index)]
    if any(terms.row(index)["EndDate"] is not None and not ledger.settles_itself(index) for index in own):
        msg = f"entry {entry} is matched: delete the entries that settle it first"
        raise ValueError(msg)
    invoices = service.shelf(known, INVOICES)
    gone = {
        LINES: (lines, [index for each in numbers for index in ledger.lines_of(each)]),
        TERMS: (terms, own),
        INVOICES: (invoices, [index for each in numbers for index in ledger.rows_of_invoice(each)]),
    }
    repeated = [each for each in numbers if each < ledger.entries]
    for path, how in SHOWN.items():
        if rows := [index for each in repeated for index in how.rows_of(ledger.cycle, each)]:
            gone[path] = (service.shelf(known, path), rows)
    removed = {path: _remove(service, known, *each) for path, each in gone.items()}
    if not removed[LINES]:
        raise KeyError(entry)
    for index in (index for each in numbers for index in ledger.terms_settled_by(each)):
        if terms.visible(index):
            before = terms.changes[index].fields if index in terms.changes else {}
            open_again: dict[str, Value] = {
                **dict.fromkeys(("EndDate", "EndYear", "EndPeriod", "LastPaymentDate"), None),
                "Status": 20,
                "IsFullyPaid": False,
            }
            terms.put(index, Change(known.database.tick(), service.clock.wall(), {**before, **open_again}))
    return removed


def _remove(service: Service, known: Division, shelf: Shelf, indexes: Iterable[int]) -> list[Value]:
    """Delete rows that are there, log each, and return their identities."""
    number, gone = shelf.endpoint.deleted_type, []
    for index in indexes:
        if index < shelf.size and shelf.visible(index):
            gone.append(shelf.identity(index))
            shelf.remove(index)
            if number is not None:
                known.database.log_deleted(gone[-1], number, service.clock.wall())
    return gone


def set_row(service: Service, division: int, path: str, row: dict[str, Value]) -> list[Value]:
    """Place a hand-made row; what it does not say is made up. A `Timestamp` or `Modified` in it is taken as it is."""
    known, shelf = _shelf(service, division, path)
    endpoint = shelf.table.endpoint
    unknown = set(row) - set(endpoint.properties)
    if unknown:
        msg = f"{path} has no properties {sorted(unknown)}"
        raise ValueError(msg)
    fields: dict[str, Value] = {
        name: wall_of_iso(value)
        if endpoint.properties[name].type == _DATE_TIME and isinstance(value, str)
        else value
        for name, value in row.items()
    }
    index = shelf.find(identity_of(endpoint, fields)) if {*endpoint.keys} <= {*fields} else None
    if index is None:
        index = shelf.reserve()
    before = shelf.changes[index].fields if index in shelf.changes else {}
    stamp, moment = fields.pop("Timestamp", None), fields.pop("Modified", service.clock.wall())
    shelf.put(
        index,
        Change(
            stamp if isinstance(stamp, int) else known.database.tick(),
            moment if isinstance(moment, int) else None,
            {**before, **fields},
        ),
    )
    known.database.counter = max(known.database.counter, shelf.timestamp(index))
    return [shelf.identity(index)]


def begin(service: Service, division: int, path: str) -> dict[str, Any]:
    """Write a row in a transaction that is still open: it has a row version, and nobody sees it."""
    known, shelf = _shelf(service, division, path)
    if shelf.endpoint.path in COMPUTED:
        msg = f"{path} is computed from the ledger: no transaction writes it"
        raise ValueError(msg)
    index = shelf.reserve()
    handle = known.database.tick()
    known.database.reserved[handle] = (shelf.table.endpoint.path, index, handle)
    return {"handle": handle, "timestamp": handle}


def commit(service: Service, division: int, handle: int) -> list[Value]:
    """Commit such a row: it appears with the version it was given then."""
    known = service.divisions[int(division)]
    path, index, timestamp = known.database.reserved.pop(int(handle))
    shelf = known.database.shelf(path)
    shelf.put(index, _new(service, shelf, timestamp))
    return [shelf.identity(index)]

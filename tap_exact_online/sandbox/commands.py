"""What the control API can do: one function for each command, its keyword arguments are the JSON it takes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from tap_exact_online import edm
from tap_exact_online.sandbox import faults as scripted
from tap_exact_online.sandbox import options as settings
from tap_exact_online.sandbox import wire
from tap_exact_online.sandbox.books import DIVISIONS, HEADERS, ME
from tap_exact_online.sandbox.clock import wall_of_iso
from tap_exact_online.sandbox.divisions import ARCHIVED, Division
from tap_exact_online.sandbox.limits import Limits
from tap_exact_online.sandbox.options import USER
from tap_exact_online.sandbox.service import ENDPOINTS, Forbidden, Service
from tap_exact_online.sandbox.shelf import CHANGED, MADE, Change, Shelf, identity_of
from tap_exact_online.sandbox.stats import Stats
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
        found = service.divisions.listed() if path == DIVISIONS else [service.divisions.me()]
        found = islice(found, offset, offset + limit)
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
        shelf.put(index, _new(service, shelf, known.tick()))
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
            headers.touch(place, known.tick(), service.clock.wall())


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
        shelf.touch(index, known.tick(), service.clock.wall())
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
            known.log_deleted(identity, number, service.clock.wall())
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
            stamp if isinstance(stamp, int) else known.tick(),
            moment if isinstance(moment, int) else None,
            {**before, **fields},
        ),
    )
    known.counter = max(known.counter, shelf.timestamp(index))
    return [shelf.identity(index)]


def begin(service: Service, division: int, path: str) -> dict[str, Any]:
    """Write a row in a transaction that is still open: it has a row version, and nobody sees it."""
    known, shelf = _shelf(service, division, path)
    index = shelf.reserve()
    handle = known.tick()
    known.reserved[handle] = (shelf.table.endpoint.path, index, handle)
    return {"handle": handle, "timestamp": handle}


def commit(service: Service, division: int, handle: int) -> list[Value]:
    """Commit such a row: it appears with the version it was given then."""
    known = service.divisions[int(division)]
    path, index, timestamp = known.reserved.pop(int(handle))
    shelf = known.shelf(path)
    shelf.put(index, _new(service, shelf, timestamp))
    return [shelf.identity(index)]


def divisions(service: Service) -> list[dict[str, Any]]:
    """Return all divisions, also those that are not granted."""
    endpoint = edm.load(DIVISIONS)
    return [
        {
            **wire.neutral(each.row(), endpoint),
            "Current": code == service.divisions.current,
            "granted": each.granted,
        }
        for code, each in sorted(service.divisions.by_code.items())
    ]


def add_division(service: Service, code: int | None = None) -> int:
    """Make a division, granted to the app."""
    return service.divisions.add(code).code


def _set_division(name: str, purpose: str, field: str, value: int) -> Callable[[Service, int], int]:
    def command(service: Service, division: int) -> int:
        known = service.divisions[int(division)]
        setattr(known, field, value)
        if field != "granted":  # that is no property of the division
            known.modified = service.clock.wall()
        return known.code

    command.__name__, command.__doc__ = name, purpose
    return command


_MARKS = (
    ("withdraw_division", "Untick a division under Manage companies.", "granted", False),
    ("grant_division", "Tick a division under Manage companies.", "granted", True),
    ("block_division", "Block a division: it answers 403.", "blocking_status", 1),
    ("unblock_division", "Undo a block.", "blocking_status", 0),
    ("archive_division", "Archive a division.", "status", ARCHIVED),
)


def move_division(service: Service, division: int) -> int:
    """Move a division to another database: `DivisionMoveDate` is now and all its row versions are new."""
    service.divisions.move(int(division))
    return int(division)


def hr_link_division(service: Service, division: int) -> int:
    """Link a division to HR: all its row versions are new, and so are the IDs of the hours of absence."""
    service.divisions.hr_link(int(division))
    return int(division)


def open_division(service: Service, division: int) -> int:
    """Let the user open a division: `CurrentDivision` is now this one."""
    service.divisions.current = service.divisions[int(division)].code
    return int(division)


def forbid(  # noqa: PLR0913 - what a test may want to say about a right
    service: Service,
    path: str = "",
    division: int | None = None,
    reason: str = "",
    scope: str = "",
    *,
    silent: bool = False,
) -> int:
    """Take a right away. Without a reason, the app scope is what is missing; without a path, all its endpoints.

    A right that is missing silently leaves the endpoint empty instead of forbidden, as `sync/Deleted` was seen.
    """
    if not path and not scope:
        msg = "name a path or a scope"
        raise ValueError(msg)
    service.forbidden.append(Forbidden(ENDPOINTS.get(path.lower(), path), division, reason, scope, silent))
    return len(service.forbidden)


def allow(service: Service, path: str = "", division: int | None = None, scope: str = "") -> int:
    """Give rights back: those on a path, of a scope, or all."""
    known = ENDPOINTS.get(path.lower(), path)
    service.forbidden[:] = [
        rule
        for rule in service.forbidden
        if (path and rule.path != known)
        or (scope and rule.scope != scope)
        or division not in {None, rule.division}
    ]
    return len(service.forbidden)


def add_fault(service: Service, **rule: Any) -> int:
    """Add a scripted failure; returns its number in `faults`."""
    service.faults.append(scripted.Fault(**rule))
    return len(service.faults) - 1


def faults(service: Service) -> list[dict[str, Any]]:
    """Return the scripted failures and how often each fired."""
    return [dataclasses.asdict(fault) for fault in service.faults]


def clear_faults(service: Service) -> int:
    """Remove all scripted failures."""
    service.faults.clear()
    return 0


def new_login(service: Service, user: str = USER) -> str:
    """Return the refresh token of a new consent; the user's earlier chain is dead."""
    return service.tokens.login(user, service.clock.now())


def expire_access(service: Service) -> None:
    """Let every access token end now."""
    service.tokens.expire_access()


def expire_refresh(service: Service) -> None:
    """Let every refresh token have lapsed."""
    service.tokens.expire_refresh(service.clock.now(), service.options)


def tokens(service: Service, user: str = USER) -> dict[str, Any]:
    """Return the refresh token that works, and how often each was presented and redeemed."""
    known = service.tokens
    return {
        "refresh_token": known.current(user),
        "redemptions": dict(known.redemptions),
        "attempts": dict(known.attempts),
    }


def now(service: Service) -> float:
    """Return the sandbox's time, in seconds since the epoch."""
    return service.clock.now()


def advance_clock(service: Service, seconds: float) -> float:
    """Move the sandbox's time forward, and return it."""
    if not math.isfinite(float(seconds)):
        msg = "the clock moves by a number of seconds"
        raise ValueError(msg)
    service.clock.offset += float(seconds)
    return service.clock.now()


def options(service: Service, **changes: Any) -> dict[str, Any]:
    """Change options, and return all of them."""
    if changes:
        service.options = settings.change(service.options, changes)
        service.revision += 1
    return dataclasses.asdict(service.options)


def stats(service: Service) -> dict[str, Any]:
    """Return what was asked and answered."""
    return service.stats.report()


def reset_stats(service: Service) -> None:
    """Start counting anew; calls in flight stay counted as such."""
    service.stats = Stats(in_flight=service.stats.in_flight)


def reset_limits(service: Service) -> None:
    """Forget all counted calls, errors and blocks."""
    service.limits = Limits()


_COMMANDS: tuple[Callable[..., Any], ...] = (
    rows,
    count,
    add,
    change,
    delete,
    set_row,
    begin,
    commit,
    divisions,
    add_division,
    *(_set_division(*mark) for mark in _MARKS),
    move_division,
    hr_link_division,
    open_division,
    forbid,
    allow,
    add_fault,
    faults,
    clear_faults,
    new_login,
    expire_access,
    expire_refresh,
    tokens,
    now,
    advance_clock,
    options,
    stats,
    reset_stats,
    reset_limits,
)
COMMANDS = {function.__name__: function for function in _COMMANDS}


def run(service: Service, name: str, arguments: dict[str, Any]) -> Any:
    """Carry out a command; the empty name lists all commands.

    Raises:
        KeyError: There is no such command, division, path or handle.
        TypeError: An argument is missing or unknown.
        ValueError: An argument has a value that makes no sense.
    """
    if not name:
        return {known: (function.__doc__ or "").split("\n", 1)[0] for known, function in COMMANDS.items()}
    if name not in COMMANDS:
        msg = f"no command '{name}'; these exist: {', '.join(COMMANDS)}"
        raise KeyError(msg)
    return COMMANDS[name](service, **arguments)

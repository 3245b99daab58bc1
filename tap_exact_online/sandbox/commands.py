"""What the control API can do: one function for each command, its keyword arguments are the JSON it takes."""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from tap_exact_online import edm
from tap_exact_online.sandbox import faults as scripted
from tap_exact_online.sandbox import options as settings
from tap_exact_online.sandbox import wire
from tap_exact_online.sandbox.books import DIVISIONS
from tap_exact_online.sandbox.divisions import ARCHIVED
from tap_exact_online.sandbox.editing import (
    add,
    begin,
    change,
    commit,
    count,
    delete,
    delete_entry,
    rows,
    set_row,
)
from tap_exact_online.sandbox.limits import Limits
from tap_exact_online.sandbox.options import USER
from tap_exact_online.sandbox.service import ENDPOINTS, Forbidden, Service
from tap_exact_online.sandbox.stats import Stats


def divisions(service: Service) -> list[dict[str, Any]]:
    """Return all divisions, also those that are not granted."""
    endpoint = edm.load(DIVISIONS)
    return [
        {
            **wire.neutral(each.row(current=code == service.divisions.current), endpoint),
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


def asked(service: Service) -> list[dict[str, Any]]:
    """Return the newest data calls, the oldest first: division, endpoint, filter, and the query string."""
    return [
        {"division": int(division or 0), "path": path, "filter": _filter(query), "query": unquote(query)}
        for division, path, query in service.stats.queries
    ]


def _filter(query: str) -> str:
    return dict(parse_qsl(query)).get("$filter", "")


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
    delete_entry,
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
    asked,
    reset_stats,
    reset_limits,
)
COMMANDS = {function.__name__: function for function in _COMMANDS}

_NAMED_BY: Mapping[str, type] = {"add_fault": scripted.Fault, "options": settings.Options}
"""Commands that take each field of something as an argument."""
_COUNTED_BY_ITSELF = {"seen", "fired"}
_ACTIONS = {"actions": scripted.ACTIONS}


def run(service: Service, name: str, arguments: dict[str, Any]) -> Any:
    """Carry out a command; the empty name lists all commands, with what each takes.

    Raises:
        KeyError: There is no such command, division, path or handle.
        TypeError: An argument is missing or unknown.
        ValueError: An argument has a value that makes no sense.
    """
    if not name:
        return _listed()
    if name not in COMMANDS:
        msg = f"no command '{name}'; these exist: {', '.join(COMMANDS)}"
        raise KeyError(msg)
    return COMMANDS[name](service, **arguments)


def _listed() -> dict[str, dict[str, Any]]:
    """Return what each command does and takes, and the actions that a scripted failure can have."""
    return {
        name: {
            "does": (function.__doc__ or "").split("\n", 1)[0],
            "takes": _takes(_NAMED_BY.get(name, function)),
            **(_ACTIONS if name == "add_fault" else {}),
        }
        for name, function in COMMANDS.items()
    }


def _takes(what: Callable[..., Any]) -> dict[str, str]:
    """Return the type of each argument, and what it is if it is left out."""
    return {
        name: f"{each.annotation} = {each.default!r}"
        if isinstance(each.default, str | int | float)
        else str(each.annotation)
        for name, each in inspect.signature(what).parameters.items()
        if name not in {"service", *_COUNTED_BY_ITSELF}
    }

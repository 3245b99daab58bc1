"""Scripted failures: rules that pick a call and say what goes wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import orjson

from tap_exact_online.sandbox.answers import Answer, error_json

ACTIONS: Mapping[str, str] = {
    "status": "answer with `status`, `headers` and `body`; the call does not reach the service",
    "reset_before": "break the connection before the service acts",
    "reset_after": "break the connection after the service acted: what the call asked for has happened",
    "cut": "act, but send only the first half of the body, then close the connection",
    "garbled": "act, but send JSON with bytes missing in its middle",
    "html": "answer 200 with an HTML page",
    "empty": "answer 200 with an empty body; with `act` true the service acts first",
    "error_object": "answer 200 with an error object",
    "empty_page": "act, but answer an empty page that carries a next link to the page that was asked for",
    "next_elsewhere": "act, but let the next link lead to `url`",
    "next_self": "act, but let the next link lead to the page that was asked for",
    "delay": "wait `seconds`, then act",
}


@dataclass(slots=True)
class Fault:
    """One rule.

    Attributes:
        action: One of `ACTIONS`.
        path: Endpoint paths it matches, `*` as a wildcard, in any letter case; `token` is the token endpoint.
        division: The only division it matches; None matches all.
        contains: Text that the query string must hold, percent-decoded; empty matches all.
        skip: How many matching calls pass before it fires.
        times: How often it fires; None is without end.
        status: The status of `status`.
        headers: The headers of `status`.
        body: The body of `status`.
        url: The address of `next_elsewhere`.
        seconds: The wait of `delay`.
        act: Whether the service acts before an `empty` or `status` answer.
        seen: Matching calls so far.
        fired: How often it fired.
    """

    action: str
    path: str = "*"
    division: int | None = None
    contains: str = ""
    skip: int = 0
    times: int | None = 1
    status: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    url: str = "https://elsewhere.example/next"
    seconds: float = 1.0
    act: bool = False
    seen: int = 0
    fired: int = 0

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            msg = f"action '{self.action}' is none of {', '.join(ACTIONS)}"
            raise ValueError(msg)

    def matches(self, path: str, division: int | None, query: str) -> bool:
        """Tell whether the rule is about this call."""
        # the token endpoint is no data call: only its own name reaches it
        named = fnmatchcase(path.lower(), self.path.lower()) and (path != "token" or self.path == "token")
        return named and self.division in {None, division} and self.contains in query

    def due(self) -> bool:
        """Count a matching call and tell whether the rule fires on it."""
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.fired >= self.times):
            return False
        self.fired += 1
        return True

    @property
    def acts(self) -> bool:
        """Whether the service does what the call asks for."""
        return self.act or self.action not in {"status", "reset_before", "html", "empty", "error_object"}


def fire(faults: list[Fault], path: str, division: int | None, query: str) -> Fault | None:
    """Return the first rule that fires on a call. Every rule that matches counts it."""
    chosen: Fault | None = None
    for fault in faults:
        if fault.matches(path, division, query):
            if chosen is None and fault.due():
                chosen = fault
            elif chosen is not None:
                fault.seen += 1
    return chosen


def answer_instead(fault: Fault) -> Answer | None:
    """Return the answer that takes the place of the service's, or None."""
    if fault.action == "status":
        return Answer(fault.status, tuple(fault.headers.items()), fault.body.encode())
    if fault.action == "empty":
        return Answer(200)
    if fault.action == "html":
        page = b"<!DOCTYPE html><html><head><title>Exact Online</title></head><body>Maintenance</body></html>"
        return Answer(200, (("Content-Type", "text/html; charset=utf-8"),), page)
    if fault.action == "error_object":
        return Answer(
            200, (("Content-Type", "application/json"),), error_json("An unexpected error occurred.")
        )
    return None


def spoil(fault: Fault, body: bytes, address: str) -> bytes:
    """Return what becomes of the service's own answer.

    Args:
        fault: The rule that fired.
        body: The body that the service would have sent.
        address: The address of the call, for next links that lead back to it.
    """
    if fault.action == "garbled":
        middle = len(body) // 2
        return body[: middle - 3] + b"\x00}{" + body[middle:]
    if fault.action == "empty_page":
        return orjson.dumps({"d": {"results": [], "__next": address}})
    if fault.action in {"next_elsewhere", "next_self"}:
        return _with_next(body, fault.url if fault.action == "next_elsewhere" else address)
    return body


def _with_next(body: bytes, link: str) -> bytes:
    """Return a page with another next link, or as it is when it is no page."""
    try:
        answer: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    rows = answer.get("d") if isinstance(answer, dict) else None
    if rows is None:
        return body
    listed = rows.get("results", [rows]) if isinstance(rows, dict) else rows
    return orjson.dumps({"d": {"results": listed, "__next": link}})

"""Scripted failures: rules that pick a call and say what goes wrong with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

INSTEAD: Mapping[str, str] = {
    "status": "answer with `status`, `headers` and `body`",
    "edge_403": "answer 403 with an edge's HTML page, Access Denied",
    "gateway_fault": 'answer `status` with a gateway\'s `{"fault":...}`',
    "endpoint_401": "answer 401 as for an expired token, which stays good elsewhere",
    "html": "answer 200 with an HTML page",
    "empty": "answer 200 with an empty body",
    "error_object": "answer 200 with an error object",
}
"""The service is not reached, unless `act` says that it acts before this answer takes the place of its own."""

AFTERWARDS: Mapping[str, str] = {
    "reset_after": "break the connection: what the call asked for has happened",
    "cut": "send only the first half of the body, then close the connection",
    "slow": "send the first half of the body, wait `seconds`, send the rest",
    "short": "send the first half of the body, as if it were all of it",
    "garbled": "send JSON with bytes missing in its middle",
    "empty_page": "answer an empty page that carries a next link to the page that was asked for",
    "next_elsewhere": "let the next link lead to `url`",
    "next_self": "let the next link lead to the page that was asked for",
    "other_division": "put as many rows of another granted division in the place of the page's own",
    "mixed_division": "put a row of another granted division in the place of the last one",
    "error_beside": "send an error object beside the rows: `d` and `error` in one document",
    "error_among": "send an error object among the rows",
    "second_document": "send `body` behind the page, or else an error object as a second document",
    "not_rows": 'answer `{"d":{"UserHasRights":true}}`',
    "nulls": "send one more row, in which every property is null",
    "no_key": "send the last row without its key",
    "no_timestamp": "send the last row without its Timestamp",
    "control_characters": "send U+0001 to U+001F as they are at the end of a text of the last row: `field`, or the first",
    "odd_number": "send `value` for a Double of the last row: `field`, or the first",
    "delay": "wait `seconds` before acting",
}
"""The service acts, and this becomes of its answer."""

ACTIONS: Mapping[str, str] = {
    "reset_before": "break the connection before the service acts",
    **INSTEAD,
    **AFTERWARDS,
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
        status: The status of `status` and `gateway_fault`.
        headers: The headers of `status`.
        body: The body of `status`, or what follows the page in `second_document`.
        url: The address of `next_elsewhere`.
        seconds: The wait of `delay` and `slow`.
        field: The property that `control_characters` or `odd_number` is about; empty is the first that fits.
        value: What `odd_number` writes: `NaN`, `Infinity`, `1e400`.
        act: Whether the service acts before an answer takes the place of its own.
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
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: str = ""
    url: str = "https://elsewhere.example/next"
    seconds: float = 1.0
    field: str = ""
    value: str = "NaN"
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
        return self.act or self.action in AFTERWARDS


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

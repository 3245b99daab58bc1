"""What becomes of an answer that a scripted failure strikes: bodies put in its place, and pages that are not what they should be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from tap_exact_online import edm
from tap_exact_online.sandbox.answers import Answer, error_json
from tap_exact_online.sandbox.faults import Fault

Row = dict[str, Any]

_HTML = (("Content-Type", "text/html; charset=utf-8"),)
_JSON = (("Content-Type", "application/json"),)
_ERROR = error_json("An unexpected error occurred.")
_MAINTENANCE = b"<!DOCTYPE html><html><head><title>Exact Online</title></head><body>Maintenance</body></html>"
_ACCESS_DENIED = (
    b"<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\n \n"
    b"You don't have permission to access this server.<P>\nReference #18.5a4db0c5\n</BODY>\n</HTML>\n"
)
_GATEWAY = orjson.dumps(
    {
        "fault": {
            "faultstring": "The Service is temporarily unavailable",
            "detail": {"errorcode": "messaging.adaptors.http.flow.ServiceUnavailable"},
        }
    }
)
_EXPIRED = (
    ("WWW-Authenticate", 'Bearer error="invalid_token", error_description="access token expired"'),
    ("Reason", "Unauthorized"),
)
_RAW = "5a4db0c5-raw"  # stands in a page for what no JSON writer would write


@dataclass(frozen=True, slots=True)
class Struck:
    """The call that a failure strikes.

    Attributes:
        path: The endpoint; `token` for the token endpoint.
        division: The division, if the path has one.
        address: The address of the call, for next links that lead back to it.
        elsewhere: Gives so many rows that the same call would find in another granted division.
    """

    path: str
    division: int | None
    address: str
    elsewhere: Callable[[int], list[Row]]


def put_in_place(fault: Fault) -> Answer | None:
    """Return the answer that takes the place of the service's, or None where it is only spoiled."""
    return {
        "status": Answer(fault.status, tuple(fault.headers.items()), fault.body.encode()),
        "edge_403": Answer(403, _HTML, _ACCESS_DENIED),
        "gateway_fault": Answer(fault.status, _JSON, _GATEWAY),
        "endpoint_401": Answer(401, (*_JSON, *_EXPIRED), error_json("Unauthorized")),
        "html": Answer(200, _HTML, _MAINTENANCE),
        "empty": Answer(200),
        "error_object": Answer(200, _JSON, _ERROR),
    }.get(fault.action)


def spoiled(fault: Fault, body: bytes, struck: Struck) -> bytes:
    """Return what becomes of the body that the service would have sent; one that is no page is left as it is."""
    if fault.action == "short":
        return body[: len(body) // 2]
    if fault.action == "garbled":
        # Elsewhere each time: what came in the same bytes twice would not be the connection's fault.
        place = max(3, len(body) // 2 - fault.fired * 7)
        return body[: place - 3] + b"\x00}{" + body[place:]
    try:
        page = orjson.loads(body)
        rows = unwrapped(page)
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return body
    match fault.action:
        case "second_document":
            return body + (fault.body.encode() or _ERROR)
        case "empty_page":
            page = {"d": {"results": [], "__next": struck.address}}
        case "next_elsewhere" | "next_self":
            link = fault.url if fault.action == "next_elsewhere" else struck.address
            page = {"d": {"results": rows, "__next": link}}
        case "error_beside":
            page |= orjson.loads(_ERROR)
        case "not_rows":
            page = {"d": {"UserHasRights": True}}
        case _:
            page = _wrapped(page, _spoiled_rows(fault, rows, struck))
    return _raw(fault, orjson.dumps(page))


def unwrapped(page: Any) -> list[Row]:
    """Return the rows of a page in any envelope.

    Raises:
        LookupError: It is no page.
    """
    content = page["d"]
    if isinstance(content, list):
        return content
    return list(content["results"]) if "results" in content else [content]


def _wrapped(page: Any, rows: list[Row]) -> Any:
    """Return a page with other rows in its envelope."""
    content = page["d"]
    if isinstance(content, dict) and "results" in content:
        return {"d": {**content, "results": rows}}
    return {"d": rows[0] if isinstance(content, dict) and len(rows) == 1 else rows}


def _spoiled_rows(fault: Fault, rows: list[Row], struck: Struck) -> list[Row]:
    if not rows:
        return rows
    *before, last = rows
    match fault.action:
        case "other_division":
            return struck.elsewhere(len(rows)) or rows
        case "mixed_division":
            return [*before, *(struck.elsewhere(1) or [last])]
        case "error_among":
            return [*before, orjson.loads(_ERROR), last]
        case "nulls":
            return [*rows, dict.fromkeys(name for name in last if name != "__metadata")]
    facts = edm.load(struck.path)
    gone = {"no_key": facts.keys[0], "no_timestamp": "Timestamp"}.get(fault.action)
    kind = {"control_characters": "String", "odd_number": "Double"}.get(fault.action)
    names = [fault.field] if fault.field else [p.name for p in facts.properties.values() if p.type == kind]
    for name in [name for name in names if name in last][:1]:
        text = last[name] if kind == "String" and last[name] is not None else ""
        last = {**last, name: text + _RAW}
    return [*before, {name: value for name, value in last.items() if name != gone}]


def _raw(fault: Fault, body: bytes) -> bytes:
    """Return a body with what stands for the mark in it: that is not JSON."""
    if fault.action == "odd_number":
        return body.replace(f'"{_RAW}"'.encode(), fault.value.encode())
    return body.replace(_RAW.encode(), bytes(range(1, 32)))

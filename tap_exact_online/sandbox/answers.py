"""An answer of the sandbox, and the bodies in which it says that something failed."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

import orjson


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: status, headers, body."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def error_json(message: str) -> bytes:
    """Write an error body."""
    return orjson.dumps({"error": {"code": "", "message": {"lang": "", "value": message}}})


def error_xml(message: str) -> bytes:
    """Write an error body for a client that did not ask for JSON."""
    space = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
    return f'<?xml version="1.0" encoding="utf-8"?><error xmlns="{space}"><code></code><message xml:lang="">{xml(message)}</message></error>'.encode()


def xml(text: str) -> str:
    """Write a text for XML, which has no way to write U+0000."""
    return escape(text, {'"': "&quot;"}).replace("\0", "")

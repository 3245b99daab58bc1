"""A page of JSON written as the Atom feed that Exact sends to a client that does not ask for JSON.

The feed has the form of WCF Data Services for OData 2: a `self` link, entries with the elements that Atom wants, texts
without a type, everything else with `m:type`, and the next link at the end. Taps that read Atom rely on that form: some
follow a next link only where another link stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import msgspec

from rig.floor import wall_clock
from tap_exact_online.edm import Endpoint

_SPACES = (
    'xmlns="http://www.w3.org/2005/Atom" '
    'xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices" '
    'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"'
)
_SCHEME = "http://schemas.microsoft.com/ado/2007/08/dataservices/scheme"
_UPDATED = (
    "2026-01-01T00:00:00Z"  # Exact writes the time of the answer; a page that is kept has one of its own
)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML 1.0 has no way to write them
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def feed(page: bytes, endpoint: Endpoint, root: str) -> bytes:
    """Write a page of JSON as an Atom feed.

    Args:
        page: The page, with `results` and possibly a next link.
        endpoint: Knows the types.
        root: The endpoint's address.
    """
    found = _decode(page)["d"]
    base, slash, title = root.rpartition("/")
    entries = "".join(_entry(row, endpoint, title) for row in found["results"])
    link = f'<link rel="next" href={quoteattr(found["__next"])} />' if found.get("__next") else ""
    return (
        f'<?xml version="1.0" encoding="utf-8" standalone="yes"?><feed xml:base={quoteattr(base + slash)} {_SPACES}>'
        f'<title type="text">{title}</title><id>{escape(root)}</id><updated>{_UPDATED}</updated>'
        f'<link rel="self" title="{title}" href="{title}" />{entries}{link}</feed>'
    ).encode()


def _entry(row: Mapping[str, Any], endpoint: Endpoint, title: str) -> str:
    about = row["__metadata"]
    key = escape(about["uri"].rpartition("(")[2])
    fields = "".join(
        _field(name, value, endpoint.properties[name].type)
        for name, value in row.items()
        if name != "__metadata"
    )
    return (
        f'<entry><id>{escape(about["uri"])}</id><category term="{about["type"]}" scheme="{_SCHEME}" />'
        f'<link rel="edit" title="{title}" href="{title}({key}" /><title /><updated>{_UPDATED}</updated>'
        f'<author><name /></author><content type="application/xml"><m:properties>{fields}</m:properties></content></entry>'
    )


def _field(name: str, value: Any, kind: str) -> str:
    said = "" if kind == "String" else f' m:type="Edm.{kind}"'
    if value is None:
        return f'<d:{name}{said} m:null="true" />'
    return f"<d:{name}{said}>{_text(value, kind)}</d:{name}>"


def _text(value: Any, kind: str) -> str:
    if kind == "DateTime":
        return wall_clock(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(_FORBIDDEN.sub("", value)) if isinstance(value, str) else str(value)

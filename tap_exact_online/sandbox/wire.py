"""Rows as Exact sends them: OData's verbose JSON, and Atom for clients that do not ask for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any

import orjson

from tap_exact_online import edm
from tap_exact_online.sandbox.answers import xml
from tap_exact_online.sandbox.clock import iso_of
from tap_exact_online.sandbox.shelf import Shelf
from tap_exact_online.sandbox.values import Value
from tap_exact_online.sandbox.wording import type_name

PRIMITIVE = frozenset(
    {"String", "Guid", "Double", "DateTime", "Int16", "Int32", "Int64", "Byte", "Boolean", "Binary"}
)


def plain(value: Value, kind: str, *, numbers: bool = False) -> Value:
    """Return a value as JSON carries it: Int64 as text, unless `numbers`; a DateTime as `/Date(ms)/`."""
    if value is None:
        return None
    if kind == "DateTime":
        return f"/Date({value})/"
    return str(value) if kind == "Int64" and not numbers else value


def neutral(row: Mapping[str, Value], endpoint: edm.Endpoint) -> dict[str, Value]:
    """Return a row as the control API tells it: DateTimes as naive ISO text, everything else as it is stored."""
    return {
        name: iso_of(value)
        if endpoint.properties[name].type == "DateTime" and isinstance(value, int)
        else value
        for name, value in row.items()
    }


def key_of(endpoint: edm.Endpoint, row: Mapping[str, Value]) -> str:
    """Return how a row's address names it: Sync endpoints by row version, the others by identity."""
    if "Timestamp" in endpoint.properties and endpoint.path.startswith("sync/"):
        return f"{row['Timestamp']}L"
    if len(endpoint.keys) == 1:
        return _literal(row[endpoint.keys[0]], endpoint.properties[endpoint.keys[0]].type)
    return ",".join(f"{name}={_literal(row[name], endpoint.properties[name].type)}" for name in endpoint.keys)


def _literal(value: Value, kind: str) -> str:
    return {"Guid": f"guid'{value}'", "String": f"'{value}'", "Int64": f"{value}L"}.get(kind, str(value))


def encode(
    row: Mapping[str, Value],
    endpoint: edm.Endpoint,
    names: Iterable[str],
    root: str,
    *,
    numbers: bool = False,
) -> bytes:
    """Write one row.

    Args:
        row: All properties of the row.
        endpoint: The endpoint it belongs to.
        names: The selected properties.
        root: The endpoint's address.
        numbers: Write Int64 as numbers.
    """
    uri = f"{root}({key_of(endpoint, row)})"
    record: dict[str, Any] = {"__metadata": {"uri": uri, "type": type_name(endpoint)}}
    for name in names:
        kind = endpoint.properties[name].type
        record[name] = (
            plain(row[name], kind, numbers=numbers)
            if kind in PRIMITIVE
            else {"__deferred": {"uri": f"{uri}/{name}"}}
        )
    return orjson.dumps(record)


class Encoder:
    """Writes the rows of one table for one selection; a regular row is a template with a few holes.

    Args:
        shelf: The rows.
        names: The selected properties.
        root: The endpoint's address.
        numbers: Write Int64 as numbers.
    """

    def __init__(self, shelf: Shelf, names: tuple[str, ...], root: str, *, numbers: bool = False) -> None:
        self._numbers = numbers
        self._shelf = shelf
        self._names = names
        self._root = root
        table = shelf.table
        endpoint = table.endpoint
        live = {each.name: (place, each) for place, each in enumerate(table.live)}
        sync = endpoint.path.startswith("sync/")
        key = "Timestamp" if sync else endpoint.keys[0]
        self._live, self._key = live, key
        self._prepared = key in live and (sync or len(endpoint.keys) == 1)
        self._templates: list[bytes | None] = [None] * len(table.variants)
        if self._prepared:
            self._templates[0], places = self._template(table.variants[0])
            self._pick = itemgetter(*places)  # the holes of all templates are the same

    def _template(self, variant: Mapping[str, Value]) -> tuple[bytes, list[int]]:
        """Return a row with holes for what varies, and the place of what goes into each of them."""
        live, key = self._live, self._key
        places: list[int] = []
        endpoint = self._shelf.table.endpoint

        def hole(name: str, form: bytes | None = None) -> bytes:
            place, each = live[name]
            places.append(place)
            if form is None:
                form = each.form
                return form.strip(b'"') if self._numbers and each.kind == "int64" else form
            return form

        def address() -> bytes:
            form = live[key][1].form.strip(b'"')
            inner = b"%bL" % hole(key, form) if key == "Timestamp" else b"guid'%b'" % hole(key, form)
            if endpoint.properties[key].type == "Int64" and key != "Timestamp":
                inner = form + b"L"
            return _fixed(self._root) + b"(" + inner + b")"

        kind = type_name(endpoint).encode()
        parts = [b'"__metadata":{"uri":"%b","type":"%b"}' % (address(), kind)]
        for name in self._names:
            edm_type = endpoint.properties[name].type
            if edm_type not in PRIMITIVE:
                parts.append(
                    b'"%b":{"__deferred":{"uri":"%b/%b"}}' % (name.encode(), address(), name.encode())
                )
            elif name in live:
                parts.append(b'"%b":%b' % (name.encode(), hole(name)))
            else:
                static = orjson.dumps(plain(variant.get(name), edm_type, numbers=self._numbers)).replace(
                    b"%", b"%%"
                )
                parts.append(b'"%b":%b' % (name.encode(), static))
        return b"{" + b",".join(parts) + b"}", places

    def writes(self, shelf: Shelf) -> bool:
        """Tell whether this encoder was made for these rows: those of a division linked to HR are replaced."""
        return shelf is self._shelf

    def rows(self, indexes: Iterable[int]) -> Iterator[bytes]:
        """Write the rows with these indexes."""
        shelf = self._shelf
        table, changes = shelf.table, shelf.changes
        if not self._prepared:
            yield from (
                encode(shelf.row(i), table.endpoint, self._names, self._root, numbers=self._numbers)
                for i in indexes
            )
            return
        templates, pick, compute, regular, count = (
            self._templates,
            self._pick,
            table.compute,
            table.regular,
            len(table.variants),
        )
        choose = table.choose
        for i in indexes:
            at = (i % count if i < regular else -1) if choose is None else choose(i)
            if at >= 0 and i not in changes:
                template = templates[at]
                if template is None:
                    template, _ = self._template(table.variants[at])
                    templates[at] = template
                yield template % pick(compute(i))
            else:
                yield encode(shelf.row(i), table.endpoint, self._names, self._root, numbers=self._numbers)


def _fixed(text: str) -> bytes:
    return text.encode().replace(b"%", b"%%")


def envelope(rows: Iterable[bytes], shape: str, next_link: str | None, total: int | None = None) -> bytes:
    """Put written rows into an answer.

    Args:
        rows: Each row as JSON.
        shape: `results`, `list` or `object`; only `results` can carry a next link, and `object` needs one row.
        next_link: The address of the next page.
        total: How many rows there are on all pages; needs `results`.
    """
    joined = b",".join(rows)
    if next_link is None and shape != "results":
        return (b'{"d":[%b]}' if shape == "list" else b'{"d":%b}') % joined
    count = b"" if total is None else b',"__count":"%d"' % total
    link = b"" if next_link is None else b',"__next":' + orjson.dumps(next_link)
    return b'{"d":{"results":[%b]%b%b}}' % (joined, count, link)


def atom(
    rows: Iterable[Mapping[str, Value]],
    endpoint: edm.Endpoint,
    names: Iterable[str],
    root: str,
    next_link: str | None,
) -> bytes:
    """Write a page as an Atom feed."""
    chosen = [name for name in names if endpoint.properties[name].type in PRIMITIVE]
    entries = "".join(_entry(row, endpoint, chosen, root) for row in rows)
    link = "" if next_link is None else f'<link rel="next" href="{xml(next_link)}"/>'
    spaces = (
        'xmlns="http://www.w3.org/2005/Atom" xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices" '
        'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"'
    )
    return f'<?xml version="1.0" encoding="utf-8"?><feed {spaces}><id>{xml(root)}</id>{entries}{link}</feed>'.encode()


def _entry(row: Mapping[str, Value], endpoint: edm.Endpoint, names: Iterable[str], root: str) -> str:
    fields = "".join(
        f'<d:{name} m:null="true"/>'
        if row[name] is None
        else f'<d:{name} m:type="Edm.{endpoint.properties[name].type}">{xml(_written(row[name], endpoint, name))}</d:{name}>'
        for name in names
    )
    uri = f"{root}({key_of(endpoint, row)})"
    return f'<entry><id>{xml(uri)}</id><content type="application/xml"><m:properties>{fields}</m:properties></content></entry>'


def _written(value: Value, endpoint: edm.Endpoint, name: str) -> str:
    if endpoint.properties[name].type == "DateTime" and isinstance(value, int):
        return iso_of(value)
    return str(value).lower() if isinstance(value, bool) else str(value)

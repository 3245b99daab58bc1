"""Compare the committed endpoint facts with Exact's public reference, and list what has changed there.

Usage: python scripts/check_reference.py [ADDRESS]

Reads the list of resources at ADDRESS and the page of every endpoint that the catalog uses, some 90 requests. No account
is needed. Ends with 0 where nothing has changed, with 1 where something has, and with 2 where a page cannot be read. What
is new goes into `tap_exact_online/edm/` by `scripts/write_edm.py metadata`, from the `$metadata` of an account.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests
from typing_extensions import override

from tap_exact_online import edm
from tap_exact_online.catalog.resources import RESOURCES

REFERENCE = "https://start.exactonline.nl/docs/HlpRestAPIResources.aspx"
_TABLE = "referencetable"
_PATH = re.compile(r"/api/v1/(?:\{division\}/)?([\w/]+)")
_PATIENCE = 60  # seconds for one page


class PageNotUnderstood(Exception):  # noqa: N818  the name says what is wrong
    """A page has not the form that is known here."""


@dataclass
class _Row:
    cells: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


class _Table(HTMLParser):
    """Collects the rows of the one table that counts: the texts of the cells, and where links lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[_Row] = []
        self._depth = 0

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._depth:
            self._depth += tag == "table"
            if tag == "tr":
                self.rows.append(_Row())
            elif tag in {"td", "th"} and self.rows:
                self.rows[-1].cells.append("")
            elif tag == "a" and given.get("href") and self.rows:
                self.rows[-1].links.append(str(given["href"]))
        elif tag == "table" and given.get("id") == _TABLE:
            self._depth = 1

    @override
    def handle_endtag(self, tag: str) -> None:
        if self._depth and tag == "table":
            self._depth -= 1

    @override
    def handle_data(self, data: str) -> None:
        if self._depth and self.rows and self.rows[-1].cells:
            self.rows[-1].cells[-1] += data


def _rows(page: str) -> list[_Row]:
    table = _Table()
    table.feed(page)
    return [
        _Row([" ".join(cell.split()) for cell in row.cells], row.links) for row in table.rows if row.cells
    ]


def addresses(page: str, base: str) -> dict[str, str]:
    """Return the page of each endpoint that the list of resources names, by path.

    Raises:
        PageNotUnderstood: The list names no endpoint.
    """
    found = {}
    for row in _rows(page):
        paths = [match[1] for cell in row.cells if (match := _PATH.search(cell))]
        if paths and row.links:
            found[paths[0]] = urljoin(base, row.links[0])
    if not found:
        msg = f"{base} has no table '{_TABLE}' of endpoints any more."
        raise PageNotUnderstood(msg)
    return found


def properties(page: str, address: str) -> dict[str, str]:
    """Return the properties that the page of an endpoint lists, with their types.

    Raises:
        PageNotUnderstood: The page lists none.
    """
    head, *rows = _rows(page) or [_Row()]
    columns = [cell.lower() for cell in head.cells]
    if "name" not in columns or "type" not in columns:
        msg = f"{address} has no table '{_TABLE}' with the columns Name and Type any more."
        raise PageNotUnderstood(msg)
    name, kind = columns.index("name"), columns.index("type")
    return {row.cells[name]: row.cells[kind] for row in rows if len(row.cells) > max(name, kind)}


def drift(endpoint: edm.Endpoint, listed: Mapping[str, str]) -> Iterator[str]:
    """Tell what the reference says otherwise than the committed facts of an endpoint."""
    known = endpoint.properties
    for name, kind in listed.items():
        plain = kind.removeprefix("Edm.")
        if name not in known:
            yield f"`{endpoint.path}`: `{name}` ({plain}) is new"
        elif known[name].absent:
            yield f"`{endpoint.path}`: `{name}` is there again"
        elif kind.startswith("Edm.") and plain != known[name].type and not known[name].inferred:
            yield f"`{endpoint.path}`: `{name}` is {plain}, was {known[name].type}"
    for name, fact in known.items():
        if name not in listed and not fact.absent:
            yield f"`{endpoint.path}`: `{name}` is gone"


def compare(address: str) -> list[str]:
    """Return all that has changed.

    Raises:
        PageNotUnderstood: A page has not the form that is known here.
        requests.RequestException: A page cannot be had.
    """
    with requests.Session() as session:

        def page(url: str) -> str:
            answer = session.get(url, timeout=_PATIENCE)
            answer.raise_for_status()
            return answer.text

        pages = addresses(page(address), address)
        changes = []
        for path in sorted({resource.path for resource in RESOURCES}):
            if path not in pages:
                changes.append(f"`{path}` is no longer listed")
            else:
                changes += drift(edm.load(path), properties(page(pages[path]), pages[path]))
    committed = {*edm.paths()}
    changes += [
        f"`{path}` is a Sync endpoint that no stream reads"
        for path in sorted(pages)
        if path.startswith("sync/") and path not in committed
    ]
    return changes


def main() -> int:
    """Compare, and write a list that can stand in a summary."""
    address = sys.argv[1] if len(sys.argv) > 1 else REFERENCE
    try:
        changes = compare(address)
    except (PageNotUnderstood, requests.RequestException) as error:
        print(f"The reference cannot be read: {error}")
        return 2
    print(f"{len(changes)} differences from the reference at {address}")
    for change in changes:
        print(f"- {change}")
    return int(bool(changes))


if __name__ == "__main__":
    sys.exit(main())

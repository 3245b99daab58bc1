"""What came of a request, for those who look on: the address taken apart, headers and body as they came."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote_plus

from tap_exact_online import edm
from tap_exact_online.wire import Watcher

_ADDRESS = re.compile(
    r"(?P<origin>https?://[^/?#]*)?/api/v1/(?P<beta>beta/)?(?:(?P<division>\d{1,18})/)?(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#.*)?",
    re.IGNORECASE | re.DOTALL,
)
_NOTHING = edm.Endpoint("", "")


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer of the API.

    Attributes:
        path: The endpoint's path as it was asked for.
        division: The division, or None where the address has none.
        query: The options, percent-decoded.
        status: The HTTP status.
        headers: The headers, by name.
        body: The whole body.
    """

    path: str
    division: int | None
    query: Mapping[str, str]
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def endpoint(self) -> edm.Endpoint:
        """The facts about the endpoint, none where it is unknown."""
        return endpoint_of(self.path)


def answered(url: str, status: int, headers: Mapping[str, str], body: bytes) -> Answered | None:
    """Take an address apart; None where it is not one of the API's, as that of a file is not."""
    match = _ADDRESS.fullmatch(url)
    if match is None:
        return None
    pairs = (part.partition("=") for part in (match["query"] or "").split("&") if part)
    query = {unquote_plus(name): unquote_plus(value) for name, _, value in pairs}
    division = None if match["division"] is None else int(match["division"])
    return Answered(f"{match['beta'] or ''}{match['path']}", division, query, status, headers, body)


def endpoint_of(path: str) -> edm.Endpoint:
    """Return the facts of the endpoint of a path in any letter case, also of one row of it; none where it is unknown."""
    bare = path.lower().split("(")[0].strip("/").removeprefix("beta/")
    known = _known().get(bare)
    return _NOTHING if known is None else edm.load(known)


@cache
def _known() -> Mapping[str, str]:
    return {path.lower(): path for path in edm.paths()}


def both(*watchers: Watcher | None) -> Watcher | None:
    """Return what tells every one of them, None where there is none."""
    told = [watcher for watcher in watchers if watcher is not None]
    if len(told) < 2:  # noqa: PLR2004
        return told[0] if told else None

    def tell(url: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        for watcher in told:
            watcher(url, status, headers, body)

    return tell

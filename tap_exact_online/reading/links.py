"""Which next links may be followed: those of the same server and endpoint that lead onwards. Pure."""

from __future__ import annotations

import hashlib
from urllib.parse import parse_qsl, unquote, urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from tap_exact_online.errors import UnsafeLink
from tap_exact_online.spoken import spoken
from tap_exact_online.wire import Call


class Trail:
    """The way through the pages of one call.

    A page is known by the token that its link goes on from: the same one under ever new addresses is still the same page.
    """

    def __init__(self, call: Call, base_url: str) -> None:
        """Begin at the first page.

        Args:
            call: What was asked.
            base_url: The server that the token is for.
        """
        self._call = call
        self._base_url = base_url
        self._seen = {_digest(_place(call.url))}

    def follow(self, link: str) -> Call:
        """Return the call for the next page.

        Raises:
            UnsafeLink: It leads to another server, which would be given the token, to another endpoint or division, or to a
                page that was read already.
        """
        if not same_server(link, self._base_url):
            msg = (
                f"{self._call}: the next link leads to {server_of(link)}, not to {self._base_url}."
                " It was not followed."
            )
            raise UnsafeLink(msg)
        if not _is_under(_path(link), _path(self._call.url)):
            msg = f"{self._call}: the next link leads to another endpoint or division. It was not followed."
            raise UnsafeLink(msg)
        place = _digest(_place(link))
        if place in self._seen:
            msg = f"{self._call}: the next link leads back to a page that was read already. It was not followed."
            raise UnsafeLink(msg)
        self._seen.add(place)
        return Call(self._call.endpoint, link, self._call.division)


def _place(url: str) -> str:
    """Return what tells a page from the others: the token it goes on from, or the whole address."""
    try:
        options = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        return url
    return next((f"$skiptoken={value}" for name, value in options if name.lower() == "$skiptoken"), url)


def _digest(place: str) -> bytes:
    """Return a few bytes for a place: links may be of any length, and there may be thousands of them."""
    return hashlib.sha256(place.encode("utf-8", "surrogatepass")).digest()[:12]


def _path(url: str) -> str:
    """Return the path of an address. Exact writes it in another letter case in its links."""
    try:
        return unquote(urlsplit(url).path).rstrip("/").lower()
    except ValueError:
        return ""


def _is_under(path: str, of: str) -> bool:
    """Tell whether a path is that of the call: a key in parentheses may stand behind it, but no step may lead elsewhere."""
    rest = path.removeprefix(of)
    return path.startswith(of) and ".." not in rest and (not rest or rest[0] == "(")


def same_server(url: str, base_url: str) -> bool:
    """Tell whether an address leads to the server that the token is for."""
    origin = _origin(url)
    return origin is not None and origin == _origin(base_url)


def server_of(url: str) -> str:
    """Return the server that an address leads to, as it can be shown."""
    origin = _origin(url)
    return spoken("{}://{}:{}".format(*origin), 80) if origin and origin[1] else "no host"


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    """Return where a request for an address goes, None where it goes nowhere.

    Taken apart as requests does it: where a host ends and a user name begins, others see it otherwise.
    """
    try:
        parts = parse_url(url)
    except LocationParseError:
        return None
    scheme = (parts.scheme or "").lower()
    return (
        scheme,
        parts.hostname and parts.hostname.lower(),
        parts.port or {"http": 80, "https": 443}.get(scheme),
    )

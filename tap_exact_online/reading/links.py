"""Which next links may be followed: those of the same server that lead onwards. Pure."""

from __future__ import annotations

from collections.abc import Collection

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from tap_exact_online.errors import UnsafeLink
from tap_exact_online.wire import Call


def check_link(link: str, seen: Collection[str], call: Call, base_url: str) -> None:
    """Refuse a next link that leads to another server, which would be given the token, or back.

    Args:
        link: The link.
        seen: The addresses that were read already.
        call: What it came with.
        base_url: The server that the token is for.

    Raises:
        UnsafeLink: It is not to be followed.
    """
    origin = _origin(link)
    if origin is None or origin != _origin(base_url):
        where = "{}://{}:{}".format(*origin) if origin and origin[1] else "no host"
        msg = f"{call}: the next link leads to {where}, not to {base_url}. It was not followed."
        raise UnsafeLink(msg)
    if link in seen:
        msg = f"{call}: the next link leads back to a page that was read already. It was not followed."
        raise UnsafeLink(msg)


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

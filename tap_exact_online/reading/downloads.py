"""Which addresses of files may be asked: those of the server that the token is for. Pure.

A row says where its file is. It may be kept elsewhere, as in SharePoint, and no other server is shown our token.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urljoin, urlsplit, urlunsplit

from tap_exact_online.errors import UnsafeLink
from tap_exact_online.reading.links import same_server, server_of
from tap_exact_online.spoken import spoken
from tap_exact_online.wire import Call

_OF_DIVISION = "_Division_"


def download(base_url: str, url: str, path: str, division: int, options: Mapping[str, str]) -> Call:
    """Return the call that fetches a file.

    Args:
        base_url: The server that the token is for.
        url: The address of the file as its row says it: a whole one, or one within that server.
        path: The path that such files have, for limits and messages.
        division: The division of the row. Where the address does not name it, Exact would take the one that the user has open.
        options: What else to ask with, where the address does not say it.

    Raises:
        UnsafeLink: It leads to another server, or to another division.
    """
    try:
        parts = urlsplit(urljoin(f"{base_url}/", url))
        given = {name.lower(): value for name, value in parse_qsl(parts.query, keep_blank_values=True)}
    except ValueError:
        msg = "its address is none"
        raise UnsafeLink(msg) from None
    wanted = {_OF_DIVISION: str(division), **options}
    added = [f"{name}={value}" for name, value in wanted.items() if name.lower() not in given]
    whole = urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, *added])), fragment=""))
    if not same_server(whole, base_url):
        msg = f"its address leads to {server_of(whole)}, not to {base_url}, and was not asked"
        raise UnsafeLink(msg)
    if (other := given.get(_OF_DIVISION.lower(), str(division))) != str(division):
        msg = f"its address is one of division {spoken(other, 20)}, and was not asked"
        raise UnsafeLink(msg)
    return Call(path, whole, division, alike=True)

"""Fetches the same pages as the floor and throws them away: what is left is the rate of the server.

ACCESS_TOKEN=... python drain.py BASE_URL FIELDS DIVISION ...

With ACCEPT in the environment it asks for another format than JSON, and with HTTPS_PROXY it goes through that.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import sys
from html import unescape
from urllib.parse import urlsplit

_NEXT = re.compile(rb'(?:"__next":|rel="next" href=)"([^"]+)"')
_TAIL = 8000  # the next link ends a page and holds the whole query


def _connection(base_url: str) -> http.client.HTTPConnection:
    server = urlsplit(base_url)
    if server.scheme == "http":
        return http.client.HTTPConnection(server.netloc)
    proxy = os.environ.get("HTTPS_PROXY")
    connection = http.client.HTTPSConnection(urlsplit(proxy).netloc if proxy else server.netloc)
    if proxy:
        connection.set_tunnel(server.netloc)
    return connection


def main() -> None:
    """Run the command line."""
    base_url, encoded, *divisions = sys.argv[1:]
    fields = ",".join(json.loads(encoded))
    connection = _connection(base_url)
    accepted = os.environ.get("ACCEPT", "application/json")
    headers = {"Authorization": f"Bearer {os.environ['ACCESS_TOKEN']}", "Accept": accepted}
    for division in divisions:
        path = f"/api/v1/{division}/sync/Financial/TransactionLines"
        link: str | None = f"{path}?$filter=Timestamp%20gt%201L&$select={fields}"
        while link:
            connection.request("GET", link, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != http.client.OK:
                sys.exit(f"The server answers {answer.status}")
            found = _NEXT.search(body[-_TAIL:])
            link = unescape(found[1].decode()).removeprefix(base_url) if found else None


if __name__ == "__main__":
    main()

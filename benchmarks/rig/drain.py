"""Fetches the same pages as the floor and throws them away: what is left is the rate of the server.

ACCESS_TOKEN=... python drain.py BASE_URL FIELDS DIVISION ...
"""

from __future__ import annotations

import http.client
import json
import os
import re
import sys
from urllib.parse import urlsplit

_NEXT = re.compile(rb'"__next":"([^"]+)"')
_TAIL = 8000  # the next link ends a page and holds the whole query


def main() -> None:
    """Run the command line."""
    base_url, encoded, *divisions = sys.argv[1:]
    fields = ",".join(json.loads(encoded))
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc)
    headers = {"Authorization": f"Bearer {os.environ['ACCESS_TOKEN']}", "Accept": "application/json"}
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
            link = found[1].decode().removeprefix(base_url) if found else None


if __name__ == "__main__":
    main()

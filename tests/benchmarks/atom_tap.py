"""A tap that reads transaction lines as Atom, as published ones do, and knows nothing but that.

python atom_tap.py [--pages N] --config CONFIG [--discover] [--catalog CATALOG]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import requests

_ATOM = "{http://www.w3.org/2005/Atom}"
_DATA = "{http://schemas.microsoft.com/ado/2007/08/dataservices}"
_STREAM = {
    "stream": "transaction_lines",
    "tap_stream_id": "transaction_lines",
    "schema": {"properties": {"ID": {"type": "string"}, "Notes": {"type": ["string", "null"]}}},
    "metadata": [{"breadcrumb": [], "metadata": {}}],
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path)
    parser.add_argument("--catalog")
    parser.add_argument("--discover", action="store_true")
    parser.add_argument("--pages", type=int, default=1_000_000)
    args = parser.parse_args()
    if args.discover:
        print(json.dumps({"streams": [_STREAM]}))  # noqa: T201  a tap talks through print
        return
    config = json.loads(args.config.read_text())
    print(json.dumps({"type": "SCHEMA", **_STREAM}))  # noqa: T201  a tap talks through print
    session = requests.Session()
    division = config.get("current_division") or config["divisions"][0]
    root = f"https://start.exactonline.nl/api/v1/{division}"
    link: str | None = f"{root}/bulk/Financial/TransactionLines?$select=ID,Notes"
    while link and args.pages:
        answer = session.get(link, timeout=30)
        answer.raise_for_status()
        feed = ET.fromstring(answer.content)  # noqa: S314  the benchmark's own
        for row in feed.iter(f"{_DATA}ID"):
            record = {"ID": row.text}
            print(json.dumps({"type": "RECORD", "stream": _STREAM["stream"], "record": record}))  # noqa: T201
        links = {each.get("rel"): each.get("href") for each in feed.findall(f"{_ATOM}link")}
        link, args.pages = links.get("next"), args.pages - 1


if __name__ == "__main__":
    main()

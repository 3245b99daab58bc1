"""The floor: the least a program can do that reads pages and writes them as RECORD messages. No tap, no SDK.

    ACCESS_TOKEN=... python floor.py BASE_URL FIELDS DIVISION ...

It fetches over one kept connection, decodes into a type, converts dates (with caches), takes the padding off codes and
U+0000 out of texts, adds the division, encodes and writes. It does not know tokens, limits, errors, bookmarks or
selection: the same fields and the same records as the tap writes, and nothing else. FIELDS is a JSON object of names
and EDM types.
"""

from __future__ import annotations

import http.client
import os
import sys
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypedDict
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

PATH = "sync/Financial/TransactionLines"
STREAM = "transaction_lines"
_TYPES = {"Double": float, "Boolean": bool, "Int64": int, "Int32": int, "Int16": int, "Byte": int}
INSTANTS = {"Created", "Modified"}
_DUTCH = ZoneInfo("Europe/Amsterdam")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  a wall clock has no zone
_HOUR = 3_600_000
_NUL = b"\\u0000"


@lru_cache(maxsize=65536)
def wall_clock(text: str) -> str:
    """Write `/Date(ms)/` as the wall clock it shows."""
    return (_EPOCH + timedelta(milliseconds=int(text[6:-2]))).isoformat()


def instant(text: str) -> str:
    """Write `/Date(ms)/`, a Dutch wall clock, in UTC: the hour and what is within it, each of which comes often."""
    hour, within = divmod(int(text[6:-2]), _HOUR)
    return _hour(hour) + _within(within)


@lru_cache(maxsize=65536)
def _hour(number: int) -> str:
    clock = _EPOCH + timedelta(hours=number)
    return clock.replace(tzinfo=_DUTCH).astimezone(UTC).strftime("%Y-%m-%dT%H:")


@lru_cache(maxsize=65536)
def _within(milliseconds: int) -> str:
    seconds, fraction = divmod(milliseconds, 1000)
    return f"{seconds // 60:02}:{seconds % 60:02}{f'.{fraction:03}000' if fraction else ''}+00:00"


def without_nul(body: bytes) -> bytes:
    """Take escaped U+0000 out of JSON, but not where its backslash is text itself."""
    parts = body.split(_NUL)
    kept = [parts[0]]
    for before, part in pairwise(parts):
        if (len(before) - len(before.rstrip(b"\\"))) % 2:
            kept.append(_NUL)
        kept.append(part)
    return b"".join(kept)


def decoder(fields: dict[str, str]) -> msgspec.json.Decoder[Any]:
    """Compile the type of a page."""
    kinds: Any = {name: _TYPES.get(kind, str) | None for name, kind in fields.items()}
    typed_dict: Any = TypedDict
    row = typed_dict("row", kinds, total=False)
    results: Any = msgspec.defstruct(
        "results", [("results", list[row]), ("next", str | None, None)], rename={"next": "__next"}
    )
    envelope: Any = msgspec.defstruct("envelope", [("d", results)])
    return msgspec.json.Decoder(envelope, strict=False)


def codes_of(fields: dict[str, str]) -> list[str]:
    """Return the fields whose padding goes."""
    return [name for name, kind in fields.items() if kind == "String" and name.endswith(("Code", "Country"))]


def main() -> None:
    """Run the command line."""
    base_url, encoded, *divisions = sys.argv[1:]
    fields: dict[str, str] = msgspec.json.decode(encoded)
    decode, encode = decoder(fields).decode, msgspec.json.Encoder().encode
    codes = codes_of(fields)
    dates = [
        (name, instant if name in INSTANTS else wall_clock)
        for name, kind in fields.items()
        if kind == "DateTime"
    ]
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc)
    headers = {"Authorization": f"Bearer {os.environ['ACCESS_TOKEN']}", "Accept": "application/json"}
    write = sys.stdout.buffer.write
    for division in divisions:
        code = int(division)
        link: str | None = f"/api/v1/{division}/{PATH}?$filter=Timestamp%20gt%201L&$select={','.join(fields)}"
        while link:
            connection.request("GET", link, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != http.client.OK:
                sys.exit(f"The server answers {answer.status}")
            page = decode(without_nul(body) if _NUL in body else body).d
            lines = bytearray()
            extracted = datetime.now(UTC).isoformat()
            for row in page.results:
                for name, convert in dates:
                    if value := row[name]:
                        row[name] = convert(value)
                for name in codes:
                    if value := row[name]:
                        row[name] = value.strip()
                row["Division"] = code
                message = {"type": "RECORD", "stream": STREAM, "record": row, "time_extracted": extracted}
                lines += encode(message)
                lines += b"\n"
            write(lines)
            link = page.next and page.next.removeprefix(base_url)


if __name__ == "__main__":
    main()

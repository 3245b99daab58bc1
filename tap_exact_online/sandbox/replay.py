"""Recorded answers of the live API, given again in the order in which they were recorded.

A recording is a folder of files `000001.json`, `000002.json`, ... Each holds one answer:

    {"path": "sync/CRM/Accounts", "division": 1, "query": {"$filter": "Timestamp gt 0L"},
     "status": 200, "headers": {"X-RateLimit-Remaining": "4999"}, "body": {"d": {"results": []}}, "text": ""}

`division` is null where the path has none. `text` is the body where that was no JSON; `body` is null then. The address of the
server, in next links and elsewhere, is written as `{base}`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from tap_exact_online.sandbox.answers import Answer, error_json

_JSON = ("Content-Type", "application/json;charset=utf-8")
_EMPTY_PAGE = b'{"d":{"results":[]}}'
# What belongs to the connection over which an answer was recorded, or to its compressed form.
_NOT_REPEATED = frozenset(
    {"connection", "content-encoding", "content-length", "date", "keep-alive", "transfer-encoding"}
)


class Record(msgspec.Struct, frozen=True):
    """One recorded answer.

    Attributes:
        path: The endpoint, in any letter case.
        division: The division's number in the recording; None where the path had none.
        status: The HTTP status.
        headers: The headers.
        query: The options of the call, which replaying does not look at.
        body: The body as JSON text.
        text: The body where it was no JSON.
    """

    path: str
    division: int | None
    status: int
    headers: Mapping[str, str]
    query: Mapping[str, Any] = {}
    body: msgspec.Raw = msgspec.Raw(b"null")
    text: str | None = None


def read(file: Path) -> Record:
    """Read one recorded answer.

    Raises:
        ValueError: The file is no such record.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=Record)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        msg = f"{file} holds no recorded answer: {error}"
        raise ValueError(msg) from None


class Replay:
    """A recording being given again.

    Args:
        folder: Where it is.

    Raises:
        ValueError: It holds no records, or something else beside them.
    """

    def __init__(self, folder: Path) -> None:
        self._files: dict[tuple[str, int | None], list[Path]] = defaultdict(list)
        self._given: Counter[tuple[str, int | None]] = Counter()
        for file in sorted(folder.glob("*.json")):
            record = read(file)
            self._files[record.path.lower(), record.division].append(file)
        if not self._files:
            msg = f"{folder} holds no recorded answers"
            raise ValueError(msg)

    def answer(self, path: str, division: int | None, base: str) -> Answer:
        """Answer a call with the first record of its path and division that was not given yet.

        When all were given, the last one is given again, without its rows where its status is 200.

        Args:
            path: The endpoint, in any letter case.
            division: The division; None where the path has none.
            base: The address of this server, as the client wrote it.
        """
        files = self._files.get((path.lower(), division), [])
        given = self._given[path.lower(), division]
        if not files:
            message = "Nothing was recorded of this endpoint and division."
            return Answer(404, (_JSON, ("Reason", message)), error_json(message))
        self._given[path.lower(), division] += 1
        record = read(files[min(given, len(files) - 1)])
        if given >= len(files) and record.status == 200:  # noqa: PLR2004 - OK
            return Answer(200, _headers(record), _EMPTY_PAGE)
        return Answer(record.status, _headers(record), _body(record).replace(b"{base}", base.encode()))


def _body(record: Record) -> bytes:
    known = bytes(record.body)
    return (record.text or "").encode() if known == b"null" else known


def _headers(record: Record) -> tuple[tuple[str, str], ...]:
    kept = {name: value for name, value in record.headers.items() if name.lower() not in _NOT_REPEATED}
    return tuple((dict([_JSON]) | kept).items())

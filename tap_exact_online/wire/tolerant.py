"""JSON that is not quite JSON: taken apart record by record, so that one of them does not cost the others. Slow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

_BOM = b"\xef\xbb\xbf"
_NUL = rb"\u0000"
# Goes back nowhere (`++`), which would take a hundred bytes for each of a text. A text that is cut off is one, too:
# else each quote in it would be tried for the beginning of another.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}:,]', re.DOTALL)
_CONTROL = re.compile(rb"[\x00-\x1f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Longer than any integer of 64 bits. Python refuses to read thousands of digits, and with them the whole document.
_MOST_DIGITS = 40


class MalformedBody(ValueError):  # noqa: N818  names the body
    """The body of an answer is not the JSON that was asked for: cut short, another format, no envelope, or no rows."""


class DoubtfulBody(MalformedBody):
    """The body holds raw control characters in its texts: a broken connection leaves such, but a row may hold them, too.

    Where the same bytes come a second time they are what Exact holds.
    """


@dataclass(frozen=True, slots=True)
class Split:
    """An answer taken apart.

    Attributes:
        frame: All of it but its records, read as JSON: in place of each record stands an empty object.
        records: The bytes of each record.
        single: The one record stands in the place of a list of them.
    """

    frame: Any
    records: list[bytes]
    single: bool


def without_nul(body: bytes) -> bytes:
    """Take U+0000 out of the texts of a JSON document: PostgreSQL refuses it, and no accounting text means anything by it.

    Behind an odd number of backslashes it is no escape but text: the last of them escapes its own backslash.
    """
    if _NUL not in body:
        return body
    parts = body.split(_NUL)
    kept = [parts[0]]
    for before, part in pairwise(parts):
        if (len(before) - len(before.rstrip(b"\\"))) % 2:
            kept.append(_NUL)
        kept.append(part)
    return b"".join(kept)


def split(body: bytes) -> Split:
    """Take an answer in any of the three envelopes apart, however deep what stands in a record is nested.

    Raises:
        MalformedBody: What is around the records is not JSON.
    """
    body = body.removeprefix(_BOM)
    listed, single = [], []
    for path, start, end in _objects(body):
        if path in _IN_A_LIST:
            listed.append((start, end))
        elif path == _ALONE:
            single.append((start, end))
    frame = _read(_without(body, listed))
    data = frame.get("d") if isinstance(frame, dict) else None
    if isinstance(data, dict) and data and "results" not in data:
        [(start, end)] = single[-1:]
        return Split(frame, [body[start:end]], single=True)
    return Split(frame, [body[start:end] for start, end in listed], single=False)


_ALONE = [b'"d"']
_IN_A_LIST = ([b'"d"', b""], [b'"d"', b'"results"', b""])
_DEEPEST = 4  # an object in the list `results` in `d` in the document


def _objects(body: bytes) -> Iterator[tuple[list[bytes], int, int]]:
    """Yield the names that lead to each object that may be a record, and where it begins and ends."""
    around: list[tuple[bytes, int]] = []
    name = text = b""
    for match in _TOKEN.finditer(body):
        token = match[0]
        if token == b":":
            name = text
        elif token in b"{[":
            around.append((name, match.start()))
            name = b""
        elif token in b"}]":
            if token == b"}" and 1 < len(around) <= _DEEPEST:
                yield [each for each, _ in around[1:]], around[-1][1], match.end()
            del around[-1:]
            name = b""
        elif token != b",":
            text = token


def _without(body: bytes, places: list[tuple[int, int]]) -> bytes:
    kept, end = [], 0
    for start, stop in places:
        kept += [body[end:start], b"{}"]
        end = stop
    return b"".join([*kept, body[end:]])


def _read(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8", "replace"), parse_int=_integer)
    except (ValueError, RecursionError):
        msg = "the answer is not JSON"
        raise MalformedBody(msg) from None


def record(raw: bytes, *, trusted: bool) -> Any:
    """Read one record whose texts are not quite what JSON wants.

    They may hold half a surrogate pair (text cut to a column's width in UTF-16), other bytes than UTF-8, or raw control
    characters.

    Args:
        raw: The record.
        trusted: Raw control characters are what Exact holds.

    Raises:
        DoubtfulBody: It holds raw control characters, and it is not known whether they are Exact's.
        MalformedBody: It is not JSON.
        RecursionError: It is nested deeper than can be read.
    """
    text = raw.decode("utf-8", "replace")
    try:
        document = json.loads(text, parse_int=_integer, strict=False)
    except ValueError:
        msg = "the answer is not JSON"
        raise MalformedBody(msg) from None
    if not trusted and _has_raw_controls(raw):
        msg = "the answer holds raw control characters in a text"
        raise DoubtfulBody(msg)
    spelled = json.dumps(document, ensure_ascii=False)
    if _SURROGATE.search(spelled) is not None:
        spelled = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", spelled)
    return json.loads(without_nul(spelled.encode()))


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MOST_DIGITS else float("inf")


def _has_raw_controls(raw: bytes) -> bool:
    return any(
        _CONTROL.search(match[0]) is not None for match in _TOKEN.finditer(raw) if match[0][:1] == b'"'
    )

"""What one answer shows of the facts: names of fields, forms and numbers, never a value. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any
from urllib.parse import unquote_plus, urlsplit

import msgspec

from tap_exact_online.evidence.answers import Answered
from tap_exact_online.evidence.disguise import GUID, whole
from tap_exact_online.evidence.wordings import REASONS, is_type, kind_of, known_words
from tap_exact_online.wire import is_instant

Showing = tuple[str, str, int]
"""A fact, what was seen of it, and how often or how much."""

_DATE = re.compile(r"/Date\((-?[0-9]{1,20})([+-][0-9]{1,4})?\)/")
_DAY = 86_400_000
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  a wall clock has no zone
_OK, _BAD, _FORBIDDEN, _TOO_MANY = 200, 400, 403, 429
_LONGEST = 200
_KNOWN_HEADERS = {
    name.lower(): name
    for name in (
        *("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"),
        *("X-RateLimit-Minutely-Limit", "X-RateLimit-Minutely-Remaining", "X-RateLimit-Minutely-Reset"),
        *("Reason", "Retry-After", "WWW-Authenticate", "Content-Encoding", "Date"),
    )
}
_DAILY, _MINUTELY = "X-RateLimit-Limit", "X-RateLimit-Minutely-Limit"
_FIRST_IN_PATH = ("sync", "bulk", "read")
_TOKENS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("number with L", re.compile(r"\d+L")),
    ("number", re.compile(r"\d+")),
    ("number in quotes", re.compile(r"'\d+L?'")),
    ("guid'…'", re.compile(r"guid'[^']*'")),
    ("datetime'…',guid'…'", re.compile(r"datetime'[^']*',guid'[^']*'")),
    ("a bare guid", GUID),
    ("text in quotes", re.compile(r"'[^']*'")),
)

_ODD = (
    ("U+0000", re.compile("\0")),
    # A tab and the end of a line are usual in texts of several lines.
    ("a control character", re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")),
    ("half a character", re.compile("[\ud800-\udfff]")),
)


def shown(answer: Answered) -> Iterator[Showing]:
    """Yield what an answer shows."""
    document, form = _form(answer.body)
    yield "answers", f"{answer.status} {form}", 1
    yield from _headers(answer)
    if answer.status == _OK:
        yield from _page(answer, document)
    else:
        yield from _refusal(answer, document, form)


def _form(body: bytes) -> tuple[Any, str]:
    """Return a body as JSON values, and what kind of body it is."""
    if not body.strip():
        return None, "empty"
    start = body[:_LONGEST].lstrip().lower()
    if not start.startswith((b"{", b"[")):
        return None, "HTML" if start.startswith((b"<!doctype", b"<html")) else "text"
    document, odd = _parsed(body)
    if odd or not isinstance(document, dict):
        return document, odd or "other JSON"
    found = [name for name in ("error", "fault", "d") if name in document]
    if not found:
        return document, "other JSON"
    what = "d" if found == ["d"] else f"{found[0]} object"
    return document, f"{what} beside d" if len(found) > 1 and found[-1] == "d" else what


def _parsed(body: bytes) -> tuple[Any, str]:
    """Parse a body, as leniently as it takes, and say where it took some."""
    try:
        return msgspec.json.decode(body), ""
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            return json.loads(body.decode("utf-8", "replace"), strict=False), "JSON that is not quite"
        except (ValueError, RecursionError):
            return None, "JSON that is broken"


def _headers(answer: Answered) -> Iterator[Showing]:
    for name in answer.headers:
        if known := _KNOWN_HEADERS.get(name.lower()):
            yield "headers", known, 1
    day, minute = (whole(answer.headers.get(name, "")) for name in (_DAILY, _MINUTELY))
    if day is not None:
        yield "limits", f"{day} a day", 1
    if minute is not None:
        yield "limits", f"{minute} a minute", 1
    if answer.status == _TOO_MANY:
        told = [word for word, known in (("day", day), ("minute", minute)) if known is not None]
        told += ["Retry-After"] if "Retry-After" in answer.headers else []
        yield "limits_of_429", " and ".join(told) or "nothing", 1


def _refusal(answer: Answered, document: Any, form: str) -> Iterator[Showing]:
    said = _message(document) if form != "text" else answer.body[:_LONGEST].decode("utf-8", "replace")
    reason = answer.headers.get("Reason")
    if answer.status == _FORBIDDEN:
        word = "no Reason" if reason is None else reason if reason in REASONS else "another Reason"
        yield "refusals", f"{word}, {form}", 1
    if said:
        kind = kind_of(said)
        yield "wordings", f"{answer.status} {kind or _harmless(said, answer)}", 1
        if kind is not None and kind.startswith("filter") and answer.status == _BAD:
            yield "refused_filters", f"{_place(answer)}: {kind}", 1


def _message(document: Any) -> str:
    try:
        said = document["error"]["message"]
        return str(said["value"] if isinstance(said, dict) else said)
    except (LookupError, TypeError):
        return ""


def _harmless(said: str, answer: Answered) -> str:
    """Return a wording that is not known with its known words only."""
    words = known_words(said, {*answer.endpoint.properties}, lambda word: re.sub(r"\w", "x", word))
    return " ".join(words.split())[:_LONGEST]


def _kind(answer: Answered) -> str:
    first = answer.path.lower().removeprefix("beta/").split("/")[0]
    return first if first in _FIRST_IN_PATH else "other"


def _place(answer: Answered) -> str:
    return answer.endpoint.path or "an unknown endpoint"


def _page(answer: Answered, document: Any) -> Iterator[Showing]:
    data = document.get("d") if isinstance(document, dict) else None
    kind, link = _kind(answer), None
    rows: Any = data
    if isinstance(data, dict) and "results" in data:
        rows, link, form = data["results"], data.get("__next"), "results"
    elif isinstance(data, dict):
        rows, form = [data], "object of nulls" if data and not any(data.values()) else "object"
    else:
        form = "list" if isinstance(data, list) else "null" if data is None else "something else"
    if "d" in (document if isinstance(document, dict) else ()):
        yield "envelope", f"{kind}: {form}", 1
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return
    yield "page_bytes", kind, len(answer.body)
    yield from _paging(answer, kind, rows, link)
    yield from _rows(answer, rows)


def _paging(answer: Answered, kind: str, rows: Sequence[Any], link: Any) -> Iterator[Showing]:
    yield "paging", f"{kind}: {'next link' if link else 'no next link'}", 1
    if not rows and any(name.lower() == "$skiptoken" for name in answer.query):
        yield "empty_last_page", kind, 1
    if answer.path.lower() == "sync/deleted":
        yield "deleted_log", "rows" if rows else "empty", 1
    if not isinstance(link, str):
        return
    yield "page_rows", kind, len(rows)
    try:
        parts = urlsplit(link)
    except ValueError:
        yield "next_path", "no address", 1
        return
    asked = f"/{answer.path}"
    same = parts.path.endswith(asked)
    lower = parts.path.lower().endswith(asked.lower())
    yield "next_path", "the same" if same else "other letter case" if lower else "another", 1
    tokens = re.findall(r"\$skiptoken=([^&]*)", unquote_plus(parts.query), re.IGNORECASE)
    for token in tokens or [""]:
        yield "skiptoken", f"{kind}: {_token(token)}", 1


def _token(token: str) -> str:
    bare = token.strip("()")
    form = next((form for form, pattern in _TOKENS if pattern.fullmatch(bare)), "something else")
    return (form if bare == token else f"{form}, in parentheses") if token else "none"


def _rows(answer: Answered, rows: Sequence[Mapping[str, Any]]) -> Iterator[Showing]:
    facts = answer.endpoint.properties
    if answer.path.lower().startswith("sync/"):
        versions = [whole(str(row.get("Timestamp"))) for row in rows]
        known = [version for version in versions if version is not None]
        if len(known) > 1:
            rising = all(before < after for before, after in pairwise(known))
            yield "row_order", "ascending" if rising else "not ascending", 1
    asked = [name for name in answer.query.get("$select", "").split(",") if name in facts]
    newest: datetime | None = None
    for row in rows:
        yield from (("left_out", f"{_place(answer)} {name}", 1) for name in asked if name not in row)
        division = whole(str(row.get("Division")))
        if "Division" in facts and division is not None and division != answer.division:
            yield "other_division", _place(answer), 1
        if "Modified" in row:
            yield "modified", f"{_kind(answer)}: {'null' if row['Modified'] is None else 'has a value'}", 1
        kind = row["__metadata"].get("type") if isinstance(row.get("__metadata"), dict) else None
        if isinstance(kind, str) and is_type(kind):
            yield "type_names", kind, 1
        for name, value in row.items():
            if name in facts and value is not None:
                yield from _value(name, facts[name].type, value)
                if name in {"Created", "Modified"} and (moment := _moment(value)) is not None:
                    newest = moment if newest is None else max(newest, moment)
    yield from _clock(answer, newest)


def _value(name: str, kind: str, value: Any) -> Iterator[Showing]:
    if kind == "Int64":
        yield "int64", f"{name}: {'string' if isinstance(value, str) else 'number'}", 1
    elif isinstance(value, dict) and "__deferred" in value:
        yield "deferred", name, 1
    elif isinstance(value, str):
        if kind == "DateTime":
            match = _DATE.fullmatch(value)
            form = "another form" if match is None else "with an offset" if match[2] else "without an offset"
            yield "dates", form, 1
            if match and int(match[1]) % _DAY and not is_instant(name):
                yield "time_of_day", name, 1
        elif kind == "Guid":
            zeros = not value.strip("0-")
            yield "guids", "zeros" if zeros else "small letters" if value == value.lower() else "capitals", 1
        else:
            yield from _text(name, value)


def _text(name: str, value: str) -> Iterator[Showing]:
    if value != value.strip(" "):
        for side, bare in (("left", value.lstrip(" ")), ("right", value.rstrip(" "))):
            if len(bare) < len(value) and bare:
                yield "padding", f"{name} {side}", len(value) - len(bare)
    if not value.isprintable():
        for what, pattern in _ODD:
            if pattern.search(value):
                yield "odd_texts", f"{name}: {what}", 1


def _moment(value: Any) -> datetime | None:
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    try:
        return None if match is None else _EPOCH + timedelta(milliseconds=int(match[1]))
    except OverflowError:
        return None


def _clock(answer: Answered, newest: datetime | None) -> Iterator[Showing]:
    """Show how far the newest moment is ahead of what the server's own header calls now."""
    try:
        now = parsedate_to_datetime(answer.headers["Date"]).replace(tzinfo=None)
    except (LookupError, ValueError, TypeError):
        return
    if newest is not None and newest > now:
        yield "clock", "the newest moment", int((newest - now).total_seconds() // 60)

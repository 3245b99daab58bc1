"""The wire format: envelopes, pages, dates, int64 and the literals of a filter (OData 2, JSON verbose)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypedDict
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import msgspec

from tap_exact_online.edm import Property

type_of = {
    "Guid": str,
    "String": str,
    "Binary": str,
    "DateTime": str,
    "Int64": int,
    "Int32": int,
    "Int16": int,
    "Byte": int,
    "Double": float,
    "Boolean": bool,
}
"""What a value of each EDM type is decoded to; a type that is not here is nested data."""

_DUTCH = ZoneInfo("Europe/Amsterdam")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  a wall clock has no zone
_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d+)?\)/")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_KEY = 60

# Moments that Exact itself records. Every other DateTime is a day or an hour that a person chose.
_INSTANTS = frozenset({"Created", "Modified", "CreatedDate", "DeletedDate", "syscreated", "sysmodified"})


class MalformedBody(ValueError):  # noqa: N818  names the body
    """The body of an answer is not the JSON that was asked for: cut short, another format, or no envelope."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an answer.

    Attributes:
        rows: The records, holding the asked-for properties only, in their final form.
        next_link: The address of the next page as the server wrote it, or None on the last page.
        rejected: One line for each record that could not be understood, naming its key but not its content.
    """

    rows: list[dict[str, Any]]
    next_link: str | None = None
    rejected: list[str] = field(default_factory=list)


# --- Dates ---------------------------------------------------------------------------------------------------


def parse_date(value: str) -> datetime:
    """Decode `/Date(ms)/`: milliseconds of the Dutch wall clock written as if it were UTC.

    Returns:
        The wall clock, a naive datetime.

    Raises:
        ValueError: The text has another form, or lies outside the years 1 to 9999.
    """
    match = _DATE.fullmatch(value)
    if match is None:
        msg = "not an OData date"
        raise ValueError(msg)
    try:
        return _EPOCH + timedelta(milliseconds=int(match[1]))
    except OverflowError:
        msg = "date outside the calendar"
        raise ValueError(msg) from None


def to_utc(wall_clock: datetime) -> datetime:
    """Turn a Dutch wall clock into the instant it shows.

    An hour that the clock shows twice (in October) is taken as the first of the two. Values at the calendar's
    ends, where the shift would leave it, are .NET's way to say "never": they are taken as UTC already.
    """
    try:
        return wall_clock.replace(tzinfo=_DUTCH).astimezone(UTC)
    except OverflowError:
        return wall_clock.replace(tzinfo=UTC)


def filter_clock(instant: datetime) -> datetime:
    """Turn an instant into the Dutch wall clock from which a filter on `Modified` misses nothing.

    The hour that the clock shows twice is filtered from an hour earlier: a row changed in its second passage
    carries a lower reading than one changed in its first.
    """
    try:
        wall_clock = instant.astimezone(_DUTCH)
        ambiguous = wall_clock.utcoffset() != wall_clock.replace(fold=1 - wall_clock.fold).utcoffset()
        return wall_clock.replace(tzinfo=None, fold=0) - timedelta(hours=1 if ambiguous else 0)
    except OverflowError:  # at the ends of the calendar
        return instant.replace(tzinfo=None)


@lru_cache(maxsize=65536)
def instant(value: str) -> str:
    """Write a `/Date(ms)/` as ISO 8601 in UTC, with an offset."""
    return to_utc(parse_date(value)).isoformat()


@lru_cache(maxsize=65536)
def wall_clock(value: str) -> str:
    """Write a `/Date(ms)/` as ISO 8601 without an offset: the clock it shows, so that a day stays on its day."""
    return parse_date(value).isoformat()


# --- Literals ------------------------------------------------------------------------------------------------


def int64_literal(value: int) -> str:
    """Write an Edm.Int64 for a filter: Exact demands the suffix."""
    return f"{value}L"


def datetime_literal(wall_clock: datetime) -> str:
    """Write an Edm.DateTime for a filter, to the second below (the literal knows no fractions)."""
    return f"datetime'{wall_clock.replace(microsecond=0, tzinfo=None).isoformat()}'"


def skiptoken(link: str) -> int | None:
    """Return the Timestamp that a next link goes on from, or None where it names none.

    Sync endpoints write `$skiptoken=13419952052L`.
    """
    try:
        for name, value in parse_qsl(urlsplit(link).query):
            if name.lower() == "$skiptoken" and (digits := value.strip("'").removesuffix("L")).isdecimal():
                return int(digits)
    except ValueError:  # no address, or digits without end
        return None
    return None


# --- Rows ----------------------------------------------------------------------------------------------------


def is_instant(name: str) -> bool:
    """Tell whether a DateTime of that name is a moment in time rather than a day or an hour of the books."""
    return name in _INSTANTS


def is_padded(name: str) -> bool:
    """Tell whether a string of that name may be padded: Exact pads codes and countries."""
    return name.endswith(("Code", "Country")) or name == "CountryOfOrigin"


def _plain(value: Any) -> Any:
    """Strip nested data of what is not data: links to follow, type names, envelopes."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        if "__deferred" in value:
            return None
        if isinstance(value.get("results"), list):
            return _plain(value["results"])
        return {name: _plain(item) for name, item in value.items() if name != "__metadata"}
    if isinstance(value, str):
        return wall_clock(value) if _DATE.fullmatch(value) else value.replace("\0", "")
    return value


def _converter(fact: Property) -> Callable[[Any], Any] | None:
    """Return what turns a decoded value into its final form, or None where it has that already."""
    if fact.type == "DateTime":
        return instant if is_instant(fact.name) else wall_clock
    if fact.type == "String" and is_padded(fact.name):
        return str.strip
    return None if fact.type in type_of else _plain


class Decoder:
    """Reads the answers for one selection of properties.

    The type to decode to is compiled once: what was not asked for (`__metadata`, links) is skipped while parsing,
    int64 in strings become integers, and a value of another type is cast where nothing is lost.
    """

    def __init__(self, properties: Collection[Property], key: str) -> None:
        """Compile the selection.

        Args:
            properties: The properties to keep.
            key: The property that names a row in a message.
        """
        # Types made at run time, of which a type checker can say nothing.
        typed_dict: Any = TypedDict
        fields = {p.name: type_of.get(p.type, Any) | None for p in properties}
        row: Any = typed_dict("row", fields, total=False)
        results: Any = msgspec.defstruct(
            "results",
            [("results", list[row] | msgspec.UnsetType, msgspec.UNSET), ("next", str | None, None)],
            rename={"next": "__next"},
        )
        envelope: Any = msgspec.defstruct("envelope", [("d", list[row] | results | None)])
        self._row = row
        self._envelope = msgspec.json.Decoder(envelope, strict=False)
        self._key = key
        self._strings = [p.name for p in properties if p.type == "String"]
        self._converters = [(p.name, convert) for p in properties if (convert := _converter(p))]

    def decode(self, body: bytes) -> Page:
        """Read one answer in any of the three envelopes.

        Raises:
            MalformedBody: It is not JSON, or none of the envelopes.
        """
        try:
            data = self._envelope.decode(body).d
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._decode_slowly(body)
        if data is None or (not isinstance(data, list) and data.results is msgspec.UNSET):
            return self._decode_slowly(body)
        rows, link = (data, None) if isinstance(data, list) else (data.results, data.next)
        return self._finish(rows, link, [], scrub=rb"\u0000" in body)

    def _decode_slowly(self, body: bytes) -> Page:
        """Read an answer row by row: a single record, a row that does not fit, text that is not quite Unicode."""
        records, link = _records(_tolerant(body))
        rows, rejected = [], []
        for record in records:
            try:
                rows.append(msgspec.convert(record, self._row, strict=False))
            except msgspec.ValidationError as error:
                rejected.append(f"{self._named(record)}: {error}")
        return self._finish(rows, link, rejected, scrub=True)

    def _finish(
        self, rows: list[dict[str, Any]], link: str | None, rejected: list[str], *, scrub: bool
    ) -> Page:
        """Bring decoded rows into their final form, setting aside those with a value that has none."""
        good = []
        for row in rows:
            if scrub:
                for name in self._strings:
                    if text := row.get(name):
                        # PostgreSQL refuses U+0000 in text; no accounting text means anything by it.
                        row[name] = text.replace("\0", "")
            try:
                for name, convert in self._converters:
                    if (value := row.get(name)) is not None:
                        row[name] = convert(value)
            except (ValueError, RecursionError) as error:
                rejected.append(f"{self._named(row)}: {error} - at `$.{name}`")
            else:
                good.append(row)
        return Page(good, link, rejected)

    def _named(self, row: Mapping[str, Any]) -> str:
        """Name a row by its key, unless the key itself is what is wrong with it."""
        key = row.get(self._key)
        return f"{self._key} {key if isinstance(key, str | int) and len(str(key)) <= _LONGEST_KEY else '?'}"


def _tolerant(body: bytes) -> Any:
    """Parse JSON whose strings may hold half a surrogate pair: text cut to a column's width in UTF-16."""
    try:
        document = json.loads(body.decode("utf-8", "replace"))
        text = json.dumps(document, ensure_ascii=False)
        if _SURROGATE.search(text) is None:
            return document
        return json.loads(_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text))
    except (ValueError, RecursionError):
        msg = "the answer is not JSON"
        raise MalformedBody(msg) from None


def _records(document: Any) -> tuple[list[dict[str, Any]], str | None]:
    """Take the records and the next link out of any of the three envelopes."""
    data = document.get("d") if isinstance(document, dict) else None
    link = None
    if isinstance(data, dict) and "results" in data:
        data, link = data["results"], data.get("__next")
    elif isinstance(data, dict):
        data = [data] if data else []
    if not isinstance(data, list) or not all(isinstance(record, dict) for record in data):
        msg = "the answer is JSON but holds no records"
        raise MalformedBody(msg)
    if link is not None and not isinstance(link, str):
        msg = "the next link is no text"
        raise MalformedBody(msg)
    return data, link

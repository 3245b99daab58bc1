"""The wire format: envelopes, pages, dates, int64 and the literals of a filter (OData 2, JSON verbose)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any
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
        records: The records, holding the asked-for properties only, in their final form: structs with an attribute for
            each property, `UNSET` where the answer does not have it.
        next_link: The address of the next page as the server wrote it, or None on the last page.
        rejected: One line for each record that could not be understood, naming its key but not its content.
    """

    records: list[Any]
    next_link: str | None = None
    rejected: list[str] = field(default_factory=list)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The records as dicts, made anew at each use; a property that the answer does not have is missing."""
        rows: list[dict[str, Any]] = msgspec.to_builtins(self.records)
        return rows


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


def instant(value: str) -> str:
    """Write a `/Date(ms)/` as ISO 8601 in UTC, with an offset.

    Nearly every instant is another, but their hours are few, and so are the moments within an hour: each is written once.
    """
    if (match := _DATE.fullmatch(value)) is None:
        return to_utc(parse_date(value)).isoformat()
    hour, within = divmod(int(match[1]), _HOUR)
    if hour < _WHOLE_HOURS:
        return to_utc(parse_date(value)).isoformat()
    return _hour(hour) + _within(within)


_HOUR = 3_600_000
# From 17 May 1940 on, Dutch clocks differ from UTC by whole hours; before, by 20 minutes or so.
_WHOLE_HOURS = (datetime(1940, 5, 17) - _EPOCH) // timedelta(hours=1)  # noqa: DTZ001  a wall clock has no zone


@lru_cache(maxsize=65536)
def _hour(number: int) -> str:
    """Write the hour of an instant, counted on the Dutch wall clock since 1970."""
    try:
        clock = _EPOCH + timedelta(hours=number)
    except OverflowError:
        msg = "date outside the calendar"
        raise ValueError(msg) from None
    return to_utc(clock).isoformat()[: len("1970-01-01T00:")]


@lru_cache(maxsize=65536)
def _within(milliseconds: int) -> str:
    """Write what an instant adds to its hour."""
    seconds, fraction = divmod(milliseconds, 1000)
    text = f"{seconds // 60:02}:{seconds % 60:02}"
    return f"{text}.{fraction:03}000+00:00" if fraction else f"{text}+00:00"


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
    int64 in strings become integers, and a value of another type is cast where nothing is lost. Structs rather than dicts:
    a page takes a quarter less time to read and write, and a third of the memory.
    """

    def __init__(self, properties: Collection[Property], key: str, more: Collection[str] = ()) -> None:
        """Compile the selection.

        Args:
            properties: The properties to keep.
            key: The property that names a row in a message.
            more: Attributes of a record that no answer has, for what is added to it.
        """
        # Types made at run time, of which a type checker can say nothing.
        kinds = {p.name: type_of.get(p.type, Any) for p in properties}
        kinds |= {name: Any for name in more if name not in kinds}
        fields = [(name, kind | None | msgspec.UnsetType, msgspec.UNSET) for name, kind in kinds.items()]
        # Not tracked by the collector of garbage: what was read from JSON holds no cycle.
        row: Any = msgspec.defstruct("row", fields, gc=False)
        results: Any = msgspec.defstruct(
            "results",
            [("results", list[row] | msgspec.UnsetType, msgspec.UNSET), ("next", str | None, None)],
            rename={"next": "__next"},
        )
        envelope: Any = msgspec.defstruct("envelope", [("d", list[row] | results | None)])
        self._row = row
        self._envelope = msgspec.json.Decoder(envelope, strict=False)
        self._key = key
        self._converters = [(p.name, convert) for p in properties if (convert := _converter(p))]

    def decode(self, body: bytes) -> Page:
        """Read one answer in any of the three envelopes.

        Raises:
            MalformedBody: It is not JSON, or none of the envelopes.
        """
        if _NUL in body:
            body = _without_nul(body)
        try:
            data = self._envelope.decode(body).d
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._decode_slowly(body)
        if data is None or (not isinstance(data, list) and data.results is msgspec.UNSET):
            return self._decode_slowly(body)
        rows, link = (data, None) if isinstance(data, list) else (data.results, data.next)
        return self._finish(rows, link, [])

    def records(self, rows: Iterable[Mapping[str, Any]]) -> list[Any]:
        """Turn rows in their final form into records; what was not asked for is left out."""
        return [msgspec.convert(row, self._row) for row in rows]

    def _decode_slowly(self, body: bytes) -> Page:
        """Read an answer row by row: a single record, a row that does not fit, text that is not quite Unicode."""
        records, link = _records(_tolerant(body))
        rows, rejected = [], []
        for record in records:
            try:
                rows.append(msgspec.convert(record, self._row, strict=False))
            except msgspec.ValidationError as error:
                rejected.append(f"{self._named(record)}: {error}")
        return self._finish(rows, link, rejected)

    def _finish(self, rows: list[Any], link: str | None, rejected: list[str]) -> Page:
        """Bring decoded rows into their final form, setting aside those with a value that has none."""
        good = []
        for row in rows:
            try:
                for name, convert in self._converters:
                    if (value := getattr(row, name)) is not None and value is not msgspec.UNSET:
                        setattr(row, name, convert(value))
            except (ValueError, RecursionError) as error:
                rejected.append(f"{self._named(msgspec.to_builtins(row))}: {error} - at `$.{name}`")
            else:
                good.append(row)
        return Page(good, link, rejected)

    def _named(self, row: Mapping[str, Any]) -> str:
        """Name a row by its key, unless the key itself is what is wrong with it."""
        key = row.get(self._key)
        return f"{self._key} {key if isinstance(key, str | int) and len(str(key)) <= _LONGEST_KEY else '?'}"


_NUL = rb"\u0000"


def _without_nul(body: bytes) -> bytes:
    """Take U+0000 out of the texts of a JSON document: PostgreSQL refuses it, and no accounting text means anything by it.

    Behind an odd number of backslashes it is no escape but text: the last of them escapes its own backslash.
    """
    parts = body.split(_NUL)
    kept = [parts[0]]
    for before, part in pairwise(parts):
        if (len(before) - len(before.rstrip(b"\\"))) % 2:
            kept.append(_NUL)
        kept.append(part)
    return b"".join(kept)


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

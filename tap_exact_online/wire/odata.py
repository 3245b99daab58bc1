"""The wire format: envelopes, pages and rows (OData 2, JSON verbose). What an answer does not prove is not believed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from tap_exact_online.edm import Property
from tap_exact_online.spoken import spoken
from tap_exact_online.wire.tolerant import DoubtfulBody, MalformedBody, record, split, without_nul
from tap_exact_online.wire.values import converter, type_of

__all__ = ["Decoder", "DoubtfulBody", "MalformedBody", "Page", "skiptoken"]

_LONGEST_KEY = 60
# What may stand beside `d`, or beside its rows, is not known; an error that came after the 200 was sent does.
_TROUBLE = ("error", "fault", "exception")
_NEXT = "next"
_NOTHING = (None, "")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an answer.

    Attributes:
        records: The records, holding the asked-for properties only, in their final form: structs with an attribute for
            each property, `UNSET` where the answer does not have it.
        next_link: The address of the next page as the server wrote it, or None on the last page.
        rejected: One line for each record that could not be understood, naming its key but not its content.
        partial: Some record lacks a property that was asked for.
        doubtful: Texts of it held raw control characters.
    """

    records: list[Any]
    next_link: str | None = None
    rejected: list[str] = field(default_factory=list)
    partial: bool = False
    doubtful: bool = False

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The records as dicts, made anew at each use; a property that the answer does not have is missing."""
        rows: list[dict[str, Any]] = msgspec.to_builtins(self.records)
        return rows


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


class Decoder:
    """Reads the answers for one selection of properties.

    The type to decode to is compiled once: what was not asked for (`__metadata`, links) is skipped while parsing,
    int64 in strings become integers, and a value of another type is cast where nothing is lost. Structs rather than dicts:
    a page takes a quarter less time to read and write, and a third of the memory.

    That type is also the proof that a page is what was asked for: every property has to be there, and what identifies a
    row has to have a value. A page that does not fit is read once more, record by record.
    """

    def __init__(
        self,
        properties: Collection[Property],
        key: str,
        more: Collection[str] = (),
        identity: Collection[str] = (),
    ) -> None:
        """Compile the selection.

        Args:
            properties: The properties to keep.
            key: The property that names a row in a message.
            more: Attributes of a record that no answer has, for what is added to it.
            identity: The properties without which a row is none: an answer with such a row is not usable.
        """
        # Types made at run time, of which a type checker can say nothing.
        kinds = {p.name: type_of.get(p.type, Any) for p in properties}
        added = [(name, Any, msgspec.UNSET) for name in more if name not in kinds]
        whole = [(name, _filled(kind) if name in identity else kind | None) for name, kind in kinds.items()]
        lenient = [(name, kind | None | msgspec.UnsetType, msgspec.UNSET) for name, kind in kinds.items()]
        # Not tracked by the collector of garbage: what was read from JSON holds no cycle.
        row: Any = msgspec.defstruct("row", [*whole, *added], gc=False, kw_only=True)
        results: Any = msgspec.defstruct(
            "results",
            [
                ("results", list[row]),
                ("next", str | None, None),
                ("count", str | int | None, None),
            ],
            rename={"next": "__next", "count": "__count"},
            forbid_unknown_fields=True,
        )
        envelope: Any = msgspec.defstruct(
            "envelope", [("d", list[row] | results)], forbid_unknown_fields=True
        )
        self._row = row
        self._lenient: Any = msgspec.defstruct("lenient", [*lenient, *added], gc=False)
        self._envelope = msgspec.json.Decoder(envelope, strict=False)
        self._record = msgspec.json.Decoder(row, strict=False)
        self._key = key
        self._identity = identity
        self._names = tuple(kinds)
        self._converters = [(p.name, convert) for p in properties if (convert := converter(p))]

    def decode(self, body: bytes, *, trusted: bool = False) -> Page:
        """Read one answer in any of the three envelopes.

        Args:
            body: The answer.
            trusted: The same bytes came before: raw control characters in its texts are what Exact holds.

        Raises:
            DoubtfulBody: It holds raw control characters, and is not trusted.
            MalformedBody: It is not JSON, none of the envelopes, tells of an error, or holds a row without identity.
        """
        body = without_nul(body)
        try:
            data = self._envelope.decode(body).d
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._decode_slowly(body, trusted=trusted)
        rows, link = (data, None) if isinstance(data, list) else (data.results, data.next)
        return self._finish(rows, Page([], link))

    def patient(self) -> Callable[[bytes], Page]:
        """Return what reads the answers to one call: a doubtful one when the same bytes come a second time."""
        doubted = b""

        def decode(body: bytes) -> Page:
            nonlocal doubted
            try:
                return self.decode(body)
            except DoubtfulBody:
                digest = hashlib.sha256(body).digest()
                if digest == doubted:
                    return self.decode(body, trusted=True)
                doubted = digest
                raise

        return decode

    def records(self, rows: Iterable[Mapping[str, Any]]) -> list[Any]:
        """Turn rows in their final form into records; what was not asked for is left out."""
        return [msgspec.convert(row, self._lenient) for row in rows]

    def _decode_slowly(self, body: bytes, *, trusted: bool) -> Page:
        """Read an answer record by record: a single record, a row that does not fit, text that is not quite Unicode."""
        parts = split(body)
        link, others = _around(parts.frame, self._names if parts.single else ())
        rows: list[Any] = []
        rejected = [f"{self._key} ?: it is no object but {kind}" for kind in others]
        partial = doubtful = False
        for raw in parts.records:
            try:
                rows.append(self._record.decode(raw))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                try:
                    document = record(raw, trusted=trusted)
                    found = self._convert(document)
                except RecursionError:
                    rejected.append(f"{self._key} ?: it is nested deeper than can be read")
                except msgspec.ValidationError as error:
                    rejected.append(f"{self._named(document)}: {error}")
                else:
                    rows.append(found)
                    partial = partial or any(getattr(found, name) is msgspec.UNSET for name in self._names)
                    doubtful = doubtful or trusted
        return self._finish(rows, Page([], link, rejected, partial, doubtful))

    def _convert(self, document: Mapping[str, Any]) -> Any:
        """Turn a parsed record into a struct."""
        if missing := [name for name in self._identity if document.get(name) in _NOTHING]:
            msg = f"the answer is JSON, but a row of it has no {missing[0]}"
            raise MalformedBody(msg)
        if document and not any(name in document for name in self._names):
            msg = "the answer is JSON but holds no rows"
            raise MalformedBody(msg)
        return msgspec.convert(document, self._lenient, strict=False)

    def _finish(self, rows: list[Any], page: Page) -> Page:
        """Bring decoded rows into their final form, setting aside those with a value that has none."""
        for row in rows:
            try:
                for name, convert in self._converters:
                    if (value := getattr(row, name)) is not None and value is not msgspec.UNSET:
                        setattr(row, name, convert(value))
            except (ValueError, RecursionError) as error:
                page.rejected.append(f"{self._named(msgspec.to_builtins(row))}: {error} - at `$.{name}`")
            else:
                page.records.append(row)
        return page

    def _named(self, row: Any) -> str:
        """Name a row by its key, unless the key itself is what is wrong with it."""
        key = row.get(self._key) if isinstance(row, Mapping) else None
        shown = isinstance(key, str | int) and len(str(key)) <= _LONGEST_KEY
        return f"{self._key} {spoken(key) if shown else '?'}"


def _filled(kind: Any) -> Any:
    """Return the type of what identifies a row: an empty text names none."""
    return Annotated[kind, msgspec.Meta(min_length=1)] if kind is str else kind


def _around(frame: Any, single: Collection[str]) -> tuple[str | None, list[str]]:
    """Check what is around the records, in place of which empty objects stand.

    Args:
        frame: The answer without its records.
        single: Where `d` is itself the one record, the properties that were asked for: `ErrorText` or `IsDefault` among
            them tell of no trouble. Empty where there is a list of records.

    Returns:
        The next link, and what stands in the list that is no object.

    Raises:
        MalformedBody: It is none of the envelopes, tells of an error, or has a next link where none is known to stand.
    """
    data = frame.get("d") if isinstance(frame, dict) else None
    inner = {} if not isinstance(data, dict) else {k: v for k, v in data.items() if k not in single}
    outer = frame if isinstance(frame, dict) else {}
    for name, value in (*outer.items(), *inner.items()):
        if any(word in name.lower() for word in _TROUBLE):
            msg = f"the answer tells of trouble ('{spoken(name, 40)}') instead of rows, or beside them"
            raise MalformedBody(msg)
        # Not followed, it would be a gap of which nobody is told.
        if _NEXT in name.lower() and value is not None and (single or name in outer or name != "__next"):
            msg = f"the answer has a next link ('{name[:40]}') in a place where none is known to stand"
            raise MalformedBody(msg)
    if single or data == {}:
        return None, []
    rows, link = (inner.get("results"), inner.get("__next")) if inner else (data, None)
    if not isinstance(rows, list):
        msg = "the answer is JSON but holds no records"
        raise MalformedBody(msg)
    if link is not None and not isinstance(link, str):
        msg = "the next link is no text"
        raise MalformedBody(msg)
    others = [type(each).__name__ for each in rows if not isinstance(each, dict)]
    if rows and len(others) == len(rows):
        msg = "the answer is JSON but holds no records"
        raise MalformedBody(msg)
    return link, others

"""What a query string asks for, read as strictly as Exact reads it."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from tap_exact_online import edm
from tap_exact_online.sandbox import wording
from tap_exact_online.sandbox.clock import wall_of_iso
from tap_exact_online.sandbox.options import Options
from tap_exact_online.sandbox.values import Value

_SYNC = re.compile(r"Timestamp\s+(gt|ge)\s+(\d+)L(?:\s+and\s+EntityType\s+eq\s+(\d+))?")
_COMPARISON = re.compile(r"(\w+)\s+(eq|ne|gt|ge|lt|le)\s+(\S+|'[^']*')")
_OR = re.compile(r"\s+or\s+")
_AND = re.compile(r"\s+and\s+")
_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)[LMd]?")
_LITERALS: Mapping[str, re.Pattern[str]] = {
    "DateTime": re.compile(r"datetime'([^']+)'"),
    "Guid": re.compile(r"guid'([^']+)'"),
    "String": re.compile(r"'([^']*)'"),
    "Boolean": re.compile(r"(true|false)"),
}
_ORDER = re.compile(r"(\w+)(?:\s+(asc|desc))?")
_SKIP_SYNC = re.compile(r"(\d+)L")
_SYNC_TIMESTAMP = re.compile(r"datetime'([^']+)'")
_SECOND = 1000
_OPTIONS = frozenset({"$select", "$filter", "$top", "$skiptoken"})
_REGULAR = frozenset(
    {"$skip", "$orderby", "$expand", "$inlinecount", "$count"}
)  # Sync endpoints refuse these


class RefusedError(Exception):
    """A call that is answered with an error.

    Args:
        status: The HTTP status.
        message: What is wrong, for the error body.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a filter.

    Attributes:
        name: The property.
        operator: As OData writes it.
        value: What it is compared with.
    """

    name: str
    operator: str
    value: Value

    def passes(self, value: Value) -> bool:
        """Tell whether a row with that value is wanted. What is missing is neither more nor less than anything."""
        if self.operator in {"eq", "ne"}:
            return (value == self.value) is (self.operator == "eq")
        if value is None or self.value is None or isinstance(value, str) is not isinstance(self.value, str):
            return False
        return bool(_COMPARE[self.operator](value, self.value))


_COMPARE = {"gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le}


@dataclass(frozen=True, slots=True)
class Query:
    """A query string that was accepted.

    Attributes:
        given: The options for the next link, by name: as they came, without `$skip`.
        names: The selected properties in the reference's order.
        after: Row versions must be greater than this (Sync endpoints).
        entity_type: The only `EntityType` wanted (`sync/Deleted`).
        where: The comparisons that a row has to pass; DateTimes are wall-clock milliseconds.
        either: Passing one of them is enough.
        parameters: What a function is told, by name.
        top: The most rows wanted in all.
        token: The position that the last page reached, as the next link carried it.
        skip: How many rows to leave out at the start.
        order: The properties to sort by, and whether each descends.
        count: Whether the answer tells how many rows there are on all pages.
    """

    given: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    after: int = -1
    entity_type: int | None = None
    where: tuple[Comparison, ...] = ()
    either: bool = False
    parameters: tuple[tuple[str, Value], ...] = ()
    top: int | None = None
    token: str | None = None
    skip: int = 0
    order: tuple[tuple[str, bool], ...] = ()
    count: bool = False


def split(query: str) -> dict[str, str]:
    """Split a raw query string.

    Raises:
        RefusedError: An option came twice.
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    if len({name for name, _ in pairs}) < len(pairs):
        raise RefusedError(400, "A query option was given more than once.")
    return dict(pairs)


def known_names(endpoint: edm.Endpoint, options: Options) -> tuple[str, ...]:
    """Return the properties that the service knows."""
    return tuple(p.name for p in endpoint.properties.values() if options.reference == "all" or not p.absent)


def read(query: str, endpoint: edm.Endpoint, options: Options) -> Query:
    """Read the query string of a call to an endpoint that lists rows.

    Raises:
        RefusedError: The service would refuse it, with the reason.
    """
    given = split(query)
    sync = endpoint.path.startswith("sync/")
    for name in given:
        if name in _REGULAR and sync:
            raise RefusedError(400, f"The query option '{name}' is not supported on this endpoint.")
        if name not in _OPTIONS | _REGULAR | endpoint.parameters.keys():
            raise RefusedError(400, f"The query parameter '{name}' is not supported.")
    top = _number("$top", given)
    names = _select(given.get("$select"), endpoint, options, top)
    if "$filter" not in given and endpoint.path in options.mandatory_filter:
        raise RefusedError(400, wording.mandatory_filter(known_names(endpoint, options)))
    after, entity_type = _sync_filter(given.get("$filter"), endpoint, options) if sync else (-1, None)
    where, either = ((), False) if sync else _where(given.get("$filter"), endpoint, options)
    token = given.get("$skiptoken")
    if token is not None and sync:
        position = _SKIP_SYNC.fullmatch(token)
        if position is None:
            raise RefusedError(400, f"The skip token '{token}' is not valid.")
        after = max(after, int(position[1]))
    return Query(
        given=tuple((name, value) for name, value in given.items() if name != "$skip"),
        names=names,
        after=after,
        entity_type=entity_type,
        where=where,
        either=either,
        parameters=_parameters(given, endpoint),
        top=top,
        token=token,
        skip=_number("$skip", given) or 0,
        order=_order(given.get("$orderby"), endpoint, options),
        count=given.get("$inlinecount") == "allpages" or given.get("$count") == "true",
    )


def read_sync_timestamp(query: str) -> tuple[int, str]:
    """Read the query string of SyncTimestamp: the moment in wall-clock milliseconds, and the endpoint's name there.

    Raises:
        RefusedError: A parameter is missing or misspelled.
    """
    given = split(query)
    moment = _SYNC_TIMESTAMP.fullmatch(given.get("modified", ""))
    name = given.get("endPoint", "")
    if (
        set(given) - {"modified", "endPoint", "$select"}
        or moment is None
        or not re.fullmatch(r"'[^']+'", name)
    ):
        raise RefusedError(400, "Required: modified=datetime'2022-01-01'&endPoint='TransactionLines'.")
    return _moment(moment[1]), name.strip("'")


def _number(option: str, given: Mapping[str, str]) -> int | None:
    text = given.get(option)
    if text is None:
        return None
    if not text.isdecimal():
        raise RefusedError(400, f"Incorrect format for {option} argument '{text}'.")
    return int(text)


def _select(text: str | None, endpoint: edm.Endpoint, options: Options, top: int | None) -> tuple[str, ...]:
    known = known_names(endpoint, options)
    sync = endpoint.path.startswith("sync/")
    star_refused = endpoint.select_star is not True
    if text is None:
        if (endpoint.select_required or (sync and (star_refused or options.select_required))) and top != 1:
            raise RefusedError(400, "Please add a $select or a $top=1 statement to the query string.")
        return known
    asked = [name.strip() for name in text.split(",")]
    if "*" in asked:
        if star_refused:
            raise RefusedError(400, "$select=* is not supported on this endpoint: name the properties.")
        return known
    for name in asked:
        if name not in known:
            raise RefusedError(400, wording.unknown_property(name, endpoint, options))
    chosen = set(asked)
    return tuple(name for name in known if name in chosen)


def _order(text: str | None, endpoint: edm.Endpoint, options: Options) -> tuple[tuple[str, bool], ...]:
    """Return the properties to sort by, and whether each descends."""
    found = []
    for part in () if text is None else text.split(","):
        match = _ORDER.fullmatch(part.strip())
        if match is None:
            raise RefusedError(400, f"Syntax error in $orderby '{text}'.")
        if match[1] not in known_names(endpoint, options):
            raise RefusedError(400, wording.unknown_property(match[1], endpoint, options))
        found.append((match[1], match[2] == "desc"))
    return tuple(found)


def _where(text: str | None, endpoint: edm.Endpoint, options: Options) -> tuple[tuple[Comparison, ...], bool]:
    """Return the comparisons of a filter, and whether one of them is enough."""
    if text is None:
        return (), False
    either = _OR.search(text) is not None
    parts = [_COMPARISON.fullmatch(part.strip(" ()")) for part in (_OR if either else _AND).split(text)]
    found = [part for part in parts if part is not None and part[1] in endpoint.properties]
    if len(found) < len(parts) or (either and _AND.search(text)) or endpoint.path.startswith("read/"):
        raise RefusedError(400, f"The filter '{text}' is not supported on this endpoint.")
    names = [part[1] for part in found]
    listed = endpoint.filters or names
    if endpoint.path in options.refused_filters or any(name not in listed for name in names):
        raise RefusedError(400, wording.refused_filter(names, options))
    return tuple(_comparison(part, endpoint) for part in found), either


def _comparison(part: re.Match[str], endpoint: edm.Endpoint) -> Comparison:
    """Return a comparison with its value as the tables hold it."""
    name, compared, literal = part[1], part[2], part[3]
    kind = endpoint.properties[name].type
    value = _value(literal, kind)
    if kind != "DateTime" or not isinstance(value, int):
        return Comparison(name, compared, value)
    # whole seconds are compared: `gt` leaves out all rows of the second it names
    second = value // _SECOND * _SECOND
    return (
        Comparison(name, "ge", second + _SECOND) if compared == "gt" else Comparison(name, compared, second)
    )


def _value(literal: str, kind: str) -> Value:
    """Return the value of a literal.

    Raises:
        RefusedError: It is not one of that type.
    """
    form = _LITERALS.get(kind, _NUMBER)
    match = form.fullmatch(literal)
    if match is None:
        raise RefusedError(400, f"Unrecognized 'Edm.{kind}' literal '{literal}'.")
    if kind == "DateTime":
        return _moment(match[1])
    if kind == "Boolean":
        return literal == "true"
    return match[1] if kind in _LITERALS else float(match[1]) if kind == "Double" else int(match[1])


def _parameters(given: Mapping[str, str], endpoint: edm.Endpoint) -> tuple[tuple[str, Value], ...]:
    """Return what a function is told.

    Raises:
        RefusedError: Something is missing that it needs.
    """
    found = []
    for name, kind in endpoint.parameters.items():
        if name in given:
            found.append((name, _value(given[name], kind.removesuffix("?"))))
        elif not kind.endswith("?"):
            raise RefusedError(400, f"The required parameter '{name}' is missing.")
    return tuple(found)


def _sync_filter(text: str | None, endpoint: edm.Endpoint, options: Options) -> tuple[int, int | None]:
    """Return the row version to start after, and the entity type, from a filter."""
    if text is None:
        return -1, None
    match = _SYNC.fullmatch(text.strip())
    if match is None or (match[3] is not None and endpoint.path != "sync/Deleted"):
        raise RefusedError(400, f"The filter '{text}' is not supported: only Timestamp may be filtered on.")
    bound = int(match[2])
    if bound < options.least_timestamp:
        raise RefusedError(400, f"Timestamp must be {options.least_timestamp} or more.")
    return bound - (match[1] == "ge"), int(match[3]) if match[3] else None


def _moment(text: str) -> int:
    try:
        return wall_of_iso(text)
    except ValueError:
        raise RefusedError(400, f"Unrecognized 'Edm.DateTime' literal 'datetime'{text}''.") from None

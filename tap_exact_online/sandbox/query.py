"""What a query string asks for, read as strictly as Exact reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from tap_exact_online import edm
from tap_exact_online.sandbox.clock import wall_of_iso
from tap_exact_online.sandbox.options import Options

_SYNC = re.compile(r"Timestamp\s+(gt|ge)\s+(\d+)L(?:\s+and\s+EntityType\s+eq\s+(\d+))?")
_MODIFIED = re.compile(r"Modified\s+(gt|ge)\s+datetime'([^']+)'")
_SKIP_SYNC = re.compile(r"(\d+)L")
_SYNC_TIMESTAMP = re.compile(r"datetime'([^']+)'")
_SECOND = 1000
_OPTIONS = frozenset({"$select", "$filter", "$top", "$skiptoken"})
_GONE = frozenset({"$skip", "$orderby", "$expand", "$inlinecount"})


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
class Query:
    """A query string that was accepted.

    Attributes:
        given: The options as they came, for the next link.
        names: The selected properties in the reference's order.
        after: Row versions must be greater than this (Sync endpoints).
        entity_type: The only `EntityType` wanted (`sync/Deleted`).
        since: Rows must have been modified at this moment or later, in wall-clock milliseconds.
        top: The most rows wanted in all.
        skip: The position that the last page reached, as the next link carried it.
    """

    given: Mapping[str, str]
    names: tuple[str, ...]
    after: int
    entity_type: int | None
    since: int | None
    top: int | None
    skip: str | None


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
    for name in given:
        if name in _GONE:
            raise RefusedError(400, f"The query option '{name}' is not supported on this endpoint.")
        if name not in _OPTIONS:
            raise RefusedError(400, f"The query parameter '{name}' is not supported.")
    top = _top(given.get("$top"))
    names = _select(given.get("$select"), endpoint, options, top)
    if "$filter" not in given and endpoint.path in options.mandatory_filter:
        raise RefusedError(
            400, "This endpoint has mandatory filtering applied. Add a $filter to the query string."
        )
    after, entity_type, since = _filter(given.get("$filter"), endpoint, options)
    skip = given.get("$skiptoken")
    if skip is not None and endpoint.path.startswith("sync/"):
        position = _SKIP_SYNC.fullmatch(skip)
        if position is None:
            raise RefusedError(400, f"The skip token '{skip}' is not valid.")
        after = max(after, int(position[1]))
    return Query(given, names, after, entity_type, since, top, skip)


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


def _top(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal():
        raise RefusedError(400, f"Incorrect format for $top argument '{text}'.")
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
            raise RefusedError(
                400, f"Could not find a property named '{name}' on type '{type_name(endpoint)}'."
            )
    chosen = set(asked)
    return tuple(name for name in known if name in chosen)


def _filter(text: str | None, endpoint: edm.Endpoint, options: Options) -> tuple[int, int | None, int | None]:
    """Return the row version to start after, the entity type and the moment since when, from a filter."""
    if text is None:
        return -1, None, None
    if endpoint.path.startswith("sync/"):
        return _sync_filter(text, endpoint, options)
    match = _MODIFIED.fullmatch(text.strip())
    if match is None or "Modified" not in endpoint.properties or endpoint.path.startswith("read/"):
        raise RefusedError(400, f"The filter '{text}' is not supported on this endpoint.")
    # whole seconds are compared: `gt` leaves out all rows of the second it names
    second = _moment(match[2]) // _SECOND * _SECOND
    return -1, None, second + _SECOND * (match[1] == "gt")


def _sync_filter(text: str, endpoint: edm.Endpoint, options: Options) -> tuple[int, int | None, int | None]:
    match = _SYNC.fullmatch(text.strip())
    if match is None or (match[3] is not None and endpoint.path != "sync/Deleted"):
        raise RefusedError(400, f"The filter '{text}' is not supported: only Timestamp may be filtered on.")
    bound = int(match[2])
    if bound < options.least_timestamp:
        raise RefusedError(400, f"Timestamp must be {options.least_timestamp} or more.")
    return bound - (match[1] == "ge"), int(match[3]) if match[3] else None, None


def _moment(text: str) -> int:
    try:
        return wall_of_iso(text)
    except ValueError:
        raise RefusedError(400, f"Unrecognized 'Edm.DateTime' literal 'datetime'{text}''.") from None


def type_name(endpoint: edm.Endpoint) -> str:
    """Return the name of an endpoint's row type, as `__metadata` and messages give it."""
    return "Exact.Web.Api.Models." + endpoint.path.replace("/", ".")

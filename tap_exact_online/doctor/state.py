"""When the last run read what, as its state tells. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tap_exact_online.catalog import BY_NAME, Resource
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.state import check_bookmarks

_NOT_OURS = "The state is not one of this tap: it has no bookmark of any stream known here. It may come from another tap."


def singer_state(document: Any) -> dict[str, Any]:
    """Return the Singer state that a document holds, whatever is around it.

    That is the bare state (`{"bookmarks": …}`), a STATE message of the tap, what `meltano state get` prints
    (`{"singer_state": …}`), or what a state backend keeps (`{"completed": …, "partial": …}`), whose halves Meltano merges
    when it starts a run.

    Raises:
        ConfigurationError: It holds none, or one of another tap.
    """
    state = _unwrapped(document)
    bookmarks = state.get("bookmarks", {} if not state else None)
    if not isinstance(bookmarks, dict) or (bookmarks and not any(name in BY_NAME for name in bookmarks)):
        raise ConfigurationError(_NOT_OURS)
    for name, bookmark in bookmarks.items():
        if name in BY_NAME:
            check_bookmarks(name, BY_NAME[name].replication_key, bookmark)
    return state


def _unwrapped(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        msg = "The state is no JSON object."
        raise ConfigurationError(msg)
    if "completed" in document or "partial" in document:
        merged: dict[str, Any] = {}
        for half in (document.get("completed"), document.get("partial")):
            merged = _merged(merged, _unwrapped(half or {}))
        return merged
    for name in ("singer_state", "value"):
        if isinstance(document.get(name), dict):
            return dict(document[name])
    return document


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one state over another, as Meltano does: mappings are merged, everything else is replaced."""
    both = {**below, **above}
    for name in below.keys() & above.keys():
        if isinstance(below[name], Mapping) and isinstance(above[name], Mapping):
            both[name] = _merged(below[name], above[name])
    return both


@dataclass(frozen=True, slots=True)
class LastRead:
    """How far a stream was read.

    Attributes:
        stream: The stream.
        read: The divisions that the state knows of it.
        never: Those to read that it does not know.
        newest: The latest change that was read, in any division; None where the stream's bookmark is no time.
    """

    stream: str
    read: tuple[int, ...]
    never: tuple[int, ...]
    newest: datetime | None = None


def last_reads(
    state: Mapping[str, Any], resources: Iterable[Resource], divisions: Collection[int]
) -> list[LastRead]:
    """Return how far each incremental stream was read. The others are read whole at every run."""
    found = []
    for resource in resources:
        if resource.replication_key is None:
            continue
        partitions = {part["context"].get("Division"): part for part in _partitions(state, resource.name)}
        read = tuple(division for division in divisions if division in partitions)
        never = tuple(division for division in divisions if division not in partitions)
        moments = []
        if resource.replication_key == "Modified":
            values = (partitions[division].get("replication_key_value") for division in read)
            moments = [datetime.fromisoformat(value).astimezone(UTC) for value in values if value]
        found.append(LastRead(resource.name, read, never, max(moments, default=None)))
    return found


def log_read_at(state: Mapping[str, Any], divisions: Collection[int]) -> dict[int, datetime | None]:
    """Return when the log of deleted rows was last read to its end in each division that has a bookmark for it."""
    found: dict[int, datetime | None] = {}
    for partition in _partitions(state, "deleted"):
        division, read_at = partition["context"].get("Division"), partition.get("read_at")
        if division in divisions:
            found[division] = _moment(read_at)
    return found


def suspiciously_empty(state: Mapping[str, Any], divisions: Collection[int]) -> tuple[int, ...]:
    """Return the divisions whose log of deleted rows never held a row, where that looks like a missing right.

    Without the right Exact gives an empty log instead of a refusal. It keeps two months, so whoever has just begun sees
    what was deleted before, too: a log that was empty ever since, in every company that has rows, is not likely.

    Args:
        state: The state of the last run.
        divisions: Those to look at.
    """
    tells_of = [resource.name for resource in BY_NAME.values() if resource.deleted_type is not None]
    with_rows = {code for name in tells_of for code, value in _bookmarks(state, name) if value}
    logs = {code: value for code, value in _bookmarks(state, "deleted") if code in divisions}
    read = {code for code, moment in log_read_at(state, divisions).items() if moment is not None}
    if any(logs.values()) or not read & with_rows:
        return ()
    return tuple(sorted(read & with_rows))


def _bookmarks(state: Mapping[str, Any], stream: str) -> list[tuple[Any, Any]]:
    return [
        (partition["context"].get("Division"), partition.get("replication_key_value"))
        for partition in _partitions(state, stream)
    ]


def unread(state: Mapping[str, Any], divisions: Collection[int]) -> list[int]:
    """Return the divisions that the state knows and that are not read any more."""
    known = {
        partition["context"].get("Division")
        for name in state.get("bookmarks", {})
        if name in BY_NAME
        for partition in _partitions(state, name)
    }
    return sorted(each for each in known if isinstance(each, int) and each not in divisions)


def _partitions(state: Mapping[str, Any], stream: str) -> Sequence[Mapping[str, Any]]:
    partitions: Sequence[Mapping[str, Any]] = state.get("bookmarks", {}).get(stream, {}).get("partitions", ())
    return partitions


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (TypeError, ValueError):
        return None

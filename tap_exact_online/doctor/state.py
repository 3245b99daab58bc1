"""What the last run left: how far it read, and how old the log of deleted rows is. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tap_exact_online.catalog import RESOURCES, RIGHTS, RIGHTS_DUTCH, Resource
from tap_exact_online.doctor.findings import Check, Finding, Level
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.state import AT, READ, Freshness, check_state, deletions, moves, partitions, read_before
from tap_exact_online.telling import words


def singer_state(document: Any) -> dict[str, Any]:
    """Return the Singer state that a document holds, whatever is around it.

    That is the bare state (`{"bookmarks": …}`), a STATE message of the tap, what `meltano state get` prints
    (`{"singer_state": …}`), or what a state backend keeps (`{"completed": …, "partial": …}`), whose halves Meltano merges
    when it starts a run.

    Raises:
        ConfigurationError: It holds none, or one of another tap.
    """
    state = _unwrapped(document)
    check_state(state)
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
        known = {part["context"].get("Division"): part for part in partitions(state, resource.name)}
        read = tuple(division for division in divisions if division in known)
        never = tuple(division for division in divisions if division not in known)
        moments = []
        if resource.replication_key == "Modified":
            values = (known[division].get(AT) for division in read)
            moments = [datetime.fromisoformat(value).astimezone(UTC) for value in values if value]
        found.append(LastRead(resource.name, read, never, max(moments, default=None)))
    return found


def last_run(
    state: Mapping[str, Any],
    resources: Sequence[Resource],
    rows: Sequence[Mapping[str, Any]],
    divisions: Sequence[int],
) -> tuple[Check, list[LastRead]]:
    """Say what the last run read.

    Args:
        state: The state it left.
        resources: The selected streams.
        rows: The divisions that are granted, as rows of the stream `divisions`; empty where nobody could tell.
        divisions: Those to read.
    """
    reads = last_reads(state, resources, divisions)
    if not state.get("bookmarks"):
        return Check("last_run", "the state is empty: no run has ended yet"), reads
    findings = []
    alike: dict[tuple[int, ...], list[str]] = {}
    for read in reads:
        if read.never:
            alike.setdefault(read.never, []).append(read.stream)
    for never, streams in alike.items():
        where = words.where(never, len(divisions))
        text = f"{words.listed(streams, len(streams))}: never read {where}, by what the state says."
        findings.append(Finding("never_read", text, tuple(streams), never, level=Level.NOTE))
    if rows:
        granted = {row["Code"] for row in rows}
        if moved := tuple(sorted(move.division for move in moves.find(state, rows))):
            text = (
                f"Exact has moved {words.counted(len(moved), 'division')} or changed the HR link since the last run"
                f" ({words.listed(moved)}): the row versions are new."
            )
            findings.append(Finding("moved", text, divisions=moved, level=Level.WARNING))
        if gone := sorted({*read_before(state)} - granted):
            text = f"The state knows {words.counted(len(gone), 'division')} no longer granted: {words.listed(gone)}."
            findings.append(Finding("left_out", text, divisions=tuple(gone), level=Level.NOTE))
    complete = sum(not read.never for read in reads)
    summary = f"{complete} of {words.counted(len(reads), 'incremental stream')} read in every division"
    if newest := max((read.newest for read in reads if read.newest), default=None):
        summary += f"; the newest change by date is of {newest:%Y-%m-%d %H:%M} UTC"
    return Check("last_run", summary, tuple(findings)), reads


def deleted_log(
    state: Mapping[str, Any], divisions: Sequence[int], now: datetime
) -> tuple[Check, dict[int, timedelta]]:
    """Say how long ago the log of deleted rows was read to its end, which Exact keeps for two months."""
    ages = [age for age in deletions.ages(state, now) if age.division in divisions]
    if not ages:
        return Check("deleted_log", "the state does not say when it was read", skipped=True), {}
    findings = []
    for kind, level, alike in (
        ("deleted_log_lost", Level.PROBLEM, [age for age in ages if age.lost]),
        ("deleted_log_old", Level.WARNING, [age for age in ages if age.old and not age.lost]),
    ):
        if alike:
            divisions_of = tuple(sorted(age.division for age in alike))
            days = [age.days for age in alike]
            text = (
                f"The log of deleted rows was last read {words.span(min(days), max(days))} days ago"
                f" {words.where(divisions_of, len(divisions))}; Exact keeps it for two months."
            )
            values = {"divisions": f"[{', '.join(map(str, divisions_of))}]"}
            findings.append(Finding(kind, text, ("deleted",), divisions_of, values, level))
    if empty := suspiciously_empty(state, divisions):
        text = (
            f"The log of deleted rows was read to its end {words.where(empty, len(divisions))} and never held a row, though"
            " other streams did. That is how a missing right looks here: Exact does not refuse."
        )
        values = {"right": RIGHTS["sync/Deleted"], "right_dutch": RIGHTS_DUTCH[RIGHTS["sync/Deleted"]]}
        findings.append(Finding("deleted_log_empty", text, ("deleted",), empty, values, Level.WARNING))
    worst, best = ages[0], ages[-1]
    summary = f"read to its end {words.ago(worst.ago)}"
    if len(ages) > 1:
        summary = f"read to its end {words.ago(best.ago)} at best, {words.ago(worst.ago)} at worst (division {worst.division})"
    return Check("deleted_log", summary, tuple(findings)), {age.division: age.ago for age in ages}


def suspiciously_empty(state: Mapping[str, Any], divisions: Collection[int]) -> tuple[int, ...]:
    """Return the divisions whose log of deleted rows never held a row, where that looks like a missing right.

    Without the right Exact gives an empty log instead of a refusal. It keeps two months, so whoever has just begun sees
    what was deleted before, too: a log that was empty ever since, in every company that has rows, is not likely.

    Args:
        state: The state of the last run.
        divisions: Those to look at.
    """
    tells_of = [resource.name for resource in RESOURCES if resource.deleted_type is not None]
    with_rows = {code for name in tells_of for code, value in _bookmarks(state, name) if value}
    logs = {code: value for code, value in _bookmarks(state, "deleted") if code in divisions}
    read = {
        part["context"].get("Division")
        for part in partitions(state, "deleted")
        if Freshness.of(part.get(READ))
    } & {*divisions}
    if any(logs.values()) or not read & with_rows:
        return ()
    return tuple(sorted(read & with_rows))


def _bookmarks(state: Mapping[str, Any], stream: str) -> list[tuple[Any, Any]]:
    return [(part["context"].get("Division"), part.get(AT)) for part in partitions(state, stream)]

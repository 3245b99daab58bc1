"""From what was answered and what is written in the state to what a person should know. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from tap_exact_online.catalog import BY_NAME, RIGHTS, RIGHTS_DUTCH, Resource
from tap_exact_online.doctor.allowance import Left
from tap_exact_online.doctor.findings import Check, Finding, Level, problem
from tap_exact_online.doctor.ledger import Ledger
from tap_exact_online.doctor.state import LastRead, last_reads, log_read_at, suspiciously_empty, unread
from tap_exact_online.doctor.verdicts import NOT_ASKED, Result, Verdict, judge
from tap_exact_online.errors import LimitReached, LoginNeeded, ReadError, TapError
from tap_exact_online.state import Age, moves
from tap_exact_online.telling import words

# As `deletions.py` warns; Exact keeps its log for two months.
_OLD = timedelta(days=50)
_SOME = "the rights that the stream needs"
_SOME_DUTCH = "de rechten die de stream nodig heeft"
# The kind of a finding, what is missing, and what Exact said.
_Cause = tuple[str, str, str]


def rights(ledger: Ledger) -> Check:
    """Say which streams can be read where, and why not elsewhere."""
    total, readable = len(ledger.known), ledger.count([Result.READABLE])
    summary = f"{readable:,} of {total:,} readable"
    if total:
        summary += (
            f": {words.counted(len(ledger.streams), 'stream')} in"
            f" {words.counted(len(ledger.divisions), 'division')}, for {words.counted(ledger.asked, 'call')}"
        )
    else:
        summary = "the selected streams need no calls"
    return Check("rights", summary, tuple(_unreadable(ledger)))


def _unreadable(ledger: Ledger) -> list[Finding]:
    """Return one finding for each cause and set of divisions, with all the streams that share both."""
    causes: dict[_Cause, dict[str, list[int]]] = {}
    for stream, division in product(ledger.streams, ledger.divisions):  # whatever answer came first
        verdict = ledger.known.get((stream, division), NOT_ASKED)
        if verdict.result not in {Result.READABLE, Result.NOT_ASKED}:
            causes.setdefault(_cause(stream, verdict), {}).setdefault(stream, []).append(division)
    found = []
    for cause, by_stream in causes.items():
        alike: dict[tuple[int, ...], list[str]] = {}
        for stream, divisions in by_stream.items():
            alike.setdefault(tuple(sorted(divisions)), []).append(stream)
        if cause[0] in _OF_DIVISIONS:  # whatever the stream
            every = tuple(sorted({division for divisions in alike for division in divisions}))
            alike = {every: []}
        found += [_finding(cause, streams, divisions, ledger) for divisions, streams in alike.items()]
    return found


_CLOSED = (
    "NoDivisionAccess",
    "DivisionBlocked",
    "BlockedUser",
    "InactiveUser",
    "BlockedCustomer",
    "LicenseExpired",
)
_OF_DIVISIONS = frozenset({*_CLOSED, "no_calls", "app_blocked"})
_WHY_CLOSED: Mapping[str, str] = {
    "NoDivisionAccess": "the company is not open to this app or this user",
    "DivisionBlocked": "the company is blocked",
    "BlockedUser": "the user who connected is blocked",
    "InactiveUser": "the user who connected is inactive",
    "BlockedCustomer": "Exact has blocked the subscription",
    "LicenseExpired": "the licence of the company has expired",
}


_KINDS: Mapping[Result, str] = {
    Result.SCOPE: "missing_scope",
    Result.RIGHT: "missing_right",
    Result.MODULE: "missing_module",
    Result.NO_ANSWER: "maintenance",
    Result.REFUSED: "refused",
}


def _cause(stream: str, verdict: Verdict) -> _Cause:
    """Return what makes two results one finding: the kind, what is missing, and what was said."""
    said = words.plain(verdict.said)
    if verdict.result is Result.CLOSED:
        return verdict.detail, "", ""
    if verdict.result is Result.NO_CALLS:
        until = verdict.until
        return ("app_blocked", "", said) if until is None else ("no_calls", f"{until:%Y-%m-%d %H:%M} UTC", "")
    if verdict.result in {Result.SCOPE, Result.NO_ANSWER}:
        said = ""  # it adds nothing, or differs from call to call
    missing = {Result.SCOPE: verdict.detail, Result.RIGHT: RIGHTS.get(BY_NAME[stream].path, "")}
    return _KINDS[verdict.result], missing.get(verdict.result, ""), said


def _finding(cause: _Cause, streams: Sequence[str], divisions: tuple[int, ...], ledger: Ledger) -> Finding:
    kind, what, said = cause
    where = words.where(divisions, len(ledger.divisions))
    who = words.listed(streams, len(streams))
    if kind == "missing_scope":
        text = f"{who}: not readable {where}; the app registration lacks the scope '{what}'."
    elif kind == "missing_right":
        text = (
            f"{who}: not readable {where}; the user who connected lacks a right, or the company a module. Exact says:"
            f" {said}"
        )
    elif kind == "missing_module":
        text = f"{who}: not readable {where}; the module is not in the company's subscription. Exact says: {said}"
    elif kind in _WHY_CLOSED:
        text = f"Nothing can be read {where}: {_WHY_CLOSED[kind]} ({kind})."
    elif kind == "no_calls":
        text = f"Not asked {where}: hardly any calls are left today, and those are for the runs. New ones come at {what}."
    elif kind == "app_blocked":
        text = f"The rest was not asked, {where}. {said}"
    elif kind == "maintenance":
        verdict = next(ledger.known[stream, each] for stream in streams for each in divisions)
        text = f"{who}: no usable answer {where}. {words.plain(verdict.said)}"
    else:
        text = f"{who}: refused {where}. {said}"
    return Finding(kind, Level.PROBLEM, text, tuple(streams), divisions, _values(cause), _exit_code(kind))


def _values(cause: _Cause) -> dict[str, str]:
    """Return what the words of a cure leave open."""
    kind, what, _ = cause
    if kind == "missing_scope":
        return {"scope": what}
    if kind == "missing_right":
        return {"right": what or _SOME, "right_dutch": RIGHTS_DUTCH.get(what, _SOME_DUTCH)}
    return {"until": what} if kind == "no_calls" else {}


def _exit_code(kind: str) -> int:
    return LimitReached.exit_code if kind in {"no_calls", "app_blocked"} else ReadError.exit_code


def no_list(error: TapError) -> Finding:
    """Return the finding that it is when the list of divisions cannot be read."""
    if not isinstance(error, ReadError | LimitReached):
        return problem("login" if isinstance(error, LoginNeeded) else "unsaved", error)
    cause = _cause("divisions", judge(error, BY_NAME["divisions"]))
    text = words.plain(str(error))
    return Finding(cause[0], Level.PROBLEM, text, ("divisions",), (), _values(cause), _exit_code(cause[0]))


def calls(left: Mapping[int, Left]) -> Check:
    """Say how many calls are left."""
    parts = []
    for of, mine, each in (
        ("today", [one.today for one in left.values()], [one.of_day for one in left.values()]),
        ("this minute", [one.minute for one in left.values()], [one.of_minute for one in left.values()]),
    ):
        told = [count for count in mine if count is not None]
        if told:
            most = max((count for count in each if count is not None), default=None)
            limit = "" if most is None else f" of {most:,}"
            parts.append(f"{words.span(min(told), max(told))}{limit} left {of}")
    if not parts:
        return Check("calls", "no division was asked, so none has told", skipped=True)
    each_division = " for each division" if len(left) > 1 else ""
    return Check("calls", f"{' and '.join(parts)}{each_division}")


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
    fresh = [read for read in reads if read.never and divisions]
    alike: dict[tuple[int, ...], list[str]] = {}
    for read in fresh:
        alike.setdefault(read.never, []).append(read.stream)
    for never, streams in alike.items():
        where = words.where(never, len(divisions))
        text = f"{words.listed(streams, len(streams))}: never read {where}, by what the state says."
        findings.append(Finding("never_read", Level.NOTE, text, tuple(streams), never))
    if rows:
        granted = {row["Code"] for row in rows}
        if moved := tuple(sorted(move.division for move in moves.find(state, rows))):
            text = (
                f"Exact has moved {words.counted(len(moved), 'division')} or changed the HR link since the last run"
                f" ({words.listed(moved)}): the row versions are new."
            )
            findings.append(Finding("moved", Level.WARNING, text, divisions=moved))
        if gone := unread(state, granted):
            text = f"The state knows {words.counted(len(gone), 'division')} no longer granted: {words.listed(gone)}."
            findings.append(Finding("left_out", Level.NOTE, text, divisions=tuple(gone)))
    complete = sum(not read.never for read in reads)
    summary = f"{complete} of {words.counted(len(reads), 'incremental stream')} read in every division"
    if newest := max((read.newest for read in reads if read.newest), default=None):
        summary += f"; the newest change by date is of {newest:%Y-%m-%d %H:%M} UTC"
    return Check("last_run", summary, tuple(findings)), reads


def deleted_log(
    state: Mapping[str, Any], divisions: Sequence[int], now: datetime
) -> tuple[Check, dict[int, timedelta]]:
    """Say how long ago the log of deleted rows was read to its end, which Exact keeps for two months."""
    read_at = log_read_at(state, divisions)
    ages = {division: now - moment for division, moment in read_at.items() if moment is not None}
    if not ages:
        return Check("deleted_log", "the state does not say when it was read", skipped=True), ages
    lost = tuple(sorted(division for division, age in ages.items() if Age(division, age.days).lost))
    old = tuple(sorted(division for division, age in ages.items() if age >= _OLD and division not in lost))
    findings = []
    for kind, level, divisions_of, code in (
        ("deleted_log_lost", Level.PROBLEM, lost, ReadError.exit_code),
        ("deleted_log_old", Level.WARNING, old, 0),
    ):
        if divisions_of:
            days = [ages[division].days for division in divisions_of]
            text = (
                f"The log of deleted rows was last read {words.span(min(days), max(days))} days ago"
                f" {words.where(divisions_of, len(divisions))}; Exact keeps it for two months."
            )
            values = {"divisions": f"[{','.join(map(str, divisions_of))}]"}
            findings.append(Finding(kind, level, text, ("deleted",), divisions_of, values, code))
    if empty := suspiciously_empty(state, divisions):
        where = words.where(empty, len(divisions))
        text = (
            f"The log of deleted rows was read to its end {where} and never held a row, though other streams did. That is"
            " how a missing right looks here: Exact does not refuse."
        )
        values = {"right": RIGHTS["sync/Deleted"], "right_dutch": RIGHTS_DUTCH[RIGHTS["sync/Deleted"]]}
        findings.append(Finding("deleted_log_empty", Level.WARNING, text, ("deleted",), empty, values))
    oldest = max(ages, key=lambda division: ages[division])
    summary = f"read to its end {words.ago(ages[oldest])}"
    if len(ages) > 1:
        summary = f"read to its end {words.ago(min(ages.values()))} at best, {words.ago(ages[oldest])} at worst (division {oldest})"
    return Check("deleted_log", summary, tuple(findings)), ages

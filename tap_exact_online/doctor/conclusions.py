"""From what was answered to what a person should know. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product

from tap_exact_online.catalog import BY_NAME, RIGHTS, RIGHTS_DUTCH
from tap_exact_online.doctor.findings import Check, Finding, of_failure
from tap_exact_online.doctor.ledger import Ledger
from tap_exact_online.doctor.outlook import least_seconds
from tap_exact_online.doctor.verdicts import NOT_ASKED, OF_ALL, Result, Verdict, judge
from tap_exact_online.errors import LimitReached, ReadError, TapError
from tap_exact_online.reading import Allowance, least
from tap_exact_online.spoken import PARAGRAPH, spoken
from tap_exact_online.telling import words
from tap_exact_online.wire import CLOSED

_SOME = "the rights that the stream needs"
_SOME_DUTCH = "de rechten die de stream nodig heeft"
# The kind of a finding, what is missing, and what Exact said.
_Cause = tuple[str, str, str]


def rights(ledger: Ledger) -> Check:
    """Say which streams can be read where, and why not elsewhere."""
    total, readable = len(ledger.known), ledger.count(Result.READABLE)
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


_OF_DIVISIONS = frozenset({*CLOSED, "no_calls", "app_blocked", "contract_used_up"})
_TEXTS: Mapping[str, str] = {
    "missing_scope": "{who}: not readable {where}; the app registration lacks the scope '{what}'.",
    "missing_right": (
        "{who}: not readable {where}; the user who connected lacks a right, or the company a module. Exact says:"
        " {said}"
    ),
    "missing_module": (
        "{who}: not readable {where}; the module is not in the company's subscription. Exact says: {said}"
    ),
    "no_calls": (
        "Not asked {where}: hardly any calls are left today, and those are for the runs. New ones come at {what}."
    ),
    "contract_used_up": "Nothing more was asked, {where}. {said}",
    "app_blocked": "The rest was not asked, {where}. {said}",
    "maintenance": "{who}: no usable answer {where}. {said}",
    "refused": "{who}: refused {where}. {said}",
    **{kind: f"Nothing can be read {{where}}: {why} ({kind})." for kind, why in CLOSED.items()},
}


def _cause(stream: str, verdict: Verdict) -> _Cause:
    """Return what makes two results one finding: the kind, what is missing, and what was said."""
    said = spoken(verdict.said, PARAGRAPH)
    if verdict.result is Result.CLOSED:
        return verdict.detail, "", ""
    if verdict.result is Result.NO_CALLS:
        until = verdict.until
        if verdict.detail == OF_ALL:
            return "contract_used_up", "", said
        return ("app_blocked", "", said) if until is None else ("no_calls", f"{until:%Y-%m-%d %H:%M} UTC", "")
    if verdict.result in {Result.SCOPE, Result.NO_ANSWER}:
        said = ""  # it adds nothing, or differs from call to call
    missing = {Result.SCOPE: verdict.detail, Result.RIGHT: RIGHTS.get(BY_NAME[stream].path, "")}
    kind = "maintenance" if verdict.result is Result.NO_ANSWER else verdict.result.value
    return kind, missing.get(verdict.result, ""), said


def _finding(cause: _Cause, streams: Sequence[str], divisions: tuple[int, ...], ledger: Ledger) -> Finding:
    kind, what, said = cause
    if kind == "maintenance":  # what the first of them met
        verdict = next(ledger.known[stream, each] for stream in streams for each in divisions)
        said = spoken(verdict.said, PARAGRAPH)
    where = words.where(divisions, len(ledger.divisions))
    text = _TEXTS[kind].format(who=words.listed(streams, len(streams)), where=where, what=what, said=said)
    return Finding(kind, text, tuple(streams), divisions, _values(cause))


def _values(cause: _Cause) -> dict[str, str]:
    """Return what the words of a cure leave open."""
    kind, what, _ = cause
    if kind == "missing_scope":
        return {"scope": what}
    if kind == "missing_right":
        return {"right": what or _SOME, "right_dutch": RIGHTS_DUTCH.get(what, _SOME_DUTCH)}
    return {"until": what} if kind == "no_calls" else {}


def no_list(error: TapError) -> Finding:
    """Return the finding that it is when the list of divisions cannot be read."""
    if not isinstance(error, ReadError | LimitReached):
        return of_failure(error)
    cause = _cause("divisions", judge(error, BY_NAME["divisions"]))
    return Finding(cause[0], spoken(str(error), PARAGRAPH), ("divisions",), (), _values(cause))


def calls(left: Sequence[Allowance]) -> Check:
    """Say how many calls are left."""
    asked = [one for one in left if one.day_left is not None or one.minute_left is not None]
    parts = []
    for of, mine, each in (
        ("today", [one.day_left for one in asked], [one.day_limit for one in asked]),
        ("this minute", [one.minute_left for one in asked], [one.minute_limit for one in asked]),
    ):
        told = [count for count in mine if count is not None]
        if told:
            most = max((count for count in each if count is not None), default=None)
            limit = "" if most is None else f" of {most:,}"
            parts.append(f"{words.span(min(told), max(told))}{limit} left {of}")
    if not parts:
        return Check("calls", "no division was asked, so none has told", skipped=True)
    each_division = " for each division" if len(asked) > 1 else ""
    return Check("calls", f"{' and '.join(parts)}{each_division}")


def cost(ledger: Ledger, a_day: int, at_once: int) -> Check:
    """Say what it takes to read once what can be read, before anybody knows how many rows that is.

    Args:
        ledger: What can be read.
        a_day: Calls of a day for all divisions; 0 for no limit.
        at_once: Divisions that are read at once.
    """
    by_division: Counter[int] = Counter()
    for (stream, division), verdict in ledger.known.items():
        by_division[division] += least(BY_NAME[stream]) * (verdict.result is Result.READABLE)
    calls = by_division.total()
    if not calls:
        return Check("cost", "nothing that takes calls can be read", skipped=True)
    division, most = max(by_division.items(), key=lambda each: (each[1], -each[0]))
    text = f"{words.counted(calls, 'call')} or more, {words.duration(least_seconds(by_division, at_once))} at least"
    if len(by_division) > 1:
        text += f"; of one division {most:,} at most ({division})"
    if a_day and calls > a_day:
        text += f"; {math.ceil(calls / a_day):,} days of {a_day:,} calls"
    return Check(
        "cost", f"{text}. A first run takes one more for each 1,000 rows of a Sync stream, 60 of others"
    )

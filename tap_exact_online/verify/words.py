"""What a verification found, in words and as JSON values, and what is to be done. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from tap_exact_online.doctor.document import of_finding
from tap_exact_online.surroundings import how_to_run
from tap_exact_online.telling import words
from tap_exact_online.verify.checking import Checked, Verification
from tap_exact_online.verify.keys import Key, Outcome

VERSION = 1
"""Rises when a name of the document goes or changes its meaning."""
SHOWN = 5
"""Keys that are named of each kind."""

KINDS: Mapping[str, str] = {
    "missing": "at Exact, and not in the database",
    "unclear": "at Exact and not in the database, and nothing tells whether the last run should have brought it",
    "surplus": "in the database, and no longer at Exact",
    "gone": "in the database, and known to be gone: its delete is not mirrored",
    "new": "made or changed since the last run, or so shortly before it that the next one brings it",
    "leaving": "deleted at Exact since the last run",
    "moving": "came or went while it was counted",
}
"""What is told of rows, by the name in `Outcome`."""
DIFFERENCES = frozenset({"missing", "unclear", "surplus", "gone"})
"""Those that the next run does not see to by itself."""


def sets(outcome: Outcome) -> dict[str, AbstractSet[Key]]:
    """Return the keys of each kind."""
    return {kind: getattr(outcome, kind) for kind in KINDS}


def price(plan: Verification) -> str:
    """Say what a verification costs, before it is made."""
    streams = len({pair.resource.name for pair in plan.pairs})
    divisions = len({pair.division for pair in plan.pairs})
    made = f" {words.counted(plan.calls, 'call')} went to the list of divisions." if plan.calls else ""
    long = f", some {words.counted(plan.minutes, 'minute')}" if plan.minutes else ""
    return (
        f"Exact gives no count that can be relied on, so every key is read: {words.counted(streams, 'stream')} in"
        f" {words.counted(divisions, 'division')}, at least {words.counted(plan.least_calls, 'call')}{long}; where something differs,"
        f" once more.{made}"
    )


def lines(plan: Verification) -> Iterator[str]:
    """Say what differs, row by row, and what it means."""
    for checked in plan.checked:
        for kind, keys in sets(checked.outcome).items():
            if keys:
                yield (
                    f"{checked.resource.name} in division {checked.division}: {words.counted(len(keys), 'row')} {kind} ({KINDS[kind]}):"
                    f" {words.listed(named(keys), SHOWN)}"
                )
        if checked.outcome.older:
            older = words.counted(checked.outcome.older, "row")
            yield f"{checked.resource.name} in division {checked.division}: {older} older than `start_date`, which are not read"
        if checked.rejected:
            bad = words.counted(checked.rejected, "row")
            yield f"{checked.resource.name} in division {checked.division}: {bad} of Exact cannot be understood, see the log of a run"


def named(keys: AbstractSet[Key]) -> list[str]:
    """Return keys as they are shown, in their order."""
    return [" ".join(key) for key in sorted(keys)]


def advice(plan: Verification) -> Iterator[str]:
    """Say what is to be done, once for all that needs the same."""
    wrong = [each for each in plan.checked if each.outcome.missing or each.outcome.surplus]
    if wrong:
        again = {
            "streams": [*dict.fromkeys(each.resource.name for each in wrong)],
            "divisions": sorted({each.division for each in wrong}),
        }
        yield f"Missing or surplus: read them anew, {how_to_run(json.dumps(again))}"
    if _of("gone", plan.checked):
        yield "Gone: mirror the deletes, meltano run exact-online:deletes, or exact-online deletes --apply"
    if _of("unclear", plan.checked):
        yield f"Unclear: run, and verify again, {how_to_run()}. With the stream `reads` in the database it is told at once."
    if plan.findings:
        yield "Not compared: what the doctor says of it stands above."


def _of(kind: str, checked: Sequence[Checked]) -> bool:
    return any(getattr(each.outcome, kind) for each in checked)


def verdict(plan: Verification) -> str:
    """Say in a line what came of it."""
    compared = f"{words.counted(len(plan.checked), 'table')} of streams and divisions, {words.counted(plan.calls, 'call')}"
    differing = sum(each.outcome.differs for each in plan.checked)
    if differing:
        return f"{words.counted(differing, 'differs', 'differ')} from what Exact has, of {compared}."
    if plan.findings and not plan.checked:
        return f"Nothing could be compared, for {words.counted(plan.calls, 'call')}."
    if plan.findings:
        return f"Not all could be compared; what was is equal: {compared}."
    return f"Equal: {compared}."


def document(plan: Verification, exit_code: int) -> dict[str, Any]:
    """Return everything as JSON values."""
    return {
        "version": VERSION,
        "at": plan.at.isoformat(timespec="seconds"),
        "exit_code": exit_code,
        "equal": plan.equal,
        "calls": plan.calls,
        "tables": [_table(each) for each in plan.checked],
        "not_compared": dict(plan.passed_over),
        "divisions_not_read": [*plan.closed],
        "advice": [*advice(plan)],
        "findings": [of_finding(each) for each in plan.findings],
    }


def _table(checked: Checked) -> dict[str, Any]:
    return {
        "stream": checked.resource.name,
        "division": checked.division,
        "exact": checked.given,
        "database": checked.held,
        "equal": not checked.outcome.differs,
        **{
            kind: {"rows": len(keys), "keys": named(keys)[:SHOWN]}
            for kind, keys in sets(checked.outcome).items()
        },
        "older_than_start_date": checked.outcome.older,
        "not_understood": checked.rejected,
    }

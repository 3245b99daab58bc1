"""A proposal of what to select, from what may be read and holds something.

A small company that selects all there is meets dozens of refusals: for modules that it does not have, for scopes that the app
lacks, for rights that the user lacks. So each stream is asked for one row in one company, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tap_exact_online.catalog import RESOURCES, Resource, bill
from tap_exact_online.doctor.examination import Tools
from tap_exact_online.doctor.grants import FIELDS
from tap_exact_online.doctor.ledger import Ledger
from tap_exact_online.doctor.probes import Line, question_for_rows
from tap_exact_online.doctor.verdicts import WORDS, Result, Verdict
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.reading import granted_divisions
from tap_exact_online.settings import Settings
from tap_exact_online.wire import MANAGE_COMPANIES


@dataclass(frozen=True, slots=True)
class Proposal:
    """What came of it.

    Attributes:
        division: The company that was looked at.
        calls: How many calls that took.
        chosen: Streams that can be read and hold something, or are on by default.
        empty: Streams that can be read and hold nothing.
        refused: What keeps others from being read, by stream.
    """

    division: int
    calls: int
    chosen: Sequence[Resource]
    empty: Sequence[Resource]
    refused: Mapping[str, Verdict]

    def document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "division": self.division,
            "calls": self.calls,
            "select": [resource.name for resource in self.chosen],
            "calls_a_run": bill(self.chosen).every_run,
            "empty": [resource.name for resource in self.empty],
            "refused": {name: WORDS[verdict.result][1] for name, verdict in self.refused.items()},
        }


def candidates() -> list[Resource]:
    """Return the streams to ask for: not what only the user who connected sees, nor what stands in for another stream."""
    stand_ins = {resource.instead for resource in RESOURCES}
    return scope_by_scope([each for each in RESOURCES if _is_asked(each) and each.name not in stand_ins])


def _is_asked(resource: Resource) -> bool:
    """Tell whether one question shows something of a stream: not where it has to name a scheme, of which none is known."""
    return resource.divided and not resource.per_user and "glScheme" not in resource.axes


def scope_by_scope(resources: Sequence[Resource]) -> list[Resource]:
    """Return streams in such an order that one of each scope comes first: what is missing for it is missing for the others."""
    first: dict[str | None, Resource] = {}
    for each in resources:
        first.setdefault(each.endpoint.scope, each)
    ahead = [*first.values()]
    return [*ahead, *(each for each in resources if each not in ahead)]


def propose(settings: Settings, tools: Tools) -> Proposal:
    """Ask each stream for one row in the first company that is open.

    Args:
        settings: The checked settings.
        tools: What to work with.

    Raises:
        ConfigurationError: There is no company to look at, or none is open.
        TapError: The connection is dead, or the list of divisions cannot be read.
    """
    line = Line.of(settings, tools.clock, tools.sleep)
    granted = granted_divisions(line.client, FIELDS, sorted(settings.choice.only))
    divisions = settings.choice.pick(row["Code"] for row in granted.rows)
    resources = candidates()
    # One that is only concluded from neighbours proves nothing of the others.
    scopes = {each.name: each.endpoint.scope for each in resources if not each.endpoint.scope_inferred}
    for division in divisions:
        ledger = Ledger([each.name for each in resources], [division], line.at_once, scopes)
        line.ask_all(
            resources, ledger, lambda *step: tools.progress(len(resources), *step), question_for_rows
        )
        line.settle()
        if ledger.count(Result.CLOSED) < len(resources):
            return proposal(division, line.client.calls, resources, ledger)
    msg = f"There is no company to look at that is open. Companies are granted under {MANAGE_COMPANIES}."
    raise ConfigurationError(msg)


def proposal(division: int, calls: int, resources: Sequence[Resource], ledger: Ledger) -> Proposal:
    """Say what to select, in the order of the table. Pure.

    Args:
        division: The company that was looked at.
        calls: How many calls that took.
        resources: The streams that were asked for.
        ledger: What the answers were.
    """
    known = {each.name: ledger.known[each.name, division] for each in resources}
    readable = {name for name, verdict in known.items() if verdict.result is Result.READABLE}
    held = {name for name in readable if known[name].rows}
    chosen = [
        each
        for each in RESOURCES
        if each.name in held or (each.selected and (each.name in readable or not each.divided))
    ]
    names = {each.name for each in chosen}
    empty = [each for each in RESOURCES if each.name in readable - names]
    refused = {each.name: known[each.name] for each in RESOURCES if each.name in known.keys() - readable}
    return Proposal(division, calls, chosen, empty, refused)

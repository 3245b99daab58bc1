"""What a selection costs, in words."""

from __future__ import annotations

from collections.abc import Sequence

from tap_exact_online.catalog import Resource, bill, cost
from tap_exact_online.telling import words

_DAY = 5000
"""Calls a day of a division, where Exact gives no other number."""


def told_costs(resources: Sequence[Resource]) -> str:
    """Say what a run of a selection costs."""
    costs = bill(resources)
    least = "at least " if any(cost(each).by_rows for each in resources) else ""
    text = (
        f"{words.counted(len(resources), 'stream')}: a run that finds nothing new takes {least}"
        f"{words.counted(costs.every_run, 'call')} in each division"
    )
    if costs.daily:
        text += f", and {costs.daily:.0f} a day for those that are asked less often"
    runs = costs.runs(_DAY)
    return f"{text}. The {_DAY:,} calls that Exact allows a day in each division are enough for {runs:,} such runs."

"""What a selection is and costs, in words."""

from __future__ import annotations

from collections.abc import Sequence

from tap_exact_online.catalog import BY_NAME, Resource, bill, cost
from tap_exact_online.telling import words

_DAY = 5000
"""Calls a day of a division, where Exact gives no other number."""


def told_selection(streams: Sequence[str], source: str) -> str:
    """Say how many streams are selected, and by what; and how many of them are read of each division, which is what others count."""
    divided = sum(BY_NAME[name].divided for name in streams)
    some = "" if divided == len(streams) else f", {divided:,} of them division by division"
    return f"{words.counted(len(streams), 'stream')}{some}: {source}"


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

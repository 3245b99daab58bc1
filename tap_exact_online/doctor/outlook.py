"""What the next run would read, how old everything is, and what that costs a day. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from statistics import median
from typing import Any

from tap_exact_online.catalog import BY_NAME, Cadence, Resource
from tap_exact_online.reading import Around, Pair, Plan, Supply, Terms, least, made_plan
from tap_exact_online.state import (
    ASKED_FOR,
    REFUSED,
    Cadences,
    Refusals,
    is_due,
    partitions,
)
from tap_exact_online.telling import affordable

_DAY = 86_400.0
_MINUTELY = 60
"""Calls a minute of a division, where Exact gives no other number."""
_SECONDS_A_CALL = 0.3
"""What a call takes, about: an answer of Exact's and what is made of it."""
_RUNS: Mapping[Cadence, float] = {Cadence.ALWAYS: math.inf, Cadence.DAILY: 1.0, Cadence.WEEKLY: 1 / 7}


@dataclass(frozen=True, slots=True)
class Question:
    """What the outlook is about.

    Attributes:
        resources: The streams that are read division by division.
        around: What is known of the divisions.
        state: The state of the last run, checked; may be empty.
        terms: What the user wants.
        cadences: How often streams are asked at most.
        supply: How many calls the next run has.
        a_day: Calls of a day, 0 for no limit.
        concurrency: Divisions that are read at once.
        now: The time now, in epoch seconds.
    """

    resources: Sequence[Resource]
    around: Around
    state: Mapping[str, Any]
    terms: Terms
    cadences: Cadences
    supply: Supply
    a_day: int
    concurrency: int
    now: float


@dataclass(frozen=True, slots=True)
class StreamOutlook:
    """What is to be expected of one stream.

    Attributes:
        stream: The stream.
        divisions: How many divisions it has.
        never: How many were never read.
        median_age: How old the middle one is, in seconds; None where none was read.
        oldest: How old the oldest is.
        bound: How old it may be at most; None for no bound.
        broken: How many are older, and may be read.
        planned: How many the next run reads.
        calls: How many calls that takes at least.
        a_day: Calls of a day that keep the bound; None for no bound.
    """

    stream: str
    divisions: int
    never: int
    median_age: float | None
    oldest: float | None
    bound: float | None
    broken: int
    planned: int
    calls: int
    a_day: float | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to be expected.

    Attributes:
        plan: What the next run is asked for.
        pairs: Everything there is, with what is known of it.
        streams: The same by stream.
        one_pass: How many calls it takes at least to read everything once.
        seconds: How long the next run takes at least, by the limits and by the calls.
        longest: The division that takes the most calls in the next run, and how many; None where it makes none.
        affordable: The least bound that can be kept, in seconds; None without a limit.
        a_day: Calls of a day that the bounds need; None where there are none.
    """

    plan: Plan
    pairs: Sequence[Pair]
    streams: Sequence[StreamOutlook]
    one_pass: int
    seconds: float
    longest: tuple[int, int] | None
    affordable: float | None
    a_day: float | None


def outlook(question: Question) -> Outlook:
    """Look ahead at the next run."""
    # As a run goes over its streams: where two pairs are alike, the order decides.
    resources = sorted(question.resources, key=attrgetter("name"))
    known = {resource.name: _known(question, resource) for resource in resources}
    everything = [each for some in known.values() for each in some]
    pairs = [each.pair for each in everything]
    plan = made_plan(
        [each.pair for each in everything if each.due], question.terms, question.supply, question.now
    )
    calls = _calls(plan, pairs)
    streams = [_of_stream(question, plan, name, some) for name, some in known.items()]
    one_pass = sum(pair.cost for pair in pairs)
    needed = [each.a_day for each in streams if each.a_day is not None]
    return Outlook(
        plan,
        pairs,
        streams,
        one_pass,
        least_seconds(calls, question.concurrency),
        max(calls.items(), key=lambda each: (each[1], -each[0]), default=None),
        affordable(one_pass, question.a_day, question.supply.interval),
        sum(needed) if needed else None,
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """A pair, whether a run of this moment may ask for it, and whether a right is missing for it."""

    pair: Pair
    due: bool
    denied: bool


def _known(question: Question, resource: Resource) -> list[_Known]:
    parts = {part["context"].get("Division"): part for part in partitions(question.state, resource.name)}
    cadence = question.cadences.of(resource)
    found = []
    for code in question.around.changed:
        part = parts.get(code, {})
        pair = question.around.noted(resource, code, part)
        known = pair.known
        # Without that note it is not known which fields were asked for, and what the answer was worth.
        passed = known is not None and (cadence is Cadence.ALWAYS or ASKED_FOR in part)
        due = known is None or not passed or is_due(cadence, known.read, question.now)
        found.append(_Known(pair, due, Refusals.denies(part.get(REFUSED))))
    return found


def _of_stream(question: Question, plan: Plan, stream: str, known: Sequence[_Known]) -> StreamOutlook:
    ages = [
        (max(0.0, question.now - each.pair.known.read), each.denied)
        for each in known
        if each.pair.known is not None
    ]
    bound = question.terms.bounds.get(stream)
    planned = plan.streams.get(stream)
    a_pass = len(known) * least(BY_NAME[stream])
    runs = _RUNS[question.cadences.of(BY_NAME[stream])]
    return StreamOutlook(
        stream,
        len(known),
        len(known) - len(ages),
        median(age for age, _ in ages) if ages else None,
        max((age for age, _ in ages), default=None),
        bound,
        sum(bound is not None and age > bound and not denied for age, denied in ages),
        len(planned.divisions) if planned else 0,
        planned.calls if planned else 0,
        None if bound is None else a_pass * min(_DAY / bound, runs),
    )


def _calls(plan: Plan, pairs: Sequence[Pair]) -> Mapping[int, int]:
    """Return how many calls each division takes at least."""
    costs = {pair.stream: pair.cost for pair in pairs}
    calls: Counter[int] = Counter()
    for stream, planned in plan.streams.items():
        calls.update(dict.fromkeys(planned.divisions, costs[stream]))
    return calls


def least_seconds(calls: Mapping[int, int], concurrency: int) -> float:
    """Return how long calls take at least: those of one division are a minute apart by sixty, those of all wait for answers.

    Args:
        calls: How many each division takes.
        concurrency: Divisions that are read at once.
    """
    if not calls:
        return 0.0
    at_once = max(1, min(concurrency, len(calls)))
    minutes = (max(calls.values()) - 1) // _MINUTELY
    return max(sum(calls.values()) * _SECONDS_A_CALL / at_once, minutes * 60.0)

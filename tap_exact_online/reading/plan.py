"""What a run asks for, and in which order: every stream of every division has its turn before it is too old. Pure.

Where more calls are allowed than all of it takes, all of it is read, and the order matters only to a run that is ended early.
Where they are not enough, a run is given what cannot wait, then what was never read, then what somebody has given a hint of, and
the rest goes to what most likely has news and was not asked for longest. A division that is left out grows older, so its turn
comes: nothing is ever taken for unchanged.
"""

from __future__ import annotations

import enum
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from operator import itemgetter
from statistics import fmean

from tap_exact_online.state import Freshness, worked

_DAY = 86_400.0
_LEAST_RATE = 0.02
"""News a day that everything is taken to have at least: also what was always silent is asked for, now and then."""
_DORMANT = 0.02
"""What the chance of an archived or blocked division counts, where no bound says when it has to be asked."""
_TRUSTED = 0.9
"""Of what later runs can do, so much is relied on: some of them fail, and some reads take more calls than they should."""
_IMPATIENCE = 1.5
"""The power of its age that a pair is worth. Higher, what changes often waits for what does not; lower, what changes seldom
waits too long. Measured with `benchmarks/staleness.py`."""
_FIRST_READS = 0.25
"""Of what is not enough for bounds and for what was never read, the latter has so much: it must not be kept away for ever by
what is read again and again."""
_UNKNOWN = 2 * _DAY
"""Where nothing is known of later runs, this one reads what the run of the next night may be too late for."""
_PAUSE = 0.25
"""What could not be read for so long is asked again after this part of that time. So each try costs the less the longer it lasts."""
_HINTED = 0.5
"""Of what is left for what need not be read now, hints take so much at most: the others must not wait for ever."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A stream of a division.

    Attributes:
        stream: The stream.
        division: The division.
        known: When it was read, and how often there is news; None where it was never read to its end.
        failed: When it was asked in vain since then (epoch seconds), None where it was not.
        cost: How many calls it takes at least.
        hinted: Somebody, or a change of the division itself, has said that there is something.
        dormant: The division is archived or blocked.
    """

    stream: str
    division: int
    known: Freshness | None = None
    failed: float | None = None
    cost: int = 1
    hinted: bool = False
    dormant: bool = False

    @property
    def asked(self) -> float:
        """When it was asked last (epoch seconds), or the beginning of time."""
        return max(self.known.read if self.known else 0.0, self.failed or 0.0)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the user wants.

    Attributes:
        bounds: How old a pair may be at most, in seconds, by stream; a stream that is missing has no bound.
        weights: How much more a stream counts than others.
    """

    bounds: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """A run after this one.

    Attributes:
        begins: When it begins, in seconds from now.
        ends: When it will have read everything, in seconds from now.
        calls: How many calls it may make.
    """

    begins: float
    ends: float
    calls: float


@dataclass(frozen=True, slots=True)
class Supply:
    """How many calls there are.

    Attributes:
        calls: For this run; None for as many as it takes.
        later: The runs after this one, as far as they can be told, in the order in which they end.
    """

    calls: int | None = None
    later: Sequence[Turn] = ()

    @property
    def interval(self) -> float:
        """The longest time from the beginning of one run to that of the next, in seconds; a day where nothing is known."""
        begins = [0.0, *(turn.begins for turn in self.later)]
        return max((after - before for before, after in pairwise(begins)), default=_DAY)


class Reason(enum.IntEnum):
    """Why a pair is read in this run: what comes first is read first."""

    BOUND = 0
    NEVER_READ = 1
    HINT = 2
    CHANCE = 3


_FIRST = (Reason.BOUND, Reason.NEVER_READ)


@dataclass(frozen=True, slots=True)
class Planned:
    """What one stream is asked for.

    Attributes:
        divisions: The divisions, in their order.
        calls: How many calls that takes at least.
    """

    divisions: Sequence[int]
    calls: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run asks for.

    Attributes:
        streams: The streams in their order, with what each is asked for.
        pairs: How many pairs there are to choose from.
        needed: How many calls have to go to pairs that would else become older than they may.
        reasons: How many pairs are read for which reason.
        limited: Some are left for later runs.
        interval: Seconds until the next run is to be expected.
    """

    streams: Mapping[str, Planned]
    pairs: int
    needed: int
    reasons: Mapping[Reason, int]
    limited: bool
    interval: float

    @property
    def planned(self) -> int:
        """How many pairs it asks for."""
        return sum(len(each.divisions) for each in self.streams.values())

    @property
    def calls(self) -> int:
        """How many calls that takes at least."""
        return sum(each.calls for each in self.streams.values())


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A pair with its place among those that are read for the same reason: the highest score first."""

    pair: Pair
    reason: Reason
    score: float


def made_plan(pairs: Iterable[Pair], terms: Terms, supply: Supply, now: float) -> Plan:
    """Decide what a run asks for.

    Args:
        pairs: Everything that may be asked for now, streams and divisions in their natural order.
        terms: What the user wants.
        supply: How many calls there are.
        now: The time now, in epoch seconds.
    """
    calls = supply.calls
    # What takes more calls than a run has takes a whole run: one that has begun is read to its end.
    pairs = [
        pair if calls is None or pair.cost <= calls else replace(pair, cost=max(1, calls)) for pair in pairs
    ]
    needed = _needed(pairs, terms, supply, now)
    ranked = _ranked(pairs, {id(pair) for pair in needed}, terms, now)
    ranked.sort(key=lambda each: (each.reason, -each.score))
    chosen = ranked if calls is None else _affordable(ranked, calls)
    natural = {stream: place for place, stream in enumerate(dict.fromkeys(pair.stream for pair in pairs))}
    return Plan(
        streams=_in_order(chosen, natural),
        pairs=len(pairs),
        needed=sum(pair.cost for pair in needed),
        reasons=Counter(each.reason for each in chosen),
        limited=len(chosen) < len(pairs),
        interval=supply.interval,
    )


def _deadline(pair: Pair, known: Freshness, bound: float) -> float:
    """Return until when a pair is to be asked.

    One that is asked in vain is asked again, but each time the pause grows with the time for which it could not be read, up to
    the bound: what cannot be read at all must not take the calls of what can.
    """
    deadline = known.read + bound
    if pair.failed is None or pair.failed <= known.read:
        return deadline
    return max(deadline, pair.failed + min((pair.failed - known.read) * _PAUSE, bound))


def _needed(pairs: Iterable[Pair], terms: Terms, supply: Supply, now: float) -> list[Pair]:
    """Return what this run has to read, so that later runs can still keep the bounds of everything else.

    The earliest deadline goes first: if any order keeps all bounds, this one does. Of what is to be read until the end of each
    later run, this one has to take as much as those until then cannot.
    """
    due = sorted(
        (
            (_deadline(pair, pair.known, terms.bounds[pair.stream]), pair)
            for pair in pairs
            if pair.known is not None and pair.stream in terms.bounds
        ),
        key=itemgetter(0),
    )
    begins = [now, *(now + turn.begins for turn in supply.later)]
    ends = [now + turn.ends for turn in supply.later]
    horizon = ends[-1] if ends else now + _UNKNOWN
    due = due[: bisect_right(due, horizon, key=itemgetter(0))]
    by_bound: dict[float, Counter[int]] = {}
    for deadline, pair in due:
        by_bound.setdefault(terms.bounds[pair.stream], Counter())[bisect_right(ends, deadline)] += pair.cost
    # The calls for which each run is the last that can make them, this one and those after it.
    last: Counter[int] = Counter()
    for bound, some in by_bound.items():
        for place, cost in some.items():
            last[place] += cost
            # What has a short bound is to be read again and again until the last of them.
            while place < len(ends) and begins[place] + bound <= horizon:
                place = max(bisect_right(ends, begins[place] + bound), place + 1)  # noqa: PLW2901
                last[place] += cost
    need = total = float(last[0])
    for place, turn in enumerate(supply.later, 1):
        total += last[place] - turn.calls * _TRUSTED
        need = max(need, total)
    chosen, taken = [], 0
    for _, pair in due:
        if taken >= need:
            break
        chosen.append(pair)
        taken += pair.cost
    return chosen


def _ranked(pairs: Sequence[Pair], needed: Collection[int], terms: Terms, now: float) -> list[_Ranked]:
    """Give each pair its reason, and its place among those of the same."""
    rates = _Rates.of(pairs)
    ranked = []
    for pair in pairs:
        known = pair.known
        if known is None and pair.failed is None:
            # Nobody waits for news of a company that sleeps, but its books belong to the picture.
            ranked.append(_Ranked(pair, Reason.NEVER_READ, -float(pair.dormant)))
            continue
        age = max(worked(now) - worked(pair.asked), 0.0)
        if known is not None and id(pair) in needed:
            ranked.append(
                _Ranked(pair, Reason.BOUND, now - _deadline(pair, known, terms.bounds[pair.stream]))
            )
        else:
            reason = Reason.HINT if pair.hinted else Reason.CHANCE
            ranked.append(_Ranked(pair, reason, _chance(pair, rates.expected(pair), age, terms)))
    return ranked


@dataclass(frozen=True, slots=True)
class _Rates:
    """How often there is news, in the mean of what is known.

    One pair is asked too seldom for its own past to say much. But where one stream of a company has much news the others
    have, too; and one stream has more than another in every company. So a pair is taken to have what both of these say.
    """

    divisions: Mapping[int, float]
    streams: Mapping[str, float]
    all: float

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> _Rates:
        divisions: dict[int, list[float]] = {}
        streams: dict[str, list[float]] = {}
        for pair in pairs:
            if pair.known is not None:
                divisions.setdefault(pair.division, []).append(pair.known.rate)
                streams.setdefault(pair.stream, []).append(pair.known.rate)
        rates = [rate for some in streams.values() for rate in some]
        return cls(
            {division: fmean(some) for division, some in divisions.items()},
            {stream: fmean(some) for stream, some in streams.items()},
            (fmean(rates) if rates else 0.0) or 1.0,
        )

    def expected(self, pair: Pair) -> float:
        division, stream = (
            self.divisions.get(pair.division, self.all),
            self.streams.get(pair.stream, self.all),
        )
        return max(division * stream / self.all, _LEAST_RATE)


def _chance(pair: Pair, rate: float, age: float, terms: Terms) -> float:
    """Return what it is worth to ask: the news that most likely wait, times how long they do, for each call.

    Both are counted in time in which people work.
    """
    if pair.dormant and pair.stream in terms.bounds:
        return 0.0  # it waits for its bound
    weight = terms.weights.get(pair.stream, 1.0) * (_DORMANT if pair.dormant else 1.0)
    return weight * rate * float((age / _DAY) ** _IMPATIENCE) / pair.cost


def _affordable(ranked: Sequence[_Ranked], calls: int) -> list[_Ranked]:
    """Return what the calls are enough for, in its order."""
    chosen: list[_Ranked] = []
    left = calls

    def take(wanted: Iterable[_Ranked], at_most: int) -> list[_Ranked]:
        nonlocal left
        spent, passed = 0, []
        for each in wanted:
            if spent + each.pair.cost <= at_most:
                spent += each.pair.cost
                chosen.append(each)
            else:
                passed.append(each)
        left -= spent
        return passed

    of = {reason: [each for each in ranked if each.reason is reason] for reason in Reason}
    bounds, firsts = (sum(each.pair.cost for each in of[reason]) for reason in _FIRST)
    reserved = min(firsts, round(left * _FIRST_READS)) if bounds + firsts > left else 0
    late = take(of[Reason.BOUND], left - reserved)
    take(of[Reason.NEVER_READ], left)
    take(late, left)
    others = sorted([*of[Reason.HINT], *of[Reason.CHANCE]], key=lambda each: -each.score)
    # What is worth most has its turn, however many calls it takes: else smaller ones would always fit in before it.
    room = math.floor(left * _HINTED)
    room -= sum(each.pair.cost for each in others[:1] if each.reason is Reason.HINT)
    others = [*take(others[:1], left), *others[1:]]
    hinted = [each for each in others if each.reason is Reason.HINT]
    likely = [each for each in others if each.reason is Reason.CHANCE]
    hints = take(hinted, min(room, left))
    rest = [*(replace(each, reason=Reason.CHANCE) for each in hints), *likely]
    take(sorted(rest, key=lambda each: -each.score), left)
    return chosen


def _in_order(chosen: Iterable[_Ranked], natural: Mapping[str, int]) -> dict[str, Planned]:
    """Put the streams in the order in which they are written: one after the other, what is oldest first."""
    by_stream: dict[str, list[_Ranked]] = {}
    for each in chosen:
        by_stream.setdefault(each.pair.stream, []).append(each)

    def place(stream: str) -> tuple[bool, float, int]:
        mine = by_stream[stream]
        oldest = min(each.pair.known.read if each.pair.known else -math.inf for each in mine)
        return mine[0].reason is not Reason.BOUND, oldest, natural[stream]

    return {
        stream: Planned(
            [each.pair.division for each in by_stream[stream]],
            sum(each.pair.cost for each in by_stream[stream]),
        )
        for stream in sorted(by_stream, key=place)
    }

"""How old the copy of a firm's books is, where the calls of a contract are not enough to read everything every hour.

    python benchmarks/staleness.py [--companies 3000] [--streams 13] [--days 28] [--calls 20000] [--seeds 1 2 3]
    python benchmarks/staleness.py --plot docs/pictures/staleness.svg

A simulation with the tap's own planner and its own account of calls: only the clock and the firm are made up. Runs begin every
hour, and what a run reads is read when it begins. Changes come in office hours (8 to 18, Monday to Friday): in each of them,
5.8 % of the companies have some. Companies differ widely: how likely each is to have some is drawn from a log-normal
distribution with sigma 1.6, so that the busiest tenth makes two thirds of all changes. A change concerns each stream with a
likelihood of its own, from 2 % to 90 %. A delay is the time from a change until it is read. Those of the first week are not
counted, since nothing is known of the firm then, nor those of the last four days, which may be read after the end.

`by name` is what a program does that reads one stream and company after the other, until Exact answers no more for that day, and
begins anew on the next. `oldest` reads what was read longest ago. The others are the plan: without a bound, with one
(`at_most_old`), and with hints, nine tenths of which are right and which tell of nine tenths of the changes.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rig.measuring import progress, report
from rig.plot import chart

from tap_exact_online.reading import Pair, Supply, Terms, made_plan
from tap_exact_online.reading import account as accounts
from tap_exact_online.reading.account import Account
from tap_exact_online.state import Freshness
from tap_exact_online.state.freshness import after

_HOUR, _DAY, _WEEK = 3600.0, 24, 7
_MONDAY = 1_799_020_800.0  # 2027-01-04 00:00 UTC
_ACTIVE = 0.058
_SIGMA = 1.6
_STREAMS = (0.9, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02)
_OFFICE = range(8, 18)
_WORKDAYS = 5
_UNCOUNTED = 7, 4
"""Days at the beginning and at the end."""
_HINTED = 0.9

Place = tuple[int, int]
"""A stream and a company, by their numbers."""
Known = dict[Place, Freshness]


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm, and what happens in it.

    Attributes:
        companies: How many there are.
        streams: How many streams are read of each.
        days: How long it is looked at.
        hours: The changes of each hour, with the moment of each in epoch seconds.
    """

    companies: int
    streams: int
    days: int
    hours: Sequence[Sequence[tuple[float, Place]]]

    @classmethod
    def made(cls, companies: int, streams: int, days: int, seed: int) -> Firm:
        """Make one up."""
        chance = random.Random(seed)  # noqa: S311  no secret
        drawn = [chance.lognormvariate(0, _SIGMA) for _ in range(companies)]
        mean = sum(drawn) / companies
        active = [min(1.0, each / mean * _ACTIVE) for each in drawn]
        concerns = [_STREAMS[stream % len(_STREAMS)] for stream in range(streams)]
        hours = []
        for hour in range(days * _DAY):
            changes = []
            if hour % _DAY in _OFFICE and hour // _DAY % _WEEK < _WORKDAYS:
                for company, likely in enumerate(active):
                    if chance.random() < likely:
                        moment = _MONDAY + (hour + chance.random()) * _HOUR
                        changes += [
                            (moment, (stream, company))
                            for stream in range(streams)
                            if chance.random() < concerns[stream]
                        ]
            hours.append(changes)
        return cls(companies, streams, days, hours)

    @property
    def places(self) -> list[Place]:
        """Every stream of every company, in the natural order."""
        return [(stream, company) for stream in range(self.streams) for company in range(self.companies)]


@dataclass(frozen=True, slots=True)
class Hour:
    """What a policy goes by.

    Attributes:
        number: How many hours have gone by.
        now: Epoch seconds.
        supply: The calls of this run and of those after it.
        known: What is known of everything.
        hints: Where somebody says that there is something.
    """

    number: int
    now: float
    supply: Supply
    known: Known
    hints: set[Place]


Policy = Callable[[Hour], Sequence[Place]]


@dataclass(slots=True)
class Outcome:
    """What became of a firm's changes.

    Attributes:
        delays: Seconds from each change until it was read, infinite where it was not.
        oldest: The greatest age of anything, in seconds.
        unread: The part of all streams of companies that was not read at all.
        calls: The most calls of a day.
    """

    delays: list[float] = field(default_factory=list)
    oldest: float = 0.0
    unread: float = 0.0
    calls: int = 0

    def quantile(self, part: float) -> float:
        """Return the delay that so many of the changes do not have to wait longer than, in hours."""
        found = sorted(self.delays)
        return found[min(int(len(found) * part), len(found) - 1)] / _HOUR


def by_name(hour: Hour, *, calls: int) -> Sequence[Place]:
    """Read one after the other, until no more is answered on that day."""
    return sorted(hour.known)[:calls] if hour.number % _DAY == 0 else []


def oldest_first(hour: Hour) -> Sequence[Place]:
    """Read what was read longest ago."""
    known = hour.known
    return heapq.nsmallest(hour.supply.calls or 0, known, key=lambda place: known[place].read)


def planned(
    hour: Hour, *, bound: float | None = None, weights: Mapping[str, float] | None = None
) -> Sequence[Place]:
    """Read what the tap would."""
    names = [f"{stream:02}" for stream in range(1 + max(stream for stream, _ in hour.known))]
    terms = Terms({} if bound is None else dict.fromkeys(names, bound), weights or {})
    pairs = [
        Pair(names[stream], company, known, hinted=(stream, company) in hour.hints)
        for (stream, company), known in hour.known.items()
    ]
    plan = made_plan(pairs, terms, hour.supply, hour.now)
    return [(int(name), company) for name, each in plan.streams.items() for company in each.divisions]


def watched(firm: Firm, calls: int, policy: Policy, seed: int, *, hinted: bool = False) -> Outcome:
    """Let runs read a firm, and return what became of its changes."""
    chance = random.Random(seed)  # noqa: S311  no secret
    places = firm.places
    # As a firm is found that was read in turn so far.
    pass_takes = len(places) / calls * _DAY * _HOUR
    known: Known = {place: Freshness(_MONDAY - chance.random() * pass_takes) for place in places}
    waiting: dict[Place, list[float]] = {}
    hints: set[Place] = set()
    account, outcome, read = _accustomed(), Outcome(), set[Place]()
    first, last = (_MONDAY + days * _DAY * _HOUR for days in (_UNCOUNTED[0], firm.days - _UNCOUNTED[1]))
    for number, before in enumerate([(), *firm.hours[:-1]]):
        now = _MONDAY + number * _HOUR
        for moment, place in before:
            waiting.setdefault(place, []).append(moment)
            if hinted and chance.random() < _HINTED:
                hints.add(place)
            if hinted and chance.random() < _HINTED * (1 - _HINTED) / _HINTED:
                hints.add(chance.choice(places))
        account = accounts.begun(account, now)
        supply = Supply(
            accounts.share(account, calls, spread=True), accounts.turns(account, calls, spread=True)
        )
        if now >= first:
            outcome.oldest = max(outcome.oldest, now - min(each.read for each in known.values()))
        asked = policy(Hour(number, now, supply, known, hints))
        account = Account(
            account.day, account.used + len(asked), account.hour, account.at_hour, account.begun
        )
        outcome.calls = max(outcome.calls, account.used)
        for place in asked:
            found = waiting.pop(place, ())
            known[place] = after(known[place], now, news=bool(found))
            outcome.delays += [now - moment for moment in found if first <= moment < last]
        read.update(asked)
        hints.difference_update(asked)
    outcome.delays += [math.inf for some in waiting.values() for moment in some if first <= moment < last]
    outcome.unread = 1 - len(read) / len(places)
    return outcome


def _accustomed() -> Account:
    """Return an account that knows of hourly runs."""
    hour = int(_MONDAY // _HOUR)
    return Account(begun=dict.fromkeys(range(hour - 8 * _DAY, hour), 1.0))


def policies(calls: int, bound: float) -> Iterator[tuple[str, Policy, bool]]:
    """Give every policy with its name, and whether it is given hints."""
    yield "by name", partial(by_name, calls=calls), False
    yield "oldest", oldest_first, False
    yield "plan", planned, False
    yield f"plan, {bound / _HOUR:.0f} h", partial(planned, bound=bound), False
    yield f"plan, {bound / _HOUR:.0f} h, hints", partial(planned, bound=bound), True


def _line(name: str, seed: int, outcome: Outcome) -> dict[str, Any]:
    return {
        "policy": name,
        "seed": seed,
        **{f"p{part * 100:.0f} h": round(outcome.quantile(part), 1) for part in (0.5, 0.9, 0.99)},
        "oldest h": round(outcome.oldest / _HOUR, 1),
        "unread %": round(outcome.unread * 100, 1),
        "calls a day": outcome.calls,
    }


def _draw(file: Path, firm: Firm, args: argparse.Namespace) -> None:
    """Draw how long changes wait, by the calls of a day."""
    everything = firm.companies * firm.streams
    calls = [round(everything * part) for part in (0.4, 0.5, 0.75, 1, 2, 4, 8, 16, 24)]
    lines: dict[str, list[float]] = {"oldest first, half": [], "plan, half": [], "plan, 99 of 100": []}
    for each in calls:
        progress(f"{each:,} calls a day")
        seed = args.seeds[0]
        turn, plan = (watched(firm, each, policy, seed) for policy in (oldest_first, planned))
        for name, value in zip(
            lines, (turn.quantile(0.5), plan.quantile(0.5), plan.quantile(0.99)), strict=True
        ):
            lines[name].append(value)
    progress("")
    title = f"Hours until a change is read, of {firm.companies:,} companies"
    file.write_text(chart(title, "calls a day", calls, lines))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--companies", type=int, default=3000)
    parser.add_argument("--streams", type=int, default=13)
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--calls", type=int, default=20_000, help="calls a day")
    parser.add_argument("--bound", type=float, default=72.0, help="hours")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--only", nargs="*", help="the policies, by the beginning of their names")
    parser.add_argument("--plot", type=Path, help="draw how long changes wait by the calls of a day, as SVG")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.plot:
        _draw(args.plot, Firm.made(args.companies, args.streams, args.days, args.seeds[0]), args)
        return
    lines = []
    for seed in args.seeds:
        firm = Firm.made(args.companies, args.streams, args.days, seed)
        for name, policy, hinted in policies(args.calls, args.bound * _HOUR):
            if args.only is None or name.startswith(tuple(args.only)):
                progress(f"seed {seed}: {name}")
                lines.append(_line(name, seed, watched(firm, args.calls, policy, seed, hinted=hinted)))
    progress("")
    report(lines, as_json=args.json)


if __name__ == "__main__":
    main()

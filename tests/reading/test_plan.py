"""What a run asks for where calls are short, and that everything has its turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tap_exact_online.reading import Pair, Plan, Reason, Supply, Terms, Turn, made_plan
from tap_exact_online.state import Freshness

HOUR, DAY = 3600.0, 86_400.0
NOW = 1_799_107_200.0  # Tuesday 2027-01-05 00:00 UTC


def pair(stream: str, division: int, hours: float | None, rate: float = 0.5, **more: Any) -> Pair:
    """Return a pair that was read so many hours ago, None for never."""
    known = None if hours is None else Freshness(NOW - hours * HOUR, None, rate)
    return Pair(stream, division, known, **more)


def hourly(calls: float, runs: int = 24 * 7) -> list[Turn]:
    return [Turn(hour * HOUR, (hour + 1) * HOUR, calls) for hour in range(1, runs + 1)]


def asked(plan: Plan) -> list[tuple[str, int]]:
    return [(stream, division) for stream, each in plan.streams.items() for division in each.divisions]


def plan(pairs: Sequence[Pair], calls: int | None, terms: Terms | None = None, **more: Any) -> Plan:
    supply = Supply(calls, **more) if more else Supply(calls, hourly(calls or 0))
    return made_plan(pairs, terms or Terms(), supply, NOW)


# --- The order ---


def test_what_cannot_wait_is_read_first_then_what_was_never_read_then_hints_then_what_is_likely() -> None:
    pairs = [
        pair("chance", 1, 300),
        pair("hint", 1, 2, hinted=True),
        pair("never", 1, None),
        pair("bound", 1, 71.5),
    ]
    terms = Terms({"bound": 72 * HOUR})
    ranks = [
        ("bound", Reason.BOUND),
        ("never", Reason.NEVER_READ),
        ("hint", Reason.HINT),
        ("chance", Reason.CHANCE),
    ]
    for calls in (1, 2, 4):  # of one call, hints may not take half
        found = plan(pairs, calls, terms)
        assert {stream for stream, _ in asked(found)} == {stream for stream, _ in ranks[:calls]}
        assert found.reasons == {reason: 1 for _, reason in ranks[:calls]}
        assert (found.pairs, found.planned, found.limited) == (4, calls, calls < 4)


def test_a_stream_with_what_cannot_wait_comes_first_then_what_is_oldest() -> None:
    pairs = [pair("a", 1, 5), pair("b", 1, 9), pair("c", 1, 71.5), pair("d", 1, None)]
    found = plan(pairs, None, Terms({"c": 72 * HOUR}))
    assert [*found.streams] == ["c", "d", "b", "a"]


def test_within_a_stream_what_cannot_wait_comes_first() -> None:
    pairs = [pair("a", 1, 5), pair("a", 2, None), pair("a", 3, 70), pair("a", 4, 71.5), pair("a", 5, 80)]
    found = plan(pairs, 5, Terms({"a": 72 * HOUR}), later=hourly(5, 3))
    assert found.streams["a"].divisions[:2] == [5, 4]


def test_ties_keep_the_natural_order() -> None:
    pairs = [pair(stream, division, 5) for stream in ("b", "a") for division in (3, 1, 2)]
    assert asked(plan(pairs, None)) == [("b", 3), ("b", 1), ("b", 2), ("a", 3), ("a", 1), ("a", 2)]
    assert asked(plan(pairs, 4)) == [("b", 3), ("b", 1), ("b", 2), ("a", 3)]
    never = [pair(stream, division, None) for stream in ("b", "a") for division in (3, 1)]
    assert asked(plan(never, 3)) == [("b", 3), ("b", 1), ("a", 3)]


def test_what_most_likely_has_news_comes_before_what_is_a_little_older() -> None:
    pairs = [pair("a", 1, 30, rate=0.02), pair("a", 2, 24, rate=5.0), pair("a", 3, 2000, rate=0.02)]
    assert plan(pairs, 1).streams["a"].divisions == [3]  # but nothing waits for ever
    assert plan(pairs, 2).streams["a"].divisions == [3, 2]


def test_where_much_happens_in_one_stream_of_a_company_the_others_are_asked_too() -> None:
    pairs = [
        pair("lines", 1, 10, rate=20.0),
        pair("lines", 2, 10, rate=0.1),
        pair("items", 1, 10, rate=0.5),
        pair("items", 2, 10, rate=0.5),
    ]
    assert asked(plan(pairs, 2)) == [("lines", 1), ("items", 1)]


@pytest.mark.parametrize(("weights", "first"), [({}, "a"), ({"b": 4.0}, "b"), ({"b": 4.0, "a": 5.0}, "a")])
def test_weights(weights: dict[str, float], first: str) -> None:
    pairs = [pair("a", 1, 12), pair("b", 1, 10)]
    assert [*plan(pairs, 1, Terms({}, weights)).streams] == [first]


def test_what_takes_more_calls_has_to_be_worth_it() -> None:
    pairs = [pair("dear", 1, 12, cost=10), *(pair("cheap", division, 11) for division in range(10))]
    found = plan(pairs, 10)
    assert {stream: each.calls for stream, each in found.streams.items()} == {"cheap": 10}
    assert plan(pairs, 20).streams["dear"].calls == 10


def test_what_takes_more_calls_than_a_run_has_takes_a_whole_run() -> None:
    found = plan([pair("dear", 1, None, cost=10), pair("cheap", 1, None)], 4)
    assert (asked(found), found.calls) == ([("dear", 1)], 4)


def test_hints_take_half_of_what_can_wait() -> None:
    pairs = [pair("hint", division, 1, hinted=True) for division in range(100)]
    pairs += [pair("other", division, 5) for division in range(100)]
    found = plan([*pairs, pair("never", 1, None)], 21)
    assert found.reasons == {Reason.NEVER_READ: 1, Reason.HINT: 10, Reason.CHANCE: 10}
    assert len(found.streams["other"].divisions) == 10


def test_hints_that_are_old_are_as_good_as_anything_old() -> None:
    pairs = [pair("hint", division, 50, hinted=True) for division in range(100)]
    pairs += [pair("other", division, 1) for division in range(100)]
    assert len(plan(pairs, 20).streams["hint"].divisions) == 20


@pytest.mark.parametrize(
    ("hours", "bound", "is_read"),
    [
        pytest.param(71.5, 72, True, id="at its bound"),
        pytest.param(60, 72, False, id="before it"),
        pytest.param(60, None, False, id="without one"),
        pytest.param(24 * 3000, None, True, id="without one, after years"),
    ],
)
def test_a_company_that_sleeps_waits_for_its_bound(hours: float, bound: float | None, is_read: bool) -> None:  # noqa: FBT001
    pairs = [pair("a", 1, hours, rate=5.0, dormant=True), *(pair("a", each, 20) for each in range(2, 9))]
    found = plan(pairs, 1, Terms({} if bound is None else {"a": bound * HOUR}), later=hourly(8))
    assert (1 in found.streams["a"].divisions) == is_read


def test_a_company_that_sleeps_is_read_once_behind_the_others() -> None:
    pairs = [pair("a", 1, None, dormant=True), pair("a", 2, None), pair("b", 2, None)]
    assert asked(plan(pairs, 2)) == [("a", 2), ("b", 2)]
    assert ("a", 1) in asked(plan(pairs, 3))


# --- What cannot be read ---


def test_what_was_asked_in_vain_waits_its_turn() -> None:
    failed = [pair("a", division, None, failed=NOW - HOUR) for division in range(10)]
    others = [pair("a", division, 2) for division in range(10, 20)]
    never = pair("a", 99, None)
    assert plan([*failed, *others, never], 1).streams["a"].divisions == [99]
    assert set(plan([*failed, *others, never], 11).streams["a"].divisions) == {99, *range(10, 20)}


@pytest.mark.parametrize(
    ("read", "failed", "is_due"),
    [
        pytest.param(80, 72, True, id="once, at its bound"),
        pytest.param(72, 12, False, id="half a day ago, for three days"),
        pytest.param(72, 16, True, id="longer ago than a quarter of that"),
        pytest.param(8000, 60, False, id="for a year, within the bound"),
        pytest.param(8000, 72, True, id="for a year"),
    ],
)
def test_what_cannot_be_read_is_asked_ever_less_often_until_once_in_a_bound(
    read: float,
    failed: float,
    is_due: bool,  # noqa: FBT001
) -> None:
    pairs = [pair("a", 1, read, failed=NOW - failed * HOUR)]
    found = plan(pairs, 1, Terms({"a": 72 * HOUR}), later=hourly(1))
    assert found.needed == int(is_due)


# --- Bounds ---


@pytest.mark.parametrize(
    ("hours", "later", "needed"),
    [
        pytest.param(10, hourly(5), 0, id="time enough"),
        pytest.param(70, hourly(20), 0, id="the next run ends at the bound"),
        pytest.param(71, hourly(20), 10, id="the next one ends after the bound"),
        pytest.param(70, hourly(5), 6, id="the next one reads half, nearly"),
        pytest.param(69, hourly(5), 1, id="the next two read nearly all"),
        pytest.param(100, hourly(5), 10, id="too late"),
        pytest.param(
            25, [Turn(24 * HOUR, 30 * HOUR, 20), Turn(48 * HOUR, 54 * HOUR, 20)], 0, id="next night"
        ),
        pytest.param(
            43, [Turn(24 * HOUR, 30 * HOUR, 20), Turn(48 * HOUR, 54 * HOUR, 20)], 10, id="this night"
        ),
        pytest.param(10, [Turn(62 * HOUR, 63 * HOUR, 20)], 10, id="before the weekend"),
        pytest.param(23, [], 0, id="nothing is known of later runs: two days are left"),
        pytest.param(25, [], 10, id="nothing is known of later runs"),
    ],
)
def test_a_run_reads_what_later_runs_cannot(hours: float, later: list[Turn], needed: int) -> None:
    pairs = [pair("a", division, hours) for division in range(10)]
    found = plan(pairs, 10, Terms({"a": 72 * HOUR}), later=later)
    assert found.needed == needed  # of what later runs may do, nine tenths are relied on


def test_what_has_a_short_bound_is_read_again_and_again_until_the_others_are_due() -> None:
    """Ten an hour for what may be an hour old leave nothing in any later run for what may be a day old."""
    often = [pair("often", division, 1) for division in range(10)]
    seldom = [pair("seldom", division, 12) for division in range(40)]
    terms = Terms({"often": 2 * HOUR, "seldom": 24 * HOUR})
    assert plan(seldom, 14, terms, later=hourly(14)).needed == 0
    found = plan([*often, *seldom], 14, terms, later=hourly(14))
    assert found.needed > 10


def test_the_earliest_deadline_goes_first_whatever_the_stream() -> None:
    pairs = [pair("a", 1, 71), pair("b", 1, 23.9), pair("a", 2, 71.9), pair("b", 2, 23)]
    found = plan(pairs, 2, Terms({"a": 72 * HOUR, "b": 24 * HOUR}), later=hourly(0, 50))
    assert {*asked(found)} == {("b", 1), ("a", 2)}


# --- For any firm ---

# A firm that is simulated for days is not made smaller: that takes minutes.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
FIRMS = st.fixed_dictionaries(
    {
        "divisions": st.integers(1, 12),
        "bounds": st.lists(st.sampled_from([6.0, 12.0, 24.0, 48.0]), min_size=1, max_size=3),
        "costs": st.lists(st.integers(1, 3), min_size=3, max_size=3),
        "every": st.sampled_from([1, 2]),
        "spare": st.floats(1.35, 3.0),
        "ages": st.lists(st.floats(0.0, 0.5), min_size=1, max_size=40),
        "hinted": st.sets(st.integers(0, 40), max_size=10),
    }
)


@given(FIRMS)
@settings(max_examples=30, deadline=None, phases=PHASES)
def test_no_bound_is_broken_where_it_can_be_kept(firm: dict[str, Any]) -> None:
    """Ten days of runs; the calls are what the bounds take, and a third more or what is asked in a single run."""
    every = firm["every"] * HOUR
    streams = [f"s{number}" for number in range(len(firm["bounds"]))]
    bounds = {stream: bound * HOUR for stream, bound in zip(streams, firm["bounds"], strict=True)}
    costs = dict(zip(streams, firm["costs"], strict=False))
    places = [(stream, division) for stream in streams for division in range(firm["divisions"])]
    # Whoever is read by runs so far apart has to be read so much earlier.
    load = sum(costs[stream] / ((bounds[stream] - 2 * every) / every) for stream, _ in places)
    calls = int(load * firm["spare"]) + max(costs.values()) + 1
    ages = firm["ages"]
    known = {
        place: Freshness(NOW - ages[number % len(ages)] * bounds[place[0]])
        for number, place in enumerate(places)
    }
    later = [Turn(run * every, (run + 1) * every, calls) for run in range(1, 80)]
    for run in range(int(10 * DAY / every)):
        now = NOW + run * every
        pairs = [
            Pair(
                stream, division, known[stream, division], cost=costs[stream], hinted=number in firm["hinted"]
            )
            for number, (stream, division) in enumerate(places)
        ]
        found = made_plan(pairs, Terms(bounds), Supply(calls, later), now)
        assert found.calls <= calls
        chosen = asked(found)
        assert len(chosen) == len({*chosen}) == found.planned
        # What is read last in a run is read when the next one begins.
        for place in places:
            done = now + every if place in chosen else now
            assert done - known[place].read <= bounds[place[0]] + 1e-6, (run, place)
        for place in chosen:
            known[place] = Freshness(now, None, known[place].rate)


@given(
    st.lists(
        st.builds(
            pair,
            st.sampled_from("abc"),
            st.integers(1, 10**6),
            st.one_of(st.none(), st.floats(-5, 10**5)),
            rate=st.floats(0, 50),
            cost=st.integers(1, 30),
            failed=st.one_of(st.none(), st.floats(0, 2 * NOW)),
            hinted=st.booleans(),
            dormant=st.booleans(),
        ),
        max_size=30,
        unique_by=lambda each: (each.stream, each.division),
    ),
    st.one_of(st.none(), st.integers(0, 200)),
    st.dictionaries(st.sampled_from("abc"), st.floats(60, 90 * DAY)),
    st.lists(st.floats(0, 100), max_size=20),
)
@settings(max_examples=150, deadline=None)
def test_a_plan_costs_no_more_than_there_is_and_names_nothing_twice(
    pairs: list[Pair], calls: int | None, bounds: dict[str, float], later: list[float]
) -> None:
    turns = [Turn(run * HOUR, (run + 1) * HOUR, each) for run, each in enumerate(later, 1)]
    found = made_plan(pairs, Terms(bounds), Supply(calls, turns), NOW)
    chosen = asked(found)
    assert len(chosen) == len({*chosen}) == found.planned == sum(found.reasons.values())
    assert {*chosen} <= {(each.stream, each.division) for each in pairs}
    assert found.limited == (len(chosen) < len(pairs))
    if calls is None:
        assert not found.limited
    else:
        assert found.calls <= calls
        assert chosen or not pairs or not calls


@given(
    st.integers(1, 6), st.lists(st.floats(0.01, 50), min_size=12, max_size=12), st.sets(st.integers(0, 11))
)
@settings(max_examples=20, deadline=None, phases=PHASES)
def test_everything_is_read_sooner_or_later_without_any_bound(
    calls: int, rates: list[float], hinted: set[int]
) -> None:
    """Also what nobody expects anything of, while others are busy, hinted at all the time, or fail all the time."""
    places = [(stream, division) for stream in "ab" for division in range(6)]
    known = {place: Freshness(NOW, None, rate) for place, rate in zip(places, rates, strict=True)}
    waiting = {*places}
    for run in range(2000):
        now = NOW + run * 6 * HOUR
        pairs = [
            Pair(*place, known[place], cost=1 + number % 3, hinted=number in hinted, dormant=number % 5 == 0)
            for number, place in enumerate(places)
        ]
        pairs += [Pair("fails", division, failed=now - HOUR) for division in range(9)]
        for place in asked(made_plan(pairs, Terms(), Supply(calls, hourly(calls)), now)):
            waiting.discard(place)
            if place in known:
                known[place] = Freshness(now, None, known[place].rate)
        if not waiting:
            return
    raise AssertionError(waiting)

"""What all processes of a contract have used of a day, and what a run may use."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_exact_online.reading import account as accounts
from tap_exact_online.reading.account import Account

HOUR, DAY = 3600.0, 86_400.0
LIMIT = 20_000
MONDAY = datetime(2027, 1, 4, tzinfo=UTC).timestamp()
"""At 00:00 UTC."""


def at(days: float, hours: float = 0) -> float:
    return MONDAY + days * DAY + hours * HOUR


def had(moments: Iterable[float], part: float = 1.0) -> Account:
    """Return the account after runs that used nothing."""
    account = Account()
    for moment in moments:
        account = accounts.begun(account, moment, part)
    return account


def schedule(hours: Iterable[int], days: Iterable[int] = range(-8, 0)) -> list[float]:
    return [at(day, hour) for day in days for hour in hours]


NIGHTLY = schedule([2])
HOURLY = schedule(range(24))
OFFICE = schedule(range(8, 19), [-7, -6, -5, -4, -3])


def shares(
    before: Iterable[float], today: Iterable[float], part: float = 1.0, *, spread: bool = True
) -> list[int]:
    """Return what each run of today makes that makes all it may."""
    account, found = had(before, part), []
    for moment in today:
        account = accounts.begun(account, moment, part)
        mine = accounts.share(account, LIMIT, part, spread=spread)
        account = msgspec.structs.replace(account, used=account.used + mine)
        found.append(mine)
    return found


# --- The day ---


def test_a_day_ends_at_midnight_utc() -> None:
    account, _ = accounts.lent(Account(), at(0, 23.999), LIMIT)
    assert account.used > 0
    assert accounts.of_day(account, at(0, 23.9999)) == account
    assert accounts.of_day(account, at(1)).used == 0
    assert accounts.given_back(account, at(1), 5).used == 0


def test_a_clock_that_is_behind_does_not_begin_a_day_anew() -> None:
    account = accounts.lent(Account(), at(1, 0.001), LIMIT)[0]
    behind = accounts.lent(account, at(0, 23.999), LIMIT)[0]
    assert accounts.lent(behind, at(1, 0.002), LIMIT)[0].used == 3 * account.used


def test_a_day_that_is_far_ahead_is_not_believed() -> None:
    account = accounts.lent(Account(), at(500), LIMIT)[0]
    assert accounts.of_day(account, at(0)).used == 0


@given(st.integers(1, 10**6), st.lists(st.tuples(st.booleans(), st.integers(0, 2000)), max_size=200))
def test_no_more_is_lent_than_there_is(limit: int, steps: list[tuple[bool, int]]) -> None:
    account, out = Account(), 0
    for lends, calls in steps:
        if lends:
            account, lent = accounts.lent(account, MONDAY, limit)
            out += lent
        else:
            back = min(calls, out)
            account = accounts.given_back(account, MONDAY, back)
            out -= back
        assert 0 <= account.used == out <= limit


@pytest.mark.parametrize("limit", [1, 7, 400, 20_000, 100_000])
def test_all_of_a_day_is_lent_in_blocks_of_which_many_can_be_lost(limit: int) -> None:
    account, blocks = Account(), []
    while True:
        account, lent = accounts.lent(account, MONDAY, limit)
        if not lent:
            break
        blocks.append(lent)
    assert sum(blocks) == limit
    assert max(blocks) * 16 <= max(limit * 0.02, 16)
    assert accounts.lent(account, MONDAY + DAY, limit)[1] == blocks[0]


def test_what_is_given_back_is_lent_again() -> None:
    account = Account(day=int(MONDAY // DAY), used=LIMIT)
    assert accounts.lent(account, MONDAY, LIMIT)[1] == 0
    assert accounts.lent(accounts.given_back(account, MONDAY, 3), MONDAY, LIMIT)[1] == 1


@pytest.mark.parametrize(
    "content",
    [None, b"", b"x", b"[]", b"null", b'{"used": -5}', b'{"used": "5"}', b'{"begun": {"a": 1}}', b'{"begun": {"5": -1}}',
     b'{"begun": [5]}', b'{"hours": [1, 2]}', b"\xff", b"[" * 100_000],
)  # fmt: skip
def test_a_document_that_is_damaged_begins_anew(content: bytes | None) -> None:
    assert accounts.opened(content) == Account()


def test_a_document_is_read_as_it_was_written() -> None:
    account = accounts.lent(had([*HOURLY, at(0, 5)]), at(0, 5), LIMIT)[0]
    assert accounts.opened(accounts.written(account)) == account
    assert len(accounts.written(account)) < 5_000


# --- How much a run may make ---


@pytest.mark.parametrize(
    ("before", "today", "found"),
    [
        pytest.param([], [at(0, 2)], [LIMIT], id="the first run of all"),
        pytest.param([], [at(0, 2), at(1, 2)], [LIMIT, LIMIT], id="the second night"),
        pytest.param(NIGHTLY, [at(0, 2)], [LIMIT], id="every night"),
        pytest.param(NIGHTLY, [at(0, 1.9)], [LIMIT], id="every night, a little earlier"),
        pytest.param(NIGHTLY, [at(0, 3.2)], [LIMIT], id="every night, a little later"),
        pytest.param(HOURLY, [at(0, hour) for hour in range(24)], [834, 833], id="every hour"),
        pytest.param(
            HOURLY,
            [at(0, hour) for hour in range(12, 24)],
            [1667, 1667],
            id="every hour, out of order until noon",
        ),
        pytest.param(
            OFFICE, [at(0, hour) for hour in range(8, 19)], [1819, 1818], id="office hours, on a Monday"
        ),
        pytest.param(
            [*OFFICE, *schedule(range(8, 19), [0])], [at(1, 8)], [1818], id="office hours, on a Tuesday"
        ),
        pytest.param(
            [*HOURLY, *schedule([2], range(3))], [at(3, 2)], [LIMIT], id="every hour until three days ago"
        ),
        pytest.param(schedule([2, 14]), [at(0, 2), at(0, 14)], [10_000, 10_000], id="twice a day"),
        pytest.param(schedule([6], [-7]), [at(0, 6)], [LIMIT], id="once a week"),
    ],
)
def test_a_day_is_spread_over_the_runs_that_are_to_be_expected(
    before: list[float], today: list[float], found: list[int]
) -> None:
    made = shares(before, today)
    assert made[: len(found)] == pytest.approx(found, abs=1)
    if len(made) > 2:
        assert max(made) - min(made) <= 1
        assert sum(made) == LIMIT


def test_where_nothing_is_known_the_pace_of_the_first_day_is_kept() -> None:
    account = had([at(0, 6)])
    account = accounts.begun(msgspec.structs.replace(account, used=2_000), at(0, 7))
    assert accounts.share(account, LIMIT, spread=True) == pytest.approx(18_000 / 17, abs=1)
    account = had([at(0, 6)])
    account = accounts.begun(msgspec.structs.replace(account, used=2_000), at(0, 12))
    assert accounts.share(account, LIMIT, spread=True) == pytest.approx(18_000 / (1 + 11 / 6), abs=1)


def test_what_was_not_spread_is_there_for_every_run() -> None:
    assert shares(HOURLY, [at(0, 0), at(0, 1)], spread=False) == [LIMIT, 0]


def test_what_is_lost_is_not_given_twice() -> None:
    account = accounts.begun(had(NIGHTLY), at(0, 2))
    account = msgspec.structs.replace(account, used=19_990)
    assert accounts.share(account, LIMIT, spread=True) == 10
    assert accounts.share(account, LIMIT, spread=True, held=5) == 15


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("spread", [True, False])
@pytest.mark.parametrize("hours", [[2.0], [2, 3, 4, 5]])
def test_a_hundred_groups_are_one_run_however_long_they_take(
    known: bool,  # noqa: FBT001  columns of a table
    spread: bool,  # noqa: FBT001
    hours: list[float],
) -> None:
    """One after the other, in as many hours: each may use the same, and all of them the whole day."""
    moments = [hour + group / 100 for hour in hours for group in range(100 // len(hours))]
    before = [at(day, hour) for day in range(-8, 0) for hour in moments] if known else []
    made = shares(before, [at(0, hour) for hour in moments], 0.01, spread=spread)
    assert sum(made) == pytest.approx(LIMIT, rel=0.02)
    assert max(made) - min(made) <= 0.05 * max(made)


@pytest.mark.parametrize("part", [0.25, 1 / 3, 0.5])
def test_parts_that_begin_together_have_the_same(part: float) -> None:
    number = round(1 / part)
    made = shares([each for each in HOURLY for _ in range(number)], [at(0)] * number, part)
    assert sum(made) == pytest.approx(LIMIT / 24, rel=0.01)
    assert max(made) - min(made) <= 1


def test_the_smallest_part_of_a_day_is_one_call() -> None:
    account = accounts.begun(had(HOURLY), at(0), 0.001)
    assert accounts.share(account, 24, 0.001, spread=True) == 1


# --- Which runs are to be expected ---


@pytest.mark.parametrize(
    ("before", "now", "begins", "calls"),
    [
        pytest.param([], at(0, 2), [], None, id="nothing is known"),
        pytest.param(NIGHTLY, at(0, 2), [24, 48, 72, 96, 120, 144], LIMIT, id="every night"),
        pytest.param(HOURLY, at(0, 2), [*range(1, 166)], LIMIT / 24, id="every hour"),
        pytest.param(OFFICE, at(0, 8), [*range(1, 11), *range(24, 35)], LIMIT / 11, id="office hours"),
        pytest.param(
            [*OFFICE, *schedule(range(8, 19), range(4)), *schedule(range(8, 18), [4])],
            at(4, 18),
            [62, 63],
            LIMIT / 11,
            id="on a Friday evening",
        ),
    ],
)
def test_later_runs(before: list[float], now: float, begins: list[int], calls: float | None) -> None:
    account = accounts.begun(had(before), now)
    found = accounts.turns(account, LIMIT, spread=True)
    assert [turn.begins / HOUR for turn in found][: len(begins)] == begins
    assert [turn.ends for turn in found] == sorted(turn.ends for turn in found)
    assert all(turn.calls == pytest.approx(calls, rel=0.1) for turn in found)
    assert bool(found) == bool(begins)


def test_a_run_ends_before_the_next_one_begins_and_after_six_hours() -> None:
    def hours(before: list[float], now: float) -> float:
        turn = accounts.turns(accounts.begun(had(before), now), LIMIT, spread=True)[0]
        return (turn.ends - turn.begins) / HOUR

    assert hours(HOURLY, at(0, 2)) == 1
    assert hours(NIGHTLY, at(0, 2)) == 6


def test_a_part_comes_again_when_all_the_others_had_their_turn() -> None:
    moments = [at(day, hour + group / 50) for day in range(-8, 0) for hour in (2, 3) for group in range(50)]
    account = accounts.begun(had(moments, 0.01), at(0, 2), 0.01)
    found = accounts.turns(account, LIMIT, 0.01, spread=True)
    assert [turn.calls for turn in found] == pytest.approx([LIMIT / 100] * len(found))
    assert len(found) in {6, 7}


def test_what_is_not_spread_goes_to_the_first_run_of_each_day() -> None:
    account = accounts.begun(had(HOURLY), at(0, 2))
    found = accounts.turns(account, LIMIT, spread=False)
    assert [turn.begins / HOUR for turn in found if turn.calls] == [22, 46, 70, 94, 118, 142]


@given(
    st.lists(st.tuples(st.floats(-9, 1), st.floats(0.001, 1)), max_size=60),
    st.floats(0, 1),
    st.integers(1, 10**6),
    st.booleans(),
)
def test_any_account_gives_what_there_is(
    before: list[tuple[float, float]],
    now: float,
    limit: int,
    spread: bool,  # noqa: FBT001
) -> None:
    account = Account()
    for moment, part in before:  # also by clocks that differ
        account = accounts.begun(account, at(moment), part)
    account = accounts.begun(account, at(now))
    assert 0 <= accounts.share(account, limit, spread=spread) <= limit
    found = accounts.turns(account, limit, spread=spread)
    assert all(0 < turn.begins < turn.ends and 0 <= turn.calls <= limit * 60 for turn in found)

"""Calls left and times to wait, from nothing but headers and a clock."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_exact_online.reading.limits import Allowance, ErrorBudget, Limits, Remaining
from tests.fakes import make_client

DAY = 86_400
NOON = 1_750_000_040.0  # 20 s into a minute
MINUTE_ENDS = 1_750_000_080.0
DAY_ENDS = 1_750_032_000.0


@dataclass
class Clock:
    now: float = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> Limits:
    return Limits(clock)


def minute(left: int | str, reset: float | str | None = None) -> dict[str, str]:
    headers = {"X-RateLimit-Minutely-Limit": "60", "X-RateLimit-Minutely-Remaining": str(left)}
    return headers if reset is None else {**headers, "X-RateLimit-Minutely-Reset": ms(reset)}


def day(left: int | str, reset: float | str | None = None) -> dict[str, str]:
    headers = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": str(left)}
    return headers if reset is None else {**headers, "X-RateLimit-Reset": ms(reset)}


def ms(seconds: float | str) -> str:
    return seconds if isinstance(seconds, str) else str(int(seconds * 1000))


def test_the_moments_of_these_tests_are_what_they_say() -> None:
    assert (NOON % 60, MINUTE_ENDS % 60, DAY_ENDS % DAY) == (20, 0, 0)
    assert DAY_ENDS - DAY < NOON < MINUTE_ENDS < DAY_ENDS


@pytest.mark.parametrize(
    ("headers", "later", "remaining"),
    [
        pytest.param({}, 0, Remaining(None, None), id="nothing-is-known"),
        pytest.param(minute(9) | day(800), 0, Remaining(9, 700), id="both-less-the-reserve"),
        pytest.param(day(40), 0, Remaining(None, 0), id="only-the-reserve-is-left"),
        pytest.param(minute(9) | day(800), 40, Remaining(None, 700), id="the-minute-is-over"),
        pytest.param(minute(9) | day(800), DAY, Remaining(None, None), id="the-day-is-over"),
    ],
)
def test_what_remains_is_what_was_told_until_it_is_over(
    clock: Clock, headers: dict[str, str], later: float, remaining: Remaining
) -> None:
    limits = Limits(clock, reserve=100)
    assert limits.remaining(7) == Remaining()
    limits.answered(7, headers)
    clock.now += later
    assert limits.remaining(7) == remaining
    assert limits.remaining(8) == Remaining()


def test_a_call_that_goes_out_is_taken_from_what_remains(limits: Limits) -> None:
    limits.answered(7, minute(9) | day(800))
    limits.sent(7)
    assert limits.remaining(7) == Remaining(8, 799)


def test_what_an_answer_does_not_tell_stays_as_it_was_told(limits: Limits) -> None:
    limits.answered(7, minute(3) | day(800))
    limits.answered(7, {"X-RateLimit-Minutely-Remaining": "0"}, refused=True)  # a 429 shows one limit
    limits.answered(8, {"X-RateLimit-Limit": "?", "X-RateLimit-Remaining": "?"})
    told = limits.told(7)
    assert (told.minute_left, told.minute_limit, told.day_left, told.day_limit) == (0, 60, 800, 5000)
    assert limits.told(8) == limits.told(9) == Allowance()


def test_a_division_of_which_nothing_is_known_may_be_called(limits: Limits) -> None:
    assert limits.wait(7) == 0
    assert limits.day_over(7) is None


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        pytest.param(minute(1, MINUTE_ENDS), 0, id="one-left"),
        pytest.param(minute(0, MINUTE_ENDS), 40, id="none-left"),
        pytest.param(minute(-3, MINUTE_ENDS), 40, id="less-than-none"),
        pytest.param(minute(0, NOON + 33), 33, id="a-minute-that-ends-elsewhere"),
        pytest.param(minute(0, NOON + 64), 64, id="a-server-clock-a-little-behind"),
        pytest.param(minute(0), 40, id="no-reset"),
        pytest.param(minute(0, NOON - 1), 40, id="a-reset-in-the-past"),
        pytest.param(minute(0, NOON + 3600), 40, id="a-reset-in-an-hour"),
        pytest.param(minute(0, str(int(NOON + 33))), 40, id="a-reset-in-seconds"),
        pytest.param(minute(0, "soon"), 40, id="a-reset-in-words"),
        pytest.param(minute(0, ""), 40, id="an-empty-reset"),
        pytest.param(minute(0, "9" * 400), 40, id="a-reset-of-400-digits"),
        pytest.param(minute(0, "9" * 5000), 40, id="a-reset-of-5000-digits"),
        pytest.param(minute("many", MINUTE_ENDS), 0, id="a-number-in-words"),
        pytest.param({}, 0, id="no-headers"),
        pytest.param(day(0, DAY_ENDS), 0, id="the-day-is-another-matter"),
    ],
)
def test_the_wait_after_an_answer(headers: Mapping[str, str], wait: float, limits: Limits) -> None:
    limits.answered(7, headers)
    assert limits.wait(7) == pytest.approx(wait)


@pytest.mark.parametrize(
    ("headers", "until"),
    [
        pytest.param(day(1, DAY_ENDS), None, id="one-left"),
        pytest.param(day(0, DAY_ENDS), DAY_ENDS, id="none-left"),
        pytest.param(day(0, NOON + 3600), NOON + 3600, id="a-day-that-ends-elsewhere"),
        pytest.param(day(0), DAY_ENDS, id="no-reset"),
        pytest.param(day(0, NOON - 1), DAY_ENDS, id="a-reset-in-the-past"),
        pytest.param(day(0, NOON + 2 * DAY), DAY_ENDS, id="a-reset-in-two-days"),
        pytest.param(day("none", DAY_ENDS), None, id="a-number-in-words"),
        pytest.param(minute(0, MINUTE_ENDS), None, id="the-minute-is-another-matter"),
    ],
)
def test_the_end_of_a_day_that_is_used_up(
    headers: Mapping[str, str], until: float | None, limits: Limits
) -> None:
    limits.answered(7, headers)
    assert limits.day_over(7) == until


@pytest.mark.parametrize(
    ("headers", "wait", "until"),
    [
        pytest.param({}, 40, None, id="nothing-at-all"),
        pytest.param(minute(0, NOON + 12), 12, None, id="a-minute-429-has-no-day-headers"),
        pytest.param(minute(5, NOON + 12), 12, None, id="calls-left-they-say"),
        pytest.param(day(0, DAY_ENDS), 0, DAY_ENDS, id="a-day-429-has-no-minute-headers"),
        pytest.param(day(4000, DAY_ENDS), 40, None, id="a-day-with-calls-left"),
        pytest.param({**minute(0, NOON + 12), **day(0, DAY_ENDS)}, 12, DAY_ENDS, id="both"),
    ],
)
def test_after_a_429_the_next_call_waits_whatever_the_headers_say(
    headers: Mapping[str, str], wait: float, until: float | None, limits: Limits
) -> None:
    limits.answered(7, headers, refused=True)
    assert limits.wait(7) == pytest.approx(wait)
    assert limits.day_over(7) == until


def test_the_wait_ends_when_the_minute_does(limits: Limits, clock: Clock) -> None:
    limits.answered(7, minute(0, MINUTE_ENDS))
    clock.now = MINUTE_ENDS - 0.5
    assert limits.wait(7) == pytest.approx(0.5)
    clock.now = MINUTE_ENDS
    assert limits.wait(7) == 0
    clock.now = MINUTE_ENDS + 3600
    assert limits.wait(7) == 0


def test_the_day_is_new_after_midnight(limits: Limits, clock: Clock) -> None:
    limits.answered(7, day(0, DAY_ENDS))
    clock.now = DAY_ENDS
    assert limits.day_over(7) is None


def test_calls_whose_answers_were_lost_are_counted(limits: Limits) -> None:
    limits.answered(7, {**minute(2, MINUTE_ENDS), **day(3, DAY_ENDS)})
    limits.sent(7)
    assert limits.wait(7) == 0
    limits.sent(7)
    assert limits.wait(7) == 40
    assert limits.day_over(7) is None
    limits.sent(7)
    limits.sent(7)
    assert limits.day_over(7) == DAY_ENDS


def test_the_count_of_a_minute_that_is_over_says_nothing(limits: Limits, clock: Clock) -> None:
    limits.answered(7, minute(1, MINUTE_ENDS))
    clock.now = MINUTE_ENDS + 1
    for _ in range(3):
        limits.sent(7)
    assert limits.wait(7) == 0


def test_divisions_are_counted_apart(limits: Limits) -> None:
    limits.answered(7, {**minute(0, MINUTE_ENDS), **day(0, DAY_ENDS)})
    assert limits.wait(8) == 0
    assert limits.day_over(8) is None


def test_an_answer_without_headers_forgets_nothing(limits: Limits) -> None:
    limits.answered(7, {**minute(0, MINUTE_ENDS), **day(0, DAY_ENDS)})
    limits.answered(7, {})
    assert limits.wait(7) == 40
    assert limits.day_over(7) == DAY_ENDS


@given(
    st.dictionaries(
        st.sampled_from([*minute(0, 0.0), *day(0, 0.0)]), st.text() | st.integers().map(str), max_size=6
    ),
    st.booleans(),
    st.floats(0, 4e9),
)
def test_no_header_makes_a_wait_longer_than_its_period(
    headers: dict[str, str],
    refused: bool,  # noqa: FBT001  drawn
    now: float,
) -> None:
    limits = Limits(lambda: now)
    limits.sent(7)
    limits.answered(7, headers, refused=refused)
    assert 0 <= limits.wait(7) <= 65
    until = limits.day_over(7)
    assert until is None or now < until <= now + DAY + 5
    assert not refused or limits.wait(7) > 0 or until is not None


# --- A reserve for others, and the budget of refusals ----------------------------------------------------------


@pytest.mark.parametrize(("left", "over"), [(101, False), (100, True), (0, True)])
def test_a_reserve_of_daily_calls_is_left_for_others(left: int, over: bool) -> None:  # noqa: FBT001
    limits = Limits(lambda: 0.0, reserve=100)
    limits.answered(7, {"X-RateLimit-Remaining": str(left), "X-RateLimit-Reset": "3600000"})
    assert (limits.day_over(7) is not None) is over


def test_refusals_are_counted_for_each_endpoint_and_division_and_hour() -> None:
    now = [0.0]
    budget = ErrorBudget(lambda: now[0])
    before = budget.left(7, "crm/Accounts")
    assert 0 < before < 10
    for _ in range(before):
        budget.spend(7, "crm/Accounts")
    assert budget.left(7, "crm/Accounts") == 0
    assert budget.left(8, "crm/Accounts") == before
    assert budget.left(7, "crm/Contacts") == before
    now[0] = 3601
    assert budget.left(7, "crm/Accounts") == before


def test_no_wait_is_longer_than_its_minute_should_the_clock_go_back() -> None:
    moment = [1_750_000_040.0]
    limits = Limits(lambda: moment[0])
    reset = {
        "X-RateLimit-Minutely-Remaining": "0",
        "X-RateLimit-Minutely-Reset": str(int((moment[0] + 20) * 1000)),
    }
    limits.answered(7, reset)
    assert limits.wait(7) == pytest.approx(20.0)
    moment[0] -= 3 * 3600
    assert 0 < limits.wait(7) <= 65.0


def test_turns_are_timed_on_a_clock_that_never_goes_back() -> None:
    client, _, _ = make_client()
    assert client.ticks is time.monotonic


def test_calls_whose_answers_tell_nothing_are_counted_in_the_next_minute_too(
    limits: Limits, clock: Clock
) -> None:
    """As those of files may."""
    limits.answered(7, minute(3, MINUTE_ENDS))
    clock.now = MINUTE_ENDS + 5
    for left in range(59, -1, -1):
        assert limits.wait(7) == 0
        limits.sent(7)
        limits.answered(7, {})
        assert limits.remaining(7).minute == left
    assert limits.wait(7) == 55

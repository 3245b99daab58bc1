"""Whether a 429 is the contract's, told from what every form of it shows."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from heapq import heappop, heappush

import pytest

from tap_exact_online.errors import ContractUsedUp, LimitReached
from tap_exact_online.reading.contract import Suspicion
from tap_exact_online.reading.limits import Limits
from tap_exact_online.reading.permits import Permits
from tap_exact_online.sandbox.limits import Limits as Server
from tap_exact_online.sandbox.options import Options
from tap_exact_online.wire import Call

NOON = datetime(2027, 1, 4, 12, 0, 20, tzinfo=UTC).timestamp()
PLENTY = {"minute_limit": 10**6, "day_limit": 10**6, "contract_limit": 10**6}
FORMS = ["documented", "none", "both", "remaining"]
SUCCESSES = ["both", "minute", "none"]


@dataclass
class Company:
    """Asks a server of which only the limits are there, as a run does: who has to rest lets others go. Waits move the clock."""

    options: Options
    now: float = NOON
    refused: int = 0
    waited: float = 0.0
    permits: Permits = field(init=False)
    server: Server = field(default_factory=Server)

    def __post_init__(self) -> None:
        self.permits = Permits(Limits(lambda: self.now), None, lambda: self.now)

    def ask(self, *divisions: int) -> dict[int, LimitReached]:
        """Ask each as often as it is named, one call at once, and return which were left for later, and why.

        Raises:
            ContractUsedUp: All of them are.
        """
        left = {}
        ready = deque(divisions)
        resting: list[tuple[float, int]] = []
        refusals = Counter[int]()
        while ready or resting:
            while resting and resting[0][0] <= self.now:
                ready.append(heappop(resting)[1])
            if not ready:
                self.waited += resting[0][0] - self.now
                self.now = resting[0][0]
                continue
            division = ready.popleft()
            try:
                rests = self._once(division, refusals)
            except ContractUsedUp:
                raise
            except LimitReached as error:
                left[division] = error
            else:
                if rests is not None:
                    heappush(resting, (self.now + rests, division))
        return left

    def _once(self, division: int, refusals: Counter[int]) -> float | None:
        """Ask once. Return for how long to rest before it is asked again, or None where it was answered."""
        call = Call("sync/Deleted", "https://exact.example/api/v1/sync/Deleted", division)
        if seconds := next(self.permits.wait(call)).seconds:
            return seconds
        self.permits.sent(call)
        verdict = self.server.call(division, self.now, self.options)
        headers = dict(verdict.headers)
        self.permits.answered(call, headers, refused=not verdict.allowed)
        if verdict.allowed:
            return None
        self.refused += 1
        refusals[division] += 1
        self.permits.refused(call, headers, refusals[division])
        return 0.0


def company(form: str, success: str = "both", **limits: int) -> Company:
    return Company(Options(limit_headers=form, limit_headers_on_success=success, **{**PLENTY, **limits}))  # type: ignore[arg-type]


# --- The contract's ---


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("success", SUCCESSES)
def test_many_divisions_find_out_with_the_second_refusal(form: str, success: str) -> None:
    exact = company(form, success, contract_limit=10)
    with pytest.raises(ContractUsedUp) as caught:
        exact.ask(*range(1, 3_000))
    assert exact.refused == 2
    assert exact.waited == 0
    assert caught.value.until == datetime(2027, 1, 5, tzinfo=UTC)
    assert "Run again after 2027-01-05 00:00 UTC" in str(caught.value)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("success", SUCCESSES)
def test_one_division_finds_out_within_minutes(form: str, success: str) -> None:
    exact = company(form, success, contract_limit=10)
    if form == "both":  # it shows calls that are left: something else may use the app, in this division alone
        assert [*exact.ask(*[1] * 11)] == [1]
        assert exact.refused == 5
        assert exact.waited <= 4 * 60
    else:
        with pytest.raises(ContractUsedUp):
            exact.ask(*[1] * 11)
        assert exact.refused == 2
        assert exact.waited <= 60


def test_a_used_up_contract_is_found_by_divisions_at_once() -> None:
    """As with several at once: both are refused before either waits."""
    suspicion = Suspicion()
    assert not suspicion.refused(1, explained=False, silent=True)
    assert suspicion.refused(2, explained=False, silent=True)


# --- A division's own ---


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("success", SUCCESSES)
def test_minutes_that_are_used_up_are_waited_for(form: str, success: str) -> None:
    exact = company(form, success, minute_limit=60)
    assert exact.ask(*[1, 2, 3] * 130) == {}
    assert exact.waited <= 3 * 60


@pytest.mark.parametrize("form", ["documented", "both"])
@pytest.mark.parametrize("success", SUCCESSES)
def test_a_day_of_one_division_does_not_end_the_run_of_the_others(form: str, success: str) -> None:
    exact = company(form, success, day_limit=100)
    left = exact.ask(*[1] * 101, *range(2, 200))
    assert [*left] == [1]
    assert left[1].until == datetime(2027, 1, 5, tzinfo=UTC)
    assert exact.refused <= 1


@pytest.mark.parametrize("form", FORMS)
def test_two_divisions_whose_minutes_others_use_do_not_end_the_run(form: str) -> None:
    """Another program takes nearly all calls of two divisions; the third one is answered in between."""
    exact = company(form, "both", minute_limit=60)
    for division in (1, 2):
        for _ in range(59):
            exact.server.call(division, exact.now, exact.options)
    assert exact.ask(1, 3, 1, 3, 2, 3, 2, 3) == {}


# --- What it goes by ---


class Other(Enum):
    """What happens to the call of another division."""

    ASKED = auto()
    ANSWERED = auto()


ASKED, ANSWERED = Other.ASKED, Other.ANSWERED


@dataclass(frozen=True, slots=True)
class Refused:
    """A 429."""

    division: int
    explained: bool = False
    silent: bool = True


@pytest.mark.parametrize(
    ("told", "found"),
    [
        pytest.param([Refused(1)], False, id="once"),
        pytest.param([Refused(1), Refused(2)], True, id="two divisions"),
        pytest.param([Refused(1, silent=False), Refused(2, silent=False)], True, id="two that show some left"),
        pytest.param([Refused(1), Refused(1)], True, id="one division, silent twice"),
        pytest.param([Refused(1, silent=False), Refused(1, silent=False)], False, id="one that shows some left"),
        pytest.param([Refused(1), ASKED, ANSWERED, Refused(2)], False, id="an answer in between"),
        pytest.param([ASKED, Refused(1), ANSWERED, Refused(2)], True, id="an answer that was under way before"),
        pytest.param(
            [Refused(1), ASKED, Refused(2, explained=True), ANSWERED, Refused(3)], False, id="what has its own is no such refusal"
        ),
        pytest.param([Refused(1), ASKED, ANSWERED, Refused(1)], False, id="one division, an answer in between"),
        pytest.param(
            [Refused(1), ASKED, ANSWERED, *[Refused(1)] * 3], False, id="one division, an answer after its first refusal"
        ),
        pytest.param([Refused(1, explained=True), Refused(2, explained=True)], False, id="both have their own"),
        pytest.param([Refused(1, explained=True), Refused(2)], False, id="the first has its own"),
        pytest.param([Refused(1), Refused(2, explained=True)], False, id="the second has its own"),
        pytest.param(
            [Refused(1), Refused(2, explained=True), Refused(3)], True, id="what has its own says nothing of others"
        ),
    ],
)  # fmt: skip
def test_what_is_suspected(told: list[Refused | Other], found: bool) -> None:  # noqa: FBT001  a column of the table
    suspicion, result = Suspicion(), False
    for each in told:
        if isinstance(each, Refused):
            result = suspicion.refused(each.division, explained=each.explained, silent=each.silent)
        elif each is ASKED:
            suspicion.sent(9)
        else:
            suspicion.answered(9)
    assert result is found


def test_what_has_no_division_is_no_matter_of_limits() -> None:
    permits = Permits(Limits(lambda: NOON), None, lambda: NOON)
    me = Call("current/Me", "https://exact.example/api/v1/current/Me")
    assert [*permits.wait(me)] == []
    for times in range(1, 5):
        permits.answered(me, {}, refused=True)
        permits.refused(me, {}, times)
    with pytest.raises(LimitReached) as caught:
        permits.refused(me, {}, 5)
    assert not isinstance(caught.value, ContractUsedUp)

from __future__ import annotations

import pytest
import requests

from tap_exact_online.sandbox.control import Control
from tap_exact_online.sandbox.limits import Limits
from tap_exact_online.sandbox.options import Options
from tests.sandbox.client import Client

UNITS = "logistics/Units"
DAY = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
MINUTE = {"X-RateLimit-Minutely-Limit", "X-RateLimit-Minutely-Remaining", "X-RateLimit-Minutely-Reset"}


def limits_of(answer: requests.Response) -> dict[str, int]:
    return {
        name: int(value) for name, value in answer.headers.items() if name.lower().startswith("x-ratelimit")
    }


def names(answer: requests.Response) -> set[str]:
    shown = {name.lower() for name in limits_of(answer)}
    return {name for name in DAY | MINUTE if name.lower() in shown}


def test_headers_tell_what_is_left(client: Client, control: Control, division: int) -> None:
    control.options(minute_seconds=3600)
    now = control.now()
    first = {name.lower(): value for name, value in limits_of(client.get(UNITS, division)).items()}
    second = {name.lower(): value for name, value in limits_of(client.get(UNITS, division)).items()}
    assert (first["x-ratelimit-limit"], first["x-ratelimit-minutely-limit"]) == (5000, 60)
    assert (first["x-ratelimit-remaining"], second["x-ratelimit-remaining"]) == (4999, 4998)
    assert (first["x-ratelimit-minutely-remaining"], second["x-ratelimit-minutely-remaining"]) == (59, 58)
    assert first["x-ratelimit-reset"] == (int(now // 86_400) + 1) * 86_400_000
    assert first["x-ratelimit-minutely-reset"] == (int(now // 3600) + 1) * 3_600_000


def test_minute_limit(client: Client, control: Control, division: int) -> None:
    control.options(minute_limit=2, minute_seconds=3600)
    answers = [client.get(UNITS, division) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].content == b""
    assert "Retry-After" not in answers[2].headers
    assert names(answers[2]) == MINUTE
    assert control.stats()["too_many_requests"] == 1
    other = control.add_division()
    assert client.get(UNITS, other).status_code == 200  # each division has its own
    assert client.get("current/Me").status_code == 200  # not counted
    control.expire_access()
    client.refresh()
    control.advance_clock(3600)
    client.refresh()
    assert client.get(UNITS, division).status_code == 200


def test_day_limit(client: Client, control: Control, division: int) -> None:
    control.options(day_limit=1)
    answers = [client.get(UNITS, division) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert names(answers[1]) == DAY
    control.advance_clock(86_400)
    client.refresh()
    assert client.get(UNITS, division).status_code == 200


def test_fair_use_over_all_divisions(client: Client, control: Control, division: int) -> None:
    control.options(contract_limit=2)
    others = [control.add_division() for _ in range(2)]
    answers = [client.get(UNITS, each) for each in (division, *others)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert names(answers[2]) == set()


@pytest.mark.parametrize(
    ("shown", "expected"), [("none", set()), ("both", DAY | MINUTE), ("remaining", MINUTE)]
)
def test_what_a_429_shows_can_be_switched(
    client: Client, control: Control, division: int, shown: str, expected: set[str]
) -> None:
    control.options(minute_limit=0, limit_headers=shown)
    answer = client.get(UNITS, division)
    assert (answer.status_code, names(answer)) == (429, expected)
    if shown == "remaining":
        assert int(answer.headers["X-RateLimit-Minutely-Remaining"]) > 0


@pytest.mark.parametrize(("day", "minute"), [(9000, 100), (5000, 300)])
def test_other_limits_and_headers_than_usual(
    client: Client, control: Control, division: int, day: int, minute: int
) -> None:
    for shown, expected in (("both", DAY | MINUTE), ("minute", MINUTE), ("none", set())):
        control.options(day_limit=day, minute_limit=minute, limit_headers_on_success=shown)
        answer = client.get(UNITS, division)
        assert (answer.status_code, names(answer)) == (200, expected)
        told = {answer.headers[name] for name in expected if name.endswith("-Limit")}
        assert told == {"both": {str(day), str(minute)}, "minute": {str(minute)}, "none": set()}[shown]


def test_refused_calls_count_too(client: Client, division: int) -> None:
    client.get(UNITS, division, select="Nonsense")
    assert client.get(UNITS, division).headers["X-RateLimit-Remaining"] == "4998"


def test_too_many_errors_block_the_app(client: Client, control: Control, division: int) -> None:
    answers = [client.get(UNITS, division, select="Nonsense").status_code for _ in range(11)]
    assert answers == [400] * 11
    blocked = client.get("hrm/Costunits", division)
    assert blocked.status_code == 403
    assert "blocked" in blocked.headers["Reason"]
    control.options(blocked_status=429)
    assert client.get("current/Me").status_code == 429
    control.advance_clock(3600)
    client.refresh()
    assert client.get("hrm/Costunits", division).status_code == 200


def test_ten_errors_for_each_endpoint_are_no_block(client: Client, division: int) -> None:
    for path in (UNITS, "hrm/Costunits", "hrm/Departments"):
        for _ in range(10):
            client.get(path, division, select="Nonsense")
    assert client.get(UNITS, division).status_code == 200


def test_expired_tokens_count_as_errors(client: Client, control: Control, division: int) -> None:
    control.expire_access()
    for _ in range(11):
        assert client.get(UNITS, division).status_code == 401
    client.refresh()
    assert client.get(UNITS, division).status_code == 403


def test_blocks_last_longer_each_time() -> None:
    limits, options = Limits(), Options()
    ends = []
    for start in (0.0, 100_000.0, 200_000.0):
        for _ in range(11):
            limits.error("user", "1", UNITS, start, options)
        ends.append(limits.blocked_until - start)
        assert limits.blocked(limits.blocked_until - 1)
        assert not limits.blocked(limits.blocked_until)
    assert ends == [3600, 7200, 14_400]

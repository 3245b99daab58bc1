"""What the next run would come to, by a state: pure."""

from __future__ import annotations

from typing import Any

import pytest

from tap_exact_online.catalog import BY_NAME
from tap_exact_online.doctor.outlook import Outlook, Question, outlook
from tap_exact_online.reading import Around, Supply, Terms
from tap_exact_online.state import Cadences

NOW = 1_800_000_000.0
HOUR, DAY = 3600.0, 86_400.0


def part(code: int, hours: float, **more: Any) -> dict[str, Any]:
    return {"context": {"Division": code}, "read": [int((NOW - hours * HOUR) // 60)], **more}


def looked(
    streams: tuple[str, ...] = ("journals",),
    state: dict[str, list[dict[str, Any]]] | None = None,
    divisions: int = 3,
    **more: Any,
) -> Outlook:
    """Look ahead at streams of divisions from 1 on, by their partitions."""
    given = {
        "terms": Terms(),
        "cadences": Cadences(),
        "supply": Supply(),
        "a_day": 0,
        "concurrency": 1,
        **more,
    }
    rows = [{"Code": code} for code in range(1, divisions + 1)]
    bookmarks = {stream: {"partitions": parts} for stream, parts in (state or {}).items()}
    return outlook(
        Question(
            resources=[BY_NAME[name] for name in streams],
            around=Around.of(rows, {}),
            state={"bookmarks": bookmarks},
            now=NOW,
            **given,
        )
    )


def test_ages_are_told_by_stream() -> None:
    state = {"journals": [part(1, 5), part(2, 30), part(9, 900)]}
    (found,) = looked(state=state, terms=Terms({"journals": 24 * HOUR})).streams
    assert (found.divisions, found.never, found.broken) == (3, 1, 1)
    assert found.median_age == pytest.approx(17.5 * HOUR, abs=60)
    assert found.oldest == pytest.approx(30 * HOUR, abs=60)
    assert found.bound == 24 * HOUR


@pytest.mark.parametrize(("denied", "broken"), [(True, 0), (False, 1)])
def test_what_nobody_may_read_is_not_too_old(*, denied: bool, broken: int) -> None:
    refused = {"at": [int(NOW)], "said": "403", "denied": denied}
    state = {"journals": [part(1, 30, refused=refused)]}
    (found,) = looked(state=state, divisions=1, terms=Terms({"journals": 24 * HOUR})).streams
    assert found.broken == broken


@pytest.mark.parametrize(
    ("cadence", "hours", "note", "due"),
    [
        ("always", 0, {}, True),
        ("daily", 1, {"asked_for": "x"}, False),
        ("daily", 25, {"asked_for": "x"}, True),
        ("weekly", 25, {"asked_for": "x"}, False),
        ("weekly", 8 * 24, {"asked_for": "x"}, True),
        pytest.param("weekly", 1, {}, True, id="what-was-not-understood-is-asked-again"),
    ],
)
def test_what_is_not_due_is_not_planned(
    cadence: str, hours: float, note: dict[str, str], *, due: bool
) -> None:
    found = looked(
        state={"journals": [part(1, hours, **note)]},
        divisions=1,
        cadences=Cadences.parse({"journals": cadence}),
    )
    assert found.plan.planned == int(due)
    assert found.one_pass == 1


@pytest.mark.parametrize(
    ("cadence", "bound", "a_day"),
    [
        ("always", 24 * HOUR, 3),
        ("always", 12 * HOUR, 6),
        ("daily", 12 * HOUR, 3),
        ("weekly", 24 * HOUR, 3 / 7),
    ],
)
def test_a_bound_costs_what_its_reads_cost_and_no_more_than_the_cadence_lets(
    cadence: str, bound: float, a_day: float
) -> None:
    found = looked(terms=Terms({"journals": bound}), cadences=Cadences.parse({"journals": cadence}))
    assert found.a_day == pytest.approx(a_day)


def test_without_a_bound_nothing_is_said_of_its_cost() -> None:
    assert looked().a_day is None
    assert looked().affordable is None
    assert looked(a_day=1).affordable == 3 * DAY + 2 * DAY


@pytest.mark.parametrize(
    ("streams", "divisions", "concurrency", "seconds"),
    [
        (1, 0, 1, 0),
        (1, 3, 1, 0.9),
        (1, 300, 1, 90),
        (1, 300, 4, 22.5),
        (60, 1, 8, 18),
        pytest.param(61, 1, 8, 60, id="a-division-has-sixty-calls-a-minute"),
        (61, 300, 8, 686.25),
    ],
)
def test_a_run_takes_the_time_of_its_answers_or_of_the_limits(
    streams: int, divisions: int, concurrency: int, seconds: float
) -> None:
    ones = [
        name for name, each in BY_NAME.items() if each.divided and looked((name,), divisions=1).one_pass == 1
    ]
    found = looked((*ones[:streams],), divisions=divisions, concurrency=concurrency)
    assert found.seconds == pytest.approx(seconds)

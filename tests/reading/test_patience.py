from __future__ import annotations

import pytest

from tap_exact_online.reading.patience import Course, Patience
from tap_exact_online.wire.responses import Retry

PASSING = Retry(after=2, why="a hiccup")
LARGE_PAGE = Retry(after=10, why="408")
MAINTENANCE = Retry(after=2, why="503", maintenance=True)
COUNTED = Retry(after=15, why="403", counted=True)


def waits(
    patience: Patience, action: Retry, *, answered: bool = True, others_work: bool = False
) -> list[float]:
    """Return every wait until patience ends."""
    found: list[float] = []
    while True:
        wait = patience.wait(action, len(found) + 1, sum(found), answered=answered, others_work=others_work)
        if wait is None:
            return found
        found.append(wait)


def test_what_counts_as_an_error_is_tried_a_few_times_over_minutes() -> None:
    assert waits(Patience(), COUNTED) == [15, 60, 150]
    assert waits(Patience(), COUNTED, answered=False) == [2, 4]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        pytest.param(PASSING, [2, 4, 8], id="a fault"),
        pytest.param(COUNTED, [15], id="what counts as an error"),
    ],
)
def test_what_fails_alone_is_given_up_sooner(action: Retry, expected: list[float]) -> None:
    assert waits(Patience(), action, others_work=True) == expected


def test_maintenance_is_waited_out_though_others_work() -> None:
    assert waits(Patience(), MAINTENANCE, others_work=True) == waits(Patience(), MAINTENANCE)


def test_an_hour_of_one_trouble_says_nothing_of_the_next() -> None:
    course = Course()
    for _ in range(60):
        course.failed(MAINTENANCE, useful=3)
    assert course.failed(COUNTED, useful=4) == 1
    assert course.failed(PASSING, useful=4) == 1
    assert course.failed(MAINTENANCE, useful=4) == 61
    assert course.useful == 3


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        pytest.param(PASSING, [2, 4, 8, 16, 32, 60, 60], id="waits grow and are bounded"),
        pytest.param(
            LARGE_PAGE, [10, 20, 40, 60, 60, 60, 60], id="a large page is given ten seconds at least"
        ),
    ],
)
def test_a_call_is_tried_eight_times(action: Retry, expected: list[float]) -> None:
    assert waits(Patience(), action) == expected


def test_a_server_that_never_answered_is_given_up_soon() -> None:
    assert waits(Patience(), PASSING, answered=False) == [2, 4]
    assert waits(Patience(), MAINTENANCE, answered=False) == [2, 4]


@pytest.mark.parametrize("seconds", [600.0, 3600.0, 7200.0])
def test_maintenance_is_waited_out_as_long_as_the_setting_says(seconds: float) -> None:
    found = waits(Patience(seconds), MAINTENANCE)
    assert sum(found) == pytest.approx(seconds)
    assert max(found) <= 60


def test_without_patience_for_maintenance_it_is_a_fault_like_others() -> None:
    assert waits(Patience(0), MAINTENANCE) == waits(Patience(0), PASSING)


def test_thousands_of_tries_do_not_overflow() -> None:
    assert Patience(1e9).wait(MAINTENANCE, 10_000, 0.0, answered=True) == 60

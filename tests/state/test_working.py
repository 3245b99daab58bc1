"""How much of a time people work in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_exact_online.state import worked

HOUR, WEEK = 3600.0, 7 * 86_400.0
MOMENTS = st.floats(0, 4e9)


def between(begin: str, end: str) -> float:
    """Return the hours of work between two moments of the Dutch winter."""
    first, last = (datetime.fromisoformat(f"2027-01-{text}+01:00").astimezone(UTC) for text in (begin, end))
    return (worked(last.timestamp()) - worked(first.timestamp())) / HOUR


@pytest.mark.parametrize(
    ("day", "night"),
    [
        pytest.param(("04T07:00", "04T08:00"), ("04T06:00", "04T07:00"), id="Monday morning"),
        pytest.param(("08T18:00", "08T19:00"), ("08T19:00", "08T20:00"), id="Friday evening"),
        pytest.param(("06T12:00", "06T13:00"), ("09T12:00", "09T13:00"), id="Saturday"),
        pytest.param(("06T12:00", "06T13:00"), ("10T12:00", "10T13:00"), id="Sunday"),
    ],
)
def test_an_hour_in_an_office_counts_more(day: tuple[str, str], night: tuple[str, str]) -> None:
    assert between(*day) > 4 * between(*night) > 0


@given(MOMENTS)
def test_a_week_of_it_is_as_long_as_any(moment: float) -> None:
    assert worked(moment + WEEK) - worked(moment) == pytest.approx(WEEK, rel=1e-6)


@given(MOMENTS, st.floats(60, 10 * WEEK))
def test_it_never_stands_still(moment: float, later: float) -> None:
    assert worked(moment + later) > worked(moment)

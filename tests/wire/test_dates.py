"""Dates and literals: the Dutch wall clock on the wire, instants behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tap_exact_online.wire.dates import (
    datetime_literal,
    filter_clock,
    instant,
    int64_literal,
    parse_date,
    to_utc,
    wall_clock,
)
from tap_exact_online.wire.odata import skiptoken

DUTCH = ZoneInfo("Europe/Amsterdam")
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  a wall clock
AUTUMN = datetime(2025, 10, 26, 1, 0, tzinfo=UTC)  # the clock goes from 3:00 back to 2:00
SPRING = datetime(2025, 3, 30, 1, 0, tzinfo=UTC)  # the clock goes from 2:00 to 3:00

instants = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
around_the_changes = st.builds(
    lambda change, offset: change + offset,
    st.sampled_from([AUTUMN, SPRING]),
    st.timedeltas(timedelta(hours=-3), timedelta(hours=3)),
)
moments = instants | around_the_changes
ever = st.datetimes().map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))


def wire(clock: datetime) -> str:
    return f"/Date({(clock - EPOCH) // timedelta(milliseconds=1)})/"


def reading(moment: datetime) -> datetime:
    """What the Dutch clock shows."""
    return moment.astimezone(DUTCH).replace(tzinfo=None, fold=0)


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        pytest.param("/Date(0)/", "1970-01-01T00:00:00", id="epoch"),
        pytest.param("/Date(-1)/", "1969-12-31T23:59:59.999000", id="just-before"),
        pytest.param("/Date(1782404200637)/", "2026-06-25T16:16:40.637000", id="milliseconds"),
        pytest.param("/Date(1782404200637+0120)/", "2026-06-25T16:16:40.637000", id="an-offset-says-nothing"),
        pytest.param("/Date(-2208988800000)/", "1900-01-01T00:00:00", id="1900"),
        pytest.param("/Date(-62135596800000)/", "0001-01-01T00:00:00", id="year-1"),
        pytest.param("/Date(253402300799999)/", "9999-12-31T23:59:59.999000", id="year-9999"),
        pytest.param("/Date(1761447600000)/", "2025-10-26T03:00:00", id="autumn"),
    ],
)
def test_a_date_is_the_clock_it_shows(text: str, clock: str) -> None:
    assert parse_date(text) == datetime.fromisoformat(clock)
    assert wall_clock(text) == clock


@pytest.mark.parametrize(
    ("clock", "utc"),
    [
        pytest.param("2025-01-15T12:00:00", "2025-01-15T11:00:00+00:00", id="winter"),
        pytest.param("2025-07-15T12:00:00", "2025-07-15T10:00:00+00:00", id="summer"),
        pytest.param("2025-07-01T00:00:00", "2025-06-30T22:00:00+00:00", id="midnight-is-the-day-before"),
        pytest.param("2025-03-30T01:59:59", "2025-03-30T00:59:59+00:00", id="before-the-gap"),
        pytest.param("2025-03-30T02:30:00", "2025-03-30T01:30:00+00:00", id="in-the-gap"),
        pytest.param("2025-03-30T03:00:00", "2025-03-30T01:00:00+00:00", id="after-the-gap"),
        pytest.param("2025-10-26T01:59:59", "2025-10-25T23:59:59+00:00", id="before-the-double-hour"),
        pytest.param("2025-10-26T02:30:00", "2025-10-26T00:30:00+00:00", id="the-first-of-the-double-hour"),
        pytest.param("2025-10-26T03:00:00", "2025-10-26T02:00:00+00:00", id="after-the-double-hour"),
        pytest.param("0001-01-01T00:00:00", "0001-01-01T00:00:00+00:00", id="never-at-the-start"),
        pytest.param("9999-12-31T23:59:59", "9999-12-31T22:59:59+00:00", id="never-at-the-end"),
    ],
)
def test_the_instant_behind_a_clock(clock: str, utc: str) -> None:
    assert to_utc(datetime.fromisoformat(clock)).isoformat() == utc
    assert instant(wire(datetime.fromisoformat(clock))) == utc


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/Date()/",
        "/Date(1.5)/",
        "/Date(abc)/",
        "Date(0)",
        "/Date(0)",
        "/Date(0)/\n",
        " /Date(0)/",
        "2024-01-31",
    ],
)
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an OData date"):
        parse_date(text)


@pytest.mark.parametrize("ms", [-62135596800001, 253402300800000, 10**30, -(10**30), 10**400])
def test_a_date_outside_the_calendar_is_refused_without_its_content(ms: int) -> None:
    with pytest.raises(ValueError, match=r"^date outside the calendar$"):
        parse_date(f"/Date({ms})/")


@given(ever)
def test_every_clock_comes_back_from_the_wire(clock: datetime) -> None:
    assert parse_date(wire(clock)) == clock
    assert datetime.fromisoformat(wall_clock(wire(clock))) == clock


@given(ever)
def test_every_instant_is_written_with_an_offset(clock: datetime) -> None:
    written = datetime.fromisoformat(instant(wire(clock)))
    assert written.utcoffset() == timedelta(0)
    assert abs(written.replace(tzinfo=None) - clock) <= timedelta(hours=2)


MILLISECOND = timedelta(milliseconds=1)
FIRST, LAST = -62_135_596_800_000, 253_402_300_799_999
# Where the Dutch clock was moved by other than whole hours, where it is moved at all, and where the calendar ends.
turning_points = [
    *(datetime.fromisoformat(text) for text in ("0001-01-01", "1892-05-01", "1916-05-01", "1937-07-01")),
    *(
        datetime.fromisoformat(text)
        for text in ("1940-05-16", "1940-05-17", "1942-11-02", "1945-09-16", "1970-01-01")
    ),
    *(moment.replace(tzinfo=None) for moment in (AUTUMN, SPRING)),
    datetime.fromisoformat("9999-12-31T23:59:59.999"),
]
around_turning_points = st.builds(
    lambda point, ms: min(max((point - EPOCH) // MILLISECOND + ms, FIRST), LAST),
    st.sampled_from(turning_points),
    st.integers(-3 * 86_400_000, 3 * 86_400_000),
)


@given(st.integers(FIRST, LAST) | around_turning_points)
@example(FIRST)
@example(LAST)
def test_an_instant_is_written_from_parts_as_it_is_as_a_whole(ms: int) -> None:
    text = f"/Date({ms})/"
    assert instant(text) == to_utc(parse_date(text)).isoformat()


@pytest.mark.parametrize("point", turning_points)
def test_every_hour_around_a_turning_point_is_written_from_parts(point: datetime) -> None:
    middle = (point - EPOCH) // MILLISECOND
    for ms in range(middle - 30 * 3_600_000, middle + 30 * 3_600_000, 1_799_999):
        if FIRST <= ms <= LAST:
            text = f"/Date({ms})/"
            assert instant(text) == to_utc(parse_date(text)).isoformat()


@pytest.mark.parametrize(
    "text", ["", "/Date()/", "2024-01-31", f"/Date({FIRST - 1})/", f"/Date({LAST + 1})/"]
)
def test_what_is_no_date_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(not an OData date|date outside the calendar)$"):
        instant(text)


@given(moments)
@example(AUTUMN - timedelta(minutes=30))
@example(AUTUMN + timedelta(minutes=30))
def test_an_instant_survives_the_wire_except_that_the_double_hour_is_its_first(moment: datetime) -> None:
    back = to_utc(reading(moment))
    assert back in {moment, moment - timedelta(hours=1)}
    assert reading(back) == reading(moment)


@given(moments, st.timedeltas(timedelta(0), timedelta(hours=4)))
@example(AUTUMN - timedelta(minutes=1), timedelta(minutes=1))
@example(AUTUMN - timedelta(minutes=1), timedelta(minutes=2))
@example(AUTUMN + timedelta(minutes=59), timedelta(minutes=1))
@example(AUTUMN + timedelta(minutes=30), timedelta(0))
@example(SPRING - timedelta(minutes=1), timedelta(minutes=1))
def test_a_filter_from_a_bookmark_misses_no_later_change(bookmark: datetime, later: timedelta) -> None:
    change = reading(bookmark + later)
    assert change >= filter_clock(bookmark)
    # The bookmark is made of what was on the wire, where the two passages of the double hour look the same.
    assert change >= filter_clock(to_utc(reading(bookmark)))
    # What is sent has no fractions.
    assert change >= datetime.fromisoformat(datetime_literal(filter_clock(bookmark))[len("datetime'") : -1])


@given(moments)
def test_a_filter_does_not_reach_back_further_than_an_hour(moment: datetime) -> None:
    assert reading(moment) - filter_clock(moment) in {timedelta(0), timedelta(hours=1)}


@pytest.mark.parametrize(
    ("moment", "clock"),
    [
        pytest.param("2025-07-15T10:00:00+00:00", "2025-07-15T12:00:00", id="summer"),
        pytest.param("2025-01-15T11:00:00+00:00", "2025-01-15T12:00:00", id="winter"),
        pytest.param("2025-07-15T12:00:00+02:00", "2025-07-15T12:00:00", id="another-offset"),
        pytest.param("2025-10-26T00:30:00+00:00", "2025-10-26T01:30:00", id="first-passage"),
        pytest.param("2025-10-26T01:30:00+00:00", "2025-10-26T01:30:00", id="second-passage"),
        pytest.param("2025-10-26T02:00:00+00:00", "2025-10-26T03:00:00", id="after-it"),
        pytest.param("2025-03-30T01:00:00+00:00", "2025-03-30T03:00:00", id="spring"),
    ],
)
def test_the_clock_that_a_filter_starts_from(moment: str, clock: str) -> None:
    assert filter_clock(datetime.fromisoformat(moment)) == datetime.fromisoformat(clock)


def test_literals_are_those_that_exact_demands() -> None:
    assert int64_literal(1) == "1L"
    assert int64_literal(13_419_952_052) == "13419952052L"
    clock = datetime(2018, 9, 21, 4, 18, 55, 999_999)  # noqa: DTZ001  a wall clock
    assert datetime_literal(clock) == "datetime'2018-09-21T04:18:55'"
    assert datetime_literal(datetime(1, 1, 1)) == "datetime'0001-01-01T00:00:00'"  # noqa: DTZ001  a wall clock


@pytest.mark.parametrize(
    ("query", "timestamp"),
    [
        pytest.param("$skiptoken=13419952052L", 13_419_952_052, id="as-exact-writes-it"),
        pytest.param("$filter=Timestamp%20gt%201L&$select=ID&$skiptoken=5L", 5, id="among-options"),
        pytest.param("%24skiptoken=5L", 5, id="dollar-encoded"),
        pytest.param("$SkipToken=5L", 5, id="other-letter-case"),
        pytest.param("$skiptoken=5", 5, id="without-suffix"),
        pytest.param("$skiptoken='5L'", 5, id="quoted"),
        pytest.param("$skiptoken=guid'8cc9e29a-b46f-4a0d-a9b6-2a2a2a2a2a2a'", None, id="a-guid"),
        pytest.param("$skiptoken=5L,guid'8cc9e29a'", None, id="two-keys"),
        pytest.param("$skiptoken=-5L", None, id="negative"),
        pytest.param("$skiptoken=", None, id="empty"),
        pytest.param("$skip=1000", None, id="skip"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_the_timestamp_that_a_next_link_names(query: str, timestamp: int | None) -> None:
    assert skiptoken(f"https://start.exactonline.nl/api/v1/1/sync/crm/accounts?{query}") == timestamp


@pytest.mark.parametrize("link", ["http://[::1", "", f"https://x/?$skiptoken={'9' * 5000}L"])
def test_a_link_that_is_no_address_names_no_timestamp(link: str) -> None:
    assert skiptoken(link) is None

"""Dates on the wire and behind it: the Dutch wall clock, instants, and the literals of a filter."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_DUTCH = ZoneInfo("Europe/Amsterdam")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  a wall clock has no zone
_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d+)?\)/")


def is_date(text: str) -> bool:
    """Tell whether a text has the form of a date on the wire."""
    return _DATE.fullmatch(text) is not None


def parse_date(value: str) -> datetime:
    """Decode `/Date(ms)/`: milliseconds of the Dutch wall clock written as if it were UTC.

    Returns:
        The wall clock, a naive datetime.

    Raises:
        ValueError: The text has another form, or lies outside the years 1 to 9999.
    """
    match = _DATE.fullmatch(value)
    if match is None:
        msg = "not an OData date"
        raise ValueError(msg)
    try:
        return _EPOCH + timedelta(milliseconds=int(match[1]))
    except OverflowError:
        msg = "date outside the calendar"
        raise ValueError(msg) from None


def to_utc(wall_clock: datetime) -> datetime:
    """Turn a Dutch wall clock into the instant it shows.

    An hour that the clock shows twice (in October) is taken as the first of the two. Values at the calendar's
    ends, where the shift would leave it, are .NET's way to say "never": they are taken as UTC already.
    """
    try:
        return wall_clock.replace(tzinfo=_DUTCH).astimezone(UTC)
    except OverflowError:
        return wall_clock.replace(tzinfo=UTC)


def filter_clock(instant: datetime) -> datetime:
    """Turn an instant into the Dutch wall clock from which a filter on `Modified` misses nothing.

    The hour that the clock shows twice is filtered from an hour earlier: a row changed in its second passage
    carries a lower reading than one changed in its first.
    """
    try:
        wall_clock = instant.astimezone(_DUTCH)
        ambiguous = wall_clock.utcoffset() != wall_clock.replace(fold=1 - wall_clock.fold).utcoffset()
        return wall_clock.replace(tzinfo=None, fold=0) - timedelta(hours=1 if ambiguous else 0)
    except OverflowError:  # at the ends of the calendar
        return instant.replace(tzinfo=None)


def instant(value: str) -> str:
    """Write a `/Date(ms)/` as ISO 8601 in UTC, with an offset.

    Nearly every instant is another, but their hours are few, and so are the moments within an hour: each is written once.
    """
    if (match := _DATE.fullmatch(value)) is None:
        return to_utc(parse_date(value)).isoformat()
    hour, within = divmod(int(match[1]), _HOUR)
    if hour < _WHOLE_HOURS:
        return to_utc(parse_date(value)).isoformat()
    return _hour(hour) + _within(within)


_HOUR = 3_600_000
# From 17 May 1940 on, Dutch clocks differ from UTC by whole hours; before, by 20 minutes or so.
_WHOLE_HOURS = (datetime(1940, 5, 17) - _EPOCH) // timedelta(hours=1)  # noqa: DTZ001  a wall clock has no zone


@lru_cache(maxsize=65536)
def _hour(number: int) -> str:
    """Write the hour of an instant, counted on the Dutch wall clock since 1970."""
    try:
        clock = _EPOCH + timedelta(hours=number)
    except OverflowError:
        msg = "date outside the calendar"
        raise ValueError(msg) from None
    return to_utc(clock).isoformat()[: len("1970-01-01T00:")]


@lru_cache(maxsize=65536)
def _within(milliseconds: int) -> str:
    """Write what an instant adds to its hour."""
    seconds, fraction = divmod(milliseconds, 1000)
    text = f"{seconds // 60:02}:{seconds % 60:02}"
    return f"{text}.{fraction:03}000+00:00" if fraction else f"{text}+00:00"


@lru_cache(maxsize=65536)
def wall_clock(value: str) -> str:
    """Write a `/Date(ms)/` as ISO 8601 without an offset: the clock it shows, so that a day stays on its day."""
    return parse_date(value).isoformat()


def int64_literal(value: int) -> str:
    """Write an Edm.Int64 for a filter: Exact demands the suffix."""
    return f"{value}L"


def datetime_literal(wall_clock: datetime) -> str:
    """Write an Edm.DateTime for a filter, to the second below (the literal knows no fractions)."""
    return f"datetime'{wall_clock.replace(microsecond=0, tzinfo=None).isoformat()}'"

"""Rows, entries of the log, and plans, in few words."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from tap_exact_online.mirror.plan import Mode, Plan, mirrored
from tests.mirror.engines import Entry, Row

FIRST = dt.datetime(2024, 7, 1, 12, 30, 15, tzinfo=dt.UTC)
SECOND = FIRST + dt.timedelta(days=3)
ACCOUNT, LEDGER, UNKNOWN = 2, 7, 52


def uuid(name: str) -> str:
    return str(UUID(bytes=name.encode().ljust(16)[:16]))


def row(name: str, timestamp: int, division: int = 1) -> Row:
    return division, uuid(name), timestamp


def entry(
    name: str | None,
    timestamp: int,
    date: dt.datetime | None = FIRST,
    kind: int | None = ACCOUNT,
    division: int = 1,
) -> Entry:
    naive = None if date is None else date.replace(tzinfo=None)
    return division, None if name is None else uuid(name), kind, timestamp, naive


USED = ("accounts", "banks", "contacts", "items", "purchase_item_prices", "receivables", "sales_item_prices")
"""The streams whose tables the tests make: a script for all there are takes a second to run."""


def plan(mode: Mode = Mode.REMOVE, *streams: str) -> Plan:
    """Return a plan for some streams, or for those whose tables the tests make."""
    return Plan(mirrored(streams or USED), mode)

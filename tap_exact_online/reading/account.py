"""The account of a contract's calls: what all processes of a connection have used of this day. Pure.

Exact allows a contract some 20,000 calls a day (UTC) over all its companies, and says in no answer how many are left. So they
are counted here. Days are spread over the hours in which runs begin: who runs once a night may use all of them at once, who runs
every hour gets a part each time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

_HOUR = 3600
_DAY = 24
_KEPT = 8 * _DAY
_SHARE_OF_A_BLOCK = 800
"""Calls are lent in blocks, so that not every call asks the board. Should 16 processes be killed with a whole block in their
hands, 2 % of a day are lost."""
_LAST_ONES = 64


class Account(msgspec.Struct, frozen=True):
    """What was used.

    Attributes:
        day: The day that is counted, in days since the epoch.
        used: Calls that were lent in it and not given back.
        hour: The hour in which a run began last, in hours since the epoch.
        at_hour: What was used when that hour's first run began.
        hours: The hours in which runs began, of the last eight days.
    """

    day: int = 0
    used: int = 0
    hour: int = 0
    at_hour: int = 0
    hours: tuple[int, ...] = ()


def opened(content: bytes | None) -> Account:
    """Read an account; one that cannot be understood begins anew."""
    try:
        found = msgspec.json.decode(content or b"{}", type=Account)
    except (msgspec.DecodeError, RecursionError):
        return Account()
    return found if found.used >= 0 else Account()


def written(account: Account) -> bytes:
    """Return what is kept of an account."""
    return msgspec.json.encode(account)


def of_day(account: Account, now: float) -> Account:
    """Return the account as it is today."""
    day = int(now // (_HOUR * _DAY))
    if account.day == day:
        return account
    return msgspec.structs.replace(account, day=day, used=0, at_hour=0)


def begun(account: Account, now: float) -> Account:
    """Return the account once a run has begun."""
    account = of_day(account, now)
    hour = int(now // _HOUR)
    if account.hour == hour and hour in account.hours:
        return account
    hours = tuple(sorted({*(each for each in account.hours if hour - _KEPT <= each <= hour), hour}))
    return msgspec.structs.replace(account, hour=hour, at_hour=account.used, hours=hours)


def lent(account: Account, now: float, limit: int) -> tuple[Account, int]:
    """Lend some calls.

    Returns:
        The account after that, and how many calls were lent; 0 where none are left.
    """
    account = of_day(account, now)
    left = max(0, limit - account.used)
    block = min(left, max(1, min(left // _LAST_ONES, limit // _SHARE_OF_A_BLOCK)))
    return msgspec.structs.replace(account, used=account.used + block), block


def given_back(account: Account, now: float, calls: int) -> Account:
    """Take back calls of today that were not made."""
    account = of_day(account, now)
    return msgspec.structs.replace(account, used=max(0, account.used - calls))


def share(account: Account, limit: int, *, spread: bool) -> int:
    """Return how many calls the runs of this hour may make, all together.

    Args:
        account: The account, once the run has begun.
        limit: Calls of a day.
        spread: Leave as much for the hours to come.
    """
    left = max(0, limit - account.at_hour)
    if not spread:
        return left
    return math.ceil(left / (1 + len(hours_to_come(account.hours, account.hour))))


def hours_to_come(hours: Sequence[int], hour: int) -> range | list[int]:
    """Return the hours of this day in which more runs are to be expected.

    Those in which runs began yesterday. Where nothing is known of yesterday, the time between the last two says how often.

    Args:
        hours: The hours in which runs began, this one among them.
        hour: This hour.
    """
    last = (hour // _DAY + 1) * _DAY - 1
    if hours and hours[0] <= hour - _DAY:
        known = {each + days * _DAY for each in hours for days in (1, 7)}
        return [each for each in range(hour + 1, last + 1) if each in known]
    before = [each for each in hours if each < hour]
    return range(hour + (hour - before[-1]), last + 1, hour - before[-1]) if before else range(0)


def interval(hours: Sequence[int], hour: int) -> float:
    """Return how many seconds are to be expected until the next run begins: an hour where nothing is known."""
    come = hours_to_come(hours, hour)
    if come:
        return float((come[0] - hour) * _HOUR)
    before = [each for each in hours if each < hour]
    if not before:
        return float(_HOUR)
    return float(min(hour - before[-1], _DAY) * _HOUR)

"""The account of a contract's calls: what all processes of a connection have used of this day. Pure.

Exact allows a contract some 20,000 calls a day (UTC) over all its companies, and says in no answer how many are left. So they
are counted here. Days are spread over the runs that are to be expected: who runs once a night may use all of them at once, who
runs every hour gets a part each time. A run that reads a part of the divisions counts as that part of a run, so a hundred groups
that workers read one after the other are one run, however many hours that takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from tap_exact_online.reading.plan import Turn

_HOUR = 3600
_DAY = 24
_WEEK = 7 * _DAY
_DAYS = 7
_KEPT = 8 * _DAY
_SHARE_OF_A_BLOCK = 800
"""Calls are lent in blocks, so that not every call asks the board. Should 16 processes be killed with a whole block in their
hands, 2 % of a day are lost."""
_LAST_ONES = 64
_RECENT = 3
"""What was a week ago is believed where one of the last so many days had it, too: else the schedule is another one by now.
Three, for on a Monday the last day of work was three days ago."""
_LONGEST = 6
"""Hours. A run is taken to be over when the next one begins, and after so many at the latest."""
_NEARLY = 1e-3
"""A hundred hundredths are a whole, however they are rounded."""


class Account(msgspec.Struct, frozen=True):
    """What was used.

    Attributes:
        day: The day that is counted, in days since the epoch.
        used: Calls that were lent in it and not given back.
        hour: The hour in which a run began last, in hours since the epoch.
        at_hour: What was used when that hour's first run began.
        begun: How many runs began in each hour of the last eight days, in hours since the epoch. One that reads a part of the
            divisions counts as that part.
    """

    day: int = 0
    used: int = 0
    hour: int = 0
    at_hour: int = 0
    begun: Mapping[int, float] = {}


def opened(content: bytes | None) -> Account:
    """Read an account; one that cannot be understood begins anew."""
    try:
        found = msgspec.json.decode(content or b"{}", type=Account)
    except (msgspec.DecodeError, RecursionError):
        return Account()
    return found if found.used >= 0 and min(found.begun.values(), default=0) >= 0 else Account()


def written(account: Account) -> bytes:
    """Return what is kept of an account."""
    return msgspec.json.encode(account)


def of_day(account: Account, now: float) -> Account:
    """Return the account as it is today."""
    day = int(now // (_HOUR * _DAY))
    # Clocks of machines differ. One that is behind must not begin the day anew that another one has begun.
    if account.day in {day, day + 1}:
        return account
    return msgspec.structs.replace(account, day=day, used=0, at_hour=0)


def begun(account: Account, now: float, part: float = 1.0) -> Account:
    """Return the account once a run has begun.

    Args:
        account: The account.
        now: The time in epoch seconds.
        part: The part of all divisions that the run reads.
    """
    account = of_day(account, now)
    hour = int(now // _HOUR)
    kept = {each: runs for each, runs in account.begun.items() if hour - _KEPT <= each <= hour}
    first = account.hour != hour or hour not in kept
    kept[hour] = round(kept.get(hour, 0.0) + part, 6)
    return msgspec.structs.replace(
        account, hour=hour, at_hour=account.used if first else account.at_hour, begun=kept
    )


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


def share(account: Account, limit: int, part: float = 1.0, *, spread: bool, held: int = 0) -> int:
    """Return how many calls a run may make that has just begun.

    Args:
        account: The account, once the run has begun.
        limit: Calls of a day.
        part: The part of all divisions that the run reads.
        spread: Leave as much for the runs to come.
        held: Calls that were lent to it before, and that it has not made so far.
    """
    mine = part * max(0, limit - account.at_hour) / _runs_left(account, spread=spread)
    # The smallest part of a day gets one.
    return min(max(1, math.ceil(mine - _NEARLY)), max(0, limit - account.used) + held)


def turns(account: Account, limit: int, part: float = 1.0, *, spread: bool) -> list[Turn]:
    """Return the runs of this day and the next six that are to be expected to read the same divisions.

    Args:
        account: The account, once the run has begun.
        limit: Calls of a day.
        part: The part of all divisions that the run reads.
        spread: Each leaves as much for those of the same day that follow.
    """
    today = account.hour // _DAY
    coming = [
        (hour, runs)
        for hour in range(account.hour + 1, (today + _DAYS) * _DAY)
        if (runs := _to_come(account, hour))
    ]
    each_makes = _each_makes(account, coming, limit, spread=spread)
    found, before = [], 0.0
    for place, (hour, runs) in enumerate(coming):
        after = before + runs
        whole = math.floor(after + _NEARLY) - math.floor(before + _NEARLY)
        before = after
        if whole:
            begins = hour - account.hour
            lasts = min(coming[place + 1][0] - hour, _LONGEST) if place + 1 < len(coming) else _LONGEST
            calls = whole * part * each_makes(hour)
            found.append(Turn(float(begins * _HOUR), float((begins + lasts) * _HOUR), calls))
    return found


def _each_makes(
    account: Account, coming: Sequence[tuple[int, float]], limit: int, *, spread: bool
) -> Callable[[int], float]:
    """Return what tells how many calls a later run makes that begins in an hour, of all divisions."""
    today = account.hour // _DAY
    if not spread:
        first: dict[int, int] = {}
        for hour, _ in coming:
            first.setdefault(hour // _DAY, hour)
        return lambda hour: float(limit) if hour // _DAY > today and first[hour // _DAY] == hour else 0.0
    days: dict[int, float] = {}
    for hour, runs in coming:
        days[hour // _DAY] = days.get(hour // _DAY, 0.0) + runs
    now = max(0, limit - account.at_hour) / _runs_left(account, spread=True)
    return lambda hour: now if hour // _DAY == today else limit / max(days[hour // _DAY], 1.0)


def _runs_left(account: Account, *, spread: bool) -> float:
    """Return how many runs are to be expected on this day, from the beginning of this hour on."""
    hour, day = account.hour, account.hour // _DAY
    here = account.begun.get(hour, 1.0)
    before = sum(runs for each, runs in account.begun.items() if each // _DAY == day and each < hour)
    # What was begun of a run is read to its end.
    rest = 1 - round(before, 3) % 1
    if not spread:
        return rest
    if _is_first_day(account) and before + _NEARLY < 1:
        return max(here, rest)
    later = sum(_today(account, each) for each in range(hour + 1, (day + 1) * _DAY))
    whole = sum(_today(account, each) for each in range(day * _DAY, (day + 1) * _DAY))
    by_hour = max(here, _today(account, hour)) + later
    # A run that begins a little earlier than yesterday's is that one.
    return by_hour if _is_first_day(account) else min(by_hour, max(here, whole - before))


def _is_first_day(account: Account) -> bool:
    return min(account.begun, default=account.hour) > account.hour - _DAY


def _today(account: Account, hour: int) -> float:
    """Return how many runs are to be expected in an hour of this day; rather too many, for others must not go without."""
    if _is_first_day(account):
        return _at_the_same_pace(account)
    return max(account.begun.get(hour - _DAY, 0.0), _a_week_ago(account, hour) or 0.0)


def _to_come(account: Account, hour: int) -> float:
    """Return how many runs are to be expected in a later hour; rather too few, for what they are to read must not wait."""
    if _is_first_day(account):
        return _at_the_same_pace(account)
    found = _a_week_ago(account, hour)
    return next(_days_before(account, hour)) if found is None else found


def _a_week_ago(account: Account, hour: int) -> float | None:
    """Return what began a week before; None where nothing is known of that time."""
    if min(account.begun) > hour - _WEEK:
        return None
    days = _days_before(account, hour)
    return account.begun.get(hour - _WEEK, 0.0) if any(next(days) for _ in range(_RECENT)) else 0.0


def _days_before(account: Account, hour: int) -> Iterator[float]:
    """Give what began in the same hour of the last days, the nearest one first."""
    nearest = hour - max(1, math.ceil((hour - account.hour) / _DAY)) * _DAY
    while True:
        yield account.begun.get(nearest, 0.0)
        nearest -= _DAY


def _at_the_same_pace(account: Account) -> float:
    """Return how many runs began in an hour so far, where there is no day to go by."""
    before = {hour: runs for hour, runs in account.begun.items() if hour < account.hour}
    return sum(before.values()) / (account.hour - min(before)) if before else 0.0

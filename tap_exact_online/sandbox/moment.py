"""What the books of a division say at one moment, for all that is computed from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from tap_exact_online.sandbox.alive import GL_ACCOUNTS, Alive, day_of
from tap_exact_online.sandbox.balances import Balances, Group, Sums
from tap_exact_online.sandbox.books import PERIODS
from tap_exact_online.sandbox.ledger import Term
from tap_exact_online.sandbox.options import Options
from tap_exact_online.sandbox.values import Value

CLOSING = range(310, 329)
"""The transaction types that close a year and open the next: what the year brought does not follow from them."""
CARRIED = (327, 328)
"""Those of them that take balances out of a year and into the next one."""
OPENING = 10
REVENUE = 110
PROFIT_AND_LOSS = "W"


class Account(NamedTuple):
    """A ledger account.

    Attributes:
        guid: Its ID.
        code: Its number.
        description: Its name.
        kind: `Type`: what it is for.
        balance: B balance sheet, W profit and loss.
        side: D debit, C credit.
    """

    guid: Value
    code: Value
    description: Value
    kind: Value
    balance: Value
    side: Value


class Period(NamedTuple):
    """A financial period.

    Attributes:
        year: The financial year.
        period: Its number in the year.
        start: Its first day in wall-clock milliseconds.
        end: The start of its last day.
    """

    year: int
    period: int
    start: int
    end: int


@dataclass(frozen=True)
class Moment:
    """The books of a division at one moment.

    Attributes:
        alive: The lines and terms.
        balances: Their sums.
        options: How Exact is taken to compute.
        today: Today's midnight in wall-clock milliseconds.
    """

    alive: Alive
    balances: Balances
    options: Options
    today: int

    @property
    def currency(self) -> str:
        """The currency of the books."""
        return self.alive.ledger.currency

    @cached_property
    def sums(self) -> Mapping[Group, Sums]:
        """What the lines add up to."""
        return self.balances.sums()

    @cached_property
    def accounts(self) -> Mapping[int, Account]:
        """The ledger accounts that the sums are of, by index."""
        shelf = self.alive.shelf(GL_ACCOUNTS)
        names = ("ID", "Code", "Description", "Type", "BalanceType", "BalanceSide")
        rows = {gl: shelf.row(gl) for gl in {group.gl for group in self.sums}}
        return {gl: Account(*(row[name] for name in names)) for gl, row in rows.items()}

    @cached_property
    def periods(self) -> Sequence[Period]:
        """The financial periods, in the order of their ends."""
        shelf = self.alive.shelf(PERIODS)
        rows = (shelf.row(index) for index in shelf.indexes())
        known = {period for row in rows if (period := _period(row)) is not None}
        return sorted(known, key=lambda each: (each.end, each.year, each.period))

    @cached_property
    def current(self) -> Period:
        """The period of today, or the last one that has begun: books that nobody goes on with end somewhere."""
        begun = [period for period in self.periods if period.start <= self.today]
        return max(begun or self.periods[:1], key=lambda each: (each.start, each.year), default=_NO_PERIOD)

    @cached_property
    def open_terms(self) -> Sequence[tuple[int, Term]]:
        """The payment terms that are outstanding today, with their indexes."""
        return self.alive.open_terms(self.day)

    @property
    def day(self) -> int:
        """Today, since the first day of the books."""
        return day_of(self.today)


def _period(row: Mapping[str, Value]) -> Period | None:
    """Read a row of the table of periods; one that lacks something is none."""
    values = [row[name] for name in ("FinYear", "FinPeriod", "StartDate", "EndDate")]
    told = [value for value in values if isinstance(value, int)]
    return Period(*told) if len(told) == len(values) else None


_NO_PERIOD = Period(0, 0, 0, 0)

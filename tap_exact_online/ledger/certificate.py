"""What the ledger says of its own completeness: one verdict for each company and year. Pure.

The models `exact_online__completeness` and `exact_online__reconciliation` decide; here is what their rows are, and what is
made of them. A group is what Exact itself adds up: a company, year, period, account, transaction type, status, cost center
and cost unit.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TypeVar

import msgspec

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.telling import words

ZERO = Decimal(0)
_Key = TypeVar("_Key", bound=Hashable)


class Verdict(enum.Enum):
    """What is said of a company's year, or of all of them; the worst first."""

    DIFFERENT = "different"
    NOT_READ = "not_read"
    MOVING = "moving"
    COMPLETE = "complete"


class Witness(enum.Enum):
    """What another of Exact's own figures says of ours."""

    AGREES = "agrees"
    DIFFERS = "differs"
    MOVING = "moving"
    NOT_READ = "not_read"
    DOES_NOT_APPLY = "does_not_apply"


class Why(enum.Enum):
    """Why a group is not equal."""

    DIFFERS = "differs"
    MISSING_HERE = "missing_here"
    ONLY_HERE = "only_here"
    MOVING = "moving"


WITNESSES = ("result_witness", "opening_witness", "receivables_witness", "payables_witness")
"""The columns that tell of a witness."""


class Year(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `exact_online__completeness`: a company and a year, or a company of which nothing was read."""

    division: int
    division_code: str | None = None
    division_name: str | None = None
    currency: str | None = None
    financial_year: int | None = None
    groups: int = 0
    equal_groups: int = 0
    moving_groups: int = 0
    missing_here_groups: int = 0
    only_here_groups: int = 0
    differing_groups: int = 0
    not_read_groups: int = 0
    lines: int = 0
    amount: Decimal | None = None
    exact_amount: Decimal | None = None
    difference: Decimal | None = None
    result: Decimal | None = None
    whole_from_period: str | None = None
    lines_read_at: datetime | None = None
    balances_read_at: datetime | None = None
    result_witness: Witness = Witness.NOT_READ
    opening_witness: Witness = Witness.NOT_READ
    receivables_witness: Witness = Witness.NOT_READ
    payables_witness: Witness = Witness.NOT_READ
    verdict: Verdict

    @property
    def witnesses(self) -> dict[str, Witness]:
        """What each witness says, by the name that it has without `_witness`."""
        return {name.removesuffix("_witness"): getattr(self, name) for name in WITNESSES}


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `exact_online__reconciliation` that is not equal."""

    division: int
    financial_year: int
    financial_period: int | None = None
    gl_account_code: str | None = None
    gl_account_name: str | None = None
    transaction_type: int | None = None
    status: int | None = None
    cost_center_code: str | None = None
    cost_unit_code: str | None = None
    amount: Decimal | None = None
    exact_amount: Decimal | None = None
    difference: Decimal | None = None
    debit: Decimal | None = None
    exact_debit: Decimal | None = None
    credit: Decimal | None = None
    exact_credit: Decimal | None = None
    line_count: int | None = None
    exact_count: int | None = None
    verdict: Why

    @property
    def off(self) -> Decimal:
        """By how much it is off. Two lines that cancel each other out are missed in debit and credit alone."""
        return max(
            abs(self.difference or ZERO),
            abs((self.debit or ZERO) - (self.exact_debit or ZERO)),
            abs((self.credit or ZERO) - (self.exact_credit or ZERO)),
        )


@dataclass(frozen=True)
class Certificate:
    """All of it.

    Attributes:
        at: When it was read.
        years: Its rows, by company and year.
        groups: The groups of these years that are not equal, the largest first.
    """

    at: datetime
    years: Sequence[Year]
    groups: Sequence[Group] = ()

    @property
    def divisions(self) -> list[int]:
        """The companies, in their order."""
        return list(dict.fromkeys(year.division for year in self.years))

    @property
    def verdict(self) -> Verdict:
        """What is said of all of them: different where one is, complete where all are."""
        found = {year.verdict for year in self.years}
        return next((verdict for verdict in Verdict if verdict in found), Verdict.NOT_READ)

    @property
    def compared(self) -> bool:
        """Whether Exact's own totals were there for anything at all."""
        return any(year.verdict is not Verdict.NOT_READ for year in self.years)

    def exit_code(self, *, strict: bool = False) -> int:
        """Return 0 where nothing differs and something was compared; strictly, where all is complete.

        What is not read is not known to be wrong, and a year that moves is compared again by the next run. But where
        nothing was compared at all, nothing was certified either.
        """
        verdict = self.verdict
        if strict:
            return int(verdict is not Verdict.COMPLETE)
        return int(verdict is Verdict.DIFFERENT or not self.compared)

    def groups_of(self, year: Year) -> Sequence[Group]:
        """Return the groups of a year that are not equal, the largest first."""
        return self._by_year.get((year.division, year.financial_year), ())

    @cached_property
    def _by_year(self) -> Mapping[tuple[int, int | None], Sequence[Group]]:
        """The groups of each company and year: there may be thousands of both."""
        return _parted(self.groups, lambda group: (group.division, group.financial_year))


@dataclass(frozen=True, slots=True)
class Spot:
    """An account, in one period or in several, with the groups that are not equal there.

    Attributes:
        code: The account's code; None where the groups have no account.
        name: Its name.
        periods: The periods.
        amount: What is here.
        exact_amount: What Exact has.
        off: The sum of what the groups are off by, whatever its sign.
        groups: How many they are.
        why: Why they are not equal, what is most first.
    """

    code: str | None
    name: str | None
    periods: Sequence[int | None]
    amount: Decimal
    exact_amount: Decimal
    off: Decimal
    groups: int
    why: Sequence[Why]


def made(at: datetime, years: Iterable[Year], groups: Iterable[Group]) -> Certificate:
    """Put a certificate together, in order.

    Args:
        at: When it was read.
        years: The rows of the one table.
        groups: Those of the other that are not equal.
    """
    ordered = sorted(years, key=lambda year: (year.division, year.financial_year or 0))
    return Certificate(at, ordered, sorted(groups, key=_rank))


def _rank(group: Group) -> tuple[bool, Decimal, int, int, int, str]:
    """Put what is in doubt before what only moves, and the largest first."""
    place = (group.division, group.financial_year, group.financial_period or 0, group.gl_account_code or "")
    return (group.verdict is Why.MOVING, -group.off, *place)


def narrowed(whole: Certificate, divisions: Collection[int] = (), years: Collection[int] = ()) -> Certificate:
    """Return the part of a certificate that is about some companies and years; none stands for all.

    Raises:
        ConfigurationError: It says nothing of one of them.
    """
    if unknown := sorted({*divisions} - {*whole.divisions}):
        there = words.listed(whole.divisions) or "none"
        msg = f"--division: the certificate has no division {unknown[0]}. It has: {there}."
        raise ConfigurationError(msg)
    there_years = {year.financial_year for year in whole.years if year.financial_year is not None}
    if unknown := sorted({*years} - there_years):
        msg = (
            f"--year: the certificate has no year {unknown[0]}. It has: {words.listed(sorted(there_years))}."
        )
        raise ConfigurationError(msg)

    def is_meant(row: Year | Group) -> bool:
        return (not divisions or row.division in divisions) and (not years or row.financial_year in years)

    return replace(
        whole,
        years=[year for year in whole.years if is_meant(year)],
        groups=[group for group in whole.groups if is_meant(group)],
    )


def by_account_and_period(groups: Iterable[Group]) -> list[Spot]:
    """Add groups up by account and period, the largest first."""
    return _spots(groups, lambda group: (*_account(group), group.financial_period))


def by_account(groups: Iterable[Group]) -> list[Spot]:
    """Add groups up by account, the largest first."""
    return _spots(groups, _account)


def _account(group: Group) -> tuple[str | None, str | None]:
    return group.gl_account_code, group.gl_account_name


def _parted(groups: Iterable[Group], key: Callable[[Group], _Key]) -> dict[_Key, list[Group]]:
    """Put groups together that have the same key; they keep their order."""
    found: dict[_Key, list[Group]] = {}
    for group in groups:
        found.setdefault(key(group), []).append(group)
    return found


def _spots(groups: Iterable[Group], key: Callable[[Group], _Key]) -> list[Spot]:
    spots = [_spot(part) for part in _parted(groups, key).values()]
    return sorted(
        spots, key=lambda spot: (spot.why == (Why.MOVING,), -spot.off, spot.code or "", str(spot.periods))
    )


def _spot(groups: Sequence[Group]) -> Spot:
    whys = [group.verdict for group in groups]
    return Spot(
        code=groups[0].gl_account_code,
        name=groups[0].gl_account_name,
        periods=sorted({group.financial_period for group in groups}, key=lambda period: period or 0),
        amount=sum((group.amount or ZERO for group in groups), ZERO),
        exact_amount=sum((group.exact_amount or ZERO for group in groups), ZERO),
        off=sum((group.off for group in groups), ZERO),
        groups=len(groups),
        why=tuple(sorted(set(whys), key=lambda why: (-whys.count(why), why.value))),
    )


def age(year: Year, at: datetime) -> timedelta | None:
    """Return how long ago Exact's totals of a year were read; None where they were not."""
    return None if year.balances_read_at is None else max(at - year.balances_read_at, timedelta(0))

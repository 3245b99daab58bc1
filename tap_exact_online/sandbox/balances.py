"""What Exact adds up of the ledger: sums of lines that agree in period, account, kind of transaction, status, cost center and unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

from tap_exact_online.sandbox.alive import Alive
from tap_exact_online.sandbox.ledger import Line

PERIOD_CLOSING = 310
"""The transaction type that closes a year."""


class Group(NamedTuple):
    """What the lines of one sum have in common.

    Attributes:
        year: The financial year.
        period: The financial period.
        gl: Index of the ledger account.
        kind: The number of the transaction type.
        status: 20 entered, 50 processed.
        cost_center: Index of the cost center; -1 for none.
        cost_unit: Index of the cost unit; -1 for none.
    """

    year: int
    period: int
    gl: int
    kind: int
    status: int
    cost_center: int
    cost_unit: int


class Sums(NamedTuple):
    """What the lines of a group add up to.

    Attributes:
        debit: Cents.
        credit: Cents, as a positive number.
        lines: How many lines there are.
        nonzero: How many of them have an amount.
        entries: How many entries they belong to.
    """

    debit: int
    credit: int
    lines: int
    nonzero: int
    entries: int

    @property
    def amount(self) -> int:
        """Cents, debit positive."""
        return self.debit - self.credit


def added_up(lines: Iterable[Line]) -> dict[Group, Sums]:
    """Add lines up; those of an entry have to follow each other. Lines without an account are in no sum."""
    found: dict[tuple[int, ...], list[int]] = {}
    for entry, _, kind, status, _, gl, _, year, period, _, center, unit, _, cents, *_ in lines:
        if gl is None:
            continue
        key = (
            year,
            period,
            gl,
            kind,
            status,
            -1 if center is None else center,
            -1 if unit is None else unit,
        )
        sums = found.get(key)
        if sums is None:
            found[key] = sums = [0, 0, 0, 0, 0, entry - 1]
        if cents > 0:
            sums[0] += cents
            sums[3] += 1
        elif cents:
            sums[1] -= cents
            sums[3] += 1
        sums[2] += 1
        if sums[5] != entry:
            sums[4] += 1
            sums[5] = entry
    return {Group(*key): Sums(*sums[:5]) for key, sums in found.items()}


class Balances:
    """The sums of one division.

    Those of the generated lines are added up once. What changed since is a correction: the entries it concerns are taken out
    as they were and put in as they are.

    Args:
        alive: The lines.
    """

    def __init__(self, alive: Alive) -> None:
        self._alive = alive
        self._numbers: dict[Group, int] = {}

    @cached_property
    def _generated(self) -> Mapping[Group, Sums]:
        ledger = self._alive.ledger
        return added_up(map(ledger.line, range(ledger.lines)))

    @cached_property
    def closes(self) -> bool:
        """Whether years were closed by entries when the books were made."""
        return any(group.kind == PERIOD_CLOSING for group in self._generated)

    def sums(self, late: int = 0) -> dict[Group, Sums]:
        """Return the sums of the lines that are alive.

        Args:
            late: Leave out so many entries, the newest.
        """
        was, now = self._alive.edited(self._alive.newest(late) if late else frozenset())
        found = dict(self._generated)
        for sign, part in ((-1, added_up(was)), (1, added_up(now))):
            for group, sums in part.items():
                before = found.get(group, _NONE)
                found[group] = Sums(*(a + sign * b for a, b in zip(before, sums, strict=True)))
        return {group: sums for group, sums in found.items() if sums.lines}

    def numbered(self, groups: Iterable[Group]) -> dict[Group, int]:
        """Return a number for each group, which stays the same for as long as the sandbox runs."""
        known = self._numbers
        for group in sorted(groups):
            known.setdefault(group, len(known) + 1)
        return {group: known[group] for group in groups}


_NONE = Sums(0, 0, 0, 0, 0)

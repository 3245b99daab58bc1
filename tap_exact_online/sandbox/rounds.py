"""The entries of the cycle in one division: amounts, relations and days, and what they add up to."""

from __future__ import annotations

from operator import add
from typing import NamedTuple

from tap_exact_online.sandbox import calendars
from tap_exact_online.sandbox.calendars import DAYS, MILLION
from tap_exact_online.sandbox.entries import NET, Cycle, Kind

_MASK = (1 << 64) - 1
_HALF = MILLION // 2
_INVOICES = frozenset({20, 21, 30, 31})
_AMOUNTS = 10


class Entry(NamedTuple):
    """What varies between entries of a kind.

    Attributes:
        relation: Index of the customer or supplier; None where there is none.
        day: Days since the first day of the books; before it for an invoice that the opening balance holds.
        cents: Amounts in cents of the books' currency, by the indexes of `entries`; the lines of an entry add up to zero.
        foreign: The same in cents of the entry's currency.
        rate: Millionths of the books' currency for one of the entry's.
    """

    relation: int | None
    day: int
    cents: tuple[int, ...]
    foreign: tuple[int, ...]
    rate: int


class Sums(NamedTuple):
    """What a number of entries add up to.

    Attributes:
        cents: In cents of the books' currency, by the places of the cycle's lines.
        foreign: In cents of the entries' currencies.
    """

    cents: tuple[int, ...]
    foreign: tuple[int, ...]

    def __sub__(self, other: Sums) -> Sums:
        """Return what lies between two sums."""
        return Sums(
            tuple(map(int.__sub__, self.cents, other.cents)),
            tuple(map(int.__sub__, self.foreign, other.foreign)),
        )


def part(total: int, share: tuple[int, int]) -> int:
    """Return a part of an amount, from one percentage to another: all parts add up to it."""
    start, end = share
    return total * end // 100 - total * start // 100


def exchange(cents: int, rate: int) -> int:
    """Return an amount in the other currency."""
    return cents if rate == MILLION else (cents * rate + _HALF) // MILLION


class Rounds:
    """The entries of one division that follow the cycle.

    Args:
        cycle: The kinds of entries.
        salt: Makes the books of divisions and seeds differ.
        relations: How many customers and suppliers exist.
        currency: The books' currency.
        entries: How many entries there are.
        delay: After how many rounds an invoice is usually settled.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - all that tells the books of divisions apart
        self, cycle: Cycle, salt: int, relations: int, currency: str, entries: int, delay: int
    ) -> None:
        self.cycle = cycle
        self.entries = entries
        self.delay = delay
        self.foreign = calendars.foreign(currency)
        self._currency = currency
        self._salt = salt
        self._relations = max(1, relations)
        self._count = len(cycle.kinds)
        self._kept: tuple[int, Entry] | None = None
        self._sums: list[tuple[int, list[list[int]], list[list[int]]]] = [
            (0, [[0] * _AMOUNTS for _ in cycle.kinds], [[0] * _AMOUNTS for _ in cycle.kinds])
        ]

    def currency(self, kind: Kind) -> str:
        """Return the currency of an entry."""
        return self._currency if kind.currency is None else self.foreign[kind.currency]

    def rate(self, kind: Kind, day: int) -> int:
        """Return millionths of the books' currency for one of an entry's."""
        if kind.currency is None:
            return MILLION
        return calendars.rate(self.foreign[kind.currency], self._currency, calendars.month_of(day))

    def day(self, number: int) -> int:
        """Return the day of an entry; what books a difference has that of the entry before it."""
        if self.cycle.kinds[number % self._count].how == "differs":
            number -= 1
        return min(
            number * DAYS // max(1, self.entries), DAYS - 1
        )  # those that are added later are of the last day

    def after(self, day: int) -> int:
        """Return the number of the first entry later than a day."""
        number = -(-(day + 1) * max(1, self.entries) // DAYS)
        while number < self.entries and self.day(number) <= day:
            number += 1
        return min(number, self.entries)

    def start(self, number: int) -> int:
        """Return how many lines the entries before one have."""
        turn, place = divmod(number, self._count)
        return turn * self.cycle.lines + self.cycle.starts[place]

    def source(self, number: int) -> int:
        """Return the number of the entry that an entry's amounts come from."""
        turn, place = divmod(number, self._count)
        lag = self.cycle.kinds[place].lag * self.delay if self.cycle.kinds[place].how == "settles" else 0
        return (turn - lag) * self._count + self.cycle.of[place]

    def entry(self, number: int) -> Entry:
        """Return the entry with a number; those below 0 are invoices from before the books."""
        kept = self._kept
        if kept is not None and kept[0] == number:
            return kept[1]
        kind = self.cycle.kinds[number % self._count]
        made = self._fresh(number, kind) if kind.how == "fresh" else self._derived(number, kind)
        self._kept = (number, made)
        return made

    def _fresh(self, number: int, kind: Kind) -> Entry:
        h = (number * 0x9E3779B97F4A7C15 + self._salt) & _MASK
        h = (h ^ h >> 31) * 0xBF58476D1CE4E5B9 & _MASK
        net = (1000 + (h >> 8) % 500_000) * kind.scale // 100
        first = net * 2 // 3
        vat = (net * kind.percentage + 50) // 100
        first_vat = vat * 2 // 3
        rounding = -(net % 3) - 1
        gross = net + vat
        foreign = (
            0,
            net,
            first,
            net - first,
            vat,
            gross,
            rounding,
            gross + rounding,
            first_vat,
            vat - first_vat,
        )
        day = self.day(number)
        relation = (h >> 40) % self._relations if kind.kind in _INVOICES else None
        if kind.currency is None:
            return Entry(relation, day, foreign, foreign, MILLION)
        rate = self.rate(kind, day)
        net, first = (
            exchange(net, rate),
            exchange(first, rate),
        )  # there is no VAT on invoices in other currencies
        return Entry(relation, day, (0, net, first, net - first, 0, net, 0, net, 0, 0), foreign, rate)

    def _derived(self, number: int, kind: Kind) -> Entry:
        """Return an entry whose amounts come from another one."""
        other = self.entry(self.source(number))
        day = self.day(number)
        if kind.how == "echoes":
            return other._replace(day=day)
        if kind.how == "differs":
            return self._difference(number, other, self.rate(kind, day))
        index = self.cycle.control(self.cycle.of[number % self._count]).amount
        amount = part(other.foreign[index], kind.share)
        rate = self.rate(kind, day)
        if kind.how == "credits":
            net = (amount * 200 + 100 + kind.percentage) // (200 + 2 * kind.percentage)
            amounts = (0, net, 0, 0, amount - net, amount, 0, 0, 0, 0)
            return Entry(other.relation, day, amounts, amounts, rate)
        if kind.currency is None and other.rate != MILLION:  # the money comes in the books' currency
            invoice = self.cycle.kinds[self.cycle.of[number % self._count]]
            amount = exchange(amount, self.rate(invoice, day))
        return Entry(other.relation, day, _net(exchange(amount, rate)), _net(amount), rate)

    def _difference(self, number: int, settled: Entry, rate: int) -> Entry:
        """Return what the rate has changed between an invoice and what settled it; its amount in the currency is 0."""
        source = self.source(self.source(number))
        booked = self.entry(source).cents[self.cycle.control(source % self._count).amount]
        return Entry(settled.relation, settled.day, _net(settled.cents[NET] - booked), _net(0), rate)

    def sums(self, number: int) -> Sums:
        """Return what the entries before one add up to, by the places of their lines."""
        known = max((each for each in self._sums if each[0] <= number), key=lambda each: each[0])
        start, cents, foreign = known
        if start < number:
            cents, foreign = [list(each) for each in cents], [list(each) for each in foreign]
            for each in range(start, number):
                entry, place = self.entry(each), each % self._count
                cents[place] = list(map(add, cents[place], entry.cents))
                foreign[place] = list(map(add, foreign[place], entry.foreign))
            self._sums.append((number, cents, foreign))
        places = [(place.entry, place.posting.amount, place.posting.sign) for place in self.cycle.places]
        return Sums(
            tuple(sign * cents[entry][amount] for entry, amount, sign in places),
            tuple(sign * foreign[entry][amount] for entry, amount, sign in places),
        )


def _net(amount: int) -> tuple[int, ...]:
    return (0, amount, 0, 0, 0, 0, 0, 0, 0, 0)

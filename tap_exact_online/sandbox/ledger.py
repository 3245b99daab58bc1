"""Books that balance: how a transaction line's index tells its entry, its accounts and its amount.

The entries follow a fixed cycle of kinds (`cycle`, `rounds`), among which those stand that come at certain days (`specials`):
the opening balance, returns of VAT, revaluations and the ends of years. What neither fills is booked as memorial entries.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from tap_exact_online.sandbox import calendars, values
from tap_exact_online.sandbox.calendars import DAYS
from tap_exact_online.sandbox.chart import GL, VAT, VatCode
from tap_exact_online.sandbox.cycle import cycle
from tap_exact_online.sandbox.entries import CLEARING, MEMORIAL, PURCHASE, SALE, Cycle, Header, Place
from tap_exact_online.sandbox.lines import Line, Term, Vat
from tap_exact_online.sandbox.rounds import Rounds
from tap_exact_online.sandbox.specials import Closing, Plan, Special, Specials, YearEnd
from tap_exact_online.sandbox.terms import Terms

__all__ = ["Ledger", "Line", "Term", "Vat"]

ENTERED, PROCESSED = 20, 50
_USUAL_DELAY = 30  # days until an invoice is settled
_ODD = 10_000
_MANY = 1 << 60


@dataclass(frozen=True)
class Ledger:
    """The entries of one division.

    Attributes:
        salt: Makes the books of divisions and seeds differ.
        lines: How many transaction lines are generated.
        relations: How many customers and suppliers exist.
        calendar: Which periods it has.
        currency: The books' currency.
        header: What line 0 of a memorial entry is.
        closing: Whether years are closed.
        year_end: Whether closed years end and begin with all balances.
        centers: How many cost centers exist.
        units: How many cost units exist.
    """

    salt: int
    lines: int
    relations: int
    calendar: calendars.Kind = "months"
    currency: str = "EUR"
    header: Header = "zero"
    closing: Closing = "result"
    year_end: YearEnd = "none"
    centers: int = 70
    units: int = 25

    @cached_property
    def cycle(self) -> Cycle:
        """The kinds of entries that are repeated."""
        return cycle(self.header)

    @cached_property
    def days(self) -> tuple[tuple[int, int], ...]:
        """Financial year and period of each day."""
        return calendars.calendar(self.calendar).of_day

    @cached_property
    def _plan(self) -> Plan:
        known, delay = (
            calendars.calendar(self.calendar),
            self.lines // self.cycle.lines * _USUAL_DELAY // DAYS,
        )
        return Plan(self.cycle, known, self.header, delay, self.closing, self.year_end)

    @cached_property
    def _made(self) -> list[Special]:
        return self._plan.made(self.lines)

    @cached_property
    def entries(self) -> int:
        """How many entries follow the cycle."""
        turns, room = divmod(self.lines - sum(each.lines for each in self._made), self.cycle.lines)
        entries = bisect_right(self.cycle.starts, room) - 1
        if entries and self.cycle.kinds[entries].how == "differs":
            entries -= 1  # no payment without the difference of its rate
        return turns * len(self.cycle.kinds) + entries

    @cached_property
    def rounds(self) -> Rounds:
        """The entries that follow the cycle; the others have numbers behind theirs."""
        return Rounds(self.cycle, self.salt, self.relations, self.currency, self.entries, self._plan.delay)

    @cached_property
    def specials(self) -> Specials:
        """The entries that come at certain days."""
        return Specials(self._plan, self.rounds, self._made)

    @cached_property
    def _starts(self) -> list[int]:
        """The first lines of the entries that come at certain days."""
        before = [0, *accumulate(each.lines for each in self._made)]
        return [
            self.rounds.start(self.rounds.after(each.day - each.early)) + lines if each.day else lines
            for each, lines in zip(self._made, before, strict=False)
        ]

    @cached_property
    def _lengths(self) -> list[int]:
        """How many lines the first 0, 1, 2 and so on of them have."""
        return [0, *accumulate(each.lines for each in self._made)]

    @cached_property
    def regular(self) -> int:
        """How many lines are not memorial entries that fill up what is left."""
        return self.rounds.start(self.entries) + self._lengths[-1]

    @cached_property
    def _newest(self) -> int:
        """The first day of the newest period."""
        return self.days.index(self.days[-1])

    def place(self, index: int) -> tuple[int, int]:
        """Return the number of the entry that a line belongs to, and its place in the cycle; -1 outside the cycle."""
        if index >= self.regular:
            return self._odd_number(index), -1
        nth = bisect_right(self._starts, index)
        if nth and index < self._starts[nth - 1] + self._made[nth - 1].lines:
            return self.entries + nth - 1, -1
        cycle = self.cycle
        turn, at = divmod(index - self._lengths[nth], cycle.lines)
        return turn * len(cycle.kinds) + cycle.places[at].entry, at

    def index(self, number: int) -> int:
        """Return the index of an entry's first line."""
        if number >= self.entries:
            nth = number - self.entries
            return self._starts[nth] if nth < len(self._made) else self._odd_index(nth - len(self._made))
        start = self.rounds.start(number)
        free = [begin - length for begin, length in zip(self._starts, self._lengths, strict=False)]
        return start + self._lengths[bisect_right(free, start)]

    def line(self, index: int) -> Line:
        """Return a transaction line; those behind the last are lines that are added later."""
        number, at = self.place(index)
        if at >= 0:
            return self._regular(number, at)
        if index >= self.regular:
            return self._odd(index, number)
        return self._special(index, number - self.entries)

    def status(self, number: int, kind: int, day: int) -> int:
        """Return the status of an entry: the newest purchases are not processed yet, nor is every other memorial entry."""
        waits = kind == PURCHASE or (kind == MEMORIAL and number % 2 == 0)
        return ENTERED if waits and day >= self._newest else PROCESSED

    def center(self, number: int | None) -> int | None:
        """Return the index of a cost center."""
        return None if number is None or not self.centers else number % self.centers

    def unit(self, number: int | None) -> int | None:
        """Return the index of a cost unit."""
        return None if number is None or not self.units else number % self.units

    @cached_property
    def _fixed(self) -> list[tuple[Place, int | None, int | None, int | None, str, VatCode | None]]:
        """What is the same on all lines at a place: account, cost center and unit, currency, VAT code."""
        return [
            (
                place,
                GL[place.posting.gl] if place.posting.gl else None,
                self.center(place.posting.center),
                self.unit(place.posting.unit),
                self.rounds.currency(place.kind),
                VAT.get(place.posting.vat),
            )
            for place in self.cycle.places
        ]

    def _regular(self, number: int, at: int) -> Line:
        place, gl, center, unit, currency, code = self._fixed[at]
        (line, _, amount, sign, _, base, tax, _, _), kind = place.posting, place.kind
        relation, day, cents, foreign, _ = self.rounds.entry(number)
        vat = None if code is None else Vat(code.code, code.rate, sign * foreign[base], sign * foreign[tax])
        year, period = self.days[day]
        status = PROCESSED if day < self._newest else self.status(number, kind.kind, day)
        return Line(
            number,
            line,
            kind.kind,
            status,
            kind.journal,
            gl,
            day,
            year,
            period,
            relation,
            center,
            unit,
            currency,
            sign * cents[amount],
            sign * foreign[amount],
            vat,
        )

    def _special(self, index: int, nth: int) -> Line:
        special = self._made[nth]
        booked = self.specials.booked(nth)[index - self._starts[nth]]
        return Line(
            self.entries + nth,
            booked.line,
            special.kind,
            PROCESSED,
            special.journal,
            GL[booked.gl] if booked.gl else None,
            special.day,
            *self.days[special.day],
            booked.relation,
            self.center(booked.center),
            self.unit(booked.unit),
            self.rounds.foreign[1] if special.foreign else self.currency,
            booked.cents,
            0 if special.foreign else booked.cents,
            None,
        )

    def _odd_number(self, index: int) -> int:
        base = self.entries + len(self._made)
        left = self.lines - self.regular
        if index < self.lines:
            return base + (index - self.regular) // 2
        return base + (left + 1) // 2 + (index - self.lines) // 2

    def _odd_index(self, pair: int) -> int:
        filled = (self.lines - self.regular + 1) // 2
        return self.regular + 2 * pair if pair < filled else self.lines + 2 * (pair - filled)

    def _odd(self, index: int, number: int) -> Line:
        """Book what does not fill a cycle, and what is added later, as memorial entries of two lines each."""
        start, count = (
            (self.regular, self.lines - self.regular) if index < self.lines else (self.lines, _MANY)
        )
        pair, side = divmod(index - start, 2)
        alone = count % 2 == 1 and index - start == count - 1  # no partner: it must be zero to balance
        cents = 0 if alone else (1 - 2 * side) * (1000 + values.number(self.salt, start + pair) % _ODD)
        day = DAYS - 1
        return Line(
            number, side + 1, MEMORIAL, PROCESSED, "90", GL[CLEARING], day, *self.days[day],
            None, None, None, self.currency, cents, cents, None,
        )  # fmt: skip

    def lines_of(self, number: int) -> range:
        """Return the indexes of an entry's lines; those of lines that may be added later, too."""
        first = self.index(number)
        last = first
        while self.place(last + 1)[0] == number:
            last += 1
        return range(first, last + 1)

    def together(self, number: int) -> list[int]:
        """Return the numbers of the entries that only exist together: a payment and the difference of its rate."""
        kinds = self.cycle.kinds
        if number >= self.entries:
            return [number]
        if kinds[number % len(kinds)].how == "differs":
            return [number - 1, number]
        follows = kinds[(number + 1) % len(kinds)].how == "differs" and number + 1 < self.entries
        return [number, number + 1] if follows else [number]

    def rows_of_invoice(self, number: int) -> range:
        """Return the indexes of the rows of the sales invoice that an entry books."""
        turn, place = divmod(number, len(self.cycle.kinds))
        sizes = [len(self.cycle.kinds[each].postings) for each in self.sales]
        if number >= self.entries or place not in self.sales:
            return range(0)
        nth = self.sales.index(place)
        start = turn * sum(sizes) + sum(sizes[:nth])
        return range(start, start + sizes[nth])

    def terms_of(self, number: int) -> list[int]:
        """Return the payment terms of the invoice that an entry books."""
        return self.matching.of(number) if number < self.entries else []

    def terms_settled_by(self, number: int) -> list[int]:
        """Return the payment terms of other entries that an entry settles."""
        return self.matching.settled_by(number) if number < self.entries else []

    def settles_itself(self, index: int) -> bool:
        """Tell whether a payment term ends with the entry that makes it, as that of a credit note does."""
        slot = self.cycle.slots[self.matching.slot(index)]
        return slot.settled == slot.entry

    @cached_property
    def matching(self) -> Terms:
        """The payment terms, by the entries that make and settle them."""
        return Terms(self.rounds, self._plan if self._made else None, self.days, self.index)

    @property
    def terms(self) -> int:
        """How many payment terms the entries make."""
        return self.matching.count

    def term(self, index: int) -> Term:
        """Return a payment term; those behind the last repeat the first, and are settled as soon as they begin."""
        return self.matching.term(index)

    def slot(self, index: int) -> int:
        """Return which of the terms of a round a payment term is."""
        return self.matching.slot(index)

    @cached_property
    def sales(self) -> tuple[int, ...]:
        """The places in the cycle of the entries that book sales invoices."""
        return self.cycle.of_types(SALE)

    def sale(self, index: int) -> int:
        """Return the number of the entry that books a sales invoice."""
        turn, place = divmod(index, len(self.sales))
        return turn * len(self.cycle.kinds) + self.sales[place]

    def repeated(self, *types: int) -> int:
        """Return how many entries of some transaction types follow the cycle."""
        turns, place = divmod(self.entries, len(self.cycle.kinds))
        known = self.cycle.of_types(*types)
        return turns * len(known) + sum(1 for each in known if each < place)

    @cached_property
    def invoice_rows(self) -> int:
        """How many lines the entries have that book sales invoices."""
        turns, place = divmod(self.entries, len(self.cycle.kinds))
        sizes = {entry: len(self.cycle.kinds[entry].postings) for entry in self.sales}
        return turns * sum(sizes.values()) + sum(size for entry, size in sizes.items() if entry < place)

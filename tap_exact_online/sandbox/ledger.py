"""Books that balance: how a transaction line's index tells its entry, its accounts and its amount.

Entries repeat in a fixed cycle of kinds, so that everything about line `i` follows from `i`; what varies between two
entries of a kind (relation, amount, date) is drawn from a hash of the entry's number.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from tap_exact_online.sandbox import values
from tap_exact_online.sandbox.chart import GL
from tap_exact_online.sandbox.clock import iso_of
from tap_exact_online.sandbox.values import DAY, FIRST_DAY, LAST_DAY

_MASK = (1 << 64) - 1
DAYS = (LAST_DAY - FIRST_DAY) // DAY + 1
_MONTHS = tuple(
    (int(text[:4]), int(text[5:7])) for text in (iso_of(FIRST_DAY + day * DAY) for day in range(DAYS))
)
DUE_DAYS = 30


class Vat(NamedTuple):
    """What a line says of VAT.

    Attributes:
        code: Code of the VAT code, padded as Exact stores it.
        percentage: As a fraction.
        base: The base in cents of the entry's currency, signed as the line.
        amount: The VAT in cents of the entry's currency, signed as the line.
    """

    code: str
    percentage: float
    base: int
    amount: int


class Line(NamedTuple):
    """One transaction line as it was generated.

    Attributes:
        entry: Number of the entry in the division, from 0.
        line: The line number: 0 for the header, 9000 and above for VAT and rounding.
        kind: The number of the transaction type.
        status: 20 entered, 50 processed.
        journal: Code of the journal.
        gl: Index of the ledger account in `chart.CHART`; None for a header without an account.
        day: Days since the first day of the books.
        year: The financial year of the entry.
        period: The financial period of the entry.
        relation: Index of the customer or supplier.
        cost_center: Index of the cost center.
        cost_unit: Index of the cost unit.
        currency: The entry's currency.
        cents: `AmountDC` in cents, debit positive.
        foreign: `AmountFC` in cents of the entry's currency.
        vat: What it says of VAT.
    """

    entry: int
    line: int
    kind: int
    status: int
    journal: str
    gl: int | None
    day: int
    year: int
    period: int
    relation: int | None
    cost_center: int | None
    cost_unit: int | None
    currency: str
    cents: int
    foreign: int
    vat: Vat | None


class Term(NamedTuple):
    """One payment term: a part of an invoice, and since when it is settled.

    Attributes:
        entry: Number of the entry that booked the invoice.
        line: Index of the transaction line on the control account.
        side: Whose invoice it is.
        gl: Index of the control account in `chart.CHART`.
        relation: Index of the customer or supplier.
        number: The invoice's number.
        day: The invoice's day, since the first day of the books; before it for what the opening balance holds.
        due: The day on which it is due.
        end: The day since which it is not outstanding any more; None while it is.
        end_year: The financial year of that day.
        end_period: The financial period of that day.
        status: 20 open, 50 matched.
        kind: `LineType`: 20 receipt, 22 payment.
        currency: The invoice's currency.
        cents: What it adds to the control account in cents, debit positive.
        foreign: The same in the invoice's currency.
    """

    entry: int
    line: int
    side: Literal["receivable", "payable"]
    gl: int
    relation: int
    number: int
    day: int
    due: int
    end: int | None
    end_year: int | None
    end_period: int | None
    status: int
    kind: int
    currency: str
    cents: int
    foreign: int


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the cycle.

    Attributes:
        entry: The entry within the cycle, from 0.
        journal: Code of the journal.
        kind: The number of the transaction type.
        line: The line number: 0 for the header, 9000 and above for VAT and rounding.
        gl: Code of the ledger account.
        amount: Which of the entry's amounts, as an index into `Entry.amounts`.
        sign: 1 for debit, -1 for credit.
    """

    entry: int
    journal: str
    kind: int
    line: int
    gl: str
    amount: int
    sign: int


# indexes into Entry.amounts
NONE, NET, FIRST, SECOND, VAT, GROSS, ROUNDING, ROUNDED = range(8)

_KINDS: tuple[tuple[str, int, tuple[tuple[int, str, int, int], ...]], ...] = (
    (
        "70",
        20,
        ((0, "1300", GROSS, 1), (1, "8000", FIRST, -1), (2, "8010", SECOND, -1), (9000, "1500", VAT, -1)),
    ),
    (
        "60",
        30,
        ((0, "1600", GROSS, -1), (1, "7000", FIRST, 1), (2, "4007", SECOND, 1), (9000, "1520", VAT, 1)),
    ),
    ("20", 40, ((0, "1100", NET, 1), (1, "1300", NET, -1))),
    ("71", 20, ((0, "1300", GROSS, 1), (1, "8000", NET, -1), (9000, "1500", VAT, -1))),
    ("90", 90, ((0, "2000", NONE, 1), (1, "4014", NET, 1), (2, "2000", NET, -1))),
    (
        "70",
        20,
        (
            (0, "1300", ROUNDED, 1),
            (1, "8000", FIRST, -1),
            (2, "8010", SECOND, -1),
            (9000, "1500", VAT, -1),
            (9001, "4900", ROUNDING, -1),
        ),
    ),
    ("21", 40, ((0, "1100", NET, -1), (1, "1600", NET, 1))),
)
PLACES = tuple(
    Place(entry, journal, kind, *line)
    for entry, (journal, kind, lines) in enumerate(_KINDS)
    for line in lines
)
SALES = tuple(entry for entry, (_, kind, _) in enumerate(_KINDS) if kind == 20)  # noqa: PLR2004 - the type number of sales
MEMO = Place(0, "90", 90, 1, "2000", NET, 1)
CYCLE = len(PLACES)
ENTRIES = len(_KINDS)


class Entry(NamedTuple):
    """What varies between entries.

    Attributes:
        relation: Index of the customer or supplier.
        amounts: Cents, by the indexes named above; each kind of entry adds up to zero.
        day: Days since the first day of the books.
    """

    relation: int
    amounts: tuple[int, int, int, int, int, int, int, int]
    day: int


@dataclass(frozen=True)
class Ledger:
    """The entries of one division.

    Attributes:
        salt: Makes the books of divisions and seeds differ.
        lines: How many transaction lines are generated.
        relations: How many customers and suppliers exist.
    """

    salt: int
    lines: int
    relations: int

    @cached_property
    def entries(self) -> int:
        """How many entries follow the cycle."""
        return max(1, self.lines // CYCLE * ENTRIES)

    def entry(self, number: int) -> Entry:
        """Return the entry with a number, counted from 0 over the whole division."""
        h = (number * 0x9E3779B97F4A7C15 + self.salt) & _MASK
        h = (h ^ h >> 31) * 0xBF58476D1CE4E5B9 & _MASK
        net = 1000 + (h >> 8) % 500_000
        first = net * 2 // 3
        vat = (net * 21 + 50) // 100
        rounding = -(net % 3) - 1
        return Entry(
            (h >> 40) % max(1, self.relations),
            (0, net, first, net - first, vat, net + vat, rounding, net + vat + rounding),
            min(number, self.entries - 1) * DAYS // self.entries,
        )

    def line(self, index: int) -> Line:
        """Return a transaction line; those behind the last are lines that are added later."""
        regular = self.lines // CYCLE * CYCLE
        if index >= regular:
            return self._odd(index, regular)
        cycle, at = divmod(index, CYCLE)
        place = PLACES[at]
        number = cycle * ENTRIES + place.entry
        relation, amounts, day = self.entry(number)
        cents = place.sign * amounts[place.amount]
        return Line(
            number, place.line, place.kind, 50, place.journal, GL[place.gl], day, *_MONTHS[day],
            relation, None, None, "EUR", cents, cents, None,
        )  # fmt: skip

    def _odd(self, index: int, regular: int) -> Line:
        """Book what does not fill a cycle, and what is added later, as memorial entries of two lines each."""
        start, count = (regular, self.lines - regular) if index < self.lines else (self.lines, 1 << 60)
        pair, side = divmod(index - start, 2)
        alone = count % 2 == 1 and index - start == count - 1  # no partner: it must be zero to balance
        cents = 0 if alone else (1 - 2 * side) * (1000 + values.number(self.salt, start + pair) % 10_000)
        number, day = self.entries + (start - regular) + pair, DAYS - 1
        return Line(
            number, side + 1, MEMO.kind, 50, MEMO.journal, GL[MEMO.gl], day, *_MONTHS[day],
            None, None, None, "EUR", cents, cents, None,
        )  # fmt: skip

    @cached_property
    def terms(self) -> int:
        """How many payment terms the entries make."""
        return self.entries * len(SALES) // ENTRIES

    def term(self, index: int) -> Term:
        """Return a payment term."""
        number = self.sale(index % max(1, self.terms))
        relation, amounts, day = self.entry(number)
        place = next(each for each in PLACES if each.entry == number % ENTRIES)
        cents = amounts[place.amount]
        line = number // ENTRIES * CYCLE + PLACES.index(place)
        return Term(
            number, line, "receivable", GL[place.gl], relation, number, day, day + DUE_DAYS,
            None, None, None, 20, 20, "EUR", cents, cents,
        )  # fmt: skip

    def sale(self, index: int) -> int:
        """Return the number of the entry that books a sales invoice."""
        cycle, place = divmod(index, len(SALES))
        return cycle * ENTRIES + SALES[place]

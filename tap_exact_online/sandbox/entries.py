"""What an entry is made of, and how entries follow each other.

Entries follow each other in a fixed cycle of kinds. What varies between two entries of a kind (relation, amounts, date)
is drawn from a hash of the entry's number; everything else about a line is told by its place in the cycle.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, NamedTuple

from tap_exact_online.sandbox.chart import EXCHANGE, RECEIVABLES

Header = Literal["control", "zero", "none"]
"""What line 0 of a memorial entry is: its first posting, a row of 0 on an account, or a row without an account."""

# indexes into Entry.amounts
NONE, NET, FIRST, SECOND, VAT, GROSS, ROUNDING, ROUNDED, FIRST_VAT, SECOND_VAT = range(10)
MEMORIAL, SALE, CREDIT, PURCHASE, RETURNED, BANK, DIFFERENCE = 90, 20, 21, 30, 31, 40, 82
CLEARING = "2000"


class Posting(NamedTuple):
    """One line of an entry.

    Attributes:
        line: The line number: 0 for the header, 9000 and above for VAT and rounding.
        gl: Code of the ledger account; empty for none.
        amount: Which of the entry's amounts, as an index named above.
        sign: 1 for debit, -1 for credit.
        vat: The VAT code; empty for none.
        base: Which amount the VAT is of.
        tax: Which amount is the VAT.
        center: Number of the cost center.
        unit: Number of the cost unit.
    """

    line: int
    gl: str
    amount: int
    sign: int
    vat: str = ""
    base: int = NONE
    tax: int = NONE
    center: int | None = None
    unit: int | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of entry.

    Attributes:
        name: What this module calls it.
        journal: Code of the journal.
        kind: The number of the transaction type.
        postings: Its lines.
        how: Where its amounts come from: `fresh` from the hash; `settles` a share of an invoice; `credits` a share of an invoice;
            `echoes` all amounts of another entry of the same round; `differs` from what was booked when the entry before it
            settled an invoice.
        of: The name of that other entry.
        share: From which to which percent of the invoice.
        lag: How many times the usual delay lies between the invoice and this entry; 0 for the same round.
        scale: How large its amounts are, in percent.
        percentage: VAT in percent.
        currency: Its place among the currencies beside that of the books; None for that of the books.
        days: How many days are given for payment.
    """

    name: str
    journal: str
    kind: int
    postings: tuple[Posting, ...]
    how: Literal["fresh", "settles", "credits", "echoes", "differs"] = "fresh"
    of: str = ""
    share: tuple[int, int] = (0, 100)
    lag: int = 1
    scale: int = 100
    percentage: int = 0
    currency: int | None = None
    days: int = 30


def row(  # noqa: PLR0913, PLR0917 - a line, told in the order of its columns
    line: int, gl: str, amount: int, sign: int, center: int | None = None, unit: int | None = None
) -> Posting:
    """Return a line without VAT."""
    return Posting(line, gl, amount, sign, center=center, unit=unit)


def taxed(  # noqa: PLR0913, PLR0917 - a line, told in the order of its columns
    line: int, gl: str, amount: int, sign: int, code: str, tax: int, center: int, unit: int | None = None
) -> Posting:
    """Return a line that VAT is reckoned on; `tax` is the VAT of this line alone."""
    return Posting(line, gl, amount, sign, code, amount, tax, center, unit)


def vat(gl: str, sign: int, code: str, line: int = 9000) -> Posting:
    """Return the line that books the VAT of an entry."""
    return Posting(line, gl, VAT, sign, code, NET, VAT)


_BANK_OF_JOURNAL = {"10": "1000", "20": "1100", "21": "1110", "22": "1120", "23": "1150"}


def paid(name: str, of: str, control: str, **more: object) -> Kind:
    """Return a receipt or payment on the bank for an invoice."""
    sign = 1 if control == RECEIVABLES else -1
    journal = str(more.pop("journal", "20"))
    rows = (row(0, _BANK_OF_JOURNAL[journal], NET, sign), row(1, control, NET, -sign))
    return dataclasses.replace(Kind(name, journal, BANK, rows, "settles", of), **more)  # type: ignore[arg-type]


def difference(name: str, of: str, control: str, currency: int) -> Kind:
    """Return the entry that books what the rate has changed since the invoice."""
    sign = 1 if control == RECEIVABLES else -1
    rows = (row(1, control, NET, sign), row(2, EXCHANGE, NET, -sign))
    return Kind(name, "90", DIFFERENCE, rows, "differs", of, currency=currency)


def echo(name: str, of: str, journal: str, *rows: Posting) -> Kind:
    """Return an entry that has the amounts of another one of its round."""
    return Kind(name, journal, MEMORIAL if journal == "90" else BANK, rows, "echoes", of, lag=0)


class Place(NamedTuple):
    """One line of the cycle.

    Attributes:
        entry: Its entry's place in the cycle, from 0.
        kind: What kind of entry that is.
        posting: The line.
    """

    entry: int
    kind: Kind
    posting: Posting


class Slot(NamedTuple):
    """One payment term that each round of the cycle makes.

    Attributes:
        entry: The place of the invoice's entry.
        control: The place of its line on the control account.
        share: From which to which percent of the invoice.
        settled: The place of the entry that settles it; None for what stays open.
        lag: How many times the usual delay lies between both.
    """

    entry: int
    control: int
    share: tuple[int, int]
    settled: int | None
    lag: int


def headed(rows: tuple[Posting, ...], header: Header) -> tuple[Posting, ...]:
    """Return the lines of a memorial entry with line 0 as it is read."""
    if rows[0].line == 0:
        return rows
    if header == "control":
        return (rows[0]._replace(line=0), *rows[1:])
    return (Posting(0, CLEARING if header == "zero" else "", NONE, 1), *rows)


class Cycle:
    """The kinds of entries, one after the other.

    Args:
        kinds: The kinds, in their order.
        header: What line 0 of a memorial entry is.

    Attributes:
        kinds: The kinds.
        places: All lines of a round.
        starts: The place of each entry's first line, and behind the last how many lines a round has.
        lines: How many lines there are.
        slots: The payment terms of a round, in the order of their invoices.
    """

    def __init__(self, kinds: tuple[Kind, ...], header: Header) -> None:
        self.kinds = tuple(
            dataclasses.replace(kind, postings=headed(kind.postings, header)) for kind in kinds
        )
        self.places = tuple(
            Place(entry, kind, posting) for entry, kind in enumerate(self.kinds) for posting in kind.postings
        )
        self.lines = len(self.places)
        self.starts = (0, *accumulate(len(kind.postings) for kind in self.kinds))
        self.of = tuple(self._named(kind.of) if kind.of else entry for entry, kind in enumerate(self.kinds))
        """For each entry the place of the one that its amounts come from."""
        self.slots = tuple(slot for entry in range(len(self.kinds)) for slot in self._slots(entry))

    def of_types(self, *types: int) -> tuple[int, ...]:
        """Return the places of the entries of some transaction types."""
        return tuple(entry for entry, kind in enumerate(self.kinds) if kind.kind in types)

    def control(self, entry: int) -> Posting:
        """Return the line of an invoice on its control account."""
        return self.kinds[entry].postings[0]

    def _named(self, name: str) -> int:
        return next(entry for entry, kind in enumerate(self.kinds) if kind.name == name)

    def _slots(self, entry: int) -> list[Slot]:
        kind, control = self.kinds[entry], self.starts[entry]
        if kind.kind in {CREDIT, RETURNED}:
            return [Slot(entry, control, (0, 100), entry, 0)]
        if kind.kind not in {SALE, PURCHASE}:
            return []
        found = [
            Slot(entry, control, each.share, place, each.lag)
            for place, each in enumerate(self.kinds)
            if each.of == kind.name and each.how in {"settles", "credits"}
        ]
        left = max((slot.share[1] for slot in found), default=0)
        rest = [Slot(entry, control, (left, 100), None, 0)] if left < 100 else []  # noqa: PLR2004 - percent
        return sorted(found, key=lambda slot: slot.share) + rest

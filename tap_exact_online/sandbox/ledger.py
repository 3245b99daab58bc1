"""Books that balance: how a transaction line's index tells its entry, its accounts and its amount.

Entries repeat in a fixed cycle of kinds, so that everything about line `i` follows from `i`; what varies between two
entries of a kind (relation, amount, date) is drawn from a hash of the entry's number.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from tap_exact_online.sandbox.values import DAY, FIRST_DAY, LAST_DAY

_MASK = (1 << 64) - 1
DAYS = (LAST_DAY - FIRST_DAY) // DAY + 1


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

    def sale(self, index: int) -> int:
        """Return the number of the entry that books a sales invoice."""
        cycle, place = divmod(index, len(SALES))
        return cycle * ENTRIES + SALES[place]

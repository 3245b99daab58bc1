"""Which endpoints show which kinds of entries, as headers or as lines: sales, purchases, bank, cash and general journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from typing_extensions import override

from tap_exact_online.sandbox.entries import (
    BANK,
    CREDIT,
    MEMORIAL,
    PURCHASE,
    RETURNED,
    SALE,
    Cycle,
    Kind,
    Place,
)
from tap_exact_online.sandbox.tables import Ids

_CASH = "10"
_SPECIAL = 9000


@dataclass(frozen=True, slots=True)
class Shown:
    """What an endpoint shows.

    Attributes:
        types: The transaction types of the entries.
        rows: What a row is: a whole `entry`, one of `all` its lines, or one of its `plain` lines, which are neither header nor VAT.
        header: The endpoint that shows the headers of these lines, if there is one.
        cash: Whether the entries are of the cash journal; None if it does not matter.
    """

    types: frozenset[int]
    rows: Literal["entry", "all", "plain"]
    header: str = ""
    cash: bool | None = None

    def of(self, kind: Kind) -> bool:
        """Tell whether entries of a kind are shown."""
        return kind.kind in self.types and self.cash in {None, kind.journal == _CASH}

    def entries(self, cycle: Cycle) -> tuple[int, ...]:
        """Return the places in the cycle of the entries that are shown."""
        return tuple(entry for entry, kind in enumerate(cycle.kinds) if self.of(kind))

    def places(self, cycle: Cycle) -> tuple[Place, ...]:
        """Return the lines that rows stand for; of an entry its first."""
        return _places(self, cycle)

    def holds(self, place: Place) -> bool:
        """Tell whether a row stands for a line."""
        line = place.posting.line
        among = {"all": True, "plain": 0 < line < _SPECIAL, "entry": line == 0}
        return self.of(place.kind) and among[self.rows]

    def rows_of(self, cycle: Cycle, number: int) -> list[int]:
        """Return the rows that show an entry of the cycle."""
        turn, entry = divmod(number, len(cycle.kinds))
        places = self.places(cycle)
        return [turn * len(places) + at for at, place in enumerate(places) if place.entry == entry]

    def count(self, cycle: Cycle, entries: int) -> int:
        """Return how many rows the entries of the cycle make."""
        turns, begun = divmod(entries, len(cycle.kinds))
        places = self.places(cycle)
        return turns * len(places) + sum(1 for place in places if place.entry < begun)


@lru_cache
def _places(shown: Shown, cycle: Cycle) -> tuple[Place, ...]:
    """Return the same once for all divisions, of which there may be thousands."""
    return tuple(place for place in cycle.places if shown.holds(place))


_SALES, _PURCHASES = frozenset({SALE, CREDIT}), frozenset({PURCHASE, RETURNED})
_BANK, _GENERAL = frozenset({BANK}), frozenset({MEMORIAL})
SHOWN: Mapping[str, Shown] = {
    "sync/Financial/SalesEntries": Shown(_SALES, "all"),
    "sync/Financial/PurchaseEntries": Shown(_PURCHASES, "all"),
    "salesentry/SalesEntries": Shown(_SALES, "entry"),
    "salesentry/SalesEntryLines": Shown(_SALES, "plain", "salesentry/SalesEntries"),
    "purchaseentry/PurchaseEntries": Shown(_PURCHASES, "entry"),
    "purchaseentry/PurchaseEntryLines": Shown(_PURCHASES, "plain", "purchaseentry/PurchaseEntries"),
    "financialtransaction/BankEntries": Shown(_BANK, "entry", cash=False),
    "financialtransaction/BankEntryLines": Shown(
        _BANK, "plain", "financialtransaction/BankEntries", cash=False
    ),
    "financialtransaction/CashEntries": Shown(_BANK, "entry", cash=True),
    "financialtransaction/CashEntryLines": Shown(
        _BANK, "plain", "financialtransaction/CashEntries", cash=True
    ),
    "generaljournalentry/GeneralJournalEntries": Shown(_GENERAL, "entry"),
    "generaljournalentry/GeneralJournalEntryLines": Shown(
        _GENERAL, "plain", "generaljournalentry/GeneralJournalEntries"
    ),
}
WHOLE = frozenset({"sync/Financial/SalesEntries", "sync/Financial/PurchaseEntries"})
"""Those that show all such entries; the others show the first, as many as their number of rows takes."""


@dataclass(frozen=True, slots=True)
class EntryIds(Ids):
    """The Guids of entries, for a table that holds only some kinds of them.

    Attributes:
        entries: The places of those kinds in the cycle.
        kinds: How many kinds the cycle has.
    """

    entries: tuple[int, ...]
    kinds: int

    def number(self, index: int) -> int:
        """Return the number of the entry in a row."""
        turn, at = divmod(index, len(self.entries))
        return turn * self.kinds + self.entries[at]

    @override
    def digits(self, index: int) -> int:
        """Return the number that the last twelve digits write."""
        return Ids.digits(self, self.number(index))

    @override
    def index(self, guid: str) -> int | None:
        """Return the row that an entry's Guid stands for, or None for that of another kind."""
        number = Ids.index(self, guid)
        if number is None or number % self.kinds not in self.entries:
            return None
        return number // self.kinds * len(self.entries) + self.entries.index(number % self.kinds)

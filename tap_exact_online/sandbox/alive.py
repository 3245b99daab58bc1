"""What of a division's ledger is alive at this moment: what was generated, less what was deleted, with what was changed and added."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tap_exact_online.sandbox.books import ACCOUNTS, LINES, TERMS, Book
from tap_exact_online.sandbox.ledger import Ledger, Line, Term
from tap_exact_online.sandbox.shelf import Shelf
from tap_exact_online.sandbox.values import DAY, FIRST_DAY, Value

GL_ACCOUNTS = "sync/Financial/GLAccounts"
COST_CENTERS = "hrm/Costcenters"
COST_UNITS = "hrm/Costunits"
_STRANGE = 10**6  # codes that no table knows are numbered from here on

_OF_LINE: Mapping[str, str] = {
    "EntryID": "entry",
    "LineNumber": "line",
    "Type": "kind",
    "Status": "status",
    "JournalCode": "journal",
    "GLAccount": "gl",
    "Date": "day",
    "FinancialYear": "year",
    "FinancialPeriod": "period",
    "Account": "relation",
    "CostCenter": "cost_center",
    "CostUnit": "cost_unit",
    "Currency": "currency",
    "AmountDC": "cents",
    "AmountFC": "foreign",
}
_OF_TERM: Mapping[str, str] = {
    "EntryID": "owner",
    "TransactionEntryID": "entry",
    "GLAccount": "gl",
    "Account": "relation",
    "InvoiceNumber": "number",
    "InvoiceDate": "day",
    "DueDate": "due",
    "EndDate": "end",
    "EndYear": "end_year",
    "EndPeriod": "end_period",
    "Status": "status",
    "LineType": "kind",
    "Currency": "currency",
    "AmountDC": "cents",
    "AmountFC": "foreign",
}
_PAYABLE = 22
_MAY_LACK = frozenset({"gl", "relation", "cost_center", "cost_unit", "end", "end_year", "end_period"})


def day_of(wall: int) -> int:
    """Return the day of wall-clock milliseconds, since the first day of the books."""
    return (wall - FIRST_DAY) // DAY


def _cents(value: Value) -> int:
    if not isinstance(value, int | float) or not math.isfinite(value * 100):
        return 0
    return round(value * 100)


@dataclass
class Alive:
    """The lines and terms of a division that exist now, in the form of the ledger.

    Attributes:
        book: The generated tables.
        shelf: Gives the rows of an endpoint as they are now.
    """

    book: Book
    shelf: Callable[[str], Shelf]
    _strange: list[str] = field(default_factory=list, init=False)
    _elsewhere: list[str] = field(default_factory=list, init=False)
    _open: tuple[int, list[int]] | None = field(default=None, init=False)

    @property
    def ledger(self) -> Ledger:
        """What was generated."""
        return self.book.ledger

    def line(self, index: int) -> Line:
        """Return a transaction line as it is now."""
        change = self.shelf(LINES).changes.get(index)
        line = self.ledger.line(index)
        if change is None or _OF_LINE.keys().isdisjoint(change.fields):
            return line
        return line._replace(**self._told(change.fields, _OF_LINE))

    def term(self, index: int) -> Term:
        """Return a payment term as it is now."""
        shelf = self.shelf(TERMS)
        change = shelf.changes.get(index)
        term = self.ledger.term(index)
        if change is None or _OF_TERM.keys().isdisjoint(change.fields):
            return term
        told = self._told(change.fields, _OF_TERM)
        told |= {name: self.book.term_sign * told[name] for name in ("cents", "foreign") if name in told}
        if "kind" in told:
            told["side"] = "payable" if told["kind"] == _PAYABLE else "receivable"
        return term._replace(**told)

    def _told(self, fields: Mapping[str, Value], names: Mapping[str, str]) -> dict[str, Any]:
        """Return what the properties of a row that was changed say, in the words of the ledger."""
        told = {
            names[name]: self._value(names[name], value) for name, value in fields.items() if name in names
        }
        return {name: value for name, value in told.items() if value is not None or name in _MAY_LACK}

    def _value(self, name: str, value: Value) -> Any:
        if name in {"cents", "foreign"}:
            return _cents(value)
        if name in {"day", "due", "end"}:
            return day_of(value) if isinstance(value, int) else None
        if name in {"journal", "currency"}:
            return value if isinstance(value, str) else None
        if name in _BY_REFERENCE:
            return self._index(name, value) if isinstance(value, str) else None
        return value if isinstance(value, int) else None

    def _index(self, name: str, value: str) -> int | None:
        """Return which row of another table a Guid or a code names."""
        if name in {"entry", "owner"}:
            index = self.book.entry_ids().index(value)
            return _numbered(self._elsewhere, value, 1) * -1 if index is None else index
        path = _BY_REFERENCE[name]
        if path in {GL_ACCOUNTS, ACCOUNTS}:
            return self.shelf(path).find(value)
        code = value.strip()
        if not code:
            return None
        index = next((i for i, known in self._codes(path).items() if known == code), None)
        return _numbered(self._strange, code, _STRANGE) if index is None else index

    def _codes(self, path: str) -> Mapping[int, str]:
        shelf = self.shelf(path)
        return {index: str(shelf.row(index)["Code"]).strip() for index in shelf.indexes()}

    def named(self, path: str, index: int | None) -> tuple[Value, Value]:
        """Return code and description of a cost center or cost unit."""
        if index is None:
            return None, None
        if index >= _STRANGE:
            return self._strange[index - _STRANGE], None
        row = self.shelf(path).row(index)
        return row["Code"], row["Description"]

    # entries

    def edited(self, hidden: frozenset[int] = frozenset()) -> tuple[list[Line], list[Line]]:
        """Return all lines of the entries in which something was changed: as they were generated, and as they are.

        Args:
            hidden: Numbers of entries that count as deleted.
        """
        shelf = self.shelf(LINES)
        booked = {
            index for index, change in shelf.changes.items() if not _OF_LINE.keys().isdisjoint(change.fields)
        }
        added = sorted(index for index in shelf.changes if index >= self.ledger.lines)
        touched = booked.union(added, shelf.removed)
        both = (line for index in touched for line in (self.ledger.line(index), self.line(index)))
        numbers = {*hidden, *(line.entry for line in both)}
        places = (index for number in numbers if number >= 0 for index in self.ledger.lines_of(number))
        generated = sorted(index for index in places if index < self.ledger.lines)
        was = [self.ledger.line(index) for index in generated]
        now = (self.line(index) for index in (*generated, *added) if shelf.visible(index))
        return was, sorted((line for line in now if line.entry not in hidden), key=lambda line: line.entry)

    def newest(self, count: int) -> frozenset[int]:
        """Return the numbers of so many entries that came into the books last."""
        shelf, found = self.shelf(LINES), set[int]()
        for index in range(shelf.size - 1, -1, -1):
            if len(found) >= count:
                break
            if shelf.visible(index):
                found.add(self.line(index).entry)
        return frozenset(found)

    # open items

    def open_terms(self, today: int) -> list[tuple[int, Term]]:
        """Return the payment terms that are outstanding on a day, with their indexes."""
        shelf = self.shelf(TERMS)
        generated = (index for index in self._open_as_generated(today) if index not in shelf.changes)
        chosen = sorted({*generated, *shelf.changes} - shelf.removed)
        terms = ((index, self.term(index)) for index in chosen)
        return [(index, term) for index, term in terms if _is_open(term, today)]

    def _open_as_generated(self, today: int) -> list[int]:
        """Return the generated terms that were outstanding on a day; what is settled by then stays so on later days."""
        if self._open is None or self._open[0] > today:
            rows, term = self.shelf(TERMS).table.series.rows, self.ledger.term
            ended = (index for index in range(rows) if (end := term(index).end) is None or end > today)
            self._open = today, list(ended)
        return self._open[1]


_BY_REFERENCE: Mapping[str, str] = {
    "entry": "",
    "owner": "",
    "gl": GL_ACCOUNTS,
    "relation": ACCOUNTS,
    "cost_center": COST_CENTERS,
    "cost_unit": COST_UNITS,
}


def _is_open(term: Term, today: int) -> bool:
    return term.day <= today and (term.end is None or term.end > today)


def _numbered(known: list[str], text: str, start: int) -> int:
    """Return the number of a text, which it keeps."""
    if text not in known:
        known.append(text)
    return start + known.index(text)

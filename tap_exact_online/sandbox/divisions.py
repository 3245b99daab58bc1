"""The divisions: their rows, the row-version counter they share, who may see them and what is forbidden."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count

from tap_exact_online import edm
from tap_exact_online.sandbox import (
    accounting,
    entry_tables,
    filing,
    openitems,
    overviews,
    reporting,
    values,
)
from tap_exact_online.sandbox.alive import Alive
from tap_exact_online.sandbox.balances import Balances
from tap_exact_online.sandbox.books import DELETED, DIVISIONS, LEAVE_HOURS, LINES, ME, Book
from tap_exact_online.sandbox.clock import Clock
from tap_exact_online.sandbox.computed import Basis, Computed, ComputedShelf
from tap_exact_online.sandbox.moment import Moment
from tap_exact_online.sandbox.options import Options, kept
from tap_exact_online.sandbox.postings import MAKERS
from tap_exact_online.sandbox.shelf import Change, Shelf
from tap_exact_online.sandbox.values import DAY, Value

LOG_DAYS = 61  # the log of deleted rows is kept for two months
UNKNOWN_ENTITY = 52  # a number that turns up in the log and is documented nowhere
MOST_DELETED = 2000
LEAST_DELETED = 5

COMPUTED: Mapping[str, Callable[[Moment], Computed]] = {
    **reporting.MAKERS,
    **overviews.MAKERS,
    **openitems.MAKERS,
}
"""Endpoints whose rows are computed from the ledger, and what computes them."""
_EDITION = 1 << 32  # more than the changes that anyone makes between two of them


@dataclass(slots=True)
class Database:
    """The rows of one division, and the row versions they share.

    Attributes:
        book: Its generated tables.
        counter: The last row version given.
        shelves: Its tables with their changes, by path.
        reserved: Rows that have a row version but are not committed, by handle: path, index, row version.
        alive: What of its ledger is alive.
    """

    book: Book
    counter: int
    shelves: dict[str, Shelf] = field(default_factory=dict)
    reserved: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    alive: Alive = field(init=False)
    _balances: Balances = field(init=False)
    _moment: tuple[Basis, Moment] | None = field(default=None, init=False)
    _editions: Iterator[int] = field(default_factory=lambda: count(1), init=False)

    def __post_init__(self) -> None:
        self.alive = Alive(self.book, self.shelf)
        self._balances = Balances(self.alive)

    def tick(self) -> int:
        """Return the next row version."""
        self.counter += 1 + self.counter % 3  # other rows of the database are counted too
        return self.counter

    def shelf(self, path: str) -> Shelf:
        """Return the rows of an endpoint.

        Raises:
            KeyError: No rows stand behind that path.
        """
        if path not in self.shelves:
            if path not in self.book.counts:
                raise KeyError(path)
            self.shelves[path] = Shelf(self.book.table(path))
        return self.shelves[path]

    def computed(self, path: str, options: Options, wall: int) -> ComputedShelf:
        """Return the rows of an endpoint that are computed from others, as those are at a time of the wall clock."""
        basis, moment = self._now(options, wall - wall % DAY)
        shelf = self.shelves.get(path)
        if not isinstance(shelf, ComputedShelf):
            version = next(self._editions) * _EDITION
            shelf = ComputedShelf.of(self.book, edm.load(path), COMPUTED[path](moment), basis, version)
            self.shelves[path] = shelf
        elif shelf.basis != basis:
            shelf.renew(self.book, COMPUTED[path](moment), basis)
        return shelf

    def _now(self, options: Options, today: int) -> tuple[Basis, Moment]:
        """Return the books of this moment: the same as before if neither they nor the day or the options have changed."""
        versions = sum(shelf.version for path, shelf in self.shelves.items() if path not in COMPUTED)
        basis = versions, self.book.first, options, today
        if self._moment is None or self._moment[0] != basis:
            self._moment = basis, Moment(self.alive, self._balances, options, today)
        return self._moment

    def free(self, path: str) -> None:
        """Free the memory of a table that is as it was generated."""
        shelf = self.shelves.get(path)
        if isinstance(shelf, ComputedShelf):
            if shelf.untouched:
                del self.shelves[path]
        elif shelf is not None and shelf.version == 0 and shelf.size == shelf.table.series.rows:
            del self.shelves[path]
            self.book.drop(path)

    def log_deleted(self, key: Value, entity_type: int, wall: int) -> None:
        """Write a row in the log of deleted rows."""
        shelf = self.shelf(DELETED)
        fields = {
            "EntityKey": key,
            "EntityType": entity_type,
            "DeletedDate": wall,
            "DeletedBy": values.guid("user", 1),
        }
        shelf.put(shelf.reserve(), Change(self.tick(), wall, fields))

    def restart(self, first: int) -> None:
        """Give all rows new versions, counted from another start."""
        self.book.restart(first)
        self.counter = first + self.book.span
        for shelf in self.shelves.values():
            shelf.renumber(self.tick)
        self.reserved.clear()


@dataclass
class Division:
    """One division. Until its rows are asked for it is no more than its row in the list: there may be thousands.

    Attributes:
        code: Its number in every address.
        options: Seed and sizes.
        founded: When it came to be, in wall-clock milliseconds.
        granted: Whether the user ticked it under Manage companies.
        status: 0 inactive, 1 active, 2 archived.
        blocking_status: 0 means not blocked.
        moved: When it moved to another database, in wall-clock milliseconds.
        hr_linked: When it was linked to or unlinked from HR, in wall-clock milliseconds.
        modified: When its own row was last changed, in wall-clock milliseconds.
    """

    code: int
    options: Options
    founded: int
    granted: bool = True
    status: int = 1
    blocking_status: int = 0
    moved: int | None = None
    hr_linked: int | None = None
    modified: int = values.LAST_DAY

    @cached_property
    def database(self) -> Database:
        """Its rows, with a log of deleted rows that reaches back forty days from its founding."""
        book = Book(self.options, self.code, _MAKERS)
        made = Database(book, book.first + book.span)
        count = min(max(LEAST_DELETED, book.counts[LINES] // 100), MOST_DELETED) if self.options.rows else 0
        kinds = (1, 2, 10, UNKNOWN_ENTITY, 13, 7)
        for nth in range(count):
            gone = values.guid(book.seed, self.code, "gone", nth)
            made.log_deleted(gone, kinds[nth % len(kinds)], self.founded - 40 * DAY + nth * 30 * DAY // count)
        return made

    def row(self, *, current: bool) -> dict[str, Value]:
        """Return the division's own row in `system/Divisions`.

        Args:
            current: It is the one that the user last opened.
        """
        row = self._row() | {"Current": current}
        return row if self.options.padding == "codes" else values.padded(row)

    def _row(self) -> dict[str, Value]:
        code = self.code
        return values.row(edm.load(DIVISIONS).properties.values(), self.options.seed, code) | {
            "Code": code,
            "Hid": code - 1_000_000,
            "Description": values.company(code % 1000),
            "Status": self.status,
            "BlockingStatus": self.blocking_status,
            "DivisionMoveDate": self.moved,
            "DivisionHRLinkUnlinkDate": self.hr_linked,
            "Country": "NL ",
            "Currency": kept(self.options, code)[1],
            "Legislation": "NL",
            "Modified": self.modified,
            "ArchiveDate": self.modified if self.status == ARCHIVED else None,
        }


ARCHIVED = 2


_MAKERS = {**MAKERS, **accounting.MAKERS, **entry_tables.MAKERS, **filing.MAKERS}


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows of `system/Divisions`, each made when it is asked for.

    Attributes:
        endpoint: The facts about the endpoint.
        divisions: Those that are listed, in the order of their codes.
        current: The one that the user last opened.
    """

    endpoint: edm.Endpoint
    divisions: Sequence[Division]
    current: int

    @property
    def size(self) -> int:
        """Every index is less than this."""
        return len(self.divisions)

    def ordered(self) -> Sequence[int]:
        """Return the indexes of all rows."""
        return range(len(self.divisions))

    def identity(self, index: int) -> Value:
        """Return the key of a row."""
        return self.divisions[index].code

    def find(self, identity: Value) -> int | None:
        """Return the index of the row with a key."""
        if not isinstance(identity, int):
            return None
        index = bisect_left(self.divisions, identity, key=lambda division: division.code)
        return index if index < self.size and self.divisions[index].code == identity else None

    def row(self, index: int) -> dict[str, Value]:
        """Return a row."""
        division = self.divisions[index]
        return division.row(current=division.code == self.current)

    def moment(self, index: int, name: str) -> Value:
        """Return a property of a row."""
        return self.row(index)[name]


class Divisions:
    """All divisions that exist.

    Args:
        options: Seed and sizes.
        clock: The sandbox's clock.

    Attributes:
        current: The division that the user last opened.
    """

    def __init__(self, options: Options, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self.by_code: dict[int, Division] = {}
        for nth in range(options.divisions):
            self.add(options.division_code + nth)
        self.current = min(self.by_code, default=options.division_code)

    def __getitem__(self, code: int) -> Division:
        return self.by_code[code]

    def add(self, code: int | None = None) -> Division:
        """Make another division, granted to the app.

        Raises:
            ValueError: The code is taken.
        """
        if code is None:
            code = max(self.by_code, default=self._options.division_code - 1) + 1
        if code in self.by_code:
            msg = f"division {code} exists"
            raise ValueError(msg)
        self.by_code[code] = Division(code, self._options, self._clock.wall())
        return self.by_code[code]

    def granted(self, code: int) -> Division | None:
        """Return a division if the app may read it."""
        division = self.by_code.get(code)
        return division if division is not None and division.granted else None

    def listed(self) -> Listed:
        """Return the rows of `system/Divisions`: only what is granted."""
        granted = [division for _, division in sorted(self.by_code.items()) if division.granted]
        return Listed(edm.load(DIVISIONS), granted, self.current)

    def me(self) -> dict[str, Value]:
        """Return the row of `current/Me`."""
        row = values.row(edm.load(ME).properties.values(), self._options.seed, "me")
        row |= {
            "UserID": values.guid("user", 0),
            "CurrentDivision": self.current,
            "AccountingDivision": self.current,
            "UserName": "sandbox@example.com",
            "FullName": "Sandbox User",
        }
        return row if self._options.padding == "codes" else values.padded(row)

    def move(self, code: int) -> None:
        """Move a division to another database: all its row versions are made anew."""
        self._renumber(code)
        self.by_code[code].moved = self._clock.wall()

    def hr_link(self, code: int) -> None:
        """Link a division to HR: new row versions, and hours of absence with new IDs."""
        division = self.by_code[code]
        division.database.book.forget(LEAVE_HOURS, self._clock.wall())
        division.database.shelves.pop(LEAVE_HOURS, None)
        self._renumber(code)
        division.hr_linked = self._clock.wall()

    def _renumber(self, code: int) -> None:
        division = self.by_code[code]
        wall = self._clock.wall()
        # another database counts from elsewhere, which may well be lower than before
        division.database.restart(13_000_000_000 + values.number(self._options.seed, code, wall) % 10**9)
        division.modified = wall

"""The divisions: their rows, the row-version counter they share, who may see them and what is forbidden."""

from __future__ import annotations

from dataclasses import dataclass, field

from tap_exact_online import edm
from tap_exact_online.sandbox import filing, values
from tap_exact_online.sandbox.books import DELETED, DIVISIONS, LEAVE_HOURS, LINES, ME, Book
from tap_exact_online.sandbox.clock import Clock
from tap_exact_online.sandbox.options import Options
from tap_exact_online.sandbox.postings import MAKERS
from tap_exact_online.sandbox.shelf import Change, Shelf
from tap_exact_online.sandbox.values import DAY, Value

LOG_DAYS = 61  # the log of deleted rows is kept for two months
UNKNOWN_ENTITY = 52  # a number that turns up in the log and is documented nowhere
MOST_DELETED = 2000
LEAST_DELETED = 5


@dataclass(slots=True)
class Division:
    """One division.

    Attributes:
        code: Its number in every address.
        book: Its generated tables.
        counter: The last row version given.
        granted: Whether the user ticked it under Manage companies.
        status: 0 inactive, 1 active, 2 archived.
        blocking_status: 0 means not blocked.
        moved: When it moved to another database, in wall-clock milliseconds.
        hr_linked: When it was linked to or unlinked from HR, in wall-clock milliseconds.
        modified: When its own row was last changed, in wall-clock milliseconds.
        shelves: Its tables with their changes, by path.
        reserved: Rows that have a row version but are not committed, by handle: path, index, row version.
    """

    code: int
    book: Book
    counter: int
    modified: int
    granted: bool = True
    status: int = 1
    blocking_status: int = 0
    moved: int | None = None
    hr_linked: int | None = None
    shelves: dict[str, Shelf] = field(default_factory=dict)
    reserved: dict[int, tuple[str, int, int]] = field(default_factory=dict)

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

    def free(self, path: str) -> None:
        """Free the memory of a table that is as it was generated."""
        shelf = self.shelves.get(path)
        if shelf is not None and shelf.version == 0 and shelf.size == shelf.table.series.rows:
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

    def row(self) -> dict[str, Value]:
        """Return the division's own row in `system/Divisions`."""
        row = self._row()
        return row if self.book.padding == "codes" else values.padded(row)

    def _row(self) -> dict[str, Value]:
        code = self.code
        return values.row(edm.load(DIVISIONS).properties.values(), self.book.seed, code) | {
            "Code": code,
            "Hid": code - 1_000_000,
            "Description": values.company(code % 1000),
            "Status": self.status,
            "BlockingStatus": self.blocking_status,
            "DivisionMoveDate": self.moved,
            "DivisionHRLinkUnlinkDate": self.hr_linked,
            "Country": "NL ",
            "Currency": "EUR",
            "Legislation": "NL",
            "Modified": self.modified,
            "ArchiveDate": self.modified if self.status == ARCHIVED else None,
            "Current": False,
        }


ARCHIVED = 2


def found(options: Options, code: int, clock: Clock) -> Division:
    """Make a division with generated books and a log of deleted rows that reaches back forty days."""
    book = Book(options, code, {**MAKERS, **filing.MAKERS})
    division = Division(code, book, book.first + book.span, values.LAST_DAY)
    now = clock.wall()
    count = min(max(LEAST_DELETED, book.counts[LINES] // 100), MOST_DELETED) if options.rows else 0
    kinds = (1, 2, 10, UNKNOWN_ENTITY, 13, 7)
    for nth in range(count):
        gone = values.guid(options.seed, code, "gone", nth)
        division.log_deleted(gone, kinds[nth % len(kinds)], now - 40 * DAY + nth * 30 * DAY // count)
    return division


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
        for _ in range(options.divisions):
            self.add()
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
        self.by_code[code] = found(self._options, code, self._clock)
        return self.by_code[code]

    def granted(self, code: int) -> Division | None:
        """Return a division if the app may read it."""
        division = self.by_code.get(code)
        return division if division is not None and division.granted else None

    def listed(self) -> list[dict[str, Value]]:
        """Return the rows of `system/Divisions`: only what is granted."""
        return [
            division.row() | {"Current": code == self.current}
            for code, division in sorted(self.by_code.items())
            if division.granted
        ]

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
        division.book.forget(LEAVE_HOURS, self._clock.wall())
        division.shelves.pop(LEAVE_HOURS, None)
        self._renumber(code)
        division.hr_linked = self._clock.wall()

    def _renumber(self, code: int) -> None:
        division = self.by_code[code]
        wall = self._clock.wall()
        book = division.book
        # another database counts from elsewhere, which may well be lower than before
        first = 13_000_000_000 + values.number(book.seed, code, wall) % 10**9
        book.restart(first)
        division.counter = first + book.span
        for shelf in division.shelves.values():
            shelf.renumber(division.tick)
        division.reserved.clear()
        division.modified = wall

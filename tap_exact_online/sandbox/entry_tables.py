"""The tables that show entries by their kind, headers and lines: they say what the transaction lines of the same entries say.

Opening and closing balances of bank and cash entries are made up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tap_exact_online import edm
from tap_exact_online.sandbox.books import Book, condition
from tap_exact_online.sandbox.calendars import MILLION
from tap_exact_online.sandbox.chart import CONDITIONS
from tap_exact_online.sandbox.entries import VAT, Place
from tap_exact_online.sandbox.postings import FIRST_ENTRY, invoice_number, known_to, place_values, relations
from tap_exact_online.sandbox.rounds import Entry
from tap_exact_online.sandbox.shown import SHOWN, EntryIds
from tap_exact_online.sandbox.tables import Live, Table, Variants, created
from tap_exact_online.sandbox.values import DAY, FIRST_DAY, Value

_SAID = {20: b'"Open"', 50: b'"Verwerkt"'}


class Seen(NamedTuple):
    """What a row shows.

    Attributes:
        number: The entry's number.
        entry: The entry.
        place: The line.
        whole: Whether the row is the whole entry.
    """

    number: int
    entry: Entry
    place: Place
    whole: bool

    @property
    def date(self) -> int:
        """The entry's date in wall-clock milliseconds."""
        return FIRST_DAY + self.entry.day * DAY

    def amount(self, amounts: tuple[int, ...], which: int) -> float:
        """Return an amount, signed as the line."""
        return self.place.posting.sign * amounts[which] / 100

    @property
    def tax(self) -> int:
        """Which amount is the VAT of the row."""
        return VAT if self.whole else self.place.posting.tax


_Maker = Callable[[Seen], Any]


def _amounts(names: tuple[str, ...], of: Callable[[Seen], float]) -> dict[str, tuple[str, _Maker]]:
    return dict.fromkeys(names, ("double", of))


def _makers(book: Book) -> Mapping[str, tuple[str, _Maker]]:
    """Return how what varies is written and computed, by property."""
    guids, codes, names = relations(book)
    ledger = book.ledger

    def who(texts: list[bytes]) -> _Maker:
        return lambda seen: texts[-1 if seen.entry.relation is None else seen.entry.relation]

    def status(seen: Seen) -> int:
        return ledger.status(seen.number, seen.place.kind.kind, seen.entry.day)

    return {
        "EntryNumber": ("int", lambda seen: FIRST_ENTRY + seen.number),
        "InvoiceNumber": ("int", lambda seen: invoice_number(seen.number)),
        "EntryDate": ("date", lambda seen: seen.date),
        "Date": ("date", lambda seen: seen.date),
        "DueDate": ("date", lambda seen: seen.date + seen.place.kind.days * DAY),
        **{
            name: ("int", lambda seen: ledger.days[seen.entry.day][0])
            for name in ("FinancialYear", "ReportingYear")
        },
        **{
            name: ("int", lambda seen: ledger.days[seen.entry.day][1])
            for name in ("FinancialPeriod", "ReportingPeriod")
        },
        **{name: ("json", who(guids)) for name in ("Account", "Customer", "Supplier")},
        "AccountCode": ("json", who(codes)),
        **{name: ("json", who(names)) for name in ("AccountName", "CustomerName", "SupplierName")},
        "Status": ("int", status),
        "StatusDescription": ("json", lambda seen: _SAID[status(seen)]),
        **_amounts(("AmountDC",), lambda seen: seen.amount(seen.entry.cents, seen.place.posting.amount)),
        **_amounts(("AmountFC",), lambda seen: seen.amount(seen.entry.foreign, seen.place.posting.amount)),
        **_amounts(("AmountVATDC", "VATAmountDC"), lambda seen: seen.amount(seen.entry.cents, seen.tax)),
        **_amounts(("AmountVATFC", "VATAmountFC"), lambda seen: seen.amount(seen.entry.foreign, seen.tax)),
        **_amounts(("VATBaseAmountDC",), lambda seen: seen.amount(seen.entry.cents, seen.place.posting.base)),
        **_amounts(
            ("AmountVATBaseFC", "VATBaseAmountFC"),
            lambda seen: seen.amount(seen.entry.foreign, seen.place.posting.base),
        ),
        **_amounts(("ExchangeRate", "Rate"), lambda seen: seen.entry.rate / MILLION),
    }


def _paid(place: Place) -> Mapping[str, Value]:
    return condition([days for _, _, days in CONDITIONS].index(place.kind.days))


def shown(book: Book, endpoint: edm.Endpoint) -> Table:
    """Make the table of an endpoint that shows entries of some kinds."""
    path, ledger = endpoint.path, book.ledger
    how, cycle, series = SHOWN[path], ledger.cycle, book.series(path)
    places, entries, own = how.places(cycle), how.entries(cycle), book.ids(path)
    found = EntryIds(book.entry_ids().prefix, entries, len(cycle.kinds))
    order = {entry: at for at, entry in enumerate(entries)}
    headers = book.counts[how.header] if how.header else 0
    known = {name: maker for name, maker in _makers(book).items() if name in endpoint.properties}
    functions = tuple(make for _, make in known.values())
    whole = how.rows == "entry"
    stamped = [name for name in ("Timestamp", "Created", "Modified") if name in endpoint.properties]

    def variant(number: int) -> Mapping[str, Value]:
        said = {**place_values(book, places[number]), **_paid(places[number])}
        return book.variant(endpoint, number) | known_to(endpoint, said)

    def compute(index: int) -> tuple[Any, ...]:
        turn, at = divmod(index, len(places))
        nth = turn * len(entries) + order[places[at].entry]
        nth = nth % headers if headers else nth  # a line that is added belongs to an entry that is there
        number, changed = found.number(nth), series.modified(index)
        seen = Seen(number, ledger.rounds.entry(number), places[at], whole)
        moments = {
            "Timestamp": series.timestamp(index),
            "Created": created(changed, index),
            "Modified": changed,
        }
        return (
            *(() if whole else (own.digits(index),)),
            found.digits(nth),
            *(moments[name] for name in stamped),
            *(make(seen) for make in functions),
        )

    live = (
        *(() if whole else (Live("ID", "guid", own.prefix),)),
        Live("EntryID", "guid", found.prefix),
        *(Live(name, "int64" if name == "Timestamp" else "date") for name in stamped),
        *(Live(name, kind) for name, (kind, _) in known.items()),
    )
    variants = Variants(len(places), variant)
    return Table(endpoint, found if whole else own, series, variants, live, compute)


MAKERS: Mapping[str, Callable[[Book, edm.Endpoint], Table]] = dict.fromkeys(SHOWN, shown)

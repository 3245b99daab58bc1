"""The tables made from the ledger's entries: transaction lines, sales invoices and payment terms agree with each other."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import orjson

from tap_exact_online import edm
from tap_exact_online.sandbox import ledger, values
from tap_exact_online.sandbox.books import (
    ACCOUNTS,
    LINES,
    Book,
    code_of,
    condition,
    name_of,
    vat_of,
)
from tap_exact_online.sandbox.chart import GL, JOURNAL_NAMES
from tap_exact_online.sandbox.clock import iso_of
from tap_exact_online.sandbox.ledger import CYCLE, ENTRIES, PLACES, Place
from tap_exact_online.sandbox.tables import Live, Table, created
from tap_exact_online.sandbox.values import DAY, FIRST_DAY, Value

_DATES = tuple(FIRST_DAY + day * DAY for day in range(ledger.DAYS))
_MONTHS = tuple((int(text[:4]), int(text[5:7])) for text in map(iso_of, _DATES))
_FIRST_ENTRY = 21_000_000
FIRST_INVOICE = 20_000


def _place_values(book: Book, place: Place) -> dict[str, Value]:
    gl = GL[place.gl]
    path = "sync/Financial/GLAccounts"
    return {
        "JournalCode": place.journal,
        "JournalDescription": JOURNAL_NAMES[place.journal],
        "GLAccount": book.ids(path).of(gl),
        "GLAccountCode": code_of(path, gl),
        "GLAccountDescription": name_of(path, gl),
        "LineNumber": place.line,
        "LineType": 0 if place.line == 0 else 1,
        "Type": place.kind,
        "Status": 50,
        "Currency": "EUR",
        "ExchangeRate": 1.0,
        **vat_of(place.kind),
    }


def _names(book: Book) -> tuple[list[bytes], list[bytes]]:
    """Return codes and names of all relations as JSON text: they are written millions of times."""
    return _texts(max(1, book.counts[ACCOUNTS]))


@lru_cache(maxsize=8)
def _texts(count: int) -> tuple[list[bytes], list[bytes]]:
    return (
        [orjson.dumps(code_of(ACCOUNTS, index)) for index in range(count)],
        [orjson.dumps(name_of(ACCOUNTS, index)) for index in range(count)],
    )


def transaction_lines(book: Book, endpoint: edm.Endpoint) -> Table:
    """Make the transaction lines: every entry adds up to zero."""
    series, ids, entries, relations = (
        book.series(LINES),
        book.ids(LINES),
        book.entry_ids(),
        book.ids(ACCOUNTS),
    )
    entry_of, timestamp, modified = book.ledger.entry, series.timestamp, series.modified
    codes, names = _names(book)
    variants = [
        book.variant(endpoint, number) | _place_values(book, PLACES[number % CYCLE])
        for number in range(CYCLE * book.variety(LINES, 4))
    ]

    def compute(index: int) -> tuple[Any, ...]:
        cycle, at = divmod(index, CYCLE)
        place = PLACES[at]
        number = cycle * ENTRIES + place.entry
        relation, amounts, day = entry_of(number)
        amount = place.sign * amounts[place.amount] / 100
        changed = modified(index)
        year, month = _MONTHS[day]
        date = _DATES[day]
        return (
            timestamp(index),
            ids.digits(index),
            entries.digits(number),
            _FIRST_ENTRY + number,
            FIRST_INVOICE + number,
            date,
            date + 30 * DAY,
            year,
            month,
            relations.digits(relation),
            codes[relation],
            names[relation],
            amount,
            amount,
            created(changed, index),
            changed,
        )

    live = (
        Live("Timestamp", "int64"),
        Live("ID", "guid", ids.prefix),
        Live("EntryID", "guid", entries.prefix),
        Live("EntryNumber", "int"),
        Live("InvoiceNumber", "int"),
        Live("Date", "date"),
        Live("DueDate", "date"),
        Live("FinancialYear", "int"),
        Live("FinancialPeriod", "int"),
        Live("Account", "guid", relations.prefix),
        Live("AccountCode", "json"),
        Live("AccountName", "json"),
        Live("AmountDC", "double"),
        Live("AmountFC", "double"),
        Live("Created", "date"),
        Live("Modified", "date"),
    )
    regular = series.rows // CYCLE * CYCLE

    def odd(index: int) -> Mapping[str, Value]:
        """Book what does not fill a cycle, and what is added later, as memorial entries of two lines each."""
        start, count = (regular, series.rows - regular) if index < series.rows else (series.rows, 1 << 60)
        pair, side = divmod(index - start, 2)
        alone = count % 2 == 1 and index - start == count - 1  # no partner: it must be zero to balance
        number = book.ledger.entries + (start - regular) + pair
        amount = (
            0.0 if alone else (1 - 2 * side) * (1000 + values.number(book.seed, start + pair) % 10_000) / 100
        )
        return _place_values(book, dataclasses.replace(ledger.MEMO, line=side + 1)) | {
            "EntryID": entries.of(number),
            "EntryNumber": _FIRST_ENTRY + number,
            "AmountDC": amount,
            "AmountFC": amount,
        }

    return Table(endpoint, ids, series, variants, live, compute, regular, odd)


# An invoice has the rows of the entry that books it: place among the kinds of sales, line number, amount.
_INVOICE_ROWS = tuple(
    (nth, place.line, place.amount)
    for nth, entry in enumerate(ledger.SALES)
    for place in PLACES
    if place.entry == entry
)


def sales_invoices(book: Book, endpoint: edm.Endpoint) -> Table:
    """Make the sales invoices: header and line rows of the sales entries of the ledger."""
    path = endpoint.path
    series, ids, invoices, relations = (
        book.series(path),
        book.ids(path),
        book.ids("invoice"),
        book.ids(ACCOUNTS),
    )
    _, names = _names(book)
    size = len(_INVOICE_ROWS)
    variants = [
        book.variant(endpoint, number)
        | {
            "LineNumber": _INVOICE_ROWS[number % size][1],
            "Journal": "70",
            "JournalDescription": JOURNAL_NAMES["70"],
        }
        | {"Currency": "EUR", "Status": 50, "StatusDescription": "Verwerkt", "Type": 8020}
        | {name: value for name, value in condition(number // size).items() if name in endpoint.properties}
        for number in range(size * book.variety(path, 8))
    ]
    places = ("OrderedBy", "InvoiceTo", "DeliverTo")

    def compute(index: int) -> tuple[Any, ...]:
        cycle, at = divmod(index, size)
        nth, _, which = _INVOICE_ROWS[at]
        invoice = cycle * len(ledger.SALES) + nth
        entry = book.ledger.sale(invoice)
        relation, amounts, day = book.ledger.entry(entry)
        changed = series.modified(index)
        to = (relations.digits(relation), names[relation]) * len(places)
        amount = amounts[which] / 100
        return (
            series.timestamp(index),
            ids.digits(index),
            invoices.digits(invoice),
            FIRST_INVOICE + entry,
            _DATES[day],
            _DATES[day] + 30 * DAY,
            amount,
            amount,
            *to,
            created(changed, index),
            changed,
        )

    live = (
        Live("Timestamp", "int64"),
        Live("ID", "guid", ids.prefix),
        Live("InvoiceID", "guid", invoices.prefix),
        Live("InvoiceNumber", "int"),
        Live("InvoiceDate", "date"),
        Live("DueDate", "date"),
        Live("AmountDC", "double"),
        Live("AmountFC", "double"),
        *(each for to in places for each in (Live(to, "guid", relations.prefix), Live(to + "Name", "json"))),
        Live("Created", "date"),
        Live("Modified", "date"),
    )
    return Table(endpoint, ids, series, variants, live, compute)


def payment_terms(book: Book, endpoint: edm.Endpoint) -> Table:
    """Make the payment terms: for each sales entry what is due, and what was received for it."""
    path = endpoint.path
    series, ids, entries, relations = book.series(path), book.ids(path), book.entry_ids(), book.ids(ACCOUNTS)
    codes, names = _names(book)
    gl = _place_values(book, PLACES[0])
    variants = [
        book.variant(endpoint, number)
        | {name: gl[name] for name in ("GLAccount", "GLAccountCode", "GLAccountDescription")}
        | {
            "LineType": (20, 21)[number % 2],
            "Journal": "70",
            "JournalDescription": JOURNAL_NAMES["70"],
            "Currency": "EUR",
        }
        | dict(condition(number // 2))
        for number in range(2 * book.variety(path, 24))
    ]
    sales = max(1, book.ledger.entries * len(ledger.SALES) // ENTRIES)

    def compute(index: int) -> tuple[Any, ...]:
        entry = book.ledger.sale(index // 2 % sales)
        relation, amounts, day = book.ledger.entry(entry)
        changed = series.modified(index)
        amount = (1 - 2 * (index % 2)) * amounts[ledger.GROSS] / 100
        return (
            series.timestamp(index),
            ids.digits(index),
            entries.digits(entry),
            _FIRST_ENTRY + entry,
            FIRST_INVOICE + entry,
            _DATES[day],
            _DATES[day],
            _DATES[day] + 30 * DAY,
            relations.digits(relation),
            codes[relation],
            names[relation],
            amount,
            amount,
            created(changed, index),
            changed,
        )

    live = (
        Live("Timestamp", "int64"),
        Live("ID", "guid", ids.prefix),
        Live("EntryID", "guid", entries.prefix),
        Live("EntryNumber", "int"),
        Live("InvoiceNumber", "int"),
        Live("EntryDate", "date"),
        Live("InvoiceDate", "date"),
        Live("DueDate", "date"),
        Live("Account", "guid", relations.prefix),
        Live("AccountCode", "json"),
        Live("AccountName", "json"),
        Live("AmountDC", "double"),
        Live("AmountFC", "double"),
        Live("Created", "date"),
        Live("Modified", "date"),
    )
    return Table(endpoint, ids, series, variants, live, compute)


MAKERS: Mapping[str, Callable[[Book, edm.Endpoint], Table]] = {
    LINES: transaction_lines,
    "sync/SalesInvoice/SalesInvoices": sales_invoices,
    "sync/Cashflow/PaymentTerms": payment_terms,
}

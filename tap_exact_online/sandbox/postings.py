"""The tables made from the ledger's entries: transaction lines, sales invoices and payment terms agree with each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import orjson

from tap_exact_online import edm
from tap_exact_online.sandbox.books import ACCOUNTS, INVOICES, LINES, TERMS, Book, code_of, condition, name_of
from tap_exact_online.sandbox.calendars import DAYS, MILLION
from tap_exact_online.sandbox.chart import CHART, GL, JOURNAL_NAMES, VAT
from tap_exact_online.sandbox.entries import CREDIT, PURCHASE, RETURNED, SALE, Place
from tap_exact_online.sandbox.ledger import Ledger, Line
from tap_exact_online.sandbox.tables import NULL, Live, Table, Variants, created, moment
from tap_exact_online.sandbox.values import DAY, FIRST_DAY, Value

_DATES = tuple(FIRST_DAY + day * DAY for day in range(DAYS))
FIRST_ENTRY = 21_000_000
FIRST_INVOICE = 20_000
_EARLIER = 500_000_000  # invoices from before the books have numbers below this
_GL = "sync/Financial/GLAccounts"
_CENTERS, _UNITS = "hrm/Costcenters", "hrm/Costunits"
_WHOLE = "invoice"  # what the Guids of whole invoices are made of


def gl_of(book: Book, index: int | None) -> dict[str, Value]:
    """Return how a row names its ledger account."""
    names = ("GLAccount", "GLAccountCode", "GLAccountDescription")
    if index is None:
        return dict.fromkeys(names, None)
    code, description, *_ = CHART[index]
    return dict(zip(names, (book.ids(_GL).of(index), code, description), strict=True))


def dimensions(center: int | None, unit: int | None) -> dict[str, Value]:
    """Return how a row names its cost center and cost unit."""
    return {
        "CostCenter": None if center is None else code_of(_CENTERS, center),
        "CostCenterDescription": None if center is None else name_of(_CENTERS, center),
        "CostUnit": None if unit is None else code_of(_UNITS, unit),
        "CostUnitDescription": None if unit is None else name_of(_UNITS, unit),
    }


def vat_of(code: str) -> dict[str, Value]:
    """Return how a row names its VAT code; without one, that it has none."""
    known = VAT.get(code)
    return {
        "VATCode": code or None,
        "VATCodeDescription": known.description if known else None,
        "VATPercentage": known.rate if known else None,
        "VATType": known.kind if known else None,
    }


def journal_of(code: str) -> dict[str, Value]:
    """Return how a row names its journal, under the names of all endpoints."""
    name = JOURNAL_NAMES[code]
    return {"JournalCode": code, "Journal": code, "JournalDescription": name}


def place_values(book: Book, place: Place) -> dict[str, Value]:
    """Return what all lines at a place of the cycle say."""
    ledger, posting, kind = book.ledger, place.posting, place.kind
    return {
        **journal_of(kind.journal),
        **gl_of(book, GL[posting.gl] if posting.gl else None),
        **dimensions(ledger.center(posting.center), ledger.unit(posting.unit)),
        **vat_of(posting.vat),
        "LineNumber": posting.line,
        "LineType": 0 if posting.line == 0 else 1,
        "Type": kind.kind,
        "Currency": ledger.rounds.currency(kind),
    }


def _line_values(book: Book, line: Line) -> dict[str, Value]:
    """Return the same of a line outside the cycle."""
    return {
        **journal_of(line.journal),
        **gl_of(book, line.gl),
        **dimensions(line.cost_center, line.cost_unit),
        **vat_of(line.vat.code if line.vat else ""),
        "LineNumber": line.line,
        "LineType": 0 if line.line == 0 else 1,
        "Type": line.kind,
        "Currency": line.currency,
    }


def known_to(endpoint: edm.Endpoint, row: Mapping[str, Value]) -> dict[str, Value]:
    """Return what an endpoint knows of a row."""
    return {name: value for name, value in row.items() if name in endpoint.properties}


def relations(book: Book) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Return Guids, codes and names of all relations as JSON text, with null behind the last."""
    count, ids = max(1, book.counts[ACCOUNTS]), book.ids(ACCOUNTS)
    codes, names = _texts(count)
    return [*(b'"%s"' % ids.of(index).encode() for index in range(count)), NULL], codes, names


@lru_cache(maxsize=8)
def _texts(count: int) -> tuple[list[bytes], list[bytes]]:
    """Return codes and names of relations: they are written millions of times."""
    return (
        [*(orjson.dumps(code_of(ACCOUNTS, index)) for index in range(count)), NULL],
        [*(orjson.dumps(name_of(ACCOUNTS, index)) for index in range(count)), NULL],
    )


def invoice_number(number: int) -> int:
    """Return the number of the invoice that an entry books."""
    return FIRST_INVOICE + number if number >= 0 else _EARLIER + number


def _invoice_texts(ledger: Ledger) -> Callable[[int, int, int], tuple[bytes, bytes]]:
    """Return what gives the number and the due date of the invoice that a line concerns, as JSON text."""
    source, booked = ledger.rounds.source, {SALE, CREDIT, PURCHASE, RETURNED}
    days = [each.kind.days if each.kind.kind in booked else None for each in ledger.cycle.places]
    steps = [{"settles": 1, "differs": 2}.get(each.kind.how, 0) for each in ledger.cycle.places]

    def texts(number: int, at: int, date: int) -> tuple[bytes, bytes]:
        given, back = days[at], steps[at]
        if given is not None:
            return b"%d" % invoice_number(number), moment(date + given * DAY)
        for _ in range(back):
            number = source(number)
        return b"%d" % invoice_number(number) if back else NULL, NULL

    return texts


def transaction_lines(book: Book, endpoint: edm.Endpoint) -> Table:
    """Make the transaction lines: every entry adds up to zero."""
    series, ids, entries, ledger = book.series(LINES), book.ids(LINES), book.entry_ids(), book.ledger
    timestamp, modified, rounds = series.timestamp, series.modified, ledger.rounds
    guids, codes, names = relations(book)
    texts, status, places, days = _invoice_texts(ledger), ledger.status, ledger.cycle.places, ledger.days

    def variant(number: int) -> Mapping[str, Value]:
        return book.variant(endpoint, number) | known_to(endpoint, place_values(book, places[number]))

    signs = [
        (each.posting.amount, each.posting.base, each.posting.tax, each.posting.sign, each.kind.kind)
        for each in places
    ]

    last = (-1, (0, -1))

    def place_of(index: int) -> tuple[int, int]:
        """Return a line's place, which is asked for twice for each line that is written."""
        nonlocal last
        if last[0] != index:
            last = (index, ledger.place(index))
        return last[1]

    def compute(index: int) -> tuple[Any, ...]:
        number, at = place_of(index)
        if at >= 0:
            relation, day, cents, foreign, rate = rounds.entry(number)
            amount, base, tax, sign, kind = signs[at]
            amounts = (
                sign * cents[amount],
                sign * foreign[amount],
                sign * foreign[base],
                sign * foreign[tax],
            )
            stands = status(number, kind, day)
        else:
            line = ledger.line(index)
            relation, day, stands, rate = line.relation, line.day, line.status, MILLION
            amounts = (line.cents, line.foreign, 0, 0)
        changed, date = modified(index), _DATES[day]
        invoice, due = (NULL, NULL) if at < 0 else texts(number, at, date)
        who = -1 if relation is None else relation
        year, period = days[day]
        return (
            timestamp(index),
            ids.digits(index),
            entries.digits(number),
            FIRST_ENTRY + number,
            invoice,
            date,
            due,
            year,
            period,
            guids[who],
            codes[who],
            names[who],
            amounts[0] / 100,
            amounts[1] / 100,
            amounts[2] / 100,
            amounts[3] / 100,
            rate / MILLION,
            stands,
            created(changed, index),
            changed,
        )

    live = (
        Live("Timestamp", "int64"),
        Live("ID", "guid", ids.prefix),
        Live("EntryID", "guid", entries.prefix),
        Live("EntryNumber", "int"),
        Live("InvoiceNumber", "json"),
        Live("Date", "date"),
        Live("DueDate", "moment"),
        Live("FinancialYear", "int"),
        Live("FinancialPeriod", "int"),
        Live("Account", "json"),
        Live("AccountCode", "json"),
        Live("AccountName", "json"),
        Live("AmountDC", "double"),
        Live("AmountFC", "double"),
        Live("AmountVATBaseFC", "double"),
        Live("AmountVATFC", "double"),
        Live("ExchangeRate", "double"),
        Live("Status", "int"),
        Live("Created", "date"),
        Live("Modified", "date"),
    )

    def odd(index: int) -> Mapping[str, Value]:
        return known_to(endpoint, _line_values(book, ledger.line(index)))

    variants = Variants(len(places), variant)
    return Table(
        endpoint, ids, series, variants, live, compute, odd=odd, choose=lambda index: place_of(index)[1]
    )


def sales_invoices(book: Book, endpoint: edm.Endpoint) -> Table:
    """Make the sales invoices: header and line rows of the sales entries of the ledger."""
    series, ids, invoices = book.series(INVOICES), book.ids(INVOICES), book.ids(_WHOLE)
    relation_ids, ledger = book.ids(ACCOUNTS), book.ledger
    _, _, names = relations(book)
    # an invoice has the rows of the entry that books it
    rows = [
        (nth, place)
        for nth, entry in enumerate(ledger.sales)
        for place in ledger.cycle.places
        if place.entry == entry
    ]
    size, known = len(rows), max(1, ledger.repeated(SALE))
    stated: dict[str, Value] = {"Status": 50, "StatusDescription": "Verwerkt", "Type": 8020}

    def variant(number: int) -> Mapping[str, Value]:
        said = place_values(book, rows[number][1]) | stated | dict(condition(2))
        return book.variant(endpoint, number) | known_to(endpoint, said)

    places = ("OrderedBy", "InvoiceTo", "DeliverTo")

    def compute(index: int) -> tuple[Any, ...]:
        turn, at = divmod(index, size)
        nth, place = rows[at]
        invoice = (turn * len(ledger.sales) + nth) % known
        number = ledger.sale(invoice)
        entry = ledger.rounds.entry(number)
        relation, date = entry.relation or 0, _DATES[max(entry.day, 0)]
        changed = series.modified(index)
        amount = place.posting.amount
        return (
            series.timestamp(index),
            ids.digits(index),
            invoices.digits(invoice),
            invoice_number(number),
            date,
            date + place.kind.days * DAY,
            entry.cents[amount] / 100,
            entry.foreign[amount] / 100,
            *(relation_ids.digits(relation), names[relation]) * len(places),
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
        *(
            each
            for to in places
            for each in (Live(to, "guid", relation_ids.prefix), Live(to + "Name", "json"))
        ),
        Live("Created", "date"),
        Live("Modified", "date"),
    )
    return Table(endpoint, ids, series, Variants(size, variant), live, compute)


def payment_terms(book: Book, endpoint: edm.Endpoint) -> Table:
    """Make the payment terms: what is due of each invoice, and since when it is settled."""
    series, ids, lines, entries = book.series(TERMS), book.ids(TERMS), book.ids(LINES), book.entry_ids()
    ledger, sign = book.ledger, book.term_sign
    guids, codes, names = relations(book)
    slots, places = ledger.cycle.slots, ledger.cycle.places

    def variant(number: int) -> Mapping[str, Value]:
        place = places[slots[number].control]
        days = next(nth for nth in range(3) if condition(nth)["PaymentDays"] == place.kind.days)
        said = place_values(book, place) | dict(condition(days))
        said |= {"TransactionIsReversal": False, "IsBatchBooking": 0}
        said |= dict.fromkeys(("AmountDiscountDC", "AmountDiscountFC"), 0.0)
        return book.variant(endpoint, number) | known_to(endpoint, said)

    def compute(index: int) -> tuple[Any, ...]:
        term = ledger.term(index)
        line = ledger.line(term.line)
        changed, due = series.modified(index), FIRST_DAY + term.due * DAY
        end = moment(None if term.end is None else FIRST_DAY + term.end * DAY)
        year = NULL if term.end_year is None else b"%d" % term.end_year
        period = NULL if term.end_period is None else b"%d" % term.end_period
        return (
            series.timestamp(index),
            ids.digits(index),
            entries.digits(term.owner),
            FIRST_ENTRY + term.owner,
            lines.digits(term.line),
            entries.digits(term.entry),
            line.kind,
            line.status,
            line.year,
            line.period,
            line.cents / 100,
            line.foreign / 100,
            due,
            invoice_number(term.number),
            _DATES[line.day],
            FIRST_DAY + term.day * DAY,
            due,
            end,
            end,
            b"false" if term.end is None else b"true",
            year,
            period,
            term.status,
            term.kind,
            guids[term.relation],
            codes[term.relation],
            names[term.relation],
            sign * term.cents / 100,
            sign * term.foreign / 100,
            term.rate / MILLION,
            created(changed, index),
            changed,
        )

    live = (
        Live("Timestamp", "int64"),
        Live("ID", "guid", ids.prefix),
        Live("EntryID", "guid", entries.prefix),
        Live("EntryNumber", "int"),
        Live("TransactionID", "guid", lines.prefix),
        Live("TransactionEntryID", "guid", entries.prefix),
        Live("TransactionType", "int"),
        Live("TransactionStatus", "int"),
        Live("TransactionReportingYear", "int"),
        Live("TransactionReportingPeriod", "int"),
        Live("TransactionAmountDC", "double"),
        Live("TransactionAmountFC", "double"),
        Live("TransactionDueDate", "date"),
        Live("InvoiceNumber", "int"),
        Live("EntryDate", "date"),
        Live("InvoiceDate", "date"),
        Live("DueDate", "date"),
        Live("EndDate", "moment"),
        Live("LastPaymentDate", "moment"),
        Live("IsFullyPaid", "json"),
        Live("EndYear", "json"),
        Live("EndPeriod", "json"),
        Live("Status", "int"),
        Live("LineType", "int"),
        Live("Account", "json"),
        Live("AccountCode", "json"),
        Live("AccountName", "json"),
        Live("AmountDC", "double"),
        Live("AmountFC", "double"),
        Live("RateFC", "double"),
        Live("Created", "date"),
        Live("Modified", "date"),
    )
    variants = Variants(len(slots), variant)
    return Table(endpoint, ids, series, variants, live, compute, choose=ledger.slot)


MAKERS: Mapping[str, Callable[[Book, edm.Endpoint], Table]] = {
    LINES: transaction_lines,
    INVOICES: sales_invoices,
    TERMS: payment_terms,
}

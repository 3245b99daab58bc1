"""The tables that say how the books are kept: periods, journals, VAT codes, rates, schemes of classifications."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tap_exact_online import edm
from tap_exact_online.sandbox import calendars
from tap_exact_online.sandbox.books import PERIODS, Book, plain_table
from tap_exact_online.sandbox.calendars import MILLION, MONTHS
from tap_exact_online.sandbox.chart import CHART, CURRENCIES, GL, JOURNALS, LISTS, LOW, VAT_CODES
from tap_exact_online.sandbox.schemes import MAPPED, NODES, SCHEMES
from tap_exact_online.sandbox.tables import Table
from tap_exact_online.sandbox.values import DAY, FIRST_DAY, Value

_ACCOUNTS = "sync/Financial/GLAccounts"
_VAT_CODES = "vat/VATCodes"
_JOURNALS = "financial/Journals"
_SCHEMES = "financial/GLSchemes"
_CLASSIFICATIONS = "sync/Financial/GLClassifications"
_OLD_LOW = 0.06
_LOW_UNTIL = -731  # the last day of 2018, counted from the first day of the books
_SINCE = -8766  # the first day of 1997
_CURRENCY_JOURNAL = "22"


def date(day: int) -> int:
    """Return a day of the books in wall-clock milliseconds."""
    return FIRST_DAY + day * DAY


def account(book: Book, name: str, code: str) -> dict[str, Value]:
    """Return how a row refers to a ledger account."""
    if not code:
        return dict.fromkeys((name, f"{name}Code", f"{name}Description"), None)
    return {
        name: book.ids(_ACCOUNTS).of(GL[code]),
        f"{name}Code": code,
        f"{name}Description": CHART[GL[code]][1],
    }


def _periods(book: Book, endpoint: edm.Endpoint) -> Table:
    rows = [
        {
            "FinYear": period.year,
            "FinPeriod": period.number,
            "StartDate": date(period.first),
            "EndDate": date(period.last),
        }
        for period in calendars.listed(book.ledger.calendar, max(1, book.counts[PERIODS]))
    ]
    return plain_table(book, endpoint, rows)


def _journals(book: Book, endpoint: edm.Endpoint) -> Table:
    _, second = calendars.foreign(book.ledger.currency)
    rows = [
        {
            **row,
            **account(book, "GLAccount", journal.gl),
            "Currency": second if journal.code == _CURRENCY_JOURNAL else book.ledger.currency,
        }
        for journal, row in zip(JOURNALS, LISTS[_JOURNALS], strict=True)
    ]
    return plain_table(book, endpoint, rows)


def _vat_codes(book: Book, endpoint: edm.Endpoint) -> Table:
    rows = [
        {**row, **account(book, "GLToPay", code.to_pay), **account(book, "GLToClaim", code.to_claim)}
        for code, row in zip(VAT_CODES, LISTS[_VAT_CODES], strict=True)
    ]
    return plain_table(book, endpoint, rows)


def _percentages(book: Book, endpoint: edm.Endpoint) -> Table:
    ids = book.ids(_VAT_CODES)
    rows: list[dict[str, Value]] = []
    for index, code in enumerate(VAT_CODES):
        spans: list[tuple[float, int, int | None]] = [(code.rate, _SINCE, None)]
        if code.code == LOW:
            spans = [(_OLD_LOW, _SINCE, date(_LOW_UNTIL)), (code.rate, _LOW_UNTIL + 1, None)]
        rows += [
            {
                "VATCodeID": ids.of(index),
                "LineNumber": line,
                "Percentage": rate,
                "StartDate": date(start),
                "EndDate": end,
                "Type": 0,
            }
            for line, (rate, start, end) in enumerate(spans, 1)
        ]
    return plain_table(book, endpoint, rows)


def _rates(book: Book, endpoint: edm.Endpoint) -> Table:
    """Make the rates: one of the source is worth `Rate` of the target, until the next one starts."""
    names, target = dict(CURRENCIES), book.ledger.currency
    rows: list[dict[str, Value]] = [
        {
            "SourceCurrency": source,
            "SourceCurrencyDescription": names[source],
            "TargetCurrency": target,
            "TargetCurrencyDescription": names[target],
            "StartDate": date(first),
            "Rate": calendars.rate(source, target, month) / MILLION,
        }
        for month, first in enumerate(MONTHS)
        for source in calendars.foreign(target)
    ]
    return plain_table(book, endpoint, rows)


def _schemes(book: Book, endpoint: edm.Endpoint) -> Table:
    rows: list[dict[str, Value]] = [
        {"Code": scheme.code, "Description": scheme.description, "Main": int(scheme.main)}
        for scheme in SCHEMES
    ]
    return plain_table(book, endpoint, rows)


def _classifications(book: Book, endpoint: edm.Endpoint) -> Table:
    ids, schemes = book.ids(_CLASSIFICATIONS), book.ids(_SCHEMES)
    parents = {node.parent for node in NODES}
    rows: list[dict[str, Value]] = [
        {
            "Code": node.code,
            "Name": node.name,
            "Description": node.name,
            "Parent": None if node.parent is None else ids.of(node.parent),
            "TaxonomyNamespace": schemes.of(node.scheme),
            "TaxonomyNamespaceDescription": SCHEMES[node.scheme].description,
            "PeriodType": "instant" if node.instant else "duration",
            "Balance": "debit" if node.debit else "credit",
            "Abstract": index in parents,
        }
        for index, node in enumerate(NODES)
    ]
    return plain_table(book, endpoint, rows)


def _mappings(book: Book, endpoint: edm.Endpoint) -> Table:
    ids, schemes = book.ids(_CLASSIFICATIONS), book.ids(_SCHEMES)
    rows: list[dict[str, Value]] = [
        {
            **account(book, "GLAccount", CHART[each.account][0]),
            "Classification": ids.of(each.node),
            "ClassificationCode": NODES[each.node].code,
            "ClassificationDescription": NODES[each.node].name,
            "GLSchemeID": schemes.of(NODES[each.node].scheme),
            "GLSchemeCode": SCHEMES[NODES[each.node].scheme].code,
            "GLSchemeDescription": SCHEMES[NODES[each.node].scheme].description,
        }
        for each in MAPPED
    ]
    return plain_table(book, endpoint, rows)


MAKERS: Mapping[str, Callable[[Book, edm.Endpoint], Table]] = {
    PERIODS: _periods,
    _JOURNALS: _journals,
    _VAT_CODES: _vat_codes,
    "vat/VatPercentages": _percentages,
    "financial/ExchangeRates": _rates,
    _SCHEMES: _schemes,
    _CLASSIFICATIONS: _classifications,
    "financial/GLAccountClassificationMappings": _mappings,
}

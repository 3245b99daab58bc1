"""All generated tables of one division: how many rows each has, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson

from tap_exact_online import edm
from tap_exact_online.sandbox import schemes, values
from tap_exact_online.sandbox.calendars import MONTHS, calendar
from tap_exact_online.sandbox.chart import CHART, CONDITIONS, LISTS, VAT_CODES
from tap_exact_online.sandbox.ledger import Ledger
from tap_exact_online.sandbox.options import Options, kept
from tap_exact_online.sandbox.shelf import CHANGED, MADE
from tap_exact_online.sandbox.shown import SHOWN, WHOLE
from tap_exact_online.sandbox.tables import Ids, Live, Series, Table, Variants, created, ids_of, nothing_odd
from tap_exact_online.sandbox.values import Value

LINES = "sync/Financial/TransactionLines"
ACCOUNTS = "sync/CRM/Accounts"
DELETED = "sync/Deleted"
DIVISIONS = "system/Divisions"
ME = "current/Me"
LEAVE_HOURS = "sync/HRM/LeaveAbsenceHoursByDay"
TERMS = "sync/Cashflow/PaymentTerms"
INVOICES = "sync/SalesInvoice/SalesInvoices"
PERIODS = "financial/FinancialPeriods"
SYNC_TIMESTAMP = "read/sync/Sync/SyncTimestamp"
APART = frozenset({DIVISIONS, ME, SYNC_TIMESTAMP})  # endpoints that no generated table stands behind

_PATHS = tuple(path for path in edm.paths() if path not in APART)
_VARIANTS = 48
_FIXED: Mapping[str, int] = {
    **{path: len(rows) for path, rows in LISTS.items()},
    DELETED: 0,  # the log holds two months, so its rows follow from the clock: see `shelf`
    "cashflow/Banks": 4,
    "financial/GLSchemes": len(schemes.SCHEMES),
    "financial/GLAccountClassificationMappings": len(schemes.MAPPED),
    "sync/Financial/GLClassifications": len(schemes.NODES),
    "financial/ExchangeRates": 2 * len(MONTHS),
    "vat/VatPercentages": len(VAT_CODES) + 1,  # one of them was another before
    "hrm/Costcenters": 70,
    "hrm/Costunits": 25,
    "hrm/Departments": 12,
    "inventory/Warehouses": 5,
    "logistics/ItemGroups": 15,
    "logistics/Units": 14,
    "assets/AssetGroups": 9,
    **dict.fromkeys((path for path in _PATHS if edm.load(path).single), 1),
}
_SHARE: Mapping[str, float] = {
    LINES: 1.0,
    "sync/Documents/Documents": 0.45,
    "bulk/Cashflow/Payments": 0.45,
    "bulk/Cashflow/Receivables": 0.45,
    ACCOUNTS: 0.45,
    "sync/Logistics/Items": 0.45,
}
_MOST = {ACCOUNTS: 5000, "sync/Logistics/Items": 5000}  # master data does not grow with every booking

# Master data that other tables refer to: path, front of its codes, and the words before its number.
_MASTERS: Mapping[str, tuple[str, str]] = {
    "sync/Logistics/Items": ("ART", "Artikel"),
    "sync/Project/Projects": ("P", "Project"),
    "sync/Payroll/Employees": ("M", "Medewerker"),
    "inventory/Warehouses": ("W", "Magazijn"),
    "hrm/Costcenters": ("KP", "Kostenplaats"),
    "hrm/Costunits": ("KD", "Kostendrager"),
    "sync/Documents/Documents": ("", "Document"),
}
# Properties that refer to a row of another table: by Guid, or (cost centers and units) by code.
REFERENCES: Mapping[str, str] = {
    **dict.fromkeys(
        ("Account", "Supplier", "OrderedBy", "InvoiceTo", "DeliverTo", "AccountId", "Customer"), ACCOUNTS
    ),
    **dict.fromkeys(("GLAccount", "GLToPay", "GLToClaim"), "sync/Financial/GLAccounts"),
    "GLScheme": "financial/GLSchemes",
    "Item": "sync/Logistics/Items",
    "Project": "sync/Project/Projects",
    "Employee": "sync/Payroll/Employees",
    "Warehouse": "inventory/Warehouses",
    "Document": "sync/Documents/Documents",
    **dict.fromkeys(("CostCenter", "Costcenter"), "hrm/Costcenters"),
    **dict.fromkeys(("CostUnit", "Costunit"), "hrm/Costunits"),
}
HEADERS: Mapping[str, str] = {
    "salesentry/SalesEntryLines": "salesentry/SalesEntries",
    "purchaseentry/PurchaseEntryLines": "purchaseentry/PurchaseEntries",
    "financialtransaction/BankEntryLines": "financialtransaction/BankEntries",
    "financialtransaction/CashEntryLines": "financialtransaction/CashEntries",
    "generaljournalentry/GeneralJournalEntryLines": "generaljournalentry/GeneralJournalEntries",
}
"""The headers of lines, which `EntryID` refers to: a line that changes changes its header."""
_RISING = ("EntryNumber", "InvoiceNumber", "OrderNumber", "HID", "EmployeeHID", "DocumentNumber", "Hid")
_AMOUNTS = ("AmountDC", "AmountFC", "Amount", "Quantity", "NetPrice", "UnitPrice")


@lru_cache(maxsize=8)
def _row_counts(rows: int, tables: frozenset[tuple[str, int]]) -> Mapping[str, int]:
    """Return how many rows each table starts with: the same in all divisions, which may be thousands."""
    given = dict(tables)
    return {path: given.get(path, _row_count(path, rows)) for path in _PATHS}


def _row_count(path: str, rows: int) -> int:
    if path in _FIXED:
        return _FIXED[path]
    share = _SHARE.get(path, 0.1 if path.startswith("sync/") else 0.05)
    return min(int(rows * share), _MOST.get(path, rows))


def _ledger(options: Options, division: int, counts: Mapping[str, int]) -> Ledger:
    calendar, currency = kept(options, division)
    return Ledger(
        salt=values.number(options.seed, division, "ledger"),
        lines=counts[LINES],
        relations=counts[ACCOUNTS],
        calendar=calendar,
        currency=currency,
        header=options.memorial_header,
        closing=options.closing,
        year_end=options.year_end,
        centers=counts["hrm/Costcenters"],
        units=counts["hrm/Costunits"],
    )


def code_of(path: str, index: int) -> str:
    """Return the code of a row of master data."""
    if path == ACCOUNTS:
        return f"{index + 1:>18}"  # left-padded to 18 characters, as Exact stores it
    if path == "sync/Financial/GLAccounts":
        return CHART[index % len(CHART)][0]
    return f"{_MASTERS[path][0]}{index + 1:05d}"


def name_of(path: str, index: int) -> str:
    """Return the name or description of a row of master data."""
    if path == ACCOUNTS:
        return values.company(index)
    if path == "sync/Financial/GLAccounts":
        return CHART[index % len(CHART)][1]
    return f"{_MASTERS[path][1]} {index + 1}"


@lru_cache(maxsize=8192)
def _cosmetic(seed: int, path: str, number: int) -> Mapping[str, Value]:
    """Return values for the properties that say nothing in particular; divisions share them, which saves time."""
    return values.row(edm.load(path).properties.values(), seed, path, number)


class Book:
    """The generated tables of one division, each made when it is first asked for.

    Args:
        options: Seed and sizes.
        division: The division's code.
        makers: What makes the tables that have rules of their own, by path.
    """

    def __init__(
        self,
        options: Options,
        division: int,
        makers: Mapping[str, Callable[[Book, edm.Endpoint], Table]],
    ) -> None:
        self.seed = options.seed
        self.padding = options.padding
        self.file_sizes = options.file_sizes
        self.division = division
        self.paths = _PATHS
        counts = _row_counts(options.rows, frozenset(options.tables.items()))
        self.ledger = _ledger(options, division, counts)
        """The entries behind transaction lines, invoices and payment terms."""
        self.term_sign = -1 if options.term_sign == "negative" else 1
        self.counts = {
            **counts,
            TERMS: self.ledger.terms,
            INVOICES: self.ledger.invoice_rows,
            **self._shown(counts),
            PERIODS: len(calendar(self.ledger.calendar).periods),
            **options.tables,
        }
        self.height = max(1, *self.counts.values())
        # a row version is far above what a 32-bit number holds, and differs between divisions
        self.first = 13_000_000_000 + values.number(options.seed, division) % 10**9
        self._makers = makers
        self._tables: dict[str, Table] = {}
        self._salts: dict[str, int] = {}

    def _shown(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Return how many rows the tables have that show the entries of the ledger."""
        made = {path: how.count(self.ledger.cycle, self.ledger.entries) for path, how in SHOWN.items()}
        return {path: each if path in WHOLE else min(each, counts[path]) for path, each in made.items()}

    @property
    def span(self) -> int:
        """How many row versions the generated rows take up."""
        return (self.height + 1) * len(self.paths)

    def ids(self, path: str) -> Ids:
        """Return the Guids of a table."""
        return ids_of(self.seed + self._salts.get(path, 0), self.division, path)

    def entry_ids(self) -> Ids:
        """Return the Guids of entries, which have no table of their own."""
        return self.ids("entry")

    def table(self, path: str) -> Table:
        """Return the table behind a path."""
        if path not in self._tables:
            made = self._makers.get(path, plain_table)(self, edm.load(path))
            self._tables[path] = made if self.padding == "codes" else made.padded()
        return self._tables[path]

    def restart(self, first: int) -> None:
        """Give all generated rows new versions, counted from another start."""
        self.first = first
        for table in self._tables.values():
            table.series.start = first

    def drop(self, path: str) -> None:
        """Free a table's memory: it is made again, the same, when it is asked for."""
        self._tables.pop(path, None)

    def forget(self, path: str, salt: int) -> None:
        """Make a table anew, with other Guids."""
        self._salts[path] = salt
        self._tables.pop(path, None)

    def series(self, path: str) -> Series:
        """Return the row versions and times of a table."""
        return Series(self.paths.index(path), len(self.paths), self.counts[path], self.height, self.first)

    def variety(self, path: str, most: int) -> int:
        """Return how many variants a table needs: no more than it has rows."""
        return max(1, min(most, self.counts[path]))

    def variant(self, endpoint: edm.Endpoint, number: int) -> dict[str, Value]:
        """Return plausible values for all properties of an endpoint, with references that lead somewhere."""
        row = dict(_cosmetic(self.seed, endpoint.path, number))
        for name, path in REFERENCES.items():
            if name in row:
                row |= self._reference(endpoint, name, path, number)
        if (header := HEADERS.get(endpoint.path)) and self.counts[header]:
            row["EntryID"] = self.ids(header).of(
                values.number(self.seed, header, number) % self.counts[header]
            )
        if "Division" in row:
            row["Division"] = self.division
        if "LineNumber" in row:
            row["LineNumber"] = (0, 1, 2, 9000)[number % 4]  # headers and special rows are mixed with lines
        return row

    def _reference(self, endpoint: edm.Endpoint, name: str, path: str, number: int) -> dict[str, Value]:
        count = self.counts[path]
        index = values.number(self.seed, endpoint.path, name, number) % max(1, count)
        missing = count == 0 or (name not in {"Account", "GLAccount", "GLScheme"} and number % 3 == 0)
        known = endpoint.properties
        by_guid = known[name].type == "Guid"
        made: dict[str, Value] = {name: self.ids(path).of(index) if by_guid else code_of(path, index)}
        for ending, of in (("Code", code_of), ("Name", name_of), ("Description", name_of)):
            if name + ending in known:
                made[name + ending] = of(path, index)
        return dict.fromkeys(made, None) if missing else made


def _listed(book: Book, endpoint: edm.Endpoint, rows: Sequence[Mapping[str, Value]]) -> Variants:
    """Return one variant for each row of the tables whose rows are all written out."""

    def variant(number: int) -> Mapping[str, Value]:
        said = {name: value for name, value in rows[number].items() if name in endpoint.properties}
        return book.variant(endpoint, number) | said

    return Variants(len(rows), variant)


Makers = dict[str, tuple[Live, Callable[[int], Any]]]


def _identities(endpoint: edm.Endpoint, ids: Ids) -> Makers:
    """Return what computes the identity of a row; text that identifies a row is in its variant."""
    made: Makers = {}
    for name in endpoint.keys:
        kind = endpoint.properties[name].type
        if kind == "Guid":
            made[name] = (Live(name, "guid", ids.prefix), ids.digits)
        elif kind.startswith("Int") and name != "Division":
            made[name] = (Live(name, "int64" if kind == "Int64" else "int"), lambda i: 10_000 + i)
    return made


def _figures(endpoint: edm.Endpoint) -> Makers:
    """Return what computes numbers and amounts: numbers rise, amounts vary."""
    known = endpoint.properties
    made: Makers = {}
    for name in _RISING:
        if name in known and known[name].type == "String":
            made[name] = (Live(name, "json"), lambda i: b'"%d"' % (i + 1))
        elif name in known:
            made[name] = (Live(name, "int64" if known[name].type == "Int64" else "int"), lambda i: 10_000 + i)
    for name in _AMOUNTS:
        if name in known and known[name].type == "Double":
            made[name] = (Live(name, "double"), lambda i: (i * 7919 % 1_000_000 - 100_000) / 100)
    return made


def _labels(endpoint: edm.Endpoint) -> Makers:
    """Return what computes code and name of master data, which other tables refer to."""
    path, known = endpoint.path, endpoint.properties
    if path not in _MASTERS and path != ACCOUNTS:
        return {}
    made: Makers = {"Code": (Live("Code", "json"), lambda i: orjson.dumps(code_of(path, i)))}
    for name in ("Name", "Description", "FullName"):
        made[name] = (Live(name, "json"), lambda i: orjson.dumps(name_of(path, i)))
    return {name: maker for name, maker in made.items() if name in known}


def _times(series: Series) -> Makers:
    return {
        **{name: (Live(name, "date"), lambda i: created(series.modified(i), i)) for name in MADE},
        **{name: (Live(name, "date"), series.modified) for name in CHANGED},
        "Timestamp": (Live("Timestamp", "int64"), series.timestamp),
    }


def plain_table(
    book: Book, endpoint: edm.Endpoint, rows: Sequence[Mapping[str, Value]] | None = None
) -> Table:
    """Make the table of an endpoint that has no rules of its own.

    Args:
        book: All tables of the division.
        endpoint: The endpoint.
        rows: What its rows say, one after the other, if all are written out; what they leave out is made up.
    """
    path, known = endpoint.path, endpoint.properties
    series, ids = book.series(path), book.ids(path)
    rows = LISTS.get(path) if rows is None else rows
    variants = (
        Variants(book.variety(path, _VARIANTS), lambda number: book.variant(endpoint, number))
        if rows is None
        else _listed(book, endpoint, rows)
    )
    makers = _figures(endpoint) | _labels(endpoint) | _times(series) | _identities(endpoint, ids)
    used = [maker for name, maker in makers.items() if name in known]
    functions = tuple(make for _, make in used)
    return Table(
        endpoint=endpoint,
        ids=ids,
        series=series,
        variants=variants,
        live=tuple(live for live, _ in used),
        compute=lambda i: tuple(make(i) for make in functions),
        regular=series.rows,
        # a row added to a short list needs a code of its own
        odd=(lambda i: {"Code": f"{i + 1:03d}"}) if rows and "Code" in known else nothing_odd,
    )


def condition(index: int) -> Mapping[str, Value]:
    """Return a payment condition by number."""
    code, description, days = CONDITIONS[index % len(CONDITIONS)]
    return {"PaymentCondition": code, "PaymentConditionDescription": description, "PaymentDays": days}

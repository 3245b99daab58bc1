"""Documents, their attachments and the pictures of items: the rows that name files, and the files themselves.

A file is a pure function of the row's ID. An attachment belongs to a document, and some documents to a sales invoice or its
entry, so that the PDFs of invoices can be found.
"""

from __future__ import annotations

import dataclasses
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tap_exact_online import edm
from tap_exact_online.sandbox import values
from tap_exact_online.sandbox.books import Book, plain_table
from tap_exact_online.sandbox.entries import SALE
from tap_exact_online.sandbox.postings import FIRST_INVOICE
from tap_exact_online.sandbox.tables import Live, Table

ATTACHMENTS = "sync/Documents/DocumentAttachments"
DOCUMENTS = "sync/Documents/Documents"
ITEMS = "sync/Logistics/Items"
ATTACHMENT_URL = "docs/SysAttachment.aspx"
IMAGE_URL = "docs/SysImage.aspx"
BASE = "{base}"
"""Stands in a row for the server's address, which is whatever the client calls it by."""

_TYPES = (10, 20, 55, 183)
_SAME = 10  # one attachment in so many is the general terms, always the same
_PICTURES = 7  # one in so many is a photo
_WITH_PICTURE = 4  # one item in so many has a picture
_NULL = b"null"
_PER_KILOBYTE = 1024

Makers = Mapping[str, tuple[Live, Callable[[int], Any]]]


@dataclass(frozen=True, slots=True)
class File:
    """A file.

    Attributes:
        name: Its name.
        kind: Its content type.
        content: All of it.
    """

    name: str
    kind: str
    content: bytes


def pdf(text: str, lines: int) -> bytes:
    """Return a PDF of one page: the text, and so many lines below it."""
    shown = "".join(f"BT /F1 10 Tf 72 {740 - 11 * line} Td ({text} {line}) Tj ET\n" for line in range(lines))
    page = f"BT /F1 18 Tf 72 780 Td ({text}) Tj ET\n{shown}".encode("latin-1", "replace")
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>\nstream\n%bendstream" % (len(page), page),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    body, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        b"%bxref\n0 %d\n0000000000 65535 f \n%btrailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (body, len(objects) + 1, table, len(objects) + 1, len(body))
    )


def png(colour: int, side: int) -> bytes:
    """Return a PNG picture: a square of one colour."""
    row = b"\0" + struct.pack(">I", colour)[1:] * side
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(row * side, 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def attachment(key: str, index: int) -> File:
    """Return the file of an attachment."""
    if index % _SAME == _SAME - 1:
        return File("Algemene voorwaarden.pdf", "application/pdf", pdf("Algemene voorwaarden", 40))
    h = values.number("file", key)
    if index % _PICTURES == _PICTURES - 1:
        return File(f"Foto {index + 1}.png", "image/png", png(h % (1 << 24), 8 + h % 56))
    return File(f"Factuur {index + 1}.pdf", "application/pdf", pdf(f"Factuur {key}", 1 + h % 60))


def picture(key: str, index: int) -> File | None:
    """Return the picture of an item, or None where it has none."""
    if index % _WITH_PICTURE:
        return None
    h = values.number("picture", key)
    return File(f"artikel-{index + 1}.png", "image/png", png(h % (1 << 24), 8 + h % 56))


def _with(table: Table, makers: Makers) -> Table:
    """Return a table with more properties that are computed for each row."""
    functions = tuple(make for _, make in makers.values())
    before = tuple(place for place, live in enumerate(table.live) if live.name not in makers)

    def compute(index: int) -> tuple[Any, ...]:
        known = table.compute(index)
        return (*(known[place] for place in before), *(make(index) for make in functions))

    live = (*(table.live[place] for place in before), *(each for each, _ in makers.values()))
    return dataclasses.replace(table, live=live, compute=compute)


def _text(name: str, make: Callable[[int], str | None]) -> tuple[Live, Callable[[int], Any]]:
    return Live(name, "json"), lambda index: orjson.dumps(make(index))


def attachments(book: Book, endpoint: edm.Endpoint) -> Table:
    """Make the attachments: each has a document, and the size of its file."""
    table = plain_table(book, endpoint)
    documents, count = book.ids(DOCUMENTS), book.counts[DOCUMENTS]

    def file(index: int) -> File:
        return attachment(table.ids.of(index), index)

    def size(index: int) -> bytes:
        length = len(file(index).content)
        rounded = -(-length // _PER_KILOBYTE)
        return {"bytes": b"%d.0" % length, "kilobytes": b"%d.0" % rounded, "none": _NULL}[book.file_sizes]

    makers = {
        "FileName": _text("FileName", lambda i: file(i).name),
        "FileSize": (Live("FileSize", "json"), size),
        "Url": _text(
            "Url", lambda i: f"{BASE}/{ATTACHMENT_URL}?ID={table.ids.of(i)}&_Division_={book.division}"
        ),
    }
    if count:
        makers["Document"] = Live("Document", "guid", documents.prefix), lambda i: documents.digits(i % count)
    return _with(table, makers)


def items(book: Book, endpoint: edm.Endpoint) -> Table:
    """Make the items: some have a picture."""
    table = plain_table(book, endpoint)

    def named(index: int) -> str | None:
        found = picture(table.ids.of(index), index)
        return found.name if found else None

    def url(index: int) -> str | None:
        return f"{BASE}/{IMAGE_URL}?Table=Items&ID={table.ids.of(index)}" if named(index) else None

    return _with(table, {"PictureName": _text("PictureName", named), "PictureUrl": _text("PictureUrl", url)})


def documents(book: Book, endpoint: edm.Endpoint) -> Table:
    """Make the documents: of three, one is a printed sales invoice, one belongs to a sales entry, one to neither."""
    table = plain_table(book, endpoint)
    sales = book.ledger.repeated(SALE)
    entries = book.entry_ids()

    def invoice(index: int) -> bytes:
        nth, which = divmod(index, 3)
        return _NULL if which or nth >= sales else b"%d" % (FIRST_INVOICE + book.ledger.sale(nth))

    def entry(index: int) -> str | None:
        nth, which = divmod(index, 3)
        return entries.of(book.ledger.sale(nth)) if which == 1 and nth < sales else None

    makers = {
        "Type": (Live("Type", "int"), lambda i: _TYPES[i % len(_TYPES)]),
        "SalesInvoiceNumber": (Live("SalesInvoiceNumber", "json"), invoice),
        "FinancialTransactionEntryID": _text("FinancialTransactionEntryID", entry),
    }
    return _with(table, makers)


MAKERS: Mapping[str, Callable[[Book, edm.Endpoint], Table]] = {
    ATTACHMENTS: attachments,
    DOCUMENTS: documents,
    ITEMS: items,
}

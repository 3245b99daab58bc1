"""What came for a file: whether it is the file that was asked for, and what it is kept as. Pure.

Without the right Exact answers 200 with a web page that says so, an answer can end early without a trace, and whether `FileSize`
counts bytes is not certain. So nothing is kept but what shows by itself that it is the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tap_exact_online.spoken import spoken

HEAD = 1024
"""So many bytes from the beginning of a file are looked at."""

_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tif"),
    (b"MM\x00*", "tif"),
    (b"PK\x03\x04", "zip"),
    (b"<?xml", "xml"),
)
_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_PAGES = (".html", ".htm", ".xhtml")
# A file of such a name is never a web page, whatever its length; that of another may be: what is called .xls, .doc or .eml.
_NO_PAGES = (
    *(".pdf", ".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".bmp"),
    *(".zip", ".docx", ".xlsx", ".pptx"),
)
_ERROR = re.compile(rb'\s*\{\s*"(?:error|fault)"\s*:')
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_UNITS = (1000, 1024)


@dataclass(frozen=True, slots=True)
class Asked:
    """A file that is asked for.

    Attributes:
        id: The key of the row that names it.
        url: Where it can be had, as the row says.
        version: What tells that it is still the same file.
        name: Its name, or None.
        size: Its size as the row says, or None.
        document: The document that it belongs to, or None.
    """

    id: str
    url: str | None
    version: str
    name: str | None = None
    size: float | None = None
    document: str | None = None


def fits(length: int, told: float | None) -> bool:
    """Tell whether a number of bytes goes with a `FileSize`: it counts bytes, or else kilobytes or megabytes, rounded.

    Args:
        length: The bytes that came.
        told: The size as Exact says it; nothing or less says nothing.
    """
    if told is None or told <= 0 or length == told:
        return True
    near = 1 if told == int(told) else 0.01
    units = [unit**power for unit in _UNITS for power in (1, 2)]
    # What was cut off is never larger than the number that counts its bytes.
    return length > told and any(abs(length / unit - told) < near for unit in units)


def is_page(head: bytes, headers: Mapping[str, str]) -> bool:
    """Tell whether what begins so is a web page."""
    if _PAGE.match(head):
        return True
    return content_type(headers) == "text/html" and not extension(head)


def content_type(headers: Mapping[str, str]) -> str | None:
    """Return the type of an answer's content without what is behind it, None where it names none."""
    found = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return found if re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,60}", found) else None


def unfit(asked: Asked, head: bytes, length: int, headers: Mapping[str, str]) -> str:
    """Say why what came is not the file that was asked for; nothing where it is.

    Args:
        asked: The file.
        head: How it begins.
        length: Its bytes.
        headers: The headers of the answer.
    """
    if is_page(head, headers) and not _may_be_page(asked, length):
        title = _TITLE.search(head)
        said = f" ('{spoken(title[1].decode('utf-8', 'replace'), 80)}')" if title else ""
        return f"{_PAGE_CAME}{said}"
    if _ERROR.match(head) and length != asked.size:
        return "an error came in its place"
    if not length and asked.size != 0:
        return "the answer is empty"
    if not fits(length, asked.size):
        return f"the answer has {length:,} bytes, and FileSize says {asked.size:,.15g}"
    return ""


_PAGE_CAME = "a web page came in its place"


def _may_be_page(asked: Asked, length: int) -> bool:
    """Tell whether a file may be a web page: its name says so, or it has exactly the bytes that Exact says."""
    name = (asked.name or "").strip().lower()
    return name.endswith(_PAGES) or (length == asked.size and not name.endswith(_NO_PAGES))


def extension(head: bytes) -> str:
    """Return the extension of a file that begins so, nothing where it is of no kind that is known.

    It depends on the content alone, and not on a name that somebody gave it: the same content has one name.
    """
    return next((kind for begin, kind in _KINDS if head.startswith(begin)), "")


def key_of(sha256: str, head: bytes) -> str:
    """Return what content is kept as: `ab/abcd….pdf`."""
    kind = extension(head)
    return f"{sha256[:2]}/{sha256}{f'.{kind}' if kind else ''}"

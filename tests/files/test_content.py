"""What came for a file: is it the file, and what is it kept as."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_exact_online.files.content import HEAD, Asked, content_type, extension, fits, is_page, key_of, unfit

PDF = b"%PDF-1.4\n"
PAGE = b"<!DOCTYPE html><html><head><title>No rights</title></head></html>"
HTML = {"Content-Type": "text/html; charset=utf-8"}
AS_PDF = {"Content-Type": "application/pdf"}


@pytest.mark.parametrize(
    ("length", "told", "right"),
    [
        pytest.param(100, 100.0, True, id="bytes"),
        pytest.param(99, 100.0, False, id="a-byte-less"),
        pytest.param(101, 100.0, False, id="a-byte-more"),
        pytest.param(50_000, 100_000.0, False, id="half-of-it"),
        pytest.param(0, 100.0, False, id="nothing-came"),
        pytest.param(100, None, True, id="nothing-is-told"),
        pytest.param(100, 0.0, True, id="nought-tells-nothing"),
        pytest.param(100, -1.0, True, id="less-than-nothing-tells-nothing"),
        pytest.param(2_345_678, 2291.0, True, id="kilobytes-of-1024-rounded-up"),
        pytest.param(2_345_678, 2290.0, True, id="kilobytes-of-1024-rounded-down"),
        pytest.param(2_345_678, 2346.0, True, id="kilobytes-of-1000"),
        pytest.param(2_345_678, 2290.7, True, id="kilobytes-with-a-fraction"),
        pytest.param(2_345_678, 2.24, True, id="megabytes"),
        pytest.param(1_172_839, 2291.0, False, id="half-of-so-many-kilobytes"),
        pytest.param(2_345_678, 3000.0, False, id="another-number-of-kilobytes"),
        pytest.param(500, 1.0, True, id="less-than-a-kilobyte"),
    ],
)
def test_a_length_goes_with_the_size_that_is_told(length: int, told: float | None, right: bool) -> None:  # noqa: FBT001  a column of the table
    assert fits(length, told) is right


@given(st.integers(2, 10**9), st.data())
def test_what_is_cut_off_never_goes_with_its_number_of_bytes(length: int, data: st.DataObject) -> None:
    came = data.draw(st.integers(0, length - 1))
    assert fits(length, float(length))
    assert not fits(came, float(length))


@pytest.mark.parametrize(
    ("head", "headers", "page"),
    [
        pytest.param(PAGE, HTML, True, id="a-page"),
        pytest.param(PAGE, {}, True, id="a-page-without-a-type"),
        pytest.param(PAGE, AS_PDF, True, id="a-page-that-is-called-something-else"),
        pytest.param(b"\xef\xbb\xbf \r\n<HTML lang=nl>", {}, True, id="a-mark-and-blanks-in-front"),
        pytest.param(b"<!-- a --><!-- b -->\n<html>", {}, True, id="remarks-in-front"),
        pytest.param(b'<?xml version="1.0"?>\n<!DOCTYPE html SYSTEM "x"><html>', {}, True, id="xhtml"),
        pytest.param(b"<b>You have no rights</b>", HTML, True, id="a-piece-of-a-page"),
        pytest.param(PDF, HTML, False, id="a-pdf-that-is-called-a-page"),
        pytest.param(PDF, AS_PDF, False, id="a-pdf"),
        pytest.param(b'<?xml version="1.0"?><Invoice>', HTML, False, id="an-invoice-in-xml"),
        pytest.param(b"From: <html@example.com>", {"Content-Type": "message/rfc822"}, False, id="a-mail"),
        pytest.param(b"<htmlish>", {}, False, id="another-name"),
        pytest.param(b"", {}, False, id="nothing"),
    ],
)
def test_a_web_page_is_known_by_its_content(head: bytes, headers: dict[str, str], page: bool) -> None:  # noqa: FBT001  a column of the table
    assert is_page(head, headers) is page


def test_no_beginning_takes_long_to_look_at() -> None:
    began = time.monotonic()
    for piece in (b"<!---->", b"<!--", b"<?xml>", b"\xef\xbb\xbf", b" ", b"<title>"):
        is_page((piece * HEAD)[:HEAD], {})
        unfit(Asked("x", None, "", "a.pdf"), PAGE + (piece * HEAD)[: HEAD - len(PAGE)], 10, {})
    assert time.monotonic() - began < 1


def asked(name: str | None = "a.pdf", size: float | None = None) -> Asked:
    return Asked("x", None, "", name, size)


@pytest.mark.parametrize(
    ("file", "head", "length", "headers", "why"),
    [
        pytest.param(asked(size=10.0), PDF, 10, AS_PDF, "", id="the-file"),
        pytest.param(asked(), PDF, 10, AS_PDF, "", id="a-file-of-which-no-size-is-told"),
        pytest.param(asked(size=10.0), PDF, 9, AS_PDF, "has 9 bytes, and FileSize says 10", id="too-short"),
        pytest.param(asked(size=10.0), b"", 0, AS_PDF, "empty", id="empty"),
        pytest.param(asked(), b"", 0, AS_PDF, "empty", id="empty-and-no-size-is-told"),
        pytest.param(asked("a.txt", 0.0), b"", 0, {}, "", id="a-file-of-no-bytes"),
        pytest.param(asked(), PAGE, 70, HTML, "a web page came in its place ('No rights')", id="a-page"),
        pytest.param(asked(None), PAGE, 70, HTML, "a web page", id="a-page-for-a-file-without-a-name"),
        pytest.param(asked(size=70.0), PAGE, 70, HTML, "a web page", id="a-page-as-long-as-the-pdf"),
        pytest.param(asked("A.HTML ", 70.0), PAGE, 70, HTML, "", id="a-page-by-its-name"),
        pytest.param(asked("a.htm"), PAGE, 70, HTML, "", id="a-page-by-its-name-and-no-size-is-told"),
        pytest.param(asked("a.html", 71.0), PAGE, 70, HTML, "FileSize says 71", id="another-page"),
        pytest.param(asked("a.xls", 70.0), PAGE, 70, HTML, "", id="a-page-that-is-called-a-sheet"),
        pytest.param(asked("a.xls", 71.0), PAGE, 70, HTML, "a web page", id="a-page-instead-of-a-sheet"),
        pytest.param(asked(), b'{ "error": {"code": ""}}', 24, {}, "an error came", id="an-error"),
        pytest.param(asked("a.json", 24.0), b'{"fault": 1}', 24, {}, "", id="a-file-that-looks-like-one"),
        pytest.param(asked("a.xls"), PAGE, 70, HTML, "a web page", id="a-sheet-of-which-no-size-is-told"),
    ],
)
def test_only_what_shows_that_it_is_the_file_is_one(
    file: Asked, head: bytes, length: int, headers: dict[str, str], why: str
) -> None:
    said = unfit(file, head, length, headers)
    assert (why in said) if why else not said


def test_the_title_of_a_page_is_shown_without_what_moves_a_cursor() -> None:
    page = b"<html><title>\x1b[2J No\n rights \xff</title>"
    assert unfit(asked(), page, 70, {}) == "a web page came in its place ('[2J No rights \ufffd')"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (PDF, "pdf"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpg"),
        (b"GIF89a", "gif"),
        (b"PK\x03\x04", "zip"),
        (b"<?xml version", "xml"),
        (b"MZ", ""),
        (b"", ""),
    ],
)
def test_content_is_kept_by_its_hash_and_the_kind_that_it_shows(head: bytes, kind: str) -> None:
    assert extension(head) == kind
    assert key_of("abcd", head) == f"ab/abcd{'.' if kind else ''}{kind}"


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("application/pdf", "application/pdf"),
        (" Application/PDF ; charset=x", "application/pdf"),
        ("image/svg+xml", "image/svg+xml"),
        ("", None),
        ("pdf", None),
        ("a/b\x1b[2J", None),
        ("a/" + "b" * 100, None),
    ],
)
def test_a_type_is_one_or_nothing(header: str, kind: str | None) -> None:
    assert content_type({"Content-Type": header}) == kind

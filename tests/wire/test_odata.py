"""Envelopes and values: from the bytes of an answer to rows in their final form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_exact_online.edm import Property
from tap_exact_online.wire.odata import Decoder, MalformedBody, Page
from tap_exact_online.wire.values import is_instant, is_padded

FACTS = (
    Property("ID", "Guid"),
    Property("Timestamp", "Int64"),
    Property("Code", "String"),
    Property("Country", "String"),
    Property("Name", "String"),
    Property("Amount", "Double"),
    Property("Lines", "Int32"),
    Property("Main", "Boolean"),
    Property("Picture", "Binary"),
    Property("Modified", "DateTime"),
    Property("DueDate", "DateTime"),
    Property("Notes", "Collection(Notes)"),
)
DECODER = Decoder(FACTS, "ID")


def page_of(document: Any) -> Page:
    return DECODER.decode(json.dumps(document).encode())


def value_of(name: str, value: Any) -> Any:
    """Send one value through, in an answer of one row."""
    page = page_of({"d": [{"ID": "k", name: value}]})
    assert page.rejected == []
    return page.rows[0][name]


# --- Envelopes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "rows", "link"),
    [
        pytest.param({"d": {"results": [{"ID": "a"}]}}, ["a"], None, id="results"),
        pytest.param(
            {"d": {"results": [{"ID": "a"}, {"ID": "b"}], "__next": "https://x/y"}},
            ["a", "b"],
            "https://x/y",
            id="results-and-next",
        ),
        pytest.param({"d": {"__next": "https://x/y", "results": []}}, [], "https://x/y", id="empty-and-next"),
        pytest.param({"d": {"results": [{"ID": "a"}], "__next": None}}, ["a"], None, id="next-is-null"),
        pytest.param({"d": {"__count": "1", "results": [{"ID": "a"}]}}, ["a"], None, id="a-count-beside-it"),
        pytest.param({"d": [{"ID": "a"}]}, ["a"], None, id="list"),
        pytest.param({"d": {"ID": "a"}}, ["a"], None, id="single-record"),
        pytest.param({"d": []}, [], None, id="empty-list"),
        pytest.param({"d": {"results": []}}, [], None, id="empty-results"),
        pytest.param({"d": {}}, [], None, id="empty-object"),
        pytest.param({"d": [{"ID": "a"}], "more": {"b": [1]}}, ["a"], None, id="members-beside-d"),
    ],
)
def test_every_envelope_gives_its_rows(document: Any, rows: list[str], link: str | None) -> None:
    page = page_of(document)
    assert [row["ID"] for row in page.rows] == rows
    assert page.next_link == link
    assert page.rejected == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"   ", id="spaces"),
        pytest.param(b'{"d":{"results":[{"ID":"a"},{"ID"', id="cut-short"),
        pytest.param(b'{"d":[{"ID":"a"}]}{"d":[]}', id="something-behind-it"),
        pytest.param(b"<feed xmlns='http://www.w3.org/2005/Atom'/>", id="atom"),
        pytest.param(b"<!DOCTYPE html><html>Maintenance</html>", id="html"),
        pytest.param(b"The service is unavailable.", id="text"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="a-list-without-envelope"),
        pytest.param(b"{}", id="no-d"),
        pytest.param(b'{"d":null}', id="d-is-null"),
        pytest.param(b'{"d":"text"}', id="d-is-text"),
        pytest.param(b'{"d":[1,2]}', id="records-are-numbers"),
        pytest.param(b'{"d":[null]}', id="a-record-is-null"),
        pytest.param(b'{"d":{"results":null}}', id="results-are-null"),
        pytest.param(b'{"d":{"results":{"ID":"a"}}}', id="results-are-an-object"),
        pytest.param(b'{"d":{"results":[],"__next":5}}', id="next-is-a-number"),
        pytest.param(b'{"d":{"results":[],"__next":["https://x"]}}', id="next-is-a-list"),
        pytest.param(b'{"error":{"message":{"value":"no"}}}', id="an-error-with-200"),
        pytest.param(b'{"d":[{"ID":"a"},{"ID"]}', id="a-record-that-is-not-closed"),
        pytest.param(b'{"d":[{"ID":"a"} {"ID":"b"}]}', id="records-without-a-comma"),
        pytest.param(b'{"d":[{"ID":"a"},,{"ID":"b"}]}', id="two-commas"),
        pytest.param(b'{"d":[{"ID":"a"},]}', id="a-comma-too-many"),
        pytest.param(b'{"d":[{"ID":"a"}],"error":{"message":{"value":"no"}}}', id="an-error-beside-d"),
        pytest.param(b'{"d":{"results":[{"ID":"a"}],"error":{"code":""}}}', id="an-error-beside-results"),
        pytest.param(b'{"d":[{"ID":"a"}],"odata.error":{"code":""}}', id="an-error-with-a-prefix"),
        pytest.param(b'{"d":[{"ID":"a"}],"fault":{"faultstring":"x"}}', id="a-fault-beside-d"),
        pytest.param(b'{"d":{"UserHasRights":true}}', id="an-object-that-is-no-row"),
        pytest.param(b'{"d":[{"ID":"a"},{"error":{"code":""}}]}', id="an-error-among-the-rows"),
        pytest.param(b'{"d":[{"ID":"a"}]} Internal Server Error', id="an-error-behind-it"),
    ],
)
def test_what_is_no_answer_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        DECODER.decode(body)


def test_metadata_links_and_what_was_not_asked_for_are_dropped() -> None:
    record = {
        "__metadata": {"uri": "https://x/y", "type": "Exact.Web.Api.Models.Account"},
        "ID": "a",
        "Contacts": {"__deferred": {"uri": "https://x/y"}},
        "NotAskedFor": 1,
    }
    for document in ({"d": [record]}, {"d": {"results": [record]}}, {"d": record}):
        assert page_of(document).rows == [{"ID": "a"}]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param({"__deferred": {"uri": "https://x"}}, None, id="deferred"),
        pytest.param(
            {"results": [{"__metadata": {"uri": "u"}, "Note": "a"}]}, [{"Note": "a"}], id="expanded"
        ),
        pytest.param(
            [{"Note": "a\0b", "At": "/Date(0)/"}], [{"Note": "ab", "At": "1970-01-01T00:00:00"}], id="values"
        ),
        pytest.param({"More": {"__deferred": {}}, "N": 1.5}, {"More": None, "N": 1.5}, id="deferred-inside"),
        pytest.param([], [], id="empty"),
        pytest.param(None, None, id="null"),
    ],
)
def test_nested_data_is_stripped_of_what_is_not_data(value: Any, kept: Any) -> None:
    assert value_of("Notes", value) == kept


def test_a_property_that_is_missing_stays_missing_and_null_stays_null() -> None:
    assert page_of({"d": [{"ID": "a", "Name": None, "Modified": None, "Code": None}]}).rows == [
        {"ID": "a", "Name": None, "Modified": None, "Code": None}
    ]


# --- Values --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        pytest.param("Timestamp", "13419952052", 13_419_952_052, id="int64-string"),
        pytest.param("Timestamp", 13_419_952_052, 13_419_952_052, id="int64-number"),
        pytest.param("Timestamp", "9223372036854775807", 2**63 - 1, id="int64-max"),
        pytest.param("Timestamp", "-1", -1, id="int64-negative"),
        pytest.param("Lines", "7", 7, id="int32-string"),
        pytest.param("Lines", 7.0, 7, id="int32-written-as-a-double"),
        pytest.param("Amount", 12, 12.0, id="double-whole"),
        pytest.param("Amount", "12.5", 12.5, id="double-string"),
        pytest.param("Amount", -0.01, -0.01, id="double-negative"),
        pytest.param("Main", True, True, id="boolean"),
        pytest.param("Main", 0, False, id="boolean-number"),
        pytest.param("Picture", "aGk=", "aGk=", id="binary"),
        pytest.param(
            "ID", "00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000", id="zeros"
        ),
    ],
)
def test_a_value_comes_out_in_its_own_type(name: str, value: Any, kept: Any) -> None:
    got = value_of(name, value)
    assert (got, type(got)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        pytest.param("Code", "              1001", "1001", id="code-padded-left"),
        pytest.param("Code", "A 1  ", "A 1", id="code-padded-right"),
        pytest.param("Code", "                  ", "", id="code-all-padding"),
        pytest.param("Code", "null", "null", id="a-code-called-null"),
        pytest.param("Country", "NL ", "NL", id="country"),
        pytest.param("Name", "  padded  ", "  padded  ", id="name-left-alone"),
        pytest.param("Name", "null", "null", id="a-name-called-null"),
        pytest.param("Name", "/Date(0)/", "/Date(0)/", id="a-name-like-a-date"),
        pytest.param("Name", "nul\0teken\0", "nulteken", id="nul"),
        pytest.param("Code", "\0 12\0", "12", id="nul-in-a-code"),
        pytest.param(
            "Name", "\U0001f6b2 caf\u00e9 cafe\u0301", "\U0001f6b2 caf\u00e9 cafe\u0301", id="emoji"
        ),
        pytest.param("Name", "a\u2028b\r\n\t\x1f", "a\u2028b\r\n\t\x1f", id="line-ends-and-controls"),
        pytest.param("Name", "", "", id="empty"),
    ],
)
def test_strings_are_stripped_only_of_what_exact_adds(name: str, value: str, kept: str) -> None:
    assert value_of(name, value) == kept


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        pytest.param(r"u0000", "u0000", id="no-backslash"),
        pytest.param(r"\u0000", "", id="one-is-the-escape"),
        pytest.param(r"\\u0000", "\\u0000", id="two-are-text"),
        pytest.param(r"\\\u0000", "\\", id="three-are-text-and-the-escape"),
        pytest.param(r"\\\\u0000", "\\\\u0000", id="four-are-text"),
        pytest.param(r"\u0000\u0000\\u0000\u0000", "\\u0000", id="one-after-the-other"),
        pytest.param(r"\u0000u0000", "u0000", id="text-behind-it"),
        pytest.param(r"\\\u0000\\u0000", "\\\\u0000", id="escape-between-text"),
    ],
)
@pytest.mark.parametrize("half", ["", r"\ud83d"])
def test_nul_is_taken_out_and_what_only_looks_like_it_is_kept(raw: str, kept: str, half: str) -> None:
    body = f'{{"d":[{{"ID":"a","Name":"x{raw}y{half}"}},{{"ID":"b","Name":"{raw}"}}]}}'
    rows = DECODER.decode(body.encode()).rows
    assert rows == [{"ID": "a", "Name": f"x{kept}y{chr(0xFFFD) if half else ''}"}, {"ID": "b", "Name": kept}]


@given(st.text(st.sampled_from('\0\\u0/"a\n\u2028'), max_size=30))
def test_any_text_loses_its_nul_and_nothing_else(text: str) -> None:
    for ascii_only in (True, False):
        body = json.dumps({"d": [{"ID": "a", "Name": text}]}, ensure_ascii=ascii_only)
        assert DECODER.decode(body.encode()).rows == [{"ID": "a", "Name": text.replace("\0", "")}]


@pytest.mark.parametrize(
    ("name", "padded"),
    [
        ("Code", True),
        ("AccountCode", True),
        ("VATCode", True),
        ("Country", True),
        ("AccountCountry", True),
        ("CountryOfOrigin", True),
        ("CountryName", False),
        ("Barcode", False),
        ("CodeAtSupplier", False),
        ("VATCodeDescription", False),
        ("Description", False),
    ],
)
def test_codes_and_countries_are_padded(name: str, padded: bool) -> None:  # noqa: FBT001  a column of the table
    assert is_padded(name) is padded


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        pytest.param(rb'"a\ud83d"', "a\ufffd", id="first-half"),
        pytest.param(rb'"\ude00b"', "\ufffdb", id="second-half"),
        pytest.param(rb'"\ude00\ud83d"', "\ufffd\ufffd", id="halves-in-the-wrong-order"),
        pytest.param(rb'"\ud83d\ude00"', "\U0001f600", id="whole-pair"),
        pytest.param(rb'"\ud83d \ude00"', "\ufffd \ufffd", id="split-pair"),
        pytest.param(b'"a\xffb"', "a\ufffdb", id="not-utf-8"),
        pytest.param(b'"caf\xe9"', "caf\ufffd", id="latin-1"),
        pytest.param(rb'"a\ud83d\u0000"', "a\ufffd", id="half-and-nul"),
    ],
)
def test_text_that_is_not_quite_unicode_is_mended_and_the_rest_of_the_page_is_kept(
    raw: bytes, kept: str
) -> None:
    body = (
        b'{"d":{"results":[{"ID":"a","Timestamp":"5","Name":%s},{"ID":"b","Code":" 1"}],"__next":"n"}}' % raw
    )
    page = DECODER.decode(body)
    assert page.rows == [{"ID": "a", "Timestamp": 5, "Name": kept}, {"ID": "b", "Code": "1"}]
    assert (page.next_link, page.rejected) == ("n", [])
    json.dumps(page.rows, ensure_ascii=False).encode()  # what the loader has to be able to do


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("Lines", "hunter2", id="text-for-a-number"),
        pytest.param("Lines", 1.5, id="a-fraction-for-an-integer"),
        pytest.param("Amount", {"hunter2": 1}, id="an-object-for-a-number"),
        pytest.param("Name", ["hunter2"], id="a-list-for-text"),
        pytest.param("Name", 5, id="a-number-for-text"),
        pytest.param("Main", "hunter2", id="text-for-a-boolean"),
        pytest.param("Modified", "hunter2", id="text-for-a-date"),
        pytest.param("DueDate", "2024-01-31T00:00:00", id="iso-for-a-date"),
        pytest.param("DueDate", "", id="nothing-for-a-date"),
        pytest.param("DueDate", "/Date(99999999999999999)/", id="a-date-beyond-the-calendar"),
        pytest.param("DueDate", f"/Date({'9' * 5000})/", id="a-date-of-5000-digits"),
        pytest.param("DueDate", "/Date(0)/ /Date(0)/", id="two-dates"),
    ],
)
def test_a_row_that_does_not_fit_is_named_by_its_key_without_its_content(name: str, value: Any) -> None:
    page = page_of(
        {"d": {"results": [{"ID": "a"}, {"ID": "odd-one", name: value}, {"ID": "c"}], "__next": "n"}}
    )
    assert [row["ID"] for row in page.rows] == ["a", "c"]
    assert page.next_link == "n"
    [line] = page.rejected
    assert "odd-one" in line
    assert name in line
    assert "hunter2" not in line
    assert len(line) < 300


def test_a_key_that_is_no_key_is_not_shown() -> None:
    [line] = page_of({"d": [{"ID": {"a": "hunter2" * 50}}]}).rejected
    assert "hunter2" not in line


def test_only_what_exact_records_itself_is_an_instant() -> None:
    names = ["Created", "Modified", "CreatedDate", "DeletedDate", "syscreated", "sysmodified"]
    assert [
        name for name in [*names, "DueDate", "StartTime", "DivisionMoveDate"] if is_instant(name)
    ] == names


def test_instants_come_in_utc_and_other_dates_as_the_clock_they_show() -> None:
    # 2026-06-25 16:16:40.637 on the Dutch clock, two hours ahead of UTC
    assert value_of("Modified", "/Date(1782404200637)/") == "2026-06-25T14:16:40.637000+00:00"
    assert value_of("DueDate", "/Date(1782404200637)/") == "2026-06-25T16:16:40.637000"
    assert value_of("DueDate", "/Date(1782345600000)/") == "2026-06-25T00:00:00"

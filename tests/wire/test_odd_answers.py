"""Answers that are not quite what they should be: an odd record costs itself, one that proves nothing costs the answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_exact_online.wire.odata import Decoder, DoubtfulBody, MalformedBody
from tests.wire.test_odata import DECODER, FACTS

KEYED = Decoder(FACTS, "ID", identity=["ID", "Timestamp"])


@pytest.mark.parametrize(
    "record",
    [
        pytest.param({"Timestamp": "1", "Name": "x"}, id="no-key"),
        pytest.param({"ID": None, "Timestamp": "1", "Name": "x"}, id="the-key-is-null"),
        pytest.param({"ID": "b", "Name": "x"}, id="no-row-version"),
        pytest.param({"ID": "b", "Timestamp": None}, id="the-row-version-is-null"),
        pytest.param({}, id="nothing"),
        pytest.param({"Message": "An error has occurred."}, id="something-else"),
    ],
)
@pytest.mark.parametrize("envelope", ["list", "results", "alone"])
def test_an_answer_with_a_row_that_says_not_which_it_is_is_none(
    record: dict[str, Any], envelope: str
) -> None:
    rows = [record] if envelope == "alone" else [{"ID": "a", "Timestamp": "1"}, record]
    document = {"list": rows, "results": {"results": rows}, "alone": record}[envelope]
    if document == {}:
        assert KEYED.decode(b'{"d":{}}').records == []
        return
    with pytest.raises(MalformedBody):
        KEYED.decode(json.dumps({"d": document}).encode())


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(b'{"ID":"odd","Notes":' + b"[" * 50_000 + b"]" * 50_000 + b"}", id="deep"),
        pytest.param(b'{"ID":"odd","Skip":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001, id="deep-elsewhere"),
        pytest.param(b"null", id="null"),
        pytest.param(b"17", id="a-number"),
        pytest.param(b'{"ID":"odd","Lines":' + b"9" * 5_000 + b"}", id="an-integer-of-5000-digits"),
        pytest.param(b'{"ID":"odd","Timestamp":"' + b"9" * 5_000 + b'"}', id="a-text-of-5000-digits"),
        pytest.param(b'{"ID":"odd","Timestamp":' + str(10**30).encode() + b"}", id="beyond-64-bits"),
        pytest.param(b'{"ID":"odd","Amount":NaN}', id="not-a-number"),
        pytest.param(b'{"ID":"odd","Amount":"NaN"}', id="not-a-number-as-text"),
        pytest.param(b'{"ID":"odd","Amount":-Infinity}', id="infinity"),
        pytest.param(b'{"ID":"odd","Amount":"INF"}', id="infinity-as-text"),
        pytest.param(b'{"ID":"odd","Amount":1e400}', id="beyond-a-double"),
    ],
)
@pytest.mark.parametrize("envelope", [b'{"d":[%b]}', b'{"d":{"results":[%b],"__next":"n"}}'])
def test_one_odd_record_costs_itself_and_not_the_page(odd: bytes, envelope: bytes) -> None:
    page = DECODER.decode(envelope % b",".join([b'{"ID":"a"}', odd, b'{"ID":"c","Name":"}{],"}']))
    assert [row["ID"] for row in page.rows] == ["a", "c"]
    assert page.rows[1]["Name"] == "}{],"
    assert len(page.rejected) == 1
    assert (page.next_link == "n") == (b"__next" in envelope)


def test_a_number_that_was_not_asked_for_may_be_of_any_length() -> None:
    page = DECODER.decode(b'{"d":[{"ID":"a","Skip":' + b"9" * 5_000 + b',"Name":"\xff"}]}')
    assert page.rows == [{"ID": "a", "Name": "\ufffd"}]


def test_a_mark_of_the_byte_order_is_skipped() -> None:
    assert DECODER.decode(b'\xef\xbb\xbf{"d":[{"ID":"a"}]}').rows == [{"ID": "a"}]


def test_raw_control_characters_are_doubted_until_the_same_bytes_come_again() -> None:
    body = b'{"d":[{"ID":"a","Name":"x\x01y\x00\tz"},{"ID":"b"}]}'
    with pytest.raises(DoubtfulBody):
        DECODER.decode(body)
    page = DECODER.decode(body, trusted=True)
    assert page.rows == [{"ID": "a", "Name": "x\x01y\tz"}, {"ID": "b"}]
    assert page.doubtful
    assert not DECODER.decode(b'{"d":[{"ID":"a","Name":"\xff"}]}', trusted=True).rejected


def test_a_page_tells_that_properties_are_missing() -> None:
    every = dict.fromkeys([fact.name for fact in FACTS])
    whole = DECODER.decode(json.dumps({"d": [{**every, "ID": "a"}]}).encode())
    assert not whole.partial
    without = {name: value for name, value in every.items() if name != "Name"}
    part = DECODER.decode(json.dumps({"d": [{**every, "ID": "a"}, {**without, "ID": "b"}]}).encode())
    assert part.partial
    assert [sorted({*every} - {*row}) for row in part.rows] == [[], ["Name"]]

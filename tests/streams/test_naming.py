"""Structs that are encoded with other names: what is taken for granted about Python and msgspec.

A failure here means that one of them changed: read `tap_exact_online/streams/sdk/naming.py` again before anything else.
"""

from __future__ import annotations

import gc
import sys
from typing import Any

import msgspec
import pytest

from tap_exact_online.edm import Property
from tap_exact_online.streams.sdk.naming import with_names
from tap_exact_online.wire import Decoder

NAMES = {
    "ID": "id",
    "AmountDC": "amount_dc",
    "VATCode": "vat_code",
    "Timestamp": "timestamp",
    "Division": "division",
}
FACTS = [
    Property("Timestamp", "Int64"),
    Property("ID", "Guid"),
    Property("AmountDC", "Double"),
    Property("VATCode", "String"),
]
ROW = b'{"Timestamp":"9","ID":"a","AmountDC":1.5,"VATCode":"21 "}'
LESS = b'{"Timestamp":"8","ID":"b","AmountDC":null}'


def records() -> list[Any]:
    """Return a record of each of the two types that an answer is decoded to."""
    page = Decoder(FACTS, "ID", ["Division"]).decode(b'{"d":[' + ROW + b"," + LESS + b"]}")
    for record in page.records:
        record.Division = 1
    assert len({type(record) for record in page.records}) == 2
    return page.records


def test_an_exchanged_class_changes_the_names_and_nothing_else() -> None:
    plain, found = records(), records()
    before = msgspec.json.decode(msgspec.json.encode(plain))
    names = {name: NAMES[name] for name in type(found[0]).__struct_fields__}
    for record in found:
        record.__class__ = with_names(type(found[0]), names)
    assert msgspec.json.decode(msgspec.json.encode(found)) == [
        {NAMES[name]: value for name, value in row.items()} for row in before
    ]
    assert [*msgspec.json.decode(msgspec.json.encode(found[0]))] == [NAMES[name] for name in before[0]]
    assert msgspec.to_builtins(found) == [{NAMES[n]: v for n, v in row.items()} for row in before]
    assert [record.AmountDC for record in found] == [1.5, None]
    assert found[1].VATCode is msgspec.UNSET


def test_records_with_an_exchanged_class_are_given_back() -> None:
    """Neither they nor what they hold stays in memory, and no type is given back too early."""
    text = "a text that nothing else has" * 2
    kind: Any = msgspec.defstruct("row", [("Name", Any), ("Code", Any)], gc=False)
    other = with_names(kind, {"Name": "name", "Code": "code"})
    gc.collect()
    before = sys.getrefcount(text), sys.getrefcount(kind), sys.getrefcount(other)
    for _ in range(1000):
        record = kind(text, 1)
        record.__class__ = other
        msgspec.json.encode(record)
        del record
    gc.collect()
    assert (sys.getrefcount(text), sys.getrefcount(kind), sys.getrefcount(other)) == before


def test_python_refuses_a_class_that_is_laid_out_otherwise() -> None:
    kind: Any = msgspec.defstruct("row", [("Name", Any), ("Code", Any)], gc=False)
    with pytest.raises(TypeError, match="layout"):
        kind("a", 1).__class__ = with_names(kind, {"Name": "name"})

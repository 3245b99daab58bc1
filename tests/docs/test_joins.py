"""The picture of how streams join."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from joins import default_streams, joins, picture, rows


def test_every_field_that_leads_to_a_stream_is_in_the_picture() -> None:
    known = joins(default_streams())
    root = ET.fromstring(picture(known))  # noqa: S314  our own
    texts = [str(each.text).removesuffix(" ↺") for each in root.iter("{http://www.w3.org/2000/svg}text")]
    drawn = [name for names in rows(known) for name in names]
    fields = [field for name in drawn for led in known[name].values() for field in led]
    assert {*drawn} <= {*texts}
    assert sorted(field for text in texts for field in text.split(", ")) == sorted([*drawn, *fields])
    assert {"transaction_lines", "gl_accounts", "accounts"} <= {*drawn}
    paths = [*root.iter("{http://www.w3.org/2000/svg}path")]
    lines = sum(1 for name in drawn for to in known[name] if to != name)
    assert len([path for path in paths if path.get("marker-end")]) == lines


@pytest.mark.parametrize(
    ("known", "drawn"),
    [
        ({"a": {"b": ["B"]}, "b": {}}, [["a"], ["b"]]),
        ({"a": {"c": ["C"]}, "b": {"c": ["C"]}, "c": {}}, [["a", "b"], ["c"]]),
        ({"a": {"b": ["B"]}, "b": {"c": ["C"]}, "c": {"a": ["A"]}}, [["a"], ["b"], ["c"]]),
        ({"a": {"a": ["Parent"]}, "b": {}}, []),
    ],
    ids=["one-line", "two-lines", "a-ring", "none-that-leads-to-another"],
)
def test_where_streams_stand(known: dict[str, dict[str, list[str]]], drawn: list[list[str]]) -> None:
    assert rows(known) == drawn


def test_streams_that_lead_nowhere_are_known_but_not_drawn() -> None:
    known = joins(["divisions", "accounts", "gl_accounts"])
    assert known["divisions"] == {}
    assert rows(known) == [["accounts"], ["gl_accounts"]]

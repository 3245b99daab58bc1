"""A hash in place of a value: of what text it is, and with what salt."""

from __future__ import annotations

import hmac
from typing import Any

import msgspec
import pytest

from tap_exact_online.streams.pseudonyms import Pseudonyms, text_of

SALT = "a salt of these tests"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Jansen", "Jansen"),
        (" Jansen", " Jansen"),
        ("", ""),
        (0, "0"),
        (12, "12"),
        (12.0, "12"),
        (-0.5, "-0.5"),
        (1e300, str(int(1e300))),
        (True, "true"),
        ("1970-01-01T00:00:00", "1970-01-01T00:00:00"),
        ([], ""),
        ({}, ""),
        ([{"B": 1, "A": None}], '[{"A":null,"B":1}]'),
    ],
)
def test_the_text_of_a_value(value: Any, text: str) -> None:
    assert text_of(value) == text
    wanted = hmac.digest(SALT.encode(), text.encode(), "sha256").hex() if text else ""
    assert Pseudonyms(SALT).of(value) == wanted


@pytest.mark.parametrize("text", ["é\n\U0001f6b2", "x" * 65, "x" * 100_000, "half of one: \ud83d"])
def test_texts_of_every_kind_and_length(text: str) -> None:
    wanted = hmac.digest(SALT.encode(), text.encode("utf-8", "surrogatepass"), "sha256").hex()
    assert [Pseudonyms(SALT).of(text) for _ in range(2)] == [wanted] * 2


def test_only_what_is_named_and_there_is_replaced() -> None:
    kind = msgspec.defstruct("row", [(name, Any, msgspec.UNSET) for name in ("ID", "Name", "Phone", "Notes")])
    rows = [kind("1", "Jansen", None, ""), kind("2", "Jansen", msgspec.UNSET, "a")]
    names = Pseudonyms(SALT)
    names.replace(rows, ["Name", "Phone", "Notes"])
    assert rows == [
        kind("1", names.of("Jansen"), None, ""),
        kind("2", names.of("Jansen"), msgspec.UNSET, names.of("a")),
    ]


def test_another_salt_is_another_hash_and_neither_is_shown() -> None:
    one, other = Pseudonyms(SALT), Pseudonyms("another salt of them")
    assert one.of("Jansen") != other.of("Jansen")
    assert one.mark != other.mark
    assert one.mark == Pseudonyms(SALT).mark
    assert len(one.mark) == 4
    assert SALT not in repr(vars(one))

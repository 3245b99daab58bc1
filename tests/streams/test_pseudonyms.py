"""A hash in place of a value: of what text it is, and with what salt."""

from __future__ import annotations

import hmac
from typing import Any

import msgspec
import pytest

from tap_exact_online.streams.pseudonyms import Pseudonyms

SALT = "a salt of these tests"


@pytest.mark.parametrize(
    "text",
    [
        "Jansen",
        " Jansen",
        "1970-01-01T00:00:00",
        "é\n\U0001f6b2",
        "x" * 65,
        "x" * 100_000,
        "half of one: \ud83d",
    ],
)
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

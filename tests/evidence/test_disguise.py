"""What stands for what: the form of a value stays, its content goes, and the same is always the same."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_exact_online.evidence.disguise import Disguise, whole

SECRET = b"a secret of some recording"
GUIDS = ("6cb1df13-4a5c-4a3b-a8b0-7b5a0e3c9b6e", "f3e2d1c0-4a5c-4a3b-a8b0-7b5a0e3c9b6e")
DAY = 86_400_000


@pytest.fixture
def disguise() -> Disguise:
    return Disguise(SECRET)


def test_divisions_are_counted_as_they_appear(disguise: Disguise) -> None:
    assert [disguise.division(code) for code in (1000001, 77, 1000001, 0, 3)] == [1, 2, 1, 0, 3]


def test_guids_stay_keys(disguise: Disguise) -> None:
    others = [disguise.guid(guid) for guid in GUIDS]
    assert len({*GUIDS, *others}) == 4
    assert others == [disguise.guid(guid) for guid in GUIDS]
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", other) for other in others)
    assert disguise.guid(GUIDS[0].upper()) == others[0].upper()
    zeros = "00000000-0000-0000-0000-000000000000"
    assert disguise.guid(zeros) == zeros
    assert Disguise(b"another").guid(GUIDS[0]) != others[0]


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("1234.56", "1111.11"),
        ("-1234.50", "-1111.11"),
        ("0", "0"),
        ("0.00", "0.00"),
        ("-0.05", "-0.11"),
        ("7", "1"),
        ("255", "111"),
        ("32767", "11111"),
        ("9223372036854775807", "1111111111111111111"),
        ("1.5e-7", "1.1e-7"),
    ],
)
def test_numbers_keep_their_digits_and_their_type(disguise: Disguise, text: str, other: str) -> None:
    assert disguise.number(text) == other


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("", ""),
        ("   ", "   "),
        ("Jan de Vries", "xxxxxxxxxxxx"),
        ("             10012", "             99999"),
        ("NL ", "xx "),
        ("NL91 ABNA 0417", "xx99xxxxxx9999"),
        ("a@b.nl", "xxxxxx"),
        ("Ünïcödé", "xxxxxxx"),
        ("two\nlines\0", "xxx\nxxxxx\0"),
        ("half \ud83d", "xxxxx\ud83d"),
    ],
)
def test_texts_keep_length_padding_and_what_is_hard_to_read(
    disguise: Disguise, text: str, other: str
) -> None:
    assert disguise.text(text) == other


@given(st.text())
def test_no_letter_and_no_digit_stays(text: str) -> None:
    other = Disguise(SECRET).text(text)
    assert len(other) == len(text)
    assert not [each for each in other if each.isalnum() and each not in "x9"]


def test_row_versions_keep_their_order_and_what_is_none(disguise: Disguise) -> None:
    versions = [0, 1, 2, 3, 13_419_952_052, 13_419_952_053]
    others = [disguise.version(value) for value in versions]
    assert others == sorted(set(others))
    assert others[:2] == [0, 1]
    assert not {*others[2:]} & {*versions}
    assert disguise.version(2**63 - 1) == 2**63 - 1


@pytest.mark.parametrize("moment", [1_782_404_200_637, 1_782_345_600_000, -86_400_000])
def test_dates_keep_the_time_of_day(disguise: Disguise, moment: int) -> None:
    other = disguise.milliseconds(moment)
    assert other != moment
    assert other % DAY == moment % DAY
    assert disguise.milliseconds(moment + 1) == other + 1


@pytest.mark.parametrize("never", [-62_135_596_800_000, 253_402_300_799_000, 10**18])
def test_dates_that_say_never_stay(disguise: Disguise, never: int) -> None:
    assert disguise.milliseconds(never) == never


@pytest.mark.parametrize("text", ["2022-01-01", "2022-01-01T10:20:30", "2022-01-01T10:20:30.125"])
def test_a_literal_is_moved_as_far_as_a_date_of_a_row(disguise: Disguise, text: str) -> None:
    other = disguise.moment(text)
    assert other[10:] == text[10:]
    moved = datetime.fromisoformat(text) - datetime.fromisoformat(other)
    assert moved.total_seconds() * 1000 == 1_782_404_200_637 - disguise.milliseconds(1_782_404_200_637)


@pytest.mark.parametrize("text", ["soon", "99999-01-01"])
def test_a_literal_that_is_no_date_is_a_text(disguise: Disguise, text: str) -> None:
    assert disguise.moment(text) == disguise.text(text)


@pytest.mark.parametrize(
    "keys", [["EUR", "USD", "GBP"], ["12", "13", "9999"], ["   A1 ", "   B1 ", "   C2 "]]
)
def test_keys_stay_keys(disguise: Disguise, keys: list[str]) -> None:
    others = [disguise.key("currencies", key) for key in keys]
    assert len({*others}) == len(keys)
    assert others == [disguise.key("currencies", key) for key in keys]
    assert [len(other) for other in others] == [len(key) for key in keys]
    assert [len(other.strip()) for other in others] == [len(key.strip()) for key in keys]
    assert [other.isdecimal() for other in others] == [key.isdecimal() for key in keys]


@pytest.mark.parametrize(
    ("text", "number"), [("12", 12), ("-3", -3), ("1.5", None), ("9" * 5000, None), ("", None)]
)
def test_whole_numbers(text: str, number: int | None) -> None:
    assert whole(text) == number

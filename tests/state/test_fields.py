"""What a state keeps of the fields that all rows of a division hold."""

from __future__ import annotations

import pytest

from tap_exact_online.state import fields

KEPT, ONE, OTHER, MIXED = "Name", fields.hashed("Name", "1a2b"), fields.hashed("Name", "3c4d"), "Name~"


@pytest.mark.parametrize(
    ("before", "asked", "after"),
    [
        pytest.param(["Code", KEPT], ["Code", KEPT], ["Code", KEPT], id="the-same"),
        pytest.param([KEPT], [KEPT, "Code"], [KEPT], id="more-is-not-in-older-rows"),
        pytest.param([KEPT, "Code"], ["Code"], ["Code"], id="fewer-is-not-in-newer-rows"),
        pytest.param([KEPT], [ONE], [MIXED], id="hashed-now"),
        pytest.param([ONE], [OTHER], [MIXED], id="another-salt"),
        pytest.param([ONE], [KEPT], [MIXED], id="kept-again"),
        pytest.param([MIXED], [ONE], [MIXED], id="mixed-stays"),
        pytest.param([MIXED], ["Code"], [], id="mixed-and-deselected"),
    ],
)
def test_what_all_rows_hold(before: list[str], asked: list[str], after: list[str]) -> None:
    assert fields.in_all(before, asked) == {*after}


@pytest.mark.parametrize("name", [KEPT, ONE, OTHER, MIXED])
def test_the_field_that_a_name_stands_for(name: str) -> None:
    assert fields.plain(name) == "Name"

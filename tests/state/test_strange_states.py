"""What may stand in a state that somebody else wrote, or that was damaged: refused before anything is read."""

from __future__ import annotations

from typing import Any

import pytest

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.state.bookmarks import check_state

NAMES = pytest.mark.parametrize("name", ["at", "replication_key_value"])


def state(value: Any = 5, division: Any = 7, name: str = "at") -> dict[str, Any]:
    return {"bookmarks": {"accounts": {"partitions": [{"context": {"Division": division}, name: value}]}}}


@NAMES
@pytest.mark.parametrize(
    "value", [2**63, 10**30, 10**4_000, "9" * 4_300, "9" * 20, -1, True, [1], "x" * 9_999]
)
def test_a_row_version_beyond_64_bits_or_of_another_kind_is_refused_in_few_words(
    value: Any, name: str
) -> None:
    with pytest.raises(ConfigurationError, match="'accounts' in division 7") as caught:
        check_state(state(value, name=name))
    assert len(str(caught.value)) < 400


@NAMES
@pytest.mark.parametrize("value", [0, 1, 2**63 - 1, "9223372036854775807", None])
def test_a_row_version_of_64_bits_is_one(value: Any, name: str) -> None:
    assert check_state(state(value, name=name)) == []


@pytest.mark.parametrize("division", [[1], {"a": 1}, "7", None, 1.5, True])
def test_a_division_is_a_number(division: Any) -> None:
    with pytest.raises(ConfigurationError, match="names a division that is no number"):
        check_state(state(division=division))

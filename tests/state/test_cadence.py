"""How often a stream is asked at most."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tap_exact_online.catalog import BY_NAME, Cadence
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.state import Cadences, is_due


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("cadence", "asked", "now", "due"),
    [
        pytest.param("always", "2026-03-02 10:00", "2026-03-02 10:00", True, id="always"),
        pytest.param("daily", "2026-03-02 10:00", "2026-03-02 23:59", False, id="the-same-day"),
        pytest.param("daily", "2026-03-02 10:00", "2026-03-03 09:58", True, id="a-schedule-that-came-early"),
        pytest.param("daily", "2026-03-02 23:59", "2026-03-03 00:01", True, id="another-day"),
        pytest.param("weekly", "2026-03-02 10:00", "2026-03-08 23:59", False, id="six-days"),
        pytest.param("weekly", "2026-03-02 10:00", "2026-03-09 09:00", True, id="seven-days"),
        pytest.param("weekly", "2026-03-02 10:00", "2026-03-01 10:00", True, id="a-clock-that-went-back"),
    ],
)
def test_what_is_due(cadence: str, asked: str, now: str, due: bool) -> None:  # noqa: FBT001  a column of the table
    assert is_due(Cadence(cadence), at(asked), at(now)) is due


@pytest.mark.parametrize("asked", [None, "yesterday", True, -5, [], {"at": 1}])
def test_what_was_never_asked_is_due(asked: Any) -> None:
    assert is_due(Cadence.WEEKLY, asked, at("2026-03-02 10:00"))


def test_what_the_user_says_goes_before_the_table() -> None:
    said = Cadences.parse({"journals": "weekly", "incoterms": "always"})
    assert said.of(BY_NAME["journals"]) is Cadence.WEEKLY
    assert said.of(BY_NAME["incoterms"]) is Cadence.ALWAYS
    assert said.of(BY_NAME["address_states"]) is Cadence.WEEKLY
    others = Cadences.parse({"*": "daily", "journals": "weekly"})
    assert others.of(BY_NAME["address_states"]) is Cadence.DAILY
    assert others.of(BY_NAME["journals"]) is Cadence.WEEKLY
    assert Cadences().of(BY_NAME["journals"]) is Cadence.ALWAYS


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"journal": "daily"}, "no stream 'journal'. Did you mean 'journals'?"),
        ({"journals": "hourly"}, "'hourly' of 'journals' is none of always, daily, weekly"),
        ({"*": None}, "none of always, daily, weekly"),
        ({"nothing of the kind": "daily"}, "there is no stream"),
    ],
)
def test_what_cannot_be_used_is_named(value: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match="`cadence`") as caught:
        Cadences.parse(value)
    assert words in str(caught.value)

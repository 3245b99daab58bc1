"""Which files are wanted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.files import Only

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
NEW, OLD = "2026-06-29T12:00:00+00:00", "2026-05-01T12:00:00+00:00"


@pytest.mark.parametrize(
    ("only", "kind", "made", "wanted"),
    [
        pytest.param({}, 10, OLD, True, id="all"),
        pytest.param({}, None, None, True, id="all-also-of-which-nothing-is-known"),
        pytest.param({"document_types": [10, 20]}, 20, OLD, True, id="of-the-type"),
        pytest.param({"document_types": [10]}, 20, NEW, False, id="of-another-type"),
        pytest.param({"document_types": [10]}, None, NEW, False, id="of-no-type"),
        pytest.param({"newest_days": 30}, 10, NEW, True, id="new"),
        pytest.param({"newest_days": 30}, 10, OLD, False, id="old"),
        pytest.param({"newest_days": 60}, 10, "2026-05-01T12:00:00+00:00", True, id="to-the-second"),
        pytest.param({"newest_days": 30}, 10, None, True, id="of-an-unknown-age"),
        pytest.param({"newest_days": 30, "document_types": [10]}, 20, NEW, False, id="both-have-to-fit"),
    ],
)
def test_a_document_is_wanted(only: dict[str, Any], kind: int | None, made: str | None, wanted: bool) -> None:  # noqa: FBT001  a column of the table
    assert Only.parse(only).document(kind, made, NOW) is wanted


@pytest.mark.parametrize(
    ("largest", "size", "wanted"),
    [(None, 10**9, True), (5, 5, True), (5, 5.5, False), (5, 6, False), (5, None, True)],
)
def test_a_size_is_wanted(largest: int | None, size: float | None, wanted: bool) -> None:  # noqa: FBT001  a column of the table
    assert Only.parse({"largest": largest}).size(size) is wanted


@pytest.mark.parametrize(
    ("value", "note"),
    [
        ({}, None),
        ({"document_types": [], "largest": None}, None),
        ({"document_types": [20, 10]}, {"document_types": [10, 20]}),
        ({"largest": 5, "newest_days": 7}, {"largest": 5, "newest_days": 7}),
    ],
)
def test_a_state_holds_what_narrows(value: dict[str, Any], note: dict[str, Any] | None) -> None:
    assert Only.parse(value).note() == note
    assert Only.parse(note or {}) == Only.parse(value)


def test_documents_are_asked_for_only_where_that_decides() -> None:
    assert not Only.parse({"largest": 5}).of_documents
    assert Only.parse({"document_types": [1]}).of_documents
    assert Only.parse({"newest_days": 1}).of_documents


def test_a_name_that_is_not_known_is_named() -> None:
    with pytest.raises(ConfigurationError, match="knows document_types, largest and newest_days, not types"):
        Only.parse({"types": [1]})

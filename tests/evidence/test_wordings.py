"""The sentences that are known, and what stays of one that is not."""

from __future__ import annotations

import pytest

from tap_exact_online.evidence.wordings import WORDINGS, is_type, kind_of, known_words


@pytest.mark.parametrize("wording", WORDINGS, ids=lambda wording: wording.kind)
def test_a_sentence_is_known_whatever_it_is_about(wording: object) -> None:
    text, kind = getattr(wording, "text", ""), getattr(wording, "kind", "")
    assert kind_of(f"400: {text.replace('…', 'Jan')}") == kind


@pytest.mark.parametrize("text", ["", "Jan", "Type of property"])
def test_a_sentence_that_is_not_known(text: str) -> None:
    assert kind_of(text) is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("property Jan", "property #"),
        ("'City', (Street)", "'City', (#)"),
        ("property@type.nl", "#"),
        ("property.", "property."),
        ("", ""),
    ],
)
def test_known_words_stay(text: str, kept: str) -> None:
    assert known_words(text, {"City"}, lambda _: "#") == kept


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Exact.Web.Api.Models.Account", True),
        ("Collection(Edm.String)", True),
        ("Jan.Vries", False),
        ("Exact", False),
    ],
)
def test_types(text: str, wanted: bool) -> None:  # noqa: FBT001  a column of the table
    assert is_type(text) is wanted

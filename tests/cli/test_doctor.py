"""What the options of `exact-online doctor` name."""

from __future__ import annotations

from typing import Any

import pytest

from tap_exact_online.catalog import BY_NAME, RESOURCES
from tap_exact_online.cli.selection import divisions_named, streams_of
from tap_exact_online.errors import ConfigurationError


def test_the_streams_of_a_catalog() -> None:
    def entry(name: str, **metadata: Any) -> dict[str, Any]:
        return {
            "tap_stream_id": name,
            "stream": name,
            "schema": {"properties": {}},
            "metadata": [{"breadcrumb": [], "metadata": metadata}],
        }

    streams = [
        entry("vat_codes", **{"selected-by-default": True}),
        entry("accounts", selected=True),
        entry("units", selected=False, **{"selected-by-default": True}),
        entry("items"),
    ]
    assert streams_of({"streams": streams}, "a.json") == ["vat_codes", "accounts"]
    nothing = [entry("nothing", selected=True)]
    wrongs: list[dict[str, Any]] = [{}, {"streams": 1}, {"streams": []}, {"streams": nothing}]
    for wrong in wrongs:
        with pytest.raises(ConfigurationError, match="atalog"):
            streams_of(wrong, "a.json")


def test_a_catalog_that_selects_everything_chooses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    entries = [
        {"tap_stream_id": name, "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]}
        for name in BY_NAME
    ]
    default = [resource.name for resource in RESOURCES if resource.selected]
    assert streams_of({"streams": entries}, "a.json") == default
    assert "Nothing was chosen" in capsys.readouterr().err
    assert streams_of({"streams": entries}, "a.json", everything=True) == [
        resource.name for resource in RESOURCES
    ]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("text", "numbers"), [("1", {1}), (" 1, 2 ,2", {1, 2}), ("[1000001,1000002]", {1000001, 1000002})]
)
def test_numbers_of_divisions(text: str, numbers: set[int]) -> None:
    assert divisions_named(text) == numbers


@pytest.mark.parametrize("text", ["", "one", "1;2", "-1", "1.5"])
def test_what_is_no_number_of_a_division(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--divisions"):
        divisions_named(text)

"""What was given for a setting, however it is spelled where only one thing can be meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.settings import SETTINGS, Setting, meant, of_config, of_environment


def setting(name: str) -> Setting:
    return next(each for each in SETTINGS if each.name == name)


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("divisions", 123, [123]),
        ("divisions", "123", [123]),
        ("divisions", " 123 ", [123]),
        ("divisions", "123,456", [123, 456]),
        ("divisions", "123 , 456,", [123, 456]),
        ("divisions", "[123, 456]", [123, 456]),
        ("divisions", '["123"]', [123]),
        ("divisions", ["123", 456], [123, 456]),
        ("divisions", "[]", []),
        ("divisions", [], []),
        ("region", "NL", "nl"),
        ("region", " Be ", "be"),
        ("on_denied", "FAIL", "fail"),
        ("concurrency", " 4 ", 4),
        ("concurrency", "4", 4),
        ("late_commits", "No", False),
        ("late_commits", " TRUE ", True),
        ("reread", ' {"divisions": [1]} ', {"divisions": [1]}),
        ("client_secret", " pasted\n", "pasted"),
        ("shard", " 1/2 ", "1/2"),
        ("at_most_old", ' {"*": "72h"} ', '{"*": "72h"}'),
        # What could be meant in two ways, or in none, stays for the schema to refuse.
        ("divisions", "", ""),
        ("divisions", "1;2", "1;2"),
        ("divisions", "1 2", "1 2"),
        ("divisions", "1,,2", "1,,2"),
        ("divisions", "1.5", "1.5"),
        ("divisions", "a", "a"),
        ("divisions", [True], [True]),
        ("divisions", True, True),
        ("divisions", None, None),
        ("divisions", "9" * 4400, "9" * 4400),
        ("region", "Holland", "Holland"),
        ("region", None, None),
        ("concurrency", "1.5", "1.5"),
        ("concurrency", "", ""),
        ("late_commits", "maybe", "maybe"),
        ("late_commits", "", ""),
        ("reread", "items", "items"),
        ("reread", "[1]", "[1]"),
        ("reread", "[" * 100_000, "[" * 100_000),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_can_only_mean_one_thing_is_taken_so(name: str, given: Any, value: Any) -> None:
    found = meant(setting(name), given)
    assert (found, type(found)) == (value, type(value))
    assert of_config({name: given, "stream_maps": " x "}) == {name: value, "stream_maps": " x "}


@pytest.mark.parametrize(
    ("environment", "given"),
    [
        ({}, {}),
        (
            {"TAP_EXACT_ONLINE_DIVISIONS": "1", "TAP_EXACT_ONLINE_EXCLUDE_DIVISIONS": "[]"},
            {"divisions": [1], "exclude_divisions": []},
        ),
        (
            {"TAP_EXACT_ONLINE_CONCURRENCY": "4", "TAP_EXACT_ONLINE_REGION": "[1"},
            {"concurrency": 4, "region": "[1"},
        ),
        ({"TAP_EXACT_ONLINE_REREAD": '{"divisions": [1]}'}, {"reread": {"divisions": [1]}}),
        ({"TAP_EXACT_ONLINE_LATE_COMMITS": " "}, {"late_commits": False}),
        ({"DIVISIONS": "x", "TAP_EXACT_ONLINE_CLIENT_SECRET": "5"}, {"client_secret": "5"}),
    ],
)
def test_an_environment_that_can_be_read_is_taken(
    environment: Mapping[str, str], given: Mapping[str, Any]
) -> None:
    assert of_environment(environment) == given


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("TAP_EXACT_ONLINE_DIVISIONS", "1;2"),
        ("TAP_EXACT_ONLINE_DIVISIONS", ""),
        ("TAP_EXACT_ONLINE_DIVISIONS", '{"1": 2}'),
        ("TAP_EXACT_ONLINE_EXCLUDE_DIVISIONS", "[1"),
        ("TAP_EXACT_ONLINE_CONCURRENCY", "two"),
        ("TAP_EXACT_ONLINE_CONCURRENCY", "1.5"),
        ("TAP_EXACT_ONLINE_CONCURRENCY", "[1]"),
        ("TAP_EXACT_ONLINE_CONCURRENCY", "true"),
        ("TAP_EXACT_ONLINE_LATE_COMMITS", "maybe"),
        ("TAP_EXACT_ONLINE_REREAD", "[1]"),
        ("TAP_EXACT_ONLINE_REREAD", "items"),
        ("TAP_EXACT_ONLINE_REREAD", ""),
    ],
)
def test_a_variable_that_cannot_be_read_is_refused_by_its_name(variable: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{variable}: "):
        of_environment({variable: text})


@pytest.mark.parametrize(("name", "what"), [("divisions", "all"), ("exclude_divisions", "none")])
def test_a_list_that_is_empty_says_what_is_meant_by_leaving_it_out(name: str, what: str) -> None:
    with pytest.raises(ConfigurationError, match=f"'' names no division: leave it out for {what}.$"):
        of_environment({f"TAP_EXACT_ONLINE_{name.upper()}": " "})

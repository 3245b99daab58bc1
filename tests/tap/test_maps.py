"""Stream maps that cannot work: a line that names them and exit code 2, no traceback, and nothing of a row in it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Sandbox
from tests.singer import Tap, tap_for

CANNOT_BE_READ: list[tuple[dict[str, Any], str]] = [
    ({"Code": "Code +"}, "Failed to parse expression Code +."),
    ({"__filter__": "("}, "Failed to parse expression (."),
    ({"ID": None}, "Removing key property 'ID' is not permitted"),
    ({"__key_properties__": ["Nothing"]}, "'Nothing' was not detected in schema"),
]
FAIL_ON_A_ROW: list[tuple[dict[str, Any], str]] = [
    ({"Code": "nope(3)"}, "Failed to evaluate simpleeval expressions nope(3)."),
    ({"Code": "Nothing + 1"}, "Failed to evaluate simpleeval expressions Nothing + 1."),
    ({"__filter__": "Nothing == 3"}, "Failed to evaluate simpleeval expressions Nothing == 3."),
    ({"Code": "int(Description)"}, "ValueError"),
    ({"__filter__": "int(Description) == 3"}, "ValueError"),
    ({"Number": "1 / (1 - 1)"}, "ZeroDivisionError"),
]


@pytest.fixture(scope="module")
def tap(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Tap:
    return tap_for(sandbox, tmp_path_factory.mktemp("maps"), sandbox.control.new_login("maps"))


@pytest.fixture(scope="module")
def catalog(tap: Tap) -> dict[str, Any]:
    return tap.catalog(["journals", "gl_accounts"])


@pytest.mark.parametrize(("maps", "why"), CANNOT_BE_READ)
def test_a_map_that_cannot_be_read_is_refused_before_a_row(
    tap: Tap, catalog: dict[str, Any], maps: dict[str, Any], why: str
) -> None:
    run = tap.run(catalog=catalog, stream_maps={"gl_accounts": maps})
    assert run.exit_code == 2, run.log
    assert "`stream_maps`: " in run.log.splitlines()[-1]
    assert why in run.log.splitlines()[-1]
    assert "Traceback" not in run.log
    assert not run.records


@pytest.mark.parametrize(("maps", "why"), FAIL_ON_A_ROW)
def test_a_map_that_fails_on_a_row_is_named_without_the_rows_value(
    tap: Tap, catalog: dict[str, Any], maps: dict[str, Any], why: str
) -> None:
    run = tap.run(catalog=catalog, stream_maps={"gl_accounts": maps})
    assert run.exit_code == 2, run.log
    assert run.log.splitlines()[-1].endswith(
        f"`stream_maps`: what it makes of 'gl_accounts' fails on a row: {why}"
    )
    assert "Traceback" not in run.log
    assert not run.records["gl_accounts"]

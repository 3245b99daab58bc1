"""A catalog that chooses, and one that does not: what the tap as a process reads of it, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tap_exact_online.catalog import BY_NAME
from tests.conftest import Sandbox
from tests.singer import Tap, tap_for

DEFAULT = {name for name, resource in BY_NAME.items() if resource.selected}
NOTHING = "Nothing was chosen: that every stream is selected is what Meltano does then."
UNNAMED = "Special personal fields are read where they are named"


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return tap_for(sandbox, tmp_path, sandbox.control.new_login("choosing"))


@pytest.mark.parametrize("every_field", [False, True], ids=["streams", "streams and fields"])
def test_a_catalog_that_selects_everything_chooses_nothing(tap: Tap, every_field: bool) -> None:  # noqa: FBT001
    run = tap.run(catalog=tap.catalog(lambda _: True, every_field=every_field))
    assert run.exit_code == 0, run.log
    assert set(run.schemas) == DEFAULT
    assert NOTHING in run.log
    assert not {"BSN", "Logo"} & {*run.schemas["accounts"]["schema"]["properties"]}


@pytest.mark.parametrize("every_field", [False, True], ids=["the stream", "its fields"])
def test_a_catalog_is_believed_where_it_chooses(tap: Tap, every_field: bool) -> None:  # noqa: FBT001
    run = tap.run(catalog=tap.catalog(["accounts"], every_field=every_field))
    assert run.exit_code == 0, run.log
    assert set(run.schemas) == {"accounts"}
    assert ("BSN" in run.schemas["accounts"]["schema"]["properties"]) is every_field
    assert all(("BSN" in record) is every_field for record in run.records["accounts"])
    assert NOTHING not in run.log
    assert UNNAMED not in run.log


def test_without_a_catalog_nothing_has_to_be_said(tap: Tap) -> None:
    run = tap.run(divisions=[1000001])
    assert run.exit_code == 0, run.log
    assert set(run.schemas) == DEFAULT
    assert NOTHING not in run.log


def test_what_meltano_cannot_have_said_is_named(tap: Tap) -> None:
    run = tap.run(catalog=tap.catalog(["accounts"]), env={"MELTANO_EXTRACT__SELECT": "accounts"})
    assert run.exit_code == 2, run.log
    assert "The variable MELTANO_EXTRACT__SELECT does not hold what Meltano puts there." in run.log
    assert run.records == {}

"""`TAP_EXACT_ONLINE__SELECT` counts where nobody but the tap reads it, too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Sandbox
from tests.singer import Tap, tap_for


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return tap_for(sandbox, tmp_path, sandbox.control.new_login())


def selecting(*rules: str) -> dict[str, str]:
    return {"TAP_EXACT_ONLINE__SELECT": json.dumps(rules)}


def test_what_it_names_is_read_and_nothing_else(tap: Tap) -> None:
    run = tap.run(env=selecting("journals.*", "accounts.Name"))
    assert run.exit_code == 0, run.log
    assert {*run.records} == {"journals", "accounts"}
    rows = run.records["accounts"]
    assert {name for row in rows for name in row} == {"Division", "ID", "Timestamp", "Name"}


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ('["jurnals.*"]', "the stream `jurnals` (did you mean `journals`?)"),
        ('["journals.Codes"]', "the field `journals.Codes` (did you mean `journals.Code`?)"),
        ("journals", "TAP_EXACT_ONLINE__SELECT: 'journals' is not a JSON list of rules"),
    ],
)
def test_what_there_is_not_is_refused(sandbox: Sandbox, tap: Tap, rules: str, said: str) -> None:
    sandbox.control.reset_stats()
    run = tap.run(env={"TAP_EXACT_ONLINE__SELECT": rules})
    assert run.exit_code == 2, run.log
    assert said in run.log
    assert sandbox.control.stats()["calls"] == 0


def test_a_catalog_of_ones_own_comes_first(tap: Tap) -> None:
    run = tap.run(catalog=tap.catalog(["journals"]), env=selecting("accounts.*"))
    assert run.exit_code == 0, run.log
    assert {*run.records} == {"journals"}

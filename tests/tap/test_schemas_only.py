"""A run that writes schemas and no rows."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Sandbox
from tests.singer import tap_for

NOWHERE = "http://127.0.0.1:9"  # the port of the discard service, on which nothing answers


def test_the_schema_of_everything_selected_is_written_and_nothing_else(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    tap = tap_for(sandbox, tmp_path)
    tap.config["base_url"] = NOWHERE
    chosen = ["accounts", "journals", "reads", "divisions", "transaction_lines"]
    run = tap.run(catalog=tap.catalog(chosen), schemas_only=True)
    assert run.exit_code == 0, run.log
    assert sorted(run.schemas) == sorted(chosen)
    assert {line["type"] for line in run.lines} == {"SCHEMA"}
    assert len(run.lines) == len(chosen)
    assert "Wrote the schemas of 5 streams" in run.log
    assert not (tmp_path / "tokens.json").exists()


def test_the_schemas_are_those_of_a_run_that_reads(sandbox: Sandbox, tmp_path: Path) -> None:
    tap = tap_for(sandbox, tmp_path, sandbox.control.new_login("schemas"))
    chosen = ["accounts", "journals", "divisions"]
    first = tap.run(catalog=tap.catalog(chosen), schemas_only=True)
    then = tap.run(catalog=tap.catalog(chosen))
    assert then.exit_code == 0, then.log
    assert first.schemas == then.schemas

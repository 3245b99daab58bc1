"""A bug report becomes a test: what a run recorded is given again, and a run over it comes to the same."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Sandbox, StartSandbox
from tests.faults.quick import FastTap, Quick
from tests.singer import Run, tap_for

FINE = {"minute_limit": 10**6, "day_limit": 10**6, "contract_limit": 10**6, "error_limit": 10**6}
STREAMS = ["divisions", "deleted", "accounts", "transaction_lines", "journals", "receivables", "vat_codes"]


def counts(run: Run) -> dict[str, list[int]]:
    """Return how many rows each division has, without which division that is."""
    return {
        stream: sorted(Counter(record.get("Division") for record in records).values())
        for stream, records in run.records.items()
    }


def kinds(record: dict[str, Any]) -> dict[str, str]:
    """Return the type of each value. Which stream a deleted row was in follows from a number, and numbers are replaced."""
    names = record.keys() - {"EntityName", "StreamName"}
    return {name: type(record[name]).__name__ for name in names}


@pytest.fixture
def recorded(start_sandbox: StartSandbox, tmp_path: Path) -> tuple[Run, Path]:
    sandbox = start_sandbox(**FINE, rows=1_300)
    sandbox.control.fault("other_division", path="sync/CRM/Accounts", division=1000001)
    sandbox.control.fault("edge_403", path="vat/VATCodes", division=1000002)
    tap = _tap(sandbox, tmp_path, "first")
    catalog = tap.catalog(STREAMS)
    folder = tmp_path / "recording"
    return tap.run(catalog=catalog, record=str(folder)), folder


def test_a_recording_is_given_again_and_read_as_the_service_was(
    recorded: tuple[Run, Path], start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    first, folder = recorded
    replaying: Sandbox = start_sandbox(replay=folder)
    tap = _tap(replaying, tmp_path, "second")
    again = tap.run(catalog=tap.catalog(STREAMS))
    assert first.exit_code == again.exit_code == 0, again.log
    assert counts(again) == counts(first)
    for stream, records in first.records.items():
        for there, here in zip(records, again.records[stream], strict=True):
            assert kinds(there) == kinds(here), stream
    # The answers that were none came again, too, and were seen through again.
    for words in ("a row of it is of division", "not in Exact's own words"):
        assert words in first.log
        assert words in again.log


def _tap(sandbox: Sandbox, parent: Path, name: str) -> FastTap:
    folder = parent / name
    folder.mkdir()
    return FastTap(**vars(tap_for(sandbox, folder)), quick=Quick())

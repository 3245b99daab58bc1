"""Every stream, row for row: a first run, and a second one over a world that changed in between."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME, RESOURCES, Kind
from tests.conftest import Sandbox, StartSandbox
from tests.expected import expected_rows
from tests.faults.quick import FastTap, Quick
from tests.faults.world import FINE
from tests.singer import tap_for

STREAMS = [resource for resource in RESOURCES if resource.divided]
ALWAYS = {"*": "always"}


@pytest.fixture
def books(start_sandbox: StartSandbox) -> Sandbox:
    # Two pages of each regular endpoint, and a second page of what the ledger has most of.
    return start_sandbox(**{**FINE, "error_limit": 10}, rows=1300)


@pytest.fixture
def tap(books: Sandbox, tmp_path: Path, quick: Quick) -> FastTap:
    plain = tap_for(books, tmp_path)
    plain.config.update(select_everything=True, files=str(tmp_path / "files"), files_most=20)
    return FastTap(**vars(plain), quick=quick)


def change(books: Sandbox, division: int) -> None:
    """Add and change rows of every stream, and delete some of those that are read whole."""
    control = books.control
    for resource in STREAMS:
        if resource.name == "deleted" or resource.endpoint.single:
            continue
        control.add(division, resource.path, 2)
        if resource.by != "CreatedDate":
            control.change(division, resource.path, 3)
        if resource.deleted_type is None and resource.kind is Kind.FULL and len(resource.keys) == 1:
            control.delete(division, resource.path, 1, logged=False)


def unequal(books: Sandbox, table: Any, name: str, divisions: list[int], before: Collection[Any] = ()) -> str:
    """Return what differs of a stream, or nothing; of what is read in parts, what was there before may be gone."""
    expected = expected_rows(books.control, BY_NAME[name], divisions)
    rows = {
        key: {k: v for k, v in row.items() if k not in {"EntityName", "StreamName"}}
        for key, row in table.items()
    }
    missing, wrong = (
        expected.keys() - rows.keys(),
        [k for k in expected if rows.get(k) not in (None, expected[k])],
    )
    # What is gone without a trace is told by `reads`, and stays in a table until `exact-online deletes` removes it.
    extra = rows.keys() - expected.keys() if BY_NAME[name].kind is not Kind.FULL else set()
    if BY_NAME[name].kind is Kind.PARTS:
        extra -= {*before}
    return (
        f"{len(missing)} missing, {len(extra)} extra, {len(wrong)} wrong" if missing or extra or wrong else ""
    )


def test_every_stream_is_equal_whole_and_incremental(
    books: Sandbox, tap: FastTap, every: dict[str, Any]
) -> None:
    for stream in every["streams"]:
        for entry in stream["metadata"]:
            entry["metadata"]["selected"] = True
    divisions = [int(row["Code"]) for row in books.control.divisions()]
    first = tap.run(catalog=every, cadence=ALWAYS)
    assert first.exit_code == 0, first.log
    names = [resource.name for resource in STREAMS]
    found = {name: unequal(books, first.table(name), name, divisions) for name in names}
    assert not {name: text for name, text in found.items() if text}
    books.control.advance_clock(600)
    for division in divisions:
        change(books, division)
    second = tap.run(catalog=every, state=first.state, cadence=ALWAYS)
    assert second.exit_code == 0, second.log
    books.control.advance_clock(8 * 86_400)  # the years that are closed are due again
    parts = [r.name for r in STREAMS if r.kind is Kind.PARTS]
    third = tap.run(
        catalog={"streams": [s for s in every["streams"] if s["stream"] in parts]}, state=second.state
    )
    assert third.exit_code == 0, third.log
    for name in names:
        table = {**first.table(name), **second.table(name), **(third.table(name) if name in parts else {})}
        found[name] = unequal(books, table, name, divisions, first.table(name))
    assert not {name: text for name, text in found.items() if text}
    refused = books.control.stats()["client_errors"]
    assert refused == {}, refused
    for name in names:
        resource = BY_NAME[name]
        if resource.kind in {Kind.MODIFIED, Kind.LINES} and not resource.endpoint.single:
            assert len(second.records[name]) < len(first.records[name]) or len(first.records[name]) < 20, name

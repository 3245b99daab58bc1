"""Rows that travel as pages, and rows that the SDK takes one by one: what comes out is the same."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tap_exact_online.catalog.resources import BY_NAME, Kind
from tests.conftest import Sandbox, running
from tests.cover import FEW
from tests.faults.quick import FastTap, Quick, QuickRun, only
from tests.faults.world import FINE
from tests.singer import tap_for

LINES = BY_NAME["transaction_lines"].path
BY_RECORD: dict[str, Any] = {"stream_maps": {"*": {}}}
"""Maps that change nothing: only the SDK's own loop applies them."""
FLAT: dict[str, Any] = {"flattening_enabled": True, "flattening_max_depth": 2}
Catalog = dict[str, Any]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(
        tmp_path_factory.mktemp("pages"),
        {**FINE, "rows": 20, "table": {LINES: 1010, "financial/Journals": 70}},
    ) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def tap(books: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> FastTap:
    plain = tap_for(books, tmp_path_factory.mktemp("tap"))
    plain.config["files"] = str(plain.folder / "files")
    return FastTap(**vars(plain), quick=Quick())


@pytest.fixture(scope="module")
def every(tap: FastTap) -> Catalog:
    """Return a catalog with all streams selected, their fields as by default; do not change it."""
    return tap.catalog(lambda _: True)


def select(catalog: Catalog, chosen: Callable[[str, int], bool]) -> Catalog:
    """Return a catalog with those fields, by name and place."""
    catalog = deepcopy(catalog)
    for stream in catalog["streams"]:
        for place, entry in enumerate(stream["metadata"]):
            if entry["breadcrumb"]:
                entry["metadata"]["selected"] = chosen(entry["breadcrumb"][-1], place)
    return catalog


USED = {*FEW, "deleted", "transaction_lines", "journals", "gl_accounts", "receivables_list"}
"""Those that the tests name stand beside those that stand for all."""
NEEDED = {"ID", "Timestamp", "Modified", "EntityType", "EntityKey", "EntityName", "Description", "Status"}
SELECTIONS: dict[str, Callable[[Catalog], Catalog]] = {
    "default": lambda every: only(every, *USED),
    "everything": lambda every: select(every, lambda _name, _place: True),
    "some": lambda every: select(
        only(every, *USED), lambda name, place: place % 2 == 0 and name not in NEEDED
    ),
    "nothing": lambda every: select(only(every, *USED), lambda _name, _place: False),
}
"""Every field of every stream, and less of some streams."""
Read = Callable[..., QuickRun]


@pytest.fixture(scope="module")
def read(tap: FastTap, every: Catalog) -> Read:
    """Return what runs a selection of fields with a configuration, once for all tests."""

    @cache
    def run(selection: str, config: str) -> QuickRun:
        found = tap.run(catalog=SELECTIONS[selection](every), select_everything=True, **json.loads(config))
        assert found.exit_code == 0, found.log
        return found

    return lambda selection="everything", **config: run(selection, json.dumps(config))


def messages(run: QuickRun, kind: str, stream: str | None = None) -> list[str]:
    """Return messages as text that tells 1 from 1.0 and one order of fields from another, without the time."""
    return [_text(line) for line in run.lines if line["type"] == kind and stream in {None, line["stream"]}]


def rows_by_stream(run: QuickRun) -> dict[str, list[str]]:
    """Return the RECORD messages of each stream, as `messages` does."""
    found: dict[str, list[str]] = {}
    for line in run.lines:
        if line["type"] == "RECORD":
            found.setdefault(line["stream"], []).append(_text(line))
    return found


def _text(line: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in line.items() if name != "time_extracted"})


# --- Both ways -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("selection", SELECTIONS)
def test_a_page_and_the_sdks_own_loop_write_the_same(read: Read, selection: str) -> None:
    by_page, by_record = read(selection), read(selection, **BY_RECORD)
    assert {*by_page.records} == ({*BY_NAME} if selection == "everything" else USED)
    assert all(by_page.records.values())
    ours, theirs = rows_by_stream(by_page), rows_by_stream(by_record)
    for name in ours.keys() - {"reads"}:  # they differ in their times
        assert ours[name] == theirs[name], name
    assert messages(by_page, "SCHEMA") == messages(by_record, "SCHEMA")
    assert by_page.state["bookmarks"].keys() == by_record.state["bookmarks"].keys()
    for name in ours:
        if BY_NAME[name].kind is Kind.SYNC:
            assert by_page.bookmarks(name) == by_record.bookmarks(name)


def test_the_two_ways_are_two(read: Read) -> None:
    """The SDK's loop takes the time of each record, a page is made at one."""
    times = [
        len(
            {
                line["time_extracted"]
                for line in run.lines
                if line["type"] == "RECORD" and line["stream"] == "transaction_lines"
            }
        )
        for run in (read(), read(**BY_RECORD))
    ]
    assert times[0] * 10 < times[1]


@pytest.mark.parametrize("selection", ["some", "nothing"])
def test_what_is_read_but_not_selected_is_not_written(read: Read, selection: str) -> None:
    run = read(selection)
    for name, records in run.records.items():
        columns = run.schemas[name]["schema"]["properties"]
        assert all(record.keys() <= columns.keys() for record in records), name
        if selection == "nothing":
            keys = {*run.schemas[name]["key_properties"], *run.schemas[name].get("bookmark_properties", ())}
            assert {*records[0]} <= {*keys, "Division"}, name
    assert "EntityName" not in run.records["deleted"][0]


def test_a_flattened_schema_without_nesting_changes_nothing(read: Read, tap: FastTap, every: Catalog) -> None:
    streams = ["divisions", "deleted", "accounts", "journals", "vat_codes", "receivables_list"]
    plain, flat = read("default"), tap.run(catalog=only(every, *streams), **FLAT)
    assert flat.exit_code == 0, flat.log
    for stream in streams:
        assert messages(plain, "RECORD", stream) == messages(flat, "RECORD", stream)


def test_every_message_has_the_time_at_which_it_was_read(read: Read) -> None:
    for run in (read(), read(**BY_RECORD)):
        for line in run.lines:
            if line["type"] == "RECORD":
                assert datetime.fromisoformat(line["time_extracted"]).utcoffset() is not None
                assert line.keys() == {"type", "stream", "record", "time_extracted"}


def test_nested_values_come_out_alike(
    books: Sandbox, tap: FastTap, every: Catalog, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(books.control.clear_faults)
    inner = {"ID": "b", "AccountHolder": "caf\u00e9\n\u2028 \U0001f6b2", "At": "/Date(0)/", "Rate": 1.0}
    row = {
        "ID": "00000000-0000-0000-0000-000000000001",
        "Timestamp": "9",
        "Name": 'a "b"\n{"c"}',
        "BankAccounts": {"results": [{"__metadata": {}, **inner}, inner]},
    }
    body = json.dumps({"d": {"results": [row, row]}})
    path = BY_NAME["accounts"].path
    catalog = select(only(every, "accounts"), lambda name, _: name in {"BankAccounts", "Name"})
    found = []
    for config in ({}, BY_RECORD):
        books.control.clear_faults()
        books.control.fault("status", status=200, path=path, body=body, times=None)
        run = tap.run(catalog=catalog, **config)
        assert run.exit_code == 0, run.log
        found.append(messages(run, "RECORD"))
    assert found[0] == found[1]
    record = json.loads(found[0][0])["record"]
    assert record["BankAccounts"] == [{**inner, "At": "1970-01-01T00:00:00"}] * 2
    assert record["Name"] == row["Name"]
    assert len(found[0]) == 2 * 2


# --- Where only the SDK's loop will do -----------------------------------------------------------------------


def test_stream_maps_do_to_the_rows_of_the_pages_what_they_say(
    read: Read, tap: FastTap, every: Catalog
) -> None:
    maps = {
        "gl_accounts": {
            "Description": None,
            "Hashed": "md5(Code)",
            "Number": "Code",
            "__filter__": "BalanceSide == 'D'",
        },
        "journals": {"__alias__": "books"},
        "shelf": {"__source__": "journals", "Division": "Division", "ID": "ID", "__else__": None},
        "units": None,
    }
    catalog = only(every, "divisions", "gl_accounts", "journals", "units", "transaction_lines")
    run = tap.run(catalog=catalog, stream_maps=maps)
    assert run.exit_code == 0, run.log
    plain = read("default").records
    assert run.records["gl_accounts"] == [
        {
            **{name: value for name, value in row.items() if name != "Description"},
            "Hashed": hashlib.md5(row["Code"].encode(), usedforsecurity=False).hexdigest(),
            "Number": row["Code"],
        }
        for row in plain["gl_accounts"]
        if row["BalanceSide"] == "D"
    ]
    assert 0 < len(run.records["gl_accounts"]) < len(plain["gl_accounts"])
    assert run.records["books"] == plain["journals"]
    assert run.records["shelf"] == [{"Division": r["Division"], "ID": r["ID"]} for r in plain["journals"]]
    assert {"units", "journals"}.isdisjoint(run.records)
    # One that nothing is said about travels as pages beside them.
    assert run.records["transaction_lines"] == plain["transaction_lines"]
    assert run.bookmarks("gl_accounts") == read("default").bookmarks("gl_accounts")


def test_batch_files_hold_the_rows_of_the_pages(
    read: Read, tap: FastTap, every: Catalog, tmp_path: Path
) -> None:
    batch = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": f"file://{tmp_path}"},
        "batch_size": 500,
    }
    run = tap.run(catalog=SELECTIONS["some"](every), batch_config=batch)
    assert run.exit_code == 0, run.log
    rows: dict[str, list[str]] = {name: [] for name in USED}
    for line in run.lines:
        assert line["type"] != "RECORD"
        for file in line["manifest"] if line["type"] == "BATCH" else ():
            rows[line["stream"]] += (
                gzip.decompress(Path(urlsplit(file).path).read_bytes()).decode().splitlines()
            )
    plain = read("some")
    assert rows.pop("reads")  # they differ in their times
    for name, texts in rows.items():
        columns = plain.schemas[name]["schema"]["properties"]
        # The SDK writes what is read into its files, also what is not selected.
        found = [{k: v for k, v in json.loads(text).items() if k in columns} for text in texts]
        assert found == plain.records[name], name
        if BY_NAME[name].kind is Kind.SYNC:
            assert run.bookmarks(name) == plain.bookmarks(name)


@pytest.mark.parametrize("config", [{}, BY_RECORD], ids=["pages", "records"])
def test_the_rows_of_a_version_say_so(tap: FastTap, every: Catalog, config: dict[str, Any]) -> None:
    whole = ("payables_list", "receivables_list")
    catalog = only(every, *whole, "accounts")
    run = tap.run(catalog=catalog, emit_activate_version_messages=True, **config)
    assert run.exit_code == 0, run.log
    version, again = (line["version"] for line in run.lines if line["type"] == "ACTIVATE_VERSION")
    assert version == again
    for stream in whole:  # the first page of the second is read before its stream has its version
        kinds = [line["type"] for line in run.lines if line.get("stream") == stream]
        assert kinds[0] == "SCHEMA"
        assert kinds[-2:] == ["RECORD", "ACTIVATE_VERSION"]
        assert kinds.count("ACTIVATE_VERSION") == 1
    for line in run.lines:
        if line["type"] == "RECORD":
            assert line.get("version") == (version if line["stream"] in whole else None)


# --- The order of messages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({}, id="pages"),
        pytest.param({"concurrency": 8}, id="pages of many divisions"),
        pytest.param(BY_RECORD, id="records"),
        pytest.param({"concurrency": 8, **BY_RECORD}, id="records of many divisions"),
    ],
)
def test_a_state_covers_only_rows_that_were_written_before_it(read: Read, config: dict[str, Any]) -> None:
    run = read("default", **config)
    assert {name: len(rows) for name, rows in run.records.items()} == {
        name: len(rows) for name, rows in read("default").records.items()
    }
    assert run.lines[0]["type"] in {"SCHEMA", "STATE"}
    assert run.lines[-1]["type"] == "STATE"
    described: set[str] = set()
    unwritten: dict[tuple[str, int], list[Any]] = {}
    for line in run.lines:
        if line["type"] == "RECORD" and (place := _place(line)):
            unwritten.setdefault(place, []).append(_version(line))
    states, known = 0, dict[tuple[str, int], Any]()
    for line in run.lines:
        if line["type"] == "SCHEMA":
            assert line["stream"] not in described
            described.add(line["stream"])
        elif line["type"] == "RECORD":
            assert line["stream"] in described
            if place := _place(line):
                unwritten[place].remove(_version(line))
        else:
            states += 1
            # What is unwritten only gets less: a bookmark that has not moved still covers nothing of it.
            for place, value in _bookmarks(line["value"]):
                if known.get(place) != value:
                    known[place] = value
                    bookmark = value if isinstance(value, int) else datetime.fromisoformat(value)
                    assert all(version > bookmark for version in unwritten[place]), place
    assert states > len(run.schemas)
    assert not any(unwritten.values())


def _place(line: dict[str, Any]) -> tuple[str, int] | None:
    """Return the stream and division of a record of a stream with bookmarks."""
    kept = BY_NAME[line["stream"]].replication_key
    return (line["stream"], line["record"]["Division"]) if kept else None


def _version(line: dict[str, Any]) -> Any:
    key = BY_NAME[line["stream"]].replication_key
    value = line["record"][key]
    return value if isinstance(value, int) else datetime.fromisoformat(value)


def _bookmarks(state: dict[str, Any]) -> Iterator[tuple[tuple[str, int], Any]]:
    for stream, kept in state.get("bookmarks", {}).items():
        for partition in kept.get("partitions", ()):
            value = partition.get("at")
            if value is not None:
                yield (stream, partition["context"]["Division"]), value

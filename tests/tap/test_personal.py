"""The setting `personal_data`: what tells of a person leaves the tap hashed, or not at all."""

from __future__ import annotations

import gzip
import hmac
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tap_exact_online.catalog import BY_NAME, Personal, marked, needed, schema_of
from tests.conftest import Sandbox, running
from tests.faults.quick import FastTap, Quick, QuickRun, only
from tests.faults.world import FINE
from tests.singer import tap_for

SALT, OTHER = "a salt of these tests", "another salt of them"
HASH: dict[str, Any] = {"personal_data": "hash", "personal_salt": SALT}
DROP: dict[str, Any] = {"personal_data": "drop"}
STREAMS = (
    *("accounts", "contacts", "employees", "employment_salaries", "transaction_lines", "divisions"),
    *("current_user", "document_attachment_files", "journals"),
)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("personal"), {**FINE, "rows": 12}) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def tap(books: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> FastTap:
    plain = tap_for(books, tmp_path_factory.mktemp("tap"))
    plain.config["late_commits"] = False
    plain.config["files"] = str(plain.folder / "files")
    return FastTap(**vars(plain), quick=Quick())


def whole(catalog: dict[str, Any], *streams: str) -> dict[str, Any]:
    """Return a catalog that selects every field of some streams, the special ones by their names."""
    catalog = deepcopy(only(catalog, *streams))
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            entry["metadata"]["selected"] = True
    return catalog


@pytest.fixture(scope="module")
def catalog(tap: FastTap) -> dict[str, Any]:
    return whole(tap.catalog(lambda _: True), *STREAMS)


@pytest.fixture(scope="module")
def plain(tap: FastTap, catalog: dict[str, Any]) -> QuickRun:
    """Return what is read where nothing is hashed."""
    run = tap.run(catalog=catalog)
    assert run.exit_code == 0, run.log
    assert {*STREAMS} == {name for name, rows in run.records.items() if rows}
    return run


def digest(value: Any) -> Any:
    """Return what is to stand in place of a text, worked out without the tap's code."""
    return hmac.digest(SALT.encode(), value.encode(), "sha256").hex() if value else value


def is_plain(stream: str, name: str) -> bool:
    """Tell whether a field is plain text, by what the schema says where nothing is hashed."""
    column = schema_of(BY_NAME[stream])["properties"][name]
    return column["type"] == ["string", "null"] and not column.keys() & {"format", "contentEncoding"}


def expected(stream: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with hashes in place of texts that tell of a person, and without all else that does."""
    personal = marked(BY_NAME[stream].path)
    return {
        name: digest(value) if name in personal else value
        for name, value in row.items()
        if name not in personal or is_plain(stream, name)
    }


def told(run: QuickRun) -> str:
    """Return everything that a run writes and says."""
    return run.log + json.dumps(run.lines)


def batches(run: QuickRun) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for line in run.lines:
        for file in line["manifest"] if line["type"] == "BATCH" else ():
            text = gzip.decompress(Path(urlsplit(file).path).read_bytes()).decode()
            found.setdefault(line["stream"], []).extend(map(json.loads, text.splitlines()))
    return found


# --- Hashed --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hashed(tap: FastTap, catalog: dict[str, Any]) -> QuickRun:
    """Return what is read where all of it is hashed, page by page."""
    return tap.run(catalog=catalog, **HASH)


@pytest.mark.parametrize("by_record", [False, True], ids=["pages", "records"])
def test_every_marked_value_is_hashed_and_no_other(
    tap: FastTap, catalog: dict[str, Any], plain: QuickRun, hashed: QuickRun, *, by_record: bool
) -> None:
    run = tap.run(catalog=catalog, stream_maps={"*": {}}, **HASH) if by_record else hashed
    assert run.exit_code == 0, run.log
    for stream in STREAMS:
        assert run.records[stream] == [expected(stream, row) for row in plain.records[stream]], stream
        columns, before = (each.schemas[stream]["schema"]["properties"] for each in (run, plain))
        assert {**before, **columns}.keys() == before.keys()
        for name, column in columns.items():
            assert {**column, "description": ""} == {**before[name], "description": ""}, name
    assert SALT not in told(run)


def test_what_is_no_text_is_among_them(books: Sandbox, tap: FastTap, catalog: dict[str, Any]) -> None:
    """And is not even asked for."""
    run = tap.run(catalog=only(catalog, "accounts"), **HASH)
    asked = {call["path"]: call["query"] for call in books.control.asked()}
    fields = parse_qs(asked[BY_NAME["accounts"].path])["$select"][0].split(",")
    assert "Name" in fields
    gone = {"Latitude", "Longitude", "BankAccounts"}
    assert gone.isdisjoint(fields)
    assert gone.isdisjoint(run.schemas["accounts"]["schema"]["properties"])


def test_the_same_value_has_the_same_hash_in_every_stream(plain: QuickRun, hashed: QuickRun) -> None:
    def creators(run: QuickRun) -> list[set[str]]:
        return [{row["CreatorFullName"] for row in run.records[name]} for name in ("accounts", "journals")]

    (accounts, journals), (ours, theirs) = creators(plain), creators(hashed)
    assert len(accounts & journals) == len(ours & theirs) > 0


def test_batch_files_hold_hashes(
    tap: FastTap, catalog: dict[str, Any], plain: QuickRun, tmp_path: Path
) -> None:
    storage = {"root": f"file://{tmp_path}"}
    batch = {"encoding": {"format": "jsonl", "compression": "gzip"}, "storage": storage}
    rows = batches(tap.run(catalog=catalog, batch_config=batch, **HASH))
    for stream in STREAMS:
        assert rows[stream] == [expected(stream, row) for row in plain.records[stream]], stream


def test_stream_maps_see_hashes_only(tap: FastTap, catalog: dict[str, Any], plain: QuickRun) -> None:
    maps = {"accounts": {"Copy": "Name", "__else__": "__NULL__", "ID": "ID", "Division": "Division"}}
    run = tap.run(catalog=only(catalog, "accounts"), stream_maps=maps, **HASH)
    assert run.exit_code == 0, run.log
    assert [row["Copy"] for row in run.records["accounts"]] == [
        digest(r["Name"]) for r in plain.records["accounts"]
    ]


def test_what_is_discovered_with_the_setting_says_so(tap: FastTap) -> None:
    found = {
        way: {
            each["stream"]: each for each in _discovered(tap, {"personal_data": way, "personal_salt": SALT})
        }
        for way in ("hash", "drop")
    }
    for stream in STREAMS:
        resource = BY_NAME[stream]
        for way, streams in found.items():
            columns = streams[stream]["schema"]["properties"]
            assert columns == schema_of(resource, Personal(way))["properties"]
        fields = {
            entry["breadcrumb"][-1] for entry in found["drop"][stream]["metadata"] if entry["breadcrumb"]
        }
        assert fields.isdisjoint(marked(resource.path))


def _discovered(tap: FastTap, config: dict[str, Any]) -> list[dict[str, Any]]:
    done = tap.start("--discover", **config).end()
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["streams"]
    return found


@pytest.mark.parametrize(
    ("salt", "why"),
    [(None, "`personal_salt` is not set"), ("", "`personal_salt` is not set"), ("pepper", "shorter than 16")],
)
def test_without_a_salt_nothing_is_read(
    books: Sandbox, tap: FastTap, catalog: dict[str, Any], salt: str | None, why: str
) -> None:
    books.control.reset_stats()
    run = tap.run(catalog=catalog, personal_data="hash", personal_salt=salt)
    assert run.exit_code == 2
    assert why in run.log.splitlines()[-1]
    assert "pepper" not in run.log
    assert run.lines == []
    assert books.control.stats()["calls"] == 0


# --- Left out ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [{}, {"stream_maps": {"*": {}}}], ids=["pages", "records"])
def test_what_is_dropped_is_neither_asked_for_nor_written(
    books: Sandbox, tap: FastTap, catalog: dict[str, Any], plain: QuickRun, config: dict[str, Any]
) -> None:
    run = tap.run(catalog=catalog, **DROP, **config)
    assert run.exit_code == 0, run.log
    asked = {call["path"]: call["query"] for call in books.control.asked()}
    for name in ("accounts", "contacts", "employees", "transaction_lines", "journals"):
        path = BY_NAME[name].path
        fields = parse_qs(asked[path])["$select"][0].split(",")
        assert "ID" in fields
        assert marked(path).keys().isdisjoint(fields), name
    for stream in STREAMS:
        resource = BY_NAME[stream]
        personal = marked(resource.path)
        kept = [{n: v for n, v in row.items() if n not in personal} for row in plain.records[stream]]
        assert run.records[stream] == kept, stream
        assert run.schemas[stream]["schema"]["properties"].keys().isdisjoint(personal)
    assert any(needed(BY_NAME[s]) & marked(BY_NAME[s].path).keys() for s in STREAMS)  # read, and taken out


def test_batch_files_lack_what_is_dropped(tap: FastTap, catalog: dict[str, Any], tmp_path: Path) -> None:
    storage = {"root": f"file://{tmp_path}"}
    batch = {"encoding": {"format": "jsonl", "compression": "gzip"}, "storage": storage}
    rows = batches(tap.run(catalog=catalog, batch_config=batch, **DROP))
    for stream in STREAMS:
        assert {name for row in rows[stream] for name in row}.isdisjoint(marked(BY_NAME[stream].path)), stream


# --- What was loaded before ----------------------------------------------------------------------------------

CHANGED = "Rows that were loaded before hold other values in 1 stream, since"
GONE = "keep what was loaded before of {} in 1 stream that `personal_data` does not load any more"
LATER = "came into the selection"


@pytest.fixture(scope="module")
def few(tap: FastTap) -> dict[str, Any]:
    """Return a catalog with a name, a code and a number that is marked."""
    found = only(tap.catalog(lambda _: True), "accounts")
    for entry in found["streams"][0]["metadata"]:
        if entry["breadcrumb"]:
            entry["metadata"]["selected"] = entry["breadcrumb"][1] in {"Name", "Code", "Latitude"}
    return found


@pytest.fixture(scope="module")
def kept(tap: FastTap, few: dict[str, Any]) -> QuickRun:
    return tap.run(catalog=few)


@pytest.fixture(scope="module")
def mended(tap: FastTap, few: dict[str, Any], kept: QuickRun) -> QuickRun:
    """Return the run that reads anew by itself, since what was kept is hashed now."""
    return tap.run(catalog=few, state=kept.state, new_fields="reread", **HASH)


def warnings(run: QuickRun) -> list[str]:
    return [line for line in run.log.splitlines() if "WARNING" in line and "Exit code" not in line]


def test_it_is_said_once_that_older_rows_are_not_hashed(
    tap: FastTap, few: dict[str, Any], kept: QuickRun
) -> None:
    run = tap.run(catalog=few, state=kept.state, **HASH)
    assert run.exit_code == 0, run.log
    (said,) = warnings(run)
    assert CHANGED in said
    assert """TAP_EXACT_ONLINE_REREAD='{"streams": ["accounts"]}'""" in said
    assert GONE.format("1 field") in said
    assert "Name" not in said
    assert "accounts: Name held other values before" in run.log
    assert LATER not in run.log
    assert run.records["accounts"] == []


def test_many_streams_are_one_warning_with_one_command(tap: FastTap, catalog: dict[str, Any]) -> None:
    first = tap.run(catalog=catalog)
    run = tap.run(catalog=catalog, state=first.state, **HASH)
    assert run.exit_code == 0, run.log
    (said,) = [line for line in warnings(run) if "hold other values" in line]
    (command,) = re.findall(r"TAP_EXACT_ONLINE_REREAD='(.*?)'", run.log)
    streams = json.loads(command)["streams"]
    assert f"in {len(streams)} streams, since" in said
    assert len(streams) > 3
    assert LATER not in run.log


def test_reading_anew_mends_it(kept: QuickRun, mended: QuickRun) -> None:
    assert CHANGED not in mended.log
    assert "anew: Name held other values before" in mended.log
    assert LATER not in mended.log
    assert GONE.format("1 field") in mended.log
    assert [row["Name"] for row in mended.records["accounts"]] == [
        digest(r["Name"]) for r in kept.records["accounts"]
    ]
    assert all("Latitude" not in row for row in mended.records["accounts"])
    assert SALT not in json.dumps(mended.state)


@pytest.mark.parametrize(
    ("after", "said"),
    [(HASH, False), ({**HASH, "personal_salt": OTHER}, True)],
    ids=["hashed alike", "another salt"],
)
def test_rows_that_were_hashed_otherwise_are_older_rows(
    tap: FastTap, few: dict[str, Any], mended: QuickRun, after: dict[str, Any], *, said: bool
) -> None:
    run = tap.run(catalog=few, state=mended.state, **after)
    assert run.exit_code == 0, run.log
    assert (CHANGED in run.log) is said
    assert len(warnings(run)) == said


def test_what_is_kept_again_has_other_values_and_what_was_left_out_is_new(
    tap: FastTap, few: dict[str, Any], mended: QuickRun
) -> None:
    (said,) = warnings(tap.run(catalog=few, state=mended.state))
    assert CHANGED in said
    assert "Fields came into the selection later" in said
    assert "accounts (1 field)" in said
    assert said.count("TAP_EXACT_ONLINE_REREAD") == 1


def test_rows_of_both_kinds_are_not_forgotten(tap: FastTap, few: dict[str, Any], kept: QuickRun) -> None:
    """Some rows hold the name, some its hash: so it is said until the stream is read anew, whatever is set by then."""
    mixed = tap.run(catalog=few, state=kept.state, **HASH)
    for config in (HASH, {}, {**HASH, "personal_salt": OTHER}):
        run = tap.run(catalog=few, state=mixed.state, **config)
        assert CHANGED in run.log
        if config:
            assert LATER not in run.log
    anew = tap.run(catalog=few, state=mixed.state, new_fields="reread", **HASH)
    assert warnings(tap.run(catalog=few, state=anew.state, **HASH)) == []


def test_it_is_said_once_that_a_table_keeps_what_is_dropped(
    tap: FastTap, few: dict[str, Any], kept: QuickRun
) -> None:
    run = tap.run(catalog=few, state=kept.state, **DROP)
    (said,) = warnings(run)
    assert GONE.format("2 fields") in said
    assert "accounts: Latitude, Name stay in your table, and are not loaded any more" in run.log
    assert warnings(tap.run(catalog=few, state=run.state, **DROP)) == []

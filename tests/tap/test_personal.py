"""The setting `personal_data`: what tells of a person leaves the tap hashed, or not at all."""

from __future__ import annotations

import gzip
import hmac
import json
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


def digest(value: Any, salt: str = SALT) -> Any:
    """Return what is to stand in place of a value, worked out without the tap's code."""
    if value is None or value == "":
        return value
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
    text = text.removesuffix(".0") if isinstance(value, float) else text
    return hmac.digest(salt.encode(), text.encode(), "sha256").hex()


def expected(stream: str, row: dict[str, Any], salt: str = SALT) -> dict[str, Any]:
    personal = marked(BY_NAME[stream].path)
    return {name: digest(value, salt) if name in personal else value for name, value in row.items()}


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
        columns = run.schemas[stream]["schema"]["properties"]
        for name in marked(BY_NAME[stream].path).keys() & columns.keys():
            assert columns[name]["type"] == ["string", "null"]
            assert columns[name].keys() == {"type", "description"}
        assert columns.keys() == plain.schemas[stream]["schema"]["properties"].keys()
    assert SALT not in told(run)


def test_numbers_are_among_them(plain: QuickRun) -> None:
    """Or the tests here would show nothing of them."""
    kinds = {
        type(row[name])
        for stream in STREAMS
        for row in plain.records[stream]
        for name in marked(BY_NAME[stream].path).keys() & row.keys()
    }
    assert {str, int, float, type(None)} <= kinds


def test_nested_rows_are_hashed_as_a_whole(
    books: Sandbox, tap: FastTap, catalog: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(books.control.clear_faults)
    inner = {"Holder": "J. Jansen", "Amount": 1.5}
    rows = [
        {
            "ID": f"00000000-0000-0000-0000-00000000000{at}",
            "Timestamp": f"{at}",
            "Name": "",
            "BankAccounts": nested,
        }
        for at, nested in enumerate(
            ({"results": [inner]}, {"results": [dict(reversed(inner.items()))]}, [], None), 1
        )
    ]
    body = json.dumps({"d": {"results": rows}})
    books.control.fault("status", status=200, path=BY_NAME["accounts"].path, body=body, times=None)
    for config in ({}, {"stream_maps": {"*": {}}}):
        run = tap.run(catalog=only(catalog, "accounts"), **HASH, **config)
        assert run.exit_code == 0, run.log
        assert [row["BankAccounts"] for row in run.records["accounts"]][:4] == [digest([inner])] * 2 + [
            "",
            None,
        ]
        assert run.records["accounts"][0]["Name"] == ""
        assert "Jansen" not in told(run)


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

CHANGED = "accounts: Name: other values than in rows that were loaded before (2 divisions)"
GONE = "accounts: Name: not loaded any more, since `personal_data` is drop"


@pytest.fixture(scope="module")
def few(tap: FastTap) -> dict[str, Any]:
    """Return a catalog with a name and a code."""
    found = only(tap.catalog(lambda _: True), "accounts")
    for entry in found["streams"][0]["metadata"]:
        if entry["breadcrumb"]:
            entry["metadata"]["selected"] = entry["breadcrumb"][1] in {"Name", "Code"}
    return found


@pytest.fixture(scope="module")
def kept(tap: FastTap, few: dict[str, Any]) -> QuickRun:
    return tap.run(catalog=few)


@pytest.fixture(scope="module")
def mended(tap: FastTap, few: dict[str, Any], kept: QuickRun) -> QuickRun:
    """Return the run that reads anew by itself, since what was kept is hashed now."""
    return tap.run(catalog=few, state=kept.state, new_fields="reread", **HASH)


def test_it_is_said_that_older_rows_are_not_hashed(
    tap: FastTap, few: dict[str, Any], kept: QuickRun, mended: QuickRun
) -> None:
    run = tap.run(catalog=few, state=kept.state, **HASH)
    assert run.exit_code == 0, run.log
    assert CHANGED in run.log
    assert "came into the selection" not in run.log
    assert run.records["accounts"] == []
    assert CHANGED not in mended.log
    assert [row["Name"] for row in mended.records["accounts"]] == [
        digest(r["Name"]) for r in kept.records["accounts"]
    ]
    assert SALT not in json.dumps(mended.state)


@pytest.mark.parametrize(
    ("after", "said"),
    [(HASH, False), ({**HASH, "personal_salt": OTHER}, True), ({}, True)],
    ids=["hashed alike", "another salt", "kept again"],
)
def test_rows_that_were_hashed_otherwise_are_older_rows(
    tap: FastTap, few: dict[str, Any], mended: QuickRun, after: dict[str, Any], *, said: bool
) -> None:
    run = tap.run(catalog=few, state=mended.state, **after)
    assert run.exit_code == 0, run.log
    assert (CHANGED in run.log) is said
    assert "came into the selection" not in run.log


def test_it_is_said_once_that_a_table_keeps_what_is_dropped(
    tap: FastTap, few: dict[str, Any], mended: QuickRun
) -> None:
    run = tap.run(catalog=few, state=mended.state, **DROP)
    assert GONE in run.log
    assert GONE not in tap.run(catalog=few, state=run.state, **DROP).log

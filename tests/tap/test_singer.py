"""What the SDK offers works on these streams too: stream maps, flattening, BATCH, selection, the environment."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tap_exact_online.settings import SETTINGS
from tests.conftest import Sandbox
from tests.singer import Tap, tap_for

STREAMS = ["gl_accounts", "journals"]


@pytest.fixture(scope="module")
def tap(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Tap:
    return tap_for(sandbox, tmp_path_factory.mktemp("tap"), sandbox.control.new_login("singer"))


@pytest.fixture(scope="module")
def catalog(tap: Tap) -> dict[str, Any]:
    return tap.catalog(STREAMS)


def test_stream_maps_change_and_drop_columns(tap: Tap, catalog: dict[str, Any]) -> None:
    maps = {"gl_accounts": {"Code": "Code + '!'", "Hashed": "md5(Description)", "Notes": None}}
    run = tap.run(catalog=catalog, stream_maps=maps)
    assert run.exit_code == 0, run.log
    assert {"Hashed"} <= set(run.schemas["gl_accounts"]["schema"]["properties"])
    assert all(row["Code"].endswith("!") and "Notes" not in row for row in run.records["gl_accounts"])
    assert all(len(row["Hashed"]) == 32 for row in run.records["gl_accounts"])
    assert run.bookmarks("gl_accounts")


def test_flattening_is_accepted(tap: Tap, catalog: dict[str, Any]) -> None:
    plain = tap.run(catalog=catalog)
    flat = tap.run(catalog=catalog, flattening_enabled=True, flattening_max_depth=2)
    assert flat.exit_code == 0, flat.log
    assert flat.table("gl_accounts") == plain.table("gl_accounts")


def test_batch_files_hold_the_same_rows(tap: Tap, catalog: dict[str, Any], tmp_path: Path) -> None:
    plain = tap.run(catalog=catalog)
    batch = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": f"file://{tmp_path}"},
        "batch_size": 100,
    }
    run = tap.run(catalog=catalog, batch_config=batch)
    assert run.exit_code == 0, run.log
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in STREAMS}
    for line in run.lines:
        if line["type"] == "BATCH":
            for file in line["manifest"]:
                text = gzip.decompress(Path(urlsplit(file).path).read_bytes()).decode()
                rows[line["stream"]] += [json.loads(row) for row in text.splitlines()]
    for name in STREAMS:
        assert rows[name] == plain.records[name]
    assert run.bookmarks("gl_accounts") == plain.bookmarks("gl_accounts")


def test_a_state_never_goes_ahead_of_a_batch(tap: Tap, catalog: dict[str, Any], tmp_path: Path) -> None:
    batch = {"encoding": {"format": "jsonl"}, "storage": {"root": f"file://{tmp_path}"}, "batch_size": 50}
    run = tap.run(catalog=catalog, batch_config=batch)
    written: dict[int, int] = {}
    for line in run.lines:
        if line["type"] == "BATCH" and line["stream"] == "gl_accounts":
            for file in line["manifest"]:
                path = Path(urlsplit(file).path)
                text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
                for row in map(json.loads, text.splitlines()):
                    written[row["Division"]] = max(written.get(row["Division"], 0), row["Timestamp"])
        elif line["type"] == "STATE" and (stream := line["value"]["bookmarks"].get("gl_accounts")):
            for partition in stream.get("partitions", ()):
                reached = partition.get("at", 0)
                assert reached <= written.get(partition["context"]["Division"], 0)


def test_a_stream_can_be_read_whole(tap: Tap) -> None:
    catalog = tap.catalog(["gl_accounts"])
    first = tap.run(catalog=catalog)
    for stream in catalog["streams"]:
        if stream["stream"] == "gl_accounts":
            stream["replication_method"] = "FULL_TABLE"
            stream["metadata"][0]["metadata"]["forced-replication-method"] = "FULL_TABLE"
    whole = tap.run(catalog=catalog, state=first.state)
    assert whole.exit_code == 0, whole.log
    assert whole.table("gl_accounts") == first.table("gl_accounts")


def test_the_environment_configures_it(tap: Tap, sandbox: Sandbox, tmp_path: Path) -> None:
    excluded, *rest = [row["Code"] for row in sandbox.control.divisions()]
    env = {f"TAP_EXACT_ONLINE_{name.upper()}": value for name, value in tap.config.items()}
    env["TAP_EXACT_ONLINE_EXCLUDE_DIVISIONS"] = json.dumps([excluded])
    run = Tap(tmp_path, {}).run("--config=ENV", env=env, catalog=tap.catalog(["divisions"]))
    assert run.exit_code == 0, run.log
    assert [row["Code"] for row in run.records["divisions"]] == rest


def test_discovery_needs_neither_settings_nor_network(tap: Tap) -> None:
    assert len(tap.catalog(lambda _: False)["streams"]) == len(BY_NAME)


def test_about_shows_every_setting(tmp_path: Path) -> None:
    command = Tap(tmp_path, {}).command("--about", "--format=json")
    about = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)
    assert {setting.name for setting in SETTINGS} <= set(about["settings"]["properties"])
    assert about["settings"]["required"] == ["client_id", "client_secret"]

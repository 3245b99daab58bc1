"""Runs that end in the middle of a file: killed, on a disk that is full, in front of a bucket that is gone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import obstore
import pytest
from obstore.store import S3Store

from tap_exact_online.files.places import FORSAKEN
from tests.auth.stores.servers import S3
from tests.faults.quick import only
from tests.files.dying import POINTS
from tests.files.world import ADDRESS, FILES, World, by_id
from tests.singer import COMMAND, Run

_PATIENCE = 60.0


def ended(process: subprocess.Popen[bytes]) -> Run:
    """Return what a killed process had written."""
    output, log = process.communicate(timeout=_PATIENCE)
    assert process.returncode == -signal.SIGKILL, log.decode()
    lines = [json.loads(line) for line in output.splitlines() if line.endswith(b"}")]
    return Run(process.returncode, log.decode(), lines)


def started(world: World, *command: str, **given: Any) -> subprocess.Popen[bytes]:
    """Start the tap as a process of its own, or another program with its options."""
    catalog = only(world.every, FILES)
    options = world.tap.command(catalog=catalog, **{"files": str(world.places.folder), **given})
    program = [*command, *options[len(COMMAND) :]] if command else options
    return subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_until(happened: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not happened():
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("nth", [0, 7, 19])
def test_a_run_that_is_killed_in_the_middle_of_a_file_loses_and_repeats_no_other(
    world: World, nth: int
) -> None:
    world.control.reset_stats()
    world.control.fault("slow", path=ADDRESS, skip=nth, seconds=600)
    process = started(world)
    wait_until(lambda: world.fetched() == nth + 1 and bool(world.places.unfinished()), process)
    process.kill()
    killed = ended(process)
    assert len(world.places.notes()) == nth
    world.control.clear_faults()
    run = world.run(state=killed.state)
    assert run.exit_code == 0, run.log
    assert world.fetched() == 20 + 1
    seen = {**by_id(killed), **by_id(run)} if FILES in killed.records else by_id(run)
    assert {key: Path(row["Place"]).read_bytes() for key, row in seen.items()} == world.truth()
    world.places.check(seen.values())
    # What it left is removed once nobody can be writing to it any more.
    [left] = world.places.unfinished()
    long_ago = time.time() - FORSAKEN - 60
    os.utime(left, (long_ago, long_ago))
    world.control.add(world.division, "sync/Documents/DocumentAttachments")
    assert world.run(state=run.state).exit_code == 0
    assert world.places.unfinished() == []


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_step_of_keeping_a_file_costs_one_call_at_most(world: World, point: str) -> None:
    world.control.reset_stats()
    killed = ended(started(world, sys.executable, "-m", "tests.files.dying", point, "--"))
    assert world.fetched() == 4
    run = world.run(state=killed.state)
    assert run.exit_code == 0, run.log
    assert world.fetched() == (20 if point == "behind the note" else 21)
    world.places.check(run.records[FILES])
    assert {key: Path(row["Place"]).read_bytes() for key, row in by_id(run).items()} == world.truth()


# --- A full disk -----------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a disk of 128 kB, too small for all files."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_ends_the_files_and_nothing_else(world: World, small_disk: Path) -> None:
    catalog = {"streams": [each for each in world.every["streams"] if each["stream"] in {FILES, "journals"}]}
    files = small_disk / "files"
    run = world.run(catalog=catalog, files=str(files))
    assert run.exit_code == 1, run.log
    assert f"`files`: {files} cannot be used: No space left on device. Make room there" in run.log
    assert run.records["journals"]
    rows = run.records[FILES]
    assert 0 < len(rows) < 20
    assert all(len(Path(row["Place"]).read_bytes()) == row["FileSize"] for row in rows)
    assert [*(files / "unfinished").iterdir()] == []
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    again = world.run(files=str(files), state=run.state)
    assert again.exit_code == 0, again.log
    assert {key: Path(row["Place"]).read_bytes() for key, row in by_id(again).items()} == world.truth()


def test_a_folder_that_cannot_be_made_is_named_once_for_all_divisions(world: World, tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("")
    world.tap.config["divisions"] = [world.division, world.control.add_division()]
    world.control.reset_stats()
    run = world.run(files=str(tmp_path / "in the way" / "files"))
    assert run.exit_code == 1, run.log
    assert "cannot be used: Not a directory" in run.log
    assert world.fetched() <= 1


# --- A bucket --------------------------------------------------------------------------------------------------


def in_bucket(s3: S3) -> dict[str, bytes]:
    """Return all objects of a bucket."""
    store = S3Store(s3.bucket)
    names = [found["path"] for part in obstore.list(store) for found in part]
    return {name: bytes(obstore.get(store, name).bytes()) for name in names}


def finished(process: subprocess.Popen[bytes]) -> Run:
    output, log = process.communicate(timeout=_PATIENCE)
    assert b"hunter2" not in output + log
    assert b"HUNTER2" not in output + log
    return Run(process.returncode, log.decode(), [json.loads(line) for line in output.splitlines()])


def test_files_go_into_a_bucket(world: World, s3: S3) -> None:
    url = f"s3://{s3.bucket}/all/files"
    run = finished(started(world, files=url))
    assert run.exit_code == 0, run.log
    objects = in_bucket(s3)
    found = {key: objects[row["Place"].removeprefix(f"s3://{s3.bucket}/")] for key, row in by_id(run).items()}
    assert found == world.truth()
    contents = [name for name in objects if "/known/" not in name]
    assert all(name.startswith("all/files/") for name in objects)
    assert len(contents) == 19
    assert len(objects) == 19 + 20
    world.control.reset_stats()
    again = finished(started(world, files=url))
    assert by_id(again) == by_id(run)
    assert world.fetched() == 0


def test_a_run_that_is_killed_leaves_nothing_half_in_a_bucket(world: World, s3: S3) -> None:
    url = f"s3://{s3.bucket}/files"
    world.control.reset_stats()
    world.control.fault("slow", path=ADDRESS, skip=3, seconds=600)
    process = started(world, files=url)
    wait_until(lambda: world.fetched() == 4, process)
    process.kill()
    killed = ended(process)
    assert not [name for name in in_bucket(s3) if "unfinished" in name]
    world.control.clear_faults()
    run = finished(started(world, files=url, state=killed.state))
    assert run.exit_code == 0, run.log
    assert world.fetched() == 20 + 1
    assert len(run.records[FILES]) == 20


def test_a_large_file_goes_into_a_bucket_in_parts_and_a_cut_one_not_at_all(world: World, s3: S3) -> None:
    large, cut = world.ids()[2], world.ids()[4]
    body = "%PDF-1.4 " + "x" * (12 << 20)
    for key in (large, cut):
        row = {"ID": key, "FileSize": float(len(body))}
        world.control.set_row(world.division, "sync/Documents/DocumentAttachments", row)
    world.control.fault("status", path=ADDRESS, status=200, body=body, contains=large)
    world.control.fault("status", path=ADDRESS, status=200, body=body[:-100], contains=cut, times=None)
    run = finished(started(world, files=f"s3://{s3.bucket}/files"))
    assert run.exit_code == 1, run.log
    assert f"ID {cut}: its file could not be had: the answer has 12,582,821 bytes" in run.log
    objects = in_bucket(s3)
    place = by_id(run)[large]["Place"].removeprefix(f"s3://{s3.bucket}/")
    assert objects[place] == body.encode()
    assert len([name for name in objects if "/known/" not in name]) == 18
    assert not [name for name in objects if "unfinished" in name]


def test_a_bucket_that_is_not_there_is_named(world: World, s3: S3) -> None:
    run = finished(started(world, files=f"s3://{s3.bucket}-not-there/files"))
    assert run.exit_code == 1, run.log
    assert (
        f"`files`: s3://{s3.bucket}-not-there/files cannot be used: the server says 404 Not Found" in run.log
    )
    assert run.records[FILES] == []


def test_a_store_that_does_not_answer_is_named(world: World, s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # the discard service: nothing answers
    run = finished(started(world, files=f"s3://{s3.bucket}/files"))
    assert run.exit_code == 1, run.log
    assert f"`files`: s3://{s3.bucket}/files cannot be used: " in run.log
    with contextlib.suppress(KeyError):
        assert run.records[FILES] == []

"""Runs that are ended from outside while the loader is slow: whole lines, the state, the exit code, and nothing lost."""

from __future__ import annotations

import array
import fcntl
import gzip
import json
import signal
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import Sandbox, StartSandbox
from tests.expected import expected_rows
from tests.faults.loader import Loader
from tests.faults.quick import narrow, only
from tests.faults.world import FINE
from tests.processes import until
from tests.singer import Tap, tap_for

STREAM = "transaction_lines"
FIELDS = {"Description", "Timestamp"}
_NEARLY_A_PIPE = 14_000  # of 64 kB on Linux, 16 kB elsewhere
CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}


@pytest.fixture
def books(start_sandbox: StartSandbox) -> Sandbox:
    return start_sandbox(**FINE, divisions=4, rows=1250)


@pytest.fixture
def tap(books: Sandbox, tmp_path: Path) -> Tap:
    return tap_for(books, tmp_path)


@pytest.fixture
def catalog(every: dict[str, Any]) -> dict[str, Any]:
    return narrow(only(every, STREAM), {STREAM: FIELDS})


def _start(tap: Tap, catalog: dict[str, Any], **config: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        tap.command(catalog=catalog, **config), stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    )


def _wait_until_blocked(process: subprocess.Popen[bytes]) -> None:
    """Wait until so much lies in the pipe that the tap cannot write on."""
    assert process.stdout
    pipe, waiting = process.stdout.fileno(), array.array("i", [0])
    until(lambda: fcntl.ioctl(pipe, termios.FIONREAD, waiting) or waiting[0] >= _NEARLY_A_PIPE, process)


def _slowly(process: subprocess.Popen[bytes], lines: int) -> Iterator[bytes]:
    """Read some lines, byte by byte, so that no more leaves the pipe."""
    assert process.stdout
    for _ in range(lines):
        yield process.stdout.readline()


def _all_rows(books: Sandbox) -> dict[tuple[Any, ...], dict[str, Any]]:
    divisions = [row["Code"] for row in books.control.divisions()]
    return expected_rows(books.control, BY_NAME[STREAM], divisions, {"ID", "Division", *FIELDS})


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("lines", "times", "concurrency"), [(3, 1, 8), (3, 3, 1), (1200, 1, 1), (1200, 3, 8)]
)
def test_a_slow_loader_gets_whole_lines_and_the_state(  # noqa: PLR0917  a table
    books: Sandbox,
    tap: Tap,
    catalog: dict[str, Any],
    how: signal.Signals,
    lines: int,
    times: int,
    concurrency: int,
) -> None:
    loader = Loader()
    process = _start(tap, catalog, concurrency=concurrency)
    for line in _slowly(process, lines):
        loader.take(line)
    _wait_until_blocked(process)
    for _ in range(times):
        process.send_signal(how)
    assert process.stdout
    rest = process.stdout.read()
    _, log = process.communicate(timeout=60)
    assert process.returncode == CODES[how], log.decode()
    assert log.count(b"The next run goes on from the state") == 1
    assert b"Traceback" not in log
    assert b"Exception ignored" not in log
    assert rest.endswith(b"\n")
    for line in rest.splitlines(keepends=True):
        loader.take(line)
    assert loader.messages < 2500
    loader.end(well=False)  # as if it died: only what a STATE follows counts
    again = tap.run(state=loader.state, catalog=catalog)
    assert again.exit_code == 0, again.log
    assert {**loader.tables.get(STREAM, {}), **again.table(STREAM)} == _all_rows(books)


@pytest.mark.parametrize("concurrency", [1, 8])
def test_a_signal_while_it_waits_for_exact_ends_it_at_once(
    books: Sandbox, tap: Tap, catalog: dict[str, Any], concurrency: int
) -> None:
    books.control.fault("status", status=503, path=BY_NAME[STREAM].path, skip=1, times=None)
    process = _start(tap, catalog, concurrency=concurrency)
    loader = Loader()
    assert process.stdout
    while loader.state.get("bookmarks", {}).get(STREAM) is None:
        line = process.stdout.readline()
        assert line, "it ended"
        loader.take(line)
    process.send_signal(signal.SIGTERM)
    rest, log = process.communicate(timeout=60)
    assert process.returncode == 143, log.decode()
    for line in rest.splitlines(keepends=True):
        loader.take(line)
    books.control.clear_faults()
    again = tap.run(state=loader.state, catalog=catalog)
    assert {**loader.tables[STREAM], **again.table(STREAM)} == _all_rows(books)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize(("lines", "concurrency"), [(3, 8), (6, 1), (11, 1), (11, 8)])
def test_batch_files_hold_all_that_the_state_says(  # noqa: PLR0917  a table
    books: Sandbox,
    tap: Tap,
    catalog: dict[str, Any],
    tmp_path: Path,
    how: signal.Signals,
    lines: int,
    concurrency: int,
) -> None:
    root = tmp_path / "batches"
    root.mkdir()
    batch = {"encoding": {"format": "jsonl"}, "storage": {"root": f"file://{root}"}, "batch_size": 300}
    process = _start(tap, catalog, batch_config=batch, concurrency=concurrency)
    read = [*_slowly(process, lines)]
    process.send_signal(how)
    assert process.stdout
    read += process.stdout.read().splitlines(keepends=True)
    _, log = process.communicate(timeout=60)
    assert process.returncode in {-how, CODES.get(how), 0}, log.decode()
    messages = [json.loads(line) for line in read if line.endswith(b"\n")]
    last = max((n for n, message in enumerate(messages) if message["type"] == "STATE"), default=-1)
    held = _rows_of(messages[: last + 1])
    state = messages[last]["value"] if last >= 0 else {}
    again = tap.run(state=state, catalog=catalog)
    assert again.exit_code == 0, again.log
    assert {*held, *again.table(STREAM)} == {*_all_rows(books)}


def _rows_of(messages: list[dict[str, Any]]) -> set[tuple[int, str]]:
    found = set()
    for message in messages:
        for file in message["manifest"] if message["type"] == "BATCH" else []:
            content = Path(urlsplit(file).path).read_bytes()
            # The SDK compresses whether asked to or not.
            text = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
            for line in text.splitlines():
                row = json.loads(line)
                found.add((row["Division"], row["ID"]))
    return found

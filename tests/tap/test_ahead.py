"""What is begun of the next stream while the last divisions of a stream are read."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import StartSandbox
from tests.expected import expected_rows
from tests.processes import until
from tests.singer import Run, tap_for

FIRST, NEXT = "accounts", "transaction_lines"
_PATIENCE = 60.0  # seconds until what does not come is a failure


@pytest.mark.parametrize(("how", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 143)])
def test_the_next_stream_is_begun_and_a_run_that_ends_then_loses_nothing_of_it(
    start_sandbox: StartSandbox, tmp_path: Path, how: signal.Signals, code: int
) -> None:
    world = start_sandbox(divisions=2, rows=1200)
    tap = tap_for(world, tmp_path)
    catalog = tap.catalog([FIRST, NEXT])
    divisions = [row["Code"] for row in world.control.divisions()]
    # The first division never answers: what the run does then, it does while the stream is not at its end.
    world.control.fault("delay", path=BY_NAME[FIRST].path, division=divisions[0], seconds=3600)
    output, log = tmp_path / "output.jsonl", tmp_path / "log"
    with output.open("wb") as stdout, log.open("wb") as stderr:
        command = tap.command(catalog=catalog, concurrency=2)
        process = subprocess.Popen(command, stdout=stdout, stderr=stderr)
    until(lambda: world.control.stats()["by_endpoint"].get(BY_NAME[NEXT].path, 0) >= 2, process, log)
    process.send_signal(how)
    assert process.wait(_PATIENCE) == code
    first = Run(code, log.read_text(), [json.loads(line) for line in output.read_text().splitlines()])
    assert {row["Division"] for row in first.records[FIRST]} == {divisions[1]}
    assert NEXT not in first.records
    assert NEXT not in first.schemas
    assert not first.state["bookmarks"].get(NEXT)

    world.control.clear_faults()
    second = tap.run(catalog=catalog, state=first.state, concurrency=2)
    assert second.exit_code == 0, second.log
    for stream in (FIRST, NEXT):
        found = {**(first.table(stream) if stream == FIRST else {}), **second.table(stream)}
        assert len(found) > len(divisions)
        fields = next(iter(found.values())).keys()
        assert found == expected_rows(world.control, BY_NAME[stream], divisions, fields)

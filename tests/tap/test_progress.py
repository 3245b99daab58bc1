"""What a run shows of itself: in a log, in a structured log, and on a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import Sandbox, StartSandbox
from tests.singer import Run, Tap, tap_for

PLENTY = {"minute_limit": 100_000, "day_limit": 100_000, "contract_limit": 100_000}
STREAMS = ["accounts", "cost_centers", "divisions", "transaction_lines"]
WIDTH = 80


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return Tap(tmp_path_factory.mktemp("catalog"), {}).catalog(STREAMS)


@pytest.fixture
def world(start_sandbox: StartSandbox) -> Sandbox:
    return start_sandbox(rows=1200, **PLENTY)


@pytest.fixture
def tap(world: Sandbox, tmp_path: Path) -> Tap:
    return tap_for(world, tmp_path)


def _messages(run: Run) -> list[str]:
    """Return the lines of a log without time, level and logger; SDK metrics left out."""
    return [line.split(" | ", 3)[3] for line in run.log.splitlines() if "METRIC" not in line]


def _counted(run: Run) -> int:
    return sum(len(records) for records in run.records.values())


_LACKS_SCOPE = "403: the app registration lacks the scope 'crm.accounts'. Add it in the Exact Online App Centre, then connect again."
_LACKS_RIGHT = (
    "403: Forbidden. Check the scope 'Financial costcenters' in the app registration in the Exact Online App Centre, then connect"
    " again; and the user's right to view financial master data under Master data > Users > user > Grant rights"
    " (Dutch: Stamgegevens > Overzicht | Gebruikers > Gebruiker > Rechten toekennen)."
)


# --- In a log ------------------------------------------------------------------------------------------------


def test_a_log_has_a_line_for_each_division_and_stream_and_a_summary(
    world: Sandbox, tap: Tap, catalog: dict[str, Any]
) -> None:
    first, second = (row["Code"] for row in world.control.divisions())
    world.control.forbid("sync/CRM/Accounts", division=first)
    world.control.forbid("hrm/Costcenters", division=second, reason="Forbidden")
    run = tap.run(catalog=catalog)
    assert run.exit_code == 0, run.log
    assert "\x1b" not in run.log
    said = _messages(run)
    assert len([line for line in said if line.startswith("accounts in division")]) == 2
    lines = {each: world.control.count(each, BY_NAME["transaction_lines"].path) for each in (first, second)}
    for division, rows in lines.items():
        begun = f"transaction_lines in division {division}: {rows:,} rows in 2 pages, "
        assert [line.startswith(begun) for line in said].count(True) == 1, run.log
    (stream,) = [line for line in said if line.startswith("transaction_lines: ")]
    assert stream.startswith(f"transaction_lines: {sum(lines.values()):,} rows of 2 divisions, 4 calls, ")

    calls = sum(world.control.stats()["by_endpoint"].values())
    assert not [line for line in said if "Skipping" in line]  # what the SDK says at every run tells nothing
    summary = next(index for index, line in enumerate(said) if line.startswith("Read "))
    assert re.fullmatch(
        rf"Read {_counted(run):,} rows of 4 streams in 2 divisions: {calls} calls in \d\.\d s\. 2 skipped\.",
        said[summary],
    )
    assert said[summary + 1 :] == [
        "2 of the streams and divisions: data was skipped for lack of a right (see the setting on_denied):",
        f"  accounts in division {first}: {_LACKS_SCOPE}",
        f"  cost_centers in division {second}: {_LACKS_RIGHT}",
        "Exit code 0: complete but for what was skipped.",
    ]


def test_an_idle_run_over_many_divisions_leaves_a_short_log(
    start_sandbox: StartSandbox, tmp_path: Path, catalog: dict[str, Any]
) -> None:
    world = start_sandbox(divisions=40, rows=20, **PLENTY)
    tap = tap_for(world, tmp_path)
    first = tap.run(catalog=catalog, concurrency=8)
    assert not [line for line in _messages(first) if " in division " in line]  # of many, none has a line
    run = tap.run(catalog=catalog, state=first.state, concurrency=8)
    assert run.exit_code == 0, run.log
    said = _messages(run)
    assert not [line for line in said if " in division " in line]
    # The beginning and the end of each stream, and a few for the run.
    assert len(said) <= 2 * len(STREAMS) + 5, run.log
    assert said[-1] == "Exit code 0: complete."


def test_what_fails_alike_in_many_divisions_is_put_together(
    start_sandbox: StartSandbox, tmp_path: Path, catalog: dict[str, Any]
) -> None:
    world = start_sandbox(divisions=40, rows=20, **PLENTY)
    first = min(row["Code"] for row in world.control.divisions())
    world.control.forbid("sync/CRM/Accounts")
    world.control.forbid("hrm/Costcenters", division=first, reason="Forbidden")
    run = tap_for(world, tmp_path).run(catalog=catalog, concurrency=8)
    assert run.exit_code == 0, run.log
    said = _messages(run)
    assert len([line for line in said if line.startswith("Not read: accounts in division ")]) == 5
    assert said.count("More was not read. It is counted from here on, and put together at the end.") == 1
    summary = next(index for index, line in enumerate(said) if line.startswith("Read "))
    title, accounts, cost_centers, _ = said[summary + 1 :]
    assert title.startswith("41 of the streams and divisions: ")
    assert accounts == f"  accounts in all 40 divisions: {_LACKS_SCOPE}"
    assert cost_centers == f"  cost_centers in division {first}: {_LACKS_RIGHT}"


def test_the_last_line_says_what_the_exit_code_means(
    world: Sandbox, tap: Tap, catalog: dict[str, Any]
) -> None:
    world.control.options(day_limit=2)
    run = tap.run(catalog=catalog)
    assert run.exit_code == 4
    said = _messages(run)
    assert said[-1].startswith("Exit code 4: stopped by a limit.")
    assert said[-2].startswith("Run again after ")
    refused = tap.run(region="nowhere")
    assert (refused.exit_code, "Exit code 2: " in _messages(refused)[-1]) == (2, True)
    # What Meltano shows of a failure is the last line, and that has to say what is wrong.
    assert "`region`" in _messages(refused)[-1]


# --- In a structured log -------------------------------------------------------------------------------------

_STRUCTURED = """
version: 1
disable_existing_loggers: false
formatters:
  structured: {"()": singer_sdk.logging.StructuredFormatter}
handlers:
  stderr: {class: logging.StreamHandler, formatter: structured, stream: ext://sys.stderr}
root: {level: INFO, handlers: [stderr]}
"""


def test_a_structured_log_holds_the_numbers_and_announces_waits(
    world: Sandbox, tap: Tap, catalog: dict[str, Any]
) -> None:
    world.control.options(minute_limit=1, minute_seconds=2.5)
    (tap.folder / "logging.yml").write_text(_STRUCTURED)
    run = tap.run(catalog=catalog, env={"SINGER_SDK_LOG_CONFIG": str(tap.folder / "logging.yml")})
    assert run.exit_code == 0, run.log
    lines = [json.loads(line) for line in run.log.splitlines() if line.startswith("{")]
    told = [
        (line["message"], line["stream_name"], line["extra"]) for line in lines if line["message"] != "METRIC"
    ]

    (ended,) = [extra for said, stream, extra in told if stream == "transaction_lines" and "calls" in extra]
    rows = len(run.records["transaction_lines"])
    assert (ended["rows"], ended["divisions"], ended["calls"]) == (rows, 2, 4)
    divisions = {
        extra["division"]: extra for _, stream, extra in told if stream == "accounts" and "division" in extra
    }
    for row in world.control.divisions():
        extra = divisions[row["Code"]]
        assert extra["rows"] == world.control.count(row["Code"], BY_NAME["accounts"].path)
        assert (extra["pages"], extra["complete"]) == (1, True)

    waits = [(said, extra) for said, _, extra in told if said.startswith("Waiting ")]
    assert waits
    assert all(extra["waiting_for"] == "limits" for _, extra in waits)
    summary = next(extra for said, _, extra in told if said.startswith("Read "))
    assert summary["rows"] == _counted(run)
    assert summary["calls"] == sum(world.control.stats()["by_endpoint"].values())
    assert summary["waited_for_limits"] >= sum(extra["waiting_seconds"] for _, extra in waits) - 0.5
    assert summary["waited_for_server"] == summary["failed"] == summary["warnings"] == 0
    assert told[-1][2]["exit_code"] == 0


# --- On a terminal -------------------------------------------------------------------------------------------


class _Terminal:
    """Our side of a terminal: what is shown on the other."""

    def __init__(self, side: int) -> None:
        self._side: int | None = side
        self._shown = b""

    def read(self, words: str = "") -> str:
        """Return what has been shown, once these words are in it; without any, when the other side is closed."""
        while self._side is not None and (not words or words.encode() not in self._shown):
            try:
                part = os.read(self._side, 65536)
            except OSError:  # the other side is closed
                part = b""
            if not part:
                self.close()
            self._shown += part
        return self._shown.decode()

    def close(self) -> None:
        """Take the terminal away."""
        if self._side is not None:
            os.close(self._side)
            self._side = None


@contextmanager
def _on_a_terminal(tap: Tap, catalog: Mapping[str, Any]) -> Iterator[tuple[subprocess.Popen[str], _Terminal]]:
    """Run with standard error on a terminal, and standard output in the file `out`."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, WIDTH))
    environ = {name: value for name, value in os.environ.items() if name not in {"CI", "NO_COLOR", "COLUMNS"}}
    with (
        (tap.folder / "out").open("w") as out,
        subprocess.Popen(
            tap.command(catalog=catalog),
            stdout=out,
            stderr=theirs,
            text=True,
            env={**environ, "TERM": "xterm"},
        ) as process,
    ):
        os.close(theirs)
        terminal = _Terminal(ours)
        try:
            yield process, terminal
        finally:
            process.kill()
            terminal.close()


def _screen(shown: str) -> list[str]:
    """Return what is left on a terminal so wide that no line of the log is wrapped."""
    lines, row, column = [""], 0, 0
    for part in re.findall(r"\x1b\[\??\d*[A-Za-z]|\r|\n|[^\x1b\r\n]+", shown):
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\r":
            column = 0
        elif part.endswith("A") and part[0] == "\x1b":
            row -= int(part[2:-1] or 1)
        elif part == "\x1b[2K":
            lines[row] = ""
        elif part[0] != "\x1b":
            lines[row] = lines[row][:column].ljust(column) + part + lines[row][column + len(part) :]
            column += len(part)
    return lines


def test_a_terminal_shows_where_the_run_is_and_nothing_is_left_of_it(
    world: Sandbox, tap: Tap, catalog: dict[str, Any]
) -> None:
    world.control.fault("delay", path="sync/Financial/TransactionLines", seconds=0.5, times=None)
    with _on_a_terminal(tap, catalog) as (process, terminal):
        shown = terminal.read()
        assert process.wait(60) == 0, shown
    drawn = [line for line in re.split(r"[\r\n]+|\x1b\[\d*[AK]", shown) if " | " not in line]
    assert any(
        re.fullmatch(r"[-\\|/] transaction_lines: 1 of 2 divisions, [\d,]+ rows, [\d,]+ a second", line)
        for line in drawn
    )
    assert any(re.search(r" \d+ calls; [\d,]+ this minute and [\d,]+ today left", line) for line in drawn)
    assert all(len(re.sub(r"\x1b\[\??\d*[a-z]", "", line)) <= WIDTH for line in drawn)

    left = [line for line in _screen(shown) if line]
    assert all(" | " in line for line in left), left
    said = [line.split(" | ", 3)[3] for line in left]
    assert sum(line.startswith("Beginning sync of") for line in said) == len(STREAMS)
    assert not [line for line in said if " in division " in line]
    assert said[-1] == "Exit code 0: complete."
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1  # the cursor is back
    written = [json.loads(line) for line in (tap.folder / "out").read_text().splitlines()]
    records = sum(line["type"] == "RECORD" for line in written)
    assert said[-2].startswith(f"Read {records:,} rows of 4 streams in 2 divisions: ")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_that_is_ended_leaves_the_terminal_as_it_was(
    world: Sandbox, tap: Tap, catalog: dict[str, Any], number: signal.Signals, code: int
) -> None:
    world.control.fault("status", status=503, path="sync/*", times=None)
    with _on_a_terminal(tap, catalog) as (process, terminal):
        assert "accounts: 0 of 2 divisions" in terminal.read("for the server")
        process.send_signal(number)
        shown = terminal.read()
        assert process.wait(30) == code
    left = [line for line in _screen(shown) if line]
    assert all(" | " in line for line in left), left
    assert f"Exit code {code}: " in left[-1]
    assert "The next run goes on from the state" in "".join(left)
    assert shown.endswith("\n")
    assert "Traceback" not in shown
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1


def test_a_terminal_that_goes_away_does_not_end_the_run(
    world: Sandbox, tap: Tap, catalog: dict[str, Any]
) -> None:
    world.control.fault("delay", path="sync/Financial/TransactionLines", seconds=0.5, times=None)
    with _on_a_terminal(tap, catalog) as (process, terminal):
        terminal.read("Beginning sync of 'transaction_lines'")
        terminal.close()
        assert process.wait(60) == 0
    written = [json.loads(line) for line in (tap.folder / "out").read_text().splitlines()]
    rows = sum(line["type"] == "RECORD" and line["stream"] == "transaction_lines" for line in written)
    divisions = [row["Code"] for row in world.control.divisions()]
    assert rows == sum(world.control.count(each, BY_NAME["transaction_lines"].path) for each in divisions)

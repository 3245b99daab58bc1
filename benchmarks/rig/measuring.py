"""The stopwatch: what one run of a program costs, and what many runs come to."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

_LAUNCH = Path(__file__).with_name("launch.py")
_LAST_LINES = 15


class RunFailed(Exception):  # noqa: N818  says what happened
    """A program that was to be measured ended with an error; the message holds the last it wrote."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a program cost.

    Attributes:
        wall: Seconds by the clock.
        cpu: Seconds of the processor, user and system.
        peak_mb: The most memory it held, in MB.
    """

    wall: float
    cpu: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Program:
    """A program to be measured.

    Attributes:
        name: What the table calls it.
        command: The command line.
        env: Set in its environment, on top of the caller's.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str]


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a measured program: nothing of the caller's that configures a tap or slows Python."""
    dropped = ("TAP_", "TARGET_", "MELTANO_", "PYTHON", "SINGER_SDK_", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, **(more or {})}


def measure(program: Program, output: IO[bytes] | int = subprocess.DEVNULL, logs: Path | None = None) -> Cost:
    """Run a program once.

    Raises:
        RunFailed: It did not end with 0.
    """
    (cost,) = measure_pipe([program], output, logs)
    return cost


def measure_pipe(
    programs: Sequence[Program], output: IO[bytes] | int = subprocess.DEVNULL, logs: Path | None = None
) -> list[Cost]:
    """Run programs as a shell runs `a | b`, once, and return what each cost.

    Args:
        programs: What to run.
        output: Where standard output of the last goes.
        logs: The folder in which standard error of each is kept, as `log-0` and so on; None keeps none.

    Raises:
        RunFailed: One of them did not end with 0.
    """
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        costs = [Path(folder) / f"cost-{place}.json" for place in range(len(programs))]
        written = [(logs or Path(folder)) / f"log-{place}" for place in range(len(programs))]
        running: list[subprocess.Popen[bytes]] = []
        source: IO[bytes] | int | None = subprocess.DEVNULL
        for place, program in enumerate(programs):
            last = place == len(programs) - 1
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_LAUNCH), str(costs[place]), *program.command],
                stdin=source,
                stdout=output if last else subprocess.PIPE,
                stderr=stack.enter_context(written[place].open("wb")),
                env=environment(program.env),
                cwd=folder,  # so that `python -m` finds what is installed, not what lies in the caller's folder
                start_new_session=True,
            )
            stack.callback(_end, process)
            if source not in (None, subprocess.DEVNULL):
                source.close()  # type: ignore[union-attr]  # the pipe belongs to the reader now
            source = process.stdout
            running.append(process)
        for process in running:
            process.wait()
        found = []
        for program, cost, log in zip(programs, costs, written, strict=True):
            told = json.loads(cost.read_bytes()) if cost.exists() else {"exit_code": None}
            if told.pop("exit_code") != 0:
                lines = log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
                msg = "\n".join([f"{program.name} failed. It wrote:", *lines])
                raise RunFailed(msg)
            found.append(Cost(**told))
        return found


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it started, where the benchmark itself is ended before it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def alternate(runs: Mapping[str, Callable[[], Cost]], rounds: int) -> dict[str, list[Cost]]:
    """Run everything in turn, A B A B: whatever else the machine does falls on all of them."""
    found: dict[str, list[Cost]] = {name: [] for name in runs}
    for number in range(rounds):
        for name, run in runs.items():
            progress(f"round {number + 1} of {rounds}: {name}")
            found[name].append(run())
    progress("")
    return found


def progress(text: str) -> None:
    """Say what is going on, where somebody watches."""
    if sys.stderr.isatty():
        print(f"\r  {text:<76}" if text else "\r" + " " * 78, end="\r", file=sys.stderr, flush=True)


def median(costs: Iterable[Cost]) -> Cost:
    """Return the median of each figure."""
    seen = [asdict(cost) for cost in costs]
    return Cost(**{name: statistics.median(each[name] for each in seen) for name in seen[0]})


def ratio(costs: Sequence[Cost], others: Sequence[Cost], figure: str) -> float:
    """Return the median over the rounds of how many times others cost what these do."""
    pairs = zip(costs, others, strict=True)
    return statistics.median(getattr(other, figure) / getattr(cost, figure) for cost, other in pairs)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write rows as a table of Markdown, numbers to the right."""
    names = list(rows[0])
    cells = [[_cell(row[name]) for name in names] for row in rows]
    widths = [max(len(line[place]) for line in [names, *cells]) for place in range(len(names))]
    numeric = [isinstance(rows[0][name], int | float) for name in names]

    def line(values: Sequence[str]) -> str:
        padded = (
            value.rjust(width) if right else value.ljust(width)
            for value, width, right in zip(values, widths, numeric, strict=True)
        )
        return "| " + " | ".join(padded) + " |"

    rule = [
        "-" * (width - 1) + ":" if right else "-" * width
        for width, right in zip(widths, numeric, strict=True)
    ]
    return "\n".join([line(names), line(rule), *map(line, cells)])


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"  # noqa: PLR2004  three digits tell enough
    return f"{value:,}" if isinstance(value, int) else str(value)


def report(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print the figures, as a table or as JSON."""
    print(json.dumps(rows, indent=2) if as_json else table(rows), flush=True)

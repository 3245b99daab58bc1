"""How cost grows with rows and with divisions: time in proportion, memory not at all.

    python benchmarks/growth.py [--rows 10000 100000 1000000] [--divisions 1 10 100 1000] [--plots benchmarks/plots]

The first part reads more and more rows of one division; the second spreads the same rows over more and more divisions.
Memory is the peak of the whole process. Each size runs once unmeasured, so that the sandbox has its pages ready, and
then as often as `--rounds` says. `--plots` writes the figures as SVG, too.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rig.measuring import Cost, measure, median, progress, report
from rig.plot import chart
from rig.serving import LINES, serve
from rig.taps import Bench

_STREAM = "transaction_lines"


def _cost(rows: int, divisions: int, args: argparse.Namespace) -> Cost:
    """Return what it costs to read that many rows, spread over that many divisions."""
    each = rows // divisions
    with (
        serve(divisions=divisions, rows=each, table={LINES: each}) as served,
        tempfile.TemporaryDirectory() as folder,
    ):
        bench = Bench(served, Path(folder))
        program = bench.ours("tap", args.tap, streams=[_STREAM], concurrency=args.concurrency)
        progress(f"{rows:,} rows, {divisions:,} divisions: first run")
        measure(program)
        costs = []
        for number in range(args.rounds):
            progress(f"{rows:,} rows, {divisions:,} divisions: round {number + 1} of {args.rounds}")
            costs.append(measure(program))
        progress("")
        return median(costs)


def _line(rows: int, divisions: int, cost: Cost) -> dict[str, Any]:
    return {
        "rows": rows,
        "divisions": divisions,
        "wall s": cost.wall,
        "CPU s": cost.cpu,
        "rows/s": round(rows / cost.wall),
        "peak MB": round(cost.peak_mb),
    }


def _draw(folder: Path, axis: str, lines: Sequence[dict[str, Any]]) -> None:
    points = [line[axis] for line in lines]
    folder.mkdir(parents=True, exist_ok=True)
    time = {
        "wall, seconds": [line["wall s"] for line in lines],
        "CPU, seconds": [line["CPU s"] for line in lines],
    }
    (folder / f"{axis}-time.svg").write_text(chart(f"Time by {axis}", axis, points, time))
    memory = {"peak memory, MB": [line["peak MB"] for line in lines]}
    (folder / f"{axis}-memory.svg").write_text(chart(f"Memory by {axis}", axis, points, memory))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 30_000, 100_000, 300_000, 1_000_000])
    parser.add_argument("--divisions", type=int, nargs="*", default=[1, 10, 100, 1000])
    parser.add_argument("--spread", type=int, default=100_000, help="the rows that are spread over divisions")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--tap", default=sys.executable, metavar="PYTHON_OR_COMMAND")
    parser.add_argument("--plots", type=Path, help="the folder for SVG files")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    parts = {
        "rows": [_line(rows, 1, _cost(rows, 1, args)) for rows in args.rows],
        "divisions": [
            _line(args.spread, divisions, _cost(args.spread, divisions, args)) for divisions in args.divisions
        ],
    }
    if not args.json:
        print(f"concurrency {args.concurrency}, median of {args.rounds} rounds")
    report([line for lines in parts.values() for line in lines], as_json=args.json)
    if args.plots:
        for axis, lines in parts.items():
            if lines:
                _draw(args.plots, axis, lines)


if __name__ == "__main__":
    main()

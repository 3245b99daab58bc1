"""What thousands of companies cost: a first run and one that finds nothing new, and how both grow.

    python benchmarks/divisions.py [--divisions 300 3000] [--streams 60] [--concurrency 4] [--first]

The streams that are read by default, one row of each in every company; the second run reads some of them again, lest one was
late. The companies are alike and answer at once (see `rig/crowd.py`), so that what is seen is the tap. Beside time and memory: the lines of its log, the bytes of its STATE
messages, and how long no call is under way: in all; behind the list of divisions, when the run is planned; from one stream to the next
(before the first few calls of that one); the longest time after the plan, which is within a stream, where a large STATE is written;
before the first call and after the last. The last rows say how many times more the larger number takes; what grows in proportion takes as many times more as there are
companies.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from rig.crowd import Crowd, Moment, crowd
from rig.measuring import Program, measure, progress, report
from rig.outputs import is_record, is_state, last_state
from rig.taps import Bench

from tap_exact_online.catalog.resource import Kind, Resource
from tap_exact_online.catalog.resources import RESOURCES

_LIST = frozenset({"current/me", "system/divisions"})


def silences(moments: Sequence[Moment]) -> Iterator[tuple[float, str, int]]:
    """Give the seconds without a call under way before each call but the first, with its endpoint and its number there."""
    busy_until = accumulate((moment.went for moment in moments), max)
    numbers: Counter[str] = Counter(moment.path for moment in moments[:1])
    for moment, until in zip(moments[1:], busy_until, strict=False):
        numbers[moment.path] += 1
        yield max(0.0, moment.came - until), moment.path, numbers[moment.path]


def _written(output: Path) -> tuple[list[int], int]:
    """Return the bytes of each STATE message, and how many rows there are."""
    states, records = [], 0
    with output.open("rb") as lines:
        for line in lines:
            if is_state(line):
                states.append(len(line))
            records += is_record(line)
    return states, records


def _run(name: str, served: Crowd, program: Program, folder: Path, concurrency: int) -> dict[str, Any]:
    served.moments.clear()
    output = folder / f"{program.name}.jsonl"
    began = time.monotonic()
    with output.open("wb") as file:
        cost = measure(program, file, folder)
    over = time.monotonic()
    moments = served.moments
    silent = [*silences(moments)]
    # Behind the list of divisions the run is planned, once; the first calls of a stream are made while the one before it ends.
    listed = next(place for place, (_, path, _) in enumerate(silent) if path.lower() not in _LIST)
    planned, *later = silent[listed:]
    between = [each for each in later if each[2] <= 1 + concurrency]
    longest, path, number = max(later)
    log = (folder / "log-0").read_bytes()
    states, records = _written(output)
    return {
        "run": name,
        "divisions": len(served.service.divisions.by_code),
        "calls": len(moments),
        "rows": records,
        "wall s": cost.wall,
        "CPU s": cost.cpu,
        "ms a call": 1000 * cost.wall / max(1, len(moments)),
        "peak MB": round(cost.peak_mb),
        "log lines": log.count(b"\n"),
        "STATEs": len(states),
        "STATE MB": sum(states) / 1e6,
        "s silent": sum(seconds for seconds, *_ in silent),
        "s to plan": planned[0],
        "ms between streams": 1000 * max(between)[0],
        "ms longest": 1000 * longest,
        "before": f"call {number:,} of {path.rpartition('/')[2]}",
        "s at first": moments[0].came - began,
        "s at last": over - moments[-1].went,
    }


def _streams(number: int | None) -> list[Resource]:
    """Return the streams that are read by default, or so many of all Sync streams besides."""
    streams = [resource for resource in RESOURCES if resource.selected]
    others = [resource for resource in RESOURCES if resource.kind is Kind.SYNC and resource not in streams]
    return streams if number is None else [*streams, *others][:number]


def _runs(divisions: int, args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    streams = _streams(args.streams)
    # The log of deleted rows is empty: what its rows are follows from its clock.
    paths = [resource.path for resource in streams if resource.divided and resource.name != "deleted"]
    with crowd(divisions, paths) as served, tempfile.TemporaryDirectory() as folder:
        bench = Bench(served.served, Path(folder))
        names = [resource.name for resource in streams]
        state = None
        for name in ("first",) if args.first else ("first", "nothing new"):
            progress(f"{divisions:,} divisions: {name}")
            program = bench.ours(name, args.tap, streams=names, state=state, concurrency=args.concurrency)
            yield _run(name, served, program, Path(folder), args.concurrency)
            state = last_state(Path(folder) / f"{name}.jsonl")
        progress("")


def _ratio(rows: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    """Return how many times more the run with the most divisions took than that with the least."""
    of_run = sorted((row for row in rows if row["run"] == name), key=lambda row: row["divisions"])
    least, most = of_run[0], of_run[-1]
    times = {
        figure: round(most[figure] / value, 1) if value else 0.0
        for figure, value in least.items()
        if not isinstance(value, str)
    }
    return {**most, **times, "run": f"{name}, times", "before": ""}


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--divisions", type=int, nargs="+", default=[300, 3000])
    parser.add_argument("--streams", type=int, help="so many, Sync streams besides those of a default run")
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--first", action="store_true", help="no second run")
    parser.add_argument("--tap", default=sys.executable, metavar="PYTHON_OR_COMMAND")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rows = [row for divisions in args.divisions for row in _runs(divisions, args)]
    if len(args.divisions) > 1:
        rows += [_ratio(rows, name) for name in dict.fromkeys(row["run"] for row in rows)]
    if not args.json:
        print(f"{len(_streams(args.streams))} streams, concurrency {args.concurrency}")
    report(rows, as_json=args.json)


if __name__ == "__main__":
    main()

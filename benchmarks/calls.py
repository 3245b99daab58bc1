"""What latency costs: an incremental run over many divisions and streams, against calls x latency / n.

    python benchmarks/calls.py [--divisions 200] [--streams 12] [--latency-ms 200] [--concurrency 1 4 16]

A first run without latency brings the state up to date. Then, for each concurrency, a run that finds nothing new:
every stream of every division costs one call that takes as long as the latency. What the sandbox counted has to be
exactly what is needed, with never two calls under way in one division: one call for each stream and division, the
list of divisions once, one token.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from rig.measuring import alternate, measure, median, progress, report
from rig.outputs import last_state
from rig.serving import Served, serve
from rig.taps import Bench

from tap_exact_online.catalog.resources import RESOURCES, Kind, Resource

_DIVISIONS = "system/Divisions"
_ME = "current/Me"


def _streams(count: int) -> list[Resource]:
    """Return that many streams, those first that are selected by default."""
    found = [resource for resource in RESOURCES if resource.kind is Kind.SYNC]
    return sorted(found, key=lambda resource: not resource.selected)[:count]


def _wrong(stats: Mapping[str, Any], streams: list[Resource], divisions: int, concurrency: int) -> list[str]:
    """Say which calls were made in vain or at the wrong time."""
    made: Mapping[str, int] = stats["by_endpoint"]
    found = [
        f"{resource.path}: {made.get(resource.path, 0)} calls instead of {divisions}"
        for resource in streams
        if made.get(resource.path, 0) != divisions
    ]
    known = {_DIVISIONS, _ME, *(resource.path for resource in streams)}
    found += [
        f"{path}: {count} calls that nothing needs" for path, count in made.items() if path not in known
    ]
    if made.get(_ME, 0) > 1:
        found.append(f"{_ME}: {made[_ME]} calls")
    if stats["tokens"]["calls"] > 1:
        found.append(f"{stats['tokens']['calls']} token calls")
    most = stats["most_in_flight"]
    if max(most["by_division"].values(), default=0) > 1:
        found.append("two calls under way in one division")
    if most["overall"] > concurrency:
        found.append(f"{most['overall']} calls at once")
    return found


def _run(served: Served, bench: Bench, args: argparse.Namespace) -> list[dict[str, Any]]:
    streams = _streams(args.streams)
    names = [resource.name for resource in streams]
    progress("first run, without latency")
    output = bench.folder / "first.jsonl"
    with output.open("wb") as file:
        measure(bench.ours("first", args.tap, streams=names, concurrency=max(args.concurrency)), file)
    state = last_state(output)
    rows = []
    for concurrency in args.concurrency:
        served.control.options(latency_ms=args.latency_ms)
        program = bench.ours(
            f"concurrency {concurrency}", args.tap, streams=names, state=state, concurrency=concurrency
        )
        # Its store is empty before the first round only: then the one token call is seen.
        served.control.reset_stats()
        found = alternate({program.name: partial(measure, program)}, 1)
        stats = served.control.stats()
        wrong = _wrong(stats, streams, args.divisions, concurrency)
        for line in wrong:
            print(f"concurrency {concurrency}: {line}", file=sys.stderr)
        if args.rounds > 1:
            more = alternate({program.name: partial(measure, program)}, args.rounds - 1)
            found[program.name] += more[program.name]
        served.control.options(latency_ms=0)
        cost = median(found[program.name])
        least = stats["calls"] * args.latency_ms / 1000 / concurrency
        rows.append(
            {
                "concurrency": concurrency,
                "calls": stats["calls"],
                "at once": stats["most_in_flight"]["overall"],
                "token calls": stats["tokens"]["calls"],
                "wall s": cost.wall,
                "calls x latency / n": least,
                "times that": cost.wall / least,
                "CPU s": cost.cpu,
                "peak MB": round(cost.peak_mb),
                "as needed": "no" if wrong else "yes",
            }
        )
    return rows


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--divisions", type=int, default=200)
    parser.add_argument("--streams", type=int, default=12)
    parser.add_argument("--latency-ms", type=float, default=200)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--tap", default=sys.executable, metavar="PYTHON_OR_COMMAND")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with serve(divisions=args.divisions, rows=5) as served, tempfile.TemporaryDirectory() as folder:
        rows = _run(served, Bench(served, Path(folder)), args)
    if not args.json:
        print(
            f"{args.divisions} divisions, {args.streams} streams, {args.latency_ms:g} ms a call,"
            f" median of {args.rounds} rounds"
        )
    report(rows, as_json=args.json)


if __name__ == "__main__":
    main()

"""Whether the calls that Exact allows are used: no refusal, and no minute that passes idle.

    python benchmarks/limits.py [--divisions 8] [--pages 200] [--minute-seconds 6] [--concurrency 1 8]

Reads a stream with pages of 60 rows from divisions that allow 60 calls a minute each; the sandbox's minute is shorter
than a real one. The run is started as a minute begins. The calls of each division are counted where a minute ends, and
those of all minutes but the last, in which the data ends, are compared with what was allowed in them. The share is to
be at least 95%, and no call may be refused (429).
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rig.measuring import Cost, Program, measure, progress, report
from rig.serving import Served, serve
from rig.taps import Bench

from tap_exact_online import edm
from tap_exact_online.catalog.resources import BY_NAME

_STREAM = "bank_entry_lines"
_PATH = BY_NAME[_STREAM].path
_PAGE = edm.load(_PATH).page_size or 60
_MINUTE_CALLS = 60
_LOOK = 0.02  # seconds between two looks at the counters
_LEAST = 0.95


@dataclass(slots=True)
class _Watch:
    """Notes how many calls were made by the time each minute ended, while a run goes on.

    Attributes:
        served: The sandbox.
        minute: How long its minute is.
        ends: The calls of each division, by the number of the minute that ended.
    """

    served: Served
    minute: float
    ends: dict[int, Mapping[str, int]] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> None:
        """Look until told that the run is over."""
        last: Mapping[str, int] = {}
        number = int(time.time() // self.minute)
        while not self._over.wait(_LOOK):
            calls = self.served.control.stats()["by_division"]
            now = int(time.time() // self.minute)
            if now > number:
                # What was counted just before it ended; a call in between counts for the next.
                self.ends[number] = last
                number = now
            last = calls
        self.ends[number] = last

    def stop(self) -> None:
        """Tell that the run is over."""
        self._over.set()


def _measured(served: Served, program: Program, minute: float) -> tuple[Cost, dict[int, Mapping[str, int]]]:
    """Run the tap from the beginning of a minute on."""
    time.sleep(minute - time.time() % minute)
    served.control.reset_limits()
    served.control.reset_stats()
    watch = _Watch(served, minute)
    thread = threading.Thread(target=watch)
    thread.start()
    try:
        cost = measure(program)
    finally:
        watch.stop()
        thread.join()
    return cost, watch.ends


def share(ends: Mapping[int, Mapping[str, int]], divisions: Sequence[str], pages: int) -> tuple[float, int]:
    """Return the share of the allowed calls that was used, and how many whole minutes it was taken of.

    Args:
        ends: The calls of each division so far, where each minute ended.
        divisions: The divisions; one that was never called was allowed calls, too.
        pages: How many calls each of them needs.
    """
    minutes = sorted(ends)
    allowed = used = whole = 0
    for before, number in zip([None, *minutes], minutes, strict=False):
        earlier = {} if before is None else ends[before]
        made = ends[number]
        if all(made.get(code, 0) >= pages for code in divisions):
            break  # the data ended in this minute
        whole += 1
        for code in divisions:
            so_far = earlier.get(code, 0)
            allowed += min(_MINUTE_CALLS, pages - so_far)
            used += made.get(code, 0) - so_far
    return used / allowed if allowed else 1.0, whole


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--divisions", type=int, default=8)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--minute-seconds", type=float, default=6)
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--tap", default=sys.executable, metavar="PYTHON_OR_COMMAND")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    limits = {
        "minute_limit": _MINUTE_CALLS,
        "minute_seconds": args.minute_seconds,
        "latency_ms": args.latency_ms,
    }
    # The last page is full too, and so has a next one, which is empty: one row less makes it the last.
    size = args.pages * _PAGE - 1
    rows: list[dict[str, Any]] = []
    with (
        serve(divisions=args.divisions, rows=10, table={_PATH: size}, **limits) as served,
        tempfile.TemporaryDirectory() as folder,
    ):
        bench = Bench(served, Path(folder))
        for concurrency in args.concurrency:
            progress(f"concurrency {concurrency}")
            name = f"concurrency {concurrency}"
            program = bench.ours(name, args.tap, streams=[_STREAM], concurrency=concurrency)
            cost, ends = _measured(served, program, args.minute_seconds)
            stats = served.control.stats()
            used, whole = share(ends, list(map(str, bench.divisions)), args.pages)
            rows.append(
                {
                    "concurrency": concurrency,
                    "calls": stats["by_endpoint"][_PATH],
                    "refused (429)": stats["too_many_requests"],
                    "wall s": cost.wall,
                    "minutes": cost.wall / args.minute_seconds,
                    "minutes at least": math.ceil(args.pages / _MINUTE_CALLS) - 1,
                    "whole minutes": whole,
                    "used of the allowed": used,
                    "CPU s": cost.cpu,
                    "enough": "yes" if used >= _LEAST and not stats["too_many_requests"] else "no",
                }
            )
    progress("")
    if not args.json:
        print(
            f"{args.divisions} divisions of {args.pages} pages, {_MINUTE_CALLS} calls a minute each,"
            f" a minute of {args.minute_seconds:g} s, {args.latency_ms:g} ms a call"
        )
    report(rows, as_json=args.json)


if __name__ == "__main__":
    main()

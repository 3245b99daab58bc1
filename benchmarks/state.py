#!/usr/bin/env python3
"""What a STATE message costs as divisions grow: its size, and the time to write one.

    python benchmarks/state.py [--streams 60] [--divisions 1 10 100 1000]

By this tap, and by the SDK's own writer of state, which copies the whole state twice at every message.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

from singer_sdk.helpers._state import StateWriter
from singer_sdk.singerlib.encoding.simple import StateMessage

from tap_exact_online.catalog.resources import RESOURCES, Kind
from tap_exact_online.state import ALL, AT, BACK, BY, HAS, READ, Freshness
from tap_exact_online.streams.sdk import States, Writer

_RUNS = 5
_READ = 1_767_270_600.0


class _Measured(Writer):
    """Formats messages and keeps only their size."""

    size = 0

    def write_message(self, message: Any) -> None:  # type: ignore[override]
        if isinstance(message, StateMessage):
            self.size = len(self.format_message(message))

    def write_lines(self, lines: bytes) -> None:
        self.size = len(lines)
        self.written += len(lines)


def state(streams: int, divisions: int) -> dict[str, Any]:
    """Return a state as a complete run leaves it that found something new everywhere."""
    names = [resource.name for resource in RESOURCES if resource.kind is Kind.SYNC][:streams]
    return {
        "bookmarks": {
            name: {
                "partitions": [
                    {
                        "context": {"Division": 1_000_000 + division},
                        HAS: "0a1b2c",
                        BACK: 100_000_000 + division,
                        AT: 13_419_952_052 + division,
                        READ: Freshness(_READ, _READ - division * 3_600, 0.25).note(),
                        ALL: int(_READ),
                    }
                    for division in range(divisions)
                ],
                BY: "Timestamp",
            }
            for name in names
        }
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--streams", type=int, default=60)
    parser.add_argument("--divisions", type=int, nargs="+", default=[1, 10, 100, 1000])
    args = parser.parse_args()
    print(f"{args.streams} streams, median of {_RUNS}")
    print(f"{'divisions':>10} {'bytes':>12} {'ms a message':>14} {'ms by the SDK':>14}")
    for divisions in args.divisions:
        document = state(args.streams, divisions)
        writer = _Measured()
        # By a clock that goes a minute at each look: large states are written every ten seconds only.
        ours = _milliseconds(partial(States, writer, partial(next, count(step=60))), document)
        theirs = _milliseconds(partial(StateWriter, writer), document)
        print(f"{divisions:>10} {writer.size:>12,} {ours:>14.1f} {theirs:>14.1f}")


def _milliseconds(make: Callable[[], StateWriter], document: dict[str, Any]) -> float:
    """Return the median time of a message."""
    times = []
    for run in range(_RUNS):
        states = make()
        states.write_state(document)
        first = document["bookmarks"]["accounts"]["partitions"][0]
        first[AT] = run  # a change, or nothing is written
        start = time.perf_counter()
        states.write_state(document)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


if __name__ == "__main__":
    main()

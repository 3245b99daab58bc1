"""Play many random schedules of changes, faults and kills, and compare every table in the end.

    python benchmarks/convergence.py --schedules 200 --seed 1

The schedules are those of `tests/faults/convergence.py`. One that fails is told by its seed with all that happened in it;
`--schedules 1 --seed N` plays it again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.faults.convergence import narrow_catalog, play
from tests.faults.quick import quick_taps
from tests.singer import Tap


def main() -> int:
    """Play the schedules; return how many failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--schedules", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first; the others count on")
    options = parser.parse_args()
    ends: Counter[int] = Counter()
    failed, plain, began = [], 0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        catalog = narrow_catalog(Tap(Path(folder), {}))
    for done, seed in enumerate(range(options.seed, options.seed + options.schedules), start=1):
        try:
            with quick_taps() as quick, tempfile.TemporaryDirectory() as folder:
                outcome = play(seed, Path(folder), quick, catalog)
        except Exception:  # noqa: BLE001  the others are to be played all the same
            failed.append(seed)
            print(f"seed {seed}:", traceback.format_exc())
        else:
            ends += outcome.ends
            plain += any(stream != "leave_absence_hours_by_day" for stream in outcome.plain_rule)
            if outcome.unequal:
                failed.append(seed)
                print(f"seed {seed}: {outcome.unequal}", *outcome.log, sep="\n  ")
        print(
            f"{done} schedules, {ends.total()} runs, {time.monotonic() - began:.0f} s, failed: {failed}",
            flush=True,
        )
    print("How the runs ended:", ", ".join(f"{code}: {count}" for code, count in sorted(ends.items())))
    print(f"Schedules in which row versions alone would have left deleted rows behind: {plain}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(min(main(), 1))

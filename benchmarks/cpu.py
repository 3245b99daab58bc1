"""How fast one process reads, what it costs, and how far it is from the floor.

    python benchmarks/cpu.py [--rows 100000] [--rounds 5] [--divisions 1]
    python benchmarks/cpu.py --tap ../another/checkout/.venv/bin/python
    python benchmarks/cpu.py --beside personal_data='"hash"' --beside personal_salt='"sixteen letters or more"'
    python benchmarks/cpu.py --tap "/other/.venv/bin/tap-exact" --config other.json

Reads the transaction lines of a sandbox, pages of 1,000 rows that are made beforehand, and writes them to /dev/null:
this tap, each `--tap`, a straightforward tap of the SDK, and a minimal program without a tap (the floor). They run in
turn, and the figures are medians. First each runs once unmeasured, so that pages are made and files compiled; what it
writes then must equal what the floor wrote, record by record.

`--tap` takes the Python of an environment in which this tap is installed, or any command that is a tap. With
`--config` it is another tap: the file holds its configuration, in which `$base_url`, `$client_id`, `$client_secret`,
`$refresh_token`, `$access_token` and `$division` stand for those of the sandbox, and its records are counted only.

With `--beside` this tap runs once more, with those settings: its records are counted only.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from rig.measuring import Cost, Program, alternate, measure, median, progress, ratio, report
from rig.outputs import Records, difference, messages, records
from rig.serving import LINES, Served, serve
from rig.taps import Bench, fields_of

_STREAM = "transaction_lines"
_DRAIN = "the sandbox itself"
_BESIDE = "this tap, set otherwise"
_ENOUGH = 100_000  # rows a second; below, the sandbox would be measured too


def _setting(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    return name, json.loads(value)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000, help="in all divisions together")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--divisions", type=int, default=1)
    parser.add_argument("--tap", action="append", default=[], metavar="PYTHON_OR_COMMAND")
    parser.add_argument(
        "--config", type=Path, help="the configuration of those taps, where they are not this one"
    )
    parser.add_argument("--catalog", type=Path, help="their catalog")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=_setting,
        metavar="NAME=JSON",
        help="a setting of this tap, as concurrency=4",
    )
    parser.add_argument(
        "--beside",
        action="append",
        default=[],
        type=_setting,
        metavar="NAME=JSON",
        help="run this tap once more, with this setting besides",
    )
    parser.add_argument("--no-straightforward", action="store_true", help="leave the slow one out")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _programs(bench: Bench, args: argparse.Namespace) -> dict[str, Program]:
    fields = fields_of(_STREAM)
    found = [bench.floor(fields)]
    setting = {"streams": [_STREAM], **dict(args.set)}
    found.append(bench.ours("this tap", **setting))
    if args.beside:
        found.append(bench.ours(_BESIDE, **setting, **dict(args.beside)))
    for number, given in enumerate(args.tap, start=1):
        name = given if len(args.tap) == len(set(args.tap)) else f"{given} ({number})"
        if args.config is None:
            found.append(bench.ours(name, given, **setting))
        else:
            options = [] if args.catalog is None else ["--catalog", str(args.catalog.absolute())]
            found.append(bench.other(name, given, args.config.read_text(), options))
    if not args.no_straightforward:
        found.append(bench.straightforward(fields))
    found.append(bench.drain(fields))
    return {program.name: program for program in found}


def _written(program: Program, folder: Path) -> Path:
    """Run a program once and keep what it writes."""
    file = folder / "output.jsonl"
    with file.open("wb") as output:
        measure(program, output)
    return file


def _counted(file: Path) -> int:
    return sum(message["type"] == "RECORD" for message in messages(file))


def check(programs: dict[str, Program], folder: Path, foreign: frozenset[str]) -> dict[str, int]:
    """Run each program once and compare what it writes with what the floor writes.

    Returns:
        How many records each wrote.

    Raises:
        SystemExit: They differ.
    """
    counts: dict[str, int] = {}
    truth: Records | None = None
    for name, program in programs.items():
        progress(f"first run: {name}")
        file = _written(program, folder)
        if name == _DRAIN:
            continue
        if name in foreign:
            counts[name] = _counted(file)
            continue
        found = records(file, _STREAM)
        counts[name] = found.count
        truth = truth or found
        if differs := difference(truth, found):
            sys.exit(f"{name} does not write what the floor writes: {differs}")
    file.unlink()
    progress("")
    return counts


def _figures(name: str, found: dict[str, list[Cost]], rows: int) -> dict[str, Any]:
    cost, floor = median(found[name]), found["floor"]
    return {
        "program": name,
        "rows/s": round(rows / cost.wall),
        "wall s": cost.wall,
        "CPU s": cost.cpu,
        "peak MB": round(cost.peak_mb),
        "of the floor, by wall": ratio(found[name], floor, "wall"),
        "of the floor, by CPU": ratio(found[name], floor, "cpu"),
    }


def _compare(served: Served, args: argparse.Namespace) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        programs = _programs(Bench(served, folder), args)
        foreign = frozenset([_BESIDE, *(args.tap if args.config is not None else ())])
        counts = check(programs, folder, foreign)
        if not counts["floor"]:
            sys.exit("The sandbox has no rows: give more of --rows.")
        runs = {name: partial(measure, program) for name, program in programs.items()}
        found = alternate(runs, args.rounds)
    table = [_figures(name, found, counts.get(name, counts["floor"])) for name in programs]
    served_rate = table[-1]["rows/s"]
    if served_rate < _ENOUGH and args.rows >= _ENOUGH:
        print(
            f"The sandbox served {served_rate:,} rows a second only: the figures are too low.",
            file=sys.stderr,
        )
    return table


def main() -> None:
    """Run the command line."""
    args = _arguments()
    rows = args.rows // args.divisions
    with serve(divisions=args.divisions, rows=rows, table={LINES: rows}) as served:
        found = _compare(served, args)
    if not args.json:
        print(f"{args.rows:,} rows, {args.divisions} divisions, median of {args.rounds} rounds")
    report(found, as_json=args.json)


if __name__ == "__main__":
    main()

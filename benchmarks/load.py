"""The whole pipe: how fast rows land in PostgreSQL, what it costs on either side, and what is right afterwards.

    python benchmarks/load.py [--rows 100000] [--rounds 3] [--ways shipped jsonl parquet] [--meltano] [--jsonl]

Each round loads the transaction lines of a sandbox into an empty database, once in each way, with the tap and the
loader connected as a shell connects them. `--ways` picks some: defaults, insert, validated, shipped, large, jsonl,
parquet. Before, each way loads 1,000 rows, then what was changed, added and deleted since, and the outcome is
compared with the source: types, keys, rows, instants (under a database time zone far from UTC), upserts, and deletes
after `exact-online deletes --apply`. `--meltano` adds a whole `meltano run` with the settings of meltano.yml, and
`--jsonl` the loader that needs no server; both use the plugins that `make plugins` installs.

PostgreSQL is the one of the demo, with its data in a temporary folder. Parquet needs pyarrow beside both the tap and
the loader: `.venv/bin/uv pip install --python .venv/bin/python pyarrow`; without it that way is passed over.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rig.loading import STREAM, WAYS, Loaded, Pipe, Way
from rig.measuring import Cost, Program, measure, measure_pipe, progress, report
from rig.outputs import difference, records
from rig.serving import LINES, serve
from rig.taps import Bench, fields_of

from demo.postgres import Postgres, postgres
from demo.project import ROOT, Project, copy_project

_CHECKED = 1_000
_JSONL = ROOT / ".meltano/loaders/target-jsonl/venv/bin/target-jsonl"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3, help="0: only look whether everything is right")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--tap", default=sys.executable, metavar="PYTHON_OR_COMMAND")
    parser.add_argument("--loader", default=str(Path(sys.executable).with_name("target-postgres")))
    parser.add_argument("--meltano", action="store_true", help="a whole `meltano run`, too")
    parser.add_argument("--jsonl", action="store_true", help="target-jsonl, too")
    parser.add_argument("--no-check", action="store_true", help="do not look whether everything is right")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if "parquet" in args.ways and importlib.util.find_spec("pyarrow") is None:
        print("Parquet is passed over: pyarrow is not installed.", file=sys.stderr)
        args.ways.remove("parquet")
    return args


def _check(ways: Sequence[str], args: argparse.Namespace, server: Postgres) -> list[dict[str, Any]]:
    """Load little in every way, each from a source of its own, and look at what is right."""
    found = []
    for name in ways:
        progress(f"checking: {WAYS[name].name}")
        tables = {LINES: _CHECKED, "sync/Deleted": 0}
        with (
            serve(divisions=1, rows=_CHECKED, table=tables) as served,
            tempfile.TemporaryDirectory() as folder,
        ):
            pipe = Pipe(Bench(served, Path(folder)), args.tap, args.loader, server)
            found.append({"way": WAYS[name].name, **pipe.check(WAYS[name])})
    progress("")
    return found


def _line(name: str, rows: int, loads: Sequence[Loaded]) -> dict[str, Any]:
    def middle(figure: Callable[[Loaded], float]) -> float:
        return statistics.median(map(figure, loads))

    wall = middle(lambda load: max(load.tap.wall, load.loader.wall))
    return {
        "way": name,
        "rows/s": round(rows / wall),
        "wall s": wall,
        "tap CPU s": middle(lambda load: load.tap.cpu),
        "loader CPU s": middle(lambda load: load.loader.cpu),
        "server CPU s": middle(lambda load: load.server),
        "tap MB": round(middle(lambda load: load.tap.peak_mb)),
        "loader MB": round(middle(lambda load: load.loader.peak_mb)),
    }


def _meltano(bench: Bench, database: Postgres, number: int) -> Loaded:
    """Run the whole pipeline as a user does."""
    folder = bench.folder / f"project-{number}"
    connection = bench.served.connection(f"meltano {number}")
    selection = [f"{STREAM}.{name}" for name in fields_of(STREAM)]
    project: Project = copy_project(
        folder,
        {
            **{f"DEMO_{name.upper()}": value for name, value in connection.items()},
            "DEMO_POSTGRES": database.url,
            "TAP_EXACT_ONLINE_STORE": str(folder / "tokens.json"),
            "TAP_EXACT_ONLINE__SELECT": json.dumps(selection),
        },
    )
    command = project.command("--environment=demo", "run", "tap-exact-online", "target-postgres")
    whole = measure(Program("meltano run", command, project.env))
    return Loaded(Cost(whole.wall, 0.0, 0.0), whole, 0.0)


def _jsonl(bench: Bench, given: str, number: int) -> tuple[Loaded, Path]:
    """Load into files."""
    folder = bench.folder / f"jsonl-{number}"
    folder.mkdir()
    config = folder / "loader.json"
    config.write_text(json.dumps({"destination_path": str(folder), "do_timestamp_file": False}))
    tap = bench.ours("tap for files", given, streams=[STREAM])
    costs = measure_pipe([tap, Program("target-jsonl", [str(_JSONL), "--config", str(config)], {})])
    return Loaded(costs[0], costs[1], 0.0), folder / f"{STREAM}.jsonl"


def _measure(args: argparse.Namespace, server: Postgres) -> list[dict[str, Any]]:
    loads: dict[str, list[Loaded]] = {}
    with (
        serve(divisions=1, rows=args.rows, table={LINES: args.rows}) as served,
        tempfile.TemporaryDirectory() as folder,
    ):
        bench = Bench(served, Path(folder))
        pipe = Pipe(bench, args.tap, args.loader, server)
        measure(bench.ours("first", args.tap, streams=[STREAM, "deleted"]))  # pages are made, files compiled
        for number in range(args.rounds):
            for name in args.ways:
                way: Way = WAYS[name]
                progress(f"round {number + 1} of {args.rounds}: {way.name}")
                load, _ = pipe.load(way, pipe.fresh(f"{name}_{number}"))
                loads.setdefault(way.name, []).append(load)
                pipe.drop(f"{name}_{number}")
            if args.meltano:
                progress("meltano run")
                database = pipe.fresh(f"meltano_{number}")
                loads.setdefault("meltano run, as shipped (CPU and memory of all)", []).append(
                    _meltano(bench, database, number)
                )
            if args.jsonl:
                progress("target-jsonl")
                load, file = _jsonl(bench, args.tap, number)
                loads.setdefault("target-jsonl", []).append(load)
                _compare_file(bench, args, file)
        progress("")
    return [_line(name, args.rows, each) for name, each in loads.items()]


def _compare_file(bench: Bench, args: argparse.Namespace, file: Path) -> None:
    """Stop where the file does not hold what the tap writes."""
    output = bench.folder / "truth.jsonl"
    with output.open("wb") as target:
        measure(bench.ours("truth", args.tap, streams=[STREAM]), target)
    wrapped = bench.folder / "wrapped.jsonl"
    with file.open("rb") as lines, wrapped.open("wb") as target:
        for line in lines:
            target.write(b'{"type":"RECORD","stream":"%s","record":%s}\n' % (STREAM.encode(), line.strip()))
    if differs := difference(records(output, STREAM), records(wrapped, STREAM)):
        sys.exit(f"target-jsonl holds something else than the tap wrote: {differs}")


def main() -> None:
    """Run the command line."""
    args = _arguments()
    if args.jsonl and not _JSONL.exists():
        sys.exit("target-jsonl is not installed: run `make plugins` first.")
    with postgres() as server:
        checks = [] if args.no_check else _check(args.ways, args, server)
        figures = _measure(args, server) if args.rounds else []
    if args.json:
        print(json.dumps({"rows": args.rows, "checks": checks, "figures": figures}, indent=2))
        return
    if checks:
        print("What is right after a load, changes at the source, and a second load:\n")
        report(checks, as_json=False)
        print()
    if figures:
        print(f"{args.rows:,} rows, median of {args.rounds} rounds:\n")
        report(figures, as_json=False)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\n{error.stderr}")

"""How fast this tap reads beside other published taps for Exact Online: the same rows, one server, one run.

    python benchmarks/peers.py [--rows 20000] [--rounds 3]
    python benchmarks/peers.py --peer TicketSwap/tap-exact=/other/.venv/bin/tap-exact --peer hotgluexyz/tap-exact=...

Reads the transaction lines of one division, a thousand to a page, and writes them to /dev/null, in turn; the figures
are medians. The peers of the package index are installed into temporary environments, in the versions that stand in
`rig/peers.py`. Those that are only on GitHub have to be installed by hand, into an environment of their own; `--peer`
names their commands. Nothing in any of them is changed: `rig/front.py` says how they reach the server.

First each runs once unmeasured. It is compared only if it wrote exactly the rows that were served, by count and by ID;
what is not compared is told with the reason. What is in the rows may differ: each asks for columns of its own, in the
format it knows.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from rig.cloud import Cloud, cloud
from rig.front import BASE_URL, Front, front
from rig.measuring import Cost, Program, RunFailed, alternate, measure, median, progress, ratio, table
from rig.outputs import messages, records
from rig.peers import PEERS, STREAM, Account, NotToBeHad, Place, install, prepare
from rig.serving import LINES, Served, serve
from rig.taps import Bench, fields_of

_OURS = "this tap"
_SERVER = {"the server itself, JSON": "application/json", "the server itself, Atom": "*/*"}
_KEY = ("ID",)
_LONGEST = 400  # characters of a reason; some errors name a whole address


def _named(text: str) -> tuple[str, str]:
    name, found, command = text.partition("=")
    if not found or name not in PEERS:
        msg = f"{text}: give NAME=COMMAND with one of the names {', '.join(PEERS)}"
        raise argparse.ArgumentTypeError(msg)
    return name, command


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        type=_named,
        metavar="NAME=COMMAND",
        help="the command of a peer that is installed",
    )
    parser.add_argument("--no-install", action="store_true", help="only the peers of --peer")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


@dataclass(frozen=True, slots=True)
class Wrote:
    """What a program wrote in its first run.

    Attributes:
        count: Its records.
        ids: The rows they are of.
        columns: How many columns its schema has.
    """

    count: int
    ids: frozenset[Any]
    columns: int


def written(file: Path) -> Wrote:
    """Read what a program wrote."""
    found = records(file, STREAM, _KEY)
    schemas = (m for m in messages(file) if m["type"] == "SCHEMA" and m["stream"] == STREAM)
    columns = max((len(schema["schema"]["properties"]) for schema in schemas), default=0)
    return Wrote(found.count, frozenset(found.digests), columns)


def unfit(ours: Wrote, theirs: Wrote) -> str:
    """Say why what a peer wrote is no comparison; nothing where it is one."""
    if theirs.count != ours.count:
        return f"it wrote {theirs.count:,} records of the {ours.count:,} rows that were served"
    return "" if theirs.ids == ours.ids else "it wrote other rows than were served"


@dataclass(frozen=True, slots=True)
class _Run:
    """Where the programs of this run are set up."""

    served: Served
    front: Front
    cloud: Cloud
    folder: Path

    def ours(self) -> Program:
        bench = Bench(self.served, self.folder)
        program = bench.ours(_OURS, streams=[STREAM], base_url=BASE_URL)
        return replace(program, env=self.front.environment)

    def server(self, name: str, accept: str) -> Program:
        bench = Bench(replace(self.served, base_url=BASE_URL), self.folder)
        program = bench.drain(fields_of(STREAM))
        return Program(name, program.command, {**program.env, **self.front.environment, "ACCEPT": accept})

    def peer(self, name: str, command: str | None) -> Program:
        peer = PEERS[name]
        folder = self.folder / name.replace("/", "-")
        folder.mkdir()
        connection = self.served.connection(name)
        account = Account(
            connection["client_id"],
            connection["client_secret"],
            connection["refresh_token"],
            self.served.access_token(),
            Bench(self.served, self.folder).divisions[0],
        )
        command = install(peer, folder) if command is None else command
        reached = {**self.front.environment, **self.front.trusted_by_certifi(folder)}
        return prepare(peer, command, account, Place(folder, self.cloud, reached))

    def first(self, program: Program) -> Wrote:
        """Run a program once and read what it wrote."""
        progress(f"first run: {program.name}")
        file = self.folder / "output.jsonl"
        with file.open("wb") as output:
            measure(program, output)
        try:
            return written(file)
        finally:
            file.unlink()


def _compare(run: _Run, wanted: Mapping[str, str | None], args: argparse.Namespace) -> dict[str, Any]:
    ours = run.ours()
    programs, wrote, left_out = {_OURS: ours}, {_OURS: run.first(ours)}, {}
    if wrote[_OURS].count != args.rows:
        sys.exit(f"This tap wrote {wrote[_OURS].count:,} records of {args.rows:,} rows.")
    for name, command in wanted.items():
        progress(f"setting up: {name}")
        try:
            program = run.peer(name, command)
            theirs = run.first(program)
        except (NotToBeHad, RunFailed) as failed:
            left_out[name] = str(failed).splitlines()[-1][:_LONGEST]
            continue
        if reason := unfit(wrote[_OURS], theirs):
            left_out[name] = reason
        else:
            programs[name], wrote[name] = program, theirs
    for name, accept in _SERVER.items():
        programs[name] = run.server(name, accept)
        measure(programs[name])  # so that its pages are made
    found = alternate({name: partial(measure, program) for name, program in programs.items()}, args.rounds)
    figures = [_figures(name, found, wrote.get(name), args.rows) for name in programs]
    return {"programs": figures, "not compared": left_out}


def _figures(name: str, found: dict[str, list[Cost]], wrote: Wrote | None, rows: int) -> dict[str, Any]:
    cost = median(found[name])
    return {
        "program": name,
        "columns": len(fields_of(STREAM)) if wrote is None else wrote.columns,
        "rows/s": round(rows / cost.wall),
        "wall s": cost.wall,
        "CPU s": cost.cpu,
        "peak MB": round(cost.peak_mb),
        "ours / theirs, by wall": ratio(found[_OURS], found[name], "wall"),
        "ours / theirs, by CPU": ratio(found[_OURS], found[name], "cpu"),
    }


def main() -> None:
    """Run the command line."""
    args = _arguments()
    wanted: dict[str, str | None] = {}
    if not args.no_install:
        wanted = {name: None for name, peer in PEERS.items() if peer.requirements}
    wanted |= dict(args.peer)
    with ExitStack() as stack:
        served = stack.enter_context(serve(divisions=1, rows=args.rows, table={LINES: args.rows}))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        run = _Run(served, stack.enter_context(front(served)), stack.enter_context(cloud()), folder)
        found = _compare(run, wanted, args)
    for name in PEERS.keys() - wanted.keys():
        found["not compared"][name] = "it is not installed from here: name its command with --peer"
    if args.json:
        print(json.dumps(found, indent=2))
    else:
        print(f"{args.rows:,} rows, median of {args.rounds} rounds")
        print(table(found["programs"]))
        for name, reason in found["not compared"].items():
            print(f"Not compared: {name}: {reason}")
    if not found["programs"][1 : -len(_SERVER)]:
        sys.exit("No peer could be compared.")


if __name__ == "__main__":
    main()

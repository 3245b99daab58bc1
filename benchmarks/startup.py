"""What starting costs, against importing the Singer SDK and nothing else.

    python benchmarks/startup.py [--rounds 11] [--tap ../another/checkout/.venv/bin/python] [--top 15]

`--version`, `--discover`, and a run that finds nothing new: one division, the streams that are selected by default,
and the state that a first run left; it makes its calls to a sandbox that answers at once. They run in turn, and the
figures are medians. Compiled files are there: an unmeasured round makes them. Then the modules whose import takes
longest.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from rig.measuring import Program, alternate, environment, measure, median, ratio, report
from rig.outputs import last_state
from rig.serving import serve
from rig.taps import Bench, command_of

_SDK = "import singer_sdk"


def _programs(bench: Bench, given: str) -> list[Program]:
    python = next(
        (word for word in command_of(given) if Path(word).name.startswith("python")), sys.executable
    )
    first = bench.ours("a first run", given)
    output = bench.folder / "first.jsonl"
    with output.open("wb") as file:
        measure(first, file)
    return [
        Program(_SDK, [python, "-c", _SDK], {}),
        Program("--version", [*command_of(given), "--version"], {}),
        Program("--discover", [*command_of(given), "--discover"], {}),
        bench.ours("a run with nothing new", given, state=last_state(output)),
    ]


def _imports(command: list[str], top: int) -> list[dict[str, Any]]:
    """Return the modules that take longest by themselves while the catalog is discovered."""
    if not Path(command[0]).name.startswith("python"):
        return []
    done = subprocess.run(
        [command[0], "-X", "importtime", *command[1:], "--discover"],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
    )
    lines = [
        line.removeprefix("import time:").split("|")
        for line in done.stderr.splitlines()
        if line.startswith("import time:")
    ]
    timed = [(int(own), int(whole), name) for own, whole, name in lines if own.strip().isdecimal()]
    return [
        {"module": name.strip(), "ms": own / 1000, "ms with what it imports": whole / 1000}
        for own, whole, name in sorted(timed, reverse=True)[:top]
    ]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--tap", default=sys.executable, metavar="PYTHON_OR_COMMAND")
    parser.add_argument("--top", type=int, default=15, help="how many modules to name")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with serve(divisions=1, rows=100) as served, tempfile.TemporaryDirectory() as folder:
        programs = _programs(Bench(served, Path(folder)), args.tap)
        for program in programs:
            served.control.reset_stats()
            measure(program)
        calls = served.control.stats()["calls"]
        found = alternate({program.name: partial(measure, program) for program in programs}, args.rounds)
    costs = {name: median(each) for name, each in found.items()}
    report(
        [
            {
                "what": name,
                "ms": round(cost.wall * 1000),
                "CPU ms": round(cost.cpu * 1000),
                "peak MB": round(cost.peak_mb),
                "of the SDK, by wall": 1 / ratio(found[name], found[_SDK], "wall"),
                "of the SDK, by CPU": 1 / ratio(found[name], found[_SDK], "cpu"),
            }
            for name, cost in costs.items()
        ],
        as_json=args.json,
    )
    if not args.json:
        print(f"\nThe run with nothing new made {calls} calls. What takes longest to import:\n")
        imports = _imports(command_of(args.tap), args.top)
        print("(only where --tap is a Python)" if not imports else "", end="")
        if imports:
            report(imports, as_json=False)


if __name__ == "__main__":
    main()

"""Where the time goes while pages are read and written, line by line and function by function.

    python benchmarks/hot_path.py [--rows 100000] [--top 25] [--tap ../another/checkout/.venv/bin/python]

The tap reads the transaction lines of a sandbox while py-spy looks at it from outside, 500 times a second, at each of
its threads that works; a call into C is charged to the line that made it. uv fetches py-spy when it is not there. The
figures are seconds for 100,000 rows. Then the same steps one at a time, each over all the pages, as bare as they can be
written: what the machine needs at least.
"""

from __future__ import annotations

import argparse
import http.client
import json
import linecache
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from rig import floor
from rig.measuring import Program, measure, progress, report
from rig.serving import LINES, Served, serve
from rig.taps import Bench, fields_of

_STREAM = "transaction_lines"
_UNIT = 100_000
_TRIES = 5
_RATE = 500
_FRAME = re.compile(r"(.*) \((.*):(\d+)\)")


def _short(file: str) -> str:
    """Name a file from its package on."""
    parts = Path(file).parts
    for mark in ("site-packages", "lib"):
        if mark in parts:
            return "/".join(parts[len(parts) - parts[::-1].index(mark) :])
    return "/".join(parts[-2:])


def _sampled(bench: Bench, given: str) -> Counter[tuple[str, ...]]:
    """Run the tap under observation; return how often it was found where, each place as its frames from the outside in."""
    program = bench.ours("observed", given, streams=[_STREAM])
    measure(program)  # pages are made, files compiled
    notes = bench.folder / "notes.txt"
    watch = ["tool", "run", "py-spy", "record", "--rate", str(_RATE), "--format", "raw", "--full-filenames"]
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), *watch, "--output", str(notes), "--", *program.command]
    measure(Program("py-spy", command, {}))
    found: Counter[tuple[str, ...]] = Counter()
    for line in notes.read_text().splitlines():
        frames, _, count = line.rpartition(" ")
        if frames:
            found[tuple(frames.split(";"))] += int(count)
    return found


def _taken_apart(frame: str) -> tuple[str, str, int]:
    """Return the function, file and line of a frame, which reads `function (file:line)`."""
    match = _FRAME.fullmatch(frame)
    return (match[1], match[2], int(match[3])) if match else (frame, "", 0)


def _by_line(found: Counter[tuple[str, ...]], rows: int, top: int) -> list[dict[str, Any]]:
    lines: Counter[str] = Counter()
    for frames, count in found.items():
        lines[frames[-1]] += count
    table = []
    for frame, count in lines.most_common(top):
        name, file, number = _taken_apart(frame)
        text = linecache.getline(file, number).strip()[:90].replace("|", "\\|")
        table.append({**_share(count, found, rows), "where": f"{_short(file)}:{number} {name}", "line": text})
    return table


def _by_function(found: Counter[tuple[str, ...]], rows: int, top: int) -> list[dict[str, Any]]:
    functions: Counter[tuple[str, str]] = Counter()
    for frames, count in found.items():
        for name, file in {_taken_apart(frame)[:2] for frame in frames}:
            if not file.startswith("<") and not file.endswith("/threading.py"):  # on the way to everything
                functions[name, file] += count
    return [
        {**_share(count, found, rows), "function, with what it calls": f"{_short(file)} {name}"}
        for (name, file), count in functions.most_common(top)
    ]


def _share(count: int, found: Counter[tuple[str, ...]], rows: int) -> dict[str, float]:
    return {"s": count / _RATE * _UNIT / rows, "%": 100 * count / found.total()}


def _fetched(served: Served, bench: Bench, fields: dict[str, str]) -> tuple[list[bytes], float]:
    """Return all pages, and the seconds of the processor that fetching them took."""
    connection = http.client.HTTPConnection(urlsplit(served.base_url).netloc)
    headers = {"Authorization": f"Bearer {served.access_token()}", "Accept": "application/json"}
    link: str | None = (
        f"/api/v1/{bench.divisions[0]}/{LINES}?$filter=Timestamp%20gt%201L&$select={','.join(fields)}"
    )
    decode = floor.decoder(fields).decode
    bodies, spent = [], 0.0
    while link:
        began = time.process_time()
        connection.request("GET", link, headers=headers)
        bodies.append(connection.getresponse().read())
        spent += time.process_time() - began
        following = decode(bodies[-1]).d.next
        link = following and following.removeprefix(served.base_url)
    return bodies, spent


_Rows = list[dict[str, Any]]


def _converted(pages: list[_Rows], names: list[str]) -> None:
    floor.wall_clock.cache_clear()
    for page in pages:
        for row in page:
            for name in names:
                if value := row[name]:
                    (floor.instant if name in floor.INSTANTS else floor.wall_clock)(value)


def _stripped(pages: list[_Rows], names: list[str]) -> None:
    for page in pages:
        for row in page:
            for name in names:
                if value := row[name]:
                    value.strip()


def _written(pages: list[_Rows]) -> None:
    encode = msgspec.json.Encoder().encode
    for page in pages:
        lines = bytearray()
        for row in page:
            lines += encode({"type": "RECORD", "stream": _STREAM, "record": row, "time_extracted": ""})
            lines += b"\n"


def _best(step: Callable[[], object]) -> float:
    """Return the seconds of the processor that a step takes, the best of a few tries."""
    tries = []
    for _ in range(_TRIES):
        began = time.process_time()
        step()
        tries.append(time.process_time() - began)
    return min(tries)


def _steps(served: Served, bench: Bench, rows: int) -> list[dict[str, Any]]:
    """Time each step by itself."""
    fields = fields_of(_STREAM)
    bodies, fetching = _fetched(served, bench, fields)
    decode = floor.decoder(fields).decode
    dates = [name for name, kind in fields.items() if kind == "DateTime"]
    codes = floor.codes_of(fields)
    clean = [floor.without_nul(body) for body in bodies]
    pages = [decode(body).d.results for body in clean]
    spent = {
        "fetch (http.client)": fetching,
        "take out U+0000": _best(lambda: [floor.without_nul(body) for body in bodies]),
        "decode into the type": _best(lambda: [decode(body) for body in clean]),
        "decode into dicts, untyped": _best(lambda: [msgspec.json.decode(body) for body in clean]),
        "decode with the standard library": _best(lambda: [json.loads(body) for body in clean]),
        "convert dates": _best(partial(_converted, pages, dates)),
        "strip codes": _best(partial(_stripped, pages, codes)),
        "encode records": _best(partial(_written, pages)),
    }
    return [{"step": name, "s": each * _UNIT / rows} for name, each in spent.items()]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--top", type=int, default=25)
    parser.add_argument("--tap", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with (
        serve(divisions=1, rows=args.rows, table={LINES: args.rows}) as served,
        tempfile.TemporaryDirectory() as folder,
    ):
        bench = Bench(served, Path(folder))
        progress("observed run")
        found = _sampled(bench, args.tap)
        progress("step by step")
        steps = _steps(served, bench, args.rows)
        progress("")
    tables = {
        "By line": _by_line(found, args.rows, args.top),
        "By function": _by_function(found, args.rows, args.top),
        "Step by step": steps,
    }
    if args.json:
        print(json.dumps(tables, indent=2))
        return
    for title, rows in tables.items():
        print(f"\n{title}, seconds for {_UNIT:,} rows:\n")
        report(rows, as_json=False)


if __name__ == "__main__":
    main()

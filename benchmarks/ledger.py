"""How long the ledger takes to build as lines grow, on PostgreSQL and DuckDB, by the clock and by the processor.

    python benchmarks/ledger.py [--lines 10000 100000 1000000 2000000] [--databases postgres duckdb] [--plots benchmarks/plots]

The books of a sandbox are read by the tap once, 5,000 lines of each of two companies, and landed as a loader lands them. In the
database they are then copied as often as it takes: new lines and new entries on the same accounts and days, and Exact's own
balances are multiplied, so that the certificate has to be complete at every size; it stops where it is not. What is measured is a
whole `dbt build` with all tests, unit tests among them, and in PostgreSQL what the server did. `make ledger` installs dbt.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rig.loading import server_cpu
from rig.measuring import Cost, Program, measure, median, progress, report
from rig.plot import chart

from demo.postgres import Postgres as Server
from demo.postgres import postgres
from demo.project import ROOT
from tests.conftest import running
from tests.ledger import messages
from tests.ledger.building import MARTS, PACKAGE
from tests.ledger.reading import LIMITS, LINES, read
from tests.ledger.warehouses import SCHEMA, DuckDB, Postgres, Warehouse

_DBT = ROOT / ".ledger" / "bin" / "dbt"
_COMPANIES, _EACH = 2, 5_000
_BALANCES = "reporting_balance"
_AMOUNTS = ("Amount", "AmountDebit", "AmountCredit", "Count")


def _copied(warehouse: Warehouse, times: int) -> None:
    """Make many lines of few, with IDs of their own, and let Exact's balances say what they come to."""
    lines = f"{SCHEMA}.transaction_lines"
    names = [
        row["column_name"]
        for row in warehouse.rows(
            f"SELECT column_name FROM information_schema.columns WHERE table_schema = '{SCHEMA}'"  # noqa: S608  names of this file
            " AND table_name = 'transaction_lines' ORDER BY ordinal_position"
        )
    ]
    new = {name: f'CAST(md5(CAST(line."{name}" AS text) || copy.i) AS uuid)' for name in ("ID", "EntryID")}
    values = ", ".join(new.get(name, f'line."{name}"') for name in names)
    warehouse.execute(
        f"INSERT INTO {lines} SELECT {values}"  # noqa: S608  names of this file
        f" FROM (SELECT * FROM {lines}) AS line CROSS JOIN generate_series(2, {times}) AS copy(i)"
    )
    multiplied = ", ".join(f'"{name}" = "{name}" * {times}' for name in _AMOUNTS)
    warehouse.execute(f"UPDATE {SCHEMA}.{_BALANCES} SET {multiplied}")  # noqa: S608  names of this file
    if warehouse.kind == "postgres":
        warehouse.execute("VACUUM ANALYZE")


def _program(warehouse: Warehouse, folder: Path) -> Program:
    output = warehouse.output(MARTS)
    profile = {"exact_online": {"target": warehouse.kind, "outputs": {warehouse.kind: output}}}
    (folder / "profiles.yml").write_text(json.dumps(profile))
    command = [
        str(_DBT),
        "--no-use-colors",
        "--no-send-anonymous-usage-stats",
        "build",
        "--project-dir",
        str(PACKAGE),
    ]
    command += ["--profiles-dir", str(folder), "--target-path", str(folder), "--log-path", str(folder)]
    return Program("dbt", command, {})


def _slowest(folder: Path) -> str:
    """Return what took longest, from dbt's own account."""
    results = json.loads((folder / "run_results.json").read_bytes())["results"]
    times = sorted(
        ((each["execution_time"], each["unique_id"].split(".")[2]) for each in results), reverse=True
    )
    return ", ".join(f"{name.replace('exact_online__', '')} {time:.1f}" for time, name in times[:3])


def _measured(warehouse: Warehouse, lines: int, server: Server, rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program, costs, servers = _program(warehouse, folder), [], []
        for number in range(rounds):
            progress(f"{warehouse.kind}, {lines:,} lines: round {number + 1} of {rounds}")
            before = server_cpu(server)
            costs.append(measure(program))
            servers.append(server_cpu(server) - before)
        progress("")
        verdicts = warehouse.rows(f"SELECT DISTINCT verdict FROM {MARTS}.exact_online__completeness")  # noqa: S608  a name of this file
        if [row["verdict"] for row in verdicts] != ["complete"]:
            sys.exit(f"The ledger of {lines} lines on {warehouse.kind} is not complete: {verdicts}")
        cost: Cost = median(costs)
        return {
            "database": warehouse.kind,
            "lines": lines,
            "wall s": cost.wall,
            "dbt CPU s": cost.cpu,
            "server CPU s": sorted(servers)[rounds // 2] if warehouse.kind == "postgres" else None,
            "dbt peak MB": round(cost.peak_mb),
            "longest, s": _slowest(folder),
        }


def _draw(folder: Path, figures: Sequence[Mapping[str, Any]]) -> None:
    points = sorted({row["lines"] for row in figures})
    walls = {
        f"{kind}, seconds": [row["wall s"] for row in figures if row["database"] == kind]
        for kind in dict.fromkeys(row["database"] for row in figures)
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ledger-time.svg").write_text(chart("Building the ledger", "lines", points, walls))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 2_000_000])
    parser.add_argument(
        "--databases", nargs="+", choices=["postgres", "duckdb"], default=["postgres", "duckdb"]
    )
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--plots", type=Path, help="the folder for SVG files")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if not _DBT.exists():
        sys.exit("dbt is not installed: run `make ledger` first.")
    with tempfile.TemporaryDirectory() as name, postgres() as server:
        folder = Path(name)
        progress("reading the books")
        options = {**LIMITS, "divisions": _COMPANIES, "rows": _EACH}
        with running(folder, options) as sandbox:
            runs = [
                read(sandbox, folder / "tap", None, *streams) for streams in (LINES, ("reads", _BALANCES))
            ]
        tables = messages.tables(*(run.lines for run in runs))
        empty: Mapping[str, Warehouse] = {
            "postgres": Postgres(server.create_database("empty")),
            "duckdb": DuckDB(folder / "empty.duckdb"),
        }
        figures = []
        for lines in args.lines:
            for kind in args.databases:
                progress(f"{kind}, {lines:,} lines: loading")
                empty[kind].execute("SELECT 1")
                warehouse = empty[kind].copy(f"books{lines}")
                warehouse.land(tables.values())
                _copied(warehouse, max(lines // (_COMPANIES * _EACH), 1))
                figures.append(_measured(warehouse, lines, server, args.rounds))
    report(figures, as_json=args.json)
    if args.plots:
        _draw(args.plots, figures)


if __name__ == "__main__":
    main()

"""Write `scripts/samples.json`: a row of each stream, as the tap writes it, from the books that the sandbox makes up.

Usage: python scripts/write_samples.py

The page of a stream shows it. The sandbox makes the same books every time, so a row changes only where the sandbox does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tap_exact_online.catalog import STREAMS, Kind, Resource
from tap_exact_online.doctor.examination import Tools
from tap_exact_online.doctor.peek import Wish, columns, peek
from tap_exact_online.settings import HOSTS, Settings, parse
from tap_exact_online.state.reads import Read

FILE = Path(__file__).parent / "samples.json"
_DIVISION, _YEAR = 1000001, 2025
_ROWS = 20
_BOOKS = ("--rows", "1000", "--minute-limit", "100000", "--day-limit", "100000", "--contract-limit", "100000")
_SHOWN = 16
"""Fields of a sample: of more, those that come first."""
_FIRST = (
    *(
        "Division",
        "Timestamp",
        "Code",
        "Name",
        "FullName",
        "Description",
        "Date",
        "DueDate",
        "Amount",
        "AmountDC",
    ),
    *("Quantity", "Price", "Status", "Type"),
)
_TELLING = (
    "Code",
    "Name",
    "Description",
    "Date",
    "Number",
    "DC",
    "FC",
    "Year",
    "Period",
    "Type",
    "Status",
    "City",
    "Currency",
)
_NOTHING = (None, "", "00000000-0000-0000-0000-000000000000")
_READ = datetime(2026, 1, 5, 4, 30, tzinfo=UTC)


def fullest(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the row that has most to show; the first of those."""
    return max(
        rows, key=lambda row: sum(value not in (*_NOTHING, 0, False) for value in row.values()), default={}
    )


def sample(settings: Settings, resource: Resource) -> dict[str, Any]:
    """Return a row of a stream, without what is empty in it; nothing where the sandbox has none."""
    if resource.name == "reads":
        read = Read(
            "accounts",
            _DIVISION,
            _READ,
            _READ.replace(second=2),
            1125,
            2,
            whole=True,
            whole_began=_READ,
            fields="1f0a",
        )
        row: Mapping[str, Any] = read.row()
    elif resource.kind is Kind.FILES:
        return {}
    else:
        year = _YEAR if resource.axes else None
        wish = Wish(resource, columns(resource, (), {}), _ROWS, _DIVISION, year)
        row = fullest(peek(settings, wish, Tools(lambda *_: None)).rows)
    local = settings.base_url
    filled = {
        name: value.replace(local, HOSTS["nl"]) if isinstance(value, str) else value
        for name, value in row.items()
        if value not in _NOTHING
    }
    if "DeletedDate" in filled:  # the one moment that the sandbox takes from the clock
        filled["DeletedDate"] = _READ.isoformat()
    chosen = {*resource.primary_keys, *sorted(filled, key=_rank)[: _SHOWN - len(resource.primary_keys)]}
    return {name: value for name, value in filled.items() if name in chosen}


def _rank(name: str) -> int:
    """Return how late a field comes in what is shown: what a person looks at first comes first."""
    if name in _FIRST:
        return _FIRST.index(name)
    return len(_FIRST) + (0 if name.endswith(_TELLING) else 1)


@contextmanager
def sandbox() -> Iterator[Settings]:
    """Run a sandbox, and yield the settings that lead to it."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder, "ready")
        command = [
            sys.executable,
            "-c",
            "from tap_exact_online.cli import main; main()",
            "sandbox",
            "--quiet",
            "--port=0",
        ]
        with subprocess.Popen([*command, f"--ready-file={ready}", *_BOOKS]) as process:  # noqa: S603  our own
            try:
                while not ready.exists():
                    if process.poll() is not None:
                        sys.exit("The sandbox did not start.")
                facts = json.loads(ready.read_bytes())
                names = ("base_url", "client_id", "client_secret", "refresh_token")
                yield parse({**{name: facts[name] for name in names}, "store": str(Path(folder, "tokens"))})
            finally:
                process.terminate()


def samples(resources: Iterable[Resource]) -> dict[str, dict[str, Any]]:
    """Return a row of each stream that the sandbox has rows of."""
    with sandbox() as settings:
        found = {each.name: sample(settings, each) for each in resources}
    return {name: row for name, row in found.items() if row}


def main() -> None:
    """Write the file."""
    rows = samples(STREAMS)
    lines = [f" {json.dumps(name)}: {json.dumps(row, ensure_ascii=False)}" for name, row in rows.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""What a loader keeps of what a tap writes, and what is left of it once the log of deleted rows is applied."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tap_exact_online.catalog.resources import BY_NAME, RESOURCES
from tests.expected import comparable

Key = tuple[Any, ...]
Table = dict[Key, dict[str, Any]]
_DATES = ("DivisionMoveDate", "DivisionHRLinkUnlinkDate")


@dataclass
class Loader:
    """Tables that are sure to hold a row only once a STATE has followed it, or all was read to its end.

    Attributes:
        tables: The rows, by stream and key.
        ages: Under which dates of its division each row was read: see `apply_deletes`.
        dates: The dates of each division, as the current run has told them.
        state: The last state.
        messages: Whole lines read.
    """

    tables: dict[str, Table] = field(default_factory=dict)
    ages: dict[tuple[str, Key], Any] = field(default_factory=dict)
    dates: dict[int, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    messages: int = 0
    _columns: dict[str, dict[str, Any]] = field(default_factory=dict)
    _pending: list[dict[str, Any]] = field(default_factory=list)

    def take(self, line: bytes) -> None:
        """Take one line; one that was cut off by the end of its writer does not count."""
        if not line.endswith(b"\n"):
            return
        message = json.loads(line)
        self.messages += 1
        if message["type"] == "SCHEMA":
            self._columns[message["stream"]] = message["schema"]["properties"]
        elif message["type"] == "RECORD":
            self._pending.append(message)
        elif message["type"] == "STATE":
            self._load()
            self.state = message["value"]

    def end(self, *, well: bool) -> None:
        """Load the rows behind the last STATE as a loader does that ends well, or forget them."""
        if well:
            self._load()
        self._pending.clear()

    def _load(self) -> None:
        for record in self._pending:
            self._keep(record["stream"], record["record"])
        self._pending.clear()

    def _keep(self, stream: str, record: dict[str, Any]) -> None:
        columns = self._columns[stream]
        row = {name: comparable(columns[name], value) for name, value in record.items()}
        key = tuple(row[name] for name in BY_NAME[stream].primary_keys)
        if stream == "divisions":
            self.dates[row["Code"]] = tuple(row[name] for name in _DATES)
        else:
            self.ages[stream, key] = self.dates.get(row["Division"])
        self.tables.setdefault(stream, {})[key] = row

    def apply_deletes(self, *, mind_moves: bool = True) -> None:
        """Remove the rows that the log of deleted rows names.

        Row versions of before and after a move of the division cannot be compared. But all that is still there was read
        anew after it: what was not, and is in the log, is gone. An HR link gives hours of absence new IDs, so what was
        not read anew there is gone without being in the log.

        Args:
            mind_moves: Compare no row versions of before and after a move, as a bare `row.Timestamp <= deleted.Timestamp` would.
        """
        old = {
            (stream, key)
            for (stream, key), dates in self.ages.items()
            if mind_moves and dates != self.dates.get(key[0])
        }
        for entry in [*self.tables.get("deleted", {}).values()]:
            for resource in RESOURCES:
                if resource.deleted_type == entry["EntityType"]:
                    key = (entry["Division"], entry["EntityKey"])
                    row = self.tables.get(resource.name, {}).get(key)
                    if row and ((resource.name, key) in old or row["Timestamp"] <= entry["Timestamp"]):
                        del self.tables[resource.name][key]
        for stream, key in old:
            if stream == "leave_absence_hours_by_day":
                self.tables[stream].pop(key, None)

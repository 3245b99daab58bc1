"""What the tap has written, as the tables that a loader makes of it: by SCHEMA messages, keys, and the time of each row."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]
Columns = Mapping[str, str]
"""The name of a type for each column: bigint, double, boolean, uuid, timestamp, json or text."""

_EXTRACTED = "_sdc_extracted_at"
_SINGER: Columns = {
    _EXTRACTED: "timestamp",
    "_sdc_batched_at": "timestamp",
    "_sdc_deleted_at": "timestamp",
    "_sdc_received_at": "timestamp",
    "_sdc_sequence": "bigint",
    "_sdc_sync_started_at": "bigint",
    "_sdc_table_version": "bigint",
}


@dataclass(frozen=True)
class Table:
    """A table of a loader.

    Attributes:
        name: The stream.
        key: The columns of its key.
        columns: All columns and their types.
        rows: All rows; of a loader that only adds rows, several of one key.
        unique: Whether the database promises that there is one row of a key.
    """

    name: str
    key: tuple[str, ...]
    columns: Columns
    rows: tuple[Row, ...]
    unique: bool = True

    def of(self, row: Row) -> tuple[Any, ...]:
        """Return the key of a row."""
        return tuple(row[name] for name in self.key)

    def having(self, rows: Iterable[Row]) -> Table:
        """Return the table with other rows."""
        return dataclasses.replace(self, rows=tuple(rows))


Tables = dict[str, Table]


def tables(*runs: Sequence[Mapping[str, Any]], merged: bool = True) -> Tables:
    """Return the tables that a loader makes of the messages of some runs.

    Args:
        runs: The messages of each run, in order.
        merged: Whether the loader merges on the key; else it only adds rows.
    """
    made: Tables = {}
    rows: dict[str, list[Row]] = {}
    for messages in runs:
        began = min(
            (message["time_extracted"] for message in messages if message["type"] == "RECORD"), default=""
        )
        for message in messages:
            name = message.get("stream", "")
            if message["type"] == "SCHEMA":
                properties = message["schema"]["properties"]
                columns = {column: _type(schema) for column, schema in properties.items()}
                known = made[name].columns if name in made else {}
                made[name] = Table(
                    name, tuple(message["key_properties"]), {**known, **columns, **_SINGER}, ()
                )
                rows.setdefault(name, [])
            elif message["type"] == "RECORD":
                rows[name].append(_landed(message, began))
    for name, table in made.items():
        every = {table.of(row): row for row in rows[name]}.values() if merged and table.key else rows[name]
        made[name] = dataclasses.replace(table, rows=tuple(every), unique=merged and bool(table.key))
    return made


def _landed(message: Mapping[str, Any], began: str) -> Row:
    read = datetime.fromisoformat(message["time_extracted"]).astimezone(UTC).replace(tzinfo=None).isoformat()
    started = int(datetime.fromisoformat(began).timestamp() * 1000)
    return {
        **message["record"],
        _EXTRACTED: read,
        "_sdc_batched_at": read,
        "_sdc_received_at": read,
        "_sdc_sync_started_at": started,
    }


def _type(schema: Mapping[str, Any]) -> str:
    types = schema.get("type", "string")
    kinds = {types} if isinstance(types, str) else {*types}
    if schema.get("format") == "uuid":
        return "uuid"
    if schema.get("format") == "date-time":
        return "timestamp"
    plain = {"integer": "bigint", "number": "double", "boolean": "boolean", "object": "json", "array": "json"}
    return next((name for kind, name in plain.items() if kind in kinds), "text")

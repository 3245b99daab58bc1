"""A few rows of what landed, as a person would look at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import psycopg
from psycopg import sql

from demo.outcome import SCHEMA, layout
from demo.postgres import Postgres

_ROWS = 3
_SHOWN: Mapping[str, Sequence[str]] = {
    "accounts": ("Division", "Code", "Name", "City", "Modified"),
    "transaction_lines": ("Division", "Date", "EntryNumber", "LineNumber", "GLAccountCode", "AmountDC"),
}
_LONGEST = 24


def shown(server: Postgres) -> str:
    """Return the first rows of some tables, with some columns of each."""
    parts = []
    with psycopg.connect(server.conninfo) as connection:
        for name, columns in _SHOWN.items():
            query = sql.SQL("SELECT {columns} FROM {table} ORDER BY {key} LIMIT {rows}").format(
                columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
                table=sql.Identifier(SCHEMA, name),
                key=sql.SQL(", ").join(map(sql.Identifier, ("Division", "Timestamp"))),
                rows=_ROWS,
            )
            rows = [[_text(value) for value in row] for row in connection.execute(query)]
            parts.append(layout((f"{SCHEMA}.{name}: {columns[0]}", *columns[1:]), rows))
    return "\n\n".join(parts)


def _text(value: object) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

"""What landed in PostgreSQL: rows by table, and what a second run did to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from demo.postgres import Postgres
from tap_exact_online.catalog.resources import BY_NAME, RESOURCES

SCHEMA = "exact_online"
_BEFORE = "before"


@dataclass(frozen=True, slots=True)
class Difference:
    """What a run did to one table.

    Attributes:
        rows: Rows now.
        added: Rows that were not there before.
        changed: Rows that were there with another value in some column.
    """

    rows: int
    added: int
    changed: int


def tables(server: Postgres) -> list[str]:
    """Return the tables of Exact that the loader made, in the order of the streams: what the tap tells of itself is always new."""
    with psycopg.connect(server.conninfo) as connection:
        found = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s", (SCHEMA,)
        ).fetchall()
    order = [resource.name for resource in RESOURCES]
    return sorted((name for (name,) in found if name in order), key=order.index)


def counts(server: Postgres) -> dict[str, int]:
    """Return the rows of each table."""
    with psycopg.connect(server.conninfo) as connection:
        return {name: _count(connection, name) for name in tables(server)}


def remember(server: Postgres) -> None:
    """Keep a copy of every table to compare with later."""
    with psycopg.connect(server.conninfo) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(_BEFORE)))
        for name in tables(server):
            copy = sql.SQL("CREATE TABLE {} AS TABLE {}")
            connection.execute(copy.format(sql.Identifier(_BEFORE, name), sql.Identifier(SCHEMA, name)))


def differences(server: Postgres) -> dict[str, Difference]:
    """Compare every table with its remembered copy. The loader's own `_sdc_` columns do not count."""
    # `old IS NULL` is true where every column is null, so where there was no row. `old IS NOT NULL` is not its opposite:
    # it asks that every column has a value.
    query = sql.SQL(
        "SELECT count(*) FILTER (WHERE old IS NULL),"
        " count(*) FILTER (WHERE NOT (old IS NULL) AND {new} IS DISTINCT FROM {old})"
        " FROM {now} AS new LEFT JOIN {then} AS old USING ({key})"
    )
    found = {}
    with psycopg.connect(server.conninfo) as connection:
        own = [
            name
            for (name,) in connection.execute(
                "SELECT DISTINCT column_name FROM information_schema.columns"
                " WHERE table_schema = %s AND starts_with(column_name, '_sdc_')",
                (SCHEMA,),
            )
        ]
        without = sql.SQL("to_jsonb({}) - {}::text[]")
        for name in tables(server):
            row = connection.execute(
                query.format(
                    new=without.format(sql.Identifier("new"), sql.Literal(own)),
                    old=without.format(sql.Identifier("old"), sql.Literal(own)),
                    now=sql.Identifier(SCHEMA, name),
                    then=sql.Identifier(_BEFORE, name),
                    key=sql.SQL(", ").join(map(sql.Identifier, BY_NAME[name].primary_keys)),
                )
            ).fetchone()
            added, changed = row or (0, 0)
            found[name] = Difference(_count(connection, name), added, changed)
    return found


def calls_by_stream(by_endpoint: Mapping[str, int]) -> dict[str, int]:
    """Turn the sandbox's calls for each endpoint into calls for each stream; what belongs to none is left out."""
    names = {resource.path.lower(): resource.name for resource in RESOURCES}
    calls: dict[str, int] = {}
    for path, count in by_endpoint.items():
        if name := names.get(path.lower()):
            calls[name] = calls.get(name, 0) + count
    return calls


def layout(head: Sequence[str], rows: Iterable[Sequence[str]], foot: Sequence[str] = ()) -> str:
    """Set a table: the first column to the left, numbers to the right."""
    lines = [list(head), *map(list, rows), *([list(foot)] if foot else [])]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]

    def spread(line: Sequence[str]) -> str:
        cells = [
            line[0].ljust(widths[0]),
            *(cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True)),
        ]
        return "  ".join(cells).rstrip()

    rule = "  ".join("-" * width for width in widths)
    body = lines[1:-1] if foot else lines[1:]
    return "\n".join(
        [spread(lines[0]), rule, *map(spread, body), *([rule, spread(lines[-1])] if foot else [])]
    )


def _count(connection: psycopg.Connection, name: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(SCHEMA, name))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0

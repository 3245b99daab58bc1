"""The script for DuckDB, BigQuery and Snowflake: a MERGE for each table, in the dialect's way of asking whether it is there.

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from tap_exact_online.catalog import Resource
from tap_exact_online.mirror.plan import Mode, Plan, quoted

_REMOVE = """\
MERGE INTO {table} AS kept
USING (
  SELECT {division}, {entity_key}, MAX({timestamp}) AS last_version
  FROM {log} WHERE {entity_type} = {number} GROUP BY {division}, {entity_key}
) AS gone
ON kept.{division} = gone.{division} AND kept.{key} = gone.{entity_key} AND kept.{timestamp} <= gone.last_version
WHEN MATCHED THEN DELETE;
"""

# Only rows whose mark changes are written. Where the log has no date, the mark that is there stays: else every run would
# write the present moment anew.
_MARK = """\
ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {mark} {type};
MERGE INTO {table} AS kept
USING (
  SELECT {division}, {entity_key}, MAX({timestamp}) AS last_version,
    CAST(MAX_BY({deleted_date}, {timestamp}) AS {type}) AS last_date
  FROM {log} WHERE {entity_type} = {number} GROUP BY {division}, {entity_key}
) AS gone
ON kept.{division} = gone.{division} AND kept.{key} = gone.{entity_key}
WHEN MATCHED AND kept.{timestamp} <= gone.last_version
    AND (kept.{mark} IS NULL OR kept.{mark} <> COALESCE(gone.last_date, kept.{mark}))
  THEN UPDATE SET {mark} = COALESCE(gone.last_date, CAST({now} AS {type}))
-- It came back after it was deleted.
WHEN MATCHED AND kept.{timestamp} > gone.last_version AND kept.{mark} IS NOT NULL
  THEN UPDATE SET {mark} = NULL;
"""

_DUCKDB = """\
-- For DuckDB 1.4 or newer, not inside a transaction. Its SQL has no IF: where a table is not there, its name leads to an
-- empty one in memory, which comes second on the search path.
ATTACH IF NOT EXISTS ':memory:' AS exact_online_absent;
SET VARIABLE exact_online_path = current_setting('search_path');
SET search_path = '{schema},exact_online_absent.main';

{body}
SET search_path = getvariable('exact_online_path');
RESET VARIABLE exact_online_path;
DETACH exact_online_absent;
"""

# Where a loader made a type with a zone of `DeletedDate`, DuckDB would take the zone off by the clock of the session.
_IN_UTC = """\
SET VARIABLE exact_online_zone = current_setting('TimeZone');
SET TimeZone = 'UTC';

{body}
SET TimeZone = getvariable('exact_online_zone');
RESET VARIABLE exact_online_zone;
"""

_ABSENT = """\
CREATE OR REPLACE TABLE exact_online_absent.main.{table} ({division} BIGINT, {key} VARCHAR, {timestamp} BIGINT);
"""

_BIGQUERY = """\
IF EXISTS (SELECT 1 FROM {tables} WHERE table_name = '{name}') THEN
{body}END IF;
"""

_SNOWFLAKE = """\
  IF (EXISTS (SELECT 1 FROM {tables} WHERE TABLE_SCHEMA = {schema} AND TABLE_NAME = '{name}')) THEN
{body}  END IF;
"""


@dataclass(frozen=True, slots=True)
class _Dialect:
    """What differs.

    Attributes:
        quote: What names are put in.
        mark: The type of the column that marks a row. Where it has no zone it is in UTC, as `DeletedDate` is.
        now: The present moment.
    """

    quote: str
    mark: str
    now: str


def duckdb(plan: Plan) -> str:
    """Return the script for DuckDB."""
    dialect = _Dialect('"', "TIMESTAMP", "CURRENT_TIMESTAMP")
    schema = quoted('"', *plan.schema_parts) or "main"
    parts = []
    for stream in plan.streams:
        table = quoted('"', plan.table(stream.name))
        blanks = {**plan.columns('"'), "key": quoted('"', plan.case.spell(stream.key))}
        parts.append(_ABSENT.format(table=table, **blanks) + _apply(plan, stream, dialect, table))
    body = "\n".join(parts)
    return _DUCKDB.format(schema=schema, body=body if plan.mode is Mode.REMOVE else _IN_UTC.format(body=body))


def bigquery(plan: Plan) -> str:
    """Return the script for BigQuery."""
    dialect = _Dialect("`", "TIMESTAMP", "CURRENT_TIMESTAMP()")
    tables = ".".join(filter(None, [quoted("`", *plan.schema_parts), "INFORMATION_SCHEMA.TABLES"]))
    parts = []
    for stream in plan.streams:
        name = plan.table(stream.name)
        body = _apply(plan, stream, dialect, quoted("`", *plan.schema_parts, name))
        parts.append(_BIGQUERY.format(tables=tables, name=name, body=_indented(body, 2)))
    return "".join(parts)


def snowflake(plan: Plan) -> str:
    """Return the script for Snowflake."""
    dialect = _Dialect('"', "TIMESTAMP_NTZ", "SYSDATE()")
    *database, schema = [quoted("'", part) for part in plan.schema_parts] or ["CURRENT_SCHEMA()"]
    tables = ".".join([*(each.replace("'", '"') for each in database), "INFORMATION_SCHEMA.TABLES"])
    parts = []
    for stream in plan.streams:
        name = plan.table(stream.name)
        body = _apply(plan, stream, dialect, quoted('"', *plan.schema_parts, name))
        parts.append(_SNOWFLAKE.format(tables=tables, schema=schema, name=name, body=_indented(body, 4)))
    return f"EXECUTE IMMEDIATE $$\nBEGIN\n{''.join(parts)}END;\n$$;\n"


def _apply(plan: Plan, stream: Resource, dialect: _Dialect, table: str) -> str:
    """Return the statements that apply the log to one table."""
    template = _REMOVE if plan.mode is Mode.REMOVE else _MARK
    return template.format(
        **plan.columns(dialect.quote),
        table=table,
        log=quoted(dialect.quote, *plan.schema_parts, plan.table("deleted")),
        key=quoted(dialect.quote, plan.case.spell(stream.key)),
        number=stream.deleted_type,
        type=dialect.mark,
        now=dialect.now,
    )


def _indented(text: str, by: int) -> str:
    return "".join(" " * by + line + "\n" for line in text.splitlines())

"""The script for DuckDB, BigQuery and Snowflake: a MERGE for each table, in the dialect's way of asking whether it is there.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tap_exact_online.catalog import READS, Resource
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

# Where a loader only adds, a key has more rows than one: the newest tells.
_REMOVE_VANISHED = """\
MERGE INTO {table} AS kept
USING (
  SELECT loaded.{division}{loaded_keys}
  FROM {rows} AS loaded
  INNER JOIN (
    SELECT {division}, MAX(CAST({whole_began} AS {instant})) AS began
    FROM {reads} WHERE {stream} = '{name}' GROUP BY {division}
  ) AS whole ON loaded.{division} = whole.{division}
  GROUP BY loaded.{division}{loaded_keys}
  HAVING MAX(CAST(loaded.{extracted} AS {instant})) < MAX(whole.began)
) AS gone
ON kept.{division} = gone.{division}{same_as_gone}
WHEN MATCHED THEN DELETE;
"""

# The log that a mark comes from may be lost. So a mark goes only from a row that was read after it.
_MARK_VANISHED = """\
ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {mark} {type};
MERGE INTO {table} AS kept
USING (
  SELECT loaded.{division}{loaded_keys}, MAX(CAST(loaded.{extracted} AS {instant})) AS last_loaded,
    MAX(whole.began) AS began{log_columns}
  FROM {rows} AS loaded
  LEFT JOIN (
    SELECT {division}, MAX(CAST({whole_began} AS {instant})) AS began
    FROM {reads} WHERE {stream} = '{name}' GROUP BY {division}
  ) AS whole ON loaded.{division} = whole.{division}{log_join}
  GROUP BY loaded.{division}{loaded_keys}
) AS seen
ON kept.{division} = seen.{division}{same_as_seen}
{log_rule}WHEN MATCHED AND {unlogged}seen.last_loaded < seen.began AND kept.{mark} IS NULL
  THEN UPDATE SET {mark} = CAST(seen.began AS {type})
-- It was loaded again after it was marked.
WHEN MATCHED AND {unlogged}seen.last_loaded >= seen.began AND CAST(kept.{mark} AS {instant}) <= seen.last_loaded
  THEN UPDATE SET {mark} = NULL;
"""
_LOG: Mapping[str, str] = {
    "log_columns": """,
    MAX(logged.last_version) AS last_version, MAX(logged.last_date) AS last_date""",
    "log_join": """
  LEFT JOIN (
    SELECT {division}, {entity_key}, MAX({timestamp}) AS last_version,
      CAST(MAX_BY({deleted_date}, {timestamp}) AS {type}) AS last_date
    FROM {log} WHERE {entity_type} = {number} GROUP BY {division}, {entity_key}
  ) AS logged ON loaded.{division} = logged.{division} AND loaded.{key} = logged.{entity_key}""",
    "log_rule": """\
WHEN MATCHED AND kept.{timestamp} <= seen.last_version
    AND (kept.{mark} IS NULL OR kept.{mark} <> COALESCE(seen.last_date, kept.{mark}))
  THEN UPDATE SET {mark} = COALESCE(seen.last_date, CAST({now} AS {type}))
-- It came back after it was deleted, and has not vanished since.
WHEN MATCHED AND kept.{timestamp} > seen.last_version AND kept.{mark} IS NOT NULL
    AND NOT COALESCE(seen.last_loaded < seen.began, FALSE)
  THEN UPDATE SET {mark} = NULL
""",
    "unlogged": "COALESCE(kept.{timestamp} > seen.last_version, TRUE)\n    AND ",
}

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

# Where a loader made a type with a zone of a moment, DuckDB would take the zone off by the clock of the session.
_IN_UTC = """\
SET VARIABLE exact_online_zone = current_setting('TimeZone');
SET TimeZone = 'UTC';

{body}
SET TimeZone = getvariable('exact_online_zone');
RESET VARIABLE exact_online_zone;
"""

_ABSENT = """\
CREATE OR REPLACE TABLE exact_online_absent.main.{table} ({division} BIGINT{key_columns}, {timestamp} BIGINT);
"""

_ABSENT_READS = """\
CREATE OR REPLACE TABLE exact_online_absent.main.{reads} ({stream} VARCHAR, {division} BIGINT, {whole_began} TIMESTAMPTZ);
"""

# Nor has DuckDB a way to ask for a column: where it is not there, it is NULL.
_ROWS = "(SELECT CAST(NULL AS {instant}) AS {extracted} WHERE FALSE UNION ALL BY NAME SELECT * FROM {table})"


@dataclass(frozen=True, slots=True)
class _Dialect:
    """What differs.

    Attributes:
        quote: What names are put in.
        mark: The type of the column that marks a row. Where it has no zone it is in UTC, as `DeletedDate` is.
        instant: The type in which moments are compared.
        now: The present moment.
    """

    quote: str
    mark: str
    instant: str
    now: str


@dataclass(frozen=True, slots=True)
class _Questions:
    """How a script asks what is there.

    Attributes:
        table: Is there the table of a stream?
        columns: Does it tell when its rows were read, and is there a table that tells what was read whole?
    """

    table: str
    columns: str


_BIGQUERY = _Questions(
    table="EXISTS (SELECT 1 FROM {place}TABLES WHERE table_name = '{name}')",
    columns="""\
EXISTS (
  SELECT COUNT(*) FROM {place}COLUMNS
  WHERE (table_name = '{name}' AND column_name = '{extracted}') OR (table_name = '{reads}' AND column_name = '{began}')
  HAVING COUNT(*) = 2
)""",
)
_SNOWFLAKE = _Questions(
    table="(EXISTS (SELECT 1 FROM {place}TABLES WHERE TABLE_SCHEMA = {schema} AND TABLE_NAME = '{name}'))",
    columns="""\
(EXISTS (
  SELECT COUNT(*) FROM {place}COLUMNS WHERE TABLE_SCHEMA = {schema}
    AND ((TABLE_NAME = '{name}' AND COLUMN_NAME = '{extracted}') OR (TABLE_NAME = '{reads}' AND COLUMN_NAME = '{began}'))
  HAVING COUNT(*) = 2
))""",
)


def duckdb(plan: Plan) -> str:
    """Return the script for DuckDB."""
    dialect = _Dialect('"', "TIMESTAMP", "TIMESTAMPTZ", "CURRENT_TIMESTAMP")
    parts = []
    for stream in plan.streams:
        table = quoted('"', plan.table(stream.name))
        blanks = _blanks(plan, stream, dialect, table)
        # Without a schema, a name may lead to the empty table in memory.
        blanks["reads"] = quoted('"', plan.table(READS))
        blanks["rows"] = _ROWS.format(**blanks)
        parts.append(_ABSENT.format(**blanks) + _apply(plan, stream, blanks, vanishing=bool(plan.extracted)))
        if plan.extracted and len(parts) == 1:
            parts.insert(0, _ABSENT_READS.format(**blanks))
    body = "\n".join(parts)
    if plan.extracted or plan.mode is Mode.MARK:
        body = _IN_UTC.format(body=body)
    return _DUCKDB.format(schema=quoted('"', *plan.schema_parts) or "main", body=body)


def bigquery(plan: Plan) -> str:
    """Return the script for BigQuery."""
    dialect = _Dialect("`", "TIMESTAMP", "TIMESTAMP", "CURRENT_TIMESTAMP()")
    place = ".".join(filter(None, [quoted("`", *plan.schema_parts), "INFORMATION_SCHEMA."]))
    return "".join(_asked(plan, stream, dialect, _BIGQUERY, place=place) for stream in plan.streams)


def snowflake(plan: Plan) -> str:
    """Return the script for Snowflake."""
    dialect = _Dialect('"', "TIMESTAMP_NTZ", "TIMESTAMP_NTZ", "SYSDATE()")
    *database, schema = [quoted("'", part) for part in plan.schema_parts] or ["CURRENT_SCHEMA()"]
    place = ".".join([*(each.replace("'", '"') for each in database), "INFORMATION_SCHEMA."])
    parts = [
        _indented(_asked(plan, stream, dialect, _SNOWFLAKE, place=place, schema=schema), 2)
        for stream in plan.streams
    ]
    return f"EXECUTE IMMEDIATE $$\nBEGIN\n{''.join(parts)}END;\n$$;\n"


def _asked(plan: Plan, stream: Resource, dialect: _Dialect, questions: _Questions, **place: str) -> str:
    """Return what to do with one table, behind the questions of what is there."""
    names = {
        "name": plan.table(stream.name),
        "extracted": plan.case.spell(plan.extracted),
        "reads": plan.table(READS),
        "began": plan.spell("WholeBeganAt"),
    }
    blanks = _blanks(
        plan, stream, dialect, quoted(dialect.quote, *plan.schema_parts, plan.table(stream.name))
    )
    branches = []
    if plan.extracted:
        branches.append((questions.columns, True))
    if stream.deleted_type is not None:
        branches.append((questions.table, False))
    text = ""
    for word, (question, vanishing) in zip(("IF", "ELSEIF"), branches, strict=False):
        body = _apply(plan, stream, blanks, vanishing=vanishing)
        text += f"{word} {question.format(**names, **place)} THEN\n{_indented(body, 2)}"
    return text + "END IF;\n"


def _blanks(plan: Plan, stream: Resource, dialect: _Dialect, table: str) -> dict[str, Any]:
    """Return what the templates leave open."""
    keys = [quoted(dialect.quote, plan.spell(key)) for key in stream.identity]
    return {
        **plan.columns(dialect.quote),
        "table": table,
        "rows": table,
        "log": quoted(dialect.quote, *plan.schema_parts, plan.table("deleted")),
        "reads": quoted(dialect.quote, *plan.schema_parts, plan.table(READS)),
        "key": next(iter(keys), ""),
        "loaded_keys": "".join(f", loaded.{key}" for key in keys),
        "same_as_gone": "".join(f" AND kept.{key} = gone.{key}" for key in keys),
        "same_as_seen": "".join(f" AND kept.{key} = seen.{key}" for key in keys),
        "key_columns": "".join(f", {key} VARCHAR" for key in keys),
        "name": stream.name,
        "number": stream.deleted_type,
        "type": dialect.mark,
        "instant": dialect.instant,
        "now": dialect.now,
    }


def _apply(plan: Plan, stream: Resource, blanks: Mapping[str, Any], *, vanishing: bool) -> str:
    """Return the statements for one table, by the log where it has a number, and by whole reads where that is wanted."""
    logged = stream.deleted_type is not None
    if plan.mode is Mode.REMOVE:
        template = _REMOVE * logged + _REMOVE_VANISHED * vanishing
        return template.format(**blanks)
    if not vanishing:
        return _MARK.format(**blanks)
    return _MARK_VANISHED.format(
        **blanks, **{name: text.format(**blanks) if logged else "" for name, text in _LOG.items()}
    )


def _indented(text: str, by: int) -> str:
    return "".join(" " * by + line + "\n" for line in text.splitlines())

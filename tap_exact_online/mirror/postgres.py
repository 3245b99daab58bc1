"""The script for PostgreSQL: one DO block, so one transaction, which goes over the tables that are there. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from tap_exact_online.catalog import READS
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.mirror.plan import Mode, Plan

_SCRIPT = """\
-- It is one statement, and so one transaction: all tables or none.
DO $deletes$
DECLARE
  place CONSTANT text := {schema};
  zone CONSTANT text := current_setting('TimeZone');
  log CONSTANT regclass := to_regclass(format('%I.%I', place, '{log}'));
  reads CONSTANT regclass := {reads};
  kept regclass;
  stream record;
  vanishing boolean;
  unseen text[] := ARRAY[]::text[];
  converted text;
  entry text;
  whole text;
  newer text;
  same text;
  vanished text;
  date_type text;
  changed bigint;
  affected bigint;
BEGIN
{needed}  -- A moment without a zone is in UTC.
  PERFORM set_config('TimeZone', 'UTC', true);
  SELECT format_type(atttypid, atttypmod) INTO date_type FROM pg_attribute
    WHERE (attrelid, attname) IN ((log, '{deleted_date}'), (reads, '{began}')) ORDER BY attname LIMIT 1;
  FOR stream IN SELECT * FROM (VALUES
{streams}
  ) AS streams (name, keys, source, entity_type)
  LOOP
    kept := to_regclass(format('%I.%I', place, stream.name));
    CONTINUE WHEN kept IS NULL;
    vanishing := reads IS NOT NULL AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = kept AND attname = '{read_at}');
    IF reads IS NOT NULL AND NOT vanishing THEN
      unseen := unseen || stream.name;
    END IF;
    CONTINUE WHEN stream.entity_type IS NULL AND NOT vanishing;
    -- A loader may have made uuid of one key and text of the other. The log's side is converted, so that the primary
    -- key of the table, which may be large, stays of use.
    converted := NULL;
    entry := NULL;
    IF stream.entity_type IS NOT NULL THEN
      SELECT '::text::' || format_type(ours.atttypid, ours.atttypmod) INTO converted
        FROM pg_attribute AS ours, pg_attribute AS logged
        WHERE ours.attrelid = kept AND ours.attname = stream.keys[1]
          AND logged.attrelid = log AND logged.attname = '{key_of_entry}' AND ours.atttypid <> logged.atttypid;
      entry := format('gone.{entity_type} = %s AND kept.{division} = gone.{division} AND kept.%I = gone.{entity_key}%s',
        stream.entity_type, stream.keys[1], converted);
    END IF;
    whole := format('(SELECT {division}, max({whole_began}::timestamptz) AS began FROM %s WHERE {stream} = %L'
      ' GROUP BY {division}) AS whole', reads, stream.source);
    -- Where a loader only adds, a key has more rows than one: the newest tells.
    SELECT coalesce(string_agg(format(' AND newer.%1$I = kept.%1$I', key), ''), '') INTO same FROM unnest(stream.keys) AS key;
    newer := format('EXISTS (SELECT FROM %1$s AS newer WHERE newer.{division} = kept.{division}%2$s'
      ' AND newer.{extracted}::timestamptz', kept, same);
    vanished := 'kept.{extracted}::timestamptz < whole.began AND NOT ' || newer || ' >= whole.began)';
    affected := 0;
{apply}
    IF affected > 0 THEN
      RAISE NOTICE '%: {done}', stream.name, affected;
    END IF;
  END LOOP;
  IF cardinality(unseen) > 0 THEN
    RAISE NOTICE 'Without a column {read_at}, only the log tells what is gone: %', array_to_string(unseen, ', ');
  END IF;
  PERFORM set_config('TimeZone', zone, true);
END
$deletes$;
"""

_NEEDED = """\
  IF log IS NULL THEN
    RAISE EXCEPTION 'There is no table %.{log}: select the stream `deleted`, and load it first.', place;
  END IF;
"""

_READS = """\
(
    SELECT attrelid FROM pg_attribute
    WHERE attrelid = to_regclass(format('%I.%I', place, '{reads}')) AND attname = '{began}'
  )"""

_REMOVE = """\
    IF stream.entity_type IS NOT NULL THEN
      EXECUTE format('DELETE FROM %s AS kept USING %s AS gone WHERE %s AND kept.{timestamp} <= gone.{timestamp}',
        kept, log, entry);
      GET DIAGNOSTICS affected = ROW_COUNT;
    END IF;
    IF vanishing THEN
      EXECUTE format('DELETE FROM %s AS kept USING %s WHERE kept.{division} = whole.{division} AND %s',
        kept, whole, vanished);
      GET DIAGNOSTICS changed = ROW_COUNT;
      affected := affected + changed;
    END IF;"""

# Whether the column is there is asked first: ALTER TABLE shuts everybody out of the table, also where it adds nothing.
# Only rows whose mark changes are written. Where the log has no date, the mark that is there stays: else every run would
# write the present moment anew. The log that a mark comes from may be lost. So a mark goes only from a row that was read
# after it.
_MARK = """\
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = kept AND attname = '{column}') THEN
      EXECUTE format('ALTER TABLE %s ADD COLUMN %I %s', kept, '{column}', date_type);
    END IF;
    IF stream.entity_type IS NOT NULL THEN
      -- A row with a higher Timestamp than the last entry came back after it was deleted: it loses its mark, unless it
      -- has vanished since.
      EXECUTE format($apply$
        UPDATE %1$s AS kept
        SET {mark} = CASE WHEN kept.{timestamp} <= gone.{timestamp} THEN coalesce(gone.{deleted_date}, now()::%2$s) END
        FROM (
          SELECT DISTINCT ON ({division}, {entity_key}) {division}, {entity_key}, {entity_type}, {timestamp}, {deleted_date}
          FROM %3$s WHERE {entity_type} = %4$s ORDER BY {division}, {entity_key}, {timestamp} DESC
        ) AS gone%5$s
        WHERE %6$s
          AND kept.{mark} IS DISTINCT FROM CASE WHEN kept.{timestamp} <= gone.{timestamp}
            THEN coalesce(gone.{deleted_date}, kept.{mark}, now()::%2$s) END%7$s
        $apply$, kept, date_type, log, stream.entity_type,
        CASE WHEN vanishing THEN format(' LEFT JOIN %s ON whole.{division} = gone.{division}', whole) END, entry,
        CASE WHEN vanishing THEN format(' AND (kept.{timestamp} <= gone.{timestamp} OR (%s) IS NOT TRUE)', vanished) END);
      GET DIAGNOSTICS affected = ROW_COUNT;
    END IF;
    IF vanishing THEN
      EXECUTE format($apply$
        UPDATE %1$s AS kept
        SET {mark} = CASE WHEN kept.{mark} IS NULL THEN whole.began::%2$s END
        FROM %3$s
        WHERE kept.{division} = whole.{division} AND CASE WHEN kept.{mark} IS NULL THEN %4$s
          ELSE %5$s >= greatest(whole.began, kept.{mark}::timestamptz)) END%6$s
        $apply$, kept, date_type, whole, vanished, newer,
        CASE WHEN stream.entity_type IS NOT NULL THEN
          format(' AND NOT EXISTS (SELECT FROM %s AS gone WHERE %s AND kept.{timestamp} <= gone.{timestamp})', log, entry)
        END);
      GET DIAGNOSTICS changed = ROW_COUNT;
      affected := affected + changed;
    END IF;"""


def _names(names: Iterable[str]) -> str:
    """Return names as an array, which may be empty."""
    return f"ARRAY[{', '.join(repr(name) for name in names)}]::text[]"


def script(plan: Plan) -> str:
    """Return the script for PostgreSQL.

    Raises:
        ConfigurationError: The schema's name has a database in front.
    """
    if "." in plan.schema:
        msg = "--schema: PostgreSQL takes the name of a schema only, with nothing in front."
        raise ConfigurationError(msg)
    remove = plan.mode is Mode.REMOVE
    apply = _REMOVE if remove else _MARK
    columns = plan.columns('"')
    plain = {
        "log": plan.table("deleted"),
        "key_of_entry": plan.spell("EntityKey"),
        "deleted_date": plan.spell("DeletedDate"),
        "began": plan.spell("WholeBeganAt"),
        "read_at": plan.case.spell(plan.extracted),
    }
    return _SCRIPT.format(
        **{**columns, **plain},
        schema="current_schema()" if not plan.schema else f"'{plan.schema_parts[0]}'",
        reads=_READS.format(reads=plan.table(READS), **plain) if plan.extracted else "NULL",
        needed=_NEEDED.format(**plain)
        if any(stream.deleted_type is not None for stream in plan.streams)
        else "",
        streams=",\n".join(
            f"    ('{plan.table(stream.name)}', {_names(map(plan.spell, stream.identity))}, '{stream.name}',"
            f" {'NULL::integer' if stream.deleted_type is None else stream.deleted_type})"
            for stream in plan.streams
        ),
        apply=apply.format(**columns, column=plan.case.spell(plan.column)),
        done="% rows removed" if remove else "the marks of % rows changed",
    )

"""The script for PostgreSQL: one DO block, so one transaction, which goes over the tables that are there. Pure."""

from __future__ import annotations

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.mirror.plan import Mode, Plan

_SCRIPT = """\
-- It is one statement, and so one transaction: all tables or none.
DO $deletes$
DECLARE
  place CONSTANT text := {schema};
  log CONSTANT regclass := to_regclass(format('%I.%I', place, '{log}'));
  kept regclass;
  stream record;
  converted text;
  date_type text;
  present text;
  affected bigint;
BEGIN
  IF log IS NULL THEN
    RAISE EXCEPTION 'There is no table %.{log}: select the stream `deleted`, and load it first.', place;
  END IF;
  SELECT format_type(atttypid, atttypmod) INTO date_type
    FROM pg_attribute WHERE attrelid = log AND attname = '{deleted_date}';
  present := CASE date_type WHEN 'timestamp without time zone' THEN 'timezone(''UTC'', now())'
    ELSE 'now()::' || date_type END;
  FOR stream IN SELECT * FROM (VALUES
{streams}
  ) AS streams (name, key, entity_type)
  LOOP
    kept := to_regclass(format('%I.%I', place, stream.name));
    CONTINUE WHEN kept IS NULL;
    -- A loader may have made uuid of one key and text of the other. The log's side is converted, so that the primary
    -- key of the table, which may be large, stays of use.
    SELECT '::text::' || format_type(ours.atttypid, ours.atttypmod) INTO converted
      FROM pg_attribute AS ours, pg_attribute AS logged
      WHERE ours.attrelid = kept AND ours.attname = stream.key
        AND logged.attrelid = log AND logged.attname = '{entity_key}' AND ours.atttypid <> logged.atttypid;
{apply}
    GET DIAGNOSTICS affected = ROW_COUNT;
    IF affected > 0 THEN
      RAISE NOTICE '%: {done}', stream.name, affected;
    END IF;
  END LOOP;
END
$deletes$;
"""

_REMOVE = """\
    EXECUTE format($apply$
      DELETE FROM %1$s AS kept USING %2$s AS gone
      WHERE gone.{entity_type} = %3$s AND kept.{division} = gone.{division}
        AND kept.%4$I = gone.{entity_key}%5$s AND kept.{timestamp} <= gone.{timestamp}
      $apply$, kept, log, stream.entity_type, stream.key, converted);"""

# Whether the column is there is asked first: ALTER TABLE shuts everybody out of the table, also where it adds nothing.
# Only rows whose mark changes are written. Where the log has no date, the mark that is there stays: else every run would
# write the present moment anew.
_MARK = """\
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = kept AND attname = '{column}') THEN
      EXECUTE format('ALTER TABLE %s ADD COLUMN %I %s', kept, '{column}', date_type);
    END IF;
    -- A row with a higher Timestamp than the last entry came back after it was deleted: it loses its mark.
    EXECUTE format($apply$
      UPDATE %1$s AS kept
      SET {mark} = CASE WHEN kept.{timestamp} <= gone.{timestamp} THEN coalesce(gone.{deleted_date}, %6$s) END
      FROM (
        SELECT DISTINCT ON ({division}, {entity_key}) {division}, {entity_key}, {timestamp}, {deleted_date}
        FROM %2$s WHERE {entity_type} = %3$s ORDER BY {division}, {entity_key}, {timestamp} DESC
      ) AS gone
      WHERE kept.{division} = gone.{division} AND kept.%4$I = gone.{entity_key}%5$s
        AND kept.{mark} IS DISTINCT FROM
          CASE WHEN kept.{timestamp} <= gone.{timestamp} THEN coalesce(gone.{deleted_date}, kept.{mark}, %6$s) END
      $apply$, kept, log, stream.entity_type, stream.key, converted, present);"""


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
    return _SCRIPT.format(
        schema="current_schema()" if not plan.schema else f"'{plan.schema_parts[0]}'",
        log=plan.table("deleted"),
        entity_key=plan.case.spell("EntityKey"),
        deleted_date=plan.case.spell("DeletedDate"),
        streams=",\n".join(
            f"    ('{plan.table(stream.name)}', '{plan.case.spell(stream.key)}', {stream.deleted_type})"
            for stream in plan.streams
        ),
        apply=apply.format(**plan.columns('"'), column=plan.case.spell(plan.column)),
        done="% rows removed" if remove else "the marks of % rows changed",
    )

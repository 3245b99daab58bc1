-- Mirrors deletes in Exact Online: removes the rows that the log "deleted" names, where they are not newer than its entry.
-- Run it after every load. A table that is not there is passed over; a second run changes nothing more.
-- It is one statement, and so one transaction: all tables or none.
DO $deletes$
DECLARE
  place CONSTANT text := 'exact_online';
  log CONSTANT regclass := to_regclass(format('%I.%I', place, 'deleted'));
  kept regclass;
  stream record;
  converted text;
  date_type text;
  present text;
  affected bigint;
BEGIN
  IF log IS NULL THEN
    RAISE EXCEPTION 'There is no table %.deleted: select the stream `deleted`, and load it first.', place;
  END IF;
  SELECT format_type(atttypid, atttypmod) INTO date_type
    FROM pg_attribute WHERE attrelid = log AND attname = 'DeletedDate';
  present := CASE date_type WHEN 'timestamp without time zone' THEN 'timezone(''UTC'', now())'
    ELSE 'now()::' || date_type END;
  FOR stream IN SELECT * FROM (VALUES
    ('accounts', 'ID', 2),
    ('goods_deliveries', 'EntryID', 16)
  ) AS streams (name, key, entity_type)
  LOOP
    kept := to_regclass(format('%I.%I', place, stream.name));
    CONTINUE WHEN kept IS NULL;
    -- A loader may have made uuid of one key and text of the other. The log's side is converted, so that the primary
    -- key of the table, which may be large, stays of use.
    SELECT '::text::' || format_type(ours.atttypid, ours.atttypmod) INTO converted
      FROM pg_attribute AS ours, pg_attribute AS logged
      WHERE ours.attrelid = kept AND ours.attname = stream.key
        AND logged.attrelid = log AND logged.attname = 'EntityKey' AND ours.atttypid <> logged.atttypid;
    EXECUTE format($apply$
      DELETE FROM %1$s AS kept USING %2$s AS gone
      WHERE gone."EntityType" = %3$s AND kept."Division" = gone."Division"
        AND kept.%4$I = gone."EntityKey"%5$s AND kept."Timestamp" <= gone."Timestamp"
      $apply$, kept, log, stream.entity_type, stream.key, converted);
    GET DIAGNOSTICS affected = ROW_COUNT;
    IF affected > 0 THEN
      RAISE NOTICE '%: % rows removed', stream.name, affected;
    END IF;
  END LOOP;
END
$deletes$;

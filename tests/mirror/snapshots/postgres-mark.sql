-- Mirrors deletes in Exact Online: marks the rows that the log "deleted" names, where they are not newer than its entry,
-- and those that the last whole read, as "reads" tells, did not find any more.
-- Run it after every load. A table that is not there is passed over; a second run changes nothing more.
-- It is one statement, and so one transaction: all tables or none.
DO $deletes$
DECLARE
  place CONSTANT text := 'exact_online';
  zone CONSTANT text := current_setting('TimeZone');
  log CONSTANT regclass := to_regclass(format('%I.%I', place, 'deleted'));
  reads CONSTANT regclass := (
    SELECT attrelid FROM pg_attribute
    WHERE attrelid = to_regclass(format('%I.%I', place, 'reads')) AND attname = 'WholeBeganAt'
  );
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
  IF log IS NULL THEN
    RAISE EXCEPTION 'There is no table %.deleted: select the stream `deleted`, and load it first.', place;
  END IF;
  -- A moment without a zone is in UTC.
  PERFORM set_config('TimeZone', 'UTC', true);
  SELECT format_type(atttypid, atttypmod) INTO date_type FROM pg_attribute
    WHERE (attrelid, attname) IN ((log, 'DeletedDate'), (reads, 'WholeBeganAt')) ORDER BY attname LIMIT 1;
  FOR stream IN SELECT * FROM (VALUES
    ('receivables', ARRAY['ID']::text[], 'receivables', NULL::integer),
    ('accounts', ARRAY['ID']::text[], 'accounts', 2),
    ('goods_deliveries', ARRAY['EntryID']::text[], 'goods_deliveries', 16)
  ) AS streams (name, keys, source, entity_type)
  LOOP
    kept := to_regclass(format('%I.%I', place, stream.name));
    CONTINUE WHEN kept IS NULL;
    vanishing := reads IS NOT NULL AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = kept AND attname = '_sdc_extracted_at');
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
          AND logged.attrelid = log AND logged.attname = 'EntityKey' AND ours.atttypid <> logged.atttypid;
      entry := format('gone."EntityType" = %s AND kept."Division" = gone."Division" AND kept.%I = gone."EntityKey"%s',
        stream.entity_type, stream.keys[1], converted);
    END IF;
    whole := format('(SELECT "Division", max("WholeBeganAt"::timestamptz) AS began FROM %s WHERE "Stream" = %L'
      ' GROUP BY "Division") AS whole', reads, stream.source);
    -- Where a loader only adds, a key has more rows than one: the newest tells.
    SELECT coalesce(string_agg(format(' AND newer.%1$I = kept.%1$I', key), ''), '') INTO same FROM unnest(stream.keys) AS key;
    newer := format('EXISTS (SELECT FROM %1$s AS newer WHERE newer."Division" = kept."Division"%2$s'
      ' AND newer."_sdc_extracted_at"::timestamptz', kept, same);
    vanished := 'kept."_sdc_extracted_at"::timestamptz < whole.began AND NOT ' || newer || ' >= whole.began)';
    affected := 0;
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = kept AND attname = '_deleted_at') THEN
      EXECUTE format('ALTER TABLE %s ADD COLUMN %I %s', kept, '_deleted_at', date_type);
    END IF;
    IF stream.entity_type IS NOT NULL THEN
      -- A row with a higher Timestamp than the last entry came back after it was deleted: it loses its mark, unless it
      -- has vanished since.
      EXECUTE format($apply$
        UPDATE %1$s AS kept
        SET "_deleted_at" = CASE WHEN kept."Timestamp" <= gone."Timestamp" THEN coalesce(gone."DeletedDate", now()::%2$s) END
        FROM (
          SELECT DISTINCT ON ("Division", "EntityKey") "Division", "EntityKey", "EntityType", "Timestamp", "DeletedDate"
          FROM %3$s WHERE "EntityType" = %4$s ORDER BY "Division", "EntityKey", "Timestamp" DESC
        ) AS gone%5$s
        WHERE %6$s
          AND kept."_deleted_at" IS DISTINCT FROM CASE WHEN kept."Timestamp" <= gone."Timestamp"
            THEN coalesce(gone."DeletedDate", kept."_deleted_at", now()::%2$s) END%7$s
        $apply$, kept, date_type, log, stream.entity_type,
        CASE WHEN vanishing THEN format(' LEFT JOIN %s ON whole."Division" = gone."Division"', whole) END, entry,
        CASE WHEN vanishing THEN format(' AND (kept."Timestamp" <= gone."Timestamp" OR (%s) IS NOT TRUE)', vanished) END);
      GET DIAGNOSTICS affected = ROW_COUNT;
    END IF;
    IF vanishing THEN
      EXECUTE format($apply$
        UPDATE %1$s AS kept
        SET "_deleted_at" = CASE WHEN kept."_deleted_at" IS NULL THEN whole.began::%2$s END
        FROM %3$s
        WHERE kept."Division" = whole."Division" AND CASE WHEN kept."_deleted_at" IS NULL THEN %4$s
          ELSE %5$s >= greatest(whole.began, kept."_deleted_at"::timestamptz)) END%6$s
        $apply$, kept, date_type, whole, vanished, newer,
        CASE WHEN stream.entity_type IS NOT NULL THEN
          format(' AND NOT EXISTS (SELECT FROM %s AS gone WHERE %s AND kept."Timestamp" <= gone."Timestamp")', log, entry)
        END);
      GET DIAGNOSTICS changed = ROW_COUNT;
      affected := affected + changed;
    END IF;
    IF affected > 0 THEN
      RAISE NOTICE '%: the marks of % rows changed', stream.name, affected;
    END IF;
  END LOOP;
  IF cardinality(unseen) > 0 THEN
    RAISE NOTICE 'Without a column _sdc_extracted_at, only the log tells what is gone: %', array_to_string(unseen, ', ');
  END IF;
  PERFORM set_config('TimeZone', zone, true);
END
$deletes$;

-- Mirrors deletes in Exact Online: marks the rows that the log "deleted" names, where they are not newer than its entry,
-- and those that the last whole read, as "reads" tells, did not find any more.
-- Run it after every load. A table that is not there is passed over; a second run changes nothing more.
-- For DuckDB 1.4 or newer, not inside a transaction. Its SQL has no IF: where a table is not there, its name leads to an
-- empty one in memory, which comes second on the search path.
ATTACH IF NOT EXISTS ':memory:' AS exact_online_absent;
SET VARIABLE exact_online_path = current_setting('search_path');
SET search_path = '"exact_online",exact_online_absent.main';

SET VARIABLE exact_online_zone = current_setting('TimeZone');
SET TimeZone = 'UTC';

CREATE OR REPLACE TABLE exact_online_absent.main."reads" ("Stream" VARCHAR, "Division" BIGINT, "WholeBeganAt" TIMESTAMPTZ);

CREATE OR REPLACE TABLE exact_online_absent.main."receivables" ("Division" BIGINT, "ID" VARCHAR, "Timestamp" BIGINT);
ALTER TABLE "receivables" ADD COLUMN IF NOT EXISTS "_deleted_at" TIMESTAMP;
MERGE INTO "receivables" AS kept
USING (
  SELECT loaded."Division", loaded."ID", MAX(CAST(loaded."_sdc_extracted_at" AS TIMESTAMPTZ)) AS last_loaded,
    MAX(whole.began) AS began
  FROM (SELECT CAST(NULL AS TIMESTAMPTZ) AS "_sdc_extracted_at" WHERE FALSE UNION ALL BY NAME SELECT * FROM "receivables") AS loaded
  LEFT JOIN (
    SELECT "Division", MAX(CAST("WholeBeganAt" AS TIMESTAMPTZ)) AS began
    FROM "reads" WHERE "Stream" = 'receivables' GROUP BY "Division"
  ) AS whole ON loaded."Division" = whole."Division"
  GROUP BY loaded."Division", loaded."ID"
) AS seen
ON kept."Division" = seen."Division" AND kept."ID" = seen."ID"
WHEN MATCHED AND seen.last_loaded < seen.began AND kept."_deleted_at" IS NULL
  THEN UPDATE SET "_deleted_at" = CAST(seen.began AS TIMESTAMP)
-- It was loaded again after it was marked.
WHEN MATCHED AND seen.last_loaded >= seen.began AND CAST(kept."_deleted_at" AS TIMESTAMPTZ) <= seen.last_loaded
  THEN UPDATE SET "_deleted_at" = NULL;

CREATE OR REPLACE TABLE exact_online_absent.main."accounts" ("Division" BIGINT, "ID" VARCHAR, "Timestamp" BIGINT);
ALTER TABLE "accounts" ADD COLUMN IF NOT EXISTS "_deleted_at" TIMESTAMP;
MERGE INTO "accounts" AS kept
USING (
  SELECT loaded."Division", loaded."ID", MAX(CAST(loaded."_sdc_extracted_at" AS TIMESTAMPTZ)) AS last_loaded,
    MAX(whole.began) AS began,
    MAX(logged.last_version) AS last_version, MAX(logged.last_date) AS last_date
  FROM (SELECT CAST(NULL AS TIMESTAMPTZ) AS "_sdc_extracted_at" WHERE FALSE UNION ALL BY NAME SELECT * FROM "accounts") AS loaded
  LEFT JOIN (
    SELECT "Division", MAX(CAST("WholeBeganAt" AS TIMESTAMPTZ)) AS began
    FROM "reads" WHERE "Stream" = 'accounts' GROUP BY "Division"
  ) AS whole ON loaded."Division" = whole."Division"
  LEFT JOIN (
    SELECT "Division", "EntityKey", MAX("Timestamp") AS last_version,
      CAST(MAX_BY("DeletedDate", "Timestamp") AS TIMESTAMP) AS last_date
    FROM "exact_online"."deleted" WHERE "EntityType" = 2 GROUP BY "Division", "EntityKey"
  ) AS logged ON loaded."Division" = logged."Division" AND loaded."ID" = logged."EntityKey"
  GROUP BY loaded."Division", loaded."ID"
) AS seen
ON kept."Division" = seen."Division" AND kept."ID" = seen."ID"
WHEN MATCHED AND kept."Timestamp" <= seen.last_version
    AND (kept."_deleted_at" IS NULL OR kept."_deleted_at" <> COALESCE(seen.last_date, kept."_deleted_at"))
  THEN UPDATE SET "_deleted_at" = COALESCE(seen.last_date, CAST(CURRENT_TIMESTAMP AS TIMESTAMP))
-- It came back after it was deleted, and has not vanished since.
WHEN MATCHED AND kept."Timestamp" > seen.last_version AND kept."_deleted_at" IS NOT NULL
    AND NOT COALESCE(seen.last_loaded < seen.began, FALSE)
  THEN UPDATE SET "_deleted_at" = NULL
WHEN MATCHED AND COALESCE(kept."Timestamp" > seen.last_version, TRUE)
    AND seen.last_loaded < seen.began AND kept."_deleted_at" IS NULL
  THEN UPDATE SET "_deleted_at" = CAST(seen.began AS TIMESTAMP)
-- It was loaded again after it was marked.
WHEN MATCHED AND COALESCE(kept."Timestamp" > seen.last_version, TRUE)
    AND seen.last_loaded >= seen.began AND CAST(kept."_deleted_at" AS TIMESTAMPTZ) <= seen.last_loaded
  THEN UPDATE SET "_deleted_at" = NULL;

CREATE OR REPLACE TABLE exact_online_absent.main."goods_deliveries" ("Division" BIGINT, "EntryID" VARCHAR, "Timestamp" BIGINT);
ALTER TABLE "goods_deliveries" ADD COLUMN IF NOT EXISTS "_deleted_at" TIMESTAMP;
MERGE INTO "goods_deliveries" AS kept
USING (
  SELECT loaded."Division", loaded."EntryID", MAX(CAST(loaded."_sdc_extracted_at" AS TIMESTAMPTZ)) AS last_loaded,
    MAX(whole.began) AS began,
    MAX(logged.last_version) AS last_version, MAX(logged.last_date) AS last_date
  FROM (SELECT CAST(NULL AS TIMESTAMPTZ) AS "_sdc_extracted_at" WHERE FALSE UNION ALL BY NAME SELECT * FROM "goods_deliveries") AS loaded
  LEFT JOIN (
    SELECT "Division", MAX(CAST("WholeBeganAt" AS TIMESTAMPTZ)) AS began
    FROM "reads" WHERE "Stream" = 'goods_deliveries' GROUP BY "Division"
  ) AS whole ON loaded."Division" = whole."Division"
  LEFT JOIN (
    SELECT "Division", "EntityKey", MAX("Timestamp") AS last_version,
      CAST(MAX_BY("DeletedDate", "Timestamp") AS TIMESTAMP) AS last_date
    FROM "exact_online"."deleted" WHERE "EntityType" = 16 GROUP BY "Division", "EntityKey"
  ) AS logged ON loaded."Division" = logged."Division" AND loaded."EntryID" = logged."EntityKey"
  GROUP BY loaded."Division", loaded."EntryID"
) AS seen
ON kept."Division" = seen."Division" AND kept."EntryID" = seen."EntryID"
WHEN MATCHED AND kept."Timestamp" <= seen.last_version
    AND (kept."_deleted_at" IS NULL OR kept."_deleted_at" <> COALESCE(seen.last_date, kept."_deleted_at"))
  THEN UPDATE SET "_deleted_at" = COALESCE(seen.last_date, CAST(CURRENT_TIMESTAMP AS TIMESTAMP))
-- It came back after it was deleted, and has not vanished since.
WHEN MATCHED AND kept."Timestamp" > seen.last_version AND kept."_deleted_at" IS NOT NULL
    AND NOT COALESCE(seen.last_loaded < seen.began, FALSE)
  THEN UPDATE SET "_deleted_at" = NULL
WHEN MATCHED AND COALESCE(kept."Timestamp" > seen.last_version, TRUE)
    AND seen.last_loaded < seen.began AND kept."_deleted_at" IS NULL
  THEN UPDATE SET "_deleted_at" = CAST(seen.began AS TIMESTAMP)
-- It was loaded again after it was marked.
WHEN MATCHED AND COALESCE(kept."Timestamp" > seen.last_version, TRUE)
    AND seen.last_loaded >= seen.began AND CAST(kept."_deleted_at" AS TIMESTAMPTZ) <= seen.last_loaded
  THEN UPDATE SET "_deleted_at" = NULL;

SET TimeZone = getvariable('exact_online_zone');
RESET VARIABLE exact_online_zone;

SET search_path = getvariable('exact_online_path');
RESET VARIABLE exact_online_path;
DETACH exact_online_absent;

-- Mirrors deletes in Exact Online: marks the rows that the log "deleted" names, where they are not newer than its entry.
-- Run it after every load. A table that is not there is passed over; a second run changes nothing more.
-- For DuckDB 1.4 or newer, not inside a transaction. Its SQL has no IF: where a table is not there, its name leads to an
-- empty one in memory, which comes second on the search path.
ATTACH IF NOT EXISTS ':memory:' AS exact_online_absent;
SET VARIABLE exact_online_path = current_setting('search_path');
SET search_path = '"exact_online",exact_online_absent.main';

SET VARIABLE exact_online_zone = current_setting('TimeZone');
SET TimeZone = 'UTC';

CREATE OR REPLACE TABLE exact_online_absent.main."accounts" ("Division" BIGINT, "ID" VARCHAR, "Timestamp" BIGINT);
ALTER TABLE "accounts" ADD COLUMN IF NOT EXISTS "_deleted_at" TIMESTAMP;
MERGE INTO "accounts" AS kept
USING (
  SELECT "Division", "EntityKey", MAX("Timestamp") AS last_version,
    CAST(MAX_BY("DeletedDate", "Timestamp") AS TIMESTAMP) AS last_date
  FROM "exact_online"."deleted" WHERE "EntityType" = 2 GROUP BY "Division", "EntityKey"
) AS gone
ON kept."Division" = gone."Division" AND kept."ID" = gone."EntityKey"
WHEN MATCHED AND kept."Timestamp" <= gone.last_version
    AND (kept."_deleted_at" IS NULL OR kept."_deleted_at" <> COALESCE(gone.last_date, kept."_deleted_at"))
  THEN UPDATE SET "_deleted_at" = COALESCE(gone.last_date, CAST(CURRENT_TIMESTAMP AS TIMESTAMP))
-- It came back after it was deleted.
WHEN MATCHED AND kept."Timestamp" > gone.last_version AND kept."_deleted_at" IS NOT NULL
  THEN UPDATE SET "_deleted_at" = NULL;

CREATE OR REPLACE TABLE exact_online_absent.main."goods_deliveries" ("Division" BIGINT, "EntryID" VARCHAR, "Timestamp" BIGINT);
ALTER TABLE "goods_deliveries" ADD COLUMN IF NOT EXISTS "_deleted_at" TIMESTAMP;
MERGE INTO "goods_deliveries" AS kept
USING (
  SELECT "Division", "EntityKey", MAX("Timestamp") AS last_version,
    CAST(MAX_BY("DeletedDate", "Timestamp") AS TIMESTAMP) AS last_date
  FROM "exact_online"."deleted" WHERE "EntityType" = 16 GROUP BY "Division", "EntityKey"
) AS gone
ON kept."Division" = gone."Division" AND kept."EntryID" = gone."EntityKey"
WHEN MATCHED AND kept."Timestamp" <= gone.last_version
    AND (kept."_deleted_at" IS NULL OR kept."_deleted_at" <> COALESCE(gone.last_date, kept."_deleted_at"))
  THEN UPDATE SET "_deleted_at" = COALESCE(gone.last_date, CAST(CURRENT_TIMESTAMP AS TIMESTAMP))
-- It came back after it was deleted.
WHEN MATCHED AND kept."Timestamp" > gone.last_version AND kept."_deleted_at" IS NOT NULL
  THEN UPDATE SET "_deleted_at" = NULL;

SET TimeZone = getvariable('exact_online_zone');
RESET VARIABLE exact_online_zone;

SET search_path = getvariable('exact_online_path');
RESET VARIABLE exact_online_path;
DETACH exact_online_absent;

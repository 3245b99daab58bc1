-- Mirrors deletes in Exact Online: removes the rows that the log "deleted" names, where they are not newer than its entry.
-- Run it after every load. A table that is not there is passed over; a second run changes nothing more.
-- For DuckDB 1.4 or newer, not inside a transaction. Its SQL has no IF: where a table is not there, its name leads to an
-- empty one in memory, which comes second on the search path.
ATTACH IF NOT EXISTS ':memory:' AS exact_online_absent;
SET VARIABLE exact_online_path = current_setting('search_path');
SET search_path = '"exact_online",exact_online_absent.main';

CREATE OR REPLACE TABLE exact_online_absent.main."accounts" ("Division" BIGINT, "ID" VARCHAR, "Timestamp" BIGINT);
MERGE INTO "accounts" AS kept
USING (
  SELECT "Division", "EntityKey", MAX("Timestamp") AS last_version
  FROM "exact_online"."deleted" WHERE "EntityType" = 2 GROUP BY "Division", "EntityKey"
) AS gone
ON kept."Division" = gone."Division" AND kept."ID" = gone."EntityKey" AND kept."Timestamp" <= gone.last_version
WHEN MATCHED THEN DELETE;

CREATE OR REPLACE TABLE exact_online_absent.main."goods_deliveries" ("Division" BIGINT, "EntryID" VARCHAR, "Timestamp" BIGINT);
MERGE INTO "goods_deliveries" AS kept
USING (
  SELECT "Division", "EntityKey", MAX("Timestamp") AS last_version
  FROM "exact_online"."deleted" WHERE "EntityType" = 16 GROUP BY "Division", "EntityKey"
) AS gone
ON kept."Division" = gone."Division" AND kept."EntryID" = gone."EntityKey" AND kept."Timestamp" <= gone.last_version
WHEN MATCHED THEN DELETE;

SET search_path = getvariable('exact_online_path');
RESET VARIABLE exact_online_path;
DETACH exact_online_absent;

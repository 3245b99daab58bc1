-- Mirrors deletes in Exact Online: removes the rows that the log "deleted" names, where they are not newer than its entry,
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
MERGE INTO "receivables" AS kept
USING (
  SELECT loaded."Division", loaded."ID"
  FROM (SELECT CAST(NULL AS TIMESTAMPTZ) AS "_sdc_extracted_at" WHERE FALSE UNION ALL BY NAME SELECT * FROM "receivables") AS loaded
  INNER JOIN (
    SELECT "Division", MAX(CAST("WholeBeganAt" AS TIMESTAMPTZ)) AS began
    FROM "reads" WHERE "Stream" = 'receivables' GROUP BY "Division"
  ) AS whole ON loaded."Division" = whole."Division"
  GROUP BY loaded."Division", loaded."ID"
  HAVING MAX(CAST(loaded."_sdc_extracted_at" AS TIMESTAMPTZ)) < MAX(whole.began)
) AS gone
ON kept."Division" = gone."Division" AND kept."ID" = gone."ID"
WHEN MATCHED THEN DELETE;

CREATE OR REPLACE TABLE exact_online_absent.main."accounts" ("Division" BIGINT, "ID" VARCHAR, "Timestamp" BIGINT);
MERGE INTO "accounts" AS kept
USING (
  SELECT "Division", "EntityKey", MAX("Timestamp") AS last_version
  FROM "exact_online"."deleted" WHERE "EntityType" = 2 GROUP BY "Division", "EntityKey"
) AS gone
ON kept."Division" = gone."Division" AND kept."ID" = gone."EntityKey" AND kept."Timestamp" <= gone.last_version
WHEN MATCHED THEN DELETE;
MERGE INTO "accounts" AS kept
USING (
  SELECT loaded."Division", loaded."ID"
  FROM (SELECT CAST(NULL AS TIMESTAMPTZ) AS "_sdc_extracted_at" WHERE FALSE UNION ALL BY NAME SELECT * FROM "accounts") AS loaded
  INNER JOIN (
    SELECT "Division", MAX(CAST("WholeBeganAt" AS TIMESTAMPTZ)) AS began
    FROM "reads" WHERE "Stream" = 'accounts' GROUP BY "Division"
  ) AS whole ON loaded."Division" = whole."Division"
  GROUP BY loaded."Division", loaded."ID"
  HAVING MAX(CAST(loaded."_sdc_extracted_at" AS TIMESTAMPTZ)) < MAX(whole.began)
) AS gone
ON kept."Division" = gone."Division" AND kept."ID" = gone."ID"
WHEN MATCHED THEN DELETE;

CREATE OR REPLACE TABLE exact_online_absent.main."goods_deliveries" ("Division" BIGINT, "EntryID" VARCHAR, "Timestamp" BIGINT);
MERGE INTO "goods_deliveries" AS kept
USING (
  SELECT "Division", "EntityKey", MAX("Timestamp") AS last_version
  FROM "exact_online"."deleted" WHERE "EntityType" = 16 GROUP BY "Division", "EntityKey"
) AS gone
ON kept."Division" = gone."Division" AND kept."EntryID" = gone."EntityKey" AND kept."Timestamp" <= gone.last_version
WHEN MATCHED THEN DELETE;
MERGE INTO "goods_deliveries" AS kept
USING (
  SELECT loaded."Division", loaded."EntryID"
  FROM (SELECT CAST(NULL AS TIMESTAMPTZ) AS "_sdc_extracted_at" WHERE FALSE UNION ALL BY NAME SELECT * FROM "goods_deliveries") AS loaded
  INNER JOIN (
    SELECT "Division", MAX(CAST("WholeBeganAt" AS TIMESTAMPTZ)) AS began
    FROM "reads" WHERE "Stream" = 'goods_deliveries' GROUP BY "Division"
  ) AS whole ON loaded."Division" = whole."Division"
  GROUP BY loaded."Division", loaded."EntryID"
  HAVING MAX(CAST(loaded."_sdc_extracted_at" AS TIMESTAMPTZ)) < MAX(whole.began)
) AS gone
ON kept."Division" = gone."Division" AND kept."EntryID" = gone."EntryID"
WHEN MATCHED THEN DELETE;

SET TimeZone = getvariable('exact_online_zone');
RESET VARIABLE exact_online_zone;

SET search_path = getvariable('exact_online_path');
RESET VARIABLE exact_online_path;
DETACH exact_online_absent;

-- Mirrors deletes in Exact Online: marks the rows that the log "DELETED" names, where they are not newer than its entry,
-- and those that the last whole read, as "READS" tells, did not find any more.
-- Run it after every load. A table that is not there is passed over; a second run changes nothing more.
EXECUTE IMMEDIATE $$
BEGIN
  IF (EXISTS (
    SELECT COUNT(*) FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = 'EXACT_ONLINE'
      AND ((TABLE_NAME = 'RECEIVABLES' AND COLUMN_NAME = '_SDC_EXTRACTED_AT') OR (TABLE_NAME = 'READS' AND COLUMN_NAME = 'WHOLEBEGANAT'))
    HAVING COUNT(*) = 2
  )) THEN
    ALTER TABLE "EXACT_ONLINE"."RECEIVABLES" ADD COLUMN IF NOT EXISTS "_DELETED_AT" TIMESTAMP_NTZ;
    MERGE INTO "EXACT_ONLINE"."RECEIVABLES" AS kept
    USING (
      SELECT loaded."DIVISION", loaded."ID", MAX(CAST(loaded."_SDC_EXTRACTED_AT" AS TIMESTAMP_NTZ)) AS last_loaded,
        MAX(whole.began) AS began
      FROM "EXACT_ONLINE"."RECEIVABLES" AS loaded
      LEFT JOIN (
        SELECT "DIVISION", MAX(CAST("WHOLEBEGANAT" AS TIMESTAMP_NTZ)) AS began
        FROM "EXACT_ONLINE"."READS" WHERE "STREAM" = 'receivables' GROUP BY "DIVISION"
      ) AS whole ON loaded."DIVISION" = whole."DIVISION"
      GROUP BY loaded."DIVISION", loaded."ID"
    ) AS seen
    ON kept."DIVISION" = seen."DIVISION" AND kept."ID" = seen."ID"
    WHEN MATCHED AND seen.last_loaded < seen.began AND kept."_DELETED_AT" IS NULL
      THEN UPDATE SET "_DELETED_AT" = CAST(seen.began AS TIMESTAMP_NTZ)
    -- It was loaded again after it was marked.
    WHEN MATCHED AND seen.last_loaded >= seen.began AND CAST(kept."_DELETED_AT" AS TIMESTAMP_NTZ) <= seen.last_loaded
      THEN UPDATE SET "_DELETED_AT" = NULL;
  END IF;
  IF (EXISTS (
    SELECT COUNT(*) FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = 'EXACT_ONLINE'
      AND ((TABLE_NAME = 'ACCOUNTS' AND COLUMN_NAME = '_SDC_EXTRACTED_AT') OR (TABLE_NAME = 'READS' AND COLUMN_NAME = 'WHOLEBEGANAT'))
    HAVING COUNT(*) = 2
  )) THEN
    ALTER TABLE "EXACT_ONLINE"."ACCOUNTS" ADD COLUMN IF NOT EXISTS "_DELETED_AT" TIMESTAMP_NTZ;
    MERGE INTO "EXACT_ONLINE"."ACCOUNTS" AS kept
    USING (
      SELECT loaded."DIVISION", loaded."ID", MAX(CAST(loaded."_SDC_EXTRACTED_AT" AS TIMESTAMP_NTZ)) AS last_loaded,
        MAX(whole.began) AS began,
        MAX(logged.last_version) AS last_version, MAX(logged.last_date) AS last_date
      FROM "EXACT_ONLINE"."ACCOUNTS" AS loaded
      LEFT JOIN (
        SELECT "DIVISION", MAX(CAST("WHOLEBEGANAT" AS TIMESTAMP_NTZ)) AS began
        FROM "EXACT_ONLINE"."READS" WHERE "STREAM" = 'accounts' GROUP BY "DIVISION"
      ) AS whole ON loaded."DIVISION" = whole."DIVISION"
      LEFT JOIN (
        SELECT "DIVISION", "ENTITYKEY", MAX("TIMESTAMP") AS last_version,
          CAST(MAX_BY("DELETEDDATE", "TIMESTAMP") AS TIMESTAMP_NTZ) AS last_date
        FROM "EXACT_ONLINE"."DELETED" WHERE "ENTITYTYPE" = 2 GROUP BY "DIVISION", "ENTITYKEY"
      ) AS logged ON loaded."DIVISION" = logged."DIVISION" AND loaded."ID" = logged."ENTITYKEY"
      GROUP BY loaded."DIVISION", loaded."ID"
    ) AS seen
    ON kept."DIVISION" = seen."DIVISION" AND kept."ID" = seen."ID"
    WHEN MATCHED AND kept."TIMESTAMP" <= seen.last_version
        AND (kept."_DELETED_AT" IS NULL OR kept."_DELETED_AT" <> COALESCE(seen.last_date, kept."_DELETED_AT"))
      THEN UPDATE SET "_DELETED_AT" = COALESCE(seen.last_date, CAST(SYSDATE() AS TIMESTAMP_NTZ))
    -- It came back after it was deleted, and has not vanished since.
    WHEN MATCHED AND kept."TIMESTAMP" > seen.last_version AND kept."_DELETED_AT" IS NOT NULL
        AND NOT COALESCE(seen.last_loaded < seen.began, FALSE)
      THEN UPDATE SET "_DELETED_AT" = NULL
    WHEN MATCHED AND COALESCE(kept."TIMESTAMP" > seen.last_version, TRUE)
        AND seen.last_loaded < seen.began AND kept."_DELETED_AT" IS NULL
      THEN UPDATE SET "_DELETED_AT" = CAST(seen.began AS TIMESTAMP_NTZ)
    -- It was loaded again after it was marked.
    WHEN MATCHED AND COALESCE(kept."TIMESTAMP" > seen.last_version, TRUE)
        AND seen.last_loaded >= seen.began AND CAST(kept."_DELETED_AT" AS TIMESTAMP_NTZ) <= seen.last_loaded
      THEN UPDATE SET "_DELETED_AT" = NULL;
  ELSEIF (EXISTS (SELECT 1 FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'EXACT_ONLINE' AND TABLE_NAME = 'ACCOUNTS')) THEN
    ALTER TABLE "EXACT_ONLINE"."ACCOUNTS" ADD COLUMN IF NOT EXISTS "_DELETED_AT" TIMESTAMP_NTZ;
    MERGE INTO "EXACT_ONLINE"."ACCOUNTS" AS kept
    USING (
      SELECT "DIVISION", "ENTITYKEY", MAX("TIMESTAMP") AS last_version,
        CAST(MAX_BY("DELETEDDATE", "TIMESTAMP") AS TIMESTAMP_NTZ) AS last_date
      FROM "EXACT_ONLINE"."DELETED" WHERE "ENTITYTYPE" = 2 GROUP BY "DIVISION", "ENTITYKEY"
    ) AS gone
    ON kept."DIVISION" = gone."DIVISION" AND kept."ID" = gone."ENTITYKEY"
    WHEN MATCHED AND kept."TIMESTAMP" <= gone.last_version
        AND (kept."_DELETED_AT" IS NULL OR kept."_DELETED_AT" <> COALESCE(gone.last_date, kept."_DELETED_AT"))
      THEN UPDATE SET "_DELETED_AT" = COALESCE(gone.last_date, CAST(SYSDATE() AS TIMESTAMP_NTZ))
    -- It came back after it was deleted.
    WHEN MATCHED AND kept."TIMESTAMP" > gone.last_version AND kept."_DELETED_AT" IS NOT NULL
      THEN UPDATE SET "_DELETED_AT" = NULL;
  END IF;
  IF (EXISTS (
    SELECT COUNT(*) FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = 'EXACT_ONLINE'
      AND ((TABLE_NAME = 'GOODS_DELIVERIES' AND COLUMN_NAME = '_SDC_EXTRACTED_AT') OR (TABLE_NAME = 'READS' AND COLUMN_NAME = 'WHOLEBEGANAT'))
    HAVING COUNT(*) = 2
  )) THEN
    ALTER TABLE "EXACT_ONLINE"."GOODS_DELIVERIES" ADD COLUMN IF NOT EXISTS "_DELETED_AT" TIMESTAMP_NTZ;
    MERGE INTO "EXACT_ONLINE"."GOODS_DELIVERIES" AS kept
    USING (
      SELECT loaded."DIVISION", loaded."ENTRYID", MAX(CAST(loaded."_SDC_EXTRACTED_AT" AS TIMESTAMP_NTZ)) AS last_loaded,
        MAX(whole.began) AS began,
        MAX(logged.last_version) AS last_version, MAX(logged.last_date) AS last_date
      FROM "EXACT_ONLINE"."GOODS_DELIVERIES" AS loaded
      LEFT JOIN (
        SELECT "DIVISION", MAX(CAST("WHOLEBEGANAT" AS TIMESTAMP_NTZ)) AS began
        FROM "EXACT_ONLINE"."READS" WHERE "STREAM" = 'goods_deliveries' GROUP BY "DIVISION"
      ) AS whole ON loaded."DIVISION" = whole."DIVISION"
      LEFT JOIN (
        SELECT "DIVISION", "ENTITYKEY", MAX("TIMESTAMP") AS last_version,
          CAST(MAX_BY("DELETEDDATE", "TIMESTAMP") AS TIMESTAMP_NTZ) AS last_date
        FROM "EXACT_ONLINE"."DELETED" WHERE "ENTITYTYPE" = 16 GROUP BY "DIVISION", "ENTITYKEY"
      ) AS logged ON loaded."DIVISION" = logged."DIVISION" AND loaded."ENTRYID" = logged."ENTITYKEY"
      GROUP BY loaded."DIVISION", loaded."ENTRYID"
    ) AS seen
    ON kept."DIVISION" = seen."DIVISION" AND kept."ENTRYID" = seen."ENTRYID"
    WHEN MATCHED AND kept."TIMESTAMP" <= seen.last_version
        AND (kept."_DELETED_AT" IS NULL OR kept."_DELETED_AT" <> COALESCE(seen.last_date, kept."_DELETED_AT"))
      THEN UPDATE SET "_DELETED_AT" = COALESCE(seen.last_date, CAST(SYSDATE() AS TIMESTAMP_NTZ))
    -- It came back after it was deleted, and has not vanished since.
    WHEN MATCHED AND kept."TIMESTAMP" > seen.last_version AND kept."_DELETED_AT" IS NOT NULL
        AND NOT COALESCE(seen.last_loaded < seen.began, FALSE)
      THEN UPDATE SET "_DELETED_AT" = NULL
    WHEN MATCHED AND COALESCE(kept."TIMESTAMP" > seen.last_version, TRUE)
        AND seen.last_loaded < seen.began AND kept."_DELETED_AT" IS NULL
      THEN UPDATE SET "_DELETED_AT" = CAST(seen.began AS TIMESTAMP_NTZ)
    -- It was loaded again after it was marked.
    WHEN MATCHED AND COALESCE(kept."TIMESTAMP" > seen.last_version, TRUE)
        AND seen.last_loaded >= seen.began AND CAST(kept."_DELETED_AT" AS TIMESTAMP_NTZ) <= seen.last_loaded
      THEN UPDATE SET "_DELETED_AT" = NULL;
  ELSEIF (EXISTS (SELECT 1 FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'EXACT_ONLINE' AND TABLE_NAME = 'GOODS_DELIVERIES')) THEN
    ALTER TABLE "EXACT_ONLINE"."GOODS_DELIVERIES" ADD COLUMN IF NOT EXISTS "_DELETED_AT" TIMESTAMP_NTZ;
    MERGE INTO "EXACT_ONLINE"."GOODS_DELIVERIES" AS kept
    USING (
      SELECT "DIVISION", "ENTITYKEY", MAX("TIMESTAMP") AS last_version,
        CAST(MAX_BY("DELETEDDATE", "TIMESTAMP") AS TIMESTAMP_NTZ) AS last_date
      FROM "EXACT_ONLINE"."DELETED" WHERE "ENTITYTYPE" = 16 GROUP BY "DIVISION", "ENTITYKEY"
    ) AS gone
    ON kept."DIVISION" = gone."DIVISION" AND kept."ENTRYID" = gone."ENTITYKEY"
    WHEN MATCHED AND kept."TIMESTAMP" <= gone.last_version
        AND (kept."_DELETED_AT" IS NULL OR kept."_DELETED_AT" <> COALESCE(gone.last_date, kept."_DELETED_AT"))
      THEN UPDATE SET "_DELETED_AT" = COALESCE(gone.last_date, CAST(SYSDATE() AS TIMESTAMP_NTZ))
    -- It came back after it was deleted.
    WHEN MATCHED AND kept."TIMESTAMP" > gone.last_version AND kept."_DELETED_AT" IS NOT NULL
      THEN UPDATE SET "_DELETED_AT" = NULL;
  END IF;
END;
$$;

-- Mirrors deletes in Exact Online: marks the rows that the log "DELETED" names, where they are not newer than its entry.
-- Run it after every load. A table that is not there is passed over; a second run changes nothing more.
EXECUTE IMMEDIATE $$
BEGIN
  IF (EXISTS (SELECT 1 FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'EXACT_ONLINE' AND TABLE_NAME = 'ACCOUNTS')) THEN
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
  IF (EXISTS (SELECT 1 FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'EXACT_ONLINE' AND TABLE_NAME = 'GOODS_DELIVERIES')) THEN
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

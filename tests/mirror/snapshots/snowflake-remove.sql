-- Mirrors deletes in Exact Online: removes the rows that the log "DELETED" names, where they are not newer than its entry.
-- Run it after every load. A table that is not there is passed over; a second run changes nothing more.
EXECUTE IMMEDIATE $$
BEGIN
  IF (EXISTS (SELECT 1 FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'EXACT_ONLINE' AND TABLE_NAME = 'ACCOUNTS')) THEN
    MERGE INTO "EXACT_ONLINE"."ACCOUNTS" AS kept
    USING (
      SELECT "DIVISION", "ENTITYKEY", MAX("TIMESTAMP") AS last_version
      FROM "EXACT_ONLINE"."DELETED" WHERE "ENTITYTYPE" = 2 GROUP BY "DIVISION", "ENTITYKEY"
    ) AS gone
    ON kept."DIVISION" = gone."DIVISION" AND kept."ID" = gone."ENTITYKEY" AND kept."TIMESTAMP" <= gone.last_version
    WHEN MATCHED THEN DELETE;
  END IF;
  IF (EXISTS (SELECT 1 FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'EXACT_ONLINE' AND TABLE_NAME = 'GOODS_DELIVERIES')) THEN
    MERGE INTO "EXACT_ONLINE"."GOODS_DELIVERIES" AS kept
    USING (
      SELECT "DIVISION", "ENTITYKEY", MAX("TIMESTAMP") AS last_version
      FROM "EXACT_ONLINE"."DELETED" WHERE "ENTITYTYPE" = 16 GROUP BY "DIVISION", "ENTITYKEY"
    ) AS gone
    ON kept."DIVISION" = gone."DIVISION" AND kept."ENTRYID" = gone."ENTITYKEY" AND kept."TIMESTAMP" <= gone.last_version
    WHEN MATCHED THEN DELETE;
  END IF;
END;
$$;

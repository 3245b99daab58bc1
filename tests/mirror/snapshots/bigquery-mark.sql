-- Mirrors deletes in Exact Online: marks the rows that the log "deleted" names, where they are not newer than its entry.
-- Run it after every load. A table that is not there is passed over; a second run changes nothing more.
IF EXISTS (SELECT 1 FROM `exact_online`.INFORMATION_SCHEMA.TABLES WHERE table_name = 'accounts') THEN
  ALTER TABLE `exact_online`.`accounts` ADD COLUMN IF NOT EXISTS `_deleted_at` TIMESTAMP;
  MERGE INTO `exact_online`.`accounts` AS kept
  USING (
    SELECT `Division`, `EntityKey`, MAX(`Timestamp`) AS last_version,
      CAST(MAX_BY(`DeletedDate`, `Timestamp`) AS TIMESTAMP) AS last_date
    FROM `exact_online`.`deleted` WHERE `EntityType` = 2 GROUP BY `Division`, `EntityKey`
  ) AS gone
  ON kept.`Division` = gone.`Division` AND kept.`ID` = gone.`EntityKey`
  WHEN MATCHED AND kept.`Timestamp` <= gone.last_version
      AND (kept.`_deleted_at` IS NULL OR kept.`_deleted_at` <> COALESCE(gone.last_date, kept.`_deleted_at`))
    THEN UPDATE SET `_deleted_at` = COALESCE(gone.last_date, CAST(CURRENT_TIMESTAMP() AS TIMESTAMP))
  -- It came back after it was deleted.
  WHEN MATCHED AND kept.`Timestamp` > gone.last_version AND kept.`_deleted_at` IS NOT NULL
    THEN UPDATE SET `_deleted_at` = NULL;
END IF;
IF EXISTS (SELECT 1 FROM `exact_online`.INFORMATION_SCHEMA.TABLES WHERE table_name = 'goods_deliveries') THEN
  ALTER TABLE `exact_online`.`goods_deliveries` ADD COLUMN IF NOT EXISTS `_deleted_at` TIMESTAMP;
  MERGE INTO `exact_online`.`goods_deliveries` AS kept
  USING (
    SELECT `Division`, `EntityKey`, MAX(`Timestamp`) AS last_version,
      CAST(MAX_BY(`DeletedDate`, `Timestamp`) AS TIMESTAMP) AS last_date
    FROM `exact_online`.`deleted` WHERE `EntityType` = 16 GROUP BY `Division`, `EntityKey`
  ) AS gone
  ON kept.`Division` = gone.`Division` AND kept.`EntryID` = gone.`EntityKey`
  WHEN MATCHED AND kept.`Timestamp` <= gone.last_version
      AND (kept.`_deleted_at` IS NULL OR kept.`_deleted_at` <> COALESCE(gone.last_date, kept.`_deleted_at`))
    THEN UPDATE SET `_deleted_at` = COALESCE(gone.last_date, CAST(CURRENT_TIMESTAMP() AS TIMESTAMP))
  -- It came back after it was deleted.
  WHEN MATCHED AND kept.`Timestamp` > gone.last_version AND kept.`_deleted_at` IS NOT NULL
    THEN UPDATE SET `_deleted_at` = NULL;
END IF;

-- Mirrors deletes in Exact Online: marks the rows that the log "deleted" names, where they are not newer than its entry,
-- and those that the last whole read, as "reads" tells, did not find any more.
-- Run it after every load. A table that is not there is passed over; a second run changes nothing more.
IF EXISTS (
  SELECT COUNT(*) FROM `exact_online`.INFORMATION_SCHEMA.COLUMNS
  WHERE (table_name = 'receivables' AND column_name = '_sdc_extracted_at') OR (table_name = 'reads' AND column_name = 'WholeBeganAt')
  HAVING COUNT(*) = 2
) THEN
  ALTER TABLE `exact_online`.`receivables` ADD COLUMN IF NOT EXISTS `_deleted_at` TIMESTAMP;
  MERGE INTO `exact_online`.`receivables` AS kept
  USING (
    SELECT loaded.`Division`, loaded.`ID`, MAX(CAST(loaded.`_sdc_extracted_at` AS TIMESTAMP)) AS last_loaded,
      MAX(whole.began) AS began
    FROM `exact_online`.`receivables` AS loaded
    LEFT JOIN (
      SELECT `Division`, MAX(CAST(`WholeBeganAt` AS TIMESTAMP)) AS began
      FROM `exact_online`.`reads` WHERE `Stream` = 'receivables' GROUP BY `Division`
    ) AS whole ON loaded.`Division` = whole.`Division`
    GROUP BY loaded.`Division`, loaded.`ID`
  ) AS seen
  ON kept.`Division` = seen.`Division` AND kept.`ID` = seen.`ID`
  WHEN MATCHED AND seen.last_loaded < seen.began AND kept.`_deleted_at` IS NULL
    THEN UPDATE SET `_deleted_at` = CAST(seen.began AS TIMESTAMP)
  -- It was loaded again after it was marked.
  WHEN MATCHED AND seen.last_loaded >= seen.began AND CAST(kept.`_deleted_at` AS TIMESTAMP) <= seen.last_loaded
    THEN UPDATE SET `_deleted_at` = NULL;
END IF;
IF EXISTS (
  SELECT COUNT(*) FROM `exact_online`.INFORMATION_SCHEMA.COLUMNS
  WHERE (table_name = 'accounts' AND column_name = '_sdc_extracted_at') OR (table_name = 'reads' AND column_name = 'WholeBeganAt')
  HAVING COUNT(*) = 2
) THEN
  ALTER TABLE `exact_online`.`accounts` ADD COLUMN IF NOT EXISTS `_deleted_at` TIMESTAMP;
  MERGE INTO `exact_online`.`accounts` AS kept
  USING (
    SELECT loaded.`Division`, loaded.`ID`, MAX(CAST(loaded.`_sdc_extracted_at` AS TIMESTAMP)) AS last_loaded,
      MAX(whole.began) AS began,
      MAX(logged.last_version) AS last_version, MAX(logged.last_date) AS last_date
    FROM `exact_online`.`accounts` AS loaded
    LEFT JOIN (
      SELECT `Division`, MAX(CAST(`WholeBeganAt` AS TIMESTAMP)) AS began
      FROM `exact_online`.`reads` WHERE `Stream` = 'accounts' GROUP BY `Division`
    ) AS whole ON loaded.`Division` = whole.`Division`
    LEFT JOIN (
      SELECT `Division`, `EntityKey`, MAX(`Timestamp`) AS last_version,
        CAST(MAX_BY(`DeletedDate`, `Timestamp`) AS TIMESTAMP) AS last_date
      FROM `exact_online`.`deleted` WHERE `EntityType` = 2 GROUP BY `Division`, `EntityKey`
    ) AS logged ON loaded.`Division` = logged.`Division` AND loaded.`ID` = logged.`EntityKey`
    GROUP BY loaded.`Division`, loaded.`ID`
  ) AS seen
  ON kept.`Division` = seen.`Division` AND kept.`ID` = seen.`ID`
  WHEN MATCHED AND kept.`Timestamp` <= seen.last_version
      AND (kept.`_deleted_at` IS NULL OR kept.`_deleted_at` <> COALESCE(seen.last_date, kept.`_deleted_at`))
    THEN UPDATE SET `_deleted_at` = COALESCE(seen.last_date, CAST(CURRENT_TIMESTAMP() AS TIMESTAMP))
  -- It came back after it was deleted, and has not vanished since.
  WHEN MATCHED AND kept.`Timestamp` > seen.last_version AND kept.`_deleted_at` IS NOT NULL
      AND NOT COALESCE(seen.last_loaded < seen.began, FALSE)
    THEN UPDATE SET `_deleted_at` = NULL
  WHEN MATCHED AND COALESCE(kept.`Timestamp` > seen.last_version, TRUE)
      AND seen.last_loaded < seen.began AND kept.`_deleted_at` IS NULL
    THEN UPDATE SET `_deleted_at` = CAST(seen.began AS TIMESTAMP)
  -- It was loaded again after it was marked.
  WHEN MATCHED AND COALESCE(kept.`Timestamp` > seen.last_version, TRUE)
      AND seen.last_loaded >= seen.began AND CAST(kept.`_deleted_at` AS TIMESTAMP) <= seen.last_loaded
    THEN UPDATE SET `_deleted_at` = NULL;
ELSEIF EXISTS (SELECT 1 FROM `exact_online`.INFORMATION_SCHEMA.TABLES WHERE table_name = 'accounts') THEN
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
IF EXISTS (
  SELECT COUNT(*) FROM `exact_online`.INFORMATION_SCHEMA.COLUMNS
  WHERE (table_name = 'goods_deliveries' AND column_name = '_sdc_extracted_at') OR (table_name = 'reads' AND column_name = 'WholeBeganAt')
  HAVING COUNT(*) = 2
) THEN
  ALTER TABLE `exact_online`.`goods_deliveries` ADD COLUMN IF NOT EXISTS `_deleted_at` TIMESTAMP;
  MERGE INTO `exact_online`.`goods_deliveries` AS kept
  USING (
    SELECT loaded.`Division`, loaded.`EntryID`, MAX(CAST(loaded.`_sdc_extracted_at` AS TIMESTAMP)) AS last_loaded,
      MAX(whole.began) AS began,
      MAX(logged.last_version) AS last_version, MAX(logged.last_date) AS last_date
    FROM `exact_online`.`goods_deliveries` AS loaded
    LEFT JOIN (
      SELECT `Division`, MAX(CAST(`WholeBeganAt` AS TIMESTAMP)) AS began
      FROM `exact_online`.`reads` WHERE `Stream` = 'goods_deliveries' GROUP BY `Division`
    ) AS whole ON loaded.`Division` = whole.`Division`
    LEFT JOIN (
      SELECT `Division`, `EntityKey`, MAX(`Timestamp`) AS last_version,
        CAST(MAX_BY(`DeletedDate`, `Timestamp`) AS TIMESTAMP) AS last_date
      FROM `exact_online`.`deleted` WHERE `EntityType` = 16 GROUP BY `Division`, `EntityKey`
    ) AS logged ON loaded.`Division` = logged.`Division` AND loaded.`EntryID` = logged.`EntityKey`
    GROUP BY loaded.`Division`, loaded.`EntryID`
  ) AS seen
  ON kept.`Division` = seen.`Division` AND kept.`EntryID` = seen.`EntryID`
  WHEN MATCHED AND kept.`Timestamp` <= seen.last_version
      AND (kept.`_deleted_at` IS NULL OR kept.`_deleted_at` <> COALESCE(seen.last_date, kept.`_deleted_at`))
    THEN UPDATE SET `_deleted_at` = COALESCE(seen.last_date, CAST(CURRENT_TIMESTAMP() AS TIMESTAMP))
  -- It came back after it was deleted, and has not vanished since.
  WHEN MATCHED AND kept.`Timestamp` > seen.last_version AND kept.`_deleted_at` IS NOT NULL
      AND NOT COALESCE(seen.last_loaded < seen.began, FALSE)
    THEN UPDATE SET `_deleted_at` = NULL
  WHEN MATCHED AND COALESCE(kept.`Timestamp` > seen.last_version, TRUE)
      AND seen.last_loaded < seen.began AND kept.`_deleted_at` IS NULL
    THEN UPDATE SET `_deleted_at` = CAST(seen.began AS TIMESTAMP)
  -- It was loaded again after it was marked.
  WHEN MATCHED AND COALESCE(kept.`Timestamp` > seen.last_version, TRUE)
      AND seen.last_loaded >= seen.began AND CAST(kept.`_deleted_at` AS TIMESTAMP) <= seen.last_loaded
    THEN UPDATE SET `_deleted_at` = NULL;
ELSEIF EXISTS (SELECT 1 FROM `exact_online`.INFORMATION_SCHEMA.TABLES WHERE table_name = 'goods_deliveries') THEN
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

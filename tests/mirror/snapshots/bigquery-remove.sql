-- Mirrors deletes in Exact Online: removes the rows that the log "deleted" names, where they are not newer than its entry,
-- and those that the last whole read, as "reads" tells, did not find any more.
-- Run it after every load. A table that is not there is passed over; a second run changes nothing more.
IF EXISTS (
  SELECT COUNT(*) FROM `exact_online`.INFORMATION_SCHEMA.COLUMNS
  WHERE (table_name = 'receivables' AND column_name = '_sdc_extracted_at') OR (table_name = 'reads' AND column_name = 'WholeBeganAt')
  HAVING COUNT(*) = 2
) THEN
  MERGE INTO `exact_online`.`receivables` AS kept
  USING (
    SELECT loaded.`Division`, loaded.`ID`
    FROM `exact_online`.`receivables` AS loaded
    INNER JOIN (
      SELECT `Division`, MAX(CAST(`WholeBeganAt` AS TIMESTAMP)) AS began
      FROM `exact_online`.`reads` WHERE `Stream` = 'receivables' GROUP BY `Division`
    ) AS whole ON loaded.`Division` = whole.`Division`
    GROUP BY loaded.`Division`, loaded.`ID`
    HAVING MAX(CAST(loaded.`_sdc_extracted_at` AS TIMESTAMP)) < MAX(whole.began)
  ) AS gone
  ON kept.`Division` = gone.`Division` AND kept.`ID` = gone.`ID`
  WHEN MATCHED THEN DELETE;
END IF;
IF EXISTS (
  SELECT COUNT(*) FROM `exact_online`.INFORMATION_SCHEMA.COLUMNS
  WHERE (table_name = 'accounts' AND column_name = '_sdc_extracted_at') OR (table_name = 'reads' AND column_name = 'WholeBeganAt')
  HAVING COUNT(*) = 2
) THEN
  MERGE INTO `exact_online`.`accounts` AS kept
  USING (
    SELECT `Division`, `EntityKey`, MAX(`Timestamp`) AS last_version
    FROM `exact_online`.`deleted` WHERE `EntityType` = 2 GROUP BY `Division`, `EntityKey`
  ) AS gone
  ON kept.`Division` = gone.`Division` AND kept.`ID` = gone.`EntityKey` AND kept.`Timestamp` <= gone.last_version
  WHEN MATCHED THEN DELETE;
  MERGE INTO `exact_online`.`accounts` AS kept
  USING (
    SELECT loaded.`Division`, loaded.`ID`
    FROM `exact_online`.`accounts` AS loaded
    INNER JOIN (
      SELECT `Division`, MAX(CAST(`WholeBeganAt` AS TIMESTAMP)) AS began
      FROM `exact_online`.`reads` WHERE `Stream` = 'accounts' GROUP BY `Division`
    ) AS whole ON loaded.`Division` = whole.`Division`
    GROUP BY loaded.`Division`, loaded.`ID`
    HAVING MAX(CAST(loaded.`_sdc_extracted_at` AS TIMESTAMP)) < MAX(whole.began)
  ) AS gone
  ON kept.`Division` = gone.`Division` AND kept.`ID` = gone.`ID`
  WHEN MATCHED THEN DELETE;
ELSEIF EXISTS (SELECT 1 FROM `exact_online`.INFORMATION_SCHEMA.TABLES WHERE table_name = 'accounts') THEN
  MERGE INTO `exact_online`.`accounts` AS kept
  USING (
    SELECT `Division`, `EntityKey`, MAX(`Timestamp`) AS last_version
    FROM `exact_online`.`deleted` WHERE `EntityType` = 2 GROUP BY `Division`, `EntityKey`
  ) AS gone
  ON kept.`Division` = gone.`Division` AND kept.`ID` = gone.`EntityKey` AND kept.`Timestamp` <= gone.last_version
  WHEN MATCHED THEN DELETE;
END IF;
IF EXISTS (
  SELECT COUNT(*) FROM `exact_online`.INFORMATION_SCHEMA.COLUMNS
  WHERE (table_name = 'goods_deliveries' AND column_name = '_sdc_extracted_at') OR (table_name = 'reads' AND column_name = 'WholeBeganAt')
  HAVING COUNT(*) = 2
) THEN
  MERGE INTO `exact_online`.`goods_deliveries` AS kept
  USING (
    SELECT `Division`, `EntityKey`, MAX(`Timestamp`) AS last_version
    FROM `exact_online`.`deleted` WHERE `EntityType` = 16 GROUP BY `Division`, `EntityKey`
  ) AS gone
  ON kept.`Division` = gone.`Division` AND kept.`EntryID` = gone.`EntityKey` AND kept.`Timestamp` <= gone.last_version
  WHEN MATCHED THEN DELETE;
  MERGE INTO `exact_online`.`goods_deliveries` AS kept
  USING (
    SELECT loaded.`Division`, loaded.`EntryID`
    FROM `exact_online`.`goods_deliveries` AS loaded
    INNER JOIN (
      SELECT `Division`, MAX(CAST(`WholeBeganAt` AS TIMESTAMP)) AS began
      FROM `exact_online`.`reads` WHERE `Stream` = 'goods_deliveries' GROUP BY `Division`
    ) AS whole ON loaded.`Division` = whole.`Division`
    GROUP BY loaded.`Division`, loaded.`EntryID`
    HAVING MAX(CAST(loaded.`_sdc_extracted_at` AS TIMESTAMP)) < MAX(whole.began)
  ) AS gone
  ON kept.`Division` = gone.`Division` AND kept.`EntryID` = gone.`EntryID`
  WHEN MATCHED THEN DELETE;
ELSEIF EXISTS (SELECT 1 FROM `exact_online`.INFORMATION_SCHEMA.TABLES WHERE table_name = 'goods_deliveries') THEN
  MERGE INTO `exact_online`.`goods_deliveries` AS kept
  USING (
    SELECT `Division`, `EntityKey`, MAX(`Timestamp`) AS last_version
    FROM `exact_online`.`deleted` WHERE `EntityType` = 16 GROUP BY `Division`, `EntityKey`
  ) AS gone
  ON kept.`Division` = gone.`Division` AND kept.`EntryID` = gone.`EntityKey` AND kept.`Timestamp` <= gone.last_version
  WHEN MATCHED THEN DELETE;
END IF;

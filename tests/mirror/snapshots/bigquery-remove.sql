-- Mirrors deletes in Exact Online: removes the rows that the log "deleted" names, where they are not newer than its entry.
-- Run it after every load. A table that is not there is passed over; a second run changes nothing more.
IF EXISTS (SELECT 1 FROM `exact_online`.INFORMATION_SCHEMA.TABLES WHERE table_name = 'accounts') THEN
  MERGE INTO `exact_online`.`accounts` AS kept
  USING (
    SELECT `Division`, `EntityKey`, MAX(`Timestamp`) AS last_version
    FROM `exact_online`.`deleted` WHERE `EntityType` = 2 GROUP BY `Division`, `EntityKey`
  ) AS gone
  ON kept.`Division` = gone.`Division` AND kept.`ID` = gone.`EntityKey` AND kept.`Timestamp` <= gone.last_version
  WHEN MATCHED THEN DELETE;
END IF;
IF EXISTS (SELECT 1 FROM `exact_online`.INFORMATION_SCHEMA.TABLES WHERE table_name = 'goods_deliveries') THEN
  MERGE INTO `exact_online`.`goods_deliveries` AS kept
  USING (
    SELECT `Division`, `EntityKey`, MAX(`Timestamp`) AS last_version
    FROM `exact_online`.`deleted` WHERE `EntityType` = 16 GROUP BY `Division`, `EntityKey`
  ) AS gone
  ON kept.`Division` = gone.`Division` AND kept.`EntryID` = gone.`EntityKey` AND kept.`Timestamp` <= gone.last_version
  WHEN MATCHED THEN DELETE;
END IF;

/*
title: Projects and folders that were judged
description: >
  Every project and folder with a score on the newest day. The project of assets above projects is empty.
params:
  - {name: since, type: DATE, description: Days before it are not looked at}
grain: dimension, item
*/
SELECT dimension, item, failed
FROM compliance_daily
WHERE date >= @since
  AND date = (SELECT MAX(date) FROM compliance_daily WHERE date >= @since)
  AND dimension IN ('project', 'folder')
  AND severity = 'all'
ORDER BY dimension, failed DESC, item

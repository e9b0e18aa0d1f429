/*
title: Waivers
description: >
  Waivers by the day they end, those that have ended first. state: expired, soon (it ends within so many days) or holds.
params:
  - {name: today, type: DATE, description: The day (UTC)}
  - {name: soon, type: INT64, default: 14, description: "Days, counted from today"}
grain: waiver_id
*/
SELECT
  waiver_id,
  policy_id,
  asset,
  reason,
  owner,
  expires_on,
  CASE
    WHEN expires_on < @today THEN 'expired'
    WHEN expires_on <= DATE_ADD(@today, INTERVAL @soon DAY) THEN 'soon'
    ELSE 'holds'
  END AS state,
  DATE_DIFF(expires_on, @today, DAY) AS days_left,
  findings
FROM waivers
ORDER BY expires_on, waiver_id

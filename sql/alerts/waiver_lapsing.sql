/*
title: Waiver lapses soon
description: >
  A waiver that still covers findings ends within the next days; afterwards they count again.
severity: low
remediation: >
  Mend what it covers, or ask its owner whether it is to be prolonged in config/policies.toml.
params:
  - {name: days, type: INT64, default: 14, description: How long before its end it fires}
  - {name: now, type: TIMESTAMP, default: null, description: The instant to judge at; null is the present}
grain: waiver
*/
WITH clock AS (
  SELECT DATE(COALESCE(@now, CURRENT_TIMESTAMP())) AS today
)
SELECT
  w.waiver_id AS subject,
  CONCAT(
    'The waiver of ', w.policy_id, ' for ', w.asset, ' (', w.owner, ') ends after ', CAST(w.expires_on AS STRING),
    '; it covers ', CAST(w.findings AS STRING), IF(w.findings = 1, ' finding.', ' findings.')
  ) AS summary,
  JSON_OBJECT('page', 'compliance', 'tab', 'Rules') AS link
FROM waivers AS w
CROSS JOIN clock
WHERE w.findings > 0
  AND w.expires_on >= clock.today
  AND w.expires_on <= DATE_ADD(clock.today, INTERVAL @days DAY)
ORDER BY subject

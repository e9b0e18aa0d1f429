/*
title: New critical finding
description: >
  A rule of severity critical fails on an asset, found or found again after the first run of the rules, and nobody
  waived it. What is open to everyone has a rule of its own.
severity: critical
remediation: >
  Open the finding: it says what is wrong, with the command and the Terraform that mend it. If it is meant to be so,
  waive it in config/policies.toml with a reason and a last day.
params:
  - {name: exposure, type: STRING, default: '(_public|_public_by_iam|_from_anywhere|_open_authorized_networks)$', description: Rules that public_exposure watches}
  - {name: now, type: TIMESTAMP, default: null, description: The instant to judge at; null is the present}
grain: finding
*/
WITH clock AS (
  SELECT COALESCE(@now, CURRENT_TIMESTAMP()) AS now, (SELECT MIN(first_seen) FROM violations) AS baseline
)
SELECT
  CONCAT(v.policy_id, '|', v.asset_name) AS subject,
  CONCAT(
    REGEXP_EXTRACT(v.asset_name, r'[^/]+$'),
    IF(v.project_id IS NULL, '', CONCAT(' in ', v.project_id)), ': ', COALESCE(v.reason, v.policy_id)
  ) AS summary,
  JSON_OBJECT('page', 'compliance', 'finding', CONCAT(v.policy_id, '|', v.asset_name)) AS link
FROM violations AS v
CROSS JOIN clock
WHERE v.severity = 'critical'
  AND v.status = 'fail'
  AND v.resolved_at IS NULL
  AND (v.waived_until IS NULL OR v.waived_until <= clock.now)
  AND COALESCE(v.reopened_at, v.first_seen) > clock.baseline
  AND NOT REGEXP_CONTAINS(v.policy_id, @exposure)
ORDER BY subject

/*
title: Open to everyone
description: >
  An asset is open to everyone: by an IAM binding of allUsers or allAuthenticatedUsers, by a firewall rule or by an
  address range, and nobody waived it.
severity: critical
remediation: >
  Open the finding: it names the binding or rule, with the command and the Terraform that take it away. What is public
  on purpose, such as a website, is waived in config/policies.toml with a reason and a last day.
params:
  - {name: exposure, type: STRING, default: '(_public|_public_by_iam|_from_anywhere|_open_authorized_networks)$', description: Rules that find it}
  - {name: severities, type: "ARRAY<STRING>", default: [critical, high], description: Findings of these severities count}
  - {name: now, type: TIMESTAMP, default: null, description: The instant to judge at; null is the present}
grain: finding
*/
SELECT
  CONCAT(policy_id, '|', asset_name) AS subject,
  severity,
  CONCAT(
    REGEXP_EXTRACT(asset_name, r'[^/]+$'),
    IF(project_id IS NULL, '', CONCAT(' in ', project_id)), ': ', COALESCE(reason, policy_id)
  ) AS summary,
  JSON_OBJECT('page', 'compliance', 'finding', CONCAT(policy_id, '|', asset_name)) AS link
FROM violations
WHERE REGEXP_CONTAINS(policy_id, @exposure)
  AND severity IN UNNEST(@severities)
  AND status = 'fail'
  AND resolved_at IS NULL
  AND (waived_until IS NULL OR waived_until <= COALESCE(@now, CURRENT_TIMESTAMP()))
ORDER BY subject

/*
id: allowed_services
title: Projects use allowed services only
description: >
  Each service that is on in a project is on the list of allowed services, where there is one, and not on
  the list of denied ones. Entries may end in an asterisk. Nothing is examined until one of the lists is
  set.
severity: medium
asset_types: [serviceusage.googleapis.com/Service]
needs: [allowed, denied]
params:
  - {name: allowed, type: "ARRAY<STRING>", default: [], description: "Allowed services, such as run.googleapis.com; empty: all"}
  - {name: denied, type: "ARRAY<STRING>", default: [], description: "Denied services; they win over allowed ones"}
defaults: >
  Services that are off are not examined.
rationale: >
  A service that nobody has looked at has no rules, no budget and no owner.
remediation:
  text: >
    Switch the service off, or have it admitted.
  gcloud: |
    gcloud services disable {display_name} --project={project_id}
  terraform: |
    # remove google_project_service "{display_name}" of {project_id}
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    REGEXP_EXTRACT(name, r'[^/]+$') AS service,
    COALESCE(JSON_VALUE(resource, '$.data.state'), state) AS switched
  FROM assets
  WHERE asset_type = 'serviceusage.googleapis.com/Service'
    AND (ARRAY_LENGTH(@allowed) > 0 OR ARRAY_LENGTH(@denied) > 0)
),
judged AS (
  SELECT
    name,
    service,
    switched,
    EXISTS (
      SELECT 1 FROM UNNEST(@denied) AS d
      WHERE d = service OR (ENDS_WITH(d, '*') AND STARTS_WITH(service, RTRIM(d, '*')))
    ) AS denied,
    ARRAY_LENGTH(@allowed) = 0 OR EXISTS (
      SELECT 1 FROM UNNEST(@allowed) AS d
      WHERE d = service OR (ENDS_WITH(d, '*') AND STARTS_WITH(service, RTRIM(d, '*')))
    ) AS allowed
  FROM examined
  WHERE COALESCE(switched, 'ENABLED') = 'ENABLED'
)
SELECT
  name AS asset_name,
  CASE WHEN switched IS NULL THEN 'unknown' WHEN allowed AND NOT denied THEN 'pass' ELSE 'fail' END AS status,
  CASE
    WHEN switched IS NULL THEN 'It is not known whether the service is on.'
    WHEN denied THEN CONCAT(service, ' is on and on the list of denied services.')
    WHEN allowed THEN CONCAT(service, ' is allowed.')
    ELSE CONCAT(service, ' is on and not on the list of allowed services.')
  END AS reason,
  JSON_OBJECT('service', service, 'state', switched) AS evidence
FROM judged

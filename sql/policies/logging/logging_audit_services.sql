/*
id: logging_audit_services
title: The services that matter write their audit logs
description: >
  On every project each of the services has each kind of log on, by its own configuration or that of
  allServices, set there or above; and nobody is exempted from them but those of the list
  allowed_exemptions.
severity: medium
asset_types: [cloudresourcemanager.googleapis.com/Project]
params:
  - {name: services, type: "ARRAY<STRING>", default: ["bigquery.googleapis.com", "cloudkms.googleapis.com", "iam.googleapis.com", "secretmanager.googleapis.com", "storage.googleapis.com"], description: "Services whose logs have to be on"}
  - {name: log_types, type: "ARRAY<STRING>", default: ["DATA_READ", "DATA_WRITE"], description: "Kinds of log that have to be on"}
  - {name: allowed_exemptions, type: "ARRAY<STRING>", default: [], description: "Members who may be exempted"}
defaults: >
  auditConfigs absent: only admin activity is logged, which cannot be switched off. A missing policy is
  one without auditConfigs where other policies of the project were read.
covers: >
  Policies above the scope that is read are not seen: what they switch on counts as off.
rationale: >
  Without data access logs nobody can say who read what.
remediation:
  text: >
    Add the audit configuration on the organisation, once for all, and remove the exemptions.
  gcloud: |
    gcloud projects get-iam-policy {project_id} --format=json > policy.json # add auditConfigs, then
    gcloud projects set-iam-policy {project_id} policy.json
  terraform: |
    resource "google_project_iam_audit_config" "all" {
      project = "{project_id}"
      service = "allServices"
      audit_log_config {
        log_type = "ADMIN_READ"
      }
      audit_log_config {
        log_type = "DATA_READ"
      }
      audit_log_config {
        log_type = "DATA_WRITE"
      }
    }
grain: asset
*/
WITH nodes AS (
  SELECT
    name,
    iam_policy,
    ancestors,
    COALESCE(ancestors[SAFE_OFFSET(0)], REGEXP_EXTRACT(name, r'[a-z]+/[^/]+$')) AS node
  FROM assets
  WHERE asset_type IN (
    'cloudresourcemanager.googleapis.com/Organization',
    'cloudresourcemanager.googleapis.com/Folder',
    'cloudresourcemanager.googleapis.com/Project'
  )
),
reach AS (
  SELECT name, name AS source
  FROM assets
  WHERE asset_type = 'cloudresourcemanager.googleapis.com/Project'
  UNION DISTINCT
  SELECT a.name, n.name
  FROM nodes AS a
  CROSS JOIN UNNEST(a.ancestors) AS ancestor
  JOIN nodes AS n ON n.node = ancestor
),
configs AS (
  SELECT
    n.name AS source,
    JSON_VALUE(config, '$.service') AS service,
    JSON_VALUE(entry, '$.logType') AS log_type,
    JSON_VALUE_ARRAY(entry, '$.exemptedMembers') AS exempted
  FROM nodes AS n
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(n.iam_policy, '$.auditConfigs')) AS config
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(config, '$.auditLogConfigs')) AS entry
),
effective AS (
  SELECT r.name, c.service, c.log_type, c.exempted
  FROM reach AS r
  JOIN configs AS c ON c.source = r.source
),
wanted AS (
  SELECT service, log_type
  FROM UNNEST(@services) AS service
  CROSS JOIN UNNEST(@log_types) AS log_type
),
needed AS (
  SELECT a.name, w.service, w.log_type
  FROM assets AS a
  CROSS JOIN wanted AS w
  WHERE a.asset_type = 'cloudresourcemanager.googleapis.com/Project'
),
covered AS (
  SELECT DISTINCT n.name, n.service, n.log_type
  FROM needed AS n
  JOIN effective AS e ON e.name = n.name AND e.log_type = n.log_type
  WHERE e.service IN (n.service, 'allServices')
),
absent AS (
  SELECT
    n.name,
    STRING_AGG(CONCAT(n.log_type, ' of ', n.service), ', ' ORDER BY n.service, n.log_type LIMIT 12) AS missing
  FROM needed AS n
  LEFT JOIN covered AS c ON c.name = n.name AND c.service = n.service AND c.log_type = n.log_type
  WHERE c.name IS NULL
  GROUP BY n.name
),
spared AS (
  SELECT e.name, STRING_AGG(DISTINCT member, ', ') AS exempted
  FROM effective AS e
  CROSS JOIN UNNEST(e.exempted) AS member
  WHERE member NOT IN UNNEST(@allowed_exemptions)
    AND (e.service = 'allServices' OR e.service IN UNNEST(@services))
    AND e.log_type IN UNNEST(@log_types)
  GROUP BY e.name
),
read_scopes AS (
  SELECT DISTINCT COALESCE(project_id, resource) AS scope
  FROM iam_bindings
  WHERE inherited_from IS NULL
),
judged AS (
  SELECT a.name, a.iam_policy IS NULL AND r.scope IS NULL AS unseen, m.missing, s.exempted
  FROM assets AS a
  LEFT JOIN absent AS m ON m.name = a.name
  LEFT JOIN spared AS s ON s.name = a.name
  LEFT JOIN read_scopes AS r ON r.scope = COALESCE(a.project_id, a.organization)
  WHERE a.asset_type = 'cloudresourcemanager.googleapis.com/Project'
)
SELECT
  name AS asset_name,
  CASE
    WHEN missing IS NULL AND exempted IS NULL THEN 'pass'
    WHEN unseen AND exempted IS NULL THEN 'unknown'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN missing IS NULL AND exempted IS NULL THEN 'All wanted audit logs are on and nobody is exempted.'
    WHEN unseen AND exempted IS NULL THEN 'Its IAM policy was not collected, nor any other of its project.'
    ELSE CONCAT(
      IF(missing IS NULL, '', CONCAT('Not logged: ', missing, '.')),
      IF(missing IS NULL OR exempted IS NULL, '', ' '),
      IF(exempted IS NULL, '', CONCAT('Exempted: ', exempted, '.'))
    )
  END AS reason,
  TO_JSON(STRUCT(missing, exempted)) AS evidence
FROM judged

/*
id: kms_key_public
title: Keys are not open to everyone
description: >
  No binding of a key, nor one for its service that it inherits from its key, from its project, folders or
  organisation, names allUsers or allAuthenticatedUsers.
severity: critical
asset_types: [cloudkms.googleapis.com/CryptoKey]
frameworks:
  cis_gcp: {"3.0": "1.9", "4.0": "1.9", "5.0": "1.10"}
defaults: >
  A policy without bindings opens nothing, and neither does a missing one
  where other policies of the project were read.
covers: >
  Custom roles on the project, its folders or the organisation are not opened up: the rule on projects
  open to everyone finds those bindings.
rationale: >
  Whoever may use the key can read what it protects.
remediation:
  text: >
    Remove the bindings of allUsers and allAuthenticatedUsers; grant the role to the groups and service
    accounts that need it.
  gcloud: |
    gcloud kms keys remove-iam-policy-binding {display_name} --keyring=KEYRING --location={location} --project={project_id} --member=allUsers --role=ROLE
  terraform: |
    resource "google_kms_crypto_key_iam_member" "{display_name}" {
      crypto_key_id = "KEY"
      role   = "ROLE"
      member = "group:TEAM@DOMAIN" # not allUsers, not allAuthenticatedUsers
    }
grain: asset
*/
WITH public_bindings AS (
  SELECT asset_name, asset_type, resource, role, member
  FROM iam_bindings
  WHERE inherited_from IS NULL
    AND member IN ('allUsers', 'allAuthenticatedUsers')
    AND (
      asset_type = 'cloudkms.googleapis.com/CryptoKey'
      OR asset_type = 'cloudkms.googleapis.com/KeyRing'
      OR (
        resource IS NOT NULL
        AND (STARTS_WITH(role, 'roles/cloudkms.') OR role IN ('roles/viewer', 'roles/editor', 'roles/owner'))
      )
    )
),
opened AS (
  SELECT asset_name AS name, CONCAT(member, ' has ', role) AS binding
  FROM public_bindings
  WHERE asset_type = 'cloudkms.googleapis.com/CryptoKey'
  UNION ALL
  SELECT a.name, CONCAT(p.member, ' has ', p.role, ' on ', p.resource)
  FROM (SELECT name, ancestors FROM assets WHERE asset_type = 'cloudkms.googleapis.com/CryptoKey') AS a
  CROSS JOIN UNNEST(a.ancestors) AS ancestor
  JOIN public_bindings AS p ON p.resource = ancestor
  UNION ALL
  SELECT a.name, CONCAT(p.member, ' has ', p.role, ' on the key ring')
  FROM assets AS a
  JOIN public_bindings AS p ON p.asset_name = REGEXP_EXTRACT(a.name, r'^(.+)/cryptoKeys/')
  WHERE a.asset_type = 'cloudkms.googleapis.com/CryptoKey' AND p.asset_type = 'cloudkms.googleapis.com/KeyRing'
),
per_asset AS (
  SELECT name, ARRAY_AGG(DISTINCT binding ORDER BY binding) AS bindings
  FROM opened
  GROUP BY name
),
read_scopes AS (
  SELECT DISTINCT COALESCE(project_id, resource) AS scope
  FROM iam_bindings
  WHERE inherited_from IS NULL
)
SELECT
  a.name AS asset_name,
  CASE
    WHEN o.name IS NOT NULL THEN 'fail'
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'unknown'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN o.name IS NOT NULL THEN CONCAT('The key is open: ', ARRAY_TO_STRING(o.bindings, ', '), '.')
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'The IAM policy of the key was not collected, nor any other of its project.'
    ELSE CONCAT('No binding names allUsers or allAuthenticatedUsers.', IF(a.iam_policy IS NULL, ' It has no IAM policy of its own.', ''))
  END AS reason,
  CASE WHEN o.name IS NOT NULL THEN JSON_OBJECT('bindings', o.bindings) END AS evidence
FROM assets AS a
LEFT JOIN per_asset AS o ON o.name = a.name
LEFT JOIN read_scopes AS r ON r.scope = COALESCE(a.project_id, a.organization)
WHERE a.asset_type = 'cloudkms.googleapis.com/CryptoKey'

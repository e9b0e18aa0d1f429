/*
id: naming
title: Resources are named as agreed
description: >
  Names fit the pattern of their type: the id of a project, the display name of a folder, the last part of
  the name of all others. Nothing is examined until patterns are set.
severity: low
asset_types:
  - cloudresourcemanager.googleapis.com/Project
  - cloudresourcemanager.googleapis.com/Folder
  - storage.googleapis.com/Bucket
  - compute.googleapis.com/Network
  - compute.googleapis.com/Subnetwork
  - compute.googleapis.com/Instance
  - container.googleapis.com/Cluster
  - sqladmin.googleapis.com/Instance
  - bigquery.googleapis.com/Dataset
  - pubsub.googleapis.com/Topic
  - secretmanager.googleapis.com/Secret
needs: [patterns]
params:
  - {name: patterns, type: "ARRAY<STRING>", default: [], description: "Asset type, equals sign and regular expression for the whole name, such as storage.googleapis.com/Bucket=[a-z0-9-]+-(dev|prod); several of one type: any will do"}
defaults: >
  Types without a pattern are not examined.
rationale: >
  From a good name one sees what a resource is for, whose it is and how careful one must be.
remediation:
  text: >
    Most names cannot be changed: make the resource anew.
  gcloud: |
    gcloud asset search-all-resources --scope=projects/{project_id} --query="name:{display_name}"
  terraform: |
    # change name in the module of {display_name}: Terraform makes it anew
grain: asset
*/
WITH patterns AS (
  SELECT
    REGEXP_EXTRACT(entry, r'^([^=]+)=') AS kind,
    CONCAT('^(?:', REGEXP_EXTRACT(entry, r'^[^=]+=(.+)$'), ')$') AS pattern,
    REGEXP_EXTRACT(entry, r'^[^=]+=(.+)$') AS told
  FROM UNNEST(@patterns) AS entry
),
examined AS (
  SELECT
    a.name,
    p.pattern,
    p.told,
    CASE a.asset_type
      WHEN 'cloudresourcemanager.googleapis.com/Project' THEN COALESCE(JSON_VALUE(a.resource, '$.data.projectId'), a.project_id)
      WHEN 'cloudresourcemanager.googleapis.com/Folder' THEN JSON_VALUE(a.resource, '$.data.displayName')
      ELSE REGEXP_EXTRACT(a.name, r'[^/]+$')
    END AS called
  FROM assets AS a
  JOIN patterns AS p ON p.kind = a.asset_type
)
SELECT
  name AS asset_name,
  CASE
    WHEN LOGICAL_OR(called IS NULL) THEN 'unknown'
    WHEN LOGICAL_OR(REGEXP_CONTAINS(called, pattern)) THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN LOGICAL_OR(called IS NULL) THEN 'The name was not collected.'
    WHEN LOGICAL_OR(REGEXP_CONTAINS(called, pattern)) THEN CONCAT(MIN(called), ' fits.')
    ELSE CONCAT(MIN(called), ' does not fit ', STRING_AGG(told, ' nor ' ORDER BY told), '.')
  END AS reason,
  JSON_OBJECT('name', MIN(called)) AS evidence
FROM examined
GROUP BY name

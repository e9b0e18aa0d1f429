/*
id: required_labels
title: Resources carry the required labels
description: >
  Each required label is there and its whole value fits its pattern.
severity: medium
asset_types:
  - bigquery.googleapis.com/Dataset
  - bigquery.googleapis.com/Table
  - cloudresourcemanager.googleapis.com/Project
  - compute.googleapis.com/Disk
  - compute.googleapis.com/Image
  - compute.googleapis.com/Instance
  - compute.googleapis.com/Snapshot
  - container.googleapis.com/Cluster
  - dataproc.googleapis.com/Cluster
  - spanner.googleapis.com/Instance
  - sqladmin.googleapis.com/Instance
  - storage.googleapis.com/Bucket
params:
  - name: types
    type: ARRAY<STRING>
    default:
      - bigquery.googleapis.com/Dataset
      - bigquery.googleapis.com/Table
      - cloudresourcemanager.googleapis.com/Project
      - compute.googleapis.com/Disk
      - compute.googleapis.com/Image
      - compute.googleapis.com/Instance
      - compute.googleapis.com/Snapshot
      - container.googleapis.com/Cluster
      - dataproc.googleapis.com/Cluster
      - spanner.googleapis.com/Instance
      - sqladmin.googleapis.com/Instance
      - storage.googleapis.com/Bucket
    description: Asset types that must carry them
  - name: labels
    type: JSON
    default: '{"env": ".+"}'
    description: Names of labels, each with a regular expression for its whole value
rationale: >
  Without its labels nobody knows whom a resource belongs to, who pays for it, and whether it may be switched off.
remediation:
  text: Add the labels that are missing, and correct those that do not fit.
  gcloud: >-
    gcloud projects update {project_id} --update-labels=NAME=VALUE
  terraform: |
    labels = {
      env = "VALUE"
    }
defaults: A resource without labels has none.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS not_seen,
    COALESCE(
      labels, JSON_QUERY(resource, '$.data.settings.userLabels'), JSON_QUERY(resource, '$.data.resourceLabels')
    ) AS labels
  FROM assets
  WHERE asset_type IN UNNEST(@types)
),
wanted AS (
  SELECT label, CONCAT('^(?:', JSON_VALUE(@labels[label]), ')$') AS pattern, JSON_VALUE(@labels[label]) AS told
  FROM UNNEST(JSON_KEYS(@labels, 1)) AS label
),
faults AS (
  SELECT
    e.name,
    CASE
      WHEN JSON_VALUE(e.labels[w.label]) IS NULL THEN CONCAT(w.label, ' is missing')
      ELSE CONCAT(w.label, ' is "', JSON_VALUE(e.labels[w.label]), '", not ', w.told)
    END AS fault
  FROM examined AS e
  CROSS JOIN wanted AS w
  WHERE NOT e.not_seen
    AND (
      JSON_VALUE(e.labels[w.label]) IS NULL
      OR NOT REGEXP_CONTAINS(JSON_VALUE(e.labels[w.label]), w.pattern)
    )
),
per_asset AS (
  SELECT name, ARRAY_AGG(fault ORDER BY fault) AS faults
  FROM faults
  GROUP BY name
)
SELECT
  e.name AS asset_name,
  CASE WHEN e.not_seen THEN 'unknown' WHEN p.name IS NULL THEN 'pass' ELSE 'fail' END AS status,
  CASE
    WHEN e.not_seen THEN 'The resource was not collected, so its labels are not known.'
    WHEN p.name IS NOT NULL THEN CONCAT('Labels: ', ARRAY_TO_STRING(p.faults, ', '), '.')
    ELSE 'All required labels are there and fit.'
  END AS reason,
  CASE
    WHEN p.name IS NOT NULL THEN JSON_OBJECT('labels', e.labels, 'faults', p.faults)
  END AS evidence
FROM examined AS e
LEFT JOIN per_asset AS p ON p.name = e.name

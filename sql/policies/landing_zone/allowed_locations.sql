/*
id: allowed_locations
title: Resources are in the allowed locations
description: >
  Each resource is in one of the allowed locations. Nothing is examined until locations are set.
severity: high
asset_types:
  - bigquery.googleapis.com/Dataset
  - cloudfunctions.googleapis.com/CloudFunction
  - cloudfunctions.googleapis.com/Function
  - cloudkms.googleapis.com/KeyRing
  - compute.googleapis.com/Disk
  - compute.googleapis.com/Instance
  - compute.googleapis.com/Snapshot
  - compute.googleapis.com/Subnetwork
  - container.googleapis.com/Cluster
  - dataproc.googleapis.com/Cluster
  - redis.googleapis.com/Instance
  - run.googleapis.com/Service
  - spanner.googleapis.com/Instance
  - sqladmin.googleapis.com/Instance
  - storage.googleapis.com/Bucket
needs: [locations]
params:
  - {name: types, type: "ARRAY<STRING>", default: ["bigquery.googleapis.com/Dataset", "cloudfunctions.googleapis.com/CloudFunction", "cloudfunctions.googleapis.com/Function", "cloudkms.googleapis.com/KeyRing", "compute.googleapis.com/Disk", "compute.googleapis.com/Instance", "compute.googleapis.com/Snapshot", "compute.googleapis.com/Subnetwork", "container.googleapis.com/Cluster", "dataproc.googleapis.com/Cluster", "redis.googleapis.com/Instance", "run.googleapis.com/Service", "spanner.googleapis.com/Instance", "sqladmin.googleapis.com/Instance", "storage.googleapis.com/Bucket"], description: "Asset types to look at"}
  - {name: locations, type: "ARRAY<STRING>", default: [], description: "Allowed regions, zones or multi-regions; a region allows its zones; europe-* allows all that begin so; empty: nothing is examined"}
  - {name: allow_global, type: BOOL, default: true, description: "Global resources are fine"}
defaults: >
  A region stands for its zones as well, a multi-region such as eu for itself only.
rationale: >
  Laws and contracts say where data may be; distance costs time and money.
remediation:
  text: >
    Make the resource anew in an allowed location and move the data. The organisation policy
    gcp.resourceLocations keeps it from happening again.
  gcloud: |
    gcloud org-policies describe gcp.resourceLocations --effective --project={project_id}
  terraform: |
    resource "google_org_policy_policy" "{display_name}" {
      name   = "projects/{project_id}/policies/gcp.resourceLocations"
      parent = "projects/{project_id}"
      spec {
        rules {
          values {
            allowed_values = ["in:eu-locations"]
          }
        }
      }
    }
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    LOWER(
      COALESCE(location, JSON_VALUE(resource, '$.location'), JSON_VALUE(resource, '$.data.location'))
    ) AS place
  FROM assets
  WHERE asset_type IN UNNEST(@types) AND ARRAY_LENGTH(@locations) > 0
),
judged AS (
  SELECT
    name,
    place,
    EXISTS (
      SELECT 1
      FROM UNNEST(@locations) AS allowed
      WHERE LOWER(allowed) IN (place, REGEXP_EXTRACT(place, r'^(.+-.+[0-9])-[a-z]$'))
        OR (ENDS_WITH(allowed, '*') AND STARTS_WITH(place, LOWER(RTRIM(allowed, '*'))))
    )
    OR (@allow_global AND place = 'global') AS good
  FROM examined
)
SELECT
  name AS asset_name,
  CASE WHEN place IS NULL THEN 'unknown' WHEN good THEN 'pass' ELSE 'fail' END AS status,
  CASE
    WHEN place IS NULL THEN 'The location is not known.'
    WHEN good THEN CONCAT(place, ' is allowed.')
    ELSE CONCAT('The resource is in ', place, ', which is not allowed.')
  END AS reason,
  JSON_OBJECT('location', place) AS evidence
FROM judged

/*
id: kms_key_destroy_delay
title: Destroyed key versions can be brought back for a while
description: >
  destroyScheduledDuration is at least min_days.
severity: low
asset_types: [cloudkms.googleapis.com/CryptoKey]
params:
  - {name: min_days, type: INT64, default: 7, description: "Shortest time between the order to destroy and the deed, in days"}
defaults: >
  destroyScheduledDuration absent: 30 days.
rationale: >
  With the key goes all that was encrypted with it.
remediation:
  text: >
    The delay is chosen when a key is made: make a new one and re-encrypt.
  gcloud: |
    gcloud kms keys create {display_name}-2 --keyring=KEYRING --location={location} --project={project_id} --purpose=encryption --destroy-scheduled-duration=30d
  terraform: |
    resource "google_kms_crypto_key" "{display_name}" {
      destroy_scheduled_duration = "2592000s"
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(
      SAFE_CAST(
        REGEXP_EXTRACT(JSON_VALUE(resource, '$.data.destroyScheduledDuration'), r'^([0-9.]+)s$') AS FLOAT64
      ),
      2592000
    ) AS seconds
  FROM assets
  WHERE asset_type = 'cloudkms.googleapis.com/CryptoKey'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN seconds >= @min_days * 86400 THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN seconds >= @min_days * 86400 THEN CONCAT('Versions wait ', CAST(CAST(FLOOR(seconds / 3600) AS INT64) AS STRING), ' hours before they are destroyed.')
    ELSE CONCAT('Versions wait ', CAST(CAST(FLOOR(seconds / 3600) AS INT64) AS STRING), ' hours before they are destroyed; expected ', CAST(@min_days AS STRING), ' days.')
  END AS reason,
  TO_JSON(STRUCT(seconds)) AS evidence
FROM found

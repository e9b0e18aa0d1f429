/*
id: kms_key_rotation
title: Keys are rotated in time
description: >
  Symmetric keys have a rotation period of at most max_days, and the next rotation is no further away.
  Asymmetric and signing keys cannot rotate by themselves and are not examined, nor keys whose primary
  version is destroyed.
severity: medium
asset_types: [cloudkms.googleapis.com/CryptoKey]
frameworks:
  cis_gcp: {"3.0": "1.10", "4.0": "1.10", "5.0": "1.11"}
params:
  - {name: max_days, type: INT64, default: 90, description: "Longest time between two rotations, in days"}
defaults: >
  rotationPeriod absent: no rotation. purpose absent: ENCRYPT_DECRYPT. nextRotationTime absent: within the
  period.
rationale: >
  A key that leaked unnoticed opens what was encrypted with it until the next rotation.
remediation:
  text: >
    Set a rotation period and the moment of the next rotation.
  gcloud: |
    gcloud kms keys update {display_name} --keyring=KEYRING --location={location} --project={project_id} --rotation-period=90d --next-rotation-time=TIME
  terraform: |
    resource "google_kms_crypto_key" "{display_name}" {
      rotation_period = "7776000s"
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    SAFE_CAST(
      REGEXP_EXTRACT(JSON_VALUE(resource, '$.data.rotationPeriod'), r'^([0-9.]+)s$') AS FLOAT64
    ) AS seconds,
    SAFE_CAST(JSON_VALUE(resource, '$.data.nextRotationTime') AS TIMESTAMP) AS next_rotation
  FROM assets
  WHERE asset_type = 'cloudkms.googleapis.com/CryptoKey'
    AND COALESCE(JSON_VALUE(resource, '$.data.purpose'), 'ENCRYPT_DECRYPT') = 'ENCRYPT_DECRYPT'
    AND COALESCE(JSON_VALUE(resource, '$.data.primary.state'), '') NOT IN ('DESTROYED', 'DESTROY_SCHEDULED')
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN COALESCE(
      seconds <= @max_days * 86400
      AND COALESCE(next_rotation <= TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL @max_days DAY), TRUE),
      FALSE
    ) THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN COALESCE(
      seconds <= @max_days * 86400
      AND COALESCE(next_rotation <= TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL @max_days DAY), TRUE),
      FALSE
    ) THEN CONCAT('Rotated every ', CAST(CAST(FLOOR(seconds / 86400) AS INT64) AS STRING), ' days.')
    ELSE CASE
      WHEN seconds IS NULL THEN 'The key is not rotated by itself.'
      WHEN seconds > @max_days * 86400 THEN CONCAT(
        'Rotated every ', CAST(CAST(FLOOR(seconds / 86400) AS INT64) AS STRING), ' days; expected at most ',
        CAST(@max_days AS STRING), '.'
      )
      ELSE CONCAT('The next rotation is in more than ', CAST(@max_days AS STRING), ' days.')
    END
  END AS reason,
  TO_JSON(STRUCT(seconds AS rotation_seconds, next_rotation)) AS evidence
FROM found

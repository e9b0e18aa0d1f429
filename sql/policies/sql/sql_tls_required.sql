/*
id: sql_tls_required
title: Cloud SQL demands TLS of every client
description: >
  Cloud SQL instances accept encrypted connections only. sslMode decides; the older requireSsl counts
  where sslMode is absent.
severity: high
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.4", "4.0": "6.4", "5.0": "6.4"}
defaults: >
  sslMode and requireSsl absent: connections with and without TLS are accepted. SSL_MODE_UNSPECIFIED
  counts as absent.
rationale: >
  Passwords and rows that travel in the clear can be read on the way.
remediation:
  text: >
    Set the mode to encrypted only, or to client certificates.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --ssl-mode=ENCRYPTED_ONLY
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        ip_configuration {
          ssl_mode = "ENCRYPTED_ONLY"
        }
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    JSON_VALUE(resource, '$.data.settings.ipConfiguration.sslMode') AS ssl_mode,
    COALESCE(JSON_VALUE(resource, '$.data.settings.ipConfiguration.requireSsl'), 'false') AS require_ssl
  FROM assets
  WHERE asset_type = 'sqladmin.googleapis.com/Instance'
    AND COALESCE(JSON_VALUE(resource, '$.data.instanceType'), '') != 'ON_PREMISES_INSTANCE'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN COALESCE(NULLIF(ssl_mode, 'SSL_MODE_UNSPECIFIED'), IF(require_ssl = 'true', 'ENCRYPTED_ONLY', ''))
      IN ('ENCRYPTED_ONLY', 'TRUSTED_CLIENT_CERTIFICATE_REQUIRED') THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN COALESCE(NULLIF(ssl_mode, 'SSL_MODE_UNSPECIFIED'), IF(require_ssl = 'true', 'ENCRYPTED_ONLY', ''))
      IN ('ENCRYPTED_ONLY', 'TRUSTED_CLIENT_CERTIFICATE_REQUIRED') THEN CONCAT('sslMode is ', COALESCE(ssl_mode, 'not set, requireSsl is true'), '.')
    ELSE CONCAT(
      'sslMode is ', COALESCE(ssl_mode, 'not set'), ' and requireSsl is ', require_ssl,
      ': connections without TLS are accepted.'
    )
  END AS reason,
  TO_JSON(STRUCT(ssl_mode, require_ssl)) AS evidence
FROM found

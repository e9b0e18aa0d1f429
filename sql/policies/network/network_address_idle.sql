/*
id: network_address_idle
title: Address is in use
description: >
  A reserved external address that nothing uses fails. Internal addresses and those being set up are passed.
severity: low
asset_types: [compute.googleapis.com/Address, compute.googleapis.com/GlobalAddress]
rationale: >
  An idle address costs money, and a DNS name that still points to it can be taken over once it is released.
remediation:
  text: >
    Look for DNS records that name it, remove them, then release it.
  gcloud: |
    gcloud compute addresses delete {display_name} --region={location} --project={project_id}
defaults: >
  addressType: EXTERNAL.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    UPPER(COALESCE(JSON_VALUE(resource, '$.data.addressType'), 'EXTERNAL')) AS kind,
    JSON_VALUE(resource, '$.data.status') AS status,
    JSON_VALUE(resource, '$.data.address') AS address
  FROM assets
  WHERE asset_type IN (
    'compute.googleapis.com/Address',
    'compute.googleapis.com/GlobalAddress'
  )
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN kind = 'INTERNAL' THEN 'pass'
    WHEN status = 'RESERVED' THEN 'fail'
    WHEN status IS NULL THEN 'unknown'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN kind = 'INTERNAL' THEN 'An internal address.'
    WHEN status = 'RESERVED' THEN CONCAT('The external address ', COALESCE(address, ''), ' is reserved and unused.')
    WHEN status IS NULL THEN 'Its state was not reported.'
    ELSE CONCAT('Its state is ', status, '.')
  END AS reason,
  JSON_OBJECT('address', address, 'status', status, 'addressType', kind) AS evidence
FROM examined

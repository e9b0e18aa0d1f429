/*
title: One resource, declared against actual
description: >
  Everything the comparison says of one resource, with the values that differ.
params:
  - {name: drift_id, type: STRING, description: "Terraform address, or the asset name where nothing declares it"}
grain: drift_id
*/
SELECT
  d.drift_id,
  d.status,
  d.address,
  d.resource_type,
  d.asset_name,
  d.asset_type,
  d.project_id,
  d.path,
  d.line,
  d.differences,
  d.reason,
  d.actor,
  d.changed_at,
  d.detected_at,
  r.module,
  r.origin,
  r.resolution,
  r.unknown AS unknown_attributes,
  r.reasons
FROM drift AS d
LEFT JOIN declared_resources AS r ON r.address = d.address
WHERE d.drift_id = @drift_id

/*
title: Subnetworks of some networks
description: The subnetworks of the given VPC networks, with region, ranges and what is switched on.
params:
  - {name: networks, type: "ARRAY<STRING>", description: "Networks as projects/ID/global/networks/NAME"}
grain: asset
*/
SELECT
  REGEXP_EXTRACT(JSON_VALUE(resource, '$.data.network'), r'projects/.+$') AS network,
  name,
  COALESCE(display_name, REGEXP_EXTRACT(name, r'[^/]+$')) AS display_name,
  REGEXP_EXTRACT(COALESCE(JSON_VALUE(resource, '$.data.region'), location), r'[^/]+$') AS region,
  JSON_VALUE(resource, '$.data.ipCidrRange') AS ip_range,
  ARRAY(
    SELECT JSON_VALUE(secondary, '$.ipCidrRange')
    FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.secondaryIpRanges')) AS secondary
    WHERE JSON_VALUE(secondary, '$.ipCidrRange') IS NOT NULL
  ) AS secondary_ranges,
  COALESCE(JSON_VALUE(resource, '$.data.purpose'), 'PRIVATE') AS purpose,
  COALESCE(JSON_VALUE(resource, '$.data.privateIpGoogleAccess') = 'true', FALSE) AS private_google_access,
  COALESCE(
    JSON_VALUE(resource, '$.data.logConfig.enable') = 'true',
    JSON_VALUE(resource, '$.data.enableFlowLogs') = 'true',
    FALSE
  ) AS flow_logs
FROM assets
WHERE asset_type = 'compute.googleapis.com/Subnetwork'
  AND REGEXP_EXTRACT(JSON_VALUE(resource, '$.data.network'), r'projects/.+$') IN UNNEST(@networks)
ORDER BY network, region, name

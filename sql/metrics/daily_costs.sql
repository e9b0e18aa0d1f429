/*
title: Costs per day from billing export rows
description: >
  Adds up rows of the standard billing export per day of usage, project, service, SKU, location and currency. Credits
  are negative, so the net cost is cost plus credits. Rows of other cost types than usage (tax, adjustments) count too.
params:
  - {name: rows, type: STRING, description: JSON array of billing export rows}
grain: date, project_id, service, sku, location, currency
*/
WITH billed AS (
  SELECT
    DATE(TIMESTAMP(JSON_VALUE(item, '$.usage_start_time'))) AS date,
    COALESCE(JSON_VALUE(item, '$.project.id'), '') AS project_id,
    COALESCE(JSON_VALUE(item, '$.service.description'), '') AS service,
    COALESCE(JSON_VALUE(item, '$.sku.description'), '') AS sku,
    COALESCE(JSON_VALUE(item, '$.location.location'), '') AS location,
    JSON_VALUE(item, '$.currency') AS currency,
    CAST(JSON_VALUE(item, '$.cost') AS NUMERIC(38, 9)) AS cost,
    COALESCE(
      (
        SELECT SUM(CAST(JSON_VALUE(credit, '$.amount') AS NUMERIC(38, 9)))
        FROM UNNEST(JSON_QUERY_ARRAY(item, '$.credits')) AS credit
      ),
      0
    ) AS credits
  FROM UNNEST(JSON_QUERY_ARRAY(@rows)) AS item
)
SELECT
  date,
  project_id,
  service,
  sku,
  location,
  currency,
  SUM(cost) AS cost,
  SUM(credits) AS credits,
  SUM(cost) + SUM(credits) AS net_cost
FROM billed
GROUP BY date, project_id, service, sku, location, currency
ORDER BY date, project_id, service, sku, location, currency

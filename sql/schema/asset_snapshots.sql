-- The state at the end of each day (UTC): one row per day and asset, without its content.
CREATE TABLE IF NOT EXISTS asset_snapshots (
  date DATE NOT NULL OPTIONS (description = 'The day'),
  name STRING NOT NULL OPTIONS (description = 'Full resource name'),
  asset_type STRING NOT NULL OPTIONS (description = 'Cloud Asset type'),
  project_id STRING OPTIONS (description = 'Project the asset is in'),
  project_number STRING OPTIONS (description = 'Number of that project'),
  folder STRING OPTIONS (description = 'Nearest folder'),
  organization STRING OPTIONS (description = 'Organisation'),
  location STRING OPTIONS (description = 'Region, zone, multi-region or global'),
  display_name STRING OPTIONS (description = 'Name for people'),
  state STRING OPTIONS (description = 'State or status'),
  labels JSON OPTIONS (description = 'Labels as one JSON object'),
  create_time TIMESTAMP OPTIONS (description = 'When the resource was created'),
  PRIMARY KEY (date, name) NOT ENFORCED
)
PARTITION BY date
CLUSTER BY project_id, asset_type
OPTIONS (description = 'The state at the end of each day (UTC): one row per day and asset, without its content.');

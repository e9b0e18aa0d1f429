-- Assets per day, project, folder, type and location: what the trends add up.
CREATE TABLE IF NOT EXISTS resources_daily (
  date DATE NOT NULL OPTIONS (description = 'The day (UTC)'),
  project_id STRING NOT NULL OPTIONS (description = 'Project; empty above projects'),
  folder STRING NOT NULL OPTIONS (description = 'Nearest folder; empty where there is none'),
  asset_type STRING NOT NULL OPTIONS (description = 'Cloud Asset type'),
  location STRING NOT NULL OPTIONS (description = 'Region, zone, multi-region or global; empty where there is none'),
  resources INT64 NOT NULL OPTIONS (description = 'Assets at the end of the day'),
  PRIMARY KEY (date, project_id, folder, asset_type, location) NOT ENFORCED
)
PARTITION BY date
CLUSTER BY project_id, asset_type
OPTIONS (description = 'Assets per day, project, folder, type and location: what the trends add up.');

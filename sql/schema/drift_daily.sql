-- How much of the infrastructure is under code, per day, project and type.
CREATE TABLE IF NOT EXISTS drift_daily (
  date DATE NOT NULL OPTIONS (description = 'Day (UTC) of the last comparison that counts'),
  project_id STRING NOT NULL OPTIONS (description = 'Project; empty above projects'),
  asset_type STRING NOT NULL OPTIONS (description = 'Cloud Asset type; empty where it is not known'),
  managed INT64 NOT NULL OPTIONS (description = 'Resources as declared'),
  changed INT64 NOT NULL OPTIONS (description = 'Resources that differ from what is declared'),
  missing INT64 NOT NULL OPTIONS (description = 'Declared and not in the cloud'),
  unmanaged INT64 NOT NULL OPTIONS (description = 'In the cloud and not declared'),
  unknown INT64 NOT NULL OPTIONS (description = 'Declared, and not comparable'),
  run_id STRING NOT NULL OPTIONS (description = 'Run that wrote it'),
  PRIMARY KEY (date, project_id, asset_type) NOT ENFORCED
)
PARTITION BY date
CLUSTER BY project_id, asset_type
OPTIONS (description = 'How much of the infrastructure is under code, per day, project and type.');

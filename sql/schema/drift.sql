-- Declared against actual.
CREATE TABLE IF NOT EXISTS drift (
  drift_id STRING NOT NULL OPTIONS (description = 'Address or asset name'),
  status STRING NOT NULL OPTIONS (description = 'managed, changed, missing, unmanaged or unknown'),
  address STRING OPTIONS (description = 'Terraform address'),
  asset_name STRING OPTIONS (description = 'Full resource name'),
  asset_type STRING OPTIONS (description = 'Cloud Asset type'),
  project_id STRING OPTIONS (description = 'Project'),
  path STRING OPTIONS (description = 'File that declares it'),
  line INT64 OPTIONS (description = 'Line in it'),
  differences JSON OPTIONS (description = 'Attribute by attribute, both values'),
  detected_at TIMESTAMP NOT NULL OPTIONS (description = 'When it was compared'),
  run_id STRING NOT NULL OPTIONS (description = 'Run that wrote it'),
  PRIMARY KEY (drift_id) NOT ENFORCED
)
CLUSTER BY project_id, asset_type
OPTIONS (description = 'Declared against actual.');

-- Declared against actual: one row per declared resource, and one per asset that nothing declares.
CREATE TABLE IF NOT EXISTS drift (
  drift_id STRING NOT NULL OPTIONS (description = 'Terraform address, or the asset name where nothing declares it'),
  status STRING NOT NULL OPTIONS (description = 'managed, changed, missing, unmanaged or unknown'),
  address STRING OPTIONS (description = 'Terraform address'),
  resource_type STRING OPTIONS (description = 'Terraform type'),
  asset_name STRING OPTIONS (description = 'Full resource name'),
  asset_type STRING OPTIONS (description = 'Cloud Asset type'),
  project_id STRING OPTIONS (description = 'Project'),
  path STRING OPTIONS (description = 'File that declares it'),
  line INT64 OPTIONS (description = 'Line in it'),
  differences JSON OPTIONS (description = 'List of objects: attribute, declared, actual'),
  reason STRING OPTIONS (description = 'Why it is unknown, or what limits the statement'),
  actor STRING OPTIONS (description = 'Who changed the asset last, where a source tells'),
  changed_at TIMESTAMP OPTIONS (description = 'When the asset changed last'),
  detected_at TIMESTAMP NOT NULL OPTIONS (description = 'When it was compared'),
  run_id STRING NOT NULL OPTIONS (description = 'Run that wrote it'),
  PRIMARY KEY (drift_id) NOT ENFORCED
)
CLUSTER BY project_id, asset_type
OPTIONS (description = 'Declared against actual: one row per declared resource, and one per asset that nothing declares.');

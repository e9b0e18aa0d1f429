-- Resources declared in Terraform.
CREATE TABLE IF NOT EXISTS declared_resources (
  address STRING NOT NULL OPTIONS (description = 'Terraform address'),
  resource_type STRING NOT NULL OPTIONS (description = 'Terraform type'),
  path STRING NOT NULL OPTIONS (description = 'File'),
  line INT64 OPTIONS (description = 'Line in it'),
  asset_name STRING OPTIONS (description = 'Full resource name it stands for; null when unknown'),
  attributes JSON OPTIONS (description = 'Resolved attributes'),
  unknown ARRAY<STRING> OPTIONS (description = 'Attributes that could not be resolved'),
  commit_sha STRING NOT NULL OPTIONS (description = 'Commit'),
  run_id STRING NOT NULL OPTIONS (description = 'Run that wrote it'),
  PRIMARY KEY (address) NOT ENFORCED
)
OPTIONS (description = 'Resources declared in Terraform.');

-- Resources declared in Terraform.
CREATE TABLE IF NOT EXISTS declared_resources (
  address STRING NOT NULL OPTIONS (description = 'Terraform address; with FOLDER: in front where several root modules have the same, and [*] for instances nobody can count'),
  resource_type STRING NOT NULL OPTIONS (description = 'Terraform type; module: a called module that is not followed'),
  path STRING NOT NULL OPTIONS (description = 'File; the name of the document for what only a state or plan has'),
  line INT64 OPTIONS (description = 'Line in it'),
  module STRING OPTIONS (description = 'Folder of the module the block is in; of what only a document has, the address of its module'),
  asset_type STRING OPTIONS (description = 'Cloud Asset type; null for types without an asset'),
  asset_name STRING OPTIONS (description = 'Full resource name it stands for, with the id of the project; null when unknown'),
  match_key STRING OPTIONS (description = 'What it is found by in assets: the name, or parent and display name of a folder'),
  project_id STRING OPTIONS (description = 'Project'),
  attributes JSON OPTIONS (description = 'Resolved attributes; nested blocks are lists'),
  unknown ARRAY<STRING> OPTIONS (description = 'Attributes that could not be resolved'),
  resolution STRING NOT NULL OPTIONS (description = 'resolved, partial (some attributes are unknown) or unknown (which asset it stands for is)'),
  reasons ARRAY<STRING> OPTIONS (description = 'Why something is unknown: attribute, kind of reason, detail'),
  origin STRING NOT NULL OPTIONS (description = 'hcl, state or plan'),
  commit_sha STRING NOT NULL OPTIONS (description = 'Commit'),
  run_id STRING NOT NULL OPTIONS (description = 'Run that wrote it'),
  PRIMARY KEY (address) NOT ENFORCED
)
OPTIONS (description = 'Resources declared in Terraform.');

-- The last known state of every asset: one row per asset name.
CREATE TABLE IF NOT EXISTS assets (
  name STRING NOT NULL OPTIONS (description = 'Full resource name, for example //compute.googleapis.com/projects/p/zones/z/instances/i'),
  asset_type STRING NOT NULL OPTIONS (description = 'Cloud Asset type, for example compute.googleapis.com/Instance'),
  project_id STRING OPTIONS (description = 'Id of the project the asset is in; null above projects; the number where no id was seen'),
  project_number STRING OPTIONS (description = 'Number of that project, from ancestors'),
  folder STRING OPTIONS (description = 'Nearest folder in ancestors, as folders/NUMBER'),
  organization STRING OPTIONS (description = 'Organisation in ancestors, as organizations/NUMBER'),
  location STRING OPTIONS (description = 'Region, zone, multi-region or global'),
  display_name STRING OPTIONS (description = 'Name for people'),
  state STRING OPTIONS (description = 'State or status as the service reports it'),
  labels JSON OPTIONS (description = 'Labels as one JSON object'),
  ancestors ARRAY<STRING> OPTIONS (description = 'Nearest first: project, folders, organisation'),
  create_time TIMESTAMP OPTIONS (description = 'When the resource was created, as the service reports it'),
  update_time TIMESTAMP OPTIONS (description = 'When Cloud Asset Inventory last saw it change'),
  resource JSON OPTIONS (description = 'The resource object of Cloud Asset Inventory: version, parent, location, data'),
  iam_policy JSON OPTIONS (description = 'IAM policy set on this asset itself: bindings, auditConfigs'),
  org_policy JSON OPTIONS (description = 'Organisation policies set on this asset itself'),
  access_policy JSON OPTIONS (description = 'Access policy, access level or service perimeter'),
  os_inventory JSON OPTIONS (description = 'Where OS_INVENTORY is read: osInfo, and items (packages installed and available) of a VM'),
  related_assets JSON OPTIONS (description = 'Where RELATIONSHIP is read: list of relationshipType, asset, assetType'),
  content_hash STRING OPTIONS (description = 'Hash of the content; equal hashes mean equal content'),
  first_seen TIMESTAMP OPTIONS (description = 'Read time of the first snapshot that had it'),
  last_seen TIMESTAMP OPTIONS (description = 'Read time of the last snapshot that had it'),
  run_id STRING OPTIONS (description = 'Run that wrote this version'),
  PRIMARY KEY (name) NOT ENFORCED
)
CLUSTER BY project_id, asset_type
OPTIONS (description = 'The last known state of every asset: one row per asset name.');

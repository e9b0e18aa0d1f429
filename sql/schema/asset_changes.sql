-- What changed: one row per asset and change, with the content before and after.
CREATE TABLE IF NOT EXISTS asset_changes (
  change_id STRING NOT NULL OPTIONS (description = 'Deterministic: the same change seen twice is one row'),
  date DATE NOT NULL OPTIONS (description = 'Day of changed_at (UTC)'),
  changed_at TIMESTAMP NOT NULL OPTIONS (description = 'When it changed, as far as the source tells; else when it was noticed'),
  observed_at TIMESTAMP NOT NULL OPTIONS (description = 'Read time of the run that noticed it'),
  name STRING NOT NULL OPTIONS (description = 'Full resource name'),
  asset_type STRING NOT NULL OPTIONS (description = 'Cloud Asset type'),
  project_id STRING OPTIONS (description = 'Project the asset is in'),
  folder STRING OPTIONS (description = 'Nearest folder'),
  location STRING OPTIONS (description = 'Region, zone, multi-region or global'),
  display_name STRING OPTIONS (description = 'Name for people'),
  change_type STRING NOT NULL OPTIONS (description = 'created, updated or deleted'),
  changed_fields ARRAY<STRING> OPTIONS (description = 'Which of resource, iam_policy, org_policy, access_policy, os_inventory, related_assets, ancestors differ'),
  actor STRING OPTIONS (description = 'Who, where a source tells; null is unknown'),
  source STRING NOT NULL OPTIONS (description = 'import, api, feed or history'),
  before JSON OPTIONS (description = 'Content before: resource, iam_policy, org_policy, access_policy, os_inventory, related_assets; null when created'),
  after JSON OPTIONS (description = 'Content after, likewise; null when deleted'),
  run_id STRING NOT NULL OPTIONS (description = 'Run that wrote it'),
  PRIMARY KEY (change_id) NOT ENFORCED
)
PARTITION BY date
CLUSTER BY project_id, asset_type
OPTIONS (description = 'What changed: one row per asset and change, with the content before and after.');

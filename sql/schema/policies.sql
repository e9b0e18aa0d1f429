-- Rules as they stand in sql/policies.
CREATE TABLE IF NOT EXISTS policies (
  policy_id STRING NOT NULL OPTIONS (description = 'Id of the rule'),
  title STRING NOT NULL OPTIONS (description = 'What it demands'),
  severity STRING NOT NULL OPTIONS (description = 'critical, high, medium or low'),
  asset_types ARRAY<STRING> OPTIONS (description = 'Types it examines'),
  frameworks JSON OPTIONS (description = 'Controls it maps to'),
  enabled BOOL NOT NULL OPTIONS (description = 'Whether it runs'),
  PRIMARY KEY (policy_id) NOT ENFORCED
)
OPTIONS (description = 'Rules as they stand in sql/policies.');

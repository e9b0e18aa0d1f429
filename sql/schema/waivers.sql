-- Waivers of config/policies.toml: findings that somebody answers for, until a day.
CREATE TABLE IF NOT EXISTS waivers (
  waiver_id STRING NOT NULL OPTIONS (description = 'Hash of rule, asset pattern and expiry'),
  policy_id STRING NOT NULL OPTIONS (description = 'Rule, or a pattern such as bucket_*'),
  asset STRING NOT NULL OPTIONS (description = 'Pattern of full resource names; * stands for anything'),
  reason STRING NOT NULL OPTIONS (description = 'Why'),
  owner STRING NOT NULL OPTIONS (description = 'Who answers for it'),
  expires_on DATE NOT NULL OPTIONS (description = 'Last day on which it holds (UTC)'),
  findings INT64 NOT NULL OPTIONS (description = 'Open findings it fits, whether it holds or is expired'),
  run_id STRING NOT NULL OPTIONS (description = 'Run that wrote it'),
  PRIMARY KEY (waiver_id) NOT ENFORCED
)
OPTIONS (description = 'Waivers of config/policies.toml: findings that somebody answers for, until a day.');

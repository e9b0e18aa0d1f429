-- Facts about the home, one row per fact.
CREATE TABLE IF NOT EXISTS portal_info (
  key STRING NOT NULL OPTIONS (description = 'source_kind (sample, real or none), assets_as_of, assets_scope, events_paused, alerts_problem, ...'),
  value STRING NOT NULL OPTIONS (description = 'The value as text'),
  PRIMARY KEY (key) NOT ENFORCED
)
OPTIONS (description = 'Facts about the home, one row per fact.');

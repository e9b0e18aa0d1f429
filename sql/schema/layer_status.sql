-- One row per layer: what is known of it now.
CREATE TABLE IF NOT EXISTS layer_status (
  layer STRING NOT NULL OPTIONS (description = 'webhook, git, assets, events, metrics or policies'),
  title STRING NOT NULL OPTIONS (description = 'Name for people'),
  configured BOOL NOT NULL OPTIONS (description = 'Whether it has a source'),
  reason STRING OPTIONS (description = 'Why it is not configured, and how to'),
  source STRING OPTIONS (description = 'Where it reads, without credentials'),
  schedule STRING OPTIONS (description = 'When it runs, in words'),
  freshness_target_seconds INT64 OPTIONS (description = 'Data older than this is stale'),
  next_sync TIMESTAMP OPTIONS (description = 'Next run by the clock; null when none is planned'),
  sidecar_seen TIMESTAMP OPTIONS (description = 'When the sidecar last wrote this row'),
  PRIMARY KEY (layer) NOT ENFORCED
)
OPTIONS (description = 'One row per layer: what is known of it now.');

-- One row per run of a layer.
CREATE TABLE IF NOT EXISTS sync_runs (
  run_id STRING NOT NULL OPTIONS (description = 'Id of the run'),
  layer STRING NOT NULL OPTIONS (description = 'webhook, git, assets, events, metrics or policies'),
  trigger STRING NOT NULL OPTIONS (description = 'schedule, cli, api, page, webhook, sample, or follow: after a run of another layer'),
  status STRING NOT NULL OPTIONS (description = 'success, partial, failed or in_progress'),
  started_at TIMESTAMP NOT NULL OPTIONS (description = 'Start'),
  finished_at TIMESTAMP OPTIONS (description = 'End; null while in progress'),
  sync_duration_seconds FLOAT64 OPTIONS (description = 'Duration in seconds'),
  items_synced INT64 NOT NULL OPTIONS (description = 'Items taken in'),
  items_failed INT64 NOT NULL OPTIONS (description = 'Items that went to dead_letters'),
  error_messages ARRAY<STRING> OPTIONS (description = 'What went wrong, a sentence each'),
  hint STRING OPTIONS (description = 'What to do about it'),
  missed ARRAY<STRING> OPTIONS (description = 'Parts of the scope that could not be seen'),
  attempt INT64 NOT NULL OPTIONS (description = '1 for the first try'),
  source STRING OPTIONS (description = 'What was read, without credentials'),
  details JSON OPTIONS (description = 'Counts particular to the layer'),
  fence INT64 OPTIONS (description = 'Fencing token of the lease it ran under'),
  PRIMARY KEY (run_id) NOT ENFORCED
)
PARTITION BY DATE(started_at)
CLUSTER BY layer, status
OPTIONS (description = 'One row per run of a layer.');

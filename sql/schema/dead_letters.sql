-- What could not be understood, kept with its reason.
CREATE TABLE IF NOT EXISTS dead_letters (
  dead_letter_id STRING NOT NULL OPTIONS (description = 'Deterministic: the same bytes from the same place are one row'),
  received_at TIMESTAMP NOT NULL OPTIONS (description = 'When it was stored'),
  layer STRING NOT NULL OPTIONS (description = 'Layer that refused it'),
  run_id STRING OPTIONS (description = 'Run that refused it'),
  source STRING NOT NULL OPTIONS (description = 'File, subscription or delivery it came from'),
  position STRING OPTIONS (description = 'Line or offset in the source'),
  reason STRING NOT NULL OPTIONS (description = 'Why, and what was expected'),
  size_bytes INT64 NOT NULL OPTIONS (description = 'Size of the whole record'),
  raw BYTES OPTIONS (description = 'The bytes; the first MiB of larger ones'),
  raw_file STRING OPTIONS (description = 'File in the home that holds all bytes, where raw does not'),
  status STRING NOT NULL OPTIONS (description = 'open, replayed or discarded'),
  resolved_by STRING OPTIONS (description = 'Who replayed or discarded it'),
  resolved_at TIMESTAMP OPTIONS (description = 'When'),
  resolution STRING OPTIONS (description = 'Why it was discarded, or the run that replayed it'),
  PRIMARY KEY (dead_letter_id) NOT ENFORCED
)
PARTITION BY DATE(received_at)
CLUSTER BY layer
OPTIONS (description = 'What could not be understood, kept with its reason.');

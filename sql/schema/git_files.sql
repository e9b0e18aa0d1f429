-- Files of the landing zone at the synced commit.
CREATE TABLE IF NOT EXISTS git_files (
  path STRING NOT NULL OPTIONS (description = 'Path in the landing zone'),
  kind STRING NOT NULL OPTIONS (description = 'doc, terraform, policy, config or other'),
  size_bytes INT64 NOT NULL OPTIONS (description = 'Size'),
  blob_sha STRING NOT NULL OPTIONS (description = 'Git object id of the content'),
  title STRING OPTIONS (description = 'First heading of a document'),
  text STRING OPTIONS (description = 'Content, for search; null when not text or too large'),
  commit_sha STRING NOT NULL OPTIONS (description = 'Commit it was synced at'),
  run_id STRING NOT NULL OPTIONS (description = 'Run that wrote it'),
  PRIMARY KEY (path) NOT ENFORCED
)
OPTIONS (description = 'Files of the landing zone at the synced commit.');

-- Files of the landing zone at the synced commit.
CREATE TABLE IF NOT EXISTS git_files (
  path STRING NOT NULL OPTIONS (description = 'Path in the landing zone'),
  kind STRING NOT NULL OPTIONS (description = 'doc, terraform, policy, config or other'),
  size_bytes INT64 OPTIONS (description = 'Size; null when the content was not fetched'),
  blob_sha STRING NOT NULL OPTIONS (description = 'Git object id of the content'),
  title STRING OPTIONS (description = 'First heading of a document'),
  text STRING OPTIONS (description = 'Content, for search; null when not synced, not text or too large'),
  target STRING OPTIONS (description = 'Where it is published, relative to the publish root; null: not mapped'),
  status STRING NOT NULL OPTIONS (description = 'synced, refused or not_mapped'),
  reason STRING OPTIONS (description = 'Why it was refused'),
  commit_sha STRING NOT NULL OPTIONS (description = 'Commit it was synced at'),
  run_id STRING NOT NULL OPTIONS (description = 'Run that wrote it'),
  PRIMARY KEY (path) NOT ENFORCED
)
OPTIONS (description = 'Files of the landing zone at the synced commit.');

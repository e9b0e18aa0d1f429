-- Images of the synced documents, to show them in the pages.
CREATE TABLE IF NOT EXISTS git_images (
  path STRING NOT NULL OPTIONS (description = 'Path in the landing zone'),
  media_type STRING NOT NULL OPTIONS (description = 'Such as image/png, as the content says'),
  size_bytes INT64 NOT NULL OPTIONS (description = 'Size'),
  content BYTES NOT NULL OPTIONS (description = 'The image'),
  commit_sha STRING NOT NULL OPTIONS (description = 'Commit it was synced at'),
  run_id STRING NOT NULL OPTIONS (description = 'Run that wrote it'),
  PRIMARY KEY (path) NOT ENFORCED
)
OPTIONS (description = 'Images of the synced documents.');

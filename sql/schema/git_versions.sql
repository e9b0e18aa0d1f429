-- Mapped files of the landing zone as they were at each commit of the line of first parents.
-- The tree at position n: from_position <= n AND (until_position IS NULL OR until_position > n).
CREATE TABLE IF NOT EXISTS git_versions (
  path STRING NOT NULL OPTIONS (description = 'Path in the landing zone'),
  kind STRING NOT NULL OPTIONS (description = 'doc, terraform, policy, config or other'),
  from_position INT64 NOT NULL OPTIONS (description = 'git_commits.position of the first commit that has this content'),
  until_position INT64 OPTIONS (description = 'Position of the commit that ended it; null: still there'),
  from_commit STRING NOT NULL OPTIONS (description = 'Id of the commit at from_position'),
  blob_sha STRING NOT NULL OPTIONS (description = 'Git object id of the content'),
  size_bytes INT64 OPTIONS (description = 'Size; null when the content was not fetched'),
  text STRING OPTIONS (description = 'Content; null when not text, too large or not fetched'),
  run_id STRING NOT NULL OPTIONS (description = 'Run that wrote it'),
  PRIMARY KEY (path, from_position) NOT ENFORCED
)
OPTIONS (description = 'Mapped files of the landing zone as they were at each commit.');

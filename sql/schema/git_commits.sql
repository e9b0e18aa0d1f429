-- Commits of the landing zone.
CREATE TABLE IF NOT EXISTS git_commits (
  commit_sha STRING NOT NULL OPTIONS (description = 'Full id'),
  position INT64 OPTIONS (description = 'Place in the line of first parents, 0 = oldest listed; null: off that line'),
  parents ARRAY<STRING> OPTIONS (description = 'Ids of its parents, the first one first'),
  committed_at TIMESTAMP NOT NULL OPTIONS (description = 'Committer time'),
  author STRING OPTIONS (description = 'Name of the author'),
  author_email STRING OPTIONS (description = 'Address of the author'),
  message STRING OPTIONS (description = 'Whole message'),
  branch STRING OPTIONS (description = 'Branch it was seen on'),
  files_changed ARRAY<STRING> OPTIONS (description = 'Paths it touches'),
  run_id STRING NOT NULL OPTIONS (description = 'Run that wrote it'),
  PRIMARY KEY (commit_sha) NOT ENFORCED
)
OPTIONS (description = 'Commits of the landing zone.');

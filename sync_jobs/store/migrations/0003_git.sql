-- What the git layer keeps beside files and commits: where a file is published or why not, and the order of commits.
-- A size may be unknown now, so the table is made anew; the next run of the layer fills the new columns. The text stands
-- last: a scan of the other columns then passes over it.
CREATE TABLE git_files_new (
  "path" TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  "size_bytes" INTEGER,
  "blob_sha" TEXT NOT NULL,
  "title" TEXT,
  "target" TEXT,
  "status" TEXT NOT NULL,
  "reason" TEXT,
  "commit_sha" TEXT NOT NULL,
  "run_id" TEXT NOT NULL,
  _rev INTEGER NOT NULL,
  "text" TEXT,
  PRIMARY KEY (path)
) STRICT;
INSERT INTO git_files_new
SELECT "path", "kind", "size_bytes", "blob_sha", "title", NULL, 'not_mapped', NULL, "commit_sha", "run_id", _rev, "text"
FROM git_files;
DROP TABLE git_files;
ALTER TABLE git_files_new RENAME TO git_files;
CREATE INDEX git_files_rev ON git_files (_rev);
ALTER TABLE git_commits ADD COLUMN "position" INTEGER;
ALTER TABLE git_commits ADD COLUMN "parents" TEXT;

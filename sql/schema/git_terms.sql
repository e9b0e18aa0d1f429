-- Words of the synced documents with their weight, for ranked search: sum the weights of the words asked for.
CREATE TABLE IF NOT EXISTS git_terms (
  term STRING NOT NULL OPTIONS (description = 'Word in lower case, as app/search_terms.py splits text'),
  path STRING NOT NULL OPTIONS (description = 'Path in the landing zone'),
  weight FLOAT64 NOT NULL OPTIONS (description = 'BM25 of the word in the document; title and headings count more'),
  run_id STRING NOT NULL OPTIONS (description = 'Run that wrote it'),
  PRIMARY KEY (term, path) NOT ENFORCED
)
OPTIONS (description = 'Words of the synced documents with their weight, for ranked search.');

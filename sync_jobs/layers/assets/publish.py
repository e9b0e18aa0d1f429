"""Keeps the number of files of asset_changes small: many runs, each with a few changes, become one file."""

from __future__ import annotations

from sync_jobs.layers.assets.literals import literal, parquet
from sync_jobs.layers.assets.snapshot import PARQUET, Work
from sync_jobs.store.cache import Cache

MOST_FILES = 48
SMALL_BYTES = 64 * 1024 * 1024


def compacted(work: Work, cache: Cache, files: list[str]) -> list[str]:
    """The same rows in fewer files, once there are more than MOST_FILES."""
    if len(files) <= MOST_FILES:
        return files
    small = [file for file in files if (cache.folder / file).stat().st_size < SMALL_BYTES]
    target = work.folder / "compacted.parquet"
    relation = parquet([str(cache.folder / file) for file in small])
    work.connection.execute(
        f"COPY (SELECT * FROM {relation} ORDER BY date, project_id, asset_type) TO {literal(target)} ({PARQUET})"
    )
    merged = cache.adopt(target, f"asset_changes/compacted-{work.run_id}.parquet")
    return [*(file for file in files if file not in small), merged]

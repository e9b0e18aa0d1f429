"""The local cache of one home: state.sqlite, and immutable Parquet files behind one manifest.

Files are written aside, moved into place and then published by renaming the manifest, inside a transaction of
state.sqlite that checks the lease: a run that lost its lease cannot publish. A file that left the manifest stays on
the disk for `GRACE_SECONDS`, longer than any query may run.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import duckdb
import structlog

from app import manifest as manifests
from app.errors import PortalError
from app.manifest import CACHE_FOLDER, PARQUET_TABLES, SPANS, Manifest
from sync_jobs.store.state import Lease, State

GRACE_SECONDS = 600.0
SAMPLE_FOLDER = "sample"
SOURCE_KIND = "source_kind"
# Not webhook_deliveries: the sample has none, and one that waits must not get lost with it.
DATA_TABLES = (
    "events", "dead_letters", "git_commits", "git_files", "declared_resources", "drift_daily", "policies", "waivers",
    "daily_metrics", "daily_costs", "forecasts", "anomalies", "alerts", "alert_history", "alert_messages",
    "alert_rules", "sync_runs",
)  # fmt: skip


class Cache:
    """The cache under `home`. Opening it creates and migrates what is missing; it holds no lock."""

    def __init__(self, home: Path) -> None:
        self.home = Path(home).absolute()
        self.folder = self.home / CACHE_FOLDER
        self.state = State(self.home)
        self.folder.mkdir(parents=True, exist_ok=True)

    # -- what the home holds ---------------------------------------------------------------------------

    def has_source(self) -> str:
        """`none`, `sample` or `real`: where the data of this home comes from."""
        return self.state.info(SOURCE_KIND) or "none"

    def mark_source(self, kind: str) -> None:
        """Record it. Sample and real data never mix: going from sample to real removes the sample first."""
        current = self.has_source()
        if current == "real" and kind == "sample":
            raise PortalError(
                "The sample was asked for in a home that has real data.", "Give it another PORTAL_HOME."
            )
        if current == "sample" and kind == "real":
            self.remove_sample()
        self.state.set_info(SOURCE_KIND, kind)

    def remove_sample(self) -> None:
        """Remove every trace of the sample: rows, files and its sources. Nothing happens without one."""
        if self.has_source() != "sample":
            return
        with self.state.transaction(durable=True):
            for table in DATA_TABLES:
                # The run under way is the one that brings the real data: its own row stays.
                keep = "status <> 'in_progress'" if table == "sync_runs" else "1 = 1"
                self.state.delete(table, keep)
            self._write(self._next(self.manifest(), {}, {}))
            self.state.set_info(SOURCE_KIND, "none")
        for name in (SAMPLE_FOLDER, "git"):
            shutil.rmtree(self.home / name, ignore_errors=True)

    # -- Parquet files ---------------------------------------------------------------------------------

    def manifest(self) -> Manifest:
        """What is published now."""
        noted = self.state.info(manifests.GENERATION)
        return manifests.committed(self.home, int(noted) if noted else None)

    def paths(self, table: str) -> list[str]:
        """The published files of a Parquet table, absolute."""
        return [str(self.folder / file) for file in self.manifest().files(table)]

    def publish(self, lease: Lease, files: Mapping[str, list[str]], info: Mapping[str, str]) -> Manifest:
        """Make `files` (table -> all its files, relative to the cache folder) and `info` current, at once.

        Tables not named keep theirs. Raises LeaseLost, and publishes nothing, when the lease is not ours any more.
        """
        with self.state.transaction(durable=True):
            self.state.check(lease)
            old = self.manifest()
            new = self._next(old, {**old.tables, **files}, {**old.info, **info})
            new = self._write(new)
        return new

    def _write(self, new: Manifest) -> Manifest:
        """Rename the manifest; it counts once the transaction under way is committed."""
        latest = manifests.read(self.home).generation  # may be of a writer that died before its commit
        new = replace(new, generation=max(new.generation, latest + 1))
        manifests.write(self.home, new)
        self.state.set_info(manifests.GENERATION, str(new.generation))
        return new

    def workspace(self, layer: str) -> Path:
        """An empty folder for a run of `layer`; what an earlier run left in it is gone. Call it under the lease."""
        folder = self.home / "tmp" / layer
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def clear_workspace(self, layer: str) -> None:
        """Remove what a run left in its folder."""
        shutil.rmtree(self.home / "tmp" / layer, ignore_errors=True)

    def adopt(self, file: Path, relative: str) -> str:
        """Move a finished file into the cache folder; nobody reads it before it is published."""
        target = self.folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
        return relative

    def sweep(self) -> int:
        """Remove files no reader can still hold. Call it under the lease of the layer that writes them."""
        manifest = self.manifest()
        current = {file for files in manifest.tables.values() for file in files}
        now, removed = time.time(), 0
        for table in (*PARQUET_TABLES, SPANS):
            for path in (self.folder / table).rglob("*.parquet"):
                relative = path.relative_to(self.folder).as_posix()
                since = manifest.retired.get(relative, path.stat().st_mtime)
                if relative not in current and now - since > GRACE_SECONDS:
                    path.unlink()
                    removed += 1
        for path in self.folder.glob("manifest.*.tmp"):  # of a writer that was killed before the rename
            if now - path.stat().st_mtime > GRACE_SECONDS:
                path.unlink(missing_ok=True)
                removed += 1
        if removed:
            structlog.get_logger().info("swept", files=removed)
        return removed

    def duckdb(self, memory_limit: str, threads: int | None, workspace: Path) -> duckdb.DuckDBPyConnection:
        """A connection for bulk work. Spills into the run's folder."""
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory_limit,
            "temp_directory": str(workspace / "spill"),
            "preserve_insertion_order": False,
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
        }
        if threads:
            config["threads"] = threads
        connection = duckdb.connect(config=config)
        connection.execute("SET GLOBAL TimeZone = 'UTC'")  # of its cursors too
        # Joins here are written small table last; turned round, a join holds all content in memory (3 F more).
        connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        return connection

    def _next(self, old: Manifest, tables: dict[str, list[str]], info: dict[str, str]) -> Manifest:
        kept = {file for files in tables.values() for file in files}
        now = time.time()
        gone = {file: now for files in old.tables.values() for file in files if file not in kept}
        recent = {file: at for file, at in old.retired.items() if now - at < 2 * GRACE_SECONDS}
        return replace(
            old, generation=old.generation + 1, tables=tables, info=info, retired={**recent, **gone}
        )

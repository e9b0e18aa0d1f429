"""BigQuery follows the git layer: the same rows in every table of it, also after deletions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app import sql_files
from app.engines.bigquery import BigQueryEngine
from app.engines.local import LocalEngine
from sync_jobs import runner
from sync_jobs.setup.bigquery import setup
from tests.fixtures.bqemulator import Emulator
from tests.fixtures.repositories import Repository

TABLES = ("git_files", "git_commits", "git_versions", "git_images", "git_terms", "declared_resources")
ORDER = {"git_commits": "commit_sha", "git_terms": "term, path", "declared_resources": "address"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(64))


def test_every_table_is_the_same_there(bq_emulator: Emulator, bq_dataset: str, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "lz")
    bucket = 'resource "google_storage_bucket" "a" {\n  name     = "a"\n  location = "EU"\n}\n'
    repository.commit(
        "Begin",
        **{
            "docs__a.md": "# Größe\n\nWords.\n",
            "docs__logo.png": PNG,
            "terraform__main.tf": bucket,
            "app__x": "x",
        },
    )
    more = {"git_url": repository.url, "git_publish_root": tmp_path / "published", "engine": "bigquery"}
    settings = bq_emulator.settings(tmp_path / "home", bq_dataset, bigquery_timeout_seconds=20).model_copy(
        update=more
    )
    setup(settings, dry_run=False)
    assert runner.run("git", "cli", settings=settings)["status"] == "success"
    assert differing(settings) == []
    repository.commit("Change", **{"docs__a.md": "# Smaller\n", "docs__logo.png": None})
    assert runner.run("git", "cli", settings=settings)["status"] == "success"
    assert differing(settings) == []


def differing(settings: Any) -> list[str]:
    """The tables whose rows differ, or of which there are none at all."""
    local, remote = LocalEngine(settings), BigQueryEngine(settings)
    found = []
    for table in TABLES:
        columns = "path, until_position, from_position, text, size_bytes" if table == "git_versions" else "*"
        file = sql_files.adhoc(f"SELECT {columns} FROM {table} ORDER BY {ORDER.get(table, 'path')}", {})
        here, there = (engine.query(file, {}).to_pylist() for engine in (local, remote))
        if sorted(map(str, map(plain, here))) != sorted(map(str, map(plain, there))):
            found.append(f"{table}: {here} / {there}")
    local.close()
    remote.close()
    return found


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """JSON as its value, whatever its spelling."""
    import json

    return {
        name: json.loads(value) if name == "attributes" and isinstance(value, str) else value
        for name, value in row.items()
    }

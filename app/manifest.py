"""The one pointer to the current Parquet files of the cache: `HOME/cache/manifest.json`.

It is written aside and renamed, so a reader has the old one or the new one. `generation` only ever grows.

What state.sqlite publishes together with files becomes visible by the same step: the transaction that renames the manifest
also notes its generation (GENERATION in portal_info). Until it is committed, readers stay with the manifest before.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from app.errors import PortalError

CACHE_FOLDER = "cache"
MANIFEST_FILE = "manifest.json"
PREVIOUS_FILE = "manifest.previous.json"
GENERATION = "manifest_generation"
PARQUET_TABLES = (
    "assets", "asset_changes", "asset_snapshots", "resources_daily", "git_images", "git_terms", "git_versions",
    "drift", "iam_bindings", "org_policies", "violations", "compliance_daily",
)  # fmt: skip
# Past days in a denser form: spans of days per asset, in files named FIRST_LAST_RUN. Unfolded into asset_snapshots.
SPANS = "asset_spans"


@dataclass(frozen=True)
class Manifest:
    """`tables`: table name -> files relative to HOME/cache. `info`: facts about them, as text.

    `retired`: file -> when it left (Unix seconds); readers may hold it for a while.
    """

    generation: int = 0
    tables: dict[str, list[str]] = field(default_factory=dict)
    info: dict[str, str] = field(default_factory=dict)
    retired: dict[str, float] = field(default_factory=dict)

    def files(self, table: str) -> list[str]:
        """The files of a table, relative to HOME/cache."""
        return self.tables.get(table, [])


def path_in(home: Path) -> Path:
    """Where the manifest of a home is."""
    return home / CACHE_FOLDER / MANIFEST_FILE


def read(home: Path) -> Manifest:
    """The current manifest; an empty one where nothing was published. Raises PortalError when it is damaged."""
    return _read(path_in(home))


def committed(home: Path, generation: int | None) -> Manifest:
    """The manifest that goes with a state.sqlite in which `generation` is noted (None: in none yet).

    It is the one before while a writer is between its rename and its commit, or died there.
    """
    current = read(home)
    if generation is None or current.generation <= generation:
        return current
    before = _read(path_in(home).with_name(PREVIOUS_FILE))
    return before if before.generation == generation else current


def _read(path: Path) -> Manifest:
    try:
        content = orjson.loads(path.read_bytes())
        return Manifest(
            int(content["generation"]),
            dict(content["tables"]),
            dict(content["info"]),
            dict(content["retired"]),
        )
    except FileNotFoundError:
        return Manifest()
    except (ValueError, KeyError, TypeError) as error:
        raise PortalError(
            f"{path} is damaged: {error}.",
            "Move it aside and run the assets layer again, or restore the home from a backup.",
        ) from error


def write(home: Path, manifest: Manifest) -> None:
    """Publish: after the rename every new reader sees these files. Waits for the disk first."""
    path = path_in(home)
    aside = path.with_suffix(f".{os.getpid()}.tmp")
    with aside.open("wb") as file:
        file.write(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())
    _keep(path)
    aside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the rename itself
    finally:
        os.close(folder)


def _keep(path: Path) -> None:
    """The manifest that is about to be replaced stays beside it."""
    if path.exists():
        aside = path.with_suffix(f".{os.getpid()}.previous.tmp")
        aside.unlink(missing_ok=True)
        shutil.copyfile(path, aside)
        aside.replace(path.with_name(PREVIOUS_FILE))

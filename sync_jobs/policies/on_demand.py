"""Rules on demand: over the cache, or straight over export files, without a home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from app import manifest as manifests
from app.errors import PortalError
from app.manifest import CACHE_FOLDER
from app.settings import Settings
from sync_jobs.layers.assets import snapshot
from sync_jobs.layers.assets.files import Prepared, clean, make_room, prepare
from sync_jobs.layers.assets.literals import assets
from sync_jobs.layers.assets.normalise import reader
from sync_jobs.layers.assets.survey import fill_project_ids, looked, survey
from sync_jobs.policies import config, engine, rules
from sync_jobs.policies.rules import Broken, Rule

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class Chosen:
    """The rules to run, and those that cannot."""

    rules: list[Rule]
    broken: list[Broken]


@dataclass
class Asked:
    """The rows; how many failed by severity; rules that went wrong; what could not be read of the files."""

    rows: pa.Table
    failed: dict[str, int]
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def choose(settings: Settings, rule_id: str | None, params: Mapping[str, Any]) -> Chosen:
    """All enabled rules, or the one that is named, with these parameters. Raises SqlFileError, SettingsError."""
    known = rules.load(settings, config.load())
    if rule_id is None:
        return Chosen(known.enabled(), list(known.broken))
    named = [replace(one, values={**one.values, **params}) for one in known.of(rule_id)]
    for one in named:
        one.file.bind(one.values)
    return Chosen(named, [])


def ask(settings: Settings, chosen: Sequence[Rule], files: Sequence[str], folder: Path) -> Asked:
    """The rows of these rules. Raises PortalError where there is nothing to look at."""
    connection = duckdb.connect(
        config={"memory_limit": settings.import_memory_limit, "temp_directory": str(folder)}
    )
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    if settings.threads:
        connection.execute(f"SET threads = {int(settings.threads)}")
    notes: list[str] = []
    if files:
        paths = _staged(connection, files, folder, notes)
        allowed = [str(folder)]
    else:
        home = Path(settings.home).absolute()
        allowed = [str(home / CACHE_FOLDER), str(folder)]
        paths = [str(home / CACHE_FOLDER / file) for file in manifests.read(home).files("assets")]
        if not paths:
            raise PortalError(
                "There are no assets in the cache.", "Import an export first, or name one: --assets FILE"
            )
    engine.lock(connection, allowed)
    source = assets(paths) if paths else _nothing()
    engine.prepare(connection, source, chosen)
    connection.execute(f"CREATE TABLE answer ({engine.JUDGED})")
    errors: list[str] = []
    for results in engine.judged(connection, chosen):
        errors += [one.error for one in results if one.error]
        connection.execute("INSERT INTO answer FROM judged SEMI JOIN assets ON name = asset_name")
    failed = "SELECT severity, count(*) FROM answer WHERE status = 'fail' GROUP BY severity"
    rows = connection.sql(
        "SELECT policy_id, asset_name, status, reason, CAST(evidence AS VARCHAR) AS evidence FROM answer"
        " ORDER BY policy_id, asset_name"
    ).to_arrow_table()
    asked = Asked(rows, dict(connection.execute(failed).fetchall()), errors, notes)
    connection.close()
    return asked


def _staged(
    connection: duckdb.DuckDBPyConnection, files: Sequence[str], folder: Path, notes: list[str]
) -> list[str]:
    """The files as rows of `assets`, in Parquet below `folder`: the way of an import, without a home."""
    now = datetime.now(UTC)
    prepared = [prepare(path, folder, connection, folder, now) for path in dict.fromkeys(files)]
    work = snapshot.Work(connection, folder, [], "on_demand", now, "import")
    try:
        staged = _stage(work, prepared)
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        for file in prepared:
            if not (file.cleaned or file.empty):
                clean(file, folder, folder, now)
        staged = _stage(work, prepared)
    for file in prepared:
        if file.cut_off:
            notes.append(file.cut_off)
        if file.faults:
            first = file.faults[0]
            notes.append(
                f"{file.given}: {len(file.faults)} records could not be read; the first, {first['position']}: {first['reason']}"
            )
    return [] if staged is None else snapshot.files(staged)


def _stage(work: snapshot.Work, prepared: Sequence[Prepared]) -> Path | None:
    make_room(work.connection, prepared)
    there = [file for file in prepared if not file.empty and Path(file.shape.path).stat().st_size]
    shapes = [file.shape for file in there]
    groups = [
        file.groups if file.groups is not None else looked(work.connection, file.shape) for file in there
    ]
    found = survey([group for groups_of_file in groups for group in groups_of_file])
    if found.changes:
        raise PortalError(
            "The file holds asset changes, not assets.", "Rules need a snapshot: an export of assets."
        )
    if not shapes or not found.assets:
        return None
    fill_project_ids(work.connection, shapes, found, [])
    return snapshot.stage(work, reader(shapes), found, None)


def _nothing() -> str:
    from app.schema import duckdb_type, tables

    columns = ", ".join(f'CAST(NULL AS {duckdb_type(c)}) AS "{c.name}"' for c in tables()["assets"].columns)
    return f"(SELECT {columns} WHERE false)"

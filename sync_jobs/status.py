"""What is known of each layer: keeps `layer_status` up to date and reads the status the pages show."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
import structlog

from app.errors import PortalError
from app.settings import mask_credentials
from sync_jobs import runs
from sync_jobs.layers.base import NotConfigured
from sync_jobs.runner import Runner
from sync_jobs.store.processes import ProcessId
from sync_jobs.store.state import State

SIDECAR_LEASE = "sidecar"
STATUS_QUERY = "pages/sync_status/layers"

log = structlog.get_logger("sync_jobs.status")


def describe(
    runner: Runner, next_sync: Mapping[str, datetime | None], seen: datetime | None
) -> list[runs.Row]:
    """One row of `layer_status` per layer."""
    rows = [_described(runner, name) for name in runner.layers]
    return [{**row, "next_sync": next_sync.get(row["layer"]), "sidecar_seen": seen} for row in rows]


def sidecar_process(state: State) -> int | None:
    """The process id of the sidecar that serves this home, or None when there is none."""
    found = state.rows("SELECT host, pid, pid_started, expires_at FROM leases WHERE name = ?", SIDECAR_LEASE)
    if not found or found[0]["expires_at"] <= time.time() * 1_000_000:
        return None
    row = found[0]
    return (
        None if ProcessId(row["host"], row["pid"], row["pid_started"]).certainly_dead() else int(row["pid"])
    )


def read(runner: Runner) -> dict[str, dict[str, Any]]:
    """The status of every layer, by name, with plain JSON values.

    Runs whose process died are failed first. Without a sidecar the layers are described from here, and
    nothing is planned. Fields: those of `sql/pages/sync_status/layers.sql`.
    """
    state = runner.cache.state
    runs.repair(state)
    if sidecar_process(state) is None:
        refresh_without_sidecar(runner)
    rows = local_rows(STATUS_QUERY)
    return {str(row["layer"]): {key: _plain(key, value) for key, value in row.items()} for row in rows}


def local_rows(key: str) -> list[dict[str, Any]]:
    """The rows of a SQL file over the local cache, whatever engine the pages use: the home is what counts."""
    from app import queries, sql_files

    rows: list[dict[str, Any]] = queries.engine("local").query(sql_files.get(key), {}).to_pylist()
    return rows


def refresh_without_sidecar(runner: Runner) -> None:
    """Describe the layers of a home that no sidecar serves; when one last did is kept."""
    state = runner.cache.state
    known = {row["layer"]: row["sidecar_seen"] for row in state.rows("SELECT * FROM layer_status")}
    rows = describe(runner, {}, None)
    for row in rows:
        row["sidecar_seen"] = known.get(row["layer"])
    state.upsert("layer_status", rows)


def _described(runner: Runner, name: str) -> runs.Row:
    """A layer that cannot even say where it reads must not hide the others: its row says why."""
    row: runs.Row = {"layer": name, "title": name, "schedule": None, "freshness_target_seconds": None}
    try:
        layer = runner.layers[name]
        row["title"] = layer.title
        row["schedule"] = layer.schedule(runner.settings).words
        target = layer.freshness_target(runner.settings)
        row["freshness_target_seconds"] = None if target is None else math.ceil(target)
        source = layer.source(runner.settings, runner.cache)
    except PortalError as error:
        source = NotConfigured(error.message, error.hint)
    except Exception as error:
        log.exception("layer_cannot_be_described", layer=name)
        source = NotConfigured(f"The layer cannot be loaded: {type(error).__name__}.", "See the log.")
    if isinstance(source, NotConfigured):
        reason = f"{source.reason} {source.hint}".strip()
        return {**row, "configured": False, "reason": mask_credentials(reason), "source": None}
    return {**row, "configured": True, "reason": None, "source": mask_credentials(source)}


def _plain(field: str, value: object) -> object:
    if field == "details" and isinstance(value, str):
        return orjson.loads(value)
    if field in ("error_messages", "missed") and value is None:  # it never ran
        return []
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value

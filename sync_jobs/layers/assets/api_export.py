"""Large scopes: the API writes export files to Cloud Storage by itself, and those are imported.

One operation per content type and scope, all at once and at one read time; a failed one is named, as a stream is.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import PortalError, SettingsError
from sync_jobs.layers.assets.api_client import Refusal, refusal
from sync_jobs.layers.assets.api_pace import Pace, Patience, pause
from sync_jobs.layers.assets.files import Prepared, prepare
from sync_jobs.layers.assets.scopes import Stream
from sync_jobs.layers.base import RunContext

CALL_SECONDS = 60.0
LONGEST_POLL_SECONDS = 20.0
MOST_POLL_FAILURES = 5


@dataclass
class Exported:
    """What became of one operation: the objects it wrote, or why it did not."""

    stream: Stream
    objects: list[str] = field(default_factory=list)
    refusal: Refusal | None = None


def export(
    ctx: RunContext, client: Any, wanted: Sequence[Stream], folder: Path, connection: Any
) -> tuple[list[Prepared], list[tuple[Stream, Refusal]], dict[str, Any]]:
    """Export all streams and fetch what was written: files for the import path, refusals, details."""
    patience = ctx.options.get("patience") or Patience(budget=float(ctx.settings.asset_retry_seconds))
    pace = Pace(ctx.settings.asset_requests_per_minute, ctx.cancelled)
    with ThreadPoolExecutor(ctx.settings.asset_parallel, "asset-exports") as pool:
        done = list(pool.map(lambda stream: _exported(ctx, client, stream, pace, patience), wanted))
    files: list[Prepared] = []
    refusals = [(one.stream, one.refusal) for one in done if one.refusal is not None]
    for one in done:
        if one.refusal is None:
            fetched, refused = _fetched(ctx, one, folder, connection)
            files.extend(fetched)
            refusals.extend([(one.stream, refused)] if refused else [])
    objects = sum(len(one.objects) for one in done)
    return files, refusals, {"exported_to": ctx.settings.asset_export_bucket, "objects": objects}


def _exported(ctx: RunContext, client: Any, stream: Stream, pace: Pace, patience: Patience) -> Exported:
    """Start one operation and wait for its end, within the time limit of the run."""
    from google.cloud.asset_v1 import ExportAssetsRequest

    target = f"{(ctx.settings.asset_export_bucket or '').rstrip('/')}/{ctx.run_id}/{stream.slug}.json"
    request = ExportAssetsRequest(
        parent=stream.scope,
        read_time=ctx.read_time,
        asset_types=list(ctx.settings.asset_types),
        content_type=stream.content,
        output_config={"gcs_destination": {"uri": target}},
    )
    found, waited, attempt = Exported(stream), 0.0, 0
    while True:
        pace.take()
        try:
            operation = client.export_assets(request=request, retry=None, timeout=CALL_SECONDS)
            found.objects = _objects(_finished(pace, operation), target)
            return found
        except PortalError:
            raise
        except Exception as error:  # noqa: BLE001  what is no answer of the API is raised again by refusal()
            refused = refusal(error, stream.words)
        seconds = pause(patience, attempt, refused.wait)
        if not refused.transient or waited + seconds > patience.budget:
            found.refusal = refused
            return found
        waited, attempt = waited + seconds, attempt + 1
        pace.sleep(seconds)


def _finished(pace: Pace, operation: Any) -> Any:
    """The response of an operation. Raises its error, and Cancelled when the run is stopped meanwhile."""
    from google.api_core.exceptions import GoogleAPICallError

    started, failures = time.monotonic(), 0
    while True:
        try:
            if operation.done(retry=None):
                return operation.result(timeout=CALL_SECONDS)
            failures = 0
        except GoogleAPICallError as error:
            failures += 1  # asking how far it is failed, which says nothing about the operation itself
            ended = operation.operation.done
            if ended or failures > MOST_POLL_FAILURES or not refusal(error, "").transient:
                raise
        pace.sleep(min(LONGEST_POLL_SECONDS, 0.2 + (time.monotonic() - started) / 10))


def _objects(response: Any, target: str) -> list[str]:
    return list(response.output_result.gcs_result.uris) or [target]


def _fetched(
    ctx: RunContext, one: Exported, folder: Path, connection: Any
) -> tuple[list[Prepared], Refusal | None]:
    """The objects of an operation as files. A scope without a policy has an empty one: that is an answer."""
    files: list[Prepared] = []
    try:
        for address in one.objects:
            ctx.check()
            files.append(prepare(address, folder, connection, ctx.cache.home, ctx.read_time))
    except SettingsError:
        raise
    except PortalError as error:
        return [], Refusal("NOT_FOUND", f"{one.stream.words}: {error.message}", error.hint)
    damaged = [file for file in files if file.faults or file.cut_off]
    if damaged:
        text = f"{one.stream.words}: {damaged[0].given} is damaged."
        return files, Refusal("DATA_LOSS", text, "The next run exports it again.")
    kept = [file for file in files if not file.empty]
    if not kept and one.stream.content == "RESOURCE" and not ctx.settings.asset_types:
        text = f"{one.stream.words}: the export holds no asset at all."
        return [], Refusal("NOT_FOUND", text, "Check the scope and its permissions.")
    return kept, None

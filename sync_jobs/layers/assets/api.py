"""The API sync: all streams in parallel, at one read time, as files that the import path takes.

What a stream cannot see is named and keeps its last known state; only when nothing at all could be seen does the run fail.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import Retryable
from sync_jobs.layers.assets import api_export
from sync_jobs.layers.assets.api_client import Refusal, connect
from sync_jobs.layers.assets.api_pace import Pace, Patience
from sync_jobs.layers.assets.api_pages import Read, Terms, read
from sync_jobs.layers.assets.files import OBJECT_BYTES, Prepared, dead_letter
from sync_jobs.layers.assets.normalise import FileShape
from sync_jobs.layers.assets.records import Fault
from sync_jobs.layers.assets.scopes import COLUMNS, Coverage, Stream, parse, streams
from sync_jobs.layers.base import RunContext, Unknown

STOP_SECONDS = 0.25  # how soon a run that is told to stop notices
LINE_ROOM = 1024 * 1024  # DuckDB wants some more than the largest line


@dataclass
class Found:
    """What the API brought: files for the import path, what they cover, and one refusal per stream that is not whole."""

    files: list[Prepared]
    coverage: Coverage
    refusals: list[tuple[Stream, Refusal]] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def missed(self) -> list[str]:
        return [stream.words for stream, _ in self.refusals]


class TooMany(Exception):
    """There are more assets than are paged: they are exported instead."""


def fetch(ctx: RunContext, folder: Path, known: int, connection: Any) -> Found | Unknown:
    """Read all scopes of the settings. `known` is how many assets are known from before.

    Raises Retryable when nothing could be seen and trying again may help; Unknown says why trying again does not.
    """
    settings, wanted = ctx.settings, streams(ctx.settings)
    exports = settings.asset_export_bucket is not None
    client = connect(settings)
    try:
        if exports and known > settings.asset_export_above:
            return _answered(ctx, api_export.export(ctx, client, wanted, folder, connection))
        try:
            most = settings.asset_export_above if exports else None
            return _answered(ctx, _paged(ctx, client, wanted, folder, most))
        except TooMany:
            ctx.log.info("assets_exported_instead", above=settings.asset_export_above)
            return _answered(ctx, api_export.export(ctx, client, wanted, folder, connection))
    finally:
        client.transport.close()


def _paged(
    ctx: RunContext, client: Any, wanted: Sequence[Stream], folder: Path, most: int | None
) -> tuple[list[Prepared], list[tuple[Stream, Refusal]], dict[str, Any]]:
    settings, failed = ctx.settings, threading.Event()
    terms = Terms(
        client,
        ctx.read_time,
        tuple(settings.asset_types),
        settings.asset_page_size,
        Pace(settings.asset_requests_per_minute, ctx.cancelled),
        ctx.options.get("patience") or Patience(budget=float(settings.asset_retry_seconds)),
        _Tally(ctx, most).add,
        failed,
    )
    with ThreadPoolExecutor(settings.asset_parallel, "asset-streams") as pool:
        running = [
            pool.submit(read, stream, terms, folder / f"api-{number}-{stream.slug[:80]}.ndjson")
            for number, stream in enumerate(wanted)
        ]
        reads = _gathered(ctx, client, running, failed)
    return _prepared(ctx, reads), _refusals(settings.asset_types, reads), _details(reads)


def _gathered(
    ctx: RunContext, client: Any, running: Sequence[Future[Read]], failed: threading.Event
) -> list[Read]:
    """All streams, or the first error of one. A run that is told to stop does not wait for calls under way."""
    pending = set(running)
    try:
        while pending:
            done, pending = wait(pending, timeout=STOP_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
            ctx.check()
    except BaseException as error:
        failed.set()
        for future in pending:
            future.cancel()
        if not isinstance(error, TooMany):  # the export needs the channel
            client.transport.close()
        raise
    return [future.result() for future in running]


class _Tally:
    """How many assets the streams have brought. Tells the progress, and ends the paging of too many.

    The same asset comes once per content type: the one with the most counts.
    """

    def __init__(self, ctx: RunContext, most: int | None) -> None:
        self._ctx, self._most, self._lock = ctx, most, threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, stream: Stream, assets: int) -> None:
        self._ctx.check()
        with self._lock:
            self._counts[stream.content] += assets
            most, total = max(self._counts.values()), self._counts.total()
        if self._most is not None and most > self._most:
            raise TooMany
        self._ctx.progress(total, None, "records")


def _prepared(ctx: RunContext, reads: Sequence[Read]) -> list[Prepared]:
    files = []
    for one in reads:
        shape = FileShape(str(one.path), "newline_delimited", max(OBJECT_BYTES, one.largest + LINE_ROOM))
        faults = [
            dead_letter(Fault(position, raw, reason), number, one.stream.words, ctx.cache.home, ctx.read_time)
            for number, (position, raw, reason) in enumerate(one.faults)
        ]
        groups = [
            (list(ancestors) or None, project, False, count)
            for (ancestors, project), count in one.groups.items()
        ]
        if one.assets or faults:
            files.append(Prepared(one.stream.words, shape, faults, groups=groups))
    return files


def _refusals(types: Sequence[str], reads: Sequence[Read]) -> list[tuple[Stream, Refusal]]:
    found = [(one.stream, one.refusal) for one in reads if one.refusal is not None]
    for one in reads:
        if one.refusal is None and one.faults:
            text = f"{one.stream.words}: {len(one.faults)} assets could not be read."
            found.append((one.stream, Refusal("DATA_LOSS", text, "They are kept in dead_letters.")))
        elif one.refusal is None and not one.assets and one.stream.content == "RESOURCE" and not types:
            # A scope lists itself at least: an empty answer is a fault, not a scope without assets.
            text = f"{one.stream.words}: the API answered with no asset at all."
            found.append((one.stream, Refusal("NOT_FOUND", text, "Check the scope and its permissions.")))
    return found


def _details(reads: Sequence[Read]) -> dict[str, Any]:
    return {
        "calls": sum(one.calls for one in reads),
        "waited_seconds": round(sum(one.waited for one in reads), 3),
        "streams": {one.stream.words: one.assets for one in reads},
        "restarts": {one.stream.words: one.restarts for one in reads if one.restarts},
    }


def _answered(
    ctx: RunContext, found: tuple[list[Prepared], list[tuple[Stream, Refusal]], dict[str, Any]]
) -> Found | Unknown:
    files, refusals, details = found
    wanted = streams(ctx.settings)
    refused = {stream for stream, _ in refusals}
    if refusals and not files:
        return _nothing(refusals)
    seen: dict[str, frozenset[str]] = {}
    for content, column in COLUMNS.items():
        whole = [one.scope for one in wanted if one.content == content and one not in refused]
        seen[column] = frozenset(whole)
    coverage = Coverage(seen, parse(ctx.settings.gcp_scope or ""), tuple(ctx.settings.asset_types))
    return Found(files, coverage, refusals, details)


def _nothing(refusals: Sequence[tuple[Stream, Refusal]]) -> Unknown:
    """Nothing was seen. Raises Retryable when all of it may pass."""
    reasons = list(dict.fromkeys(refusal.message for _, refusal in refusals))
    text = f"Nothing could be read from Cloud Asset Inventory. {' '.join(reasons[:5])}"
    hint = refusals[0][1].hint
    if all(refusal.transient for _, refusal in refusals):
        raise Retryable(text, hint)
    return Unknown(text, hint)

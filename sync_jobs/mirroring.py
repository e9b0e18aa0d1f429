"""When BigQuery is brought up to date: after each run, and by the sidecar's clock. It never fails what is local."""

from __future__ import annotations

import threading
import time

import structlog

from app.errors import Busy, PortalError
from app.settings import Settings, mask_credentials
from sync_jobs.runs import Row
from sync_jobs.store.cache import Cache

EVERY_SECONDS = 60.0
WAIT_SECONDS = 600.0  # for a pass of another layer's run
LONGEST_PAUSE_SECONDS = 900.0

log = structlog.get_logger("sync_jobs.mirroring")


def after_run(settings: Settings, cache: Cache, row: Row, cancelled: threading.Event) -> Row:
    """Bring BigQuery up to date with what a finished run has published. Returns the row as it then stands.

    A run that BigQuery did not follow is partial and says why; what it published in the cache stands.
    """
    if settings.engine != "bigquery":
        return row
    error = _follow(settings, cache, cancelled, WAIT_SECONDS)
    if error is None:
        return row
    told = f"BigQuery was not brought up to date: {mask_credentials(error.message)}"
    hint = f"{error.hint} The local cache has everything; the next run brings BigQuery up to date.".strip()
    row = {
        **row,
        "status": "partial" if row["status"] == "success" else row["status"],
        "error_messages": [*row["error_messages"], told],
        "hint": row["hint"] or hint,
    }
    cache.state.upsert("sync_runs", [row])
    return row


class Follower:
    """Brings BigQuery up to date between runs: rows of streams, of runs themselves, and after an outage."""

    def __init__(self, settings: Settings, cache: Cache, cancelled: threading.Event) -> None:
        self._settings = settings
        self._cache = cache
        self._cancelled = cancelled
        self._pause = EVERY_SECONDS
        self._not_before = 0.0

    def tick(self) -> None:
        """One pass, unless another is under way. After failures the pauses grow."""
        if self._settings.engine != "bigquery" or time.monotonic() < self._not_before:
            return
        error = _follow(self._settings, self._cache, self._cancelled, 0.0)
        if error is None or isinstance(error, Busy):
            self._pause = EVERY_SECONDS
            return
        self._not_before = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)


def _follow(
    settings: Settings, cache: Cache, cancelled: threading.Event, wait_seconds: float
) -> PortalError | None:
    """None when BigQuery has everything, else why not."""
    from sync_jobs.store.mirror import Mirror

    began = time.monotonic()
    try:
        sent = Mirror(settings, cache, cancelled).catch_up(wait_seconds)
    except Busy as busy:
        return busy
    except PortalError as error:
        log.warning("bigquery_behind", error=str(error))
        return error
    except Exception as error:
        log.exception("bigquery_behind")
        return PortalError(
            f"unexpectedly, {type(error).__name__}.",
            "This is a fault of the portal, not of the data; the log holds the traceback.",
        )
    if sent:
        log.info("bigquery_follows", rows=sent, seconds=round(time.monotonic() - began, 3))
    return None

"""One run of one layer: its thread, the watch over it, and what ends up in its row of `sync_runs`."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog
import tenacity

from app.errors import LeaseLost, PortalError, Retryable
from app.settings import Settings, mask_credentials
from sync_jobs import runs
from sync_jobs.layers.base import Cancelled, Layer, Outcome, Progress, RunContext, Unknown
from sync_jobs.runs import Row
from sync_jobs.store.cache import Cache

BACKOFF_SECONDS = (5.0, 30.0, 300.0)
STOP_GRACE_SECONDS = 6.0  # of the 10 s that a process gets after SIGTERM; the rest is for a slow disk
RENEW_SECONDS = runs.LEASE_TTL_SECONDS / 3
WATCH_SECONDS = 0.25
PROGRESS_SECONDS = 1.0

log = structlog.get_logger("sync_jobs.run")


@dataclass(frozen=True)
class Terms:
    """Under which a process runs layers: pauses before each retry, and the grace of a run told to stop."""

    settings: Settings
    cache: Cache
    backoff: tuple[float, ...] = BACKOFF_SECONDS
    grace: float = STOP_GRACE_SECONDS


@dataclass(frozen=True)
class Request:
    """Who asked for a run, and how. `source` is what the layer would read, None when `options` bring it."""

    trigger: str
    source: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    progress: Progress | None = None


class Run:
    """One run under way. `wait()` watches over it until its row is final."""

    def __init__(self, terms: Terms, layer: Layer, request: Request) -> None:
        self.layer = layer
        self.stream = layer.schedule(terms.settings).stream
        self.abandoned = False
        self._terms = terms
        self._request = request
        self._state = terms.cache.state
        self._opened = runs.open_run(
            self._state, layer.name, request.trigger, request.source, stream=self.stream
        )
        self.row = self._opened.row
        self.run_id = str(self.row["run_id"])
        self._began = time.monotonic()
        self._stop_reason: PortalError | None = None
        self._stop_at = 0.0
        self._cancelled = threading.Event()
        self._done = threading.Event()
        self._result: Outcome | Unknown | BaseException | None = None
        self._progress: tuple[int, int | None, str] | None = None
        self._changed = False
        self._log = log.bind(layer=layer.name, run_id=self.run_id, trigger=request.trigger)

    def begin(self) -> None:
        """Start the layer's code in its thread."""
        threading.Thread(target=self._body, name=f"run-{self.run_id}", daemon=True).start()

    def cancel(self, reason: str | PortalError) -> None:
        """Ask the run to end. It gets the grace of its terms, then its row is closed without it."""
        if self._stop_reason is None:
            self._stop_reason = reason if isinstance(reason, PortalError) else _interrupted(reason)
            self._stop_at = time.monotonic()
            self._cancelled.set()

    def wait(self) -> Row:
        """Watch until the run has ended. Returns its final row of `sync_runs`, which is written by then."""
        self._watch()
        if not self._done.is_set():
            self.abandoned = True
            self._log.error("run_abandoned", waited_seconds=self._terms.grace)
        self._conclude()
        ended, self.row = self.row, self._close()
        self._tell_end(ended, folded=self.row["run_id"] != ended["run_id"])
        return self.row

    @property
    def changed_something(self) -> bool:
        """Whether layers that follow this one have something to do."""
        return isinstance(self._result, Outcome) and self._result.changed

    # -- the layer's thread ----------------------------------------------------------------------------

    def _body(self) -> None:
        try:
            self._result = self._with_retries()
        except BaseException as error:  # noqa: BLE001  whatever ends the thread ends up in the row
            if not isinstance(error, PortalError):
                self._log.exception("run_crashed")
            self._result = error
        finally:
            self._state.close()
            self._done.set()

    def _with_retries(self) -> Outcome | Unknown:
        backoff = () if self.stream else self._terms.backoff
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(len(backoff) + 1)
            | tenacity.stop_when_event_set(self._cancelled),
            wait=tenacity.wait_chain(*(tenacity.wait_fixed(pause) for pause in backoff or (0,))),
            retry=tenacity.retry_if_exception_type(Retryable),
            sleep=tenacity.nap.sleep_using_event(self._cancelled),
            before_sleep=self._note_retry,
            reraise=True,
        )
        outcome: Outcome | Unknown = retrying(self._attempt)
        return outcome

    def _attempt(self) -> Outcome | Unknown:
        ctx = self._context()
        ctx.check()
        try:
            extracted = self.layer.extract(ctx)
            if isinstance(extracted, Unknown):
                return extracted
            ctx.check()
            normalised = self.layer.normalise(extracted, ctx)
            ctx.check()
            return self.layer.store(normalised, ctx)
        finally:
            self._clean_up(ctx)

    def _clean_up(self, ctx: RunContext) -> None:
        """A failing clean-up must not hide how the attempt ended; the next run cleans up again."""
        try:
            self.layer.cleanup(ctx)
        except Exception:  # noqa: BLE001
            self._log.exception("cleanup_failed")

    def _context(self) -> RunContext:
        return RunContext(
            settings=self._terms.settings,
            cache=self._terms.cache,
            run_id=self.run_id,
            lease=self._opened.lease,
            trigger=self._request.trigger,
            read_time=self._request.options.get("read_time") or datetime.now(UTC),
            log=self._log,
            options=self._request.options,
            progress=self._on_progress,
            cancelled=self._cancelled,
            attempt=self.row["attempt"],
        )

    def _on_progress(self, done: int, total: int | None, unit: str) -> None:
        self._progress = (done, total, unit)
        self._changed = True
        if self._request.progress is not None:
            self._request.progress(done, total, unit)

    def _note_retry(self, attempt: tenacity.RetryCallState) -> None:
        error = attempt.outcome.exception() if attempt.outcome else None
        pause = attempt.upcoming_sleep
        self._log.warning(
            "run_retries", attempt=attempt.attempt_number, error=str(error), pause_seconds=pause
        )
        failures = [*self.row["details"].get("retries", []), _sentence(error)]
        self.row = {
            **self.row,
            "attempt": attempt.attempt_number + 1,
            "details": {**self.row["details"], "retries": failures},
        }
        self._changed = True

    # -- the watching thread ---------------------------------------------------------------------------

    def _watch(self) -> None:
        limit = self._terms.settings.layer_timeout_seconds
        renewed = noted = time.monotonic()
        while not self._done.wait(WATCH_SECONDS):
            now = time.monotonic()
            if now - self._began > limit:
                self.cancel(_timed_out(self.layer.name, limit))
            if self._stop_reason is not None and now - self._stop_at > self._terms.grace:
                return
            if now - renewed >= RENEW_SECONDS and self._renew():
                renewed = now
            if self._changed and not self.stream and now - noted >= PROGRESS_SECONDS:
                self._changed = False
                noted = now
                self._note_progress()

    def _renew(self) -> bool:
        try:
            self._state.renew(self._opened.lease, runs.LEASE_TTL_SECONDS)
        except LeaseLost as lost:
            self.cancel(lost)
        except Retryable as error:
            self._log.warning("lease_not_renewed", error=str(error))
            return False
        return True

    def _note_progress(self) -> None:
        row = self.row
        if self._progress is not None:
            done, total, unit = self._progress
            row = {
                **row,
                "details": {**row["details"], "progress": {"done": done, "total": total, "unit": unit}},
            }
        try:
            runs.note(self._state, self._opened, row)
        except LeaseLost as lost:
            self.cancel(lost)
        except Retryable as error:
            self._log.warning("progress_not_written", error=str(error))

    def _conclude(self) -> None:
        """Put the result into the row."""
        ended = datetime.now(UTC)
        self.row |= {
            "finished_at": ended,
            "sync_duration_seconds": round(time.monotonic() - self._began, 6),
        }
        result: Outcome | Unknown | BaseException | None = self._result
        if isinstance(result, Outcome):
            self.row |= _of_outcome(result, self.row)
            return
        stopped = result is None or isinstance(result, Cancelled | Retryable)
        if self._stop_reason is not None and stopped:
            result = self._stop_reason
        message, hint = _explained(self.layer.name, result)
        self.row |= {"status": "failed", "error_messages": [message], "hint": hint or None}

    def _tell_end(self, row: Row, *, folded: bool) -> None:
        """A stream's polls are many: those that went well, or as the one before, are told only to who wants all of it."""
        quiet = self.stream and (row["status"] == "success" or folded)
        (self._log.debug if quiet else self._log.info)(
            "run_finished",
            status=row["status"],
            items=row["items_synced"],
            failed=row["items_failed"],
            seconds=round(row["sync_duration_seconds"], 3),
            errors=row["error_messages"],
        )

    def _close(self) -> Row:
        closing = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(3),
            retry=tenacity.retry_if_exception_type(Retryable),
            wait=tenacity.wait_fixed(0.5),
            reraise=True,
        )
        row: Row = closing(runs.close_run, self._state, self._opened, self.row, stream=self.stream)
        return row


def _of_outcome(outcome: Outcome, row: Row) -> Row:
    return {
        "status": outcome.status,
        "items_synced": outcome.items_synced,
        "items_failed": outcome.items_failed,
        "error_messages": [mask_credentials(text) for text in outcome.errors],
        "hint": outcome.hint or None,
        "missed": outcome.missed,
        "source": outcome.source or row["source"],
        "details": {**row["details"], **outcome.details},
    }


def _explained(layer: str, result: Unknown | BaseException | None) -> tuple[str, str]:
    """Message and hint for the row. A traceback goes to the log only."""
    if isinstance(result, Unknown):
        return mask_credentials(result.reason), result.hint
    if isinstance(result, PortalError):
        return mask_credentials(result.message), result.hint
    return (
        f"The {layer} layer failed unexpectedly: {_sentence(result)}",
        "This is a fault of the portal, not of the data. The log holds the traceback under the run's id.",
    )


def _sentence(error: BaseException | None) -> str:
    if isinstance(error, PortalError):
        return mask_credentials(error.message)
    return mask_credentials(f"{type(error).__name__}: {error}")[:500]


def _interrupted(reason: str) -> PortalError:
    return Cancelled(
        f"Interrupted: {reason} before the run was finished.",
        "Nothing of it was published; the state before it stands. Run the layer again.",
    )


def _timed_out(layer: str, limit: float) -> PortalError:
    return Cancelled(
        f"The {layer} layer ran longer than the {limit:g} s it may take, and was ended.",
        "Nothing of it was published. If the source is just that large, raise PORTAL_LAYER_TIMEOUT_SECONDS.",
    )

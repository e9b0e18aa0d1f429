"""The clock: runs every configured layer when its schedule says so. The only import of APScheduler.

Missed runs coalesce into one; a run that is due while another of the same layer is under way is dropped,
because that other run already does its work.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from app.errors import Busy, LeaseLost, PortalError
from sync_jobs import runs, status
from sync_jobs.alerts import evaluate
from sync_jobs.alerts.evaluate import Evaluator
from sync_jobs.layers.base import NotConfigured, Schedule
from sync_jobs.mirroring import EVERY_SECONDS, Follower
from sync_jobs.runner import Runner
from sync_jobs.store.state import Lease

TICK_SECONDS = 10.0
SIDECAR_TTL_SECONDS = 30.0
_TICK = "tick"
_MIRROR = "mirror"
_ALERTS = "alerts"

log = structlog.get_logger("sync_jobs.scheduler")


class Scheduler:
    """Runs layers by the clock while it is started. One per home: a second one refuses to start."""

    def __init__(self, runner: Runner, tick_seconds: float = TICK_SECONDS) -> None:
        self._runner = runner
        self._tick_seconds = tick_seconds
        self._lease: Lease | None = None
        self._ticked = 0.0
        self._news: dict[str, str] = {}  # layer: the mark it was last run for
        self._lock = threading.Lock()
        self._clock = BackgroundScheduler(
            timezone=UTC,
            executors={
                "default": ThreadPoolExecutor(max(2, len(runner.layers))),
                _TICK: ThreadPoolExecutor(1),
                _MIRROR: ThreadPoolExecutor(1),
                _ALERTS: ThreadPoolExecutor(1),
            },
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def claim(self) -> None:
        """Become the sidecar of the home and mend what a crash left. Raises PortalError if there is one."""
        state = self._runner.cache.state
        self._lease = state.acquire(status.SIDECAR_LEASE, f"sidecar:{os.getpid()}", SIDECAR_TTL_SECONDS)
        if self._lease is None:
            raise PortalError(
                f"A sidecar already serves {self._runner.settings.home} "
                f"(process {status.sidecar_process(state)}).",
                "Stop it first, or give this one another PORTAL_HOME.",
            )
        mended = runs.repair(state)
        if mended:
            log.warning("crashed_runs_failed", run_ids=mended)
        self._write_status()

    def start(self) -> None:
        """Plan all layers and let the clock run. Call `claim()` first."""
        # A poll that takes longer than its pause is dropped, by design: not worth a warning each time.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._clock.start()
        self._plan()
        self.tick()
        self._clock.add_job(
            self.tick, IntervalTrigger(seconds=self._tick_seconds), id=_TICK, executor=_TICK, name=_TICK
        )
        evaluator = Evaluator(self._runner.settings, self._runner.cache)
        minutely = IntervalTrigger(seconds=evaluate.EVERY_SECONDS)
        first = datetime.now(UTC) + timedelta(seconds=min(evaluate.FIRST_SECONDS, evaluate.EVERY_SECONDS))
        self._clock.add_job(
            evaluator.tick, minutely, id=_ALERTS, executor=_ALERTS, name=_ALERTS, next_run_time=first
        )
        if self._runner.settings.engine == "bigquery":
            follower = Follower(self._runner.settings, self._runner.cache, self._runner.halted)
            every = IntervalTrigger(seconds=EVERY_SECONDS)
            self._clock.add_job(follower.tick, every, id=_MIRROR, executor=_MIRROR, name=_MIRROR)

    def renew(self) -> None:
        """Keep being the sidecar, before the clock runs."""
        if self._lease is not None:
            self._runner.cache.state.renew(self._lease, SIDECAR_TTL_SECONDS)

    def stop(self) -> None:
        """Start no more runs, and let the home say that none is planned. Does not wait for runs under way."""
        if self._clock.running:
            self._clock.shutdown(wait=False)
        with self._lock:
            lease, self._lease = self._lease, None
        if lease is not None:
            state = self._runner.cache.state
            state.upsert("layer_status", status.describe(self._runner, {}, datetime.now(UTC)))
            state.release(lease)

    @property
    def problem(self) -> str | None:
        """Why the clock does not run as it should, or None."""
        if not self._clock.running:
            return "the clock is not running"
        age = time.monotonic() - self._ticked
        return f"the clock last ticked {age:.0f} s ago" if age > 3 * self._tick_seconds else None

    def next_sync(self) -> dict[str, datetime | None]:
        """When each planned layer runs next."""
        jobs = self._clock.get_jobs() if self._clock.running else []
        return {job.id: job.next_run_time for job in jobs if job.id not in {_TICK, _MIRROR, _ALERTS}}

    def tick(self) -> None:
        """Renew the claim, mend crashed runs, follow changes of sources, and say that the sidecar lives."""
        try:
            self.renew()
            runs.repair(self._runner.cache.state)
            self._plan()
            self._write_status()
            self._ticked = time.monotonic()
        except LeaseLost as lost:
            log.error("sidecar_replaced", error=str(lost))
            self._clock.pause()
        except PortalError as error:
            log.warning("tick_failed", error=str(error))

    def _write_status(self) -> None:
        with self._lock:
            if self._lease is None:
                return
            rows = status.describe(self._runner, self.next_sync(), datetime.now(UTC))
            self._runner.cache.state.upsert("layer_status", rows)

    def _plan(self) -> None:
        """Give every layer that has a source a job, and take the job of one that lost it."""
        for name in self._runner.layers:
            job = self._clock.get_job(name)
            trigger = self._trigger(name)
            if trigger is None and job is not None:
                job.remove()
            elif trigger is not None and job is None:
                self._clock.add_job(
                    self._run, trigger[0], args=[name], id=name, name=name, next_run_time=trigger[1]
                )
            if trigger is not None:
                self._hurry(name)

    def _hurry(self, name: str) -> None:
        """Run a layer now that has news. A run under way began before them: the next tick looks again."""
        layer, cache = self._runner.layers[name], self._runner.cache
        try:
            mark = layer.news(self._runner.settings, cache) if hasattr(layer, "news") else None
        except (PortalError, OSError) as error:
            log.warning("news_not_known", layer=name, error=str(error))
            return
        last = runs.latest(cache.state, name) if mark else None
        if mark is None or mark == self._news.get(name) or (last and last["status"] == "in_progress"):
            return
        self._news[name] = mark
        self._clock.modify_job(name, next_run_time=datetime.now(UTC))

    def _trigger(self, name: str) -> tuple[CronTrigger | IntervalTrigger, datetime] | None:
        """How a layer is to be planned and when it runs first; None when it is not."""
        try:
            layer = self._runner.layers[name]
            schedule = layer.schedule(self._runner.settings)
            source = layer.source(self._runner.settings, self._runner.cache)
        except Exception:
            log.exception("layer_cannot_be_planned", layer=name)
            return None
        if isinstance(source, NotConfigured):
            return None
        last = runs.latest(self._runner.cache.state, name)
        if schedule.daily_at is not None:
            at = schedule.daily_at
            cron = CronTrigger(hour=at.hour, minute=at.minute, second=at.second, timezone=UTC)
            return cron, first_run(schedule, last, datetime.now(UTC))
        if schedule.every_seconds is not None:
            interval = IntervalTrigger(seconds=schedule.every_seconds, timezone=UTC)
            return interval, first_run(schedule, last, datetime.now(UTC))
        return None

    def _run(self, name: str) -> None:
        try:
            self._runner.run(name, "schedule")
        except Busy as busy:
            log.info("run_coalesced", layer=name, reason=busy.message)
        except PortalError as error:
            log.warning("run_not_started", layer=name, error=str(error))
        except Exception:
            log.exception("run_not_recorded", layer=name)


def first_run(schedule: Schedule, last: runs.Row | None, now: datetime) -> datetime:
    """When a layer runs first after the sidecar came up.

    At once when it never ran, when its last run did not succeed, or when a run was missed meanwhile;
    otherwise when the next one is due.
    """
    if last is None or last["status"] not in {"success", "partial"}:
        return now
    started: datetime = last["started_at"]
    if schedule.every_seconds is not None:
        return max(now, started + timedelta(seconds=schedule.every_seconds))
    if schedule.daily_at is None:
        raise ValueError("a layer on demand has no first run")
    at = schedule.daily_at
    today = now.replace(hour=at.hour, minute=at.minute, second=at.second, microsecond=0)
    due = today if now >= today else today - timedelta(days=1)
    return now if started < due else due + timedelta(days=1)

"""The webhook layer: serves the deliveries that wait, all of them by one run of the git layer."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.errors import Busy, Permanent
from sync_jobs.layers.base import Cancelled, NotConfigured, Outcome, RunContext, Schedule
from sync_jobs.webhook import deliveries
from sync_jobs.webhook.decision import repository_of

if TYPE_CHECKING:
    from app.settings import Settings
    from sync_jobs.run import Run
    from sync_jobs.runner import Runner
    from sync_jobs.store.cache import Cache

BUSY_SECONDS = 0.5
WATCH_SECONDS = 0.1
SWEEP_SECONDS = 86400.0

Waiting = list[dict[str, Any]]


class WebhookLayer:
    """Runs when a delivery was stored, and by hand. The polls of an hour with the same result share a row."""

    name = "webhook"
    title = "Push notifications from the landing zone repository"

    def __init__(self) -> None:
        self._swept = -SWEEP_SECONDS

    def schedule(self, settings: Settings) -> Schedule:
        """On demand: GitHub calls."""
        return Schedule(stream=True)

    def freshness_target(self, settings: Settings) -> None:
        """None: without a push there is nothing new, however long that lasts."""
        return

    def source(self, settings: Settings, cache: Cache) -> str | NotConfigured:
        """Whose deliveries count."""
        if settings.webhook_secret is None:
            return NotConfigured(
                "no secret is set.",
                "Set PORTAL_WEBHOOK_SECRET, and the same secret in the webhook on GitHub.",
            )
        repository = repository_of(settings)
        return (
            f"webhooks of {repository}" if repository else "webhooks of any repository that knows the secret"
        )

    def extract(self, ctx: RunContext) -> Waiting:
        """The deliveries that are not handled yet."""
        return deliveries.waiting(ctx.cache.state)

    def normalise(self, extracted: Waiting, ctx: RunContext) -> Waiting:
        """They are rows already."""
        return extracted

    def store(self, normalised: Waiting, ctx: RunContext) -> Outcome:
        """Sync once if one of them asks for it, wait for the end, and note that all are handled.

        Raises Permanent when the sync failed; its own run tries again by itself, so they count as handled.
        """
        state = ctx.cache.state
        synced = self._sync(ctx) if any(one["status"] == "accepted" for one in normalised) else None
        served = synced[0] if synced else normalised
        now = datetime.now(UTC)
        deliveries.handled(state, [one["delivery_id"] for one in served], now)
        details: dict[str, Any] = {
            "deliveries": len(served),
            "ignored": sum(one["status"] == "ignored" for one in served),
        }
        if synced is not None:
            row = synced[1]
            details |= {"sync_run_id": row["run_id"], **_lateness(served, now, ctx)}
            if row["status"] == "failed":
                raise Permanent(
                    f"The sync that {len(served)} deliveries asked for failed: {' '.join(row['error_messages'])}",
                    row["hint"] or "Look at the git layer.",
                )
        return Outcome(items_synced=len(served), details=details)

    def cleanup(self, ctx: RunContext) -> None:
        """Once a day, drop what is old."""
        if time.monotonic() - self._swept >= SWEEP_SECONDS:
            self._swept = time.monotonic()
            deliveries.forget_old(ctx.cache.state, datetime.now(UTC))

    def _sync(self, ctx: RunContext) -> tuple[Waiting, dict[str, Any]]:
        """The deliveries that one run of the git layer served, and its row."""
        runner = ctx.options.get("runner") or _own_runner(ctx)
        served, started = self._begin(ctx, runner)
        accepted = [one["delivery_id"] for one in served if one["status"] == "accepted"]
        rows: list[dict[str, Any]] = []
        watch = threading.Thread(target=lambda: rows.append(runner.finish(started)), name="webhook-git")
        watch.daemon = True
        watch.start()
        deliveries.claim(ctx.cache.state, accepted, started.run_id)
        while watch.is_alive():
            watch.join(WATCH_SECONDS)
            if ctx.cancelled.is_set():
                started.cancel("the webhook run was told to stop")
        if ctx.cancelled.is_set() or not rows:
            raise Cancelled(
                "The sync was stopped before it was finished.",
                "The deliveries wait; the next run serves them.",
            )
        return served, rows[0]

    def _begin(self, ctx: RunContext, runner: Runner) -> tuple[Waiting, Run]:
        """Start the git layer, as soon as a run that is under way has ended: it may have fetched too early.

        The list is read before each try: what is on it came before the fetch.
        """
        while True:
            ctx.check()
            served = deliveries.waiting(ctx.cache.state)
            try:
                return served, runner.start("git", "webhook")
            except Busy:
                ctx.cancelled.wait(BUSY_SECONDS)
            except Permanent:
                deliveries.handled(ctx.cache.state, [one["delivery_id"] for one in served], datetime.now(UTC))
                raise


def _lateness(served: Waiting, now: datetime, ctx: RunContext) -> dict[str, Any]:
    """How long the slowest waited for the end of its sync, and how many waited longer than they should."""
    waits = [(now - one["received_at"]).total_seconds() for one in served]
    late = sum(wait > ctx.settings.freshness_webhook for wait in waits)
    if late:
        ctx.log.warning("deliveries_late", late=late, slowest_seconds=round(max(waits), 1))
    return {"slowest_seconds": round(max(waits), 3), "late": late}


def _own_runner(ctx: RunContext) -> Runner:
    from sync_jobs.runner import Runner

    return Runner(ctx.settings, ctx.cache)


LAYER = WebhookLayer()

"""The events layer: what happens in the organisation, within seconds."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import Permanent, Retryable
from sync_jobs.layers.base import NotConfigured, Outcome, RunContext, Schedule, Unknown
from sync_jobs.layers.events.extract import Batch, from_files
from sync_jobs.layers.events.message import DeadLetter
from sync_jobs.layers.events.normalise import normalise
from sync_jobs.layers.events.projects import ProjectNumbers
from sync_jobs.layers.events.subscription import Subscription

if TYPE_CHECKING:
    from app.settings import Settings
    from sync_jobs.store.cache import Cache

POLL_SECONDS = 1.0
PAUSE_AFTER_FAILURE_SECONDS = 30.0
SAMPLE_SUBJECTS = Path("sample") / "subjects.ndjson"
SAMPLE_TICK = "sample_events_tick"
REASONS_SHOWN = 3
RAW_LIMIT = 1024 * 1024
DEAD_LETTERS = Path("dead_letters")


@dataclass(frozen=True)
class Rows:
    """What one poll stores."""

    batch: Batch
    events: list[dict[str, Any]]
    dead: list[dict[str, Any]]


class EventsLayer:
    """Reads the subscription; in a home with the sample, the sample's stream."""

    name = "events"
    title = "Live events"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = ProjectNumbers()
        self._subscription: Subscription | None = None
        self._key: tuple[object, ...] = ()
        self._refused: tuple[float, Unknown] | None = None
        self._subjects: tuple[Path, list[Any]] | None = None

    def schedule(self, settings: Settings) -> Schedule:
        """A stream: polled again a second after the last poll."""
        return Schedule.every(POLL_SECONDS, stream=True)

    def freshness_target(self, settings: Settings) -> float:
        """Of the settings."""
        return settings.freshness_events

    def source(self, settings: Settings, cache: Cache) -> str | NotConfigured:
        """The subscription's path, or the sample's stream."""
        path = subscription_path(settings)
        if path is not None:
            host = settings.pubsub_emulator_host
            return f"{path} at {host}" if host else path
        if cache.has_source() == "sample" and (settings.home / SAMPLE_SUBJECTS).is_file():
            return "sample events"
        return NotConfigured(
            "no subscription is set.",
            "Set PORTAL_GCP_PROJECT to its project, and PORTAL_PUBSUB_SUBSCRIPTION to its name.",
        )

    def extract(self, ctx: RunContext) -> Batch | Unknown:
        """The messages that wait. Nothing is acknowledged yet."""
        if ctx.options.get("paths"):
            return from_files([Path(path) for path in ctx.options["paths"]])
        path = subscription_path(ctx.settings)
        if path is None:
            return self._sample(ctx)
        if ctx.trigger == "schedule" and self._refused and time.monotonic() < self._refused[0]:
            return self._refused[1]
        subscription = self._opened(path, ctx.settings)
        try:
            received = subscription.pull(ctx.cancelled)
        except Permanent as error:
            unknown = Unknown(error.message, error.hint)
            self._refused = (time.monotonic() + PAUSE_AFTER_FAILURE_SECONDS, unknown)
            self._closed()
            return unknown
        except Retryable:
            self._closed()
            raise
        self._refused = None
        return Batch(path, [one.message for one in received], lambda: subscription.acknowledge(received))

    def normalise(self, extracted: Batch, ctx: RunContext) -> Rows:
        """Rows of `events`, and of `dead_letters` for what was not understood."""
        now = datetime.now(UTC)
        events: list[dict[str, Any]] = []
        dead: list[dict[str, Any]] = []
        for message in extracted.messages:
            found = normalise(message)
            if not isinstance(found, DeadLetter):
                try:
                    events.append(found.row(now))
                    continue
                except TypeError as error:
                    found = DeadLetter(message, f"The JSON cannot be written again: {error}.")
            dead.append(found.row(now, extracted.source, ctx.run_id))
        self._numbers.put(events, ctx.settings)
        return Rows(extracted, events, dead)

    def store(self, normalised: Rows, ctx: RunContext) -> Outcome:
        """Commit, wait for the disk, and only then acknowledge."""
        rows, state = normalised, ctx.cache.state
        batch = rows.batch
        new = 0
        for row in rows.dead:
            _keep_whole(row, ctx.settings.home)
        if batch.messages or batch.info:
            with state.transaction(durable=bool(batch.messages)):
                state.check(ctx.lease)
                new = state.insert_new("events", rows.events)
                state.insert_new("dead_letters", rows.dead)
                for key, value in batch.info.items():
                    state.set_info(key, value)
        errors = [f"Not understood: {row['reason']}" for row in rows.dead[:REASONS_SHOWN]]
        hint = "The messages are in the dead letters, with their bytes." if rows.dead else ""
        if batch.messages:
            try:
                batch.acknowledge()
            except Retryable as error:  # stored, so nothing is lost: they come again and change nothing
                errors.append(f"Stored, but not acknowledged: {error.message}")
        return Outcome(
            items_synced=len(rows.events),
            items_failed=len(rows.dead),
            errors=errors,
            hint=hint,
            details={"received": len(batch.messages), "new": new, "dead_letters": len(rows.dead)},
            source=batch.source,
        )

    def cleanup(self, ctx: RunContext) -> None:
        """The channel stays open for the next poll."""

    def _sample(self, ctx: RunContext) -> Batch | Unknown:
        from sync_jobs.sample import stream, subjects
        from sync_jobs.sample.make import DEFAULT_SEED

        path = ctx.settings.home / SAMPLE_SUBJECTS
        if ctx.cache.has_source() != "sample" or not path.is_file():
            return Unknown("The sample is gone.", "Set PORTAL_GCP_PROJECT to read a subscription.")
        if self._subjects is None or self._subjects[0] != path:
            self._subjects = (path, subjects.read(path))
        now = datetime.now(UTC)
        told = ctx.cache.state.info(SAMPLE_TICK)
        after = int(told) if told else stream.tick_of(now) - 1
        messages, tick = stream.next_events(self._subjects[1], after, now, DEFAULT_SEED)
        info = {SAMPLE_TICK: str(tick)} if str(tick) != told else {}
        return Batch("sample events", messages, info=info)

    def _opened(self, path: str, settings: Settings) -> Subscription:
        key = (path, settings.pubsub_emulator_host, settings.google_application_credentials)
        with self._lock:
            if self._subscription is None or self._key != key:
                if self._subscription is not None:
                    self._subscription.close()
                self._subscription, self._key = Subscription(path, settings), key
            return self._subscription

    def _closed(self) -> None:
        """After a failure the next poll opens a new channel."""
        with self._lock:
            if self._subscription is not None:
                self._subscription.close()
            self._subscription = None


def _keep_whole(row: dict[str, Any], home: Path) -> None:
    """The table holds the first MiB; all bytes of a larger message go to a file beside it."""
    if row["size_bytes"] <= RAW_LIMIT:
        return
    file = home / DEAD_LETTERS / f"{row['dead_letter_id']}.bin"
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".tmp")
    partial.write_bytes(row["raw"])
    partial.replace(file)
    row |= {"raw": row["raw"][:RAW_LIMIT], "raw_file": str(file.relative_to(home))}


def subscription_path(settings: Settings) -> str | None:
    """projects/P/subscriptions/S, or None where no project is set."""
    name = settings.pubsub_subscription
    if name.startswith("projects/"):
        return name
    return f"projects/{settings.gcp_project}/subscriptions/{name}" if settings.gcp_project else None


LAYER = EventsLayer()

"""The events layer: what happens in the organisation, within seconds."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import Permanent, Retryable
from sync_jobs.layers.base import NotConfigured, Outcome, RunContext, Schedule, Unknown
from sync_jobs.layers.events.extract import Batch, from_files
from sync_jobs.layers.events.projects import ProjectNumbers
from sync_jobs.layers.events.session import PAUSED, REASONS_SHOWN, Session
from sync_jobs.layers.events.storing import Rows, Storing
from sync_jobs.layers.events.streaming import Stream
from sync_jobs.layers.events.subscription import Subscription

if TYPE_CHECKING:
    from app.settings import Settings
    from sync_jobs.store.cache import Cache

POLL_SECONDS = 1.0
PAUSE_AFTER_FAILURE_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 1.0  # after the service was away; twice as long each time, up to the other
SAMPLE_SUBJECTS = Path("sample") / "subjects.ndjson"
SAMPLE_TICK = "sample_events_tick"


class EventsLayer:
    """Reads the subscription; in a home with the sample, the sample's stream."""

    name = "events"
    title = "Live events"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = ProjectNumbers()
        self._subscription: Subscription | None = None
        self._key: tuple[object, ...] = ()
        self._stream: Stream | None = None
        self._stream_key: tuple[object, ...] = ()
        self._refused: tuple[float, Unknown] | None = None
        self._failures = 0  # of the stream, one after another
        self._subjects: tuple[Path, list[Any]] | None = None

    def schedule(self, settings: Settings) -> Schedule:
        """A stream: looked after again a second after the last time."""
        return Schedule.every(POLL_SECONDS, stream=True)

    def freshness_target(self, settings: Settings) -> float:
        """Of the settings."""
        return settings.freshness_events

    def source(self, settings: Settings, cache: Cache) -> str | NotConfigured:
        """The subscription's path, or the sample's stream."""
        path = subscription_path(settings)
        paused = cache.state.info(PAUSED)
        if paused:
            return NotConfigured(
                f"it was paused: {paused}.", "Events wait in the subscription. Resume it to take them in."
            )
        if path is not None:
            host = settings.pubsub_emulator_host
            return f"{path} at {host}" if host else path
        if cache.has_source() == "sample" and (settings.home / SAMPLE_SUBJECTS).is_file():
            return "sample events"
        return NotConfigured(
            "no subscription is set.",
            "Set PORTAL_GCP_PROJECT to its project, and PORTAL_PUBSUB_SUBSCRIPTION to its name.",
        )

    def extract(self, ctx: RunContext) -> Batch | Session | Unknown:
        """By the clock the open stream; by hand the messages that wait. Nothing is acknowledged yet."""
        if ctx.options.get("paths"):
            return from_files([Path(path) for path in ctx.options["paths"]])
        path = subscription_path(ctx.settings)
        if path is None:
            return self._sample(ctx)
        if ctx.trigger == "schedule" and self._refused and time.monotonic() < self._refused[0]:
            return self._refused[1]
        if ctx.trigger == "schedule":
            return self._streaming(path, ctx)
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

    def normalise(self, extracted: Batch | Session, ctx: RunContext) -> Rows | Session:
        """Rows of `events`, and of `dead_letters` for what was not understood. A session does it as messages come."""
        return extracted if isinstance(extracted, Session) else self._storing(ctx).rows(extracted)

    def store(self, normalised: Rows | Session, ctx: RunContext) -> Outcome:
        """Commit, wait for the disk, and only then acknowledge."""
        if isinstance(normalised, Session):
            return self._listened(normalised, ctx)
        rows, batch = normalised, normalised.batch
        new = self._storing(ctx).commit(rows)
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

    def _listened(self, session: Session, ctx: RunContext) -> Outcome:
        """Take in what comes, for a while."""
        try:
            outcome = session.listen(self._storing(ctx), ctx)
            self._failures = 0
            return outcome
        except Permanent as error:
            self._refused = (
                time.monotonic() + PAUSE_AFTER_FAILURE_SECONDS, Unknown(error.message, error.hint)
            )  # fmt: skip
            session.over = True
            raise
        except Retryable as error:
            session.over = True
            self._away(error)
            raise
        finally:
            if session.over:
                self._hung_up()

    def _storing(self, ctx: RunContext) -> Storing:
        return Storing(ctx.settings, ctx.cache, self._numbers, ctx.run_id, ctx.lease)

    def cleanup(self, ctx: RunContext) -> None:
        """The channel stays open for the next poll."""

    def close(self) -> None:
        """Let go of the stream: the process ends."""
        self._hung_up()
        self._closed()

    def _streaming(self, path: str, ctx: RunContext) -> Session | Unknown:
        """The open stream. One that is silent may have nobody at its other end: that is asked for now and then."""
        try:
            stream = self._stream_of(path, ctx.settings)
            self._opened(path, ctx.settings).prove_alive()
        except Permanent as error:
            unknown = Unknown(error.message, error.hint)
            self._refused = (time.monotonic() + PAUSE_AFTER_FAILURE_SECONDS, unknown)
            self._hung_up()
            self._closed()
            return unknown
        except Retryable as error:
            self._closed()
            self._away(error)
            raise
        self._refused = None
        return Session(stream)

    def _away(self, error: Retryable) -> None:
        """What may pass is looked at again soon, and then less and less often."""
        pause = min(PAUSE_AFTER_FAILURE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(self._failures, 10))
        self._failures += 1
        self._refused = (time.monotonic() + pause, Unknown(error.message, error.hint))

    def _stream_of(self, path: str, settings: Settings) -> Stream:
        key = (path, settings.pubsub_emulator_host, settings.google_application_credentials)
        with self._lock:
            if self._stream is not None and self._stream_key != key:
                self._stream.close()
                self._stream = None
            if self._stream is None:
                self._stream, self._stream_key = Stream(path, settings), key
            return self._stream

    def _hung_up(self) -> None:
        with self._lock:
            stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

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


def subscription_path(settings: Settings) -> str | None:
    """projects/P/subscriptions/S, or None where no project is set."""
    name = settings.pubsub_subscription
    if name.startswith("projects/"):
        return name
    return f"projects/{settings.gcp_project}/subscriptions/{name}" if settings.gcp_project else None


LAYER = EventsLayer()

"""The events layer: what happens in the organisation, within seconds."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import Permanent, Retryable
from sync_jobs.layers.base import NotConfigured, Outcome, RunContext, Schedule, Unknown
from sync_jobs.layers.events.extract import Batch, from_files
from sync_jobs.layers.events.message import DeadLetter
from sync_jobs.layers.events.normalise import normalise
from sync_jobs.layers.events.projects import ProjectNumbers
from sync_jobs.layers.events.streaming import Stream, Taken
from sync_jobs.layers.events.subscription import Subscription
from sync_jobs.tallies import streamed_messages

if TYPE_CHECKING:
    from app.settings import Settings
    from sync_jobs.store.cache import Cache

POLL_SECONDS = 1.0
SESSION_SECONDS = 30.0  # so often a stream that is open has its row in sync_runs brought up to date
TAKE_SECONDS = 0.5
PAUSED = "events_paused"
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


@dataclass
class Session:
    """A while of an open stream: what came in it is stored and acknowledged batch by batch."""

    stream: Stream
    received: int = 0
    stored: int = 0
    new: int = 0
    dead: int = 0
    reasons: list[str] = field(default_factory=list)


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
        return extracted if isinstance(extracted, Session) else self._rows(extracted, ctx)

    def _rows(self, extracted: Batch, ctx: RunContext) -> Rows:
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

    def store(self, normalised: Rows | Session, ctx: RunContext) -> Outcome:
        """Commit, wait for the disk, and only then acknowledge."""
        if isinstance(normalised, Session):
            return self._listened(normalised, ctx)
        rows, batch = normalised, normalised.batch
        new = _committed(rows, ctx)
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
        """Take in what comes, for a while. Told to stop, it ends after the batch under way."""
        until = time.monotonic() + SESSION_SECONDS
        while time.monotonic() < until and not ctx.cancelled.is_set() and not ctx.cache.state.info(PAUSED):
            try:
                taken = session.stream.take(TAKE_SECONDS)
            except (Permanent, Retryable) as error:
                self._hung_up()
                if isinstance(error, Permanent):
                    self._refused = (
                        time.monotonic() + PAUSE_AFTER_FAILURE_SECONDS, Unknown(error.message, error.hint)
                    )  # fmt: skip
                raise
            if taken:
                self._take_in(session, taken, ctx)
        if ctx.cancelled.is_set() or ctx.cache.state.info(PAUSED):
            self._hung_up()
        hint = "The messages are in the dead letters, with their bytes." if session.dead else ""
        return Outcome(
            items_synced=session.stored,
            items_failed=session.dead,
            errors=[f"Not understood: {reason}" for reason in session.reasons],
            hint=hint,
            details={"received": session.received, "new": session.new, "dead_letters": session.dead},
            source=session.stream.path,
        )

    def _take_in(self, session: Session, taken: list[Taken], ctx: RunContext) -> None:
        """One batch: stored, then acknowledged. What cannot be stored is handed back."""
        batch = Batch(session.stream.path, [one.message for one in taken])
        try:
            rows = self._rows(batch, ctx)
            session.new += _committed(rows, ctx)
        except BaseException:
            session.stream.hand_back(taken)
            raise
        session.stream.acknowledge(taken)
        streamed_messages.add("stored", len(rows.events))
        streamed_messages.add("dead_letter", len(rows.dead))
        session.received += len(taken)
        session.stored += len(rows.events)
        session.dead += len(rows.dead)
        room = REASONS_SHOWN - len(session.reasons)
        session.reasons += [str(row["reason"]) for row in rows.dead[:room]]

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
        except Retryable:
            self._closed()
            raise
        self._refused = None
        return Session(stream)

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


def _committed(rows: Rows, ctx: RunContext) -> int:
    """Events and dead letters in one transaction that waits for the disk. Returns how many events are new."""
    batch, state, new = rows.batch, ctx.cache.state, 0
    for row in rows.dead:
        _keep_whole(row, ctx.settings.home)
    if batch.messages or batch.info:
        with state.transaction(durable=bool(batch.messages)):
            state.check(ctx.lease)
            new = state.insert_new("events", rows.events)
            state.insert_new("dead_letters", rows.dead)
            for key, value in batch.info.items():
                state.set_info(key, value)
    return new


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

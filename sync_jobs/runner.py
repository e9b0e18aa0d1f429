"""The only path by which a layer runs: from the clock, the command line, the API or a page.

One run is one row of `sync_runs` and one lease. The layer's code runs in a thread of its own; the caller's
thread watches over it: renews the lease, writes progress, enforces the time limit, ends it when told to.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from app.errors import Busy, Permanent, PortalError, SettingsError
from app.settings import Settings, load_settings
from sync_jobs import mirroring
from sync_jobs.layers import LAYERS, followers, planned
from sync_jobs.layers.base import Layer, NotConfigured, NotConfiguredError, Progress
from sync_jobs.notify import slack
from sync_jobs.run import BACKOFF_SECONDS, STOP_GRACE_SECONDS, Request, Run, Terms
from sync_jobs.runs import Row
from sync_jobs.store.cache import Cache

TRIGGERS = ("schedule", "cli", "api", "page", "webhook", "sample", "follow")
FOLLOW_WAIT_SECONDS = 600.0  # for a run under way of a layer that has to run again after this one
FOLLOW_PAUSE_SECONDS = 0.5
log = structlog.get_logger("sync_jobs.runner")
_runners: weakref.WeakSet[Runner] = weakref.WeakSet()


def run(
    layer: str,
    trigger: str,
    options: Mapping[str, Any] | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Row:
    """Run one layer and wait. Returns its row of `sync_runs`; see Runner.start for what it raises."""
    settings = settings or load_settings()
    return Runner(settings, Cache(settings.home)).run(layer, trigger, options, progress)


def stop_all(reason: str) -> None:
    """Ask every run of this process to end, and start no more. Returns at once; for signal handlers."""
    for runner in list(_runners):
        runner.stop(reason)


def active() -> list[str]:
    """Ids of the runs of this process that are under way."""
    return [run_id for runner in list(_runners) for run_id in runner.active()]


def abandoned() -> bool:
    """Whether a run did not stop when told to, so that its thread is still there."""
    return any(runner.abandoned for runner in list(_runners))


class Runner:
    """Runs layers on one home. Safe to use from several threads."""

    def __init__(
        self,
        settings: Settings,
        cache: Cache,
        layers: Mapping[str, Layer] = LAYERS,
        backoff: Sequence[float] = BACKOFF_SECONDS,
        grace: float = STOP_GRACE_SECONDS,
    ) -> None:
        self.settings = settings
        self.cache = cache
        self.layers = layers
        self._terms = Terms(settings, cache, tuple(backoff), grace)
        self._active: dict[str, Run] = {}
        self._lock = threading.RLock()  # a signal handler may stop runs while this thread starts one
        self._stopping: str | None = None
        self.halted = threading.Event()  # set with it
        self.abandoned = False  # a run did not stop when told to: its thread is still there
        _runners.add(self)

    def run(
        self,
        layer: str,
        trigger: str,
        options: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
    ) -> Row:
        """Start a run and wait for its end. Returns the row of `sync_runs`."""
        return self.finish(self.start(layer, trigger, options, progress))

    def start(
        self,
        layer: str,
        trigger: str,
        options: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
    ) -> Run:
        """Take the lease, write the row and start the layer. The caller must `finish()` what is returned.

        Raises SettingsError for an unknown layer, NotConfiguredError for one without a source, Permanent for
        one that this version does not have, and Busy while another run of it is under way.
        """
        if trigger not in TRIGGERS:
            raise ValueError(f"unknown trigger {trigger!r}")
        if self._stopping:
            raise Busy(
                "The sidecar is stopping; no new run is started.", "Start it again, then run the layer."
            )
        found = self.layer(layer)
        if trigger != "sample" and self.cache.has_source() == "sample":
            from sync_jobs.sample.load import give_way

            give_way(self.settings, self.cache)  # sample and real data never mix
        given = dict(options or {})
        source = found.source(self.settings, self.cache)
        if isinstance(source, NotConfigured) and not given.get("paths"):
            raise NotConfiguredError(f"The {layer} layer has no source: {source.reason}", source.hint)
        read_from = source if isinstance(source, str) else None
        started = Run(self._terms, found, Request(trigger, read_from, given, progress))
        with self._lock:
            self._active[started.run_id] = started
        if self._stopping:  # told to stop since the look above
            started.cancel(self._stopping)
        started.begin()
        return started

    def finish(self, started: Run) -> Row:
        """Watch over a started run until its row is final and BigQuery follows, and return the row.

        Layers that follow this one run next, when it changed something. The polls of a stream are many: BigQuery
        follows them by the sidecar's clock, and no layer does.
        """
        try:
            row = started.wait()
            if started.stream or started.abandoned:
                slack.after_run(self.settings, row)
                return row
            row = mirroring.after_run(self.settings, self.cache, row, self.halted)
            slack.after_run(self.settings, row)
        finally:
            with self._lock:
                self._active.pop(started.run_id, None)
            self.abandoned = self.abandoned or started.abandoned
        if row["status"] in {"success", "partial"} and started.changed_something:
            if row["trigger"] != "sample":
                self._run_followers(started.layer.name, "follow")
            elif started.options.get("follow", True):
                # The sample has a past: what is judged of a state of then is of then.
                then = {"read_time": started.options.get("read_time")}
                self._run_followers(started.layer.name, "sample", then)
        return row

    def _run_followers(self, layer: str, trigger: str, options: Mapping[str, Any] | None = None) -> None:
        """Run the layers that work on what `layer` published. How they end is in their own rows."""
        for name in followers(self.layers, layer):
            self._run_follower(name, trigger, options)

    def _run_follower(self, name: str, trigger: str, options: Mapping[str, Any] | None) -> None:
        """A run of it under way may have begun before the news: this one comes after it."""
        deadline = time.monotonic() + FOLLOW_WAIT_SECONDS
        while not self._stopping:
            try:
                self.run(name, trigger, options)
            except NotConfiguredError as error:
                log.debug("follower_not_configured", layer=name, reason=error.message)
            except Busy as busy:
                if time.monotonic() < deadline and not self.halted.wait(FOLLOW_PAUSE_SECONDS):
                    continue
                log.warning("follower_not_started", layer=name, error=str(busy))
            except PortalError as error:
                log.warning("follower_not_started", layer=name, error=str(error))
            return

    def layer(self, name: str) -> Layer:
        """The layer of that name. Raises Permanent for one to come, SettingsError for an unknown one."""
        if name in self.layers:
            return self.layers[name]
        if name in planned():
            raise Permanent(
                f"This version has no {name} layer yet ({planned()[name]}).",
                f"Layers of this version: {', '.join(self.layers)}.",
            )
        raise SettingsError(f"There is no layer {name!r}.", f"Layers: {', '.join(self.layers)}.")

    def active(self) -> list[str]:
        """Ids of the runs of this process that are under way."""
        with self._lock:
            return list(self._active)

    def stop(self, reason: str) -> None:
        """Ask every run of this process to end, and start no more. Returns at once."""
        self._stopping = reason
        self.halted.set()
        with self._lock:
            listed = list(self._active.values())
        for one in listed:
            one.cancel(reason)

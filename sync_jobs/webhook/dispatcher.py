"""Starts the sync that deliveries ask for: one for many, soon, and never two close together."""

from __future__ import annotations

import threading
import time

import structlog

from app.errors import Busy, PortalError, Retryable
from sync_jobs.runner import Runner
from sync_jobs.webhook import deliveries

QUIET_SECONDS = 0.3  # a burst is over after it
SETTLE_SECONDS = 2.0  # but nobody waits longer than this for a burst to end
APART_SECONDS = 2.0  # between the starts of two syncs
AGAIN_SECONDS = 2.0  # after one that could not be started; twice that after the next
LONGEST_PAUSE_SECONDS = 300.0
LOOK_SECONDS = 0.05

log = structlog.get_logger("sync_jobs.webhook")


class Dispatcher:
    """A thread that runs the webhook layer when there is news. It starts with the first news."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._news = threading.Event()
        self._newest = 0.0
        self._started = -APART_SECONDS
        self._pause = AGAIN_SECONDS
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Something waits on the disk. Returns at once; safe from any thread."""
        self._newest = time.monotonic()
        self._news.set()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="webhook-dispatcher", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        halted = self._runner.halted
        while not halted.is_set():
            if not self._news.wait(0.5):
                continue
            self._settle()
            self._news.clear()  # before the run: what comes from now on may be too late for it
            if halted.is_set():
                return
            if self._serve():
                self._pause = AGAIN_SECONDS
                continue
            halted.wait(self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)
            self._news.set()

    def _settle(self) -> None:
        """Wait for the end of a burst and for the distance to the sync before."""
        since = time.monotonic()
        while not self._runner.halted.wait(LOOK_SECONDS):
            now = time.monotonic()
            settled = now - self._newest >= QUIET_SECONDS or now - since >= SETTLE_SECONDS
            if settled and now - self._started >= APART_SECONDS:
                return

    def _serve(self) -> bool:
        """Run the layer once. False when it is worth trying again."""
        self._started = time.monotonic()
        try:
            row = self._runner.run("webhook", "webhook", {"runner": self._runner})
            return row["status"] != "failed" or not deliveries.waiting(self._runner.cache.state)
        except Busy as busy:  # somebody runs it by hand just now
            log.info("run_coalesced", layer="webhook", reason=busy.message)
            return False
        except Retryable as error:
            log.warning("run_not_started", layer="webhook", error=str(error))
            return False
        except PortalError as error:
            log.warning("run_not_started", layer="webhook", error=str(error))
        except Exception:
            log.exception("run_not_recorded", layer="webhook")
        return True

"""The sidecar as a process: API, clock and layers, and an orderly end within 10 s of being told to stop."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from types import FrameType

import structlog
import uvicorn

from app import operator_token
from app.errors import LeaseLost, PortalError
from app.settings import Settings
from sync_jobs import runner as runners
from sync_jobs.alerts.outbox import Outbox
from sync_jobs.api import create_app
from sync_jobs.applying.follow import Follower
from sync_jobs.layers import LAYERS
from sync_jobs.layers.base import Layer
from sync_jobs.runner import Runner
from sync_jobs.scheduler import TICK_SECONDS, Scheduler
from sync_jobs.store.cache import Cache

STOP_SECONDS = 7.5
LAST_SECONDS = 9.5  # after the signal, whatever the end waits for
LOOK_SECONDS = 0.2
LOADING = "the sample landing zone is being loaded"

log = structlog.get_logger("sync_jobs.serving")


def serve(settings: Settings, *, with_sample: bool = False, layers: Mapping[str, Layer] = LAYERS) -> int:
    """Serve until SIGTERM or Ctrl-C. Returns the exit status.

    `with_sample` first loads the sample landing zone, if the home has no source.
    """
    listener = listen(settings.api_host, settings.api_port, "PORTAL_API_PORT")
    return _Sidecar(settings, listener, layers).serve(with_sample)


def listen(host: str, port: int, setting: str) -> socket.socket:
    """A listening socket. Raises PortalError that names the setting when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=128)
        # Inherited by each connection. Without it every answer waits 40 ms for the caller's delayed acknowledgement:
        # asyncio sets it on sockets of its own making only.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        raise PortalError(
            f"Port {port} of {host} cannot be used: {error.strerror}.",
            f"Stop what uses it, or set {setting} to a free port.",
        ) from error


class _Sidecar:
    def __init__(self, settings: Settings, listener: socket.socket, layers: Mapping[str, Layer]) -> None:
        self._settings = settings
        self._listener = listener
        self._stop = threading.Event()
        self._signal: str | None = None
        self._loading: str | None = None
        self._runner = Runner(settings, Cache(settings.home), layers)
        self._scheduler = Scheduler(self._runner)
        self._scheduler.claim()
        app = create_app(
            self._runner, self._scheduler, operator_token.ensure(settings), lambda: self._loading
        )
        self._webhook = app.state.webhook
        self._hub = app.state.hub
        self._follower = Follower(settings, self._runner.cache)
        self._outbox = Outbox(settings, self._runner.cache)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
            ws_max_size=64 * 1024,
            ws_per_message_deflate=False,  # each client would have the same text compressed for itself
        )
        self._server = uvicorn.Server(config)

    def serve(self, with_sample: bool) -> int:
        before = {
            number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)
        }
        http = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}, name="http", daemon=True
        )
        http.start()
        self._loading = LOADING if with_sample else None
        threading.Thread(target=self._begin, args=[with_sample], name="begin", daemon=True).start()
        log.info("sidecar_started", address=f"http://{self._settings.api_host}:{self._settings.api_port}")
        threading.Thread(target=self._renew, name="renew", daemon=True).start()
        # Short sleeps and nothing else: a signal is heard between two calls of this thread, and may come just before one.
        while self._signal is None and http.is_alive():
            time.sleep(LOOK_SECONDS)
        failed = not http.is_alive()
        self._end(http)
        for number, handler in before.items():
            signal.signal(number, handler)
        return 1 if failed else 0

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        """Takes no lock: the thread that it interrupts may hold it."""
        self._signal = f"the sidecar got {signal.Signals(number).name}"

    def _renew(self) -> None:
        """Keep the sidecar's lease. The clock does it too, but not while the sample is loaded."""
        while not self._stop.wait(TICK_SECONDS):
            try:
                self._scheduler.renew()
            except LeaseLost as lost:
                if not self._stop.is_set():  # then it was given back
                    log.error("sidecar_replaced", error=str(lost))
                break
            except PortalError as error:
                log.warning("lease_not_renewed", error=str(error))
        self._runner.cache.state.close()

    def _begin(self, with_sample: bool) -> None:
        """Load the sample if asked to, then let the clock run. Without the sample the rest still works."""
        try:
            if with_sample:
                from sync_jobs.sample import load

                if load.wanted(self._settings):
                    load.load(self._settings, lambda step: log.info("sample", step=step))
        except PortalError as error:
            log.error("sample_not_loaded", error=str(error))
        except Exception:
            log.exception("sample_not_loaded")
        finally:
            self._loading = None
        if not self._stop.is_set():
            self._scheduler.start()
            self._webhook.start()
            self._follower.start()
            self._outbox.start()

    def _end(self, http: threading.Thread) -> None:
        reason = self._signal or "the HTTP server ended"
        log.info("sidecar_stopping", reason=reason, runs=runners.active())
        deadline = time.monotonic() + STOP_SECONDS
        last = threading.Timer(LAST_SECONDS, _end_hard, ["the store or the disk does not answer"])
        last.daemon = True
        last.start()
        self._stop.set()
        runners.stop_all(reason)
        try:
            self._scheduler.stop()
        except PortalError as error:  # the lease runs out by itself
            log.warning("status_not_written", error=str(error))
        self._hub.end_all()
        self._follower.stop()
        self._outbox.stop()
        while runners.active() and time.monotonic() < deadline:
            time.sleep(0.05)
        for layer in self._runner.layers.values():
            if hasattr(layer, "close"):
                layer.close()
        self._server.should_exit = True
        http.join(max(0.2, deadline - time.monotonic()))
        if runners.abandoned() or runners.active() or http.is_alive():
            _end_hard("a run or a caller did not end")
        last.cancel()
        log.info("sidecar_stopped")


def _end_hard(why: str) -> None:
    """End now. What was not written is mended by the next start, as after kill -9."""
    log.error("sidecar_stopped_hard", reason=why, runs=runners.active())
    sys.stderr.flush()
    os._exit(1)

"""What commands share: settings, logs on standard error, a runner, an orderly end on SIGTERM and Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.settings import Settings
    from sync_jobs.runner import Runner


def settings_and_logs() -> Settings:
    """Read the settings and send logs to standard error. Raises SettingsError."""
    from app import logs
    from app.settings import load_settings

    settings = load_settings()
    logs.configure(settings)
    return settings


def make_runner(settings: Settings) -> Runner:
    """A runner on the home of the settings."""
    from sync_jobs.runner import Runner
    from sync_jobs.store.cache import Cache

    return Runner(settings, Cache(settings.home))


@contextmanager
def interruptible() -> Iterator[None]:
    """Within it, SIGTERM and Ctrl-C end the runs of this process in order, and their rows say so."""
    from sync_jobs import runner

    def stop(number: int, _frame: FrameType | None) -> None:
        runner.stop_all(f"the process got {signal.Signals(number).name}")

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave_if_abandoned(code: int) -> int:
    """End the process at once when a run's thread would not stop; it could hold up the interpreter's end."""
    from sync_jobs import runner

    if runner.abandoned():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code

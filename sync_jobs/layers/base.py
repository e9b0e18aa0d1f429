"""What a layer is: where it reads, when it runs, and the four steps of a run.

A layer is a folder `sync_jobs/layers/<name>/` with a `layer.py` that ends in `LAYER = MyLayer()`. The runner
calls `extract -> normalise -> store -> cleanup`; the layer itself takes no lease and never retries.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import TYPE_CHECKING, Any, Protocol

from app.errors import PortalError, SettingsError

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from app.settings import Settings
    from sync_jobs.store.cache import Cache
    from sync_jobs.store.state import Lease

Progress = Callable[[int, int | None, str], None]
"""Called with (done, total or None when unknown, unit such as "assets")."""


@dataclass(frozen=True)
class Unknown:
    """The source could not be looked at. Nothing is deleted or resolved because of it; the run is failed."""

    reason: str
    hint: str = ""


@dataclass(frozen=True)
class NotConfigured:
    """The layer has no source. `hint` names the setting that gives it one."""

    reason: str
    hint: str = ""


class NotConfiguredError(SettingsError):
    """A layer without a source was asked to run."""


class Cancelled(PortalError):
    """The run was asked to stop and did. Raised by `RunContext.check()`."""


@dataclass
class Outcome:
    """What a run did.

    The run is `partial` when anything failed, was missed or went wrong, else `success`. `missed` names the
    parts of the scope that could not be seen; `errors` holds one sentence each; `details` holds counts of
    the layer (JSON); `source` says what was read, without credentials. With `changed` False the layers that follow
    this one are not run.
    """

    items_synced: int = 0
    items_failed: int = 0
    missed: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    hint: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    source: str | None = None
    changed: bool = True

    @property
    def status(self) -> str:
        return "partial" if self.items_failed or self.missed or self.errors else "success"


@dataclass(frozen=True)
class Schedule:
    """When the clock runs a layer. Use `every`, `daily` or `on_demand`.

    A `stream` is polled so often that polls with the same result share one row of `sync_runs` per hour, and a
    failed poll is tried again by the next one instead of by the runner.
    """

    every_seconds: float | None = None
    daily_at: time | None = None
    stream: bool = False

    @classmethod
    def every(cls, seconds: float, stream: bool = False) -> Schedule:
        """Every so many seconds; for a stream, the pause between two polls."""
        return cls(every_seconds=seconds, stream=stream)

    @classmethod
    def daily(cls, hour: int, minute: int = 0) -> Schedule:
        """Once a day, UTC."""
        return cls(daily_at=time(hour, minute))

    @classmethod
    def on_demand(cls) -> Schedule:
        """Only when asked."""
        return cls()

    @property
    def words(self) -> str:
        """For people: "every 5 minutes", "daily at 01:00 UTC"."""
        if self.daily_at is not None:
            return f"daily at {self.daily_at:%H:%M} UTC"
        if self.every_seconds is None:
            return "on demand"
        for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
            if self.every_seconds % size == 0:
                count = int(self.every_seconds // size)
                return f"every {unit}" if count == 1 else f"every {count} {unit}s"
        return "every second" if self.every_seconds == 1 else f"every {self.every_seconds:g} seconds"


@dataclass(frozen=True)
class RunContext:
    """What a layer gets for one attempt of one run. Everything written must be written under `lease`."""

    settings: Settings
    cache: Cache
    run_id: str
    lease: Lease
    trigger: str
    read_time: datetime  # UTC: the instant the data is said to be of
    log: FilteringBoundLogger
    options: dict[str, Any] = field(default_factory=dict)
    progress: Progress = lambda done, total, unit: None
    cancelled: threading.Event = field(default_factory=threading.Event)
    attempt: int = 1

    def check(self) -> None:
        """Call between pieces of work. Raises Cancelled when the run must stop."""
        if self.cancelled.is_set():
            raise Cancelled("The run was asked to stop.", "Nothing of it was published. Run it again.")


class Layer(Protocol):
    """One source of the portal's copy. `normalise` takes what `extract` returned, `store` what that returned.

    `ctx.options` may hold `paths`: files given by hand, which then are the source, configured or not. A layer that works
    on what others publish names them in `follows = ("git", …)`: it runs after each run of theirs that changed something. One
    whose work is too long for a command to wait for has `news(settings, cache)` instead: a mark of what its last run did
    not look at, None where there is nothing. The sidecar asks often and runs it once for each mark.
    """

    @property
    def name(self) -> str:
        """The folder's name, as in `sync_runs.layer`."""

    @property
    def title(self) -> str:
        """Name for people."""

    def schedule(self, settings: Settings) -> Schedule:
        """When the clock runs it."""

    def freshness_target(self, settings: Settings) -> float | None:
        """Data older than so many seconds is stale; None where age says nothing."""

    def source(self, settings: Settings, cache: Cache) -> str | NotConfigured:
        """Where it reads, without credentials; or why it cannot. Cheap: no network, no scan."""

    def extract(self, ctx: RunContext) -> Any | Unknown:
        """Read the source. Unknown when it could not be looked at; Retryable when trying again may help."""

    def normalise(self, extracted: Any, ctx: RunContext) -> Any:
        """Source records to rows. Pure."""

    def store(self, normalised: Any, ctx: RunContext) -> Outcome:
        """Publish under `ctx.lease`, all or nothing."""

    def cleanup(self, ctx: RunContext) -> None:
        """Remove what the run left behind. Called after every attempt, also a failed one."""


__all__ = [
    "Cancelled",
    "Layer",
    "NotConfigured",
    "NotConfiguredError",
    "Outcome",
    "Progress",
    "RunContext",
    "Schedule",
    "Unknown",
]

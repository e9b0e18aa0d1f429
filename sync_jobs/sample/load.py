"""Loads the sample landing zone into a home that has no source, through the same layers as real data."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.errors import Busy, Permanent, SettingsError
from app.settings import Settings
from sync_jobs.layers.events.layer import SAMPLE_TICK
from sync_jobs.sample.make import SampleManifest, make
from sync_jobs.sample.stream import tick_of

if TYPE_CHECKING:
    from sync_jobs.store.cache import Cache

FOLDER = "sample"
LOADED = "sample_loaded_at"
LEASE = "sample"
LEASE_SECONDS = 60.0
SOURCES = ("git_url", "gcp_scope", "gcp_project")

Progress = Callable[[str], None]


def configured(settings: Settings) -> list[str]:
    """The settings that give the home a source of its own. Any of them keeps the sample away."""
    return [name for name in SOURCES if getattr(settings, name)]


def give_way(settings: Settings, cache: Cache) -> bool:
    """Remove the sample from a home that was given a source since. Returns whether it did."""
    if cache.has_source() != "sample" or not configured(settings):
        return False
    cache.remove_sample()
    return True


def wanted(settings: Settings) -> bool:
    """Whether `load` would load anything: the home has no source, and the sample is not there whole."""
    from sync_jobs.store.cache import Cache

    cache = Cache(settings.home)
    return not configured(settings) and cache.has_source() != "real" and not _is_loaded(cache)


def load(settings: Settings, progress: Progress = lambda step: None) -> dict[str, Any]:
    """Make the sample's files and run assets, git, events and metrics on them.

    Returns `{"home", "loaded", "assets", "changes", "layers": {layer: status}}`; `loaded` is False where the
    sample was there already. Raises SettingsError where there is a source, Busy while another process loads
    the sample, and Permanent when a layer failed.
    """
    from sync_jobs.store.cache import Cache

    cache = Cache(settings.home)
    _refuse_source(settings, cache)
    with _alone(cache):
        if _is_loaded(cache):
            return {"home": str(settings.home), "loaded": False}
        if cache.has_source() == "sample":  # a load that was cut off: begin again
            cache.remove_sample()
        progress("making the sample")
        folder = settings.home / FOLDER
        shutil.rmtree(folder, ignore_errors=True)
        made = make(folder, datetime.now(UTC))
        cache.state.set_info(LOADED, "")  # what an earlier sample of this home left
        cache.state.set_info(SAMPLE_TICK, str(tick_of(made.as_of)))
        cache.mark_source("sample")
        layers = _run_layers(settings, cache, made, progress)
        cache.state.set_info(LOADED, datetime.now(UTC).isoformat())
    return {
        "home": str(settings.home),
        "loaded": True,
        "assets": made.assets_today,
        "changes": made.changes,
        "layers": layers,
    }


def _run_layers(settings: Settings, cache: Cache, made: SampleManifest, progress: Progress) -> dict[str, str]:
    """Run the layers in order; layer to status."""
    from sync_jobs.runner import Runner

    runner, statuses = Runner(settings, cache), {}
    for layer, options in _runs(made):
        progress(f"loading {layer}")
        row = runner.run(layer, "sample", options)
        statuses[layer] = str(row["status"])
        if row["status"] not in {"success", "partial"}:
            raise Permanent(
                f"The sample could not be loaded: {layer} failed ({' '.join(row['error_messages'])}).",
                row["hint"] or "Start again; a load that was cut off begins anew.",
            )
    return statuses


def _runs(made: SampleManifest) -> list[tuple[str, dict[str, Any]]]:
    """The runs in order: the state of a year ago, the year's changes on top of it, then the other layers."""
    return [
        ("assets", {"paths": [str(made.base), str(made.iam)], "read_time": made.base_time}),
        ("assets", {"paths": [str(made.history)], "read_time": made.as_of}),
        ("git", {}),
        ("events", {"paths": [str(made.events)]}),
        ("metrics", {}),
    ]


def _refuse_source(settings: Settings, cache: Cache) -> None:
    named = configured(settings)
    if named or cache.has_source() == "real":
        why = f"{named[0]} is set" if named else f"{settings.home} holds imported assets"
        raise SettingsError(
            f"The sample is not loaded: {why}. The sample and a source of one's own never mix.",
            "Give another folder as PORTAL_HOME, without a source, to look at the sample.",
        )


def _is_loaded(cache: Cache) -> bool:
    return cache.has_source() == "sample" and bool(cache.state.info(LOADED))


@contextmanager
def _alone(cache: Cache) -> Iterator[None]:
    """Only one process loads the sample of a home."""
    state = cache.state
    lease = state.acquire(LEASE, f"sample:{os.getpid()}", LEASE_SECONDS)
    if lease is None:
        raise Busy("Another process is loading the sample into this home.", "Wait for it to finish.")
    done = threading.Event()

    def keep() -> None:
        while not done.wait(LEASE_SECONDS / 4):
            state.renew(lease, LEASE_SECONDS)

    threading.Thread(target=keep, name="sample-lease", daemon=True).start()
    try:
        yield
    finally:
        done.set()
        state.release(lease)

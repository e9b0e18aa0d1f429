"""Makes the files of the sample landing zone: the same files for the same seed and the same instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from sync_jobs.sample import billing, changes, export, hierarchy, stream, subjects
from sync_jobs.sample.organisation import PROJECTS
from sync_jobs.sample.profiles import build
from sync_jobs.sample.repository import make_repository
from sync_jobs.sample.site import Life, Site
from sync_jobs.sample.timeline import Year

DEFAULT_SEED = 20


@dataclass(frozen=True)
class SampleManifest:
    """Where the files are and how much is in them. `base_time` is the instant of the base export."""

    seed: int
    as_of: datetime
    base_time: datetime
    base: Path
    iam: Path
    history: Path
    assets_at_base: int
    changes: int
    assets_today: int
    subjects: Path
    events: Path
    recent_events: int
    billing: Path
    billing_rows: int
    repository: Path


def make(dest: Path, as_of: datetime, seed: int = DEFAULT_SEED) -> SampleManifest:
    """Write everything into `dest`, which is made if need be."""
    dest.mkdir(parents=True, exist_ok=True)
    year = Year(as_of.astimezone(UTC))
    base, iam, history = (dest / f"{name}.ndjson" for name in ("base", "iam", "history"))
    done = export.write(_lives(year, seed), year, base, iam, history)
    assets = subjects.choose(done.today, seed)
    subjects.write(dest / "subjects.ndjson", assets)
    return SampleManifest(
        seed=seed,
        as_of=year.end,
        base_time=year.start,
        base=base,
        iam=iam,
        history=history,
        assets_at_base=done.base,
        changes=done.changes,
        assets_today=len(done.today),
        subjects=dest / "subjects.ndjson",
        events=dest / "events.ndjson",
        recent_events=stream.write_recent(dest / "events.ndjson", assets, year, seed),
        billing=dest / "billing.ndjson",
        billing_rows=billing.write(dest / "billing.ndjson", year, seed),
        repository=make_repository(dest / "repo", year),
    )


def _lives(year: Year, seed: int) -> list[Life]:
    top = hierarchy.lives(year)
    projects = [life for life in top if life.asset_type == hierarchy.PROJECT.asset_type]
    changes.add_grants(projects, year, Random(f"{seed}:grants"))
    sites: dict[str, Site] = {project.id: build(project, year, seed) for project in PROJECTS}
    changes.add_migration(sites["sample-orders-legacy"], sites["sample-orders-prod"])
    for site in sites.values():
        changes.add_everyday(site)
        changes.decommission(site)
    changes.add_bad_day(sites["sample-sbx-aster"], sites["sample-catalog-prod"])
    return top + [life for site in sites.values() for life in site.lives]

"""The git layer: the landing zone repository's files and commits, every six hours, on a webhook, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.settings import mask_credentials
from sync_jobs.layers.base import NotConfigured, Outcome, RunContext, Schedule, Unknown
from sync_jobs.layers.git.extract import COMMITS_LIMIT, Snapshot, extract
from sync_jobs.layers.git.normalise import Rows, normalise

if TYPE_CHECKING:
    from app.settings import Settings
    from sync_jobs.store.cache import Cache

MIRROR = Path("git") / "mirror.git"
SAMPLE_REPOSITORY = Path("sample") / "repo"


class GitLayer:
    """Follows one branch of one repository."""

    name = "git"
    title = "Landing zone repository"

    def schedule(self, settings: Settings) -> Schedule:
        """Every `git_interval_seconds`."""
        return Schedule.every(settings.git_interval_seconds)

    def freshness_target(self, settings: Settings) -> float:
        """Of the settings."""
        return settings.freshness_git

    def source(self, settings: Settings, cache: Cache) -> str | NotConfigured:
        """The repository's address, or that of the sample."""
        url = _url(settings, cache)
        if url:
            return mask_credentials(url)
        return NotConfigured(
            "no landing zone repository is set.",
            "Set PORTAL_GIT_URL, for example https://github.com/OWNER/REPOSITORY.git.",
        )

    def extract(self, ctx: RunContext) -> Snapshot | Unknown:
        """Fetch into the mirror and read it."""
        url = _url(ctx.settings, ctx.cache)
        if url is None:
            return Unknown("The sample repository is gone.", "Set PORTAL_GIT_URL.")
        branch = ctx.settings.git_branch if ctx.settings.git_url else "HEAD"
        known = None if ctx.options.get("full") else _known_head(ctx, branch)
        return extract(url, branch, ctx.settings.home / MIRROR, known, ctx.cancelled)

    def normalise(self, extracted: Snapshot, ctx: RunContext) -> Rows:
        """Rows of both tables."""
        return normalise(extracted, ctx.run_id)

    def store(self, normalised: Rows, ctx: RunContext) -> Outcome:
        """Exchange both tables in one transaction; nothing when the branch has not moved."""
        snapshot, state = normalised.snapshot, ctx.cache.state
        details: dict[str, object] = {"commit": snapshot.head, "branch": snapshot.branch}
        if snapshot.unchanged:
            count = int(state.rows("SELECT COUNT(*) AS n FROM git_files")[0]["n"])
            return Outcome(items_synced=count, details={**details, "unchanged": True}, source=snapshot.source)
        with state.transaction():
            state.check(ctx.lease)
            state.replace("git_files", normalised.files)
            state.replace("git_commits", normalised.commits)
        if len(snapshot.commits) == COMMITS_LIMIT:
            details["oldest_commit_listed"] = snapshot.commits[0].sha
        return Outcome(
            items_synced=len(normalised.files),
            errors=normalised.errors,
            details={**details, "files": len(normalised.files), "commits": len(normalised.commits)},
            source=snapshot.source,
        )

    def cleanup(self, ctx: RunContext) -> None:
        """Nothing is left behind: the next fetch sweeps the mirror."""


def _url(settings: Settings, cache: Cache) -> str | None:
    """The address with its credentials; that of the sample only while the home holds the sample."""
    if settings.git_url:
        return settings.git_url
    sample = settings.home / SAMPLE_REPOSITORY
    return sample.as_uri() if cache.has_source() == "sample" and sample.is_dir() else None


def _known_head(ctx: RunContext, branch: str) -> str | None:
    """The commit that both tables hold whole, or None."""
    rows = ctx.cache.state.rows(
        "SELECT DISTINCT f.commit_sha, c.branch FROM git_files f "
        "LEFT JOIN git_commits c ON c.commit_sha = f.commit_sha"
    )
    if len(rows) != 1 or (branch not in {"HEAD", rows[0]["branch"]}):
        return None
    return str(rows[0]["commit_sha"])


LAYER = GitLayer()

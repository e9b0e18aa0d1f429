"""The git layer: the landing zone repository's files and commits, every six hours, on a webhook, by hand."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.settings import PROJECT_ROOT
from sync_jobs.layers.base import NotConfigured, Outcome, RunContext, Schedule, Unknown
from sync_jobs.layers.git import known
from sync_jobs.layers.git.extract import Request, Snapshot, extract
from sync_jobs.layers.git.known import Known, terms_of
from sync_jobs.layers.git.mapping import Mapped
from sync_jobs.layers.git.normalise import Rows, normalise
from sync_jobs.layers.git.plan import SYNCED
from sync_jobs.layers.git.program import address
from sync_jobs.layers.git.publish import Item, Publication
from sync_jobs.layers.git.sync import Extracted, Sync, unchanged

if TYPE_CHECKING:
    from app.settings import Settings
    from sync_jobs.store.cache import Cache

MIRROR = Path("git") / "mirror.git"
PUBLISHED = Path("git") / "published"  # of the sample; a source of one's own is published in the project
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
            return address(url).url
        return NotConfigured(
            "no landing zone repository is set.",
            "Set PORTAL_GIT_URL, for example https://github.com/OWNER/REPOSITORY.git.",
        )

    def extract(self, ctx: RunContext) -> Extracted | Unknown:
        """Fetch into the mirror and read it; look at what is published."""
        began = time.monotonic()
        url = _url(ctx.settings, ctx.cache)
        if url is None:
            return Unknown("The sample repository is gone.", "Set PORTAL_GIT_URL.")
        mapped = Mapped(ctx.settings.git_mapping)
        publication = Publication(publish_root(ctx.settings, sample=not ctx.settings.git_url), mapped.folders)
        before = known.load(ctx.cache)
        with publication.held():
            request = _request(url, mapped, publication, before, ctx)
        snapshot = extract(request)
        if isinstance(snapshot, Unknown):
            return snapshot
        if not snapshot.unchanged:
            with publication.held():
                snapshot = _without_conflicts(snapshot, publication)
        return Extracted(snapshot, request, publication, before, began)

    def normalise(self, extracted: Extracted, ctx: RunContext) -> tuple[Extracted, Rows]:
        """Rows of the files; those of the other tables are made when they are published."""
        return extracted, normalise(extracted.snapshot, ctx.run_id)

    def store(self, normalised: tuple[Extracted, Rows], ctx: RunContext) -> Outcome:
        """Exchange folders and tables; nothing when the branch has not moved."""
        extracted, rows = normalised
        if extracted.snapshot.unchanged and extracted.before is not None:
            return unchanged(extracted, extracted.before)
        return Sync(extracted, rows, ctx).run()

    def cleanup(self, ctx: RunContext) -> None:
        """Remove the run's folder, and files of earlier syncs that nobody reads any more."""
        ctx.cache.clear_workspace(self.name)
        ctx.cache.sweep()


def publish_root(settings: Settings, *, sample: bool) -> Path:
    """The folder below which files are published."""
    if sample:
        return settings.home / PUBLISHED
    return settings.git_publish_root or PROJECT_ROOT


def _url(settings: Settings, cache: Cache) -> str | None:
    """The address with its credentials; that of the sample only while the home holds the sample."""
    if settings.git_url:
        return settings.git_url
    sample = settings.home / SAMPLE_REPOSITORY
    return sample.as_uri() if cache.has_source() == "sample" and sample.is_dir() else None


def _request(
    url: str, mapped: Mapped, publication: Publication, before: Known | None, ctx: RunContext
) -> Request:
    """What to read: everything anew when the settings changed, or what is published is not whole."""
    settings = ctx.settings
    branch = settings.git_branch if settings.git_url else "HEAD"
    terms = terms_of(
        address(url).url, branch, settings.git_mapping, settings.git_file_limit_bytes, settings.git_history_commits,
        str(publication.root), [_stamp(name) for name in settings.terraform_state],
    )  # fmt: skip
    same = before is not None and before.terms == terms and not ctx.options.get("full")
    large: list[str] = []
    current = None
    if before is not None and same:
        large = before.large
        # Of a state in Cloud Storage nobody knows whether it changed: it is read by each run.
        remote = any(name.startswith("gs://") for name in settings.terraform_state)
        whole = before.history and not remote and publication.intact(before.counts["files_synced"])
        current = before.head if whole else None
    return Request(
        url=url,
        branch=branch,
        folder=settings.home / MIRROR,
        mapped=mapped,
        terms=terms,
        limit=settings.git_file_limit_bytes,
        commits=settings.git_history_commits,
        known_head=current,
        known_large=frozenset(large),
        with_history=before is not None and before.history,
        cancelled=ctx.cancelled,
    )


def _stamp(name: str) -> tuple[str, int, int]:
    """A state document, and what changes when somebody writes it."""
    path = Path(name).expanduser()
    found = path.stat() if path.is_file() else None
    return name, found.st_mtime_ns if found else 0, found.st_size if found else 0


def _without_conflicts(snapshot: Snapshot, publication: Publication) -> Snapshot:
    """Refuse the files in whose place is something that the sync did not write."""
    items = [
        Item(one.target, one.oid, snapshot.sizes[one.oid])
        for one in snapshot.files
        if one.status == SYNCED and one.target
    ]
    found = publication.conflicts(items)
    if not found:
        return snapshot
    files = [
        one.refused(found[one.target]) if one.status == SYNCED and one.target in found else one
        for one in snapshot.files
    ]
    return replace(snapshot, files=files)


LAYER = GitLayer()

"""Layer 3: the state of the organisation, from the Cloud Asset API or from export files of it.

A file of assets is a snapshot of its scope; a file of asset changes is put on top of what is known. With a scope
(PORTAL_GCP_SCOPE) the API is read by the clock, and its answers take the same path as files.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from app.errors import SettingsError
from app.manifest import SPANS
from app.settings import Settings
from sync_jobs.applying import streamed
from sync_jobs.layers.assets import days, history, reports, snapshot
from sync_jobs.layers.assets.completing import completed
from sync_jobs.layers.assets.files import Prepared, clean, free_space_for, make_room, prepare
from sync_jobs.layers.assets.literals import literal, parquet
from sync_jobs.layers.assets.normalise import FileShape, reader
from sync_jobs.layers.assets.priority import give_way_to_readers
from sync_jobs.layers.assets.progress import Watch
from sync_jobs.layers.assets.publish import compacted
from sync_jobs.layers.assets.scopes import parse
from sync_jobs.layers.assets.survey import Survey, fill_project_ids, looked, survey
from sync_jobs.layers.base import NotConfigured, Outcome, RunContext, Schedule, Unknown
from sync_jobs.store.cache import Cache

if TYPE_CHECKING:
    from sync_jobs.layers.assets.api import Found

AS_OF = "assets_as_of"
SCOPE = "assets_scope"
NAME = "assets"


@dataclass
class Extracted:
    """Files ready for the bulk path, and what a first look at them told."""

    files: list[Prepared]
    survey: Survey
    work: snapshot.Work
    source: str
    found: Found | None = None  # what the API said besides


@dataclass
class Normalised:
    """The new state in the run's folder, and what changed."""

    extracted: Extracted
    state: list[Path]
    changes: Path | None
    counts: dict[str, int]
    kind: str  # snapshot, history or nothing


class AssetsLayer:
    """See the module."""

    name = NAME
    title = "Cloud assets"

    def schedule(self, settings: Settings) -> Schedule:
        return Schedule.every(settings.assets_interval_seconds)

    def freshness_target(self, settings: Settings) -> float:
        return settings.freshness_assets

    def source(self, settings: Settings, cache: Cache) -> str | NotConfigured:
        if settings.gcp_scope:
            return f"Cloud Asset API: {', '.join(parse(settings.gcp_scope))}"
        kind = cache.has_source()
        brought = "The sample came" if kind == "sample" else "Assets come"
        return NotConfigured(
            f"{brought} from files; no scope of the Cloud Asset API is set.",
            "Set PORTAL_GCP_SCOPE, or bring an export in with `python -m sync_jobs import-assets FILE`.",
        )

    def extract(self, ctx: RunContext) -> Extracted | Unknown:
        paths = list(dict.fromkeys(str(path) for path in ctx.options.get("paths") or []))
        if not paths and not ctx.settings.gcp_scope:
            return Unknown(
                "No export file was named and no scope is set.",
                "Set PORTAL_GCP_SCOPE, or use `python -m sync_jobs import-assets FILE…`.",
            )
        give_way_to_readers()
        folder = ctx.cache.workspace(NAME)
        connection = ctx.cache.duckdb(ctx.settings.import_memory_limit, ctx.settings.threads, folder)
        replaces_sample = ctx.trigger != "sample" and ctx.cache.has_source() == "sample"
        old = [] if replaces_sample else ctx.cache.paths("assets")
        _refuse_older(ctx, old)
        work = snapshot.Work(connection, folder, old, ctx.run_id, ctx.read_time, "import")
        work.applied = streamed.position(ctx.cache.state)
        work.streamed = streamed.bring(connection, ctx.cache.state, ctx.read_time) if old else 0
        if paths:
            extracted: Extracted | Unknown = _from_files(ctx, work, paths)
        else:
            extracted = _from_api(ctx, work)
        if isinstance(extracted, Unknown):
            return extracted
        free_space_for((Path(file.shape.path) for file in extracted.files), ctx.cache.home)
        _look(extracted)
        if ctx.trigger != "sample" and extracted.survey.assets + extracted.survey.changes:
            ctx.cache.mark_source("real")
        return extracted

    def normalise(self, extracted: Extracted, ctx: RunContext) -> Normalised:
        try:
            return self._normalised(extracted, ctx)
        except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
            rest = [file for file in extracted.files if not (file.cleaned or file.empty)]
            if not rest:
                raise
            ctx.log.info("records_looked_at_one_by_one", reason=str(error).split("\n")[0])
            for file in rest:
                ctx.check()
                clean(file, extracted.work.folder, ctx.cache.home, ctx.read_time)
            _look(extracted)
            return self._normalised(extracted, ctx)

    def _normalised(self, extracted: Extracted, ctx: RunContext) -> Normalised:
        work, found, shapes = extracted.work, extracted.survey, _shapes(extracted)
        with Watch(work.connection, ctx, found.assets + found.changes):
            if found.changes:
                if found.assets:
                    raise SettingsError(
                        "The files hold both assets and asset changes.",
                        "Import the assets first, then the changes.",
                    )
                work.source = "history"
                history.versions(work, reader(shapes))
                changes, counts = history.history_changes(work)
                state = [history.latest(work)] if sum(counts.values()) else []
                return Normalised(extracted, state, changes, counts, "history" if state else "nothing")
            if not found.assets:
                return Normalised(
                    extracted, [], None, dict.fromkeys(("created", "updated", "deleted"), 0), "nothing"
                )
            staged = snapshot.stage(work, reader(shapes), found, ctx.options.get("scope"))
            ctx.check()
            staged = completed(work, staged)
            carried = snapshot.carried(work, staged)
            changes, counts = snapshot.changed(work, staged)
        ctx.check()
        same = (
            work.old and not work.streamed and not sum(counts.values()) and not _grew(work, staged, carried)
        )
        state = [] if same else [path for path in (staged, carried) if path]
        return Normalised(extracted, state, changes, counts, "snapshot" if state else "nothing")

    def store(self, normalised: Normalised, ctx: RunContext) -> Outcome:
        extracted = normalised.extracted
        faults = [{**row, "run_id": ctx.run_id} for file in extracted.files for row in file.faults]
        if faults:
            ctx.cache.state.upsert("dead_letters", faults, durable=True)
        seen = extracted.survey.assets or extracted.survey.changes
        if normalised.state or (seen and extracted.work.old and _day_ended(ctx)):
            _publish(normalised, ctx)
        elif seen and extracted.work.old:
            ctx.cache.publish(
                ctx.lease, {}, {AS_OF: ctx.read_time.isoformat(), **reports.info(ctx, extracted.found)}
            )
        return _outcome(normalised, ctx, len(faults))

    def cleanup(self, ctx: RunContext) -> None:
        ctx.cache.clear_workspace(NAME)
        ctx.cache.sweep()


def _from_files(ctx: RunContext, work: snapshot.Work, paths: list[str]) -> Extracted:
    files = []
    for path in paths:  # a file listed twice is read once
        ctx.check()
        files.append(prepare(path, work.folder, work.connection, ctx.cache.home, ctx.read_time))
    return Extracted(files, Survey(0, 0), work, ", ".join(paths))


def _from_api(ctx: RunContext, work: snapshot.Work) -> Extracted | Unknown:
    from sync_jobs.layers.assets.api import fetch  # gRPC takes half a second to load

    found = fetch(ctx, work.folder, reports.total(work.old), work.connection)
    if isinstance(found, Unknown):
        return found
    work.coverage, work.source = found.coverage, "api"
    return Extracted(
        found.files, Survey(0, 0), work, f"Cloud Asset API: {', '.join(found.coverage.scopes)}", found
    )


def _shapes(extracted: Extracted) -> list[FileShape]:
    return [file.shape for file in extracted.files if Path(file.shape.path).stat().st_size and not file.empty]


def _look(extracted: Extracted) -> None:
    """The survey. A snapshot that lacks something for a fault of its files does not tell what is gone."""
    work, shapes = extracted.work, _shapes(extracted)
    make_room(work.connection, extracted.files)
    known = [
        looked(work.connection, file.shape) if file.groups is None else file.groups
        for file in extracted.files
        if Path(file.shape.path).stat().st_size and not file.empty
    ]
    extracted.survey = survey([group for groups in known for group in groups])
    work.lists = extracted.found is not None or not any(file.incomplete for file in extracted.files)
    if shapes:
        fill_project_ids(work.connection, shapes, extracted.survey, work.old)


def _refuse_older(ctx: RunContext, old: list[str]) -> None:
    as_of = ctx.cache.manifest().info.get(AS_OF)
    if old and as_of and ctx.read_time < datetime.fromisoformat(as_of):
        raise SettingsError(
            f"The export is of {ctx.read_time:%Y-%m-%d %H:%M:%S} UTC, older than the state known ({as_of}).",
            "Older news never overwrites newer. Give the right --read-time, or use another PORTAL_HOME.",
        )


def _grew(work: snapshot.Work, staged: Path, carried: Path | None) -> bool:
    """Whether the number of assets differs: a first snapshot of a further scope adds assets without changes."""
    files = parquet(file for part in (staged, carried) if part for file in snapshot.files(part))
    new = work.connection.sql(f"SELECT count(*) FROM {files}").fetchall()
    return bool(new != work.connection.sql(f"SELECT count(*) FROM {work.previous()}").fetchall())


def _day_ended(ctx: RunContext) -> bool:
    """Whether the state before is of an earlier day: that day is written down even if nothing changed since."""
    was = ctx.cache.manifest().info.get(AS_OF)
    return bool(was) and datetime.fromisoformat(str(was)).date() < ctx.read_time.astimezone(UTC).date()


def _publish(normalised: Normalised, ctx: RunContext) -> None:
    work, cache = normalised.extracted.work, ctx.cache
    manifest = cache.manifest()
    was = manifest.info.get(AS_OF)
    before = datetime.fromisoformat(was) if was and work.old else None
    today = ctx.read_time.astimezone(UTC).date()
    oldest = days.oldest_kept(ctx.read_time, ctx.settings.snapshot_retention_days)
    frozen, spans, past = [], manifest.files(SPANS), set[date]()
    if before and before.date() < today:
        if normalised.kind == "history":
            first, last = max(before.date(), oldest), today - timedelta(days=1)
            spans = [*spans, *history.spans(work, cache, first, last)]
            past = {first + timedelta(days=n) for n in range((last - first).days + 1)}
        else:
            frozen, past = days.freeze(work, cache, before), {before.date()}
    days.unfold_counts(work, present=normalised.kind == "history" and bool(past))
    files: dict[str, list[str]] = {
        "assets": [
            cache.adopt(Path(file), f"assets/{ctx.run_id}-{number}.parquet")
            for number, file in enumerate(file for part in normalised.state for file in snapshot.files(part))
        ]
        or manifest.files("assets"),
        "asset_snapshots": [*days.without(manifest.files("asset_snapshots"), past, oldest), *frozen],
        "asset_changes": manifest.files("asset_changes"),
        SPANS: [file for file in spans if file.split("/")[1].split("_")[1] >= oldest.isoformat()],
    }
    if normalised.changes:
        added = cache.adopt(normalised.changes, f"asset_changes/{today}-{ctx.run_id}.parquet")
        files["asset_changes"] = compacted(work, cache, [*files["asset_changes"], added])
    noted = _streamed_changes(work, cache, files, f"{today}-{ctx.run_id}")
    ctx.check()
    files["resources_daily"] = days.count(work, cache, files, past, today)
    with cache.state.transaction(durable=True):
        streamed.written(cache.state, ctx.read_time, work.applied, noted)
        cache.publish(ctx.lease, files, _facts(normalised, ctx))


def _facts(normalised: Normalised, ctx: RunContext) -> dict[str, str]:
    """What is known of the state besides its rows."""
    found = normalised.extracted.found
    scope = (
        (", ".join(found.coverage.scopes) if found else ctx.options.get("scope"))
        or ", ".join(sorted(normalised.extracted.survey.scope))
        or "as named in the files"
    )
    return {AS_OF: ctx.read_time.isoformat(), SCOPE: scope, **reports.info(ctx, found)}


def _streamed_changes(work: snapshot.Work, cache: Cache, files: dict[str, list[str]], name: str) -> list[str]:
    """The changes that the stream told, into a file of their own. Returns their ids."""
    connection, target = work.connection, work.folder / "streamed-changes.parquet"
    if not streamed.changes(connection, cache.state):
        return []
    connection.execute(
        f"COPY (FROM streamed_changes ORDER BY date, project_id, asset_type) TO {literal(target)} ({snapshot.PARQUET})"
    )
    added = cache.adopt(target, f"asset_changes/{name}-events.parquet")
    files["asset_changes"] = compacted(work, cache, [*files["asset_changes"], added])
    return [row[0] for row in connection.sql("SELECT change_id FROM streamed_changes").fetchall()]


def _outcome(normalised: Normalised, ctx: RunContext, failed: int) -> Outcome:
    extracted = normalised.extracted
    found, work = extracted.survey, extracted.work
    outcome = Outcome(
        items_synced=found.assets + found.changes,
        items_failed=failed,
        source=extracted.source,
        changed=bool(normalised.state),
        details={
            **normalised.counts,
            "assets": reports.total(ctx.cache.paths("assets")),
            "read_time": ctx.read_time.isoformat(),
        },
    )
    if work.streamed:
        outcome.details["told_by_events"] = work.streamed
        outcome.details["missed_by_events"] = sum(normalised.counts.values())
    if found.scope:
        outcome.details["scope"] = sorted(found.scope)
    reports.tell_of_files(outcome, extracted.files)
    if extracted.found is not None:
        reports.tell(outcome, extracted.found)
    return outcome


LAYER = AssetsLayer()

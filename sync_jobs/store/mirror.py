"""BigQuery follows the home: what the local cache has and the dataset has not is written there.

Nothing is remembered before it is written: marks (what the dataset holds) move after each table, so a pass cut off
anywhere is repeated by the next one, with the same job ids and by key: done twice, it gives the same rows. One pass
at a time, under a lease. A home writes one dataset, and a dataset is written by one home.
"""

from __future__ import annotations

import calendar
import hashlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import structlog

from app import sql_files
from app.engines.bigquery import BigQueryEngine
from app.errors import Busy, LeaseLost, Permanent, PortalError
from app.manifest import PARQUET_TABLES, Manifest
from app.schema import tables
from app.settings import Settings
from sync_jobs.store.bigquery import BigQueryStore
from sync_jobs.store.bigquery_parquet import Part, days_of
from sync_jobs.store.cache import Cache
from sync_jobs.store.mirror_marks import Mark, Marks
from sync_jobs.store.state import Lease
from sync_jobs.store.state_rows import Position, as_arrow, export, positions

LEASE = "mirror"
LEASE_SECONDS = 60.0
FACTS, STATUS, ALERT_RULES = "portal_info", "layer_status", "alert_rules"
STATUS_SECONDS = 600.0  # the sidecar writes them every few seconds; copies that old are good enough
DAYS_AT_ONCE = 100
# The first filling by a home takes out what another left in tables of the present; history it leaves.
OF_THE_PRESENT = frozenset(
    {
        "assets",
        "declared_resources",
        "drift",
        "git_commits",
        "git_files",
        "policies",
        "waivers",
        "alert_channels",
        ALERT_RULES,
        STATUS,
    }
)
HISTORY = (
    "asset_changes",
    "asset_snapshots",
    "resources_daily",
)  # of the Parquet tables; the others are of the present
_KIND = "SELECT value FROM portal_info WHERE key = 'source_kind'"

log = structlog.get_logger("sync_jobs.mirror")


class Mirror:
    """The copy of one home in `bigquery_dataset`. Setting `cancelled` ends a pass early."""

    def __init__(self, settings: Settings, cache: Cache, cancelled: threading.Event | None = None) -> None:
        self._settings = settings
        self._cache = cache
        self._cancelled = cancelled or threading.Event()
        self._marks = Marks(settings, cache.state)

    def behind(self) -> list[str]:
        """The tables of which BigQuery lacks something, in the order they are written. Asks BigQuery nothing."""
        marks, kind, manifest = self._marks.read(), self._cache.has_source(), self._cache.manifest()
        hot = positions(self._cache.state, [name for name in tables() if name not in PARQUET_TABLES])
        found = []
        for name in _order():
            mark = marks.get(name)
            if name in PARQUET_TABLES:
                wanted = set(manifest.files(name)) != set(mark.files if mark else ())
            elif name == FACTS:
                wanted = mark is None or mark.files != (_stamp(self._facts(manifest)),)
            else:
                wanted = _lacks(mark, hot[name])
            if wanted or (mark is not None and mark.kind == "sample" and kind != "sample"):
                found.append(name)
        status = marks.get(STATUS)
        if (
            set(found) <= {STATUS, ALERT_RULES}
            and status is not None
            and time.time() - status.mirrored_at < STATUS_SECONDS
        ):
            return []
        return found

    def catch_up(self, wait_seconds: float = 0.0) -> dict[str, int]:
        """Write what is lacking. Returns the rows sent, by table; none when BigQuery has everything.

        Waits for another pass under way, at most `wait_seconds`, then raises Busy. Raises PortalError when
        something could not be written; what could is then marked.
        """
        if not self.behind():
            return {}
        with self._held(wait_seconds) as lease:
            todo = self.behind()
            return self._pass(lease, todo) if todo else {}

    # -- one pass --------------------------------------------------------------------------------------

    def _pass(self, lease: Lease, todo: list[str]) -> dict[str, int]:
        sent: dict[str, int] = {}
        failed: list[tuple[str, PortalError]] = []
        store = BigQueryStore(self._settings, self._cancelled)
        try:
            created = store.created()
            missing = [name for name in _order() if name not in created]
            if missing:
                raise Permanent(
                    f"Dataset {self._settings.bigquery_dataset} has no table {', '.join(missing)}.",
                    "Create what is missing with `python -m sync_jobs setup bigquery`.",
                )
            marks = self._marks.read()
            there = self._kind_there(marks, created)
            if there == "sample" and self._cache.has_source() != "sample":
                todo = _order()  # also tables of which this home holds nothing
            anew = {mark.table for mark in marks.values() if mark.created != created[mark.table]}
            todo = [name for name in _order() if name in todo or name in anew]
            for name in todo:
                mark = self._begun(lease, marks.get(name), name, created[name], there)
                try:
                    sent[name] = self._table(store, lease, mark)
                except LeaseLost:
                    raise
                except Permanent as error:  # of this table alone; the others go on
                    failed.append((name, error))
        finally:
            store.close()
        if failed:
            name, first = failed[0]
            more = f" (and {len(failed) - 1} more tables failed)" if len(failed) > 1 else ""
            raise Permanent(f"{name}: {first.message}{more}", first.hint)
        return sent

    def _kind_there(self, marks: Mapping[str, Mark], created: Mapping[str, str]) -> str:
        """Which kind of source filled the dataset, as far as it is not this home that did.

        Raises Permanent rather than have a sample overwrite somebody's real data.
        """
        mark, kind = marks.get(FACTS), self._cache.has_source()
        if mark is not None and mark.created == created[FACTS] and mark.kind == kind:
            return kind
        engine = BigQueryEngine(self._settings)
        try:
            rows = engine.query(sql_files.adhoc(_KIND, {}), {}).to_pylist()
        finally:
            engine.close()
        there = str(rows[0]["value"]) if rows else "none"
        if there == "real" and kind == "sample":
            raise Permanent(
                f"Dataset {self._settings.bigquery_dataset} holds real data, and this home the sample:"
                " the two never mix.",
                "Name another dataset in PORTAL_BIGQUERY_DATASET, or give this home a source.",
            )
        return there

    def _begun(self, lease: Lease, mark: Mark | None, name: str, created: str, there: str) -> Mark:
        """The mark to go on from; a new one for a table not filled by this home, made anew, or of the sample."""
        if mark is None or mark.created != created:
            return self._marks.begin(lease, name, created, there)
        begun = mark.rev >= 0 or mark.files
        if begun and mark.kind == "sample" and self._cache.has_source() != "sample":
            return self._marks.begin(lease, name, created, "sample")
        return mark

    def _table(self, store: BigQueryStore, lease: Lease, mark: Mark) -> int:
        kind = self._cache.has_source()
        whole = mark.kind == "sample" and kind != "sample"  # nothing of the sample may stay
        writers: dict[str, Callable[[BigQueryStore, Mark, bool], tuple[int, Mark]]] = {
            **dict.fromkeys(PARQUET_TABLES, self._files),
            FACTS: self._fact_rows,
        }
        rows, moved = writers.get(mark.table, self._rows)(store, mark, whole)
        self._marks.write(lease, replace(moved, kind=kind))
        return rows

    # -- tables of state.sqlite ------------------------------------------------------------------------

    def _rows(self, store: BigQueryStore, mark: Mark, whole: bool) -> tuple[int, Mark]:
        table, state = tables()[mark.table], self._cache.state
        now = positions(state, [mark.table])[mark.table]
        first = mark.rev < 0
        removed = not first and mark.epoch != now.epoch
        with tempfile.TemporaryDirectory(prefix="portal-mirror-") as folder:
            path = Path(folder) / "rows.parquet"
            count = export(state, table, -1 if whole or removed else mark.rev, path)
            delete = whole or removed or (first and count > 0 and mark.table in OF_THE_PRESENT)
            store.merge(
                mark.table,
                path,
                f"{mark.series}:{mark.rev}:{now.rev}:{now.epoch}",
                delete_missing=delete,
                within_days=not whole and table.partition is not None,
            )
        return count, replace(mark, rev=now.rev, epoch=now.epoch)

    def _fact_rows(self, store: BigQueryStore, mark: Mark, whole: bool) -> tuple[int, Mark]:
        facts = self._facts(self._cache.manifest())
        stamp = _stamp(facts)
        source = as_arrow(tables()[FACTS], sorted(facts.items()))
        run_id = (
            f"{mark.series}:{stamp}:{time.time_ns()}"  # facts come back to what they were: never the same job
        )
        store.merge(FACTS, source, run_id, delete_missing=whole or bool(mark.files))
        return len(facts), replace(mark, files=(stamp,))

    def _facts(self, manifest: Manifest) -> dict[str, str]:
        """The facts a reader of the cache sees: those of state.sqlite and of the manifest."""
        rows = self._cache.state.rows("SELECT key, value FROM portal_info")
        own = {str(row["key"]): str(row["value"]) for row in rows}
        return {**own, **manifest.info, "generation": str(manifest.generation)}

    # -- Parquet files ---------------------------------------------------------------------------------

    def _files(self, store: BigQueryStore, mark: Mark, whole: bool) -> tuple[int, Mark]:
        listed = self._cache.manifest().files(mark.table)
        fresh = sorted(set(listed) - set(mark.files))
        digest = hashlib.sha256("\n".join([*sorted(listed), "", *sorted(mark.files)]).encode()).hexdigest()
        run_id = f"{mark.series}:{digest}"
        if whole or mark.table not in HISTORY:
            rows = store.merge(mark.table, self._parts(sorted(listed)), run_id, delete_missing=True)
        elif mark.table == "asset_changes":
            # Files that became one come again; each change has its key.
            rows = store.merge(mark.table, self._parts(fresh), run_id, within_days=True) if fresh else 0
        elif mark.table == "asset_snapshots":
            rows = self._snapshots(store, fresh, run_id)
        else:
            rows = self._months(store, fresh, run_id)
        return rows, replace(mark, files=tuple(sorted(listed)))

    def _snapshots(self, store: BigQueryStore, files: list[str], run_id: str) -> int:
        """Whole days, many to a job."""
        by_day: dict[date, list[Part]] = {}
        for part in self._parts(files):
            by_day.setdefault(_day_of(part), []).append(part)
        days, rows = sorted(by_day), 0
        for start in range(0, len(days), DAYS_AT_ONCE):
            chunk = days[start : start + DAYS_AT_ONCE]
            parts = [part for day in chunk for part in by_day[day]]
            rows += store.replace_days("asset_snapshots", chunk, parts, run_id)
        return rows

    def _months(self, store: BigQueryStore, files: list[str], run_id: str) -> int:
        """A file of resources_daily is all there is of its month."""
        rows = 0
        for part in self._parts(files):
            months = {(day.year, day.month) for day in days_of(part.path, "date")}
            days = [
                date(year, month, day + 1)
                for year, month in months
                for day in range(calendar.monthrange(year, month)[1])
            ]
            if days:
                rows += store.replace_days("resources_daily", days, [part], run_id)
        return rows

    def _parts(self, files: list[str]) -> list[Part]:
        parts = [Part(self._cache.folder / file) for file in files]
        return [
            replace(part, day=_day_of(part)) if part.path.parent.name.startswith("date=") else part
            for part in parts
        ]

    # -- one at a time ---------------------------------------------------------------------------------

    @contextmanager
    def _held(self, wait_seconds: float) -> Iterator[Lease]:
        state, until = self._cache.state, time.monotonic() + wait_seconds
        while (lease := state.acquire(LEASE, "mirror", LEASE_SECONDS)) is None:
            if time.monotonic() >= until or self._cancelled.wait(0.5):
                raise Busy(
                    "BigQuery is being brought up to date by another pass.",
                    "The sidecar or the next run writes what is still lacking.",
                )
        done = threading.Event()
        renewing = threading.Thread(target=self._renew, args=[lease, done], name="mirror-lease", daemon=True)
        renewing.start()
        try:
            yield lease
        finally:
            done.set()
            renewing.join(5)
            state.release(lease)

    def _renew(self, lease: Lease, done: threading.Event) -> None:
        while not done.wait(LEASE_SECONDS / 4):
            try:
                self._cache.state.renew(lease, LEASE_SECONDS)
            except PortalError as error:  # a lost lease stops the pass at its next mark
                log.warning("mirror_lease_not_renewed", error=str(error))
        self._cache.state.close()


def _order() -> list[str]:
    """Facts come last: `assets_as_of` must not run ahead of the assets."""
    others = [name for name in tables() if name not in PARQUET_TABLES and name != FACTS]
    return [*PARQUET_TABLES, *others, FACTS]


def _lacks(mark: Mark | None, now: Position) -> bool:
    if mark is None:
        return now.rev >= 0
    return now.rev > mark.rev or (mark.rev >= 0 and now.epoch != mark.epoch)


def _stamp(facts: Mapping[str, str]) -> str:
    return hashlib.sha256(
        "\n".join(f"{key}={value}" for key, value in sorted(facts.items())).encode()
    ).hexdigest()


def _day_of(part: Part) -> date:
    return date.fromisoformat(part.path.parent.name.removeprefix("date="))

"""The rules of assets that the stream just changed: their findings as they now stand, and an event for each new one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from app.schema import UPDATES, updates
from sync_jobs.applying import streamed
from sync_jobs.layers.events.message import Event
from sync_jobs.layers.events.names import clip
from sync_jobs.layers.policies.layer import INPUTS
from sync_jobs.policies import config, engine, findings, rules
from sync_jobs.policies.engine import Result
from sync_jobs.policies.recheck import Recheck

if TYPE_CHECKING:
    from app.settings import Settings
    from sync_jobs.store.cache import Cache

RUN = "events"
SOURCE = "rules"
_FOUND = "policy_id, severity, asset_name, status, reason, CAST(evidence AS JSON) AS evidence"


@dataclass(frozen=True)
class Judged:
    """Rows of `violations` and of `events`; `left` names rules that a run over everything has to look at."""

    findings: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


class Verdicts:
    """Judges changed assets. Not for two threads at once."""

    def __init__(self, settings: Settings, cache: Cache, folder: Path) -> None:
        self._settings, self._cache, self._folder = settings, cache, folder
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute("SET GLOBAL TimeZone = 'UTC'")
        self._mark: str | None = None
        self._recheck: Recheck | None = None
        self._waivers: tuple[config.Waiver, ...] = ()
        self._titles: dict[str, str] = {}

    def judge(self, changed: pa.Table, now: datetime) -> Judged:
        """What the rules say of these rows beside `assets`. Nothing before a first run over everything."""
        again = self._ready()
        if again is None or not changed.num_rows:
            return Judged()
        there = changed.filter(pc.invert(changed.column("deleted")))
        found = again.check(there) if there.num_rows else None
        again.remember(changed)
        asked = found.asked if found else []
        self._tables(changed, found.rows if found else None, asked)
        today = now.astimezone(UTC).date()
        findings.waive(self._connection, self._waivers, today)
        results = [Result(name, 0.0) for name in self._ran(asked)]
        rows = findings.merged(self._connection, results, now, RUN).to_pylist()
        return Judged(
            rows, [self._event(row, now) for row in rows if _is_new(row, now)], found.left if found else []
        )

    def close(self) -> None:
        """Let go of the memory."""
        if self._recheck is not None:
            self._recheck.close()
        self._connection.close()

    def _ready(self) -> Recheck | None:
        """The rules over the files as they are published now."""
        manifest = self._cache.manifest()
        files = manifest.files("assets")
        if not files or INPUTS not in manifest.info:
            return None
        mark = rules.mark(self._settings, files)
        if mark != self._mark or self._recheck is None:
            given = config.load()
            self._waivers = tuple(given.waivers)
            known = rules.load(self._settings, given).enabled()
            self._titles = {rule.policy_id: rule.file.title for rule in known}
            if self._recheck is not None:
                self._recheck.close()
            paths = [str(self._cache.folder / file) for file in files]
            self._recheck = Recheck(known, paths, self._cache.folder, self._folder)
            beside = duckdb.connect()
            streamed.bring(beside, self._cache.state)
            self._recheck.remember(beside.sql("FROM streamed").to_arrow_table())
            beside.close()
            self._mark = mark
        return self._recheck

    def _tables(self, changed: pa.Table, answers: pa.Table | None, asked: list[str]) -> None:
        """What `findings.merged` looks at: found, passed, old and everything, of the changed assets only."""
        connection, state = self._connection, self._cache.state
        connection.register("changed", changed)
        engine.collect(connection)
        connection.execute("CREATE OR REPLACE TABLE everything AS SELECT name FROM changed WHERE NOT deleted")
        if answers is not None:
            connection.register("answers", answers)
            connection.execute(
                f"INSERT INTO found SELECT {_FOUND}, asset_type, project_id, folder FROM answers a"
                " JOIN changed c ON c.name = a.asset_name WHERE a.status <> 'pass'"
            )
            connection.execute(
                "INSERT INTO passed SELECT policy_id, asset_name FROM answers WHERE status = 'pass'"
            )
            connection.unregister("answers")
        names = changed.column("name").to_pylist()
        newer = streamed.rows(state, "violations", "asset_name", names)
        streamed.made(connection, "streamed_findings", updates()["violations" + UPDATES], newer)
        here = "asset_name IN (SELECT name FROM changed)"
        findings.before(connection, self._cache.paths("violations"), True, here)
        connection.execute(
            "DELETE FROM old WHERE policy_id NOT IN (SELECT unnest($asked))"
            " AND asset_name IN (SELECT name FROM everything)",
            {"asked": asked},
        )
        connection.unregister("changed")

    def _ran(self, asked: list[str]) -> list[str]:
        """Also the rules of what is gone: that ends its findings."""
        old = self._connection.execute("SELECT DISTINCT policy_id FROM old").fetchall()
        return sorted({*asked, *(name for (name,) in old)})

    def _event(self, row: dict[str, Any], now: datetime) -> dict[str, Any]:
        policy, asset = row["policy_id"], row["asset_name"]
        told = {key: row[key] for key in ("policy_id", "asset_name", "status", "reason", "evidence")}
        return Event(
            key=f"{policy}|{asset}|{now.isoformat()}",
            event_time=now,
            event_type="policy.violation",
            severity=row["severity"],
            summary=clip(f"{self._titles.get(policy, policy)}: {row['reason'] or 'it does not hold.'}"),
            source=SOURCE,
            raw=told,
            project_id=row["project_id"],
            asset_name=asset,
            asset_type=row["asset_type"],
        ).row(now)


def _is_new(row: dict[str, Any], now: datetime) -> bool:
    """A finding that was not there a moment ago, and that no waiver covers."""
    if row["status"] != "fail" or row["resolved_at"] is not None or row["waived_until"] is not None:
        return False
    return now in (row["first_seen"], row["reopened_at"])

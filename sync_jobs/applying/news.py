"""Feed messages to rows of `assets` as they now are, and of `asset_changes`: the same SQL as a file of asset changes takes.

Each kind of content of an asset has its own feed, and feeds overtake one another: news are stale when newer news of the
same kind are known, not when newer news of another kind are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from app.schema import UPDATES, tables, updates
from sync_jobs.applying import streamed
from sync_jobs.layers.assets import history
from sync_jobs.layers.assets.literals import assets, parquet
from sync_jobs.layers.assets.normalise import CONTENT, FileShape, changes, reader
from sync_jobs.layers.assets.snapshot import Work

if TYPE_CHECKING:
    import pyarrow as pa

    from sync_jobs.store.cache import Cache

TIMED = tuple(column for column in CONTENT if column != "related_assets")
RUN = "events"  # run_id of what the stream writes
_COLUMNS = ", ".join(f'"{column.name}"' for column in tables()["assets"].columns)
_NAME = "regexp_extract(name, '/projects/([^/]+)', 1)"


@dataclass(frozen=True)
class Feed:
    """A stored feed message."""

    rev: int
    seq: int
    event_time: datetime
    body: dict[str, Any]

    def asset(self) -> dict[str, Any]:
        """What names the asset: a deletion may name it as the prior one only."""
        found = self.body.get("asset") or self.body.get("priorAsset") or self.body.get("prior_asset") or {}
        return found if isinstance(found, dict) else {}

    @property
    def name(self) -> str:
        return str(self.asset().get("name") or "")

    @property
    def asset_type(self) -> str:
        asset = self.asset()
        return str(asset.get("assetType") or asset.get("asset_type") or "")

    def line(self) -> bytes:
        """As a line of a file of asset changes. Without a time of its own it counts as of the event."""
        window = self.body.get("window")
        timed = isinstance(window, dict) and (window.get("startTime") or window.get("start_time"))
        body = self.body if timed else {**self.body, "window": {"startTime": self.event_time.isoformat()}}
        return orjson.dumps(body) + b"\n"


@dataclass(frozen=True)
class Applied:
    """Rows beside `assets`, with those of assets that are gone, and of `asset_changes`."""

    assets: pa.Table
    changes: pa.Table


class _OnTop(Work):
    """The state before is the table `known`: the named assets only."""

    def previous(self) -> str:
        return "known"


class News:
    """Puts feed messages on top of the files of a home. Not for two threads at once."""

    def __init__(self, cache: Cache, folder: Path) -> None:
        self._cache, self._folder = cache, folder
        self._connection = cache.duckdb("512MB", 1, folder)
        self._connection.execute("CREATE TABLE project_ids (number VARCHAR PRIMARY KEY, id VARCHAR)")
        self._paths: list[str] | None = None

    def apply(self, feeds: Sequence[Feed], now: datetime) -> Applied:
        """The rows that these messages make. Raises duckdb.Error when one of them is no asset change."""
        file = self._folder / "news.ndjson"
        lines = [feed.line() for feed in feeds]
        file.write_bytes(b"".join(lines))
        source = reader([FileShape(str(file), "newline_delimited", 2 * max(map(len, lines)) + 1024)])
        paths = self._cache.paths("assets")
        work = _OnTop(self._connection, self._folder, ["known"], RUN, now, "feed")
        self._known(feeds, paths)
        self._projects(source, paths)
        history.read(work, source)
        self._only_newer(work)
        history.chained(work)
        history.paired(work)
        return Applied(self._latest(), self._table(history.told(work)))

    def close(self) -> None:
        """Let go of the memory."""
        self._connection.close()

    def _known(self, feeds: Sequence[Feed], paths: Sequence[str]) -> None:
        """The tables `known` (the assets as they are) and `newest` (how new what is known of them is)."""
        connection, state = self._connection, self._cache.state
        names, types = sorted({f.name for f in feeds}), sorted({f.asset_type for f in feeds})
        columns = updates()["assets" + UPDATES]
        streamed.made(connection, "streamed", columns, streamed.rows(state, "assets", "name", names))
        moments = ", ".join(f"{column}_at" for column in TIMED)
        connection.execute(
            f"CREATE OR REPLACE TABLE known AS SELECT {_COLUMNS} FROM streamed WHERE NOT deleted"
        )
        connection.execute(
            f"CREATE OR REPLACE TABLE newest AS SELECT name, last_seen AS latest, {moments} FROM streamed"
        )
        if not paths:
            return
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE filed AS SELECT {_COLUMNS} FROM {assets(paths)}"
            " WHERE asset_type IN (SELECT unnest($types)) AND name IN (SELECT unnest($names))"
            " AND name NOT IN (SELECT name FROM newest)",
            {"types": types, "names": names},
        )
        connection.execute("INSERT INTO known FROM filed")
        same = ", ".join("last_seen" for _ in TIMED)
        connection.execute(f"INSERT INTO newest SELECT name, last_seen, {same} FROM filed")

    def _projects(self, source: str, paths: Sequence[str]) -> None:
        """Which project has which number: of all that is in the files, and of what the messages say themselves."""
        connection = self._connection
        if paths and paths != self._paths:
            connection.execute(
                f"INSERT OR IGNORE INTO project_ids SELECT project_number, min(project_id) FROM {parquet(paths)}"
                " WHERE project_number IS NOT NULL AND NOT regexp_full_match(project_id, '\\d+') GROUP BY 1"
            )
            self._paths = list(paths)
        connection.execute(
            f"INSERT OR IGNORE INTO project_ids SELECT ancestors[1][10:], min({_NAME}) FROM ({changes(source)})"
            f" WHERE starts_with(ancestors[1], 'projects/') AND {_NAME} <> ''"
            f" AND NOT regexp_full_match({_NAME}, '\\d+') GROUP BY 1"
        )

    def _only_newer(self, work: Work) -> None:
        """Take out of `news` what is stale, and put what is late but still news at the end."""
        connection = work.connection
        late = "n.name = news.name AND news.moment <= n.latest"
        fresh = ", ".join(
            f"{c} = CASE WHEN news.moment > coalesce(n.{c}_at, TIMESTAMPTZ '1970-01-01') THEN news.{c} END"
            for c in TIMED
        )
        nothing = f"coalesce({', '.join(f'CAST(news.{c} AS VARCHAR)' for c in CONTENT)}) IS NULL"
        # A clock that is ahead must not make all that follows stale.
        connection.execute(f"UPDATE news SET moment = {work.at()} WHERE moment > {work.at()}")
        connection.execute(f"UPDATE news SET {fresh} FROM newest n WHERE {late}")
        connection.execute(f"DELETE FROM news USING newest n WHERE {late} AND (news.deleted OR {nothing})")
        moments = ", ".join(f"max(moment) FILTER ({c} IS NOT NULL) AS {c}_at" for c in TIMED)
        connection.execute(
            f"CREATE OR REPLACE TABLE brought AS SELECT name, max(moment) FILTER (deleted) AS deleted_at, {moments}"
            " FROM news GROUP BY name"
        )
        connection.execute(
            f"UPDATE news SET moment = n.latest + INTERVAL 1 MICROSECOND FROM newest n WHERE {late}"
        )

    def _latest(self) -> pa.Table:
        """Each asset in its last version."""
        moments = ", ".join(f"greatest(n.{c}_at, b.{c}_at, b.deleted_at) AS {c}_at" for c in TIMED)
        listed = ", ".join(
            f'v."{column.name}"'
            for column in tables()["assets"].columns
            if column.name not in ("first_seen", "last_seen", "run_id")
        )
        return self._table(
            f"SELECT {listed}, v.born AS first_seen, v.moment AS last_seen, '{RUN}' AS run_id, v.deleted, {moments}"
            " FROM (SELECT *, coalesce(min(first_seen) OVER (PARTITION BY name, life),"
            " min(moment) OVER (PARTITION BY name, life)) AS born FROM versions) v"
            " JOIN brought b ON b.name = v.name LEFT JOIN newest n ON n.name = v.name"
            " WHERE v.until IS NULL AND NOT v.known"
        )

    def _table(self, select: str) -> pa.Table:
        return self._connection.sql(select).to_arrow_table()

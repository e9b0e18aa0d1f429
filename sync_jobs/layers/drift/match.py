"""Declared resources joined with assets, in bulk: only those that match come to Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import orjson
import pyarrow as pa

from sync_jobs.layers.assets.literals import literal, parquet
from sync_jobs.layers.drift.countable import DEFAULT_ACCOUNT, MADE_BY_A_SERVICE, countable_types

Row = dict[str, Any]
BATCH = 2000
ACCOUNT, ZONE, FOLDER = (
    "iam.googleapis.com/ServiceAccount",
    "dns.googleapis.com/ManagedZone",
    "cloudresourcemanager.googleapis.com/Folder",
)


@dataclass(frozen=True)
class Match:
    """An asset that a declared resource stands for."""

    address: str
    name: str
    asset_type: str
    project_id: str | None
    data: dict[str, Any]
    bindings: list[dict[str, Any]] | None


def prepare(connection: duckdb.DuckDBPyConnection, assets: Sequence[str], changes: Sequence[str]) -> None:
    """Views over the files, and the table `keys`: asset name, type, project and the key it is found by.

    A key has the project's id for its number, `locations` for zones of clusters, the e-mail of an account, the name of a
    DNS zone, and for folders also their path of display names below each folder or organisation above.
    """
    connection.execute(f"CREATE VIEW assets AS SELECT * FROM {parquet(assets)}")
    connection.execute(
        f"CREATE VIEW changes AS SELECT name, actor, changed_at FROM {parquet(changes)}"
        if changes
        else "CREATE VIEW changes AS SELECT '' AS name, '' AS actor, TIMESTAMPTZ '1970-01-01' AS changed_at LIMIT 0"
    )
    connection.execute(
        """
        CREATE TEMP TABLE keys AS
        SELECT name, asset_type, project_id, CASE
            WHEN asset_type IN ('container.googleapis.com/Cluster', 'container.googleapis.com/NodePool')
                THEN replace(name, '/zones/', '/locations/')
            WHEN project_id <> project_number AND contains(name, '/projects/' || project_number)
                THEN regexp_replace(name, '/projects/' || project_number || '(/|$)', '/projects/' || project_id || '\\1')
            ELSE name END AS key
        FROM assets WHERE asset_type NOT IN (?, ?)
        """,
        [ACCOUNT, ZONE],
    )
    _add_keys_of_content(connection)


def _add_keys_of_content(connection: duckdb.DuckDBPyConnection) -> None:
    """Keys that stand in the content, not in the name."""
    for type_, path, field in ((ACCOUNT, "serviceAccounts", "email"), (ZONE, "managedZones", "name")):
        service = type_.split("/")[0]
        connection.execute(
            "INSERT INTO keys SELECT name, asset_type, project_id, coalesce("
            "'//' || ? || '/projects/' || project_id || '/' || ? || '/' || (resource ->> ?), name) FROM assets"
            " WHERE asset_type = ?",
            [service, path, f"$.data.{field}", type_],
        )
    folders = connection.execute(
        "SELECT name, resource ->> '$.data.parent', resource ->> '$.data.displayName' FROM assets WHERE asset_type = ?",
        [FOLDER],
    ).fetchall()
    found = [{"name": name, "key": key} for name, key in folder_keys(folders)]
    if found:
        connection.register("found", pa.Table.from_pylist(found))
        connection.execute("INSERT INTO keys SELECT name, ?, NULL, key FROM found", [FOLDER])
        connection.unregister("found")


def folder_keys(folders: Sequence[tuple[str, str | None, str | None]]) -> Iterator[tuple[str, str]]:
    """(name, key) of folders: `folder:` + any folder or organisation above + the display names down to it."""
    by_id = {name.rpartition("googleapis.com/")[2]: (parent, title) for name, parent, title in folders}
    for name, parent, title in folders:
        path, above, seen = title, parent, set[str]()
        while path and above and above not in seen:
            seen.add(above)
            yield name, f"folder:{above}/{path}"
            above, step = by_id.get(above, (None, None))
            path = f"{step}/{path}" if step else None


def declare(connection: duckdb.DuckDBPyConnection, rows: Sequence[Row]) -> None:
    """The table `declared`: address and key of every resource that names an asset."""
    connection.execute("CREATE TEMP TABLE declared (address VARCHAR, key VARCHAR, asset_type VARCHAR)")
    named = [
        {name: row[name] for name in ("address", "match_key", "asset_type")}
        for row in rows
        if row["match_key"]
    ]
    if named:
        schema = pa.schema([(name, pa.string()) for name in ("address", "match_key", "asset_type")])
        connection.register("named", pa.Table.from_pylist(named, schema))
        connection.execute("INSERT INTO declared SELECT address, match_key, asset_type FROM named")
        connection.unregister("named")
    connection.execute(
        "CREATE TEMP TABLE matched AS SELECT d.address, min(k.name) AS name FROM keys k JOIN declared d"
        " ON d.key = k.key AND d.asset_type = k.asset_type GROUP BY d.address"
    )


def matches(connection: duckdb.DuckDBPyConnection) -> Iterator[Match]:
    """The matched assets with their content. Bindings are None where no policy of any asset was read."""
    policies = connection.execute("SELECT count(iam_policy) > 0 FROM assets").fetchall()[0][0]
    types = [row[0] for row in connection.execute("SELECT DISTINCT asset_type FROM declared").fetchall()]
    cursor = connection.execute(
        "SELECT m.address, a.name, a.asset_type, a.project_id, a.resource -> '$.data', a.iam_policy -> '$.bindings'"
        " FROM assets a JOIN matched m ON m.name = a.name WHERE a.asset_type IN"
        " (SELECT unnest(?))",
        [types],
    )
    while rows := cursor.fetchmany(BATCH):
        for address, name, asset_type, project, data, bindings in rows:
            loaded = orjson.loads(data) if data else {}
            policy = orjson.loads(bindings) if bindings else []
            yield Match(
                address,
                name,
                asset_type,
                project,
                loaded if isinstance(loaded, dict) else {},
                (policy if isinstance(policy, list) else []) if policies else None,
            )


def seen(connection: duckdb.DuckDBPyConnection) -> tuple[frozenset[str], frozenset[str]]:
    """The asset types and the projects of which something was seen."""
    types = connection.execute("SELECT DISTINCT asset_type FROM keys").fetchall()
    projects = connection.execute(
        "SELECT DISTINCT project_id FROM keys WHERE project_id IS NOT NULL"
    ).fetchall()
    return frozenset(row[0] for row in types), frozenset(row[0] for row in projects)


def write(
    connection: duckdb.DuckDBPyConnection, compared: pa.Table, doubts: Row, run: Row, target: str
) -> None:
    """The Parquet file of `drift`: the compared rows, and the assets that nothing declares.

    `doubts`: asset type -> how many declared resources of it nobody could name. `run`: detected_at, run_id.
    """
    _prepare_writing(connection, compared, doubts)
    connection.execute(
        f"COPY ({_ALL}) TO {literal(target)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20000)",
        [run["detected_at"], run["run_id"]],
    )


_ALL = f"""
    SELECT r.*, nullif(c.actor, '') AS actor, c.changed_at, CAST(? AS TIMESTAMPTZ) AS detected_at, ? AS run_id
    FROM (
      SELECT drift_id, status, address, resource_type, asset_name, asset_type, project_id, path, line,
             CAST(differences AS JSON) AS differences, reason
      FROM compared
      UNION ALL
      SELECT a.name, 'unmanaged', NULL, NULL, a.name, a.asset_type, a.project_id, NULL, NULL, NULL, u.reason
      FROM assets a LEFT JOIN unsure u ON u.asset_type = a.asset_type
      WHERE a.asset_type IN (SELECT asset_type FROM kinds)
        AND a.name NOT IN (SELECT name FROM matched)
        AND NOT coalesce(({MADE_BY_A_SERVICE}), FALSE)
    ) r LEFT JOIN last_change c ON c.name = r.asset_name
    ORDER BY r.asset_type, r.project_id
"""


def _prepare_writing(connection: duckdb.DuckDBPyConnection, compared: pa.Table, doubts: Row) -> None:
    """What the query of `write` reads beside assets and matches."""
    connection.register("compared", compared)
    connection.register("kinds", pa.table({"asset_type": pa.array(sorted(countable_types()), pa.string())}))
    reasons = pa.array([_doubt(doubts[name]) for name in doubts], pa.string())
    connection.register(
        "unsure", pa.table({"asset_type": pa.array(list(doubts), pa.string()), "reason": reasons})
    )
    connection.execute(
        "CREATE TEMP TABLE instances AS SELECT name FROM keys WHERE asset_type = 'compute.googleapis.com/Instance'"
    )
    connection.execute(
        f"CREATE TEMP TABLE default_accounts AS SELECT name FROM keys WHERE asset_type = '{ACCOUNT}'"
        f" AND regexp_matches(key, {DEFAULT_ACCOUNT})"
    )
    connection.execute(
        "CREATE TEMP TABLE last_change AS SELECT name, arg_max(coalesce(actor, ''), changed_at) AS actor,"
        " max(changed_at) AS changed_at FROM changes GROUP BY name"
    )


def _doubt(count: int) -> str:
    return (
        "Nothing declares it by name; it may be one of"
        f" {count} declared resource{'s' if count > 1 else ''} of this type that cannot be named from the text."
    )


def totals(connection: duckdb.DuckDBPyConnection, file: str) -> list[Row]:
    """Counts per project, type and status of the written file."""
    found = connection.sql(
        "SELECT coalesce(project_id, '') AS project_id, coalesce(asset_type, '') AS asset_type,"
        + ", ".join(
            f"count(*) FILTER (WHERE status = '{status}') AS {status}"
            for status in ("managed", "changed", "missing", "unmanaged", "unknown")
        )
        + f" FROM {parquet([file])} GROUP BY ALL ORDER BY ALL"
    )
    rows: list[Row] = found.to_arrow_table().to_pylist()
    return rows

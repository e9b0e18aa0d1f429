"""What the stream has changed since the files of assets and findings were written, for those who read or write those files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from app.schema import UPDATES, Table, duckdb_type, tables, updates
from sync_jobs.layers.assets.literals import assets
from sync_jobs.store.state import MICROSECONDS, State
from sync_jobs.store.state_rows import as_arrow

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

POSITION = "events_applied"  # of the newest event that was looked at: its revision and its number


def rows(state: State, table: str, column: str, values: Sequence[str]) -> pa.Table:
    """The newer rows beside `table` whose `column` is one of `values`."""
    schema = updates()[table + UPDATES]
    chosen = f'"{column}" IN (SELECT value FROM json_each(?))'
    return as_arrow(schema, _fetched(state, schema.name, chosen, orjson.dumps(list(values)).decode()))


def bring(connection: duckdb.DuckDBPyConnection, state: State, until: datetime | None = None) -> int:
    """The table `streamed` of `connection`: what the stream changed of assets, up to `until`. Returns how many."""
    schema = updates()["assets" + UPDATES]
    chosen, values = ("1 = 1", []) if until is None else ("last_seen <= ?", [_micros(until)])
    found = as_arrow(schema, _fetched(state, schema.name, chosen, *values))
    return made(connection, "streamed", schema, found)


def on_top(paths: Sequence[str]) -> str:
    """The assets as they are now, as a relation: the files, and the table `streamed` on top of them."""
    columns = ", ".join(f'"{column.name}"' for column in tables()["assets"].columns)
    return (
        f"(SELECT {columns} FROM {assets(paths)} ANTI JOIN streamed USING (name)"
        f" UNION ALL SELECT {columns} FROM streamed WHERE NOT deleted)"
    )


def findings(connection: duckdb.DuckDBPyConnection, state: State) -> int:
    """The table `streamed_findings`: findings that the stream changed. Returns the newest revision among them."""
    schema = updates()["violations" + UPDATES]
    with state.transaction():  # rows and revision of one moment
        found = as_arrow(schema, _fetched(state, schema.name, "1 = 1"))
        newest = state.rows(f"SELECT max(_rev) AS rev FROM {schema.name}")[0]["rev"]
    made(connection, "streamed_findings", schema, found)
    return -1 if newest is None else int(newest)


def changes(connection: duckdb.DuckDBPyConnection, state: State) -> int:
    """The table `streamed_changes`: rows of asset_changes that are in no file yet. Returns how many."""
    schema = updates()["asset_changes" + UPDATES]
    return made(
        connection, "streamed_changes", schema, as_arrow(schema, _fetched(state, schema.name, "1 = 1"))
    )


def written(state: State, read_time: datetime, since: tuple[int, int], changes: Sequence[str]) -> None:
    """In the transaction that publishes a snapshot of `read_time`, begun when events were applied up to `since`.

    The files have now what the stream told before it, the `changes` among it. What came later is looked at once more, on
    top of the snapshot.
    """
    state.delete("assets" + UPDATES, "1 = 1")
    gone = "change_id IN (SELECT value FROM json_each(?))"
    state.delete("asset_changes" + UPDATES, gone, orjson.dumps(list(changes)).decode())
    later = state.rows(
        "SELECT _rev, seq FROM events WHERE received_at >= ? AND source = 'feed' AND event_time > ?"
        " ORDER BY _rev, seq LIMIT 1",
        _micros(read_time) - 600 * MICROSECONDS,
        _micros(read_time),
    )
    again = [(row["_rev"], row["seq"] - 1) for row in later]
    move(state, *min([since, position(state), *again]))


def position(state: State) -> tuple[int, int]:
    """Revision and number of the newest event that was looked at."""
    rev, _, seq = (state.info(POSITION) or "-1:-1").partition(":")
    return int(rev), int(seq)


def move(state: State, rev: int, seq: int) -> None:
    """Note what was looked at."""
    state.set_info(POSITION, f"{rev}:{seq}")


def _fetched(state: State, table: str, chosen: str, *values: object) -> list[tuple[object, ...]]:
    columns = ", ".join(f'"{column.name}"' for column in updates()[table].columns)
    return [
        tuple(row.values()) for row in state.rows(f"SELECT {columns} FROM {table} WHERE {chosen}", *values)
    ]


def made(connection: duckdb.DuckDBPyConnection, name: str, schema: Table, found: pa.Table) -> int:
    """The table `name` with these rows, in the types of the schema. Returns how many."""
    columns = ", ".join(f'CAST("{c.name}" AS {duckdb_type(c)}) AS "{c.name}"' for c in schema.columns)
    connection.register("incoming", found)
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {columns} FROM incoming")
    connection.unregister("incoming")
    return int(found.num_rows)


def _micros(moment: datetime) -> int:
    return round(moment.timestamp() * MICROSECONDS)

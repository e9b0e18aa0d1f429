"""The local engine: DuckDB in memory over the cache of one home, in the reader's own process.

Views over the Parquet files of the manifest, and tables filled from state.sqlite. Both are refreshed in one
DuckDB transaction before a query, so a query sees one state, never a mixture, and never an older one than
the query before it. Nothing here writes: only the cache folder can be read, and only a SELECT is let in.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from app import manifest as manifests
from app.engines.base import Estimate
from app.engines.local_errors import translated
from app.engines.local_tables import STATE_FILE, HotTables
from app.errors import QueryError
from app.manifest import CACHE_FOLDER, PARQUET_TABLES, SPANS, Manifest
from app.schema import UPDATES, Column, duckdb_type, tables, updates, with_later_columns
from app.settings import Settings
from app.sql_files import SqlFile

REFRESH_ATTEMPTS = 5


class LocalEngine:
    """Answers SQL files from the cache under `settings.home`. Safe to share between threads."""

    name = "local"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._home = Path(settings.home)
        self._cache = self._home.absolute() / CACHE_FOLDER
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._hot = HotTables(self._home / STATE_FILE)
        self._stamp: tuple[int, int, int] | None = None
        self._manifest = Manifest(generation=-1)
        self._updated: frozenset[str] = frozenset()  # tables with something newer beside their files

    def query(self, file: SqlFile, params: Mapping[str, object], *, limit: int | None = None) -> pa.Table:
        """The rows of `file`. Raises QueryError when the query is wrong, too long or not a SELECT."""
        bound = file.bind(params)
        text = file.duckdb
        if limit is not None:
            text = f"SELECT * FROM ({text}\n) LIMIT {int(limit)}"
        try:
            return self._run(text, bound)
        except duckdb.IOException:
            # The file this reader meant to open was swept away after a long pause: look at the manifest anew.
            self._stamp = None
            try:
                return self._run(text, bound)
            except duckdb.Error as error:
                raise translated(error, self._settings.query_timeout_seconds) from error
        except duckdb.Error as error:
            raise translated(error, self._settings.query_timeout_seconds) from error

    def estimate(self, file: SqlFile, params: Mapping[str, object]) -> Estimate:
        """The size of the Parquet files behind the tables the text names: an upper bound, free of charge."""
        file.bind(params)
        with self._lock:
            self._refresh("")
            named = [name for name in PARQUET_TABLES if name in file.text]
            files = [self._cache / path for name in named for path in self._manifest.files(name)]
        return Estimate(sum(path.stat().st_size for path in files if path.exists()))

    def close(self) -> None:
        """Let go of everything; the next query opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            self._hot.close()
            self._stamp = None
            self._manifest, self._updated = Manifest(generation=-1), frozenset()

    # -- running ---------------------------------------------------------------------------------------

    def _run(self, text: str, bound: Mapping[str, object]) -> pa.Table:
        with self._lock:
            cursor = self._refresh(text).cursor()
        try:
            _admit(cursor, text)
            timer = threading.Timer(self._settings.query_timeout_seconds, cursor.interrupt)
            timer.daemon = True
            timer.start()
            try:
                relation = cursor.sql(text, params=dict(bound)) if bound else cursor.sql(text)
                return _plain(relation.to_arrow_table())
            finally:
                timer.cancel()
        finally:
            cursor.close()

    # -- refreshing ------------------------------------------------------------------------------------

    def _refresh(self, text: str) -> duckdb.DuckDBPyConnection:
        """Bring what `text` names up to date. The caller holds the lock."""
        connection, names = self._open(), self._hot.named(text)
        for _ in range(REFRESH_ATTEMPTS):
            stamp = self._stat()
            if stamp == self._stamp and not self._hot.changed(names):
                return connection
            with self._atomic(connection):
                self._hot.pull(connection, names)
                known = stamp == self._stamp and self._hot.generation == self._manifest.generation
                current = self._manifest if known else manifests.committed(self._home, self._hot.generation)
                updated = self._with_updates(connection)
                if current.generation > self._manifest.generation or updated != self._updated:
                    self._views(connection, current, updated)
                _facts(connection, current)
            if current.generation > self._manifest.generation:
                self._manifest = current
            self._stamp, self._updated = stamp, updated
            if self._stat() == stamp:
                return connection
        return connection

    @contextmanager
    def _atomic(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        connection.execute("BEGIN")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            self._hot.forget()
            self._stamp = None
            raise

    def _open(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            connection = duckdb.connect(config=self._config())
            folder = str(self._cache).replace("'", "''")
            # In this order: afterwards nothing but the cache can be read, and no setting can be changed.
            connection.execute(f"SET allowed_directories = ['{folder}/']")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET lock_configuration = true")
            self._hot.create(connection)
            for name in PARQUET_TABLES:
                connection.execute(f"CREATE VIEW {name} AS {_empty(name)}")
            self._connection = connection
        return self._connection

    def _config(self) -> dict[str, str | bool | int | float | list[str]]:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": self._settings.memory_limit,
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
            "temp_directory": "",
        }
        if self._settings.threads:
            config["threads"] = self._settings.threads
        return config

    def _with_updates(self, connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
        """The tables that the stream changed since their files were written, as far as was pulled."""
        some = " UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in updates())
        return frozenset(name.removesuffix(UPDATES) for (name,) in connection.execute(some).fetchall())

    def _views(
        self, connection: duckdb.DuckDBPyConnection, current: Manifest, updated: frozenset[str]
    ) -> None:
        for name in PARQUET_TABLES:
            paths = [str(self._cache / file) for file in current.files(name)]
            parts = [_view(name, paths)] if paths else []
            if name == "asset_snapshots":
                parts += [_unfolded(str(self._cache / file)) for file in current.files(SPANS)]
            body = " UNION ALL ".join(parts) or _empty(name)
            if name in updated:
                body = _overlaid(name, body)
            connection.execute(f"CREATE OR REPLACE VIEW {name} AS {body}")

    def _stat(self) -> tuple[int, int, int] | None:
        try:
            found = manifests.path_in(self._home).stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size


def _admit(cursor: duckdb.DuckDBPyConnection, text: str) -> None:
    """One SELECT, judged by the engine's own parser."""
    statements = cursor.extract_statements(text)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        kinds = ", ".join(statement.type.name for statement in statements) or "nothing"
        raise QueryError(
            f"Only one SELECT statement can be run here, not {kinds}.", "The portal's data is read-only."
        )


def _view(name: str, paths: list[str]) -> str:
    """A view with the columns of sql/schema in their order. Daily files are pruned by the date in their path."""
    quoted = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    hive = ", hive_partitioning = true, hive_types = {'date': DATE}" if name == "asset_snapshots" else ""
    columns = ", ".join(_column(column) for column in tables()[name].columns)
    files = with_later_columns(name, f"SELECT * FROM read_parquet([{quoted}]{hive})")
    return f"SELECT {columns} FROM ({files})"


def _overlaid(name: str, body: str) -> str:
    """What is newer in place of the rows of the files with the same key."""
    table = updates()[f"{name}{UPDATES}"]
    same = " AND ".join(f'u."{key}" = f."{key}"' for key in table.primary_key)
    columns = ", ".join(f'"{column.name}"' for column in tables()[name].columns)
    there = " WHERE NOT deleted" if any(column.name == "deleted" for column in table.columns) else ""
    return (
        f"SELECT {columns} FROM ({body}) f ANTI JOIN {table.name} u ON {same}"
        f" UNION ALL SELECT {columns} FROM {table.name}{there}"
    )


def _column(column: Column) -> str:
    """A column in the type of sql/schema. BigQuery knows no NULL array: it stores an empty one."""
    value = f'CAST("{column.name}" AS {duckdb_type(column)})'
    return f'{f"coalesce({value}, [])" if column.type.startswith("ARRAY") else value} AS "{column.name}"'


def _unfolded(path: str) -> str:
    """Past days kept as spans, one row per day and asset again. A filter on the date meets the short list of days."""
    first, last = Path(path).name.split("_")[:2]
    quoted = path.replace("'", "''")
    columns = ", ".join(f"s.{c.name}" for c in tables()["asset_snapshots"].columns if c.name != "date")
    return (
        f"SELECT d.date, {columns} FROM (SELECT CAST(unnest(range(DATE '{first}', DATE '{last}' + INTERVAL 1 DAY,"
        f" INTERVAL 1 DAY)) AS DATE) AS date) d JOIN read_parquet('{quoted}') s ON s.since <= d.date AND d.date < s.before"
    )


def _empty(name: str) -> str:
    columns = ", ".join(f'CAST(NULL AS {duckdb_type(c)}) AS "{c.name}"' for c in tables()[name].columns)
    return f"SELECT {columns} WHERE false"


def _facts(connection: duckdb.DuckDBPyConnection, current: Manifest) -> None:
    """The manifest's facts beside those of state.sqlite."""
    facts = {**current.info, "generation": str(current.generation)}
    for key, value in facts.items():
        connection.execute("DELETE FROM portal_info WHERE key = ?", [key])
        connection.execute("INSERT INTO portal_info VALUES (?, ?)", [key, value])


def _plain(table: pa.Table) -> pa.Table:
    """JSON comes as an Arrow extension type, wide sums as 128-bit decimals: plain text and int64 for readers."""
    for i, column in enumerate(table.schema):
        kind = column.type
        if isinstance(kind, pa.BaseExtensionType):
            kind = kind.storage_type
        if pa.types.is_decimal(kind) and kind.scale == 0:
            kind = pa.int64()
        if pa.types.is_timestamp(kind) and kind.tz is not None:
            kind = pa.timestamp("us", "UTC")
        if kind != column.type:
            table = table.set_column(i, column.name, table.column(i).cast(kind))
    return table

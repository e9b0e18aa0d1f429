"""The BigQuery engine: the same SQL files as the local engine, run in dataset `bigquery_dataset`.

Every query is read-only (BigQuery's own statement type decides), carries labels, bills at most
`bigquery_max_bytes_billed`, and is cancelled in BigQuery when it takes longer than `bigquery_timeout_seconds`
or the caller gives up.
"""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from app.engines.base import Estimate
from app.engines.bigquery_connection import (
    connect,
    dataset_of,
    labels,
    pause_until_next,
    request_seconds,
    retry_until,
    wait,
)
from app.engines.bigquery_errors import translated
from app.errors import QueryError, Retryable
from app.settings import Settings
from app.sql_files import SqlFile

if TYPE_CHECKING:
    from google.cloud import bigquery

ATTEMPTS = 3
FIRST_PAUSE_SECONDS = 1.0
REMEMBERED_TEXTS = 1000


class BigQueryEngine:
    """Answers SQL files from BigQuery. Safe to use from several threads; connects at the first query."""

    name = "bigquery"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._client: bigquery.Client | None = None
        self._read_only: dict[str, bool] = {}

    def query(
        self,
        file: SqlFile,
        params: Mapping[str, object],
        *,
        limit: int | None = None,
        cancelled: threading.Event | None = None,
    ) -> pa.Table:
        """The rows of `file` as an Arrow table, the first `limit` of them when given.

        JSON columns are text, TIMESTAMP is microseconds in UTC, DATE is date32, ARRAY is a list. Setting
        `cancelled` from another thread stops the query, in BigQuery too. Raises QueryError or Permanent for
        what trying again does not mend, Retryable otherwise.
        """
        until = time.monotonic() + self._settings.bigquery_timeout_seconds
        values = parameters(file, params)
        self._check_read_only(file, values, until)
        job = self._run(file, values, until, cancelled)
        with translated(self._settings, f"reading the result of {file.key}"):
            rows = job.result(
                max_results=limit,
                retry=retry_until(until),
                timeout=request_seconds(until),
                job_retry=None,
            )
            found = rows.to_arrow(create_bqstorage_client=self._has_storage_api() and limit is None)
        return plain(found)

    def estimate(self, file: SqlFile, params: Mapping[str, object]) -> Estimate:
        """How many bytes the query would read, from a dry run: free, and nothing is read."""
        until = time.monotonic() + self._settings.bigquery_timeout_seconds
        job = self._dry_run(file, parameters(file, params), until)
        return Estimate(bytes=int(job.total_bytes_processed or 0))

    def close(self) -> None:
        """Close the connections. The next query opens them again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    # -- steps of a query --------------------------------------------------------------------------------

    def _check_read_only(self, file: SqlFile, values: list[Any], until: float) -> None:
        """Admit single SELECT statements only. Asked once per text: it does not depend on the values."""
        if file.bigquery in self._read_only:
            return
        kind = self._dry_run(file, values, until).statement_type
        # Where no kind is told (the emulator tells none of a UNION) the check of app.sql_files stands alone.
        if kind is not None and kind != "SELECT":
            raise QueryError(
                f"Only a single SELECT may run here; BigQuery reads {file.key} as {kind}.",
                "Take out every other statement; the portal's tables are written by the sidecar alone.",
            )
        if len(self._read_only) >= REMEMBERED_TEXTS:
            self._read_only.clear()
        self._read_only[file.bigquery] = True

    def _dry_run(self, file: SqlFile, values: list[Any], until: float) -> bigquery.QueryJob:
        with translated(self._settings, f"checking {file.key}"):
            return self._submit(file, values, until, dry_run=True)

    def _run(
        self, file: SqlFile, values: list[Any], until: float, cancelled: threading.Event | None
    ) -> bigquery.QueryJob:
        """The finished job. One that fails inside BigQuery is run anew, as long as there is time."""
        doing, pause = f"query {file.key}", FIRST_PAUSE_SECONDS
        for attempt in range(1, ATTEMPTS + 1):
            with translated(self._settings, doing):
                job = self._submit(file, values, until)
            try:
                wait(job, self._settings, doing, until, cancelled)
                return job
            except Retryable:
                failed_inside = bool(job.error_result)
                if not failed_inside or attempt == ATTEMPTS or time.monotonic() + pause >= until:
                    raise
            pause_until_next(pause, until, cancelled)
            pause *= 2
        raise AssertionError("unreachable")

    def _submit(
        self, file: SqlFile, values: list[Any], until: float, *, dry_run: bool = False
    ) -> bigquery.QueryJob:
        from google.cloud import bigquery

        config = bigquery.QueryJobConfig(
            query_parameters=values,
            default_dataset=dataset_of(self._settings),
            labels=labels(file.key),
            use_legacy_sql=False,
        )
        if dry_run:
            config.dry_run, config.use_query_cache = True, False  # a cached answer would estimate 0 bytes
        else:
            config.use_query_cache = True
            config.maximum_bytes_billed = self._settings.bigquery_max_bytes_billed
            # BigQuery stops it by itself should this process die while waiting.
            config.job_timeout_ms = int(max(1.0, until - time.monotonic()) * 1000)
        return self._connection().query(
            file.bigquery,
            job_config=config,
            retry=retry_until(until),
            timeout=request_seconds(until),
            job_retry=None,
        )

    def _connection(self) -> bigquery.Client:
        with self._lock:
            if self._client is None:
                self._client = connect(self._settings)
            return self._client

    def _has_storage_api(self) -> bool:
        """Whether large results may come through the Storage API: faster, but an optional package."""
        return (
            self._settings.bigquery_emulator_host is None
            and importlib.util.find_spec("google.cloud.bigquery_storage") is not None
        )


def parameters(file: SqlFile, params: Mapping[str, object]) -> list[Any]:
    """Typed query parameters of `file`, defaults filled in. Values never become part of the SQL text."""
    from google.cloud import bigquery

    values = file.bind(params)
    out: list[Any] = []
    for param in file.params:
        value, kind = values[param.name], param.type
        if kind.startswith("ARRAY<"):
            out.append(bigquery.ArrayQueryParameter(param.name, kind[6:-1], list(value or [])))
            continue
        out.append(bigquery.ScalarQueryParameter(param.name, kind, value))
    return out


def plain(table: pa.Table) -> pa.Table:
    """`table` in the portal's types: JSON as text, no extension types, no metadata, columns nullable."""
    fields = []
    for field in table.schema:
        kind = field.type
        if isinstance(kind, pa.BaseExtensionType):
            kind = kind.storage_type
        if pa.types.is_large_string(kind):
            kind = pa.string()
        elif pa.types.is_timestamp(kind) and kind.tz is not None:
            kind = pa.timestamp("us", "UTC")
        elif pa.types.is_list(kind):
            kind = pa.list_(kind.value_type)
        fields.append(pa.field(field.name, kind))
    return table.cast(pa.schema(fields)).combine_chunks()

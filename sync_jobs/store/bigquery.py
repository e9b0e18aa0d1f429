"""The only code that writes BigQuery tables. Done twice, or cut off anywhere, it gives the same rows.

Rows go up as one Parquet load job. A job's id is made from the table, the run and the content, and BigQuery
never runs an id twice: a second try finds the first job and waits for it. Where rows are merged, or a column
is JSON (which Parquet load jobs do not take), they are loaded into a staging table and moved from there by
one statement, which BigQuery carries out whole or not at all. A staging table left behind expires after a
day.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from app.engines.bigquery_connection import (
    REQUEST_SECONDS,
    connect,
    dataset_of,
    labels,
    pause_until_next,
    request_seconds,
    retry_until,
    wait,
)
from app.engines.bigquery_errors import translated
from app.errors import Permanent, PortalError, Retryable
from app.schema import Table, tables
from app.settings import Settings
from sync_jobs.store.bigquery_parquet import Prepared, Source, check_days, check_keys, days_of, prepared
from sync_jobs.store.bigquery_statements import (
    fields,
    insert_statement,
    merge_statement,
    partition_column,
    replace_statement,
)

if TYPE_CHECKING:
    from google.cloud import bigquery

STAGING_HOURS = 24
ATTEMPTS = 3
# Each failed job burns an id; this many may have failed before, of the same rows, until somebody must look.
IDS = 50
FIRST_PAUSE_SECONDS = 1.0
CHUNK_BYTES = 16 * 1024 * 1024


class BigQueryStore:
    """Writes tables of sql/schema in dataset `bigquery_dataset`.

    `source` is a Parquet file, several of them, or an Arrow table. Every method returns the number of rows in
    `source` and raises PortalError when they are not in the table. Setting `cancelled` ends it early.
    """

    def __init__(self, settings: Settings, cancelled: threading.Event | None = None) -> None:
        self._settings = settings
        self._cancelled = cancelled
        self._client = connect(settings)

    def created(self) -> Mapping[str, str]:
        """The tables that are there, each with the time it was made: a table made anew has another."""
        with translated(self._settings, "looking at the tables"):
            found = self._client.list_tables(
                dataset_of(self._settings), retry=self._retry(self._deadline()), timeout=REQUEST_SECONDS
            )
            return {item.table_id: str(item.created) for item in found}

    def load(self, table: str, source: Source, run_id: str) -> int:
        """Append rows, once per run and content however often it is called."""
        schema = _table(table)
        with prepared(schema, source) as file:
            if file.rows == 0:
                return 0
            base = self._job_id("load", table, run_id, file.digest)
            if any(column.type == "JSON" for column in schema.columns):
                self._through_staging(schema, file, base, insert_statement(schema, _staging(base)), [])
            else:
                until = self._deadline()
                self._once(base, lambda job_id: self._upload(schema, schema.name, file, job_id, until), until)
            return file.rows

    def merge(
        self,
        table: str,
        source: Source,
        run_id: str,
        *,
        delete_missing: bool = False,
        within_days: bool = False,
    ) -> int:
        """Insert or overwrite by primary key; with `delete_missing`, rows that `source` lacks go with it.

        `within_days` leaves the days of a partitioned table alone that are older than those of `source`.
        """
        schema = _table(table)
        with prepared(schema, source) as file:
            check_keys(schema, file.path)
            if file.rows == 0 and not delete_missing:
                return 0
            days = days_of(file.path, partition_column(schema).name) if within_days else []
            base = self._job_id("merge", table, run_id, file.digest, str(delete_missing), str(bool(days)))
            sql = merge_statement(schema, _staging(base), delete_missing=delete_missing, days=bool(days))
            self._through_staging(schema, file, base, sql, _range(days))
            return file.rows

    def replace_days(self, table: str, days: Collection[dt.date], source: Source, run_id: str) -> int:
        """Exchange the rows of these days, in one statement. A day without rows is emptied."""
        from google.cloud import bigquery

        schema = _table(table)
        column = partition_column(schema)
        with prepared(schema, source) as file:
            check_days(schema, file.path, column.name, days)
            listed = sorted(days)
            base = self._job_id("replace", table, run_id, file.digest, *(day.isoformat() for day in listed))
            sql = replace_statement(schema, _staging(base), column)
            values = [*_range(listed), bigquery.ArrayQueryParameter("days", "DATE", listed)]
            self._through_staging(schema, file, base, sql, values)
            return file.rows

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    # -- jobs --------------------------------------------------------------------------------------------

    def _through_staging(self, schema: Table, file: Prepared, base: str, sql: str, values: list[Any]) -> None:
        """Load into the staging table, move with `sql`, drop the staging table. A move is never repeated."""
        until, staging = self._deadline(), _staging(base)
        if not self._succeeded(base, until):
            self._create_staging(schema, staging)
            self._once(
                f"{base}_stage",
                lambda job_id: self._upload(schema, staging, file, job_id, until),
                until,
                still_valid=lambda: self._filled(staging, file.rows),
            )
            self._once(base, lambda job_id: self._statement(sql, values, schema.name, job_id, until), until)
        with translated(self._settings, f"dropping {staging}"):
            self._client.delete_table(self._reference(staging), not_found_ok=True)

    def _once(
        self,
        base: str,
        start: Callable[[str], Any],
        until: float,
        still_valid: Callable[[], bool] = lambda: True,
    ) -> None:
        """Have a job succeed exactly once. Its id is `base` and a number.

        A number whose job failed is passed over: it has changed nothing. `still_valid` tells whether what an
        earlier job did is still there.
        """
        tries, pause = 0, FIRST_PAUSE_SECONDS
        for number in range(IDS):
            job, found = self._start(f"{base}_{number}", start, until)
            try:
                wait(job, self._settings, base, until, self._cancelled)
            except PortalError as error:
                if not job.error_result:
                    raise  # not known to have failed: another id now could do the work twice
                if found:
                    continue  # failed earlier; its cause may have been mended since
                tries += 1
                if not isinstance(error, Retryable) or tries == ATTEMPTS or time.monotonic() + pause >= until:
                    raise
                pause_until_next(pause, until, self._cancelled)
                pause *= 2
            else:
                if not found or still_valid():
                    return
        raise Permanent(
            f"{IDS} jobs {base}_0 … failed.", "Look at one of them in the BigQuery console, Job history."
        )

    def _start(self, job_id: str, start: Callable[[str], Any], until: float) -> tuple[Any, bool]:
        """The job of this id, and whether it was there before: started by another, or by a run cut off."""
        from google.api_core.exceptions import Conflict

        found = self._find(job_id, until)
        if found is not None:
            return found, True
        with translated(self._settings, job_id):
            try:
                return start(job_id), False
            except Conflict:
                return self._get(job_id, until), True

    def _succeeded(self, base: str, until: float) -> bool:
        """Whether a job of this base has succeeded, or is at it and does."""
        for number in range(IDS):
            job = self._find(f"{base}_{number}", until)
            if job is None:
                return False
            try:
                wait(job, self._settings, base, until, self._cancelled)
            except PortalError:
                if not job.error_result:
                    raise
                continue
            return True
        return False

    def _find(self, job_id: str, until: float) -> Any | None:
        from google.api_core.exceptions import NotFound

        with translated(self._settings, job_id):
            try:
                return self._get(job_id, until)
            except NotFound:
                return None

    def _get(self, job_id: str, until: float) -> Any:
        return self._client.get_job(
            job_id,
            location=self._settings.bigquery_location,
            retry=self._retry(until),
            timeout=request_seconds(until),
        )

    def _upload(self, schema: Table, target: str, file: Prepared, job_id: str, until: float) -> Any:
        from google.cloud import bigquery

        staged = target != schema.name
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.PARQUET,
            schema=fields(schema, staged=staged),
            create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
            write_disposition=(
                bigquery.WriteDisposition.WRITE_TRUNCATE if staged else bigquery.WriteDisposition.WRITE_APPEND
            ),
            labels=labels(f"load-{schema.name}"),
        )
        options = bigquery.ParquetOptions()
        options.enable_list_inference = True  # a Parquet list is an ARRAY, not a record of records
        config.parquet_options = options
        with file.path.open("rb") as content:
            # No size: a resumable upload, in chunks, each of which is retried by itself.
            return self._client.load_table_from_file(
                content,
                self._reference(target),
                job_id=job_id,
                location=self._settings.bigquery_location,
                job_config=config,
                num_retries=5,
                timeout=request_seconds(until),
            )

    def _statement(self, sql: str, values: list[Any], table: str, job_id: str, until: float) -> Any:
        from google.cloud import bigquery

        config = bigquery.QueryJobConfig(
            query_parameters=values,
            default_dataset=dataset_of(self._settings),
            labels=labels(f"write-{table}"),
            maximum_bytes_billed=self._settings.bigquery_max_bytes_billed,
        )
        return self._client.query(
            sql,
            job_config=config,
            job_id=job_id,
            location=self._settings.bigquery_location,
            retry=self._retry(until),
            timeout=request_seconds(until),
            job_retry=None,
        )

    # -- staging -----------------------------------------------------------------------------------------

    def _create_staging(self, schema: Table, name: str) -> None:
        from google.cloud import bigquery

        staging = bigquery.Table(self._reference(name), schema=fields(schema, staged=True))
        staging.expires = dt.datetime.now(dt.UTC) + dt.timedelta(hours=STAGING_HOURS)
        staging.description = f"Rows on their way into {schema.name}; safe to drop."
        with translated(self._settings, f"creating {name}"):
            self._client.create_table(staging, exists_ok=True)

    def _filled(self, name: str, rows: int) -> bool:
        """Whether the staging table still holds what an earlier job loaded; it may have expired since."""
        with translated(self._settings, f"looking at {name}"):
            return int(self._client.get_table(self._reference(name)).num_rows or 0) == rows

    def _reference(self, table: str) -> bigquery.TableReference:
        return dataset_of(self._settings).table(table)

    def _retry(self, until: float) -> Any:
        """A job may take as long as a layer; BigQuery not answering is given up as soon as for a query."""
        return retry_until(
            min(until, time.monotonic() + self._settings.bigquery_timeout_seconds), self._cancelled
        )

    def _deadline(self) -> float:
        return time.monotonic() + self._settings.layer_timeout_seconds

    def _job_id(self, action: str, table: str, run_id: str, digest: str, *more: str) -> str:
        """The same for the same rows of the same run into the same table, and for nothing else."""
        settings = self._settings
        parts = [settings.gcp_project or "", settings.bigquery_dataset, action, table, run_id, digest, *more]
        return f"lz_{action}_{table}_{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"


def _range(days: list[dt.date]) -> list[Any]:
    from google.cloud import bigquery

    ends = (("first", days[0]), ("last", days[-1])) if days else ()
    return [bigquery.ScalarQueryParameter(name, "DATE", day) for name, day in ends]


def _staging(base: str) -> str:
    return "staging_" + base.removeprefix("lz_")


def _table(name: str) -> Table:
    known = tables()
    if name not in known:
        raise Permanent(f"There is no table {name!r}.", f"Known tables: {', '.join(sorted(known))}.")
    return known[name]

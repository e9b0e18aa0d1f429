"""query: any SQL, or a file of sql/, on either engine."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.errors import SettingsError
from sync_jobs.cli import output, session

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 10_000
# In this order: a datetime is a date too.
_PLAIN: dict[type, Callable[[Any], Any]] = {
    datetime: lambda value: value.isoformat().replace("+00:00", "Z"),
    date: date.isoformat,
    timedelta: str,
    Decimal: lambda value: int(value) if value == value.to_integral_value() else float(value),
    float: lambda value: value if math.isfinite(value) else None,
    bytes: lambda value: base64.b64encode(value).decode(),
}


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    json = "json"
    csv = "csv"
    parquet = "parquet"


class Engine(StrEnum):
    """Where the query runs."""

    local = "local"
    bigquery = "bigquery"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("query")(query)


@output.command
def query(
    sql: Annotated[str | None, typer.Argument(help="One SELECT in BigQuery's dialect.")] = None,
    file: Annotated[
        str | None, typer.Option(help="A file of sql/ instead, such as pages/infrastructure/counts.")
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(metavar="K=V", help="A parameter; JSON where it parses as JSON, else text."),
    ] = None,
    output_format: Annotated[Format, typer.Option("--format", help="How rows are printed.")] = Format.table,
    engine: Annotated[Engine | None, typer.Option(help="Where it runs; default: PORTAL_ENGINE.")] = None,
) -> int:
    """Run a query and print its rows."""
    if (sql is None) == (file is None):
        raise SettingsError(
            "Give either SQL or --file, not both.", 'For example: query "SELECT 1" or --file KEY.'
        )
    if output_format is Format.parquet and sys.stdout.isatty():
        raise SettingsError(
            "Parquet is binary; it is not printed on a terminal.", "Redirect it: query … > rows.parquet"
        )
    session.settings_and_logs()
    write(_rows(sql, file, params(param or []), engine), output_format)
    return output.DONE


def _rows(sql: str | None, file: str | None, given: dict[str, Any], engine: Engine | None) -> pa.Table:
    from app import queries, sql_files

    question = sql_files.get(file) if file is not None else sql_files.adhoc(sql or "", given)
    return queries.engine(engine.value if engine else None).query(question, given)


def params(given: list[str]) -> dict[str, Any]:
    """`k=v` texts as values: JSON where v parses as JSON, text otherwise."""
    values: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise SettingsError(f"--param {text!r} is not k=v.", "For example: --param project=my-project")
        if name in values:
            raise SettingsError(f"--param {name} is given twice.", "Give each parameter once; lists as JSON.")
        try:
            values[name] = json.loads(value)
        except ValueError:
            values[name] = value
    return values


def write(rows: pa.Table, output_format: Format) -> None:
    """Print rows on standard output."""
    if output_format is Format.json:
        _write_json(rows)
    elif output_format is Format.csv:
        _write_csv(rows)
    elif output_format is Format.parquet:
        _write_parquet(rows)
    else:
        body = [[_text(value) for value in record.values()] for record in _records(rows)]
        output.out(output.table(rows.column_names, body))
        output.tell(f"{rows.num_rows:,} row{'' if rows.num_rows == 1 else 's'}")


def _write_json(rows: pa.Table) -> None:
    """One array; a row per line, so that large results stream."""
    sys.stdout.write("[")
    for index, record in enumerate(_records(rows)):
        sys.stdout.write(",\n" if index else "\n")
        json.dump(record, sys.stdout, ensure_ascii=False, allow_nan=False)
    sys.stdout.write("\n]\n" if rows.num_rows else "]\n")


def _write_csv(rows: pa.Table) -> None:
    """RFC 4180: CRLF line ends, quotes doubled. NULL is an empty field."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(rows.column_names)
    for record in _records(rows):
        writer.writerow([_text(value) if value is not None else "" for value in record.values()])
        if text.tell() > 1_000_000:
            _flush(text)
    _flush(text)


def _flush(text: io.StringIO) -> None:
    sys.stdout.buffer.write(text.getvalue().encode())
    text.seek(0)
    text.truncate()


def _write_parquet(rows: pa.Table) -> None:
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(rows, sink, compression="zstd")
    sys.stdout.buffer.write(sink.getbuffer())
    sys.stdout.buffer.flush()


def _records(rows: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in rows.to_batches(max_chunksize=BATCH_ROWS):
        for record in batch.to_pylist():
            yield {key: plain(value) for key, value in record.items()}


def plain(value: Any) -> Any:
    """A value of a row as JSON has it: times as ISO text in UTC, bytes as base64, NaN and infinity null."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    for kind, convert in _PLAIN.items():
        if isinstance(value, kind):
            return convert(value)
    return value


def _text(value: Any) -> Any:
    """A value for a cell: lists and structs as JSON, booleans as in SQL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value

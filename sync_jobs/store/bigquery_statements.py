"""The statements by which rows move from a staging table into their table.

Names come from sql/schema alone and are quoted; values are bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import Permanent
from app.schema import Column, Table

if TYPE_CHECKING:
    from google.cloud import bigquery


def insert_statement(schema: Table, staging: str) -> str:
    """Append all rows of the staging table."""
    return f"INSERT INTO `{schema.name}` ({_names(schema)})\n{_select(schema, staging)}"


# Tables whose rows keep their day for good, though it is no part of the key.
_DAY_OF_ROW_IS_FIXED = frozenset({"asset_changes", "events", "sync_runs"})


def merge_statement(schema: Table, staging: str, *, delete_missing: bool, days: bool = False) -> str:
    """Insert or overwrite by primary key. With `days`, nothing older than the day @first is deleted.

    Where the key fixes the day, days outside @first to @last are not even compared.
    """
    key = " AND ".join(f"T.`{name}` = S.`{name}`" for name in schema.primary_key)
    since = ""
    if days:
        column = partition_column(schema)
        since = f" AND {_day(column)} >= @first"
        if column.name in schema.primary_key or schema.name in _DAY_OF_ROW_IS_FIXED:
            key += f" AND {_day(column)} BETWEEN @first AND @last"
    changed = [column.name for column in schema.columns if column.name not in schema.primary_key]
    update = ", ".join(f"`{name}` = S.`{name}`" for name in changed)
    parts = [f"MERGE `{schema.name}` AS T\nUSING (\n{_select(schema, staging)}\n) AS S\nON {key}"]
    if update:
        parts.append(f"WHEN MATCHED THEN UPDATE SET {update}")
    parts.append(_insert_clause(schema))
    if delete_missing:
        parts.append(f"WHEN NOT MATCHED BY SOURCE{since} THEN DELETE")
    return "\n".join(parts)


def replace_statement(schema: Table, staging: str, column: Column) -> str:
    """Exchange the rows of @days, none outside @first to @last: nothing matches, old ones go, new ones come.

    The range is what BigQuery can narrow the partitions by.
    """
    value = _day(column)
    return "\n".join(
        [
            f"MERGE `{schema.name}` AS T\nUSING (\n{_select(schema, staging)}\n) AS S\nON FALSE",
            f"WHEN NOT MATCHED BY SOURCE AND {value} BETWEEN @first AND @last AND {value} IN UNNEST(@days)"
            " THEN DELETE",
            _insert_clause(schema),
        ]
    )


def partition_column(schema: Table) -> Column:
    """The column by whose day `schema` is partitioned. Raises Permanent when it is not partitioned."""
    if schema.partition is None:
        raise Permanent(f"{schema.name} is not partitioned.", "Use merge instead.")
    name = schema.partition.removeprefix("DATE(").removesuffix(")")
    return next(column for column in schema.columns if column.name == name)


def fields(schema: Table, *, staged: bool = False) -> list[bigquery.SchemaField]:
    """The columns as BigQuery's API takes them. In a staging table JSON is text, and nothing is required."""
    from google.cloud import bigquery

    out = []
    for column in schema.columns:
        kind, mode = column.type, "NULLABLE" if column.nullable or staged else "REQUIRED"
        if kind.startswith("ARRAY<"):
            kind, mode = kind[6:-1], "REPEATED"
        if kind == "JSON" and staged:
            kind = "STRING"
        out.append(bigquery.SchemaField(column.name, kind, mode=mode, description=column.description))
    return out


def _day(column: Column) -> str:
    return f"T.`{column.name}`" if column.type == "DATE" else f"DATE(T.`{column.name}`)"


def _insert_clause(schema: Table) -> str:
    values = ", ".join(f"S.`{column.name}`" for column in schema.columns)
    return f"WHEN NOT MATCHED THEN INSERT ({_names(schema)}) VALUES ({values})"


def _select(schema: Table, staging: str) -> str:
    columns = ",\n".join(f"  {_value(column)}" for column in schema.columns)
    return f"SELECT\n{columns}\nFROM `{staging}`"


def _value(column: Column) -> str:
    if column.type != "JSON":
        return f"`{column.name}`"
    # Numbers that a double cannot hold exactly are rounded; without this the whole statement would fail.
    return f"PARSE_JSON(`{column.name}`, wide_number_mode => 'round') AS `{column.name}`"


def _names(schema: Table) -> str:
    return ", ".join(f"`{column.name}`" for column in schema.columns)

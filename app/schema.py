"""The tables, from `sql/schema/*.sql`: one file of BigQuery DDL each. What writers and readers agree on."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from app.errors import SqlFileError
from app.settings import PROJECT_ROOT

SCHEMA_FOLDER = PROJECT_ROOT / "sql" / "schema"

# BigQuery type -> DuckDB type. TIMESTAMP is an instant in both; NUMERIC has nine decimals in BigQuery.
_DUCKDB_TYPES = {
    "STRING": "VARCHAR",
    "INT64": "BIGINT",
    "FLOAT64": "DOUBLE",
    "BOOL": "BOOLEAN",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMPTZ",
    "JSON": "JSON",
    "BYTES": "BLOB",
    "NUMERIC": "DECIMAL(38,9)",
}
_ARRAY = re.compile(r"^ARRAY<(\w+)>$")


@dataclass(frozen=True)
class Column:
    """One column. `type` is BigQuery's name for it: STRING, INT64, ..., ARRAY<STRING>."""

    name: str
    type: str
    nullable: bool
    description: str


@dataclass(frozen=True)
class Table:
    """One table. `partition` is the partitioning expression, `date` or `DATE(started_at)`, or None."""

    name: str
    columns: tuple[Column, ...]
    description: str
    primary_key: tuple[str, ...]
    partition: str | None
    clustering: tuple[str, ...]
    ddl: str
    path: Path

    def column(self, name: str) -> Column:
        """The column called `name`. Raises SqlFileError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise SqlFileError(f"Table {self.name} has no column {name}.", f"{self.path} lists its columns.")


def duckdb_type(column: Column | str) -> str:
    """The DuckDB type that holds a column, or a BigQuery type name, without loss."""
    name = (column if isinstance(column, str) else column.type).upper()
    array = _ARRAY.match(name)
    if array:
        return f"{duckdb_type(array.group(1))}[]"
    if name not in _DUCKDB_TYPES:
        raise SqlFileError(
            f"Type {name} has no DuckDB type here.", f"Known: {', '.join(_DUCKDB_TYPES)}, ARRAY<...>."
        )
    return _DUCKDB_TYPES[name]


# Columns that came later than the first files of a table. A home keeps the files of the version that wrote them.
LATER = {"assets": ("os_inventory", "related_assets")}


def with_later_columns(name: str, select: str) -> str:
    """A SELECT over files of a table, with null in the columns that all of them lack because they are older."""
    if name not in LATER:
        return select
    table = tables()[name]
    absent = ", ".join(f'CAST(NULL AS {duckdb_type(table.column(one))}) AS "{one}"' for one in LATER[name])
    return f"{select} UNION ALL BY NAME SELECT {absent} WHERE false"


# What the stream of events changed since the files of these tables were written, kept beside them until they are written
# again: the columns of the table, and these. Only the local cache has them.
_UPDATES = {
    "assets": (
        ("deleted", "BOOL", "Whether the asset is gone"),
        ("resource_at", "TIMESTAMP", "Newest news of its resource"),
        ("iam_policy_at", "TIMESTAMP", "Newest news of its IAM policy"),
        ("org_policy_at", "TIMESTAMP", "Newest news of its organisation policies"),
        ("access_policy_at", "TIMESTAMP", "Newest news of its access policy"),
        ("os_inventory_at", "TIMESTAMP", "Newest news of its inventory"),
    ),
    "asset_changes": (),
    "violations": (),
}
UPDATES = "_updates"


@lru_cache(maxsize=4)
def updates(folder: Path | None = None) -> dict[str, Table]:
    """The tables beside `assets`, `asset_changes` and `violations`, by their own names, such as `assets_updates`."""
    known = tables(folder) if folder else tables()
    return {
        f"{name}{UPDATES}": replace(
            known[name],
            name=f"{name}{UPDATES}",
            columns=(*known[name].columns, *(Column(one, kind, True, told) for one, kind, told in more)),
        )
        for name, more in _UPDATES.items()
    }


def duckdb_ddl(table: Table) -> str:
    """CREATE TABLE for DuckDB with the columns of `table`. No keys: the stores hold those."""
    columns = ",\n".join(
        f'  "{c.name}" {duckdb_type(c)}{"" if c.nullable else " NOT NULL"}' for c in table.columns
    )
    return f'CREATE TABLE "{table.name}" (\n{columns}\n)'


@lru_cache(maxsize=4)
def tables(folder: Path = SCHEMA_FOLDER) -> dict[str, Table]:
    """All tables by name, read once per process. Raises SqlFileError naming the file and what is wrong."""
    found = {}
    for path in sorted(folder.glob("*.sql")):
        table = read_table(path)
        found[table.name] = table
    if not found:
        raise SqlFileError(
            f"No table definitions in {folder}.", "The folder sql/schema belongs to the project: restore it."
        )
    return found


def read_table(path: Path) -> Table:
    """The table that the DDL in `path` creates. Raises SqlFileError that names the file and what is wrong."""
    text = path.read_text(encoding="utf-8")
    try:
        create = sqlglot.parse_one(text, read="bigquery")
    except SqlglotError as error:
        raise SqlFileError(f"{path}: not valid BigQuery DDL: {_plain(error)}.") from error
    schema = create.this if isinstance(create, exp.Create) else None
    if not isinstance(schema, exp.Schema):
        raise SqlFileError(f"{path}: expected one CREATE TABLE with its columns.")
    name = schema.this.name
    if name != path.stem:
        raise SqlFileError(f"{path}: creates the table {name}.", f"The file must be called {name}.sql.")
    columns = tuple(_column(path, item) for item in schema.expressions if isinstance(item, exp.ColumnDef))
    keys = [item for item in schema.expressions if isinstance(item, exp.PrimaryKey)]
    properties = create.args["properties"].expressions if create.args.get("properties") else []
    table = Table(
        name=name,
        columns=columns,
        description=_description(properties),
        primary_key=tuple(c.name for key in keys for c in key.expressions),
        partition=next(
            (p.this.sql("bigquery") for p in properties if isinstance(p, exp.PartitionedByProperty)), None
        ),
        clustering=tuple(
            c.name
            for p in properties
            if isinstance(p, exp.ClusterProperty | exp.Cluster)
            for c in p.expressions
        ),
        ddl=text,
        path=path,
    )
    _check(table)
    return table


def _column(path: Path, item: exp.ColumnDef) -> Column:
    constraints = [c.args["kind"] for c in item.args.get("constraints", [])]
    options = [p for c in constraints if isinstance(c, exp.Properties) for p in c.expressions]
    column = Column(
        name=item.name,
        type=item.args["kind"].sql("bigquery").replace(" ", ""),
        nullable=not any(isinstance(c, exp.NotNullColumnConstraint) for c in constraints),
        description=_description(options),
    )
    try:
        duckdb_type(column)
    except SqlFileError as error:
        raise SqlFileError(f"{path}: column {column.name}: {error.message}", error.hint) from None
    if not column.description:
        raise SqlFileError(
            f"{path}: column {column.name} has no description.", "Add OPTIONS (description = '...')."
        )
    return column


def _description(properties: list[exp.Expression]) -> str:
    return next((p.args["value"].name for p in properties if p.name == "description"), "")


def _check(table: Table) -> None:
    names = [column.name for column in table.columns]
    partition = [table.partition.removeprefix("DATE(").removesuffix(")")] if table.partition else []
    for what, used in (
        ("primary key", table.primary_key),
        ("clustering", table.clustering),
        ("partition", partition),
    ):
        for name in used:
            if name not in names:
                raise SqlFileError(f"{table.path}: the {what} names {name}, which is no column.")
    if len(set(names)) != len(names):
        raise SqlFileError(f"{table.path}: a column occurs twice.")
    if not table.primary_key:
        raise SqlFileError(
            f"{table.path}: no primary key.", "Add PRIMARY KEY (...) NOT ENFORCED: rows are merged by it."
        )
    nullable = [name for name in table.primary_key if table.column(name).nullable]
    if nullable:
        raise SqlFileError(
            f"{table.path}: primary key column {nullable[0]} may be NULL.", "Make it NOT NULL."
        )


def _plain(error: Exception) -> str:
    """The first line of a parser's message, without the colours it underlines with."""
    return re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines()[0].rstrip(". ")

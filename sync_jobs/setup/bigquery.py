"""Create the BigQuery dataset and the tables of sql/schema, or bring them up to date.

Doing it twice changes nothing. Columns are added, never dropped or converted: what does not fit is reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.engines.bigquery_connection import PORTAL_LABEL, connect, dataset_of
from app.engines.bigquery_errors import translated
from app.errors import Permanent
from app.schema import Table, tables
from app.settings import Settings
from sync_jobs.store.bigquery_statements import fields, partition_column

if TYPE_CHECKING:
    from google.cloud import bigquery

DESCRIPTION = "What the Landing Zone Portal knows: assets, changes, events, findings, costs and runs."
DATASET_LABELS = {"portal": PORTAL_LABEL}
# BigQuery's API answers with the names of its first dialect.
_API_TYPES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}


def setup(settings: Settings, dry_run: bool) -> list[str]:
    """Create or bring up to date; one line per dataset and table says what was done.

    With `dry_run`, nothing is touched, no credentials are needed, and the lines are the statements (DDL) that
    create the same. Raises PortalError when BigQuery refuses, or a table that exists has another type or
    partition.
    """
    if dry_run:
        return [dataset_ddl(settings), *(table_ddl(settings, table) for table in tables().values())]
    client = connect(settings)
    try:
        lines, problems = [_dataset(client, settings)], []
        for table in tables().values():
            line, wrong = _table(client, settings, table)
            lines.append(line)
            problems += wrong
    finally:
        client.close()
    if problems:
        raise Permanent(
            "Some tables differ from sql/schema in what BigQuery cannot change:\n" + "\n".join(problems),
            "Copy what you need, drop those tables and run setup again; the sidecar fills them anew.",
        )
    return lines


# -- the dataset and its tables ----------------------------------------------------------------------------


def _dataset(client: bigquery.Client, settings: Settings) -> str:
    from google.api_core.exceptions import NotFound
    from google.cloud import bigquery

    name = f"{settings.gcp_project}.{settings.bigquery_dataset}"
    with translated(settings, f"setting up dataset {name}"):
        try:
            found = client.get_dataset(dataset_of(settings))
        except NotFound:
            wanted = bigquery.Dataset(dataset_of(settings))
            wanted.location, wanted.description = settings.bigquery_location, DESCRIPTION
            wanted.labels = dict(DATASET_LABELS)
            client.create_dataset(wanted, exists_ok=True)
            return f"dataset {name}: created in {settings.bigquery_location}"
        if found.location and found.location.upper() != settings.bigquery_location.upper():
            raise Permanent(
                f"Dataset {name} lies in {found.location}, PORTAL_BIGQUERY_LOCATION says"
                f" {settings.bigquery_location}.",
                "A dataset cannot move: set PORTAL_BIGQUERY_LOCATION to where it lies, or name another"
                " dataset in PORTAL_BIGQUERY_DATASET.",
            )
        if DATASET_LABELS.items() <= found.labels.items() and found.description:
            return f"dataset {name}: nothing to do"
        found.labels = {**found.labels, **DATASET_LABELS}
        found.description = found.description or DESCRIPTION
        client.update_dataset(found, ["labels", "description"])
        return f"dataset {name}: labelled"


def _table(client: bigquery.Client, settings: Settings, table: Table) -> tuple[str, list[str]]:
    """What was done to one table, and what of it cannot be done."""
    from google.api_core.exceptions import NotFound

    reference = dataset_of(settings).table(table.name)
    with translated(settings, f"setting up table {table.name}"):
        try:
            found = client.get_table(reference)
        except NotFound:
            client.create_table(_definition(reference, table), exists_ok=True)
            return f"table {table.name}: created", []
        schema, done = _merged_schema(found.schema, table)
        changes = []
        if done:
            found.schema = schema
            changes.append("schema")
        if list(found.clustering_fields or []) != list(table.clustering):
            found.clustering_fields = list(table.clustering) or None
            changes.append("clustering_fields")
            done.append("clustering changed")
        if changes:
            client.update_table(found, changes)
    return f"table {table.name}: {', '.join(done) or 'nothing to do'}", _problems(found, table)


def _definition(reference: bigquery.TableReference, table: Table) -> bigquery.Table:
    from google.cloud import bigquery
    from google.cloud.bigquery.table import PrimaryKey, TableConstraints

    out = bigquery.Table(reference, schema=fields(table))
    out.description = table.description
    if table.partition:
        out.time_partitioning = bigquery.TimePartitioning(
            type_=bigquery.TimePartitioningType.DAY, field=partition_column(table).name
        )
    if table.clustering:
        out.clustering_fields = list(table.clustering)
    out.table_constraints = TableConstraints(
        primary_key=PrimaryKey(columns=list(table.primary_key)), foreign_keys=None
    )
    return out


def _merged_schema(found: Any, table: Table) -> tuple[list[bigquery.SchemaField], list[str]]:
    """The schema of the table that exists, with what sql/schema adds; and what that is."""
    from google.cloud import bigquery

    wanted = {field.name: field for field in fields(table)}
    schema, done = [], []
    for field in found:
        contract = wanted.pop(field.name, None)
        resource = field.to_api_repr()
        if contract is not None and contract.description and contract.description != field.description:
            resource["description"] = contract.description
            done.append(f"column {field.name} described")
        schema.append(bigquery.SchemaField.from_api_repr(resource))
    for field in wanted.values():
        resource = field.to_api_repr()
        if field.mode == "REQUIRED":
            resource["mode"] = "NULLABLE"  # rows that exist have no value for it
        schema.append(bigquery.SchemaField.from_api_repr(resource))
        done.append(f"column {field.name} added")
    return schema, done


def _problems(found: bigquery.Table, table: Table) -> list[str]:
    out, wanted = [], {field.name: field for field in fields(table)}
    for field in found.schema:
        contract = wanted.get(field.name)
        if contract is None:
            continue  # somebody's own column: kept
        here, there = _shape(field), _shape(contract)
        if here != there:
            out.append(f"{table.name}.{field.name} is {here}, expected {there}.")
    has = found.time_partitioning.field if found.time_partitioning else None
    expected = partition_column(table).name if table.partition else None
    if has != expected:
        out.append(f"{table.name} is partitioned by {has or 'nothing'}, expected {expected or 'nothing'}.")
    return out


def _shape(field: bigquery.SchemaField) -> str:
    kind = _API_TYPES.get(field.field_type, field.field_type)
    return f"ARRAY<{kind}>" if field.mode == "REPEATED" else kind


# -- the same, as statements -------------------------------------------------------------------------------


def dataset_ddl(settings: Settings) -> str:
    """CREATE SCHEMA for the dataset."""
    labels = ", ".join(f"({_text(key)}, {_text(value)})" for key, value in DATASET_LABELS.items())
    return (
        f"CREATE SCHEMA IF NOT EXISTS `{_qualified(settings)}`\nOPTIONS (\n"
        f"  location = {_text(settings.bigquery_location)},\n"
        f"  description = {_text(DESCRIPTION)},\n  labels = [{labels}]\n);"
    )


def table_ddl(settings: Settings, table: Table) -> str:
    """CREATE TABLE for one table: its file in sql/schema, with the name written out."""
    bare = f"CREATE TABLE IF NOT EXISTS {table.name} "
    start = table.ddl.index(bare)
    return (
        f"CREATE TABLE IF NOT EXISTS `{_qualified(settings)}.{table.name}` "
        + table.ddl[start + len(bare) :].strip()
    )


def _qualified(settings: Settings) -> str:
    """Project and dataset; the dataset alone while no project is set: a dry run may come before."""
    project = f"{settings.gcp_project}." if settings.gcp_project else ""
    return project + settings.bigquery_dataset


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"

"""Asset records to rows, as SQL that DuckDB runs over whole files: no record passes through Python.

Both spellings of every field are read (camelCase and snake_case), see docs/reference for the columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CONTENT = ("resource", "iam_policy", "org_policy", "access_policy")

_JSON = (
    "resource", "iamPolicy", "iam_policy", "orgPolicy", "org_policy", "accessPolicy", "access_policy", "accessLevel",
    "access_level", "servicePerimeter", "service_perimeter", "asset", "priorAsset", "prior_asset", "window",
)  # fmt: skip
_FIELDS = {
    **dict.fromkeys(
        ("name", "assetType", "asset_type", "ancestry_path", "updateTime", "update_time"), "VARCHAR"
    ),
    "ancestors": "VARCHAR[]",
    "deleted": "BOOLEAN",
    **dict.fromkeys(_JSON, "JSON"),
}
# One parse of `resource` for all of them. Position in this list is position in the result.
_PATHS = (
    "$.location", "$.data.labels", "$.data.displayName", "$.data.name", "$.data.status", "$.data.state",
    "$.data.lifecycleState", "$.data.createTime", "$.data.creationTimestamp", "$.data.timeCreated",
    "$.data.location", "$.data.zone", "$.data.region", "$.data.createdTime",
)  # fmt: skip


@dataclass(frozen=True)
class FileShape:
    """A file DuckDB can read: format is newline_delimited, array or unstructured."""

    path: str
    format: str
    object_bytes: int


def reader(shapes: Sequence[FileShape], as_json: Sequence[str] = ()) -> str:
    """A relation with the raw fields of all files. Raises in DuckDB on the first record that does not fit.

    Fields named in `as_json` come as they stand in the file, so that a number can be told from a text.
    """
    kinds = {**_FIELDS, **dict.fromkeys(as_json, "JSON")}
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in kinds.items())
    parts = [
        f"SELECT * FROM read_json('{shape.path.replace(chr(39), chr(39) * 2)}', format = '{shape.format}',"
        f" columns = {{{columns}}}, maximum_object_size = {shape.object_bytes}, compression = 'uncompressed')"
        for shape in shapes
    ]
    return "(" + " UNION ALL ".join(parts) + ")"


def changes(source: str) -> str:
    """The asset changes (TemporalAsset) in `source`: name, moment, deleted and the raw asset, one row each."""
    return f"""
SELECT
  coalesce(asset ->> '$.name', prior ->> '$.name') AS name,
  coalesce(asset ->> '$.assetType', asset ->> '$.asset_type', prior ->> '$.assetType', prior ->> '$.asset_type')
    AS assetType,
  CAST(NULL AS VARCHAR) AS asset_type,
  CAST(coalesce(asset -> '$.ancestors', prior -> '$.ancestors') AS VARCHAR[]) AS ancestors,
  asset ->> '$.ancestry_path' AS ancestry_path,
  coalesce(asset ->> '$.updateTime', asset ->> '$.update_time') AS updateTime, CAST(NULL AS VARCHAR) AS update_time,
  asset -> '$.resource' AS resource, coalesce(asset -> '$.iamPolicy', asset -> '$.iam_policy') AS iamPolicy,
  CAST(NULL AS JSON) AS iam_policy, coalesce(asset -> '$.orgPolicy', asset -> '$.org_policy') AS orgPolicy,
  CAST(NULL AS JSON) AS org_policy, coalesce(asset -> '$.accessPolicy', asset -> '$.access_policy') AS accessPolicy,
  CAST(NULL AS JSON) AS access_policy, coalesce(asset -> '$.accessLevel', asset -> '$.access_level') AS accessLevel,
  CAST(NULL AS JSON) AS access_level,
  coalesce(asset -> '$.servicePerimeter', asset -> '$.service_perimeter') AS servicePerimeter,
  CAST(NULL AS JSON) AS service_perimeter,
  coalesce(deleted, false) AS deleted,
  CAST(coalesce("window" ->> '$.startTime', "window" ->> '$.start_time') AS TIMESTAMPTZ) AS moment
FROM (SELECT *, coalesce(priorAsset, prior_asset) AS prior FROM {source})
WHERE asset IS NOT NULL OR prior IS NOT NULL"""


def rows(source: str, extra: str = "") -> str:
    """Rows of `assets` up to and including content_hash, from raw fields. `extra` names columns to carry along.

    Expects a table `project_ids(number, id)` in the connection.
    """
    paths = ", ".join(f"'{path}'" for path in _PATHS)
    more = f", {extra}" if extra else ""
    return f"""
SELECT
  f.name, f.asset_type,
  coalesce(p.id, nullif(f.project, ''), f.number) AS project_id,
  coalesce(f.number, CASE WHEN regexp_full_match(f.project, '\\d+') THEN f.project END) AS project_number,
  list_filter(f.ancestors, lambda a: starts_with(a, 'folders/'))[1] AS folder,
  list_filter(f.ancestors, lambda a: starts_with(a, 'organizations/'))[1] AS organization,
  lower(regexp_extract(coalesce(x[1], x[11], x[12], x[13]), '[^/]+$')) AS location,
  coalesce(x[3], regexp_extract(x[4], '[^/]+$'), regexp_extract(f.name, '[^/]+$')) AS display_name,
  coalesce(x[5], x[6], x[7]) AS state,
  CAST(CASE WHEN x[2] LIKE '{{%' THEN x[2] END AS JSON) AS labels,
  f.ancestors,
  TRY_CAST(coalesce(x[8], x[9], x[10], x[14]) AS TIMESTAMPTZ) AS create_time,
  TRY_CAST(f.updated AS TIMESTAMPTZ) AS update_time,
  f.resource, f.iam AS iam_policy, f.org AS org_policy, f.access AS access_policy,
  CAST(hash(f.resource, f.iam, f.org, f.access, f.ancestors) AS VARCHAR) AS content_hash{more}
FROM (
  SELECT *, json_extract_string(resource, [{paths}]) AS x,
    CASE WHEN starts_with(ancestors[1], 'projects/') THEN ancestors[1][10:] END AS number,
    regexp_extract(name, '/projects/([^/]+)', 1) AS project
  FROM ({_fields(source, extra)})
) f
LEFT JOIN project_ids p
  ON p.number = coalesce(f.number, CASE WHEN regexp_full_match(f.project, '\\d+') THEN f.project END)"""


def _fields(source: str, extra: str) -> str:
    """Both spellings merged, ancestry_path turned into ancestors, policies of older exports respelled."""
    more = f", {extra}" if extra else ""
    respelled = {
        "iam_policy": _respelled("coalesce(iamPolicy, iam_policy)", _IAM_SPELLING),
        "org_policy": _respelled("coalesce(orgPolicy, org_policy)", _ORG_SPELLING),
    }
    return f"""
  SELECT name, coalesce(assetType, asset_type) AS asset_type,
    coalesce(ancestors, list_reverse(
      regexp_extract_all(ancestry_path, '(?:organization|folder|project)s?/[^/]+')
    ).list_transform(lambda a: regexp_replace(a, '^(organization|folder|project)/', '\\1s/'))) AS ancestors,
    coalesce(updateTime, update_time) AS updated,
    {_object("resource")} AS resource, {_object(respelled["iam_policy"])} AS iam, {respelled["org_policy"]} AS org,
    coalesce(accessPolicy, access_policy, accessLevel, access_level, servicePerimeter, service_perimeter) AS access{more}
  FROM {source}"""


def _object(value: str) -> str:
    """`value`, which has to be a JSON object: DuckDB raises otherwise, and the file is read record by record."""
    return (
        f"CASE WHEN starts_with(CAST({value} AS VARCHAR), '{{') THEN {value}"
        f" WHEN {value} IS NOT NULL THEN CAST(error('not an object') AS JSON) END"
    )


_IAM_SPELLING = {
    "audit_configs": "auditConfigs",
    "audit_log_configs": "auditLogConfigs",
    "exempted_members": "exemptedMembers",
    "log_type": "logType",
}
_ORG_SPELLING = {
    "boolean_policy": "booleanPolicy",
    "list_policy": "listPolicy",
    "restore_default": "restoreDefault",
    "all_values": "allValues",
    "allowed_values": "allowedValues",
    "denied_values": "deniedValues",
    "inherit_from_parent": "inheritFromParent",
    "update_time": "updateTime",
}
_LOG_TYPES = {1: "ADMIN_READ", 2: "DATA_WRITE", 3: "DATA_READ"}


def _respelled(column: str, spelling: Mapping[str, str]) -> str:
    """Keys in the API's spelling. Only rows that hold an old key pay for it."""
    text = f"CAST({column} AS VARCHAR)"
    for old, new in spelling.items():
        text = f"replace({text}, '\"{old}\":', '\"{new}\":')"
    if spelling is _IAM_SPELLING:
        for number, name in _LOG_TYPES.items():
            text = f"regexp_replace({text}, '\"logType\":\\s*{number}\\b', '\"logType\":\"{name}\"', 'g')"
    marker = "audit_" if spelling is _IAM_SPELLING else "_"
    compact = f"json({column})"
    text = text.replace(f"CAST({column} AS VARCHAR)", f"CAST({compact} AS VARCHAR)")
    test = f"contains(CAST({column} AS VARCHAR), '\"{marker}') OR contains(CAST({column} AS VARCHAR), '\"logType\":')"
    if spelling is not _IAM_SPELLING:
        keys = " OR ".join(f"contains(CAST({column} AS VARCHAR), '\"{old}\"')" for old in spelling)
        test = keys
    return f"CASE WHEN {test} THEN CAST({text} AS JSON) ELSE {column} END"

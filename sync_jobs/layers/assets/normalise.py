"""Asset records to rows, as SQL that DuckDB runs over whole files: no record passes through Python.

Both spellings of every field are read (camelCase and snake_case), see docs/reference for the columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ALWAYS = ("resource", "iam_policy", "org_policy", "access_policy")
WHERE_ON = ("os_inventory", "related_assets")  # read where switched on: most assets have neither
CONTENT = (*ALWAYS, *WHERE_ON)

_JSON = (
    "resource", "iamPolicy", "iam_policy", "orgPolicy", "org_policy", "accessPolicy", "access_policy", "accessLevel",
    "access_level", "servicePerimeter", "service_perimeter", "osInventory", "os_inventory", "relatedAsset",
    "related_asset", "asset", "priorAsset", "prior_asset", "window",
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
    """The asset changes (TemporalAsset) in `source`: name, moment, deleted and the raw asset, one row each.

    News of a relationship are left out: one that ends does not end the asset.
    """
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
  coalesce(asset -> '$.osInventory', asset -> '$.os_inventory') AS osInventory, CAST(NULL AS JSON) AS os_inventory,
  CAST(NULL AS JSON) AS relatedAsset, CAST(NULL AS JSON) AS related_asset,
  coalesce(deleted, false) AS deleted,
  CAST(coalesce("window" ->> '$.startTime', "window" ->> '$.start_time') AS TIMESTAMPTZ) AS moment
FROM (SELECT *, coalesce(priorAsset, prior_asset) AS prior FROM {source})
WHERE coalesce(asset, prior) IS NOT NULL
  AND coalesce(coalesce(asset, prior) -> '$.relatedAsset', coalesce(asset, prior) -> '$.related_asset') IS NULL"""


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
  f.resource, f.iam_policy, f.org_policy, f.access_policy, f.os_inventory, f.related_assets,
  {content_hash("f.")} AS content_hash{more}
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
    {_object("resource")} AS resource, {_object(respelled["iam_policy"])} AS iam_policy,
    {respelled["org_policy"]} AS org_policy,
    coalesce(accessPolicy, access_policy, accessLevel, access_level, servicePerimeter, service_perimeter)
      AS access_policy,
    {_inventory("coalesce(osInventory, os_inventory)")} AS os_inventory,
    {_related("coalesce(relatedAsset, related_asset)")} AS related_assets{more}
  FROM {source}"""


def content_hash(prefix: str = "") -> str:
    """SQL: the hash of an asset's content. What is read only where switched on counts where it is there.

    So switching it on, or a state that knew nothing of it, changes nothing of the other assets.
    """
    known = ", ".join(f"{prefix}{column}" for column in (*ALWAYS, "ancestors"))
    more = ", ".join(f"{prefix}{column}" for column in WHERE_ON)
    return f"CAST(CASE WHEN coalesce({more}) IS NULL THEN hash({known}) ELSE hash({known}, {more}) END AS VARCHAR)"


def _inventory(value: str) -> str:
    """What is installed on a machine: its items as a list, in order, instead of a map by ids that mean nothing.

    The time of the report is left out: it alone would be a change every few minutes.
    """
    text = f"CAST(json({value}) AS VARCHAR)"
    for old, new in _INVENTORY_SPELLING.items():
        text = f"replace({text}, '\"{old}\":', '\"{new}\":')"
    return (
        f"CASE WHEN json_type({value}) = 'OBJECT' THEN (SELECT json_object('osInfo', v -> '$.osInfo', 'items',"
        " to_json(list_transform(list_sort(list_transform("
        "CASE WHEN json_type(v, '$.items') = 'ARRAY'"
        " THEN list_transform(CAST(v -> '$.items' AS JSON[]), lambda i: coalesce(i -> '$.value', i))"
        " ELSE json_extract(v, '$.items.*') END,"
        " lambda i: {'id': i ->> '$.id', 'item': i})), lambda one: one.item)))"
        f" FROM (SELECT CAST({text} AS JSON) AS v)) END"
    )


def _related(value: str) -> str:
    """The one related asset of a record, as a list; those of all records of an asset are put together later."""
    return (
        f"CASE WHEN json_type({value}) = 'OBJECT' THEN json_array(json_object("
        f"'relationshipType', coalesce({value} ->> '$.relationshipType', {value} ->> '$.relationship_type'),"
        f" 'asset', {value} ->> '$.asset',"
        f" 'assetType', coalesce({value} ->> '$.assetType', {value} ->> '$.asset_type'))) END"
    )


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
_PACKAGES = ("apt", "yum", "zypper", "googet", "cos", "wua", "qfe")
_INVENTORY_SPELLING = {
    "os_info": "osInfo",
    "long_name": "longName",
    "short_name": "shortName",
    "kernel_version": "kernelVersion",
    "kernel_release": "kernelRelease",
    "osconfig_agent_version": "osconfigAgentVersion",
    "origin_type": "originType",
    "create_time": "createTime",
    "update_time": "updateTime",
    "installed_package": "installedPackage",
    "available_package": "availablePackage",
    "package_name": "packageName",
    "zypper_patch": "zypperPatch",
    "patch_name": "patchName",
    "windows_application": "windowsApplication",
    "display_name": "displayName",
    "display_version": "displayVersion",
    **{f"{kind}_package": f"{kind}Package" for kind in _PACKAGES},
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

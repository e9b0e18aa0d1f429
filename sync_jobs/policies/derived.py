"""What rules read besides `assets`: IAM bindings and organisation policies, taken apart and handed down.

Both are tables of sql/schema. They are made in one pass over what is set, not over all assets.
"""

from __future__ import annotations

from app.schema import duckdb_type, tables

DERIVED = ("iam_bindings", "org_policies")
_CRM = "cloudresourcemanager.googleapis.com"
NODE_TYPES = (f"{_CRM}/Organization", f"{_CRM}/Folder", f"{_CRM}/Project")
NODES = f"('{_CRM}/Organization', '{_CRM}/Folder', '{_CRM}/Project')"
POLICY_TYPE = "orgpolicy.googleapis.com/Policy"
SOURCES = frozenset({*NODE_TYPES, POLICY_TYPE})  # what reaches down to other assets

# Own name of an organisation, folder or project as ancestors have it: numbers, where ancestors are known.
_NODE = (
    f"CASE WHEN asset_type IN {NODES} THEN coalesce(ancestors[1],"
    r" nullif(regexp_extract(name, '((?:projects|folders|organizations)/[^/]+)$', 1), '')) END"
)
_ABOVE = f"CASE WHEN asset_type IN {NODES} THEN ancestors[2:] END"
_BINDINGS = '[{"role": "VARCHAR", "members": ["VARCHAR"], "condition": "JSON"}]'
_RULES = (
    '[{"enforce": "JSON", "allowAll": "JSON", "denyAll": "JSON", "condition": "JSON",'
    ' "values": {"allowedValues": ["VARCHAR"], "deniedValues": ["VARCHAR"]}}]'
)
_V1 = (
    '[{"constraint": "VARCHAR", "booleanPolicy": "JSON", "restoreDefault": "JSON", "listPolicy":'
    ' {"allowedValues": ["VARCHAR"], "deniedValues": ["VARCHAR"], "allValues": "VARCHAR", "inheritFromParent": "BOOLEAN"}}]'
)


def iam_bindings(assets: str = "assets") -> str:
    """The rows of `iam_bindings` from the relation `assets`, as one SELECT for DuckDB."""
    return f"""
WITH own AS MATERIALIZED (
  SELECT asset_name, asset_type, project_id, resource, above, b.role AS role, unnest(b.members) AS member,
    b.condition ->> '$.expression' AS condition
  FROM (
    SELECT name AS asset_name, asset_type, project_id, {_NODE} AS resource, {_ABOVE} AS above,
      unnest(json_transform(iam_policy -> '$.bindings', '{_BINDINGS}')) AS b
    FROM {assets} WHERE iam_policy IS NOT NULL
  )
),
nodes AS (
  SELECT name AS asset_name, asset_type, project_id, {_NODE} AS resource, unnest({_ABOVE}) AS ancestor
  FROM {assets} WHERE asset_type IN {NODES}
),
together AS (
  SELECT asset_name, asset_type, project_id, resource, role, member, condition, CAST(NULL AS VARCHAR) AS inherited_from
  FROM own
  UNION
  SELECT n.asset_name, n.asset_type, n.project_id, n.resource, o.role, o.member, o.condition, n.ancestor
  FROM nodes n JOIN own o ON o.resource = n.ancestor
)
SELECT {_key("iam_bindings")}, * FROM together"""


def _flag(value: str) -> str:
    """A boolean that may be written as text; NULL where nothing is said."""
    return f"CAST({value} ->> '$' AS BOOLEAN)"


def _said(text: str) -> str:
    return f"coalesce(CAST({text} AS BOOLEAN), false)"


# What is set, by the older interface and by the newer one, and what of it holds at each node.
_OLDER = f"""
listed AS (
  SELECT resource, unnest(json_transform(
    CASE WHEN json_type(org_policy) = 'ARRAY' THEN org_policy ELSE json_array(org_policy) END, '{_V1}')) AS p
  FROM nodes WHERE org_policy IS NOT NULL AND resource IS NOT NULL
),
first_version AS (
  SELECT resource, regexp_replace(p.constraint, '^constraints/', '') AS constraint_name,
    CASE WHEN p.booleanPolicy IS NOT NULL
      THEN coalesce(CAST(p.booleanPolicy ->> '$.enforced' AS BOOLEAN), false) END AS enforced,
    coalesce(p.listPolicy.allowedValues, []) AS allowed, coalesce(p.listPolicy.deniedValues, []) AS denied,
    CASE p.listPolicy.allValues WHEN 'ALLOW' THEN true END AS allow_all,
    CASE p.listPolicy.allValues WHEN 'DENY' THEN true END AS deny_all,
    coalesce(p.listPolicy.inheritFromParent, false) AS inherit, p.restoreDefault IS NOT NULL AS restore_default,
    CAST(NULL AS VARCHAR) AS condition
  FROM listed WHERE p.constraint IS NOT NULL
),
"""
_NEWER = f"""
rules AS (
  SELECT resource, constraint_name, spec, coalesce(json_transform(spec -> '$.rules', '{_RULES}'), []) AS rules
  FROM assets_of_policies WHERE spec IS NOT NULL -- a dry run has none
),
second_version AS (
  SELECT resource, constraint_name, {_flag("r.enforce")} AS enforced,
    coalesce(r.values.allowedValues, []) AS allowed, coalesce(r.values.deniedValues, []) AS denied,
    {_flag("r.allowAll")} AS allow_all, {_flag("r.denyAll")} AS deny_all,
    {_said("spec ->> '$.inheritFromParent'")} AS inherit, {_said("spec ->> '$.reset'")} AS restore_default,
    r.condition ->> '$.expression' AS condition
  FROM (SELECT *, unnest(CASE WHEN rules = [] THEN [NULL] ELSE rules END) AS r FROM rules)
),
"""
_EFFECTIVE = """
own AS MATERIALIZED (
  SELECT DISTINCT * FROM second_version
  UNION ALL BY NAME
  SELECT DISTINCT * FROM first_version f
  WHERE NOT EXISTS (SELECT 1 FROM second_version s WHERE s.resource = f.resource AND s.constraint_name = f.constraint_name)
),
chain AS (
  SELECT resource AS node, resource AS ancestor, 0 AS distance FROM nodes WHERE resource IS NOT NULL
  UNION ALL
  SELECT resource, unnest(above), unnest(range(1, len(above) + 1)) FROM nodes WHERE resource IS NOT NULL
),
stops AS (
  SELECT c.node, o.constraint_name, min(c.distance) AS last
  FROM chain c JOIN own o ON o.resource = c.ancestor
  WHERE NOT (o.inherit AND o.enforced IS NULL AND NOT o.restore_default)
  GROUP BY ALL
),
effective AS (
  SELECT DISTINCT c.node, o.*, CASE WHEN c.distance > 0 THEN c.ancestor END AS inherited_from
  FROM chain c JOIN own o ON o.resource = c.ancestor
  LEFT JOIN stops s ON s.node = c.node AND s.constraint_name = o.constraint_name
  WHERE s.last IS NULL OR c.distance <= s.last
),
together AS (
  SELECT n.asset_name, n.asset_type, n.project_id, n.resource, e.constraint_name, e.enforced, e.allowed, e.denied,
    e.allow_all, e.deny_all, e.inherit, e.restore_default, e.condition, e.inherited_from
  FROM effective e JOIN nodes n ON n.resource = e.node
)
"""


def org_policies(assets: str = "assets") -> str:
    """The rows of `org_policies` from the relation `assets`, as one SELECT for DuckDB."""
    return f"""
WITH nodes AS MATERIALIZED (
  SELECT name AS asset_name, asset_type, project_id, {_NODE} AS resource, {_ABOVE} AS above,
    CASE WHEN org_policy IS NOT NULL THEN org_policy END AS org_policy
  FROM {assets} WHERE asset_type IN {NODES}
),
assets_of_policies AS (
  SELECT coalesce(CASE WHEN own[1] LIKE 'projects/%' AND ancestors[1] LIKE 'projects/%' THEN ancestors[1] END, own[1])
      AS resource, own[2] AS constraint_name, resource -> '$.data.spec' AS spec
  FROM (
    SELECT resource, ancestors, regexp_extract_all(coalesce(resource ->> '$.data.name', name),
      '(?:projects|folders|organizations)/[^/]+|[^/]+$') AS own
    FROM {assets} WHERE asset_type = '{POLICY_TYPE}' AND resource IS NOT NULL
  ) WHERE len(own) = 2
),
{_OLDER}
{_NEWER}
{_EFFECTIVE}
SELECT {_key("org_policies")}, * FROM together"""


def _key(table: str) -> str:
    """The key of a row: a hash of all that it says."""
    key, *rest = tables()[table].columns
    parts = ", ".join(column.name for column in rest)
    return f"CAST(hash({parts}) AS VARCHAR) AS {key.name}"


def select(table: str, assets: str = "assets") -> str:
    """The rows of a derived table with the columns and types of sql/schema."""
    made = iam_bindings(assets) if table == "iam_bindings" else org_policies(assets)
    columns = ", ".join(f'CAST({c.name} AS {duckdb_type(c)}) AS "{c.name}"' for c in tables()[table].columns)
    return f"SELECT {columns} FROM ({made})"

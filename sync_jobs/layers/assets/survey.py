"""A first look at the files of an import: how much there is, of what scope, and which project has which number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb

from sync_jobs.layers.assets.literals import parquet
from sync_jobs.layers.assets.normalise import FileShape, changes, reader

PROJECT_TYPE = "cloudresourcemanager.googleapis.com/Project"


@dataclass(frozen=True)
class Survey:
    """`assets` and `changes` count records. `scope` holds the ancestors that cover all assets, the deepest ones;

    empty when the records have no ancestors: then only `projects` (as named in asset names) is known to be covered.
    """

    assets: int
    changes: int
    scope: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()
    numbers: dict[str, str] = field(default_factory=dict)
    unnumbered: bool = False  # some project is known by number only


Group = tuple[list[str] | None, str, bool, int]
"""Ancestors, project in the name, whether they are asset changes, and how many records are alike in that."""


def looked(connection: duckdb.DuckDBPyConnection, shape: FileShape) -> list[Group]:
    """The groups of a file: one pass over names and ancestors."""
    return connection.sql(f"""
        SELECT ancestors, regexp_extract(name, '/projects/([^/]+)', 1) AS project, name IS NULL AS change,
          count(*) AS n
        FROM {reader([shape])} GROUP BY ALL""").fetchall()


def survey(groups: Sequence[Group]) -> Survey:
    """What the groups of all files tell together."""
    assets = [group for group in groups if not group[2]]
    lists = [group[0] for group in assets if group[0]]
    bare = frozenset(group[1] for group in assets if not group[0] and group[1])
    numbers = _numbers(assets)
    return Survey(
        assets=sum(group[3] for group in assets),
        changes=sum(group[3] for group in groups if group[2]),
        scope=covering(lists),
        projects=bare,
        numbers=numbers,
        unnumbered=any(_number(group) not in (None, *numbers) for group in assets),
    )


def covering(lists: Sequence[Sequence[str]]) -> frozenset[str]:
    """The deepest ancestor that all lists share, one for each topmost ancestor (an organisation as a rule)."""
    tops: dict[str, list[str]] = {}
    for ancestors in lists:
        path = list(reversed(ancestors))
        common = tops.setdefault(path[0], path)
        same = [a for a, b in zip(common, path, strict=False) if a == b]
        tops[path[0]] = common[: len(same)]
    return frozenset(path[-1] for path in tops.values())


def _numbers(groups: Sequence[Group]) -> dict[str, str]:
    """Project number -> id, from assets that carry the number in ancestors and the id in the name."""
    seen: dict[str, Counter[str]] = {}
    for ancestors, project, _, count in groups:
        if project and not project.isdigit() and ancestors and ancestors[0].startswith("projects/"):
            seen.setdefault(ancestors[0].removeprefix("projects/"), Counter())[project] += count
    return {number: ids.most_common(1)[0][0] for number, ids in seen.items()}


def fill_project_ids(
    connection: duckdb.DuckDBPyConnection, shapes: Sequence[FileShape], found: Survey, old: Sequence[str]
) -> None:
    """The table project_ids(number, id): from names, else from project assets in the files or the old state."""
    connection.execute("CREATE OR REPLACE TEMP TABLE project_ids (number VARCHAR PRIMARY KEY, id VARCHAR)")
    if found.numbers:
        connection.execute(
            "INSERT INTO project_ids SELECT unnest($numbers), unnest($ids)",
            {"numbers": list(found.numbers), "ids": list(found.numbers.values())},
        )
    number, project_id = "resource ->> '$.data.projectNumber'", "resource ->> '$.data.projectId'"
    sources = [f"SELECT {number}, {project_id} FROM {reader(shapes)} WHERE assetType = '{PROJECT_TYPE}'"]
    sources.append(f"SELECT {number}, {project_id} FROM {reader(shapes)} WHERE asset_type = '{PROJECT_TYPE}'")
    if found.changes:
        named = "regexp_extract(name, '/projects/([^/]+)', 1)"
        sources.append(
            f"SELECT ancestors[1][10:], {named} FROM ({changes(reader(shapes))})"
            f" WHERE starts_with(ancestors[1], 'projects/') AND {named} <> ''"
        )
    if old:
        sources.append(f"SELECT project_number, project_id FROM {parquet(list(old))} GROUP BY ALL")
    if not found.unnumbered and not found.changes:
        return  # every project number is known from names: no need to read the project assets
    for source in sources:
        connection.execute(
            f"INSERT OR IGNORE INTO project_ids SELECT number, min(id) FROM ({source}) s(number, id)"
            " WHERE number IS NOT NULL AND id IS NOT NULL AND NOT regexp_full_match(id, '\\d+') GROUP BY number"
        )


def _number(group: Group) -> str | None:
    """The project number a group of assets is in, if any."""
    ancestors, project = group[0], group[1]
    if ancestors and ancestors[0].startswith("projects/"):
        return ancestors[0].removeprefix("projects/")
    return project if project.isdigit() else None

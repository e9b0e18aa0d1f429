"""Row tests of rules: assets given tersely, the status expected of each.

`tests/sql/policies/storage/bucket_x.yaml` tests `sql/policies/storage/bucket_x.sql`. Top-level keys:

    type: storage.googleapis.com/Bucket     # of assets that say nothing else
    kinds:                                  # assets, or cases with all their assets, by name
      missing: [bare]                       # a field that the rule reads is absent
      boundary: [limit, over]               # the value at the limit, and the next one; or a sentence why there is none
    cases:
      open to all:                          # one asset, described by the case itself
        iam: [{role: roles/viewer, members: [allUsers]}]
        expect: fail
        reason: allUsers                    # contained in the reason (text or list of texts)
      two assets:                           # or several, each with its own `expect`
        assets:
          - {name: net, type: compute.googleapis.com/Network, data: {…}, expect: none}
          - {data: {…}, expect: pass}
        params: {days: 30}
        now: 2026-03-01T00:00:00Z

An asset: `type`; `name` (made up when left out; a bare word is completed, `projects/1` becomes the name of that project);
`data` (the `data` of the resource, {} when left out), `resource` (the whole object; null: not collected); `iam` (list of
bindings, or the whole policy; null or left out: not collected, [] : collected and empty), `org` (list of v1 policies), `access`,
`os` (the OS inventory); `project` (made up from its number: p-1), `ancestors` ([projects/1, folders/2, organizations/3]), `location`, `display_name`, `labels`, `state`,
`created`, `updated`. `expect`: pass, fail, unknown, or none (not examined: no row). `evidence`: keys that it must hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from app import sql_files
from app.engines import local
from app.schema import duckdb_ddl, duckdb_type, tables
from app.sql_files import SqlFile
from app.sql_params import coerce
from sync_jobs.policies import derived
from tests.sql import harness
from tests.sql.harness import Case, read_yaml

ROOT = Path(__file__).parent
CRM = "cloudresourcemanager.googleapis.com"
STATUSES = ("pass", "fail", "unknown", "none")
ANCESTORS = ["projects/1", "folders/2", "organizations/3"]
_CASE_ONLY = {"assets", "params", "now", "emulator_cannot"}
_ASSET = {
    "name", "type", "data", "resource", "iam", "org", "access", "project", "ancestors", "location", "display_name",
    "labels", "state", "created", "updated", "os", "expect", "reason", "evidence",
}  # fmt: skip
_NODE = {"projects": f"{CRM}/Project", "folders": f"{CRM}/Folder", "organizations": f"{CRM}/Organization"}


@dataclass(frozen=True)
class RuleCase:
    """One case of a rule: its tables, and what is expected of each asset by name."""

    case: Case
    expect: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.case.id

    def check(self, rows: list[dict[str, Any]]) -> None:
        """Compare the rows an engine gave. Raises AssertionError that shows them."""
        shown = "\n".join(str(row) for row in rows)
        names = [row["asset_name"] for row in rows]
        assert len(set(names)) == len(names), f"an asset has several rows:\n{shown}"
        by_name = {row["asset_name"]: row for row in rows}
        unasked = set(names) - set(self.expect)
        assert not unasked, f"rows of assets that are not given: {sorted(unasked)}\n{shown}"
        for name, want in self.expect.items():
            got = by_name.get(name)
            status = got["status"] if got else "none"
            assert status == want["expect"], (
                f"{name}: {status}, expected {want['expect']}. All rows:\n{shown}"
            )
            if got:
                self._details(name, got, want)

    def _details(self, name: str, got: dict[str, Any], want: dict[str, Any]) -> None:
        assert got["reason"], f"{name}: no reason"
        texts = want.get("reason") or []
        for text in [texts] if isinstance(texts, str) else texts:
            assert text in got["reason"], f"{name}: {text!r} is not in the reason {got['reason']!r}"
        evidence = harness.plain(got["evidence"]) or {}
        for key, value in (want.get("evidence") or {}).items():
            assert key in evidence, f"{name}: no {key!r} in the evidence {evidence!r}"
            assert harness.same(evidence[key], value), (
                f"{name}: evidence {key} is {evidence[key]!r}, expected {value!r}"
            )


def files() -> list[Path]:
    """All case files of rules."""
    return sorted(ROOT.rglob("*.yaml"))


def load(path: Path) -> list[RuleCase]:
    """The cases in one file. Raises ValueError that names the file, the case and what is wrong."""
    read = read_yaml(path)
    if (
        not isinstance(read, dict)
        or set(read) - {"type", "cases", "shared", "kinds"}
        or not read.get("cases")
    ):
        raise ValueError(
            f"{path}: expected `type: …`, `kinds: …` and `cases: {{name: case}}` (and `shared` for YAML anchors)"
        )
    key = f"policies/{path.parent.name}/{path.stem}"
    return [_case(path, key, str(name), body, read.get("type")) for name, body in read["cases"].items()]


def all_cases() -> Iterator[RuleCase]:
    for path in files():
        yield from load(path)


def _case(path: Path, key: str, name: str, body: Any, kind: str | None) -> RuleCase:
    where = f"{path}: case {name!r}"
    if not isinstance(body, dict):
        raise ValueError(f"{where}: expected keys and values")
    unknown = set(body) - _CASE_ONLY - (set() if "assets" in body else _ASSET)
    if unknown:
        raise ValueError(f"{where}: unknown {sorted(unknown)}; allowed {sorted(_CASE_ONLY | _ASSET)}")
    described = body["assets"] if "assets" in body else [{k: v for k, v in body.items() if k in _ASSET}]
    assets = [_asset(where, number, one, kind) for number, one in enumerate(described)]
    expect = {asset["name"]: one for asset, one in zip(assets, described, strict=True)}
    for one in described:
        if one.get("expect", "none" if "assets" in body else None) not in STATUSES:
            raise ValueError(f"{where}: `expect` is one of {', '.join(STATUSES)}, not {one.get('expect')!r}")
    rows = [harness.full_row(tables()["assets"], asset, number, where) for number, asset in enumerate(assets)]
    given = {"assets": rows, **derive(rows, _derived(key))}
    now = coerce(_text(body["now"]), "TIMESTAMP") if body.get("now") else None
    cannot = body.get("emulator_cannot", "")
    case = Case(key, name, given, body.get("params") or {}, [], True, True, now, cannot, path)
    return RuleCase(case, {n: {**one, "expect": one.get("expect", "none")} for n, one in expect.items()})


def _asset(where: str, number: int, one: dict[str, Any], kind: str | None) -> dict[str, Any]:
    unknown = set(one) - _ASSET
    if unknown:
        raise ValueError(f"{where}: asset {number}: unknown {sorted(unknown)}; allowed {sorted(_ASSET)}")
    name, kind = _named(str(one.get("name", f"asset-{number}")), one.get("type", kind))
    if kind is None:
        raise ValueError(f"{where}: asset {number}: no `type`, neither here nor at the top of the file")
    node = re.search(r"(projects|folders|organizations)/[^/]+$", name)
    ancestors = one.get("ancestors", ANCESTORS)
    if kind in _NODE.values() and node and "ancestors" not in one:
        ancestors = [node[0], *ANCESTORS[list(_NODE).index(node[1]) + 1 :]]
    resource = one.get("resource", {"data": one.get("data", {})})
    if "resource" not in one and one.get("location") is not None:
        resource["location"] = one["location"]
    iam = one.get("iam")
    made = {
        "name": name, "asset_type": kind, "ancestors": ancestors, "location": one.get("location"),
        "project_id": one.get("project", _project(ancestors)),
        "project_number": next((a[9:] for a in ancestors or [] if a.startswith("projects/")), None),
        "folder": next((a for a in ancestors or [] if a.startswith("folders/")), None),
        "organization": next((a for a in ancestors or [] if a.startswith("organizations/")), None),
        "display_name": one.get("display_name", name.rpartition("/")[2]), "state": one.get("state"),
        "labels": one.get("labels", (resource or {}).get("data", {}).get("labels")), "resource": resource,
        "iam_policy": {"bindings": iam} if isinstance(iam, list) else iam, "org_policy": one.get("org"),
        "access_policy": one.get("access"), "os_inventory": one.get("os"), "create_time": _text(one.get("created")),
        "update_time": _text(one.get("updated")),
    }  # fmt: skip
    return made


def _project(ancestors: list[str] | None) -> str | None:
    """Made up from the number: p-1 of projects/1."""
    return f"p-{ancestors[0][9:]}" if ancestors and ancestors[0].startswith("projects/") else None


def _named(name: str, kind: str | None) -> tuple[str, str | None]:
    """The full name, and the type where the name tells it."""
    node = re.fullmatch(r"(projects|folders|organizations)/[^/]+", name)
    if node:
        return f"//{CRM}/{name}", kind if kind in _NODE.values() else _NODE[node[1]]
    if name.startswith("//"):
        return name, kind
    service = (kind or "example.googleapis.com/X").split("/")[0]
    return (
        f"//{service}/{name}" if service == "storage.googleapis.com" else f"//{service}/projects/p-1/{name}"
    ), kind


def _text(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


_made: duckdb.DuckDBPyConnection | None = None


def connection() -> duckdb.DuckDBPyConnection:
    """One DuckDB for all cases, with the tables that rules read."""
    global _made  # noqa: PLW0603  opening it costs more than a case
    if _made is None:
        _made = duckdb.connect(config={"threads": 1})
        _made.execute("SET TimeZone = 'UTC'")
        for name in ("assets", *derived.DERIVED):
            _made.execute(duckdb_ddl(tables()[name]))
    return _made


def fill(table: str, rows: list[dict[str, Any]]) -> None:
    """Exchange the rows of a table."""
    columns = tables()[table].columns
    connection().execute(f"DELETE FROM {table}")
    marks = ", ".join(f"CAST(? AS {duckdb_type(column)})" for column in columns)
    for row in rows:
        connection().execute(f"INSERT INTO {table} VALUES ({marks})", list(row.values()))


@lru_cache
def _derived(key: str) -> tuple[str, ...]:
    """The derived tables that the rule names. Making them for every case of every rule takes a minute."""
    path = sql_files.SQL_FOLDER / f"{key}.sql"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return tuple(name for name in derived.DERIVED if name in text)


def derive(assets: list[dict[str, Any]], names: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    """The derived tables `names` of these assets."""
    if names:
        fill("assets", assets)
    return {name: connection().sql(derived.select(name)).to_arrow_table().to_pylist() for name in names}


def on_duckdb(rule: RuleCase) -> list[dict[str, Any]]:
    """The rows of a case, by the translated text."""
    case = rule.case
    for table, rows in case.given.items():
        fill(table, rows)
    file = case.file()
    found = connection().sql(file.duckdb, params=file.bind(case.params)).to_arrow_table()
    columns = found.column_names
    assert columns == ["asset_name", "status", "reason", "evidence"], f"result columns are {columns}"
    return local._plain(found).to_pylist()


def rule_files() -> list[SqlFile]:
    """All shipped rules."""
    return [sql_files.get(key) for key in sql_files.keys("policies/")]


def as_json(value: Any) -> Any:
    """Evidence as an engine gives it, parsed."""
    return json.loads(value) if isinstance(value, str) else value

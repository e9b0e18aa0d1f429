"""One resource instance to one row of `declared_resources`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from sync_jobs.terraform.evaluate import Evaluator
from sync_jobs.terraform.folders import Placed
from sync_jobs.terraform.identities import AFTER_APPLY, NO_ASSET_OF_ITS_OWN, Identity, identity
from sync_jobs.terraform.instances import Module, Resource
from sync_jobs.terraform.operators import collected
from sync_jobs.terraform.references import Instances
from sync_jobs.terraform.syntax import Block, Body, Expr
from sync_jobs.terraform.values import (
    NOT_EXACT,
    Fault,
    TfSet,
    Unknown,
    Value,
    pairs_of,
    plain,
    unknown_paths,
)

Row = dict[str, Any]
_META = frozenset(
    ("count", "for_each", "depends_on", "provider", "lifecycle", "timeouts", "connection", "provisioner")
)
REASONS_LIMIT = 20


@dataclass(frozen=True)
class Names:
    """What every row of one read has in common."""

    commit_sha: str
    run_id: str


@dataclass
class _Read:
    """Attributes of a body, and what is unknown in them by path."""

    values: dict[str, Value] = field(default_factory=dict)


def rows_of(module: Module, names: Names) -> Iterator[Row]:
    """Rows of all resources of one module instance, without those of modules it calls."""
    for (type_, label), placed in module.folder.resources.items():
        expanded = module.resource(type_, label)
        if isinstance(expanded.members, Unknown):
            yield _group_row(module, type_, placed, expanded, names)
            continue
        for member in expanded.members.values():
            yield resource_row(cast("Resource", member), names)


def resource_row(resource: Resource, names: Names) -> Row:
    """Of a resource whose address is certain."""
    attributes = read_body(resource.placed.block.body, resource.evaluator)
    found = identity(resource.type, resource.get_or_default)
    missing = [*_missing(attributes), *((name or "asset", why) for name, why in found.unknown)]
    row = _row(resource.module, resource.type, resource.placed, resource.address, names)
    return row | _content(attributes, found, missing)


def _group_row(module: Module, type_: str, placed: Placed, expanded: Instances, names: Names) -> Row:
    """Of a block whose count or for_each is not known: one row for all it may make."""
    why = cast("Unknown", expanded.members)
    evaluator = module.unknown_instance(why)
    attributes = read_body(placed.block.body, evaluator)
    resource = Resource(module, type_, expanded.address, placed, evaluator)
    found = identity(type_, resource.get_or_default)
    row = _row(module, type_, placed, f"{expanded.address}[*]", names)
    missing = [("for_each" if expanded.keyed else "count", why), *_missing(attributes)]
    return (
        row
        | _content(attributes, Identity(found.asset_type, None, None, found.project_id), missing)
        | {"resolution": "unknown"}
    )


def module_row(module: Module, name: str, placed: Placed, why: Unknown, names: Names) -> Row:
    """Of a called module that is not followed: what it declares is not known."""
    address = f"{module.address}.module.{name}".lstrip(".")
    row = _row(module, "module", placed, address, names)
    nothing = Identity(None, None, None, None)
    return row | _content({}, nothing, [("source", why)]) | {"resolution": "unknown"}


def _row(module: Module, type_: str, placed: Placed, address: str, names: Names) -> Row:
    return {
        "address": address,
        "resource_type": type_,
        "path": placed.path,
        "line": placed.block.line,
        "module": module.folder.path,
        "commit_sha": names.commit_sha,
        "run_id": names.run_id,
        "origin": "hcl",
    }


def _content(attributes: dict[str, Value], found: Identity, missing: list[tuple[str, Unknown]]) -> Row:
    unknown = list(dict.fromkeys(path for path, _ in missing if path != "asset"))
    named = found.match_key is not None
    settled = found.asset_type is None and not any(
        why.kind != NO_ASSET_OF_ITS_OWN for _, why in found.unknown
    )
    if not unknown and (named or settled):
        resolution = "resolved"
    elif named and set(unknown) == {"name"} and found.asset_name is None:
        resolution = "resolved"  # a folder: its number is the cloud's, everything else is in the text
    else:
        resolution = "partial" if named or (found.asset_type is None and attributes) else "unknown"
    reasons = list(dict.fromkeys(f"{path}: {why}" for path, why in missing))
    return {
        "asset_name": found.asset_name,
        "asset_type": found.asset_type,
        "match_key": found.match_key,
        "project_id": found.project_id,
        "attributes": {
            name: plain(value) for name, value in attributes.items() if not isinstance(value, Unknown)
        },
        "unknown": unknown,
        "resolution": resolution,
        "reasons": reasons[:REASONS_LIMIT],
    }


def _missing(attributes: dict[str, Value]) -> list[tuple[str, Unknown]]:
    return [found for name, value in attributes.items() for found in unknown_paths(value, name)]


def read_body(body: Body, evaluator: Evaluator, top: bool = True) -> dict[str, Value]:
    """Attributes and nested blocks (as lists of objects, as Terraform's own JSON has them)."""
    made: dict[str, Value] = {
        name: evaluator.value(expr)
        for name, (expr, _) in body.attributes.items()
        if not (top and name in _META)
    }
    for block in body.blocks:
        if block.type == "dynamic" and block.labels:
            _add_dynamic(made, block, evaluator)
        elif block.type == "lifecycle" and top:
            ignored = _ignored(block)
            if ignored:
                made["lifecycle"] = {"ignore_changes": ignored}
        elif not (top and block.type in _META):
            _append(made, block.type, read_body(block.body, evaluator, top=False))
    return made


def _append(made: dict[str, Value], name: str, item: Value) -> None:
    known = made.setdefault(name, [])
    if isinstance(known, list):
        known.append(item)


def _add_dynamic(made: dict[str, Value], block: Block, evaluator: Evaluator) -> None:
    """`dynamic "x" { for_each = …; content { … } }`: one block x per element."""
    name = block.labels[0]
    each = block.body.attributes.get("for_each")
    content = next((inner for inner in block.body.blocks if inner.type == "content"), None)
    if each is None or content is None:
        made[name] = Unknown(NOT_EXACT, "a dynamic block without for_each or content")
        return
    given = block.body.attributes.get("iterator")
    iterator = str(given[0][1]) if given and given[0][0] == "name" else name
    of = collected(evaluator.value(each[0]))
    if isinstance(of, Unknown):
        made[name] = of
        return
    try:
        pairs = pairs_of(of)
    except Fault as fault:
        made[name] = Unknown(NOT_EXACT, str(fault))
        return
    for key, value in pairs:
        item = {"key": value if isinstance(of, TfSet) else key, "value": value}
        _append(made, name, read_body(content.body, evaluator.within({iterator: item}), top=False))


def _ignored(block: Block) -> list[str]:
    """The first names of what `ignore_changes` lists; `all` for all."""
    given = block.body.attributes.get("ignore_changes")
    if given is None:
        return []
    expr = given[0]
    if expr[0] == "name" or expr[0] == "lit":
        return [str(expr[1])]
    return [_first_name(item) for item in (expr[1] if expr[0] == "list" else [])]


def _first_name(expr: Expr) -> str:
    return _first_name(expr[1]) if expr[0] in ("get", "idx") else str(expr[1])


__all__ = ["AFTER_APPLY", "Names", "module_row", "read_body", "resource_row", "rows_of"]

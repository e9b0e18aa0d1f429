"""All that Terraform declares in a repository: the rows of `declared_resources`, and an account of every file.

A root module is a folder with .tf files that no other module calls. Folders below a folder `modules` that nothing calls
are parts without a use: they are counted, and declare nothing. When one address occurs in several root modules, each
gets its folder in front: `2-network:google_compute_network.shared["prod"]`.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync_jobs.terraform.documents import Document, document, document_row
from sync_jobs.terraform.folders import Folder, Repository, repository
from sync_jobs.terraform.instances import Module, walk
from sync_jobs.terraform.resources import Names, Row, module_row, rows_of
from sync_jobs.terraform.values import Unknown

MODULE = "module"


_KEYS = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')
_KEY = re.compile(_KEYS.pattern + "$")


@dataclass(frozen=True)
class _Found:
    """A row, the root module it is of, and its address there."""

    root: str
    address: str
    row: Row


def rows(
    files: Mapping[str, str],
    commit_sha: str,
    run_id: str,
    state_documents: Sequence[tuple[str, bytes]] = (),
) -> list[Row]:
    """Rows of `declared_resources`. `files`: path in the repository -> text; other than Terraform's are passed over.

    `state_documents`: (name, content) of `terraform show -json` of a state or a plan; they win per address. Raises
    DocumentError for one that is neither.
    """
    names = Names(commit_sha, run_id)
    found = _hcl_rows(repository(files), names)
    documents = [document(name, content) for name, content in state_documents]
    return _with_documents(found, documents, names)


def accounting(rows: Sequence[Row], files: Mapping[str, str]) -> dict[str, Any]:
    """What became of every file and resource, for the details of a run (small, JSON)."""
    read = repository(files)
    roots = _roots(read)
    resources = [row for row in rows if row["resource_type"] != MODULE]
    calls = [row for row in rows if row["resource_type"] == MODULE]
    kinds = Counter(_kind(reason) for row in rows for reason in row["reasons"])
    unused = sorted(set(read.folders) - _reached(read, roots))
    return {
        "files": {
            "terraform": sum(path.endswith((".tf", ".tf.json")) for path in files),
            "values": sum(path.endswith((".tfvars", ".tfvars.json")) for path in files),
            "other": sum(not path.endswith((".tf", ".tf.json", ".tfvars", ".tfvars.json")) for path in files),
            "unreadable": [
                {"path": one.path, "line": one.line, "reason": one.reason} for one in read.unreadable[:50]
            ],
            "values_not_used": read.unused[:50],
        },
        "roots": len(roots),
        "modules_not_called": unused[:50],
        "modules_not_followed": [
            {"path": row["path"], "line": row["line"], "address": row["address"], "reason": _cause(row)}
            for row in calls[:100]
        ],
        "declared": len(resources),
        **{
            state: sum(row["resolution"] == state for row in resources)
            for state in ("resolved", "partial", "unknown")
        },
        "reasons": dict(kinds.most_common(20)),
        "origins": dict(Counter(row["origin"] for row in rows)),
    }


def _kind(reason: str) -> str:
    """`labels.env: variable without a value: var.env` -> variable without a value."""
    parts = reason.split(": ")
    return parts[1] if len(parts) > 1 else reason


def _cause(row: Row) -> str:
    return str(row["reasons"][0]).partition(": ")[2]


def _calls(read: Repository, path: str) -> list[str]:
    """The folders a folder's module calls name."""
    called = []
    for placed in read.folders[path].calls.values():
        given = placed.block.body.attributes.get("source")
        if given is not None and given[0][0] == "lit" and isinstance(given[0][1], str):
            called.append(read.called(path, given[0][1]))
    return [one for one in called if one is not None and one != path]


def _roots(read: Repository) -> list[str]:
    called = {one for path in read.folders for one in _calls(read, path)}
    return sorted(path for path in read.folders if path not in called and not _is_part(path))


def _reached(read: Repository, roots: Sequence[str]) -> set[str]:
    """The roots and every folder they call, directly or not."""
    reached: set[str] = set()
    pending = list(roots)
    while pending:
        path = pending.pop()
        if path not in reached:
            reached.add(path)
            pending += _calls(read, path)
    return reached


def _is_part(path: str) -> bool:
    return "modules" in posixpath.dirname(path).split("/")


def _hcl_rows(read: Repository, names: Names) -> list[_Found]:
    found = [
        _Found(path, row["address"], row)
        for path in _roots(read)
        for row in _root_rows(read, read.folders[path], names)
    ]
    times = Counter(one.address for one in found)
    made: dict[str, _Found] = {}
    for one in found:
        if times[one.address] > 1:
            one.row["address"] = f"{one.root or '.'}:{one.address}"
        made.setdefault(one.row["address"], one)
    return list(made.values())


def _root_rows(read: Repository, folder: Folder, names: Names) -> list[Row]:
    found: list[Row] = []
    for module in walk(Module(read, folder)):
        found += rows_of(module, names)
        for name, placed in module.folder.calls.items():
            called = module.called(name)
            if isinstance(called, Unknown):
                found.append(module_row(module, name, placed, called, names))
    return found


def _with_documents(found: list[_Found], documents: Sequence[Document], names: Names) -> list[Row]:
    """State and plan win per address. One of several root modules is meant when the document is called like its folder."""
    rows = {one.row["address"]: one.row for one in found}
    by_plain: dict[str, list[_Found]] = {}
    for one in found:
        by_plain.setdefault(one.address, []).append(one)
    for document_ in documents:
        roots = {one.root for one in found if posixpath.basename(one.root) == document_.stem}
        for entry in document_.entries:
            row = document_row(document_, entry, names.commit_sha, names.run_id)
            known = _declared_at(by_plain, entry.address, roots)
            if known is not None:
                row |= {name: known.row[name] for name in ("path", "line", "module")}
                if known.address == entry.address:
                    row["address"] = known.row["address"]
                else:
                    rows.pop(known.row["address"], None)  # the group it is one of, or the module it is in
            rows[row["address"]] = row
    return list(rows.values())


def _declared_at(by_plain: Mapping[str, list[_Found]], address: str, roots: set[str]) -> _Found | None:
    """The block an address comes from: itself, the group of unknown instances, or the module that is not followed."""
    for candidate in (address, f"{_KEY.sub('', address)}[*]", *_modules_of(address)):
        found = by_plain.get(candidate, [])
        if len(found) > 1:
            found = [one for one in found if one.root in roots]
        if len(found) == 1:
            return found[0]
    return None


def _modules_of(address: str) -> list[str]:
    """`module.a["k"].module.b.x.y` -> module.a.module.b, module.a: as calls that are not followed are addressed."""
    plain = _KEYS.sub("", address)
    parts = plain.split(".")
    ends = [at + 2 for at in range(0, len(parts) - 2, 2) if parts[at] == "module"]
    return [".".join(parts[:end]) for end in reversed(ends)]

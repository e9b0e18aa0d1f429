"""The files of a repository as Terraform modules: one per folder, with what its blocks declare."""

from __future__ import annotations

import hashlib
import posixpath
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sync_jobs.terraform.grammar import HclError
from sync_jobs.terraform.json_syntax import json_body
from sync_jobs.terraform.syntax import Block, Body, Expr, file_body

SIZE_LIMIT = 2_000_000  # characters of one file
_KEPT = 4000


@dataclass(frozen=True)
class Unreadable:
    """A file that is not Terraform, and why."""

    path: str
    line: int
    reason: str


@dataclass(frozen=True)
class Placed:
    """A block and the file it is in."""

    block: Block
    path: str


@dataclass
class Folder:
    """One module. Values given in its own tfvars files are in `values`, later files over earlier ones."""

    path: str
    files: list[str] = field(default_factory=list)
    variables: dict[str, Placed] = field(default_factory=dict)
    locals: dict[str, Expr] = field(default_factory=dict)
    outputs: dict[str, Expr] = field(default_factory=dict)
    resources: dict[tuple[str, str], Placed] = field(default_factory=dict)
    calls: dict[str, Placed] = field(default_factory=dict)
    providers: list[Block] = field(default_factory=list)
    values: dict[str, Expr] = field(default_factory=dict)


@dataclass
class Repository:
    """All modules by folder, files that could not be read, and tfvars files nobody says to use."""

    folders: dict[str, Folder]
    unreadable: list[Unreadable]
    unused: list[str]

    def called(self, caller: str, source: str) -> str | None:
        """The folder a module call names; None when it is not of this repository."""
        if not source.startswith(("./", "../")) and source not in (".", ".."):
            return None
        path = posixpath.normpath(posixpath.join(caller, source))
        return path if path in self.folders else None


_parsed: OrderedDict[bytes, Body | HclError] = OrderedDict()


def body_of(path: str, text: str) -> Body:
    """The parsed file; the same content is parsed once. Raises HclError."""
    json = path.endswith(".json")
    key = hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest() + bytes([json])
    found = _parsed.pop(key, None)
    if found is None:
        try:
            if len(text) > SIZE_LIMIT:
                raise HclError(f"The file is longer than {SIZE_LIMIT:,} characters.", 1)
            found = json_body(text, path.endswith(".tfvars.json")) if json else file_body(text)
        except HclError as error:
            found = error
        except RecursionError:
            found = HclError("The file is nested too deeply.", 1)
    _parsed[key] = found
    while len(_parsed) > _KEPT:
        _parsed.popitem(last=False)
    if isinstance(found, HclError):
        raise found
    return found


def repository(files: Mapping[str, str]) -> Repository:
    """Read all Terraform files. One that cannot be read is named, the others count."""
    made = Repository({}, [], [])
    ordered = sorted(files, key=lambda path: (_is_override(path), path))
    for path in ordered:
        if not path.endswith((".tf", ".tf.json", ".tfvars", ".tfvars.json")):
            continue
        values = path.endswith((".tfvars", ".tfvars.json"))
        folder = posixpath.dirname(path)
        if values and not _is_used(path):
            made.unused.append(path)
            continue
        try:
            body = body_of(path, files[path])
        except HclError as error:
            made.unreadable.append(Unreadable(path, error.line, error.message))
            continue
        into = made.folders.setdefault(folder, Folder(folder))
        if values:
            into.values |= {name: expr for name, (expr, _) in body.attributes.items()}
        else:
            into.files.append(path)
            for block in body.blocks:
                _add(into, block, path)
    made.folders = {path: folder for path, folder in made.folders.items() if folder.files}
    return made


def _is_used(path: str) -> bool:
    """Whether Terraform reads the tfvars file by itself."""
    name = posixpath.basename(path).removesuffix(".json")
    return name == "terraform.tfvars" or name.endswith(".auto.tfvars")


def _is_override(path: str) -> bool:
    stem = posixpath.basename(path).removesuffix(".json").removesuffix(".tf")
    return (
        stem == "override"
        or stem.endswith("_override")
        or path.endswith((".auto.tfvars", ".auto.tfvars.json"))
    )


def _add(folder: Folder, block: Block, path: str) -> None:
    labels = block.labels
    placed = Placed(block, path)
    if block.type == "resource" and len(labels) == 2:
        known = folder.resources.get((labels[0], labels[1]))
        if known is not None and _is_override(path):
            merged = Body(known.block.body.attributes | block.body.attributes, known.block.body.blocks)
            whole = replace(
                known.block, body=merged
            )  # what was parsed is kept for other syncs: never changed
            folder.resources[labels[0], labels[1]] = Placed(whole, known.path)
        elif known is None:
            folder.resources[labels[0], labels[1]] = placed
    elif block.type == "module" and len(labels) == 1:
        folder.calls.setdefault(labels[0], placed)
    elif block.type == "variable" and len(labels) == 1:
        folder.variables[labels[0]] = placed
    elif block.type == "output" and len(labels) == 1 and "value" in block.body.attributes:
        folder.outputs[labels[0]] = block.body.attributes["value"][0]
    elif block.type == "locals":
        folder.locals |= {name: expr for name, (expr, _) in block.body.attributes.items()}
    elif block.type == "provider" and len(labels) == 1:
        folder.providers.append(block)

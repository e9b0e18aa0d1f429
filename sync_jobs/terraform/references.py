"""What expressions refer to: names worked out once, the instances of a block, and count and for_each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sync_jobs.terraform.evaluate import Evaluator
from sync_jobs.terraform.identities import AFTER_APPLY
from sync_jobs.terraform.syntax import Block, Expr
from sync_jobs.terraform.values import (
    NOT_EXACT,
    Fault,
    Reference,
    TfSet,
    Unknown,
    Value,
    first_unknown,
    kind_of,
    number_of,
    text_of,
)

INSTANCES_LIMIT = 20_000  # of one root module
BUSY = Unknown(NOT_EXACT, "it refers to itself")
Key = str | int | None


class Names(Reference):
    """Names under a first name (var, local, module, a resource type), each worked out once."""

    def __init__(self, find: Callable[[str], Value]) -> None:
        self._find = find
        self._known: dict[str, Value] = {}

    def get(self, name: str) -> Value:
        if name not in self._known:
            self._known[name] = BUSY
            try:
                self._known[name] = self._find(name)
            except Fault:
                del self._known[name]
                raise
        return self._known[name]

    def at(self, key: Value) -> Value:
        return self.get(str(text_of(key)))

    def collection(self) -> Value:
        return Unknown(NOT_EXACT, "everything of a kind at once")


@dataclass
class Instances(Reference):
    """What one block makes: by key, by number, one, or unknown which."""

    address: str
    members: dict[Key, Reference] | Unknown
    single: bool
    keyed: bool = False

    def get(self, name: str) -> Value:
        if isinstance(self.members, Unknown):
            return self.members
        if self.single:
            return self.members[None].get(name)
        raise Fault(f"{self.address} has several instances")

    def at(self, key: Value) -> Value:
        if isinstance(self.members, Unknown):
            return self.members
        wanted = str(text_of(key)) if self.keyed else int(number_of(key))
        if self.single or wanted not in self.members:
            raise Fault(f"{self.address} has no instance {str(wanted)[:40]!r}")
        return self.members[wanted]

    def collection(self) -> Value:
        if isinstance(self.members, Unknown):
            return self.members
        if self.single:
            raise Fault(f"{self.address} is one, not several")
        if self.keyed:
            return {str(key): member for key, member in self.members.items()}
        return list(self.members.values())


@dataclass
class Nested(Reference):
    """A block within a resource, referred to from elsewhere."""

    block: Block
    evaluator: Evaluator

    def get(self, name: str) -> Value:
        given = self.block.body.attributes.get(name)
        return self.evaluator.value(given[0]) if given else Unknown(AFTER_APPLY, name)

    def at(self, key: Value) -> Value:
        if number_of(key) == 0:
            return self
        raise Fault("a block has one element")

    def collection(self) -> Value:
        return [self]


def keys_of(value: Value, each: bool) -> dict[Key, dict[str, Value]] | Unknown:
    """Key of each instance, and the names its expressions see."""
    if isinstance(value, Unknown):
        return value
    try:
        return _each(value) if each else _counted(value)
    except Fault as fault:
        return Unknown(NOT_EXACT, str(fault))


def _counted(value: Value) -> dict[Key, dict[str, Value]] | Unknown:
    number = int(number_of(value))
    if number > INSTANCES_LIMIT:
        return Unknown(NOT_EXACT, f"more than {INSTANCES_LIMIT:,} instances")
    return {index: {"count": {"index": index}} for index in range(max(number, 0))}


def _each(value: Value) -> dict[Key, dict[str, Value]] | Unknown:
    if isinstance(value, dict):
        return {key: {"each": {"key": key, "value": item}} for key, item in value.items()}
    if not isinstance(value, TfSet):
        raise Fault(f"for_each over a {kind_of(value)}")
    texts = [text_of(item) for item in value.items]
    unknown = first_unknown(texts)
    return unknown or {str(text): {"each": {"key": text, "value": text}} for text in texts}


def suffix(key: Key) -> str:
    """As in Terraform's addresses."""
    if key is None:
        return ""
    escaped = str(key).replace("\\", "\\\\").replace('"', '\\"')
    return f"[{key}]" if isinstance(key, int) else f'["{escaped}"]'


def alias_of(expr: Expr) -> str:
    """`google.audit` -> audit; `google` and `google-beta` -> nothing."""
    if expr[0] == "get":
        return str(expr[2])
    text = str(expr[1])
    return text.partition(".")[2] if "." in text else ""


def source_kind(text: str) -> str:
    if text.startswith(("git::", "git@", "github.com/", "bitbucket.org/", "hg::")) or ".git" in text:
        return "Git source"
    return "address" if "://" in text or text.startswith(("/", "s3::", "gcs::")) else "registry source"

"""Module instances and the resources in them: what names in expressions stand for, and count and for_each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sync_jobs.terraform import identities
from sync_jobs.terraform.evaluate import Evaluator, Steps, at, attribute, collected
from sync_jobs.terraform.folders import Folder, Placed, Repository
from sync_jobs.terraform.syntax import Block, Expr
from sync_jobs.terraform.types import converted
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
NO_VALUE = "variable without a value"
AFTER_APPLY = "known only after apply"
DATA = "data source"
REMOTE_STATE = "remote state"
NOT_FOLLOWED = "module that is not followed"
_BUSY = Unknown(NOT_EXACT, "it refers to itself")
Key = str | int | None


class Names(Reference):
    """Names under a first name (var, local, module, a resource type), each worked out once."""

    def __init__(self, find: Callable[[str], Value]) -> None:
        self._find = find
        self._known: dict[str, Value] = {}

    def get(self, name: str) -> Value:
        if name not in self._known:
            self._known[name] = _BUSY
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
class Resource(Reference):
    """One instance of a resource block."""

    module: Module
    type: str
    address: str
    placed: Placed
    evaluator: Evaluator
    _known: dict[str, Value] = field(default_factory=dict)

    def get(self, name: str) -> Value:
        if name not in self._known:
            self._known[name] = _BUSY
            self._known[name] = self._found(name)
        return self._known[name]

    def _found(self, name: str) -> Value:
        given = self.placed.block.body.attributes.get(name)
        if given is not None:
            return self.evaluator.value(given[0])
        blocks = [block for block in self.placed.block.body.blocks if block.type == name]
        if blocks:
            return [Nested(block, self.evaluator) for block in blocks]
        return identities.computed(self.type, name, self.get_or_default, self.address)

    def get_or_default(self, name: str) -> Value:
        """An attribute, or what the provider's settings give for it (project, region, zone)."""
        if name in self.placed.block.body.attributes:
            value = self.get(name)
            if value is not None:
                return value
        if name in ("project", "region", "zone"):
            return self.module.provider_default(self.placed.block, name)
        return Unknown(AFTER_APPLY, f"{self.address}.{name}")

    def at(self, key: Value) -> Value:
        raise Fault(f"{self.address} is one instance")

    def collection(self) -> Value:
        raise Fault(f"{self.address} is one instance")


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


class Module(Reference):
    """One instance of a module: the scope of its expressions, and its outputs for who calls it."""

    def __init__(
        self,
        repository: Repository,
        folder: Folder,
        address: str = "",
        given: Callable[[str], Value] | None = None,
        parent: Module | None = None,
        call: Block | None = None,
    ) -> None:
        self.repository, self.folder, self.address = repository, folder, address
        self.parent, self.call = parent, call
        self.depth = 0 if parent is None else parent.depth + 1
        self.steps: Steps = Steps() if parent is None else parent.steps
        self.root: Module = self if parent is None else parent.root
        self.made = 0  # instances under this root
        self._given = given
        self._outputs = Names(self._output)
        self._roots: dict[str, Reference] = {
            "var": Names(self._variable),
            "local": Names(self._local),
            "module": Names(self.called),
            "data": Names(_data),
        }

    @property
    def evaluator(self) -> Evaluator:
        """Of expressions that stand outside of count, for_each and for."""
        return Evaluator(self, self.steps)

    def name(self, name: str) -> Value:
        if name in self._roots:
            return self._roots[name]
        if name in ("path", "terraform", "self", "each", "count", "ephemeral"):
            return Unknown(NOT_EXACT, f"{name}, which depends on where it runs")
        if not any(type_ == name for type_, _ in self.folder.resources):
            raise Fault(f"nothing of the name {name[:40]!r} is declared")
        self._roots[name] = Names(lambda label: self.resource(name, label))
        return self._roots[name]

    def get(self, name: str) -> Value:
        return self._outputs.get(name)

    def at(self, key: Value) -> Value:
        raise Fault(f"{self.address} is one instance")

    def collection(self) -> Value:
        raise Fault(f"{self.address} is one instance")

    def resource(self, type_: str, label: str) -> Instances:
        """All instances of a resource block. Raises Fault when it is not declared."""
        placed = self.folder.resources.get((type_, label))
        if placed is None:
            raise Fault(f"{type_}.{label} is not declared")
        address = f"{self.address}.{type_}.{label}".lstrip(".")

        def member(key: Key, evaluator: Evaluator) -> Reference:
            return Resource(self, type_, address + suffix(key), placed, evaluator)

        return self._expanded(placed.block, address, member)

    def called(self, name: str) -> Value:
        """All instances of a module call; Unknown when the module is not of this repository."""
        placed = self.folder.calls.get(name)
        if placed is None:
            raise Fault(f"module.{name} is not declared")
        path = self.source(placed.block)
        if isinstance(path, Unknown):
            return path
        folder, address = self.repository.folders[path], f"{self.address}.module.{name}".lstrip(".")

        def member(key: Key, evaluator: Evaluator) -> Reference:
            given = placed.block.body.attributes

            def find(variable: str) -> Value:
                return evaluator.value(given[variable][0]) if variable in given else None

            return Module(self.repository, folder, address + suffix(key), find, self, placed.block)

        return self._expanded(placed.block, address, member)

    def source(self, call: Block) -> str | Unknown:
        """The folder of a called module, or why it is not followed."""
        given = call.body.attributes.get("source")
        text = self.evaluator.value(given[0]) if given else None
        if not isinstance(text, str):
            return Unknown(NOT_FOLLOWED, "its source is not a plain text")
        path = self.repository.called(self.folder.path, text)
        if path is not None and self.depth < 20:
            return path
        if path is not None:
            return Unknown(NOT_FOLLOWED, "modules call each other in a circle")
        if text.startswith("."):
            return Unknown(NOT_FOLLOWED, f"no Terraform files at {text[:120]}")
        return Unknown(NOT_FOLLOWED, f"{_source_kind(text)} {text[:120]}")

    def provider_default(self, block: Block, name: str) -> Value:
        """`project`, `region` or `zone` of the provider a block uses."""
        given = block.body.attributes.get("provider")
        alias = _alias(given[0]) if given else ""
        return self._provider(alias, name)

    def _provider(self, alias: str, name: str) -> Value:
        missing = Unknown("setting of the provider that is not in the text", name)
        if self.parent is not None and self.call is not None:
            passed = self.call.body.attributes.get("providers")
            if passed is not None:
                wanted = (
                    {_alias(key): _alias(value) for key, value in passed[0][1]}
                    if passed[0][0] == "obj"
                    else {}
                )
                return self.parent._provider(wanted[alias], name) if alias in wanted else missing  # noqa: SLF001
            if not alias:
                return self.parent._provider("", name)  # noqa: SLF001
        for block in self.folder.providers:
            own = block.body.attributes.get("alias")
            if block.labels[0] in ("google", "google-beta") and (own[0][1] if own else "") == alias:
                if name in block.body.attributes:
                    return self.evaluator.value(block.body.attributes[name][0])
        return missing

    def _variable(self, name: str) -> Value:
        placed = self.folder.variables.get(name)
        if placed is None:
            raise Fault(f"variable {name[:40]!r} is not declared")
        attributes, value = placed.block.body.attributes, None
        given = self._given(name) if self._given is not None else None
        if self._given is None and name in self.folder.values:
            given = self.evaluator.value(self.folder.values[name])
        if given is not None:
            value = given
        elif "default" in attributes:
            value = self.evaluator.value(attributes["default"][0])
        elif self._given is None or not self._passed(name):
            return Unknown(NO_VALUE, f"var.{name}")
        type_ = attributes.get("type")
        return converted(value, type_[0], self.evaluator.value) if type_ else value

    def _passed(self, name: str) -> bool:
        """Whether the caller names the variable, if only to give null."""
        return self.call is not None and name in self.call.body.attributes

    def _local(self, name: str) -> Value:
        if name not in self.folder.locals:
            raise Fault(f"local.{name[:40]} is not declared")
        return self.evaluator.value(self.folder.locals[name])

    def _output(self, name: str) -> Value:
        if name not in self.folder.outputs:
            raise Fault(f"module {self.address} has no output {name[:40]!r}")
        return self.evaluator.value(self.folder.outputs[name])

    def _expanded(
        self, block: Block, address: str, member: Callable[[Key, Evaluator], Reference]
    ) -> Instances:
        """The instances that count or for_each make of a block."""
        each, count = block.body.attributes.get("for_each"), block.body.attributes.get("count")
        if each is None and count is None:
            return Instances(address, {None: member(None, self.evaluator)}, True)
        expression: Expr = each[0] if each else count[0] if count else ("lit", None)
        made = _keys(collected(self.evaluator.value(expression)), each is not None)
        if not isinstance(made, Unknown):
            self.root.made += len(made)
            if self.root.made > INSTANCES_LIMIT:
                made = Unknown(NOT_EXACT, f"more than {INSTANCES_LIMIT:,} instances")
        if isinstance(made, Unknown):
            return Instances(address, made, False, each is not None)
        members: dict[Key, Reference] = {
            key: member(key, self.evaluator.within(names)) for key, names in made.items()
        }
        return Instances(address, members, False, each is not None)

    def unknown_instance(self, block: Block, why: Unknown) -> Evaluator:
        """For a block whose instances are not known: what is the same in all of them can still be said."""
        return self.evaluator.within({"each": {"key": why, "value": why}, "count": {"index": why}})


def _keys(value: Value, each: bool) -> dict[Key, dict[str, Value]] | Unknown:
    """Key of each instance, and the names its expressions see."""
    if isinstance(value, Unknown):
        return value
    try:
        if not each:
            number = int(number_of(value))
            if number > INSTANCES_LIMIT:
                return Unknown(NOT_EXACT, f"more than {INSTANCES_LIMIT:,} instances")
            return {index: {"count": {"index": index}} for index in range(max(number, 0))}
        if isinstance(value, dict):
            return {key: {"each": {"key": key, "value": item}} for key, item in value.items()}
        if isinstance(value, TfSet):
            unknown = first_unknown(value.items)
            texts = [str(text_of(item)) for item in value.items]
            return unknown or {text: {"each": {"key": text, "value": text}} for text in texts}
    except Fault as fault:
        return Unknown(NOT_EXACT, str(fault))
    return Unknown(NOT_EXACT, f"for_each over a {kind_of(value)}")


def suffix(key: Key) -> str:
    """As in Terraform's addresses."""
    if key is None:
        return ""
    escaped = str(key).replace("\\", "\\\\").replace('"', '\\"')
    return f"[{key}]" if isinstance(key, int) else f'["{escaped}"]'


def _alias(expr: Expr) -> str:
    """`google.audit` -> audit; `google` and `google-beta` -> nothing."""
    if expr[0] == "get":
        return str(expr[2])
    text = str(expr[1])
    return text.partition(".")[2] if "." in text else ""


def _source_kind(text: str) -> str:
    if text.startswith(("git::", "git@", "github.com/", "bitbucket.org/", "hg::")) or ".git" in text:
        return "Git source"
    return "address" if "://" in text or text.startswith(("/", "s3::", "gcs::")) else "registry source"


def _data(type_: str) -> Value:
    kind = REMOTE_STATE if type_ == "terraform_remote_state" else DATA
    return Names(lambda name: Unknown(kind, f"data.{type_}.{name}"))


def walk(module: Module) -> Iterator[Module]:
    """The module and all instances of modules it calls."""
    yield module
    for name in module.folder.calls:
        found = module.name("module")
        called = attribute(found, name)
        if isinstance(called, Instances):
            if isinstance(called.members, Unknown):
                yield from walk(_unknown_call(module, name, called))
            else:
                for member in called.members.values():
                    if isinstance(member, Module):
                        yield from walk(member)


def _unknown_call(module: Module, name: str, called: Instances) -> Module:
    """A stand-in for the instances of a module call nobody knows."""
    placed, why = module.folder.calls[name], called.members
    assert isinstance(why, Unknown)
    evaluator = module.unknown_instance(placed.block, why)
    given = placed.block.body.attributes
    path = module.source(placed.block)
    assert isinstance(path, str)

    def find(variable: str) -> Value:
        return evaluator.value(given[variable][0]) if variable in given else None

    folder = module.repository.folders[path]
    return Module(module.repository, folder, f"{called.address}[*]", find, module, placed.block)


__all__ = ["Instances", "Module", "Resource", "at", "suffix", "walk"]

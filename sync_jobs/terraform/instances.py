"""Module instances and the resources in them: what names in expressions stand for, and count and for_each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sync_jobs.terraform import identities
from sync_jobs.terraform.evaluate import Evaluator, Steps
from sync_jobs.terraform.folders import Folder, Placed, Repository
from sync_jobs.terraform.identities import AFTER_APPLY
from sync_jobs.terraform.operators import attribute, collected
from sync_jobs.terraform.references import (
    BUSY,
    INSTANCES_LIMIT,
    Instances,
    Key,
    Names,
    Nested,
    alias_of,
    keys_of,
    source_kind,
    suffix,
)
from sync_jobs.terraform.syntax import Block, Expr
from sync_jobs.terraform.types import converted
from sync_jobs.terraform.values import (
    NOT_EXACT,
    Fault,
    Reference,
    Unknown,
    Value,
)

NO_VALUE = "variable without a value"
DATA = "data source"
REMOTE_STATE = "remote state"
NOT_FOLLOWED = "module that is not followed"


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
            self._known[name] = BUSY
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


@dataclass(frozen=True)
class Caller:
    """Who calls a module, with which block; `evaluator` knows the call's each and count."""

    module: Module
    block: Block
    evaluator: Evaluator

    def gives(self, name: str) -> bool:
        """Whether the call names the variable, if only to give null."""
        return name in self.block.body.attributes

    def value(self, name: str) -> Value:
        """What the call gives for a variable; None where it gives nothing."""
        given = self.block.body.attributes.get(name)
        return self.evaluator.value(given[0]) if given else None


class Module(Reference):
    """One instance of a module: the scope of its expressions, and its outputs for who calls it."""

    def __init__(
        self, repository: Repository, folder: Folder, address: str = "", caller: Caller | None = None
    ) -> None:
        self.repository, self.folder, self.address, self.caller = repository, folder, address, caller
        self.depth: int = 0 if caller is None else caller.module.depth + 1
        self.steps: Steps = Steps() if caller is None else caller.module.steps
        self.root: Module = self if caller is None else caller.module.root
        self.made = 0  # instances under this root
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
            caller = Caller(self, placed.block, evaluator)
            return Module(self.repository, folder, address + suffix(key), caller)

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
        return Unknown(NOT_FOLLOWED, f"{source_kind(text)} {text[:120]}")

    def provider_default(self, block: Block, name: str) -> Value:
        """`project`, `region` or `zone` of the provider a block uses."""
        given = block.body.attributes.get("provider")
        alias = alias_of(given[0]) if given else ""
        return self._provider(alias, name)

    def _provider(self, alias: str, name: str) -> Value:
        missing = Unknown("setting of the provider that is not in the text", name)
        if self.caller is not None:
            passed = self.caller.block.body.attributes.get("providers")
            if passed is not None:
                pairs = passed[0][1] if passed[0][0] == "obj" else []
                wanted = {alias_of(key): alias_of(value) for key, value in pairs}
                return self.caller.module._provider(wanted[alias], name) if alias in wanted else missing
            if not alias:
                return self.caller.module._provider("", name)
        for block in self.folder.providers:
            own, given = block.body.attributes.get("alias"), block.body.attributes.get(name)
            right = block.labels[0] in ("google", "google-beta") and (own[0][1] if own else "") == alias
            if right and given is not None:
                return self.evaluator.value(given[0])
        return missing

    def _variable(self, name: str) -> Value:
        placed = self.folder.variables.get(name)
        if placed is None:
            raise Fault(f"variable {name[:40]!r} is not declared")
        attributes = placed.block.body.attributes
        if self.caller is not None:
            value = self.caller.value(name)
        else:
            value = self.evaluator.value(self.folder.values[name]) if name in self.folder.values else None
        if value is None and "default" in attributes:
            value = self.evaluator.value(attributes["default"][0])
        elif value is None and (self.caller is None or not self.caller.gives(name)):
            return Unknown(NO_VALUE, f"var.{name}")
        type_ = attributes.get("type")
        return converted(value, type_[0], self.evaluator.value) if type_ else value

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
        made = keys_of(collected(self.evaluator.value(expression)), each is not None)
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

    def unknown_instance(self, why: Unknown) -> Evaluator:
        """For a block whose instances are not known: what is the same in all of them can still be said."""
        return self.evaluator.within({"each": {"key": why, "value": why}, "count": {"index": why}})


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
                yield from walk(_unknown_call(module, name, called, called.members))
            else:
                for member in called.members.values():
                    if isinstance(member, Module):
                        yield from walk(member)


def _unknown_call(module: Module, name: str, called: Instances, why: Unknown) -> Module:
    """A stand-in for the instances of a module call nobody knows."""
    block = module.folder.calls[name].block
    caller = Caller(module, block, module.unknown_instance(why))
    folder = module.repository.folders[str(module.source(block))]
    return Module(module.repository, folder, f"{called.address}[*]", caller)

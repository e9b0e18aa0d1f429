"""Expressions to values. What cannot be known becomes Unknown with the reason; nothing is guessed.

Hostile or huge expressions end as Unknown too: steps, text and lists are limited.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from sync_jobs.terraform.functions import FUNCTIONS
from sync_jobs.terraform.operators import (
    arithmetic,
    at,
    attribute,
    called,
    collected,
    keyed,
    limited,
    not_null,
)
from sync_jobs.terraform.syntax import Expr
from sync_jobs.terraform.values import (
    NOT_EXACT,
    REFUSED,
    TOO_LARGE,
    Fault,
    TfSet,
    Unknown,
    Value,
    bool_of,
    equal,
    first_unknown,
    items_of,
    number_of,
    pairs_of,
    text_of,
)

STEPS_LIMIT = 5_000_000
_MISSING = object()
# Functions that only arrange what they are given: something unknown inside a list or map stays where it is.
_ARRANGING = frozenset(
    (
        "merge", "concat", "keys", "values", "length", "lookup", "element", "tolist", "tomap", "zipmap", "slice",
        "reverse", "chunklist", "flatten", "one", "nonsensitive", "sensitive", "coalesce", "coalescelist", "setproduct",
    )
)  # fmt: skip


class Scope(Protocol):
    """Where names are looked up."""

    def name(self, name: str) -> Value:
        """What a first name (var, local, a resource type, …) stands for: a value or a Reference."""


class Steps:
    """How much work is left for one root module."""

    def __init__(self, limit: int = STEPS_LIMIT) -> None:
        self.left = limit

    def take(self, count: int = 1) -> None:
        self.left -= count
        if self.left < 0:
            raise _Exhausted


class _Exhausted(Exception):
    """The steps are used up."""


class Evaluator:
    """Expressions of one module instance; `names` are those of `for` and `dynamic` around the expression."""

    def __init__(self, scope: Scope, steps: Steps, names: Mapping[str, Value] | None = None) -> None:
        self._scope, self._steps = scope, steps
        self._names: Mapping[str, Value] = names or {}

    def within(self, names: Mapping[str, Value]) -> Evaluator:
        """The same with more names."""
        return Evaluator(self._scope, self._steps, {**self._names, **names})

    def value(self, expr: Expr) -> Value:
        """Its value; Unknown where it has none. Never raises."""
        try:
            return self._value(expr)
        except Fault as fault:
            return Unknown(REFUSED, str(fault))
        except RecursionError:
            return Unknown(NOT_EXACT, "it is nested too deeply")
        except (_Exhausted, OverflowError, MemoryError):
            return TOO_LARGE

    def _value(self, expr: Expr) -> Value:
        self._steps.take()
        return _KINDS[expr[0]](self, expr)

    def _lit(self, expr: Expr) -> Value:
        return expr[1]

    def _paren(self, expr: Expr) -> Value:
        return self._value(expr[1])

    def _opaque(self, expr: Expr) -> Value:
        return Unknown(NOT_EXACT, str(expr[1]))

    def _tpl(self, expr: Expr) -> Value:
        parts = [part if isinstance(part, str) else self._value(part) for part in expr[1]]
        if len(parts) == 1:
            return parts[0]  # "${x}" is x itself
        unknown = next((part for part in parts if isinstance(part, Unknown)), None)
        if unknown is not None:
            return unknown
        return limited("".join(FUNCTIONS["tostring"](not_null(part)) for part in parts))

    def _list(self, expr: Expr) -> Value:
        return [self._value(item) for item in expr[1]]

    def _obj(self, expr: Expr) -> Value:
        made: dict[str, Value] = {}
        for key_expr, value_expr in expr[1]:
            key = text_of(not_null(self._value(key_expr)))
            if isinstance(key, Unknown):
                return key
            made[key] = self._value(value_expr)
        return made

    def _name(self, expr: Expr) -> Value:
        found = self._names.get(expr[1], _MISSING)
        return self._scope.name(expr[1]) if found is _MISSING else found

    def _get(self, expr: Expr) -> Value:
        return attribute(self._value(expr[1]), expr[2])

    def _idx(self, expr: Expr) -> Value:
        return at(self._value(expr[1]), self._value(expr[2]))

    def _splat(self, expr: Expr) -> Value:
        of = collected(self._value(expr[1]))
        if isinstance(of, Unknown):
            return of
        if of is None:
            return []
        items = items_of(of) if isinstance(of, list | TfSet) else [of]
        return [self._stepped(item, expr[2]) for item in items]

    def _stepped(self, value: Value, steps: list[Expr]) -> Value:
        for step in steps:
            value = attribute(value, step[2]) if step[0] == "get" else at(value, self._value(step[2]))
        return value

    def _call(self, expr: Expr) -> Value:
        _, name, arguments, expanded = expr
        if name in ("try", "can"):
            return self._try(name, arguments)
        function = FUNCTIONS.get(name)
        if function is None:
            return Unknown("function whose result is not certain here", f"{name}()")
        values = [collected(self._value(argument)) for argument in arguments]
        if expanded and values:
            last = values.pop()
            if isinstance(last, Unknown):
                return last
            values += items_of(last)
        if name in _ARRANGING:
            unknown = next((value for value in values if isinstance(value, Unknown)), None)
            if name == "flatten" and unknown is None:
                unknown = next((item for item in items_of(values[0]) if isinstance(item, Unknown)), None)
        else:
            unknown = first_unknown(values)
        return unknown if unknown is not None else called(name, function, values)

    def _try(self, name: str, arguments: list[Expr]) -> Value:
        """The first that Terraform would accept; whether it would accept the first."""
        for argument in arguments:
            try:
                value = self._value(argument)
            except Fault:
                continue
            if not (isinstance(value, Unknown) and value.kind == REFUSED):
                return value if name == "try" or isinstance(value, Unknown) else True
        if name == "can":
            return False
        raise Fault("try() finds nothing that works")

    def _un(self, expr: Expr) -> Value:
        value = self._value(expr[2])
        if isinstance(value, Unknown):
            return value
        return not bool_of(value) if expr[1] == "!" else -number_of(value)

    def _bin(self, expr: Expr) -> Value:
        _, op, left, right = expr
        if op in ("&&", "||"):
            return self._logical(op, left, right)
        a, b = self._value(left), self._value(right)
        if op in ("==", "!="):
            same = equal(a, b)
            return same if isinstance(same, Unknown) else same == (op == "==")
        unknown = first_unknown([a, b])
        if unknown is not None:
            return unknown
        return arithmetic(op, number_of(a), number_of(b))

    def _logical(self, op: str, left: Expr, right: Expr) -> Value:
        decisive = op == "||"
        unknown: Unknown | None = None
        for side in (left, right):
            value = self._value(side)
            if isinstance(value, Unknown):
                unknown = unknown or value
            elif bool_of(value) is decisive:
                return decisive
        return unknown if unknown is not None else not decisive

    def _cond(self, expr: Expr) -> Value:
        _, condition, then, other = expr
        chosen = self._value(condition)
        if isinstance(chosen, Unknown):
            a, b = self.value(then), self.value(other)
            return a if equal(a, b) is True else chosen
        return self._value(then if bool_of(chosen) else other)

    def _for(self, expr: Expr) -> Value:
        _, key_name, value_name, collection, key_expr, value_expr, condition, grouped = expr
        of = collected(self._value(collection))
        if isinstance(of, Unknown):
            return of
        pairs: list[tuple[Value, Value]] = []
        for key, item in pairs_of(of):
            inner = self.within({value_name: item} | ({key_name: key} if key_name else {}))
            kept = True if condition is None else inner._value(condition)
            if isinstance(kept, Unknown):
                return kept
            if bool_of(kept):
                name = None if key_expr is None else text_of(not_null(inner._value(key_expr)))
                if isinstance(name, Unknown):
                    return name
                pairs.append((name, inner._value(value_expr)))
        return [value for _, value in pairs] if key_expr is None else keyed(pairs, grouped)


_KINDS: dict[str, Callable[[Evaluator, Expr], Value]] = {
    kind: getattr(Evaluator, f"_{kind}")
    for kind in (
        "lit", "paren", "opaque", "tpl", "list", "obj", "name", "get", "idx", "splat", "call", "un", "bin", "cond", "for",
    )
}  # fmt: skip

"""Expressions to values. What cannot be known becomes Unknown with the reason; nothing is guessed.

Hostile or huge expressions end as Unknown too: steps, text and lists are limited.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sync_jobs.terraform.functions import FUNCTIONS
from sync_jobs.terraform.syntax import Expr
from sync_jobs.terraform.values import (
    ITEMS_LIMIT,
    NOT_EXACT,
    REFUSED,
    TEXT_LIMIT,
    TOO_LARGE,
    Fault,
    Reference,
    TfSet,
    Unknown,
    Value,
    bool_of,
    equal,
    first_unknown,
    items_of,
    kind_of,
    number_of,
    pairs_of,
    text_of,
    whole,
)

STEPS_LIMIT = 5_000_000
_MISSING = object()
# Functions that only arrange what they are given: something unknown inside a list or map stays where it is.
_ARRANGING = frozenset(
    ("merge", "concat", "keys", "values", "length", "lookup", "element", "tolist", "tomap", "zipmap", "slice")
    + (
        "reverse",
        "chunklist",
        "flatten",
        "one",
        "nonsensitive",
        "sensitive",
        "coalesce",
        "coalescelist",
        "setproduct",
    )
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


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


class _Exhausted(Exception):  # noqa: N818
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
        return _limited("".join(FUNCTIONS["tostring"](_not_null(part)) for part in parts))

    def _list(self, expr: Expr) -> Value:
        return [self._value(item) for item in expr[1]]

    def _obj(self, expr: Expr) -> Value:
        made: dict[str, Value] = {}
        for key_expr, value_expr in expr[1]:
            key = text_of(_not_null(self._value(key_expr)))
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
        return unknown if unknown is not None else _called(name, function, values)

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
        return _arithmetic(op, number_of(a), number_of(b))

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
        made_list: list[Value] = []
        made: dict[str, Value] = {}
        for key, item in pairs_of(of):
            inner = self.within({value_name: item} | ({key_name: key} if key_name else {}))
            if condition is not None:
                kept = inner._value(condition)  # noqa: SLF001
                if isinstance(kept, Unknown):
                    return kept
                if not bool_of(kept):
                    continue
            if key_expr is None:
                made_list.append(inner._value(value_expr))  # noqa: SLF001
                continue
            name = text_of(_not_null(inner._value(key_expr)))  # noqa: SLF001
            if isinstance(name, Unknown):
                return name
            value = inner._value(value_expr)  # noqa: SLF001
            if grouped:
                made.setdefault(name, []).append(value)
            elif name in made:
                raise Fault(f"for makes the key {name[:40]!r} twice")
            else:
                made[name] = value
        return made_list if key_expr is None else made


_KINDS: dict[str, Callable[[Evaluator, Expr], Value]] = {
    kind: getattr(Evaluator, f"_{kind}")
    for kind in (
        "lit",
        "paren",
        "opaque",
        "tpl",
        "list",
        "obj",
        "name",
        "get",
        "idx",
        "splat",
        "call",
        "un",
        "bin",
    )
    + ("cond", "for")
}


def _called(name: str, function: Callable[..., Any], values: list[Value]) -> Value:
    try:
        return _limited(function(*values))
    except NotImplementedError as error:
        return Unknown("function whose result is not certain here", str(error))
    except (TypeError, AttributeError, ValueError, KeyError, IndexError) as error:
        raise Fault(f"{name}() does not take what it is given") from error


def _arithmetic(op: str, a: float, b: float) -> Value:
    if op in _COMPARE:
        return _COMPARE[op](a, b)
    if op in "/%" and b == 0:
        raise Fault("division by zero")
    if op == "%":
        return whole(a - b * int(a / b))  # the sign of the dividend, as in Go
    made = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}[op](a, b)
    if isinstance(made, int) and abs(made) > 10**40:
        raise OverflowError
    return whole(made)


def _limited(value: Value) -> Value:
    if isinstance(value, str) and len(value) > TEXT_LIMIT:
        return TOO_LARGE
    if isinstance(value, list | dict) and len(value) > ITEMS_LIMIT:
        return TOO_LARGE
    return value


def _not_null(value: Value) -> Value:
    if value is None:
        raise Fault("null in a text or as a key")
    return value


def collected(value: Value) -> Value:
    """All instances of a resource or module with count or for_each; any other value itself."""
    if isinstance(value, Reference):
        try:
            return value.collection()
        except Fault:
            return value
    return value


def attribute(of: Value, name: str) -> Value:
    """`of.name`. Raises Fault."""
    if isinstance(of, Unknown):
        return of
    if isinstance(of, Reference):
        return of.get(name)
    if isinstance(of, dict):
        if name in of:
            return of[name]
        raise Fault(f"there is no attribute {name[:40]!r}")
    raise Fault(f"a {kind_of(of)} has no attribute {name[:40]!r}")


def at(of: Value, key: Value) -> Value:
    """`of[key]`. Raises Fault."""
    unknown = first_unknown([key]) or (of if isinstance(of, Unknown) else None)
    if unknown is not None:
        return unknown
    if isinstance(of, Reference):
        return of.at(key)
    if isinstance(of, dict):
        return attribute(of, str(text_of(key)))
    if isinstance(of, list):
        number = number_of(key)
        if number != int(number) or not 0 <= number < len(of):
            raise Fault(f"there is no element {number}")
        return of[int(number)]
    raise Fault(f"a {kind_of(of)} has no elements to choose from")

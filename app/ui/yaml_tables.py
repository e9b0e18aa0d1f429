"""A YAML text as values for tables. Nothing is constructed: values stay as they are written. Pure.

What would grow without bounds is refused before it does: texts that are too large, nested too deeply, or small ones whose
aliases stand for very many values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from app.errors import PortalError

LARGEST = 1_000_000  # characters
DEEPEST = 40
MOST_VALUES = 20_000
_MERGE = "tag:yaml.org,2002:merge"
_NULL = "tag:yaml.org,2002:null"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlProblem(PortalError):
    """The text cannot be shown as values."""


@dataclass(frozen=True)
class Value:
    """One plain value and where it is: `rules[2].severity`. `text` is None for null and for what is empty."""

    path: str
    text: str | None


@dataclass(frozen=True)
class Table:
    """A list of mappings: one row each, nested values flattened into columns. `title` is the path of the list."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[dict[str, str | None], ...]


def read(content: str) -> list[yaml.Node]:
    """The documents of a YAML text. Raises YamlProblem that says what is wrong and where."""
    if len(content) > LARGEST:
        raise YamlProblem(f"The file has {len(content):,} characters; up to {LARGEST:,} are read as YAML.")
    try:
        depth = 0
        for event in yaml.parse(content, Loader=_LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise YamlProblem(f"Values are nested more than {DEEPEST} deep.")
        found = [node for node in yaml.compose_all(content, Loader=_LOADER) if node is not None]
    except yaml.YAMLError as error:
        raise YamlProblem(_plain(error)) from error
    except ValueError as error:  # characters that YAML does not allow
        raise YamlProblem(f"Not valid YAML: {error}.") from error
    sizes: dict[int, int] = {}
    total = sum(_size(node, sizes) for node in found)
    if total > MOST_VALUES:
        raise YamlProblem(
            f"The file stands for {total:,} values, aliases included; up to {MOST_VALUES:,} are shown."
        )
    return found


def values(node: yaml.Node, path: str = "") -> Iterator[Value]:
    """Every plain value below a node with its path, in the order of the file."""
    if isinstance(node, yaml.MappingNode) and node.value:
        for key, inner in pairs(node):
            yield from values(inner, f"{path}.{key}" if path else key)
    elif isinstance(node, yaml.SequenceNode) and node.value:
        if all(isinstance(item, yaml.ScalarNode) for item in node.value):
            yield Value(path, ", ".join(str(item.value) for item in node.value))
        else:
            for at, item in enumerate(node.value):
                yield from values(item, f"{path}[{at}]")
    else:
        yield Value(path, scalar(node))


def pairs(node: yaml.MappingNode) -> list[tuple[str, yaml.Node]]:
    """Keys and values of a mapping; those merged in by << come first, and give way to its own."""
    found: dict[str, yaml.Node] = {}
    for key, value in node.value:
        if key.tag == _MERGE:
            merged = value.value if isinstance(value, yaml.SequenceNode) else [value]
            for one in reversed(merged):
                if isinstance(one, yaml.MappingNode):
                    found.update(pairs(one))
    for key, value in node.value:
        if key.tag != _MERGE:
            found[str(key.value) if isinstance(key, yaml.ScalarNode) else "?"] = value
    return list(found.items())


def scalar(node: yaml.Node) -> str | None:
    """A plain value as it is written; None for null and for an empty list or mapping."""
    if not isinstance(node, yaml.ScalarNode) or (node.tag == _NULL and not node.style):
        return None
    return str(node.value)


def tables(node: yaml.Node) -> tuple[list[Table], list[Value]]:
    """Lists of mappings as tables, those at the top and one level below it; every other value with its path."""
    found: list[Table] = []
    rest: list[Value] = []
    parts = pairs(node) if isinstance(node, yaml.MappingNode) else [("", node)]
    for key, inner in parts:
        if _is_table(inner):
            found.append(_table(key, inner))
        elif isinstance(inner, yaml.MappingNode) and inner.value:
            for below, value in pairs(inner):
                if _is_table(value):
                    found.append(_table(f"{key}.{below}", value))
                else:
                    rest += values(value, f"{key}.{below}")
        else:
            rest += values(inner, key)
    return found, rest


def _is_table(node: yaml.Node) -> bool:
    return (
        isinstance(node, yaml.SequenceNode)
        and bool(node.value)
        and all(isinstance(item, yaml.MappingNode) and item.value for item in node.value)
    )


def _table(title: str, node: yaml.Node) -> Table:
    rows = [{one.path: one.text for one in values(item)} for item in node.value]
    columns = tuple(dict.fromkeys(column for row in rows for column in row))
    return Table(title, columns, tuple(rows))


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node stands for, each alias counted again; shared nodes are looked at once."""
    mark = id(node)
    if mark in known:
        if known[mark] < 0:
            raise YamlProblem("A value contains itself by an alias.")
        return known[mark]
    known[mark] = -1
    if isinstance(node, yaml.MappingNode):
        size = 1 + sum(_size(key, known) + _size(value, known) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        size = 1 + sum(_size(item, known) for item in node.value)
    else:
        size = 1
    known[mark] = size
    return size


def _plain(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    at = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
    what = getattr(error, "problem", None) or str(error).split("\n", maxsplit=1)[0]
    return f"Not valid YAML{at}: {what}."

"""Terraform's JSON: the same blocks as HCL. Every text in it is a template."""

from __future__ import annotations

import json
from typing import Any

from sync_jobs.terraform.grammar import HclError
from sync_jobs.terraform.syntax import Block, Body, Expr, template

_LABELS = {"resource": 2, "data": 2, "module": 1, "variable": 1, "output": 1, "provider": 1}
_BLOCKS = frozenset((*_LABELS, "locals", "terraform"))


def json_body(text: str, values: bool) -> Body:
    """Blocks of a .tf.json file, or attributes of a .tfvars.json file (`values`). Raises HclError."""
    try:
        loaded = json.loads(text)
    except json.JSONDecodeError as error:
        raise HclError(f"Line {error.lineno} is not JSON: {error.msg}.", error.lineno) from error
    if not isinstance(loaded, dict):
        raise HclError("Line 1: the file must hold one JSON object.", 1)
    body = Body()
    for name, value in loaded.items():
        if values:
            body.attributes[name] = (_literal(value), 0)
        elif name in _BLOCKS:
            body.blocks += _blocks(name, value, _LABELS.get(name, 0), [])
    return body


def _blocks(name: str, value: Any, labels: int, given: list[str]) -> list[Block]:
    found: list[Block] = []
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, dict):
            raise HclError(f"Line 1: {name} must hold JSON objects.", 1)
        if labels:
            for label, inner in one.items():
                found += _blocks(name, inner, labels - 1, [*given, label])
        else:
            attributes = {key: (_expression(item), 0) for key, item in one.items() if key != "//"}
            found.append(Block(name, given, Body(attributes), 0, 1))
    return found


def _expression(value: Any) -> Expr:
    """Texts are templates. What would be a nested block in HCL stays a map or a list of maps."""
    if isinstance(value, str):
        return template(value)
    if isinstance(value, list):
        return ("list", [_expression(item) for item in value])
    if isinstance(value, dict):
        return ("obj", [(template(key), _expression(item)) for key, item in value.items()])
    return ("lit", value)


def _literal(value: Any) -> Expr:
    if isinstance(value, list):
        return ("list", [_literal(item) for item in value])
    if isinstance(value, dict):
        return ("obj", [(("lit", key), _literal(item)) for key, item in value.items()])
    return ("lit", value)

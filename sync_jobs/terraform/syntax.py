"""A Terraform file as blocks, attributes and expressions: what the productions of the grammar become.

An expression is a tuple whose first part names its kind:
("lit", value) ("tpl", parts) ("list", items) ("obj", [(key, value)]) ("name", name) ("get", of, name) ("idx", of, key)
("splat", of, steps) ("call", name, arguments, expanded) ("un", op, x) ("bin", op, a, b) ("cond", if, then, else)
("for", key name or None, value name, in, key expression or None, value, if or None, grouped) ("paren", x) ("opaque", why)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from sync_jobs.terraform.grammar import Builder, Token, parse
from sync_jobs.terraform.quoted import end_of_interpolation, unescaped

Expr = tuple[Any, ...]
_HEREDOC = re.compile(r"<<-?([a-zA-Z][\w.-]*)\r?\n(.*)\Z", re.DOTALL)


@dataclass
class Body:
    """Attributes by name, with where they begin; and blocks in their order."""

    attributes: dict[str, tuple[Expr, int]] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)


@dataclass
class Block:
    """`resource "type" "name" { … }`; `line` counts from 1."""

    type: str
    labels: list[str]
    body: Body
    at: int
    line: int = 0


def file_body(text: str) -> Body:
    """The blocks and attributes of a .tf or .tfvars file. Raises HclError."""
    body: Body = parse(text, _BUILDERS)
    for block in body.blocks:
        block.line = text.count("\n", 0, block.at) + 1
    return body


def expression(text: str) -> Expr:
    """One expression on its own. Raises HclError, with lines of the given text."""
    body: Body = parse(f"x = ({text})", _BUILDERS)
    return body.attributes["x"][0]


def template(text: str) -> Expr:
    """A string in which `${…}` stands for a value: of a heredoc, or of JSON. Nothing else is escaped in it."""
    parts: list[Any] = []
    literal, at = "", 0
    while at < len(text):
        two, three = text[at : at + 2], text[at : at + 3]
        if three in ("$${", "%%{"):
            literal, at = literal + three[1:], at + 3
        elif two == "%{":
            return ("opaque", "template directive")
        elif two == "${":
            end = end_of_interpolation(text, at + 2)
            parts += [literal, expression(text[at + 2 : end].strip("~"))]
            literal, at = "", end + 1
        else:
            literal, at = literal + text[at], at + 1
    return _joined([*parts, literal])


def _joined(parts: list[Any]) -> Expr:
    """Neighbouring texts as one; a template without expressions is a literal."""
    joined: list[Any] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    if not joined:
        return ("lit", "")
    if len(joined) == 1 and isinstance(joined[0], str):
        return ("lit", joined[0])
    return ("tpl", joined)


# -- productions: each gets the values of its parts --------------------------------------------------------------


def _tokens(parts: list[Any]) -> list[Any]:
    """Without punctuation and keywords."""
    return [part for part in parts if not isinstance(part, Token)]


def _word(parts: list[Any]) -> Expr:
    return ("name", parts[0].text, parts[0].at)


def _literal_value(parts: list[Any]) -> Expr:
    return ("lit", {"true": True, "false": False, "null": None}[parts[0].text], parts[0].text, parts[0].at)


def _number(kind: type[int | float], text: str) -> Expr:
    return ("lit", kind(text)) if len(text) < 400 else ("opaque", "a number of over 400 digits")


def _string(parts: list[Any]) -> Expr:
    return _joined([part for part in parts if not isinstance(part, Token)])


def _string_part(parts: list[Any]) -> Any:
    part = parts[0]
    if isinstance(part, Token):
        return unescaped(part.text) if part.type == "STRING_CHARS" else part.text[1:]
    return part


def _heredoc(parts: list[Any]) -> Expr:
    text = parts[0].text
    found = _HEREDOC.match(text)
    if found is None:
        return ("opaque", "heredoc")
    body = found[2].rstrip().removesuffix(found[1]).rstrip(" \t")
    if text.startswith("<<-"):
        lines = body.split("\n")
        indents = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
        cut = min(indents, default=0)
        body = "\n".join(line[cut:] if line.strip() else line.lstrip(" \t") for line in lines)
    return template(body)


def _attribute(parts: list[Any]) -> Any:
    name, at = _name_of(parts[0])
    return ("attribute", name, parts[-1], at)


def _name_of(part: Any) -> tuple[str, int]:
    """Text and place of a name, which may look like a literal."""
    if isinstance(part, Token):
        return part.text, part.at
    if part[0] == "lit" and len(part) == 4:
        return part[2], part[3]
    return str(part[1]), part[2] if len(part) > 2 else 0


def _body(parts: list[Any]) -> Body:
    body = Body()
    for part in parts:
        if isinstance(part, Block):
            body.blocks.append(part)
        else:
            body.attributes[part[1]] = (part[2], part[3])
    return body


def _block(parts: list[Any]) -> Block:
    inner = next(part for part in parts if isinstance(part, Body))
    names = [part for part in parts if not isinstance(part, Body) and not _is_brace(part)]
    type_, at = _name_of(names[0])
    return Block(type_, [str(_name_of(name)[0]) for name in names[1:]], inner, at)


def _is_brace(part: Any) -> bool:
    return isinstance(part, Token) and part.type in ("LBRACE", "RBRACE")


def _expr_term(parts: list[Any]) -> Expr:
    if isinstance(parts[0], Token) and parts[0].type == "LPAR":
        return ("paren", _tokens(parts)[0])
    term: Expr = parts[0]
    return term


def _object_elem(parts: list[Any]) -> Any:
    key, value = _tokens(parts)
    return (key, value)


def _object_elem_key(parts: list[Any]) -> Expr:
    key = parts[0]
    if key[0] == "name":
        return ("lit", key[1])
    return ("lit", key[2]) if key[0] == "lit" and len(key) == 4 else key


def _call(parts: list[Any]) -> Expr:
    names = [part for part in parts if isinstance(part, tuple) and part[0] == "name" and len(part) == 3]
    given = next((part for part in parts if isinstance(part, tuple) and part[0] == "arguments"), None)
    name = "::".join(part[1] for part in names)
    return ("call", name, given[1] if given else [], bool(given and given[2]))


def _arguments(parts: list[Any]) -> Any:
    expanded = any(isinstance(part, Token) and part.type == "ELLIPSIS" for part in parts)
    return ("arguments", _tokens(parts), expanded)


def _get_attr(parts: list[Any]) -> Any:
    return ("get", None, _name_of(parts[-1])[0])


def _index(parts: list[Any]) -> Any:
    last = parts[-1]
    if isinstance(last, Token) and last.type == "INT_LITERAL":
        return ("idx", None, ("lit", int(last.text)))
    return ("idx", None, _tokens(parts)[0])


def _step(parts: list[Any]) -> Expr:
    of, step = parts
    return (step[0], of, step[2])


def _splat(parts: list[Any]) -> Any:
    return ("splat", None, _tokens(parts))


def _binary(parts: list[Any]) -> Expr:
    left, (_, op, right) = _tokens(parts)
    return ("bin", op, left, right)


def _for_intro(parts: list[Any]) -> Any:
    *names, collection = _tokens(parts)
    words = [name[1] for name in names]
    return (words[0] if len(words) > 1 else None, words[-1], collection)


def _for_tuple(parts: list[Any]) -> Expr:
    intro, value, *rest = _tokens(parts)
    return ("for", *intro, None, value, rest[0][1] if rest else None, False)


def _for_object(parts: list[Any]) -> Expr:
    grouped = any(isinstance(part, Token) and part.type == "ELLIPSIS" for part in parts)
    intro, key, value, *rest = _tokens(parts)
    return ("for", *intro, key, value, rest[0][1] if rest else None, grouped)


_DIRECTIVE: Builder = lambda parts: ("opaque", "template directive")  # noqa: E731

_BUILDERS: dict[str, Builder] = {
    "start": lambda parts: parts[0] if parts else Body(),
    "body": _body,
    "block": _block,
    "attribute": _attribute,
    "identifier": _word,
    "keyword": _word,
    "literal_value": _literal_value,
    "int_lit": lambda parts: _number(int, parts[0].text),
    "float_lit": lambda parts: _number(float, parts[0].text),
    "string": _string,
    "string_part": _string_part,
    "interpolation": lambda parts: _tokens(parts)[0],
    "heredoc_template": _heredoc,
    "heredoc_template_trim": _heredoc,
    "template_string": lambda parts: ("lit", unescaped(parts[0].text[2:-2])),
    "expr_term": _expr_term,
    "tuple": lambda parts: ("list", _tokens(parts)),
    "object": lambda parts: ("obj", _tokens(parts)),
    "object_elem": _object_elem,
    "object_elem_key": _object_elem_key,
    "function_call": _call,
    "arguments": _arguments,
    "get_attr": _get_attr,
    "braces_index": _index,
    "short_index": _index,
    "get_attr_expr_term": _step,
    "index_expr_term": _step,
    "attr_splat": _splat,
    "full_splat": _splat,
    "attr_splat_expr_term": _step,
    "full_splat_expr_term": _step,
    "conditional": lambda parts: ("cond", *_tokens(parts)),
    "binary_operator": lambda parts: parts[0].text.strip(),
    "binary_term": lambda parts: ("term", parts[0], _tokens(parts[1:])[-1]),
    "binary_op": _binary,
    "unary_op": lambda parts: ("un", parts[0].text, parts[1]),
    "for_intro": _for_intro,
    "for_cond": lambda parts: ("if", _tokens(parts)[0]),
    "for_tuple_expr": _for_tuple,
    "for_object_expr": _for_object,
    **dict.fromkeys(
        ("template_if_start", "template_else", "template_endif", "template_for_start", "template_endfor"),
        _DIRECTIVE,
    ),
}

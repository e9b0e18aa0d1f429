"""Blocks of Markdown, written anew, as what a page shows one below the other. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from markdown_it.tree import SyntaxTreeNode

from app.ui import text
from app.ui.markdown import html, inline
from app.ui.markdown.inline import Context, Picture
from app.ui.markdown.parse import BLOCK_CHARACTERS

_LANGUAGE = re.compile(r"^[A-Za-z0-9+#.-]+")
# Streamlit draws this one, and a drawing may load pictures from anywhere.
_NOT_DRAWN = {"mermaid"}
_ALIASES = {"tf": "hcl", "terraform": "hcl", "sh": "bash", "shell": "bash", "console": "bash", "yml": "yaml"}


@dataclass(frozen=True)
class Words:
    """Markdown that is safe to show."""

    markdown: str


@dataclass(frozen=True)
class Code:
    """A block of code as it is; `language` for colours, or None."""

    content: str
    language: str | None


@dataclass(frozen=True)
class Shown:
    """A picture on a line of its own."""

    picture: Picture
    words: str


Piece = Words | Code | Shown


def pieces(blocks: Iterable[SyntaxTreeNode], context: Context) -> list[Piece]:
    """What to show for `blocks`, in order; neighbouring words are one piece."""
    found: list[Piece] = []
    waiting: list[str] = []

    def flush() -> None:
        if waiting:
            found.append(Words("\n\n".join(waiting)))
            waiting.clear()

    for block in blocks:
        if block.type in ("fence", "code_block"):
            flush()
            found.append(_code(block))
            continue
        lines = block_lines(block, context)
        if any(line.strip() for line in lines):
            waiting.append("\n".join(lines))
        if context.large:
            flush()
            found += [Shown(picture, words) for picture, words in context.large]
            context.large.clear()
    flush()
    return found


def block_lines(block: SyntaxTreeNode, context: Context) -> list[str]:
    """A block as lines of Markdown. One that is too long is cut, and says so."""
    writers = {
        "heading": _heading,
        "paragraph": _paragraph,
        "bullet_list": _list,
        "ordered_list": _list,
        "blockquote": _quote,
        "table": _table,
        "fence": _fence,
        "code_block": _fence,
        "hr": lambda *_: ["***"],
        "html_block": _html,
    }
    writer = writers.get(block.type)
    lines = writer(block, context) if writer else [text.escaped(str(block.content or ""))]
    return _cut(lines)


def _cut(lines: list[str]) -> list[str]:
    total = 0
    for at, line in enumerate(lines):
        total += len(line) if "](data:" not in line else 200
        if total > BLOCK_CHARACTERS:
            note = f"*{len(lines) - at:,} more lines are not shown here. The source has them all.*"
            return [*lines[:at], "", note]
    return lines


def _inline(block: SyntaxTreeNode) -> list[SyntaxTreeNode]:
    return [node for child in block.children if child.type == "inline" for node in child.children]


def _heading(block: SyntaxTreeNode, context: Context) -> list[str]:
    """One level lower: the page has a title of its own."""
    outer, context.in_cell = context.in_cell, True  # a heading is one line
    words = inline.written(_inline(block), context).strip()
    context.in_cell = outer
    return ["#" * min(int(block.tag[1:]) + 1, 6) + " " + words]


def _paragraph(block: SyntaxTreeNode, context: Context) -> list[str]:
    return _worded(_inline(block), context, item=False)


def _worded(nodes: list[SyntaxTreeNode], context: Context, *, item: bool) -> list[str]:
    mark, length = inline.lead(nodes, item=item)
    if not mark:
        return inline.written(nodes, context).split("\n")
    first = text.escaped(str(nodes[0].content)[length:])
    return (mark + first + inline.written(nodes[1:], context)).split("\n")


def _list(block: SyntaxTreeNode, context: Context) -> list[str]:
    """Items of a tight list stay close together. Neighbouring lists differ in their mark, as they did before."""
    ordered = block.type == "ordered_list"
    number = int(block.attrs.get("start", 1)) if ordered else 0
    tight = all(
        child.hidden for item in block.children for child in item.children if child.type == "paragraph"
    )
    lines: list[str] = []
    for item in block.children:
        mark = f"{number}{block.markup} " if ordered else f"{block.markup} "
        inner = _item(item, context, tight)
        lines += [
            (mark if at == 0 else " " * len(mark) if line else "") + line for at, line in enumerate(inner)
        ]
        if not tight:
            lines.append("")
        number += 1
    return lines


def _item(item: SyntaxTreeNode, context: Context, tight: bool) -> list[str]:
    lines: list[str] = []
    for at, child in enumerate(item.children):
        if at and not (tight and child.type in ("bullet_list", "ordered_list")):
            lines.append("")
        if child.type == "paragraph" and not at:
            lines += _worded(_inline(child), context, item=True)
        else:
            lines += block_lines(child, context)
    return lines or [""]


def _quote(block: SyntaxTreeNode, context: Context) -> list[str]:
    lines: list[str] = []
    for at, child in enumerate(block.children):
        lines += [""] if at else []
        lines += block_lines(child, context)
    return [f"> {line}" if line else ">" for line in lines]


def _table(block: SyntaxTreeNode, context: Context) -> list[str]:
    outer, context.in_cell = context.in_cell, True
    rows = [row for section in block.children for row in section.children]
    written = [
        [inline.written(_inline(cell), context).strip() or " " for cell in row.children] for row in rows
    ]
    context.in_cell = outer
    marks = [_alignment(cell) for cell in rows[0].children] if rows else []
    lines = [f"| {' | '.join(cells)} |" for cells in written]
    return [lines[0], f"|{'|'.join(marks)}|", *lines[1:]] if lines else []


def _alignment(cell: SyntaxTreeNode) -> str:
    style = str(cell.attrs.get("style", ""))
    return {"text-align:right": " ---: ", "text-align:center": " :---: "}.get(style, " --- ")


def _code(block: SyntaxTreeNode) -> Code:
    content = str(block.content).removesuffix("\n")
    if len(content) > BLOCK_CHARACTERS:
        content = content[:BLOCK_CHARACTERS] + "\n… cut here; the source has all of it"
    return Code(content, language(block.info))


def language(info: str) -> str | None:
    """The language of a block of code, for its colours."""
    found = _LANGUAGE.match(info.strip())
    name = found[0].lower() if found else ""
    return None if not name or name in _NOT_DRAWN else _ALIASES.get(name, name)


def _fence(block: SyntaxTreeNode, context: Context) -> list[str]:
    """Code inside a list or quote, between as many backticks as it takes."""
    made = _code(block)
    longest = max((len(run) for run in re.findall(r"`+", made.content)), default=0)
    ticks = "`" * max(3, longest + 1)
    return [ticks + (made.language or "text"), *made.content.split("\n"), ticks]


def _html(block: SyntaxTreeNode, context: Context) -> list[str]:
    reader = html.Block(
        lambda label, href: inline.link(label, href, context),
        lambda src, words: inline.picture(src, words, context),
    )
    found = reader.lines(str(block.content))
    return "\n\n".join(found).split("\n") if found else []

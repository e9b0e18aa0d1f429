"""A Markdown text to parts of a page, with the anchors of its headings. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.reference import reference
from markdown_it.tree import SyntaxTreeNode

from app.ui.markdown.links import slugs

PART_CHARACTERS = 40_000  # more than this at once makes a browser stutter
BLOCK_CHARACTERS = 200_000  # of one table, list or code block
_FRONT_MATTER = re.compile(
    r"\A\ufeff?(---|\+\+\+)[ \t]*\n.*?^(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
_NAMES = re.compile(r"""<a\s[^>]*?\b(?:name|id)\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)


@dataclass(frozen=True)
class Heading:
    """`anchor` is unique in the document, `part` the place in `Document.parts`."""

    level: int
    text: str
    anchor: str
    part: int


@dataclass(frozen=True)
class Document:
    """`parts`: blocks to show at once, none of them much above PART_CHARACTERS."""

    parts: tuple[tuple[SyntaxTreeNode, ...], ...]
    headings: tuple[Heading, ...]
    names: dict[str, str] = field(default_factory=dict)  # <a name> -> anchor of the heading nearest to it

    def place(self, anchor: str) -> Heading | None:
        """The heading that an anchor leads to, whatever its case; None where there is none."""
        wanted = self.names.get(anchor, anchor)
        for heading in self.headings:
            if heading.anchor == wanted:
                return heading
        return next((one for one in self.headings if one.anchor == wanted.lower()), None)


@lru_cache(maxsize=64)
def parse(text: str) -> Document:
    """The blocks of `text` without its front matter."""
    body = without_front_matter(text.replace("\r\n", "\n").replace("\r", "\n"))
    root = SyntaxTreeNode(_parser().parse(body))
    lines = body.splitlines(keepends=True)
    parts: list[list[SyntaxTreeNode]] = [[]]
    filled = 0
    for block in root.children:
        size = _size(block, lines)
        starts = block.type == "heading" and filled > PART_CHARACTERS // 2
        if parts[-1] and (filled + size > PART_CHARACTERS or starts):
            parts.append([])
            filled = 0
        parts[-1].append(block)
        filled += size
    headings = _headings(parts)
    return Document(tuple(tuple(part) for part in parts), headings, dict(_named(parts, headings)))


def without_front_matter(text: str) -> str:
    """The text after a first block between --- or +++ lines, which is for programs."""
    found = _FRONT_MATTER.match(text)
    if found is None or found.group(0).count("\n") < 2:
        return text
    return text[found.end() :]


def inline_text(node: SyntaxTreeNode) -> str:
    """The words of a block without their form."""
    if node.type in ("text", "code_inline", "image"):
        return str(node.content)
    if node.type in ("softbreak", "hardbreak"):
        return " "
    return "".join(inline_text(child) for child in node.children)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": 40}).enable(["table", "strikethrough"])
    parser.block.ruler.at("reference", _no_footnotes)
    return parser


def _no_footnotes(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """`[^1]: word` is a footnote to whoever wrote it, not the address of a link called ^1."""
    at = state.bMarks[start] + state.tShift[start]
    if state.src.startswith("[^", at):
        return False
    return reference(state, start, end, silent)


def _size(block: SyntaxTreeNode, lines: list[str]) -> int:
    first, last = block.map or (0, 0)
    return sum(len(line) for line in lines[first:last])


def _headings(parts: list[list[SyntaxTreeNode]]) -> tuple[Heading, ...]:
    found = [
        (int(block.tag[1:]), inline_text(block).strip(), at)
        for at, part in enumerate(parts)
        for block in part
        if block.type == "heading"
    ]
    anchors = slugs(text for _, text, _ in found)
    return tuple(
        Heading(level, text, anchor, at) for (level, text, at), anchor in zip(found, anchors, strict=True)
    )


def _named(parts: list[list[SyntaxTreeNode]], headings: tuple[Heading, ...]) -> Iterator[tuple[str, str]]:
    """Places named by <a name="…">: the heading they stand in or before, which can be scrolled to."""
    if not headings:
        return
    passed, waiting = 0, list[str]()
    for part in parts:
        for block in part:
            names = _NAMES.findall("".join(_html(block)))
            if block.type == "heading":
                passed += 1
                for name in [*waiting, *names]:
                    yield name, headings[passed - 1].anchor
                waiting = []
            else:
                waiting += names
    for name in waiting:
        yield name, headings[-1].anchor


def _html(node: SyntaxTreeNode) -> Iterator[str]:
    if node.type in ("html_inline", "html_block"):
        yield str(node.content)
    for child in node.children:
        yield from _html(child)

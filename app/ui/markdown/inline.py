"""What stands in a line of Markdown, written anew: text escaped, links resolved, pictures found. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from markdown_it.tree import SyntaxTreeNode

from app.ui import text
from app.ui.markdown import html
from app.ui.markdown.links import address, resolve
from app.ui.markdown.parse import inline_text

INLINE_PICTURE_BYTES = 60_000  # larger ones are shown after the block they stand in
PICTURE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
_MARKS = {"strong": "**", "em": "*", "s": "~~"}
_BOX = re.compile(r"^\[([ xX])\]\s+")
_ALERT = re.compile(r"^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*", re.IGNORECASE)
_ADDRESS = re.compile(
    r"https?://[^\s<>\"'`\]|]*[^\s<>\"'`\]|.,;:!?)]"
)  # as it stands in a text, without what follows it
_SAFE = "/:?#@!&+,;=%-._~"  # of an address; brackets, quotes, spaces and backslashes are encoded


@dataclass(frozen=True)
class Picture:
    """A picture of the repository; `content` as it is there."""

    path: str
    media_type: str
    content: bytes


@dataclass
class Context:
    """What is around a document: its path, the files there are, the pictures, and what is met on the way.

    `large` fills up with pictures to be shown after the block; `asked` with every path a picture was wanted from.
    """

    base: str
    known: Collection[str]
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    large: list[tuple[Picture, str]] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    in_cell: bool = False
    in_link: bool = False


def written(nodes: list[SyntaxTreeNode], context: Context) -> str:
    """Markdown of the contents of a paragraph, heading or cell. Line breaks stay where they may."""
    out: list[str] = []
    links: list[tuple[int, str]] = []  # of <a href>, which is not nested as [..](..) is
    for node in nodes:
        if node.type != "html_inline":
            out.append(_one(node, context))
            continue
        tag, markup = html.tag_name(str(node.content)), str(node.content)
        if tag == "a" and not markup.startswith("</") and not links and not context.in_link:
            links.append((len(out), html.attributes(markup).get("href", "")))
        elif tag == "a" and markup.startswith("</") and links:
            _close(out, links, context)
        elif tag != "a":
            out.append(_markup(tag, markup, context))
    if links:
        _close(out, links, context)
    return "".join(out)


def _close(out: list[str], links: list[tuple[int, str]], context: Context) -> None:
    start, href = links.pop()
    label = "".join(out[start:])
    del out[start:]
    out.append(link(label, href, context) if href and label.strip() else label)


def _one(node: SyntaxTreeNode, context: Context) -> str:
    kind = node.type
    if kind in ("softbreak", "hardbreak"):
        return " " if context.in_cell else "\n" if kind == "softbreak" else "\\\n"
    if kind == "code_inline":
        return code(str(node.content), context)
    if kind in _MARKS:
        inner = written(node.children, context).strip()
        return f"{_MARKS[kind]}{inner}{_MARKS[kind]}" if inner else ""
    if kind == "link":
        return _link_node(node, context)
    if kind == "image":
        return picture(str(node.attrs.get("src", "")), inline_text(node), context)
    words = inline_text(node)
    return text.escaped(words) if context.in_link else _with_addresses(words)


def _with_addresses(words: str) -> str:
    """Text in which an address is a link out of the page, told apart as such."""
    out, end = [], 0
    for found in _ADDRESS.finditer(words):
        shown = f"[{text.escaped(found[0])} ↗]({encoded(found[0])})"
        out += [text.escaped(words[end : found.start()]), shown]
        end = found.end()
    return "".join(out) + text.escaped(words[end:])


def _link_node(node: SyntaxTreeNode, context: Context) -> str:
    outer, context.in_link = context.in_link, True
    label = written(node.children, context)
    context.in_link = outer
    return label if outer else link(label, str(node.attrs.get("href", "")), context)


def _markup(tag: str | None, markup: str, context: Context) -> str:
    if tag is None:
        return ""  # a comment
    if tag == "img":
        values = html.attributes(markup)
        return picture(values.get("src", ""), values.get("alt", ""), context)
    if tag == "br":
        return " " if context.in_cell else "\\\n"
    return "" if tag in html.KNOWN else text.escaped(markup)


def code(content: str, context: Context) -> str:
    """Inline code between as many backticks as it takes."""
    content = content.replace("\n", " ")
    longest = max((len(run) for run in re.findall(r"`+", content)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if content[:1] == "`" or content[-1:] == "`" else ""
    shown = content.replace("|", "\\|") if context.in_cell else content
    return f"{ticks}{pad}{shown}{pad}{ticks}" if content.strip() else ""


def link(label: str, href: str, context: Context) -> str:
    """A link inside the page, or out of it with an arrow; what leads nowhere is told, not linked."""
    label = label.strip() or text.escaped(href)
    target = resolve(context.base, href, context.known)
    if target.kind == "outside":
        return f"[{label} ↗]({encoded(target.address)})"
    if target.kind == "inside":
        return f"[{label}]({address(target.path, target.anchor, target.line)})"
    if target.kind == "absent":
        return f"{label} ({code(target.path, context)} is not synced)"
    return f"{label} ({code(target.address, context)} leads out of the landing zone)"


def picture(src: str, alt: str, context: Context) -> str:
    """A picture of the repository in its place; one from elsewhere is a link, which nothing loads by itself."""
    words = text.escaped(" ".join(alt.split())) or "picture"
    target = resolve(context.base, src, context.known)
    if target.kind == "outside":
        label = f":material/image: {words}"
        return label if context.in_link else f"[{label} ↗]({encoded(target.address)})"
    path = target.path
    if target.kind == "refused" or not path:
        return f":material/broken_image: {words} (its address is not one of the landing zone)"
    context.asked.add(path)
    found = context.pictures.get(path)
    if found is None or found.media_type not in PICTURE_TYPES:
        return f":material/broken_image: {words} (the picture {code(path, context)} is not in the copy)"
    if len(found.content) > INLINE_PICTURE_BYTES:
        context.large.append((found, " ".join(alt.split())))
        return f":material/image: *{words}, below*"
    return f"![{words}](data:{found.media_type};base64,{base64.b64encode(found.content).decode()})"


def encoded(href: str) -> str:
    """An address that ends where it ends, wherever it stands in Markdown."""
    return quote(href, safe=_SAFE)


def lead(nodes: list[SyntaxTreeNode], *, item: bool) -> tuple[str, int]:
    """What a first text begins with that has a meaning: a box of a task, or a kind of note. And its length."""
    first = nodes[0] if nodes else None
    if first is None or first.type != "text":
        return "", 0
    found = (_BOX if item else _ALERT).match(str(first.content))
    if found is None:
        return "", 0
    mark = ("☐ " if found[1] == " " else "☑ ") if item else f"**{found[1].capitalize()}** "
    return mark, found.end()

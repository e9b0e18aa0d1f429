"""One file of the landing zone for people: a document with its pictures and links, or code with its lines."""

from __future__ import annotations

import posixpath
from collections.abc import Collection
from typing import Any

import streamlit as st

from app.ui import frames, links_in_page, page, text
from app.ui.markdown import blocks
from app.ui.markdown.inline import PICTURE_TYPES, Context, Picture
from app.ui.markdown.links import address, slug
from app.ui.markdown.parse import Document, Heading, parse

SQL = "pages/landing_zone"
MARKDOWN = (".md", ".markdown", ".mdown", ".mdx")
LARGEST_MARKDOWN = 1_000_000  # characters; above it the text is shown as it is
LINES_AT_ONCE = 1500
AROUND = 8  # lines before and after the one a link names
_LANGUAGES = {
    ".tf": "hcl", ".tfvars": "hcl", ".hcl": "hcl", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".toml": "toml",
    ".py": "python", ".sh": "bash", ".rego": "rego", ".ini": "ini", ".rst": "rst", ".md": "markdown", ".sql": "sql",
}  # fmt: skip


def language_of(path: str) -> str | None:
    """The language for the colours of a file, by its name."""
    return _LANGUAGES.get(posixpath.splitext(path)[1].lower())


def is_markdown(path: str) -> bool:
    """Whether a file is shown as a document rather than as lines."""
    return path.lower().endswith(MARKDOWN)


def title_of(row: dict[str, Any]) -> str:
    """The title of a file, or its name."""
    return str(row["title"] or posixpath.basename(row["path"]))


def outline(document: Document, path: str) -> None:
    """The headings, as links; the first one is the title and is left out when it stands alone at the top."""
    shown = [heading for heading in document.headings if heading.level <= 3]
    if len(shown) < 3:
        return
    top = min(heading.level for heading in shown)
    with st.expander("On this page", icon=":material/toc:"):
        st.markdown(
            "\n".join(
                f"{'  ' * (one.level - top)}- [{text.escaped(one.text)}]({address(path, one.anchor)})"
                for one in shown[:80]
            )
        )
        if len(shown) > 80:
            st.caption(f"and {len(shown) - 80:,} more headings")


def markdown(document: Document, path: str, known: Collection[str], part: int) -> None:
    """One part of a document, pictures and all."""
    first = Context(path, known)
    found = blocks.pieces(document.parts[part], first)
    if first.asked:  # now that it is known which ones
        found = blocks.pieces(document.parts[part], Context(path, known, pictures(sorted(first.asked))))
    for piece in found:
        if isinstance(piece, blocks.Words):
            st.markdown(piece.markdown)
        elif isinstance(piece, blocks.Code):
            st.code(piece.content, language=piece.language)
        else:
            picture(piece.picture, piece.words)


def pictures(paths: list[str]) -> dict[str, Picture]:
    """The pictures that are synced, of those at `paths`."""
    return {
        row["path"]: Picture(row["path"], row["media_type"], row["content"])
        for row in frames.rows(f"{SQL}/images", paths=paths)
        if row["media_type"] in PICTURE_TYPES
    }


def picture(found: Picture, words: str) -> None:
    """A picture on a line of its own. A drawing in SVG is an image to the browser: nothing in it runs or loads."""
    content = (
        found.content.decode("utf-8", "replace") if found.media_type == "image/svg+xml" else found.content
    )
    caption = text.escaped(words) if words else None
    st.image(content, caption=caption, alt=words or posixpath.basename(found.path))


def lines(content: str, path: str, line: int | None) -> None:
    """A file as numbered lines; the one a link names first, with those around it."""
    rows = content.splitlines()
    if line is not None:
        excerpt(rows, path, line)
    if len(rows) <= LINES_AT_ONCE:
        st.code(content, language=language_of(path), line_numbers=True)
        return
    box = st.container()
    skip = page.pager(len(rows), LINES_AT_ONCE, "part")
    with box:
        st.caption(f"Lines {skip + 1:,} to {min(skip + LINES_AT_ONCE, len(rows)):,} of {len(rows):,}")
        st.code(numbered(rows, skip + 1, skip + LINES_AT_ONCE), language=language_of(path))


def excerpt(rows: list[str], path: str, line: int) -> None:
    """The line a link names, marked, and the lines around it."""
    if not 1 <= line <= len(rows):
        st.warning(
            f"The file has {text.plural(len(rows), 'line')} now; line {line:,} is not one of them.",
            icon=":material/history:",
        )
        return
    st.caption(f":material/arrow_right: Line **{line:,}**, with the lines around it")
    with st.container(border=True):
        first, last = max(1, line - AROUND), min(len(rows), line + AROUND)
        st.code(numbered(rows, first, last, line), language=language_of(path))


def numbered(rows: list[str], first: int, last: int, marked: int | None = None) -> str:
    """Lines first to last, counted from 1, with their numbers; the marked one has an arrow before it."""
    last = min(last, len(rows))
    width = len(str(last))
    return "\n".join(
        f"{'▶' if number == marked else ' '} {number:>{width}}  {rows[number - 1]}"
        for number in range(first, last + 1)
    )


def watch_links(path: str, document: Document | None, anchor: str, on_opened: Any) -> None:
    """Links of the document open on this page; one with an anchor is scrolled to."""
    heading = document.place(anchor) if document and anchor else None
    same = _before(document, heading) if document and heading else 0
    place = f"{path}#{anchor}"
    links_in_page.watch(
        on_opened, place, slug(heading.text) if heading else "", same, asked="doc" in st.query_params
    )


def _before(document: Document, heading: Heading) -> int:
    mine = slug(heading.text)
    place = document.headings.index(heading)
    return sum(one.part == heading.part and slug(one.text) == mine for one in document.headings[:place])


def parsed(row: dict[str, Any]) -> Document | None:
    """The document in a row of `file`, or None for what is shown as lines."""
    content = row.get("text")
    if content is None or not is_markdown(row["path"]) or len(content) > LARGEST_MARKDOWN:
        return None
    return parse(content)

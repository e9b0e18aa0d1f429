"""The tab Search of the Landing zone page: every word must occur, the best file first."""

from __future__ import annotations

import posixpath
from typing import Any

import streamlit as st

from app.ui import frames, landing_documents, page, snippets, text

SQL = "pages/landing_zone"
PAGE_SIZE = 10


def show() -> None:
    """The tab."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input(
            "Search", key="q", bind="query-params", type="search", placeholder="firewall shared network",
            help="Every word must occur. The last one may be the beginning of a word.",
        )  # fmt: skip
        kinds = st.multiselect(
            "Kind", [name for name, found in landing_documents.KINDS.items() if found], key="kind",
            bind="query-params", placeholder="All", width=260,
        )  # fmt: skip
    asked = snippets.query(typed or "")
    if asked is None:
        st.caption(
            "Words of two letters or more, from the text, the title and the headings of the synced files."
        )
        return
    chosen = [kind for name in kinds for kind in landing_documents.KINDS[name]]
    results(asked, {"words": list(asked.words), "prefix": asked.prefix, "kinds": chosen})


def results(asked: snippets.Query, params: dict[str, Any]) -> None:
    """One page of the files found."""
    number = int(st.query_params.get("found", "1")) if st.query_params.get("found", "1").isdecimal() else 1
    rows = frames.rows(f"{SQL}/search", **params, page_size=PAGE_SIZE, skip=(max(number, 1) - 1) * PAGE_SIZE)
    if not rows and number > 1:  # the address is of a search that found more
        rows = frames.rows(f"{SQL}/search", **params, page_size=PAGE_SIZE, skip=0)
    if not rows:
        words = " and ".join(f"**{text.escaped(word)}**" for word in asked.all)
        page.empty_state(
            "Nothing found",
            f"No file has {words}. Try fewer words, or another kind.",
            ":material/search_off:",
        )
        return
    total = int(rows[0]["total"])
    st.caption(f"{text.plural(total, 'file')}, the best first.")
    for row in rows:
        result(row, asked)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        page.pager(total, PAGE_SIZE, "found")
        frames.download("landing-zone-search", total, f"{SQL}/search", params)


def result(row: dict[str, Any], asked: snippets.Query) -> None:
    """Title, path and the place in the text."""
    title = str(row["title"] or posixpath.basename(row["path"]))
    with st.container(border=True, gap=None):
        st.button(
            snippets.highlighted(title, asked), key=f"open-{row['path']}", type="tertiary",
            icon=":material/description:", on_click=landing_documents.open_file, args=({"doc": row["path"]},),
        )  # fmt: skip
        st.caption(text.escaped(row["path"]))
        found = snippets.snippet(row["text"], asked, document=row["kind"] == "doc")
        if found:
            st.markdown(found)

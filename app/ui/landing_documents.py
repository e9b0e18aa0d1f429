"""The tab Documents of the Landing zone page: the files there are, one of them opened, and what was refused."""

from __future__ import annotations

import posixpath
from typing import Any

import streamlit as st

from app.ui import documents, frames, links_in_page, page, text
from app.ui.markdown.parse import Document

SQL = "pages/landing_zone"
KINDS = {
    "Documents": ["doc"],
    "Terraform": ["terraform"],
    "Rules": ["policy"],
    "Configuration": ["config"],
    "Other": ["other"],
    "All files": [],
}
EVERYWHERE = "All folders"
FIRST = ("README.md", "docs/README.md", "docs/index.md")


def show() -> None:
    """The tab."""
    everything = frames.rows(f"{SQL}/files")
    synced = [row for row in everything if is_shown(row)]
    known = frozenset(row["path"] for row in synced)
    rail, reader = st.columns([2, 5], gap="medium")
    with rail:
        listed = choose(synced)
    path = st.query_params.get("doc") or first(listed)
    with reader, page.guard("This file cannot be shown."):
        if path is None:
            page.empty_state(
                "No such files", "Nothing of this kind is synced. Choose another kind or folder."
            )
        else:
            document = read(path, known)
            if document:
                with rail:
                    documents.outline(document, path)
    not_shown([row for row in everything if not is_shown(row)])


def is_shown(row: dict[str, Any]) -> bool:
    """What the mapping copies, and Terraform that it does not name: drift leads to its lines."""
    return (row["status"], row["kind"]) == ("not_mapped", "terraform") or bool(row["status"] == "synced")


def choose(synced: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The filters and the list; selecting a row opens the file."""
    with st.grid(2, min_column_width=110, gap="small"):
        kinds = KINDS[st.selectbox("Show", list(KINDS), key="show", bind="query-params")]
        rows = [row for row in synced if not kinds or row["kind"] in kinds]
        folders = sorted({folder for row in rows for folder in above(row["path"])})
        asked = st.query_params.get("folder")
        extra = [asked] if asked and asked not in [EVERYWHERE, *folders] else []  # a link stays what it says
        folder = st.selectbox("Folder", [EVERYWHERE, *folders, *extra], key="folder", bind="query-params")
    if folder != EVERYWHERE:
        rows = [row for row in rows if row["path"].startswith(f"{folder}/")]
    key = f"files-{links_in_page.generation()}"
    st.dataframe(
        [{"title": documents.title_of(row), "path": row["path"]} for row in rows],
        hide_index=True,
        key=key,
        on_select=lambda: opened(key, [row["path"] for row in rows]),
        selection_mode="single-row",
        height="content" if len(rows) <= 8 else 318,
        column_config={
            "title": st.column_config.TextColumn("Title", width=165),
            "path": st.column_config.TextColumn("Path", width="medium"),
        },
        alt="Files, by path",
    )
    st.caption(f"{text.plural(len(rows), 'file')}. Select one to read it.")
    return rows


def above(path: str) -> list[str]:
    """The folders a file is in, the outermost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: at + 1]) for at in range(len(parts))]


def first(rows: list[dict[str, Any]]) -> str | None:
    """What is shown before anything was chosen."""
    paths = [str(row["path"]) for row in rows]
    return next((path for path in FIRST if path in paths), paths[0] if paths else None)


def opened(key: str, paths: list[str]) -> None:
    """Open the file of the selected row."""
    for index in st.session_state[key]["selection"]["rows"]:
        open_file({"doc": paths[index]})
        return


def open_file(query: dict[str, str]) -> None:
    """Put a file into the address, with an anchor or a line; the tab shows what the address says."""
    for key in ("doc", "at", "line"):
        st.query_params.pop(key, None)
        if query.get(key):
            st.query_params[key] = query[key]
    st.session_state["tab"] = "Documents"
    st.session_state["part"] = 1


def read(path: str, known: frozenset[str]) -> Document | None:
    """One file with what is known of it; the document, where it is one."""
    row = frames.first(f"{SQL}/file", path=path)
    if not row or not is_shown(row):
        absent(path, row)
        return None
    anchor, line = st.query_params.get("at", ""), line_number()
    document = documents.parsed(row)
    source = heading(row, document is not None) or line is not None
    if row["status"] != "synced":
        st.caption("No rule of the mapping names this file: it is read for what it declares, and not copied.")
    with st.container(key=links_in_page.CONTAINER):
        if row["text"] is None:
            not_text(row)
        elif document and not source:
            rendered(document, path, known, anchor)
        else:
            documents.lines(row["text"], path, line)
    documents.watch_links(path, document, anchor, open_file)
    return document if not source else None


def rendered(document: Document, path: str, known: frozenset[str], anchor: str) -> None:
    """A document, one part at a time; an anchor opens the part it is in."""
    place = document.place(anchor) if anchor else None
    mark = (path, anchor, links_in_page.generation())
    if place and st.session_state.get("anchor-shown") != mark and "part" not in st.query_params:
        st.session_state["part"] = place.part + 1
    st.session_state["anchor-shown"] = mark
    box = st.container()
    part = page.pager(len(document.parts), 1, "part")
    with box:
        if anchor and place is None:
            st.caption(
                f":material/link_off: There is no section `{anchor.replace('`', '')}` in this document."
            )
        documents.markdown(document, path, known, part)
        if len(document.parts) > 1:
            st.caption(f"Part {part + 1} of {len(document.parts)}")


def line_number() -> int | None:
    """The line the address names, if it is a number."""
    asked = st.query_params.get("line", "")
    return int(asked) if asked.isdecimal() and len(asked) < 9 else None


def heading(row: dict[str, Any], readable: bool) -> bool:
    """Path, size, newest commit, download, history. Returns whether the source is asked for instead."""
    path, view = row["path"], "Source"
    st.markdown(f":material/description: **{text.escaped(path)}**")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if readable:
            view = st.segmented_control(
                "View", ["Document", "Source"], default="Document", required=True, key="as", bind="query-params",
                label_visibility="collapsed",
            )  # fmt: skip
        st.button(
            "History", icon=":material/history:", on_click=open_history, args=(path,), key="file-history"
        )
        if row["text"] is not None:
            st.download_button(
                "Download", data=row["text"], file_name=posixpath.basename(path), mime="text/plain",
                icon=":material/download:", on_click="ignore", key="download-file",
            )  # fmt: skip
    newest = frames.first(f"{SQL}/commits", path=path, page_size=1)
    facts = [text.size(row["size_bytes"]), f"as of commit `{row['commit_sha'][:8]}`"]
    if newest:
        subject = text.plain(str(newest["message"] or "").split("\n", maxsplit=1)[0])
        facts.append(
            f"changed {text.ago(newest['committed_at'])} by {text.plain(newest['author'] or 'unknown')}: {subject}"
        )
    st.caption(" · ".join(facts))
    return view == "Source"


def open_history(path: str) -> None:
    """The commits that touch a file."""
    st.session_state["tab"] = "History"
    st.session_state["path"] = path


def not_text(row: dict[str, Any]) -> None:
    """A picture is shown; anything else is named."""
    found = documents.pictures([row["path"]])
    if found:
        documents.picture(found[row["path"]], "")
        return
    page.empty_state(
        "Not text",
        "The content is not text in UTF-8, or too large to be shown. It is in the published copy"
        + (f" at `{row['target']}`." if row["target"] else "."),
        ":material/draft:",
    )


def absent(path: str, row: dict[str, Any]) -> None:
    """A file that is not in the copy, and why."""
    st.markdown(f":material/description: **{text.escaped(path)}**")
    if not row:
        page.empty_state(
            "No such file at the synced commit",
            "It may have been moved or removed since the link was made. The history tells.",
            ":material/link_off:",
        )
        st.button(
            "Look for it in the history",
            icon=":material/history:",
            on_click=open_history,
            args=(path,),
            key="file-history",
        )
    elif row["status"] == "refused":
        st.warning(f"**This file was refused.** {text.plain(row['reason'])}", icon=":material/block:")
    else:
        st.info(
            "**This file is not copied**: no rule of the mapping in `config/portal.toml` names it. "
            "It is in the repository.",
            icon=":material/visibility_off:",
        )


def not_shown(rows: list[dict[str, Any]]) -> None:
    """Every file that is not in the copy: those refused with the reason, those no rule names by number."""
    refused = [row for row in rows if row["status"] == "refused"]
    others = len(rows) - len(refused)
    if refused:
        with st.expander(
            f"{text.plural(len(refused), 'file was', 'files were')} refused", icon=":material/block:"
        ):
            st.dataframe(
                [{"path": row["path"], "reason": row["reason"], "size": text.size(row["size_bytes"])} for row in refused],
                hide_index=True,
                column_config={
                    "path": st.column_config.TextColumn("Path", width="medium"),
                    "reason": st.column_config.TextColumn("Reason", width="large"),
                    "size": st.column_config.TextColumn("Size", alignment="right"),
                },
                height=page.table_height(len(refused)),
                alt="Refused files and the reason for each",
            )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if others:
            st.caption(f"{text.plural(others, 'file is', 'files are')} named by no rule of the mapping, and not copied.", width="content")  # fmt: skip
        total = sum(int(row["files"]) for row in frames.rows(f"{SQL}/file_counts"))
        frames.download("landing-zone-files", total, f"{SQL}/files", {}, paged=False, what="list")

"""What differs between two states of the landing zone: files with their numbers of lines, and the lines of one."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.ui import diff_colours, frames, landing_documents, line_diff, page, text

SQL = "pages/landing_zone"
PAGE_SIZE = 25
OPEN_AT_ONCE = 3
CHANGES = {"added": "+ added", "modified": "~ modified", "renamed": "→ renamed", "deleted": "− deleted"}
MOST_HUNK_LINES = 3000


def compare_with_before(commit: str) -> None:
    """Ask for what a commit changed; a callback."""
    st.query_params["to"] = commit
    for key in ("from", "file"):
        st.query_params.pop(key, None)


def show(states: list[dict[str, Any]]) -> None:
    """Two states to choose, newest first in both lists, and what differs."""
    by_id = {row["commit_sha"]: row for row in states}
    with st.grid(2, min_column_width=260, gap="small"):
        before_box, after_box = st.container(), st.container()
    after = choose(after_box, "To", "to", by_id, states[0]["commit_sha"])
    if after is None:
        return
    place = states.index(after)
    earlier = states[place + 1]["commit_sha"] if place + 1 < len(states) else after["commit_sha"]
    before = choose(before_box, "From", "from", by_id, earlier)
    if before is None:
        return
    if before is after:
        st.caption(
            "This is the oldest commit that is known here, so there is nothing before it to compare with."
            if place + 1 == len(states)
            else "The same commit on both sides."
        )
        return
    params = {"before": before["position"], "after": after["position"]}
    rows = frames.rows(f"{SQL}/changed_files", **params)
    if not rows:
        page.empty_state(
            "No synced file differs",
            "The commits touch only files that no rule of the mapping names.",
            ":material/difference:",
        )
        return
    files(rows, params)


def choose(
    box: Any, label: str, key: str, by_id: dict[str, dict[str, Any]], default: str
) -> dict[str, Any] | None:
    """One of the states, by its id in the address. A link to one that is not known any more says so."""
    asked = st.query_params.get(key) or default
    full = next((one for one in by_id if one == asked or (len(asked) >= 7 and one.startswith(asked))), None)
    if full is None:
        box.warning(
            f"The commit `{asked.replace('`', '')[:40]}` is not among those that are known: history was "
            "rewritten, or it is older than what is kept.",
            icon=":material/history:",
        )
        box.button("Show the newest", on_click=forget, args=(key,), key=f"forget-{key}")
        return None
    widget = f"{key}-state"
    st.session_state[widget] = full
    box.selectbox(
        label, list(by_id), key=widget, format_func=lambda one: titled(by_id[one]), on_change=chosen,
        args=(key, widget),
    )  # fmt: skip
    return by_id[full]


def chosen(key: str, widget: str) -> None:
    """Put the chosen state into the address."""
    st.query_params[key] = st.session_state[widget]
    st.query_params.pop("file", None)


def forget(key: str) -> None:
    """Take a commit out of the address."""
    st.query_params.pop(key, None)


def titled(state: dict[str, Any]) -> str:
    """One line for a list of choices."""
    return (
        f"{text.utc(state['committed_at'])} · {state['commit_sha'][:8]} · {state['subject'] or 'no message'}"
    )


def files(rows: list[dict[str, Any]], params: dict[str, Any]) -> None:
    """The files of one page with their numbers of lines, then the lines of the one selected, or of the first few."""
    box = st.container()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        skip = page.pager(len(rows), PAGE_SIZE, "changed")
        frames.download("landing-zone-changes", len(rows), f"{SQL}/changed_files", params, paged=False)
    shown = rows[skip : skip + PAGE_SIZE]
    sides = texts(shown, params)
    compared = {row["path"]: difference(row, sides) for row in shown}
    with box:
        counts = {change: sum(row["change"] == change for row in rows) for change in CHANGES}
        said = ", ".join(f"{count:,} {change}" for change, count in counts.items() if count)
        st.caption(f"{text.plural(len(rows), 'file')}: {said}. Select one to see its lines.")
        table(shown, compared)
    asked = st.query_params.get("file")
    wanted = [row for row in shown if row["path"] == asked] or shown[:OPEN_AT_ONCE]
    form = st.segmented_control(
        "Lines", ["Side by side", "Unified"], default="Side by side", required=True, key="lines",
        bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    diff_colours.apply()
    for row in wanted:
        one(row, compared[row["path"]], form == "Side by side")
    if len(shown) > len(wanted):
        st.caption(f"The lines of {len(wanted)} of {len(shown)} files are shown. Select another one above.")


def texts(rows: list[dict[str, Any]], params: dict[str, Any]) -> dict[tuple[str, str], str | None]:
    """(before or after, path) -> text; None where there is no text to compare."""
    paths = sorted({path for row in rows for path in (row["path"], row["old_path"]) if path})
    found = frames.rows(f"{SQL}/texts", **params, paths=paths)
    return {(row["side"], row["path"]): row["text"] for row in found}


def difference(row: dict[str, Any], sides: dict[tuple[str, str], str | None]) -> line_diff.Difference | None:
    """None where a side is not text."""
    old = "" if row["change"] == "added" else sides.get(("before", row["old_path"]))
    new = "" if row["change"] == "deleted" else sides.get(("after", row["path"]))
    return None if old is None or new is None else line_diff.compare(old, new)


def table(rows: list[dict[str, Any]], compared: dict[str, line_diff.Difference | None]) -> None:
    """One row per file."""
    shown = [
        {
            "change": CHANGES[row["change"]],
            "path": row["path"] if row["change"] != "renamed" else f"{row['old_path']} → {row['path']}",
            "added": found.added if (found := compared[row["path"]]) else None,
            "removed": found.removed if found else None,
            "note": None if found and not found.too_large else "not compared by line",
        }
        for row in rows
    ]
    key = f"changed-{rows[0]['path']}-{len(rows)}"
    st.dataframe(
        shown,
        hide_index=True,
        key=key,
        on_select=lambda: opened(key, [row["path"] for row in rows]),
        selection_mode="single-row",
        placeholder=text.NOTHING,
        height=page.table_height(min(len(rows), 12)),
        column_order=["change", "path", "added", "removed"]
        + (["note"] if any(row["note"] for row in shown) else []),
        column_config={
            "change": st.column_config.TextColumn("Change", width="small"),
            "path": st.column_config.TextColumn("File", width="large"),
            "added": st.column_config.NumberColumn("+ lines", format="localized", width="small"),
            "removed": st.column_config.NumberColumn("− lines", format="localized", width="small"),
            "note": "Note",
        },
        alt="Files that differ",
    )


def opened(key: str, paths: list[str]) -> None:
    """Put the selected file into the address."""
    chosen = st.session_state[key]["selection"]["rows"]
    if chosen:
        st.query_params["file"] = paths[chosen[0]]
    else:
        st.query_params.pop("file", None)


def one(row: dict[str, Any], found: line_diff.Difference | None, side_by_side: bool) -> None:
    """The lines of one file."""
    with st.container(border=True, key=f"{diff_colours.CONTAINER}-{row['path']}"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            counts = f" · +{found.added:,} −{found.removed:,}" if found else ""
            st.markdown(f"**{text.escaped(row['path'])}** · {row['change']}{counts}", width="content")
            if row["change"] != "deleted":
                st.button(
                    "Open", icon=":material/description:", key=f"file-{row['path']}", type="tertiary",
                    on_click=landing_documents.open_file, args=({"doc": row["path"]},),
                )  # fmt: skip
        if row["change"] == "renamed":
            st.caption(f"Was {text.escaped(row['old_path'])}. The content is the same.")
        elif found is None:
            st.caption("The content is not text, too large, or was not fetched for that commit.")
        elif found.too_large:
            st.caption(f"More than {line_diff.MOST_LINES:,} lines differ; they are not compared one by one.")
        elif not found.hunks:
            st.caption("No line differs: only the ends of lines, or that of the file.")
        else:
            hunks(found, side_by_side)


def hunks(found: line_diff.Difference, side_by_side: bool) -> None:
    """Every hunk, up to a number of lines in all."""
    shown = 0
    for hunk in found.hunks:
        shown += len(hunk)
        if shown > MOST_HUNK_LINES:
            st.caption(f"Cut here: {found.added + found.removed:,} lines differ in all.")
            return
        if side_by_side and found.added and found.removed:
            for column, content in zip(st.columns(2, gap="small"), line_diff.side_by_side(hunk), strict=True):
                column.code(content, language="diff")
        else:
            st.code(line_diff.unified(hunk), language="diff")

"""The tab History of the Landing zone page: the commits, and what differs between any two of them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.ui import frames, landing_diff, page, text

SQL = "pages/landing_zone"
PAGE_SIZE = 15


def show() -> None:
    """The tab: filters, commits, and the difference that is asked for."""
    filters = choose()
    total = listed(filters)
    states = frames.rows(f"{SQL}/states")
    st.subheader("Compare", anchor=False)
    if not states:
        page.empty_state(
            "Nothing to compare",
            "The commits that are known have no order. Run the git layer again on the Sync status page."
            if total
            else "No commit is known yet.",
            ":material/difference:",
        )
        return
    landing_diff.show(states)


def choose() -> dict[str, Any]:
    """The filters."""
    with st.grid(3, min_column_width=150, gap="small"):
        path = st.text_input(
            "File", key="path", bind="query-params", type="search", placeholder="Part of its path"
        )
        names = [row["author"] for row in frames.rows(f"{SQL}/authors")]
        authors = page.pick({"author": "Author"}, {"author": names})["author"]
        search = st.text_input(
            "Message",
            key="message",
            bind="query-params",
            type="search",
            placeholder="Part of it, or a commit's id",
        )
    return {
        "path": (path or "").strip() or None,
        "authors": authors,
        "search": (search or "").strip() or None,
    }


def listed(filters: dict[str, Any]) -> int:
    """One page of commits; selecting one compares it with the one before. Returns how many pass the filters."""
    asked = st.query_params.get("commits", "1")
    number = int(asked) if asked.isdecimal() and int(asked) > 0 else 1
    rows = frames.rows(f"{SQL}/commits", **filters, page_size=PAGE_SIZE, skip=(number - 1) * PAGE_SIZE)
    if not rows and number > 1:
        rows = frames.rows(f"{SQL}/commits", **filters, page_size=PAGE_SIZE)
    if not rows:
        page.empty_state("No commits", "No commit passes these filters.", ":material/filter_alt:")
        return 0
    total = int(rows[0]["total"])
    st.caption(f"{text.plural(total, 'commit')}, the newest first. Select one to see what it changed.")
    grid(rows)
    picked = next((row for row in rows if row["commit_sha"] == st.session_state.get("commit-picked")), None)
    if picked:
        message(picked)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        page.pager(total, PAGE_SIZE, "commits")
        frames.download("landing-zone-commits", total, f"{SQL}/commits", filters)
    return total


def grid(rows: list[dict[str, Any]]) -> None:
    """The table itself."""
    at = text.now()
    shown = [
        {
            "age": text.ago(row["committed_at"], at),
            "at": row["committed_at"],
            "subject": str(row["message"] or "").split("\n", maxsplit=1)[0],
            "author": row["author"],
            "files": len(row["files_changed"] or []),
            "paths": ", ".join((row["files_changed"] or [])[:20]),
            "id": row["commit_sha"][:8],
        }
        for row in rows
    ]
    key = f"commits-{st.session_state.get('commit-generation', 0)}"
    st.dataframe(
        shown,
        hide_index=True,
        key=key,
        on_select=lambda: selected(key, rows),
        selection_mode="single-row",
        placeholder=text.NOTHING,
        height=page.table_height(len(rows)),
        column_config={
            "age": st.column_config.TextColumn("Age", width="small"),
            "at": st.column_config.DatetimeColumn(
                "Committed (UTC)", format="YYYY-MM-DD HH:mm", timezone="UTC"
            ),
            "subject": st.column_config.TextColumn("Message", width="large"),
            "author": "Author",
            "files": st.column_config.NumberColumn("Files", format="localized"),
            "paths": st.column_config.TextColumn("Paths", width="medium"),
            "id": "Commit",
        },
        alt="Commits, the newest first",
    )


def selected(key: str, rows: list[dict[str, Any]]) -> None:
    """Compare the selected commit with the one before it, where it is in the line of states."""
    for index in st.session_state[key]["selection"]["rows"]:
        row = rows[index]
        st.session_state["commit-picked"] = row["commit_sha"]
        if row["position"] is not None:
            landing_diff.compare_with_before(row["commit_sha"])
        return
    st.session_state.pop("commit-picked", None)


def message(row: dict[str, Any]) -> None:
    """One commit in full."""
    with st.container(border=True):
        subject, _, rest = str(row["message"] or "").partition("\n")
        st.markdown(f"**{text.plain(subject) if subject else 'No message'}**")
        if rest.strip():
            st.text(rest.strip()[:4000])
        who = text.plain(row["author"] or "unknown")
        st.caption(f"By {who} · {text.when(row['committed_at'])} · `{row['commit_sha']}`")
        if row["position"] is None:
            st.info(
                "This commit came in by a merge. Select the merge above it to see what came in.",
                icon=":material/call_merge:",
            )

"""Dead letters: what could not be understood, why, and what an operator does about it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.ui import dead_letter_detail, frames, page, text

SQL = "pages/dead_letters"
SHOWN = 200
STATUSES = ["open", "replayed", "discarded"]


def main() -> None:
    """The page."""
    page.header(
        "Dead letters",
        "What came in and could not be understood: kept, with the reason.",
        ["events", "assets"],
    )
    told = st.session_state.pop(dead_letter_detail.DONE, None)
    if told:
        st.success(told, icon=":material/check:")
    with page.guard("The dead letters cannot be shown."):
        totals = frames.first(f"{SQL}/totals")
        figures(totals)
        if not sum(int(totals[name]) for name in STATUSES):
            page.empty_state(
                "No dead letters", "Everything that came in was understood.", ":material/mark_email_read:"
            )
            return
        reasons()
        letters()
    dead_letter_detail.OPENED.dialog("Dead letter", dead_letter_detail.show)


def figures(totals: dict[str, Any]) -> None:
    """How many of each status, and how long the oldest open one waits."""
    with st.grid(4, min_column_width=150, gap="small"):
        st.metric("Open", text.count(totals["open"]), border=True)
        st.metric("Replayed", text.count(totals["replayed"]), border=True)
        st.metric("Discarded", text.count(totals["discarded"]), border=True)
        st.metric(
            "Oldest open",
            text.ago(totals["oldest"]) if totals["oldest"] else text.NOTHING,
            border=True,
            help=text.utc(totals["oldest"], seconds=True),
        )


def reasons() -> None:
    """Open ones by reason, with what can be done about all of a reason."""
    rows = frames.rows(f"{SQL}/reasons")
    if not rows:
        return
    st.markdown("**Open, by reason**")
    st.dataframe(
        [
            {
                "letters": row["letters"],
                "layer": row["layer"],
                "reason": row["reason"],
                "newest": row["newest"],
            }
            for row in rows
        ],
        hide_index=True,
        height=page.table_height(len(rows)),
        column_config={
            "letters": st.column_config.NumberColumn("Letters", format="localized", width=80),
            "layer": st.column_config.TextColumn("Layer", width=90),
            "reason": st.column_config.TextColumn("Why, and what was expected", width="large"),
            "newest": st.column_config.DatetimeColumn(
                "Newest (UTC)", format="YYYY-MM-DD HH:mm:ss", timezone="UTC"
            ),
        },
        alt="Open dead letters by reason",
    )
    with st.popover("Do something about all of a reason", icon=":material/checklist:"):
        chosen = st.selectbox(
            "Reason",
            range(len(rows)),
            format_func=lambda at: f"{rows[at]['letters']:,} × {text.plain(rows[at]['reason'])[:80]}",
        )
        row = rows[chosen]
        dead_letter_detail.actions("all", {"all": True, "layer": row["layer"], "reason": row["reason"]})


def letters() -> None:
    """The list, with filters; selecting one opens it."""
    with st.grid(3, min_column_width=180, gap="small", vertical_alignment="bottom"):
        status = st.segmented_control("Status", STATUSES, default="open", key="status", bind="query-params")
        search = st.text_input(
            "Search", key="q", bind="query-params", type="search", placeholder="Reason or source"
        )
    asked = {"statuses": [status] if status else [], "search": (search or "").strip() or None}
    rows = frames.rows(f"{SQL}/list", **asked, page_size=SHOWN)
    if not rows:
        page.empty_state("No such dead letter", "None passes the filters.", ":material/filter_alt:")
        return
    key = f"letters-{dead_letter_detail.OPENED.generation()}"
    st.dataframe(
        [
            {"age": text.ago(row["received_at"]), "received": row["received_at"], "layer": row["layer"],
             "reason": row["reason"], "source": row["source"], "bytes": row["size_bytes"], "status": row["status"],
             "who": row["resolved_by"]}
            for row in rows
        ],
        hide_index=True,
        key=key,
        on_select=lambda: dead_letter_detail.OPENED.select(key, [row["dead_letter_id"] for row in rows]),
        selection_mode="single-row",
        height=page.table_height(len(rows)),
        column_config={
            "age": st.column_config.TextColumn("Age", width="small"),
            "received": st.column_config.DatetimeColumn("Received (UTC)", format="YYYY-MM-DD HH:mm:ss", timezone="UTC"),
            "layer": "Layer",
            "reason": st.column_config.TextColumn("Why", width="large"),
            "source": "Source",
            "bytes": st.column_config.NumberColumn("Bytes", format="localized"),
            "status": "Status",
            "who": "By",
        },
        alt="Dead letters, newest first",
    )  # fmt: skip
    cut = f"The newest {SHOWN}" if len(rows) == SHOWN else text.plural(len(rows), "dead letter")
    st.caption(f"{cut}. Select a row to see all of it.")


main()

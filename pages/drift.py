"""Drift: what is declared in Terraform against what is in the cloud, and how much of it is under code."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import streamlit as st

from app.ui import coverage, drift_charts, drift_detail, drift_status, frames, page, text
from app.ui.opened import Opened

SQL = "pages/drift"
OPENED = Opened("item")
PAGE_SIZE = 50
HISTORY_DAYS = 400
TOP = 12
FILTERS: dict[str, Any] = {"status": [], "project": [], "type": [], "q": ""}


def main() -> None:
    """The page."""
    page.header(
        "Drift",
        "What Terraform declares against what Cloud Asset Inventory reports.",
        ["drift", "git", "assets"],
    )
    with page.guard("The comparison cannot be shown."):
        body()
    OPENED.dialog("Declared and actual", drift_detail.show)


def body() -> None:
    """Filters, figures, charts, table."""
    choices = frames.choices(f"{SQL}/facets")
    if not choices:
        page.empty_state(
            "Nothing has been compared yet",
            "The comparison needs the landing zone's repository and an inventory: run the layers git and assets.",
            ":material/compare_arrows:",
        )
        return
    statuses, filters = choose(choices)
    counts = frames.first(f"{SQL}/summary", **filters)
    if not counts:
        page.empty_state(
            "Nothing passes these filters", "No resource has all of them.", ":material/filter_alt:"
        )
        st.button("Clear filters", on_click=clear, key="clear", icon=":material/filter_alt_off:")
        return
    figures(counts)
    groups(statuses, filters)
    trend(filters)
    table(statuses, filters, counts)
    reasons(statuses, filters, counts)


def choose(choices: dict[str, list[str]]) -> tuple[list[str], dict[str, Any]]:
    """The filter widgets."""
    with st.grid(4, min_column_width=150, gap="small"):
        search = st.text_input(
            "Search", key="q", bind="query-params", type="search", placeholder="Address, asset or file"
        )
        statuses = st.multiselect(
            "Status", list(drift_status.STATUSES), key="status", bind="query-params", placeholder="All",
        )  # fmt: skip
        picked = page.pick({"project": "Project", "type": "Asset type"}, choices)
    return statuses, {
        "projects": picked["project"],
        "types": picked["type"],
        "search": (search or "").strip() or None,
    }


def figures(counts: dict[str, Any]) -> None:
    """How many of each status, and the share under code."""
    share = drift_status.share(counts)
    with st.grid(6, min_column_width=135, gap="small"):
        st.metric(
            "Under code", drift_status.percent(share), border=True,
            help="Managed and changed, of everything that exists or may. Unknown counts as not under code.",
        )  # fmt: skip
        for name, shown in drift_status.STATUSES.items():
            st.metric(
                f"{shown.sign} {shown.label}", text.count(counts[name]), border=True,
                help=drift_status.MEANINGS[name],
            )  # fmt: skip
    st.caption(f"Compared {text.when(counts['compared_at'])}")


def groups(statuses: list[str], filters: dict[str, Any]) -> None:
    """A bar per project or type."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("Where it is", anchor=False, width="content")
        by = st.segmented_control(
            "Group by", ["Project", "Type"], default="Project", required=True, key="by", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
    group = "type" if by == "Type" else "project"
    rows = frames.rows(f"{SQL}/by_group", **filters, group_by=group, top=TOP)
    drift_charts.show(
        drift_charts.bars(rows, statuses), "groups", f"Resources of each status by {group}, the {TOP} largest"
    )
    if len(rows) == TOP:
        st.caption(f"The {TOP} with the most resources.")


def trend(filters: dict[str, Any]) -> None:
    """The share under code, day by day; the text filter cannot be asked of the past."""
    asked = {key: filters[key] for key in ("projects", "types")}
    since = text.now().date() - timedelta(days=HISTORY_DAYS)
    rows = frames.rows(f"{SQL}/over_time", **asked, since=since)
    st.subheader("Under code, over time", anchor=False)
    if not rows:
        st.caption("No day has been counted for these filters yet. Each comparison counts its day.")
        return
    if len(rows) == 1:
        share = drift_status.percent(drift_status.share(rows[0]))
        st.caption(
            f"One day is counted so far: **{share}** on {text.day(rows[0]['date'])}. The line begins with the next."
        )
        return
    drift_charts.show(drift_charts.over_time(rows), "share", "Share of resources under code, per day")
    note = " The search does not apply to past days." if filters["search"] else ""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(
            f"{text.plural(len(rows), 'day')} counted; a day without a comparison is a gap.{note}",
            width="content",
        )
        frames.download(
            "drift-over-time", len(rows), f"{SQL}/over_time", {**asked, "since": since}, paged=False
        )


def table(statuses: list[str], filters: dict[str, Any], counts: dict[str, Any]) -> None:
    """One page of resources; selecting one opens it."""
    st.subheader("Resources", anchor=False)
    total = sum(int(counts[name]) for name in drift_status.STATUSES if not statuses or name in statuses)
    if not total:
        page.empty_state(
            "No such resource", "None has this status and passes the filters.", ":material/filter_alt:"
        )
        return
    asked = {**filters, "statuses": statuses}
    box = st.container()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        skip = page.pager(total, PAGE_SIZE, "page")
        frames.download("drift", total, f"{SQL}/items", asked)
    rows = frames.rows(f"{SQL}/items", **asked, page_size=PAGE_SIZE, skip=skip)
    with box:
        st.caption(
            f"{skip + 1:,} to {skip + len(rows):,} of {total:,}, those that need a look first. "
            "Select a row to see both values."
        )
        grid(rows, f"rows-{skip}-{OPENED.generation()}")


def grid(rows: list[dict[str, Any]], key: str) -> None:
    """The table itself."""
    stale = coverage.of_assets([row["asset_name"] for row in rows], coverage.now())
    shown = [
        {
            "status": drift_status.of(row["status"]).words,
            **({"unseen": coverage.mark(row["asset_name"], stale)} if stale else {}),
            "address": row["address"],
            "file": f"{row['path']}:{row['line']}" if row["line"] else row["path"],
            "asset": (row["asset_name"] or "").rpartition("/")[2] or None,
            "type": text.kind(row["asset_type"] or row["resource_type"] or "") or None,
            "project": row["project_id"],
            "differences": row["differences"],
            "actor": (row["actor"] or "unknown") if row["changed_at"] else None,
            "changed": row["changed_at"],
            "reason": row["reason"],
        }
        for row in rows
    ]
    st.dataframe(
        shown,
        hide_index=True,
        key=key,
        on_select=lambda: OPENED.select(key, [row["drift_id"] for row in rows]),
        selection_mode="single-row",
        placeholder=text.NOTHING,
        height=page.table_height(len(rows)),
        column_config=columns(),
        alt="Resources, declared against actual",
    )


def columns() -> dict[str, Any]:
    """How the columns of the table are shown."""
    return {
        "status": st.column_config.TextColumn("Status", width=120),
        "unseen": coverage.column(),
        "address": st.column_config.TextColumn("Terraform address", width="medium"),
        "file": st.column_config.TextColumn("File and line", width="medium"),
        "asset": st.column_config.TextColumn("Asset", width="medium"),
        "type": "Type",
        "project": "Project",
        "differences": st.column_config.NumberColumn("Attributes", format="localized"),
        "actor": "Changed last by",
        "changed": st.column_config.DatetimeColumn(
            "Changed (UTC)", format="YYYY-MM-DD HH:mm", timezone="UTC"
        ),
        "reason": st.column_config.TextColumn("Reason", width="large"),
    }


def reasons(statuses: list[str], filters: dict[str, Any], counts: dict[str, Any]) -> None:
    """Why resources are unknown, the commonest reason first."""
    unknown = int(counts["unknown"])
    if not unknown or (statuses and "unknown" not in statuses):
        return
    rows = frames.rows(f"{SQL}/reasons", **filters)
    with st.expander(
        f"Why {text.plural(unknown, 'resource is', 'resources are')} unknown", icon=":material/help:"
    ):
        st.dataframe(
            rows,
            hide_index=True,
            height=page.table_height(len(rows)),
            column_config={
                "reason": st.column_config.TextColumn("Reason", width="large"),
                "resources": st.column_config.NumberColumn("Resources", format="localized"),
            },
            alt="Reasons, the commonest first",
        )


def clear() -> None:
    """Take every filter back."""
    for key, nothing in FILTERS.items():
        st.session_state[key] = nothing


main()

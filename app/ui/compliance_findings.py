"""The tab Findings of the Compliance page: filters in the address, one page of findings, all of them as a file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import streamlit as st

from app.ui import compliance_links, compliance_status, coverage, frames, inventory, page, text

SQL = "pages/compliance"
PAGE_SIZE = 50
PICKED = {
    "severity": "Severity",
    "project": "Project",
    "folder": "Folder",
    "service": "Service",
    "rule": "Rule",
    "control": "Control",
    "type": "Asset type",
}
NEW_DAYS = 7
MOST_DOWNLOADED = 1_000_000
STATES = {"Open": ["open"], "Unknown": ["unknown"], "Waived": ["waived"], "Resolved": ["resolved"], "All": []}
NOT_A_RULE = ""  # stands for filters that no rule passes


def show() -> None:
    """The tab."""
    rules = frames.rows(f"{SQL}/rules")
    filters = choose(rules)
    counts = frames.rows(f"{SQL}/states", **filters)
    by_state = {
        name: sum(int(row["findings"]) for row in counts if row["state"] == name)
        for name in compliance_status.STATES
    }
    by_state["all"] = sum(by_state.values())
    chosen = st.segmented_control(
        "Status", list(STATES), default="Open", required=True, key="state", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    st.caption(" · ".join(f"{name} {by_state[name.lower()]:,}" for name in STATES))
    states = STATES.get(str(chosen), ["open"])
    table({**filters, "states": states}, by_state[str(chosen).lower()], str(chosen))


def _choices(rules: list[dict[str, Any]]) -> dict[str, list[str]]:
    controls = {one for row in rules for one in compliance_status.controls(row["frameworks"])}
    return {
        **frames.choices(f"{SQL}/facets"),
        "severity": list(compliance_status.SEVERITIES),
        "service": sorted({row["service"] for row in rules}),
        "rule": sorted(row["policy_id"] for row in rules),
        "control": sorted(controls, key=compliance_status.by_control),
    }


def choose(rules: list[dict[str, Any]]) -> dict[str, Any]:
    """The filter widgets, as parameters of the queries."""
    folders = frames.rows("pages/infrastructure/folders")
    paths = inventory.paths(folders)
    with st.grid(4, min_column_width=150, gap="small"):
        search = st.text_input(
            "Search", key="q", bind="query-params", type="search", placeholder="Asset, rule or reason"
        )
        picked = page.pick(PICKED, {**_choices(rules), "folder": sorted(paths.values())})
    new = st.toggle(
        f"Only new: found or reopened in the last {NEW_DAYS} days", key="new", bind="query-params"
    )
    numbers = {path: folder for folder, path in paths.items()}
    chosen = [numbers.get(path, path) for path in picked["folder"]]
    return {
        "severities": picked["severity"],
        "projects": picked["project"],
        "folders": inventory.below(chosen, folders) if chosen else [],
        "policies": policies(rules, picked),
        "types": picked["type"],
        "search": (search or "").strip() or None,
        "since": text.now() - timedelta(days=NEW_DAYS) if new else None,
    }


def policies(rules: list[dict[str, Any]], picked: dict[str, list[str]]) -> list[str]:
    """The rules that have one of the chosen services, controls and ids; nothing chosen is no condition."""
    if not picked["service"] and not picked["control"]:
        return picked["rule"]
    controls = set(picked["control"])
    found = [
        row["policy_id"]
        for row in rules
        if (not picked["service"] or row["service"] in picked["service"])
        and (not picked["rule"] or row["policy_id"] in picked["rule"])
        and (not controls or controls & set(compliance_status.controls(row["frameworks"])))
    ]
    return found or [NOT_A_RULE]


def table(asked: dict[str, Any], total: int, chosen: str) -> None:
    """One page of findings; selecting one opens it."""
    if not total:
        page.empty_state(
            "No such finding",
            f"{'None' if chosen == 'All' else f'No finding that is {chosen.lower()}'} passes the filters.",
            ":material/filter_alt:",
        )
        st.button(
            "Clear filters", on_click=compliance_links.clear, key="clear", icon=":material/filter_alt_off:"
        )
        return
    box = st.container()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        skip = page.pager(total, PAGE_SIZE, "page")
        with st.container(horizontal=True, gap="small", width="content"):
            frames.download("findings", total, f"{SQL}/findings", asked, most=MOST_DOWNLOADED)
            frames.download(
                "findings",
                total,
                f"{SQL}/findings",
                asked,
                what="JSON",
                most=MOST_DOWNLOADED,
                parsed=["evidence"],
            )
    rows = frames.rows(f"{SQL}/findings", **asked, page_size=PAGE_SIZE, skip=skip)
    with box:
        st.caption(
            f"{skip + 1:,} to {skip + len(rows):,} of {total:,}, the gravest first. Select a row for evidence and remediation."
        )
        grid(rows, f"findings-{skip}-{chosen}-{compliance_links.generation()}", chosen)


ORDER = (
    "severity",
    "state",
    "title",
    "asset",
    "unseen",
    "project",
    "reason",
    "type",
    "since",
    "ended",
    "until",
)


def _cells(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "severity": compliance_status.severity(row["severity"]).words,
        "state": state_of(row),
        "title": row["title"],
        "asset": row["asset_name"].rpartition("/")[2] or row["asset_name"],
        "project": row["project_id"],
        "reason": row["reason"],
        "type": text.kind(row["asset_type"]) if row["asset_type"] else None,
        "since": row["reopened_at"] or row["first_seen"],
        "ended": row["resolved_at"],
        "until": row["waived_until"],
    }


def grid(rows: list[dict[str, Any]], key: str, chosen: str) -> None:
    """The table itself."""
    scopes = coverage.now()
    stale = coverage.of_assets([row["asset_name"] for row in rows], scopes)
    shown = [{**_cells(row), "unseen": coverage.mark(row["asset_name"], stale)} for row in rows]
    hidden = set() if stale else {"unseen"}
    hidden |= {"ended"} if chosen not in ("Resolved", "All") else set()
    hidden |= {"until"} if chosen not in ("Waived", "All") else set()
    hidden |= set() if len({one["state"] for one in shown}) > 1 else {"state"}
    st.dataframe(
        shown,
        hide_index=True,
        key=key,
        on_select=lambda: compliance_links.selected(
            key, "finding", [compliance_links.finding_id(row["policy_id"], row["asset_name"]) for row in rows]
        ),
        selection_mode="single-row",
        placeholder=text.NOTHING,
        height=page.table_height(len(rows)),
        column_order=[name for name in ORDER if name not in hidden],
        column_config=columns(),
        alt="Findings, the gravest first",
    )


def state_of(row: dict[str, Any]) -> str:
    """The state in a cell; an open one that could not be judged again says so."""
    words = compliance_status.state(row["state"]).words
    return f"{words}, in doubt" if row["state"] == "open" and row["doubt"] else words


def columns() -> dict[str, Any]:
    """How the columns are shown."""

    def when(label: str) -> Any:
        return st.column_config.DatetimeColumn(label, format="YYYY-MM-DD HH:mm", timezone="UTC")

    return {
        "severity": st.column_config.TextColumn("Severity", width=90),
        "state": st.column_config.TextColumn("Status", width=90),
        "title": st.column_config.TextColumn("Rule", width="medium"),
        "asset": st.column_config.TextColumn("Asset", width="medium"),
        "unseen": coverage.column(),
        "project": "Project",
        "reason": st.column_config.TextColumn("Why", width="large"),
        "type": "Asset type",
        "since": when("Open since (UTC)"),
        "ended": when("Resolved (UTC)"),
        "until": when("Waived until (UTC)"),
    }

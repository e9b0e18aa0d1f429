"""Sync status: is each layer's copy there, complete and fresh; if not, why, and what to do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from app.ui import frames, layers, page, status, text

PAGE_SIZE = 25
RANGES = {"24 hours": 1, "7 days": 7, "30 days": 30, "400 days": 400}
LAYERS = ["webhook", "git", "assets", "events", "metrics", "policies"]


def main() -> None:
    """The page."""
    page.header(
        "Sync status",
        "The copy of the landing zone, layer by layer: what was synced, when, and what is in the way.",
        [],
    )
    layers.say_started()
    with page.guard("The layers cannot be shown."):
        known, _ = layers.load()
        busy = layers.running(known)
        st.fragment(live_layers, run_every=1 if busy else 5)(busy)
    with page.guard("What could not be understood cannot be shown."):
        dead_letters()
    st.subheader("Run history", anchor=False)
    with page.guard("The run history cannot be shown."):
        history()


def live_layers(busy_before: list[str]) -> None:
    """Redraws itself; when a run ends or begins, the whole page follows once, the history included."""
    with page.guard("The layers cannot be shown."):
        known, problem = layers.load()
        if layers.running(known) != busy_before:
            st.rerun()
        if problem is not None:
            newest = max((found for row in known if (found := text.moment(row["last_sync"]))), default=None)
            st.warning(
                f"**The sidecar is down.** {text.plain(problem.message)} The cache answers; its newest "
                f"data is from {text.when(newest)}.  \n{problem.hint}",
                icon=":material/cloud_off:",
            )
        if not known:
            page.empty_state(
                "No layer has been described yet",
                "The sidecar describes the layers when it starts: `python -m sync_jobs serve`.",
                ":material/sync_disabled:",
            )
            return
        summary(known)
        trends = layers.durations(text.now() - timedelta(days=30))
        ordered = sorted(known, key=lambda row: (not row["configured"], place(row["layer"])))
        for layer in ordered:
            layers.card(layer, trends.get(layer["layer"], []), reachable=problem is None)


def place(layer: str) -> tuple[int, str]:
    """Where a layer stands in the list: those of the design first, then added ones by name."""
    return LAYERS.index(layer) if layer in LAYERS else len(LAYERS), layer


def summary(known: list[dict[str, Any]]) -> None:
    """How many layers are in which state."""
    configured = [row for row in known if row["configured"]]
    healthy = [row for row in configured if row["status"] in ("success", "in_progress") and not row["stale"]]
    day = frames.first(
        "pages/sync_status/run_count", since=text.now() - timedelta(days=1), layers=[], statuses=[]
    )
    with st.grid(5, min_column_width=150, gap="small"):
        st.metric("Healthy layers", f"{len(healthy)} of {len(configured)}", border=True)
        st.metric("Stale", sum(bool(row["stale"]) for row in configured), border=True)
        st.metric("Not configured", len(known) - len(configured), border=True)
        st.metric("Runs in 24 h", text.count(day["runs"]), border=True)
        st.metric("Failed in 24 h", text.count(day["failed"]), border=True)


def dead_letters() -> None:
    """Records that were refused and wait, by reason."""
    found = frames.rows("pages/sync_status/dead_letters", since=text.now() - timedelta(days=400))
    if not found:
        return
    total = sum(row["records"] for row in found)
    with st.expander(f"{text.plural(total, 'open dead letter')}: records that could not be understood"):
        st.dataframe(
            found,
            hide_index=True,
            column_config={
                "layer": "Layer",
                "reason": st.column_config.TextColumn("Reason", width="large"),
                "records": st.column_config.NumberColumn("Records", format="localized"),
                "newest": utc_column("Newest (UTC)"),
                "example_source": "Source",
                "example_position": "Position",
            },
            alt="Open dead letters by layer and reason",
        )


def history() -> None:
    """Runs by layer, status and time, one page at a time."""
    with st.grid(3, min_column_width=150, gap="small"):
        names = sorted({*LAYERS, *(row["layer"] for row in frames.rows(page.LAYERS))}, key=place)
        chosen = st.multiselect("Layer", names, key="layer", bind="query-params", placeholder="All layers")
        statuses = st.multiselect(
            "Status", list(status.RUN_STATUSES), key="status", bind="query-params", placeholder="All statuses"
        )
        window = st.selectbox("Started within", list(RANGES), index=1, key="within", bind="query-params")
    filters = {"layers": chosen, "statuses": statuses, "since": since(RANGES[window])}
    counts = frames.first("pages/sync_status/run_count", **filters)
    total = int(counts["runs"])
    if not total:
        page.empty_state("No runs", "No run fits these filters. Widen them, or run a layer above.")
        return
    table = st.container()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        skip = page.pager(total, PAGE_SIZE, "page")
        frames.download("sync-runs", total, "pages/sync_status/runs", filters)
    with table:
        st.caption(
            f"{text.plural(total, 'run')}: {counts['succeeded']:,} success, {counts['partly']:,} partial, "
            f"{counts['failed']:,} failed, {counts['in_progress']:,} running."
        )
        runs_table(frames.rows("pages/sync_status/runs", **filters, page_size=PAGE_SIZE, skip=skip))


def since(days: int) -> datetime:
    """The start of the window, to the minute, so that page and download agree."""
    return text.now().replace(second=0, microsecond=0) - timedelta(days=days)


def runs_table(found: list[dict[str, Any]]) -> None:
    """The runs of one page; selecting one shows all of it."""
    at = text.now()
    shown = [
        {
            "status": status.of_run(row["status"]).words,
            "layer": row["layer"],
            "started": row["started_at"],
            "age": text.ago(row["started_at"], at),
            "duration": text.duration(row["sync_duration_seconds"]),
            "items": row["items_synced"],
            "failed": row["items_failed"],
            "trigger": row["trigger"],
            "attempt": row["attempt"],
            "error": " ".join(row["error_messages"] or []) or None,
        }
        for row in found
    ]
    picked = st.dataframe(
        shown,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="runs",
        placeholder=text.NOTHING,
        column_config=run_columns(),
        alt="Runs, newest first",
    )
    for index in picked["selection"]["rows"]:
        if index < len(found):
            run_detail(found[index])


def run_columns() -> dict[str, Any]:
    """How the columns of the history are shown."""
    return {
        "status": "Status",
        "layer": "Layer",
        "started": utc_column("Started (UTC)"),
        "age": "Age",
        "duration": st.column_config.TextColumn("Duration", alignment="right"),
        "items": st.column_config.NumberColumn("Items", format="localized"),
        "failed": st.column_config.NumberColumn("Failures", format="localized"),
        "trigger": "Trigger",
        "attempt": st.column_config.NumberColumn("Attempt"),
        "error": st.column_config.TextColumn("Errors", width="large"),
    }


def run_detail(row: dict[str, Any]) -> None:
    """One run in full."""
    shown = status.of_run(row["status"])
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**Run** `{row['run_id']}`", width="content")
            st.badge(shown.label, icon=shown.icon, color=shown.colour)
        st.caption(
            f"Started {text.when(row['started_at'])}; finished {text.utc(row['finished_at'], seconds=True)}; "
            f"took {text.duration(row['sync_duration_seconds'])}; read {text.plain(row['source'])}"
        )
        for line in row["error_messages"] or []:
            st.error(text.plain(line))
        if row["missed"]:
            st.warning("Not seen: " + ", ".join(text.plain(part) for part in row["missed"]))
        if row["hint"]:
            st.markdown(f":material/lightbulb: **What to do:** {text.plain(row['hint'])}")
        details = layers.parsed(row["details"])
        if details:
            st.json(details, expanded=1)


def utc_column(label: str) -> Any:
    """A column of times in UTC, to the second."""
    return st.column_config.DatetimeColumn(label, format="YYYY-MM-DD HH:mm:ss", timezone="UTC")


main()

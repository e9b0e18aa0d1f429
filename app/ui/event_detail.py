"""One event in full, with the ways to its asset, finding and commit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import streamlit as st

from app.ui import diff_table, frames, page, status, text

SQL = "pages/live_events"
KEPT_DAYS = 400


def show(event_id: str) -> None:
    """The dialog."""
    with page.guard("This event cannot be shown."):
        earliest = text.now() - timedelta(days=KEPT_DAYS)
        event = frames.first(f"{SQL}/event", event_id=event_id, since=earliest)
        if not event:
            page.empty_state("No such event", "It is older than what is kept, or the link is wrong.")
            return
        st.markdown(f"**{text.plain(event['summary'])}**")
        frames.facts(_facts(event), "Facts of the event")
        if event["asset_name"]:
            with page.guard("Where the asset comes from cannot be shown."):
                _links(event)
        if event["before"] or event["after"]:
            st.markdown("**What changed**")
            diff_table.show(event["before"], event["after"])
        with st.expander("Message as it came"):
            st.json(event["raw"] or "{}", expanded=2)


def _facts(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": event["event_type"],
        "Severity": status.SEVERITIES.get(event["severity"], event["severity"]),
        "Happened": text.when(event["event_time"]),
        "Received": text.when(event["received_at"]),
        "Project": event["project_id"],
        "Asset type": event["asset_type"],
        "Asset": event["asset_name"],
        "Actor": event["actor"] or "unknown",
        "Source": event["source"],
        "Event id": event["event_id"],
    }


def _links(event: dict[str, Any]) -> None:
    st.page_link(
        "../pages/infrastructure.py", label="Open the asset", icon=":material/lan:",
        query_params={"asset": event["asset_name"]},
    )  # fmt: skip
    if event["event_type"] == "policy.violation" and event["source"] == "rules":
        policy = orjson.loads(event["raw"])["policy_id"]
        st.page_link(
            "../pages/compliance.py", label="Open the finding", icon=":material/policy:",
            query_params={"tab": "Findings", "finding": f"{policy}|{event['asset_name']}"},
        )  # fmt: skip
    declared = frames.first(f"{SQL}/commit", asset_name=event["asset_name"], at=event["event_time"])
    if not declared:
        return
    line = {"line": str(declared["line"])} if declared["line"] else {}
    st.page_link(
        "../pages/landing_zone.py", label=text.escaped(f"Declared in {declared['path']}"), icon=":material/code:",
        query_params={"doc": declared["path"], **line},
    )  # fmt: skip
    if declared["commit_sha"]:
        first = str(declared["message"] or "").splitlines()[:1]
        words = f"{declared['commit_sha'][:8]} {first[0] if first else ''}"[:80]
        st.page_link(
            "../pages/landing_zone.py", label=text.escaped(f"Commit before it: {words}"), icon=":material/commit:",
            query_params={"tab": "History", "to": declared["commit_sha"]},
        )  # fmt: skip

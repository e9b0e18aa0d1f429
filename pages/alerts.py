"""Alerts: what is wrong now, who looks after it, and whom the portal told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import streamlit as st

from app.ui import alert_detail, alert_tables, frames, page, text

SQL = "pages/alerts"
LATE_MINUTES = 5
FIGURES = {
    "Firing": "firing",
    "of them critical": "critical",
    "Acknowledged": "acknowledged",
    "Silenced": "silenced",
    "Resolved in 24 h": "resolved",
}
TABS = ("Alerts", "Rules", "Channels", "History")


def main() -> None:
    """The page."""
    page.header("Alerts", "What is wrong now, who looks after it, and who was told.", [])
    alert_detail.told()
    with page.guard("The alerts cannot be shown."):
        totals = frames.first(f"{SQL}/totals", since=text.now() - timedelta(days=1))
        if not evaluated(totals):
            return
        figures(totals)
        views = st.tabs(list(TABS), key="tab", bind="query-params")
        shown = (alert_tables.listing, alert_tables.rules, alert_tables.channels, alert_tables.history)
        for view, show, name in zip(views, shown, TABS, strict=True):
            with view, page.guard(f"{name} cannot be shown."):
                show()
    opened = st.query_params.get("alert")
    if opened:
        st.dialog("Alert", width="medium", position="right", on_dismiss=alert_detail.close)(
            alert_detail.show
        )(opened)


def evaluated(totals: dict[str, Any]) -> bool:
    """Whether there is something to show; says what keeps rules from being evaluated."""
    problem = {row["key"]: row["value"] for row in frames.rows("pages/common/portal_info")}.get(
        "alerts_problem"
    )
    if problem:
        st.error(f"**No rule is evaluated.** {text.plain(problem)}", icon=":material/error:")
    if totals["evaluated_at"] is None:
        if not totals["rules"]:
            page.empty_state(
                "Not evaluated yet", "The sidecar looks at all rules once a minute, from a minute after its start on.",
                ":material/notifications_off:",
            )  # fmt: skip
            return False
    elif text.now() - totals["evaluated_at"] > timedelta(minutes=LATE_MINUTES):
        st.warning(
            f"The rules were last evaluated {text.ago(totals['evaluated_at'])}: what is shown is of then."
            " Is the sidecar running?",
            icon=":material/history:",
        )
    if totals["failed"]:
        st.warning(
            f"{text.plural(totals['failed'], 'rule', 'rules')} could not be evaluated: their alerts stay as they were."
            " The tab Rules says why.",
            icon=":material/report:",
        )
    return True


def figures(totals: dict[str, Any]) -> None:
    """How many fire, how many somebody looks after, how many are over."""
    with st.grid(5, min_column_width=150, gap="small"):
        for label, name in FIGURES.items():
            st.metric(label, text.count(totals[name]), border=True)


main()

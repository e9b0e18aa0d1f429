"""Alerts: what is wrong now, who looks after it, and whom the portal told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import streamlit as st

from app.ui import alert_detail, alert_tables, frames, page, text

SQL = "pages/alerts"
LATE_MINUTES = 5
REFRESH_SECONDS = 15
WAIT_SECONDS = 3
FIGURES = {
    "Firing": "firing",
    "of them critical": "critical",
    "Acknowledged": "acknowledged",
    "Silenced": "silenced",
    "Resolved in 24 h": "resolved",
}
TABS = ("Alerts", "Rules", "Channels", "History")


def main() -> None:
    """The page. Figures and alerts redraw themselves; what somebody types stays."""
    page.header("Alerts", "What is wrong now, who looks after it, and who was told.", [])
    alert_detail.told()
    with page.guard("The alerts cannot be shown."):
        if totals()["evaluated_at"] is None and not totals()["rules"]:
            st.fragment(not_yet, run_every=WAIT_SECONDS)()
            return
        st.fragment(figures, run_every=REFRESH_SECONDS)()
        views = st.tabs(list(TABS), key="tab", bind="query-params")
        with views[0]:
            asked, narrow = alert_tables.filters()
            st.fragment(alerts, run_every=REFRESH_SECONDS)(asked, narrow)
        rest = (alert_tables.rules, alert_tables.channels, alert_tables.history)
        for view, show, name in zip(views[1:], rest, TABS[1:], strict=True):
            with view, page.guard(f"{name} cannot be shown."):
                show()
    alert_detail.OPENED.dialog("Alert", alert_detail.show)


def totals() -> dict[str, Any]:
    """How many of what."""
    return frames.first(f"{SQL}/totals", since=text.now() - timedelta(days=1))


def not_yet() -> None:
    """Until the rules are evaluated for the first time."""
    with page.guard("The alerts cannot be shown."):
        problems(totals())
        if totals()["evaluated_at"] is not None or totals()["rules"]:
            st.rerun("app")
        page.empty_state(
            "Not evaluated yet", "The sidecar looks at all rules once a minute, from half a minute after its start on.",
            ":material/notifications_off:",
        )  # fmt: skip


def alerts(asked: dict[str, Any], narrow: bool) -> None:
    """The list, of this instant."""
    with page.guard("The alerts cannot be shown."):
        alert_tables.listing(asked, narrow)


def problems(found: dict[str, Any]) -> None:
    """What keeps rules from being evaluated."""
    problem = {row["key"]: row["value"] for row in frames.rows("pages/common/portal_info")}.get(
        "alerts_problem"
    )
    if problem:
        st.error(f"**No rule is evaluated.** {text.plain(problem)}", icon=":material/error:")
    late = timedelta(minutes=LATE_MINUTES)
    if found["evaluated_at"] is not None and text.now() - found["evaluated_at"] > late:
        st.warning(
            f"The rules were last evaluated {text.ago(found['evaluated_at'])}: what is shown is of then."
            " Is the sidecar running?",
            icon=":material/history:",
        )
    if found["failed"]:
        st.warning(
            f"{text.plural(found['failed'], 'rule', 'rules')} could not be evaluated: their alerts stay as they were."
            " The tab Rules says why.",
            icon=":material/report:",
        )


def figures() -> None:
    """How many fire, how many somebody looks after, how many are over."""
    with page.guard("The alerts cannot be shown."):
        found = totals()
        problems(found)
        with st.grid(5, min_column_width=150, gap="small"):
            for label, name in FIGURES.items():
                st.metric(label, text.count(found[name]), border=True)


main()

"""Compliance: how the landing zone stands against the rules, what fails and why, and how to mend it."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from app.ui import (
    compliance_controls,
    compliance_finding,
    compliance_findings,
    compliance_links,
    compliance_overview,
    compliance_rules,
    frames,
    page,
    text,
)

SQL = "pages/compliance"
HISTORY_DAYS = 400
TABS = {
    "Overview": (compliance_overview.show, "The overview cannot be shown."),
    "Findings": (compliance_findings.show, "The findings cannot be shown."),
    "Framework": (compliance_controls.show, "The controls cannot be shown."),
    "Rules": (compliance_rules.show, "The rules cannot be shown."),
}
DETAILS = {
    "finding": ("Finding", compliance_finding.show),
    "of_rule": ("Rule", compliance_rules.one),
    "of_control": ("Control", compliance_controls.one),
}


def main() -> None:
    """The page."""
    page.header(
        "Compliance",
        "What the rules found in the inventory: failed, waived and unknown, each told apart.",
        ["policies", "assets"],
    )
    with page.guard("The findings cannot be shown."):
        body()
    for kind, (title, show) in DETAILS.items():
        opened = st.query_params.get(kind)
        if opened:
            st.dialog(title, width="medium", position="right", on_dismiss=compliance_links.close)(show)(
                opened
            )
            return


def body() -> None:
    """A tab for each way to look at it."""
    since = text.now().date() - timedelta(days=HISTORY_DAYS)
    if not frames.rows(f"{SQL}/scopes", since=since) and not frames.rows(f"{SQL}/rules"):
        page.empty_state(
            "No rule has run yet",
            "The rules need an inventory: import an export or set PORTAL_GCP_SCOPE. "
            "They run after each sync of the assets.",
            ":material/policy:",
        )
        return
    views = st.tabs(list(TABS), key="tab", bind="query-params")
    for (show, problem), view in zip(TABS.values(), views, strict=True):
        if view.open:
            with view, page.guard(problem):
                show()


main()

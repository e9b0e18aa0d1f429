"""Landing zone: its documents, a search over them, its history, and its configuration as tables."""

from __future__ import annotations

import streamlit as st

from app.ui import frames, landing_config, landing_documents, landing_history, landing_search, page

SQL = "pages/landing_zone"
TABS = {
    "Documents": (landing_documents.show, "The documents cannot be shown."),
    "Search": (landing_search.show, "The search cannot be made."),
    "History": (landing_history.show, "The history cannot be shown."),
    "Configuration": (landing_config.show, "The configuration cannot be shown."),
}


def main() -> None:
    """The page."""
    page.header(
        "Landing zone",
        "The documents, rules and Terraform of the landing zone's repository, at the commit that was synced.",
        ["git"],
    )
    with page.guard("The landing zone cannot be shown."):
        body()


def body() -> None:
    """A tab for each way to look at it."""
    if not frames.rows(f"{SQL}/file_counts"):
        page.empty_state(
            "Nothing is synced yet",
            "Set PORTAL_GIT_URL to the landing zone's repository and run the layer on the Sync status page.",
            ":material/folder_off:",
        )
        return
    views = st.tabs(list(TABS), key="tab", bind="query-params")
    for (show, problem), view in zip(TABS.values(), views, strict=True):
        if view.open:
            with view, page.guard(problem):
                show()


main()

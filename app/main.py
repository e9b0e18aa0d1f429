"""The Streamlit entry: `streamlit run app/main.py`. Navigation over pages/, the only page configuration."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

ICON = str(Path(__file__).parent / "ui" / "icon.svg")  # the icons of Streamlit come from the network
PAGES = (
    ("sync_status", "Sync status", ":material/sync:"),
    ("infrastructure", "Infrastructure", ":material/lan:"),
    ("landing_zone", "Landing zone", ":material/menu_book:"),
    ("compliance", "Compliance", ":material/policy:"),
    ("drift", "Drift", ":material/compare_arrows:"),
    ("alerts", "Alerts", ":material/notifications:"),
    ("live_events", "Live events", ":material/bolt:"),
    ("dead_letters", "Dead letters", ":material/unsubscribe:"),
    ("trends", "Trends", ":material/show_chart:"),
)


def main() -> None:
    """Choose the page by its address and run it. The address is the file's name."""
    st.set_page_config(
        page_title="Landing Zone Portal",
        page_icon=ICON,
        layout="wide",
        initial_sidebar_state=220,
        menu_items={"About": "Landing Zone Portal: a live copy of a Google Cloud landing zone."},
    )
    pages = [
        st.Page(f"../pages/{name}.py", title=title, icon=icon, default=not at)
        for at, (name, title, icon) in enumerate(PAGES)
    ]
    st.logo(ICON, size="large")
    st.navigation({"Landing Zone Portal": pages}).run()


main()

"""On the detail of an asset: what the rules found on it, with links to the Compliance page."""

from __future__ import annotations

from collections import Counter
from typing import Any

import streamlit as st

from app.ui import compliance_status, frames, text
from app.ui.compliance_links import finding_id

MOST = 12


def rows(name: str) -> list[dict[str, Any]]:
    """The findings of the asset, the gravest first."""
    return [
        {**row, "asset_name": name} for row in frames.rows("pages/infrastructure/asset_findings", name=name)
    ]


def show(found: list[dict[str, Any]]) -> None:
    """How many there are, and a link to each that is not resolved."""
    if not found:
        return
    count = Counter(row["state"] for row in found)
    st.markdown(
        f"**Findings** · {', '.join(_words(state, count[state]) for state in compliance_status.STATES if count[state])}"
    )
    left = [row for row in found if row["state"] != "resolved"]
    for row in left[:MOST]:
        severity, state = compliance_status.severity(row["severity"]), compliance_status.state(row["state"])
        st.page_link(
            "../pages/compliance.py",
            label=f"{severity.sign} {text.escaped(row['title'])} · {state.label.lower()}",
            query_params={"tab": "Findings", "finding": finding_id(row["policy_id"], row["asset_name"])},
        )
    if len(left) > MOST:
        st.caption(
            f"and {len(left) - MOST} more: search the findings of the Compliance page for the name of the asset."
        )


def _words(state: str, count: int) -> str:
    return f"{count} {compliance_status.state(state).label.lower()}"

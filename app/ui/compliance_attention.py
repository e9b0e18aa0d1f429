"""What needs a person: rules that could not be run, and waivers that run out."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.ui import compliance_status, frames, page, text

SQL = "pages/compliance"
SOON_DAYS = 14
WAIVERS = {
    "expired": "! Expired",
    "soon": "◔ Runs out",
    "holds": "✓ Holds",
}


def broken() -> list[dict[str, Any]]:
    """The rules that could not be run."""
    return [row for row in frames.rows(f"{SQL}/rules") if row["state"] == "broken"]


def broken_banner() -> None:
    """A warning at the top when a rule could not be run: the score says nothing of it."""
    rows = broken()
    if not rows:
        return
    with st.expander(
        f"{text.plural(len(rows), 'rule', 'rules')} could not be run",
        icon=":material/report:",
        expanded=len(rows) <= 3,
    ):
        st.caption(
            "The score and the counts of today are without them. Their findings stay open as they were, marked as in doubt."
        )
        for row in rows:
            st.markdown(
                f"**{text.plain(row['title'])}** · {text.plain(row['policy_id'])} · "
                f"from {compliance_status.SOURCES.get(row['source'], text.plain(row['source']))}"
            )
            st.code(row["error"], language=None, wrap_lines=True)


def show() -> None:
    """Waivers: those that ended and those that end within two weeks first."""
    rows = frames.rows(f"{SQL}/waivers", today=text.now().date(), soon=SOON_DAYS)
    st.subheader("Waivers", anchor=False)
    if not rows:
        st.caption("There are none. They are written in `config/policies.toml`.")
        return
    _warn(rows)
    _listed(rows)


def _warn(rows: list[dict[str, Any]]) -> None:
    """What has ended, and what soon will."""
    count = {state: sum(1 for row in rows if row["state"] == state) for state in WAIVERS}
    again = sum(int(row["findings"]) for row in rows if row["state"] == "expired")
    if count["expired"] or count["soon"]:
        said = []
        if count["expired"]:
            said.append(
                f"**{text.plural(count['expired'], 'waiver has', 'waivers have')} expired**: "
                f"{text.plural(again, 'finding counts', 'findings count')} again."
            )
        if count["soon"]:
            said.append(
                f"**{text.plural(count['soon'], 'waiver runs', 'waivers run')} out** within {SOON_DAYS} days."
            )
        st.warning("  \n".join(said), icon=":material/event_busy:")


def _listed(rows: list[dict[str, Any]]) -> None:
    st.dataframe(
        [
            {
                "state": WAIVERS[row["state"]],
                "expires": row["expires_on"],
                "left": row["days_left"],
                "rule": row["policy_id"],
                "asset": row["asset"],
                "findings": row["findings"],
                "owner": row["owner"],
                "reason": row["reason"],
            }
            for row in rows
        ],
        hide_index=True,
        height=page.table_height(len(rows)),
        column_config={
            "state": st.column_config.TextColumn("State", width=90),
            "expires": st.column_config.DateColumn("Last day (UTC)", format="YYYY-MM-DD", width=110),
            "left": st.column_config.NumberColumn("Days left", width=80),
            "rule": st.column_config.TextColumn("Rule", width="medium"),
            "asset": st.column_config.TextColumn("Assets", width="medium"),
            "findings": st.column_config.NumberColumn("Findings", format="localized", width=80),
            "owner": "Owner",
            "reason": st.column_config.TextColumn("Reason", width="large"),
        },
        alt="Waivers by the day they end",
    )

"""Two versions of a document as a table: what differs, path by path."""

from __future__ import annotations

import streamlit as st

from app.ui import diff, text


def show(before: str | None, after: str | None) -> None:
    """The differences of two JSON texts, or that there are none to show."""
    found = diff.differences(before, after)
    if not found:
        st.caption("The source did not tell the content before and after.")
        return
    st.dataframe(
        [{"Field": one.path, "Before": one.before, "After": one.after} for one in found],
        hide_index=True,
        placeholder=text.NOTHING,
        column_config={
            "Field": st.column_config.TextColumn(width="medium", pinned=True),
            "Before": st.column_config.TextColumn(width="medium"),
            "After": st.column_config.TextColumn(width="medium"),
        },
        height="content" if len(found) <= 12 else 440,
        alt="Values before and after",
    )

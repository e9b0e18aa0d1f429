"""Parts of an asset's detail that are there where their content types are read: related assets, packages."""

from __future__ import annotations

import streamlit as st

from app.ui import frames, page, text

_TO, _FROM = "to", "from"


def related(name: str) -> None:
    """The assets it is related to, in both directions; nothing where none is known."""
    with page.guard("The related assets cannot be shown."):
        rows = frames.rows("pages/infrastructure/related", name=name)
        if not rows:
            return
        st.markdown("**Related assets**")
        total = int(rows[0]["total"])
        if total > len(rows):
            st.caption(f"The first {len(rows)} of {total:,}.")
        st.dataframe(
            [
                {
                    "Relationship": row["relationship_type"],
                    "Direction": "of this asset" if row["direction"] == _TO else "of the other",
                    "Asset": row["display_name"] or row["related_asset"].rpartition("/")[2],
                    "Type": text.kind(row["related_type"]) if row["related_type"] else None,
                    "Project": row["project_id"],
                    "Full name": row["related_asset"],
                }
                for row in rows
            ],
            hide_index=True,
            placeholder=text.NOTHING,
            height=page.table_height(len(rows)),
            alt="Related assets",
        )


def packages(name: str) -> None:
    """What is installed on a machine, and what can be updated."""
    with page.guard("The packages cannot be shown."):
        rows = frames.rows("pages/infrastructure/packages", name=name)
        if not rows:
            st.caption("The inventory lists no package.")
            return
        total, updates = int(rows[0]["total"]), int(rows[0]["updates"])
        shown = f", the first {len(rows)} of them below" if total > len(rows) else ""
        st.caption(f"{text.plural(total, 'package')}{shown}; {text.plural(updates, 'update')} available.")
        st.dataframe(
            [
                {
                    "Package": row["package"],
                    "Installed": row["installed"],
                    "Available": row["available"],
                    "From": row["manager"],
                    "Architecture": row["architecture"],
                }
                for row in rows
            ],
            hide_index=True,
            placeholder=text.NOTHING,
            height=page.table_height(len(rows)),
            alt="Packages",
        )
        frames.download("packages", total, "pages/infrastructure/packages", {"name": name})

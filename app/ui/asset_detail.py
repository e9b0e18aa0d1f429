"""All that is known of one asset: facts, ancestry, content, and what changed on it over time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import streamlit as st

from app.ui import (
    asset_findings,
    asset_more,
    asset_versions,
    coverage,
    diff_table,
    frames,
    page,
    status,
    text,
)

HISTORY_DAYS = 400
MOST_CHANGES = 50
_CONTENT = (
    ("resource", "Resource"),
    ("iam_policy", "IAM policy"),
    ("org_policy", "Organisation policy"),
    ("access_policy", "Access policy"),
    ("os_inventory", "Packages"),
)


def show(name: str) -> None:
    """The asset called `name`; one that is gone is shown by its history."""
    with page.guard("This asset cannot be shown."):
        asset = frames.first("pages/infrastructure/asset", name=name)
        since = (text.now() - timedelta(days=HISTORY_DAYS)).date()
        changes = frames.rows(
            "pages/infrastructure/asset_changes", name=name, since=since, page_size=MOST_CHANGES
        )
        if not asset and not changes:
            page.empty_state("Not in the inventory", "No asset of this name is known, now or in the history.")
            st.code(name, language=None, wrap_lines=True)
            return
        _heading(name, asset)
        coverage.note(name)
        found = asset_findings.rows(name)
        views = st.tabs(
            ["Overview", f"Changes ({_total(changes)})", *(title for _, title in _present(asset))]
        )
        with views[0]:
            asset_findings.show(found)
            _facts(asset)
            _ancestry(asset)
            asset_more.related(name)
        with views[1]:
            timeline(changes)
            asset_versions.show(name)
        for view, (column, title) in zip(views[2:], _present(asset), strict=True):
            with view:
                if column == "os_inventory":
                    asset_more.packages(name)
                _document(asset[column], name, title)


def _heading(name: str, asset: dict[str, Any]) -> None:
    if not asset:
        st.warning("This asset no longer exists. Its history is below.", icon=":material/delete:")
    else:
        st.markdown(f"**{text.plain(asset['display_name'])}**")
        with st.container(horizontal=True, gap="small"):
            st.badge(text.kind(asset["asset_type"]), color="blue")
            if asset["state"]:
                st.badge(text.plain(asset["state"]), color="gray")
    st.code(name, language=None, wrap_lines=True)


def _present(asset: dict[str, Any]) -> list[tuple[str, str]]:
    return [(column, title) for column, title in _CONTENT if asset.get(column)]


def _total(changes: list[dict[str, Any]]) -> int:
    return int(changes[0]["total"]) if changes else 0


def _facts(asset: dict[str, Any]) -> None:
    if not asset:
        return
    labels = orjson.loads(asset["labels"]) if asset["labels"] else {}
    facts = {
        "Project": asset["project_id"],
        "Project number": asset["project_number"],
        "Location": asset["location"],
        "Created": text.when(asset["create_time"]) if asset["create_time"] else None,
        "Last changed": text.when(asset["update_time"]) if asset["update_time"] else None,
        "First seen": text.when(asset["first_seen"]) if asset["first_seen"] else None,
        "Last seen": text.when(asset["last_seen"]) if asset["last_seen"] else None,
        **{f"Label {key}": value for key, value in sorted((labels or {}).items())},
    }
    frames.facts(facts, "Facts of the asset")


def _ancestry(asset: dict[str, Any]) -> None:
    """Organisation at the top, the asset at the bottom."""
    above = list(reversed(asset.get("ancestors") or []))
    if not above:
        return
    rows = frames.rows("pages/infrastructure/ancestry", ancestors=above)
    names = {row["ancestor"]: row for row in rows}
    st.markdown("**Ancestry**")
    lines: list[str] = []
    for ancestor in above:
        known = names.get(ancestor)
        if known and known["name"] == asset["name"]:
            continue  # a project or folder is in its own ancestors; it comes last, as the asset itself
        title = text.plain(known["display_name"] or ancestor) if known else "not in the inventory"
        lines.append(f"{'  ' * len(lines)}- {_icon(ancestor)} {title} · {text.plain(ancestor)}")
    lines.append(f"{'  ' * len(lines)}- :material/deployed_code: **{text.plain(asset['display_name'])}**")
    st.markdown("\n".join(lines))


def _icon(ancestor: str) -> str:
    kind = ancestor.partition("/")[0]
    icons = {"organizations": "corporate_fare", "folders": "folder", "projects": "widgets"}
    return f":material/{icons.get(kind, 'widgets')}:"


def _document(document: str, name: str, title: str) -> None:
    st.json(orjson.loads(document), expanded=2)
    st.download_button(
        "Download JSON",
        data=document,
        file_name=f"{name.rpartition('/')[2]}-{title.lower().replace(' ', '-')}.json",
        mime="application/json",
        icon=":material/download:",
        on_click="ignore",
        key=f"json-{title}",
    )


def timeline(changes: list[dict[str, Any]]) -> None:
    """Newest first: when, what, who, and every value before and after."""
    if not changes:
        st.caption(f"No change was seen in the last {HISTORY_DAYS} days.")
        return
    if _total(changes) > len(changes):
        st.caption(f"The newest {len(changes)} of {_total(changes):,} changes.")
    for index, change in enumerate(changes):
        shown = status.CHANGES.get(change["change_type"], status.CHANGES["updated"])
        fields = ", ".join(field.replace("_", " ") for field in change["changed_fields"] or [])
        title = f"{shown.label} · {text.when(change['changed_at'])}{f' · {fields}' if fields else ''}"
        with st.expander(title, icon=shown.icon, expanded=index == 0):
            actor = text.plain(change["actor"]) if change["actor"] else "unknown"
            st.caption(
                f"By {actor} · told by {text.plain(change['source'])} · "
                f"noticed {text.utc(change['observed_at'], seconds=True)}"
            )
            diff_table.show(change["before"], change["after"])

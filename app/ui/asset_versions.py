"""The versions of an asset that Google keeps, asked for through the sidecar when somebody wants them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import streamlit as st

from app import sidecar
from app.errors import PortalError
from app.ui import diff_table, page, text

DAYS = {"1 day": 1, "7 days": 7, "35 days": 35}
CONTENT = {
    "Resource": "RESOURCE",
    "IAM policy": "IAM_POLICY",
    "Organisation policy": "ORG_POLICY",
    "Access policy": "ACCESS_POLICY",
}
FOUND = "asset-versions"


def show(name: str) -> None:
    """A form to ask for them, and those that were asked for last."""
    with st.expander("Versions at Google", icon=":material/history:"):
        st.caption(
            "The portal notices changes at each sync. Cloud Asset Inventory keeps every version of the last 35 days."
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            content = st.selectbox("Content", list(CONTENT), key="versions-content")
            days = st.selectbox("Time", list(DAYS), index=1, key="versions-days")
            pressed = st.button("Load versions", icon=":material/cloud_download:", key="versions-load")
        if pressed:
            st.session_state.pop(FOUND, None)
            _load(name, content, DAYS[days])
        found = st.session_state.get(FOUND)
        if found and found["name"] == name:
            _versions(found)


def _load(name: str, content: str, days: int) -> None:
    try:
        with st.spinner("Asking Cloud Asset Inventory…"):
            st.session_state[FOUND] = sidecar.asset_history(
                name, text.now() - timedelta(days=days), CONTENT[content]
            )
    except PortalError as error:
        page.error_state(error, "The versions cannot be shown.")


def _versions(found: dict[str, Any]) -> None:
    """Newest first, each against the one before it."""
    versions = found["versions"]
    what = next(title for title, value in CONTENT.items() if value == found["content_type"])
    span = f"{text.utc(found['since'])} to {text.utc(found['until'])}"
    if not versions:
        st.caption(f"{what}: no version in {text.plain(found['parent'])} from {span}.")
        return
    st.caption(
        f"{what}: {text.plural(len(versions), 'version')} in {text.plain(found['parent'])} from {span}."
    )
    for number in reversed(range(len(versions))):
        _version(versions, number)


def _version(versions: list[dict[str, Any]], number: int) -> None:
    one = versions[number]
    before = versions[number - 1]["content"] if number else one["before"]
    end = text.utc(one["end"], seconds=True) if one["end"] else "now"
    kind = "Gone" if one["deleted"] else "Version"
    with st.expander(f"{kind} from {text.utc(one['start'], seconds=True)} to {end}"):
        if before is None and number == 0 and not one["deleted"]:
            st.caption("The first version in this time; what came before it is not told.")
            st.json(one["content"] or {}, expanded=2)
            return
        old, new = (orjson.dumps(side).decode() if side else None for side in (before, one["content"]))
        if old == new:
            st.caption("The same content as before.")
            return
        diff_table.show(old, new)

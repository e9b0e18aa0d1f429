"""How the parts of the Compliance page lead to one another: tabs, filters of findings, opened details."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

FINDINGS = "Findings"
FILTERS: dict[str, Any] = {
    "q": "",
    "severity": [],
    "project": [],
    "folder": [],
    "service": [],
    "rule": [],
    "control": [],
    "type": [],
    "new": False,
}
OPENED = ("finding", "of_rule", "of_control")
_GENERATION = "compliance-generation"


def generation() -> int:
    """Part of the keys of tables: a row that was opened can be selected again."""
    return int(st.session_state.get(_GENERATION, 0))


def to_findings(state: str = "Open", **filters: Any) -> None:
    """For callbacks: the tab Findings with these filters and no other."""
    for key, nothing in FILTERS.items():
        st.session_state[key] = filters.get(key, nothing)
    st.session_state["state"] = state
    st.session_state["tab"] = FINDINGS
    st.session_state["page"] = 1
    close()


def clear() -> None:
    """Take every filter back."""
    for key, nothing in FILTERS.items():
        st.session_state[key] = nothing


def open_one(kind: str, value: str) -> None:
    """For callbacks: put what is to be opened into the address."""
    for other in OPENED:
        st.query_params.pop(other, None)
    st.query_params[kind] = value


def selected(key: str, kind: str, values: Sequence[str]) -> None:
    """For tables: open the selected row."""
    for index in st.session_state[key]["selection"]["rows"]:
        open_one(kind, values[index])
        return


def close() -> None:
    """Take what is opened out of the address."""
    for kind in OPENED:
        st.query_params.pop(kind, None)
    st.session_state[_GENERATION] = generation() + 1


def finding_id(policy_id: str, asset_name: str) -> str:
    """A finding in an address."""
    return f"{policy_id}|{asset_name}"

"""One finding: why, on what evidence, what to do about it, and what happened to its asset."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import streamlit as st

from app.ui import asset_detail, compliance_status, coverage, frames, page, remediation, text

SQL = "pages/compliance"
MOST_CHANGES = 30


def show(finding: str) -> None:
    """The finding of an address: rule, a bar, asset."""
    policy_id, _, asset_name = finding.partition("|")
    with page.guard("This finding cannot be shown."):
        row = frames.first(f"{SQL}/finding", policy_id=policy_id, asset_name=asset_name)
        if not row:
            page.empty_state(
                "No such finding",
                "The rule never failed on this asset, and never failed to judge it; or the link is wrong.",
            )
            st.code(finding, language=None, wrap_lines=True)
            return
        _heading(row)
        _state(row)
        views = st.tabs(["Why", "What to do", "What happened"])
        with views[0]:
            _why(row)
        with views[1]:
            _remedy(row)
        with views[2]:
            _history(row)


def _heading(row: dict[str, Any]) -> None:
    state, severity = compliance_status.state(row["state"]), compliance_status.severity(row["severity"])
    st.markdown(f"**{text.plain(row['title'])}**")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.badge(state.label, icon=state.icon, color=state.colour)
        st.badge(severity.label, icon=severity.icon, color=severity.colour)
        if row["asset_type"]:
            st.badge(text.kind(row["asset_type"]), color="gray")
    st.code(row["asset_name"], language=None, wrap_lines=True)
    with st.container(horizontal=True, gap="small"):
        st.page_link(
            "../pages/infrastructure.py", label="Open the asset" if row["there"] else "History of the asset",
            icon=":material/lan:", query_params={"asset": row["asset_name"]},
        )  # fmt: skip
        if row["declared_in"]:
            line = {"line": str(row["declared_line"])} if row["declared_line"] else {}
            st.page_link(
                "../pages/landing_zone.py", label=text.escaped(f"{row['declared_in']}"), icon=":material/code:",
                query_params={"doc": row["declared_in"], **line},
            )  # fmt: skip


def _state(row: dict[str, Any]) -> None:
    """What is not plain: not seen, in doubt, waived, gone."""
    coverage.note(row["asset_name"])
    if row["state"] == "resolved":
        how = {
            "passed": "it passed",
            "asset deleted": "the asset was deleted",
            "not examined": "the rule does not look at the asset any more",
            "rule off": "the rule was switched off",
        }.get(row["resolution"], row["resolution"])
        st.success(
            f"Resolved {text.when(row['resolved_at'])}: {text.plain(how)}.", icon=":material/check_circle:"
        )
    elif row["doubt"]:
        st.warning(
            f"**In doubt**: it could not be judged again since {text.when(row['last_seen'])}. It stays open. "
            f"{text.plain(row['doubt'])}",
            icon=":material/help:",
        )
    if row["state"] == "waived":
        st.info(
            f"Waived until {text.when(row['waived_until'])} by {text.plain(row['waived_by'])}: "
            f"{text.plain(row['waived_for'])}",
            icon=":material/event_available:",
        )


def _why(row: dict[str, Any]) -> None:
    title = "Why it is not known" if row["state"] == "unknown" else "What was found"
    st.markdown(f"**{title}**")
    st.markdown(text.plain(row["reason"] or "No reason was given."))
    evidence = orjson.loads(row["evidence"]) if row["evidence"] else None
    if isinstance(evidence, dict) and evidence:
        frames.facts({key: _written(value) for key, value in evidence.items()}, "Evidence")
    elif evidence is not None:
        st.code(_written(evidence), language="json", wrap_lines=True)
    for name, heading in (
        ("rationale", "Why it matters"),
        ("description", "What the rule demands"),
        ("covers", "What the rule does not cover"),
        ("defaults", "Defaults it relies on where a field is missing"),
    ):
        if row[name]:
            st.markdown(f"**{heading}**")
            st.markdown(text.plain(row[name]))
    mapped = compliance_status.controls(row["frameworks"])
    facts = {
        "Rule": row["policy_id"],
        "Comes from": compliance_status.SOURCES.get(row["source"], row["source"]),
        "Controls": "; ".join(mapped) or None,
        "Parameters": _params(row["params"]),
    }
    frames.facts({name: value for name, value in facts.items() if value}, "Facts of the rule")


def _written(value: Any) -> str:
    """A value of the evidence: text as it is, everything else as JSON."""
    if value is None:
        return "not set"
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _params(params: str | None) -> str | None:
    read = orjson.loads(params) if params else {}
    return ", ".join(f"{name} = {_written(value)}" for name, value in read.items()) or None


def _remedy(row: dict[str, Any]) -> None:
    known = orjson.loads(row["remediation"]) if row["remediation"] else {}
    values = {
        "name": row["asset_name"],
        "project_id": row["project_id"],
        "location": row["location"],
        "display_name": row["display_name"],
    }
    if not any(known.get(part) for part in ("text", "gcloud", "terraform")):
        st.caption("The rule does not say how to mend it.")
        return
    if row["state"] == "unknown":
        st.info("It is not known whether there is anything to mend.", icon=":material/help:")
    if known.get("text"):
        st.markdown(text.plain(str(known["text"]).strip()))
    if known.get("gcloud"):
        st.markdown("**Command**")
        _filled(remediation.gcloud(str(known["gcloud"]), values), "bash")
    if known.get("terraform"):
        st.markdown("**Change in Terraform**")
        if row["declared_in"]:
            line = f":{row['declared_line']}" if row["declared_line"] else ""
            st.caption(f"The asset is declared in {text.plain(row['declared_in'] + line)}.")
        _filled(remediation.terraform(str(known["terraform"]), values), "hcl")
    if not row["there"]:
        st.caption("The asset is not in the inventory any more: its location and name are not known.")


def _filled(filled: remediation.Filled, language: str) -> None:
    st.code(filled.text, language=language, wrap_lines=True)
    by_hand = " ".join(text.plain(one) for one in filled.by_hand)
    st.caption(
        f"The asset's own values are put in. Words in capitals are yours to replace. {by_hand} Read it before you run it."
        if language == "bash"
        else f"A sketch: merge it into the resource as it is declared. {by_hand}"
    )


def _history(row: dict[str, Any]) -> None:
    times = {
        "First seen": text.when(row["first_seen"]),
        "Failed last": text.when(row["last_seen"]) if row["state"] != "unknown" else None,
        "Reopened": f"{row['reopened']} times, last {text.when(row['reopened_at'])}"
        if row["reopened"]
        else None,
        "Resolved": text.when(row["resolved_at"]) if row["resolved_at"] else None,
        "Waived until": text.when(row["waived_until"]) if row["waived_until"] else None,
        "Asset changed last": text.when(row["update_time"]) if row["update_time"] else None,
    }
    frames.facts({name: value for name, value in times.items() if value}, "Times of the finding")
    if row["declared_in"]:
        _commits(row["declared_in"])
    st.markdown("**Changes of the asset**")
    since = (text.now() - timedelta(days=asset_detail.HISTORY_DAYS)).date()
    asset_detail.timeline(
        frames.rows(
            "pages/infrastructure/asset_changes", name=row["asset_name"], since=since, page_size=MOST_CHANGES
        )
    )


def _commits(path: str) -> None:
    rows = frames.rows(f"{SQL}/commits", path=path)
    st.markdown("**Commits to the file that declares it**")
    if not rows:
        st.caption(f"None is known for {text.plain(path)}.")
        return
    st.table(
        [
            {
                "When": text.utc(row["committed_at"]),
                "Who": text.plain(row["author"]),
                "What": text.plain((row["message"] or "").partition("\n")[0]),
                "Commit": row["commit_sha"][:8],
            }
            for row in rows
        ],
        border="horizontal",
        hide_index=True,
        alt="Commits to the file that declares the asset",
    )

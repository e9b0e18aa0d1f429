"""The tab Rules of the Compliance page: every rule, what it found, and what it is made of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import streamlit as st

from app.ui import (
    charts,
    compliance_charts,
    compliance_controls,
    compliance_links,
    compliance_status,
    frames,
    page,
    text,
)

SQL = "pages/compliance"
HISTORY_DAYS = 400


def show() -> None:
    """The tab."""
    rows = frames.rows(f"{SQL}/rules")
    with st.grid(4, min_column_width=150, gap="small"):
        search = st.text_input(
            "Search", key="rule-q", bind="query-params", type="search", placeholder="Title, id or asset type"
        )
        picked = page.pick(
            {"rule-severity": "Severity", "rule-service": "Service", "rule-result": "Result"},
            {
                "rule-severity": list(compliance_status.SEVERITIES),
                "rule-service": sorted({row["service"] for row in rows}),
                "rule-result": [shown.label for name, shown in compliance_status.RESULTS.items() if name not in ("manual", "none")],
            },
        )  # fmt: skip
    words = (search or "").strip().lower()
    shown = [
        row
        for row in rows
        if (
            not words
            or words in " ".join([row["title"], row["policy_id"], *(row["asset_types"] or [])]).lower()
        )
        and (not picked["rule-severity"] or row["severity"] in picked["rule-severity"])
        and (not picked["rule-service"] or row["service"] in picked["rule-service"])
        and (
            not picked["rule-result"] or compliance_status.result(row["state"]).label in picked["rule-result"]
        )
    ]
    if not shown:
        page.empty_state("No such rule", "None passes the filters.", ":material/filter_alt:")
        return
    table(shown, len(rows))


def _cells(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "severity": compliance_status.severity(row["severity"]).words,
        "title": row["title"],
        "state": compliance_status.result(row["state"]).words,
        **{name: row[name] for name in ("failed", "unknown", "waived", "passed")},
        "service": row["service"],
        "id": row["policy_id"],
        "source": compliance_status.SOURCES.get(row["source"], row["source"]),
    }


def table(rows: list[dict[str, Any]], total: int) -> None:
    """The rules; selecting one opens it."""
    key = f"rules-{compliance_links.generation()}"
    st.dataframe(
        [_cells(row) for row in rows],
        hide_index=True,
        key=key,
        on_select=lambda: compliance_links.selected(key, "of_rule", [row["policy_id"] for row in rows]),
        selection_mode="single-row",
        placeholder=text.NOTHING,
        height=page.table_height(len(rows)),
        column_config={
            "severity": st.column_config.TextColumn("Severity", width=90),
            "title": st.column_config.TextColumn("Rule", width="large"),
            "state": st.column_config.TextColumn("Result", width=130),
            **{
                name: st.column_config.NumberColumn(name.capitalize(), format="localized", width=80)
                for name in ("failed", "unknown", "waived", "passed")
            },
            "service": st.column_config.TextColumn("Service", width=110),
            "id": st.column_config.TextColumn("Id", width="medium"),
            "source": st.column_config.TextColumn("From", width=110),
        },
        alt="Rules",
    )
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(
            f"{len(rows):,} of {text.plural(total, 'rule')}. Select a row for what it demands and how it went.",
            width="content",
        )
        frames.download("rules", total, f"{SQL}/rules", {}, paged=False)


def one(policy_id: str) -> None:
    """One rule."""
    with page.guard("This rule cannot be shown."):
        row = frames.first(f"{SQL}/rules", policy_id=policy_id)
        if not row:
            page.empty_state("No such rule", "It is in neither `sql/policies` nor the landing zone any more.")
            return
        shown, severity = compliance_status.result(row["state"]), compliance_status.severity(row["severity"])
        st.markdown(f"**{text.plain(row['title'])}**")
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.badge(shown.label, icon=shown.icon, color=shown.colour)
            st.badge(severity.label, icon=severity.icon, color=severity.colour)
            st.caption(compliance_controls.tally(row), width="content")
        if row["error"]:
            st.error("It could not be run. Its findings stay open as they were.", icon=":material/report:")
            st.code(row["error"], language=None, wrap_lines=True)
        st.button(
            "List its findings", icon=":material/list:", key="rule-findings",
            on_click=compliance_links.to_findings, kwargs={"rule": [policy_id], "state": "All"},
        )  # fmt: skip
        _trend(policy_id)
        _texts(row)


def _trend(policy_id: str) -> None:
    since = text.now().date() - timedelta(days=HISTORY_DAYS)
    rows = frames.rows(f"{SQL}/scores", since=since, dimension="policy", item=policy_id)
    if len([row for row in rows if row["score"] is not None]) > 1:
        charts.show(compliance_charts.score_over_time(rows), "rule-score", "Score of the rule per day")


def _texts(row: dict[str, Any]) -> None:
    remedy = (orjson.loads(row["remediation"]) if row["remediation"] else {}).get("text")
    for said, heading in (
        (row["description"], "What it demands"),
        (row["rationale"], "Why it matters"),
        (remedy, "What to do"),
        (row["covers"], "What it does not cover"),
        (row["defaults"], "Defaults it relies on where a field is missing"),
    ):
        if said:
            st.markdown(f"**{heading}**")
            st.markdown(text.plain(str(said).strip()))
    params = orjson.loads(row["params"]) if row["params"] else {}
    facts = {
        "Id": row["policy_id"],
        "Instance of": row["rule_id"] if row["rule_id"] != row["policy_id"] else None,
        "Looks at": ", ".join(row["asset_types"] or []) or None,
        "Controls": "; ".join(compliance_status.controls(row["frameworks"])) or None,
        "Parameters": ", ".join(f"{name} = {orjson.dumps(value).decode()}" for name, value in params.items())
        or None,
        "Comes from": compliance_status.SOURCES.get(row["source"], row["source"]),
        "Took": text.duration(row["duration_seconds"]) if row["duration_seconds"] is not None else None,
    }
    frames.facts({name: value for name, value in facts.items() if value}, "Facts of the rule")

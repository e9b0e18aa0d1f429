"""The tab Framework of the Compliance page: every control of the benchmark, and what of it is covered."""

from __future__ import annotations

from collections import Counter
from typing import Any

import streamlit as st

from app.ui import charts, compliance_charts, compliance_links, compliance_status, frames, page, text

SQL = "pages/compliance"
RESULTS = ("failed", "unknown", "waived", "passed", "nothing", "manual", "none")
MEANINGS = {
    "failed": "At least one asset fails one of its rules, and no waiver holds.",
    "unknown": "No asset fails, but some could not be judged.",
    "waived": "What fails is waived.",
    "passed": "Every asset its rules look at passed.",
    "nothing": "Its rules ran, and there is no asset of the kind they look at.",
    "manual": "The inventory does not hold what it asks for: a person has to look.",
    "none": "No rule that runs judges it.",
}


def show() -> None:
    """The tab."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.markdown("**CIS Google Cloud Foundations Benchmark**, version", width="content")
        version = st.segmented_control(
            "Version", compliance_status.VERSIONS, default="4.0", required=True, key="version",
            bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
    rows = frames.rows(f"{SQL}/controls", version=str(version))
    figures(rows)
    charts.show(compliance_charts.benchmark(rows), "benchmark", "Controls of each section by what was found")
    table(rows, str(version))


def figures(rows: list[dict[str, Any]]) -> None:
    """The share of the benchmark that is covered, and how many controls are in each state."""
    covered, states, total = (
        Counter(row["covered"] for row in rows),
        Counter(row["state"] for row in rows),
        len(rows),
    )
    with st.grid(8, min_column_width=110, gap="small"):
        st.metric(
            "Covered", compliance_status.percent(covered["whole"] / total),
            help="Controls that rules judge as a whole, of all controls of the benchmark.",
        )  # fmt: skip
        for name in RESULTS:
            shown = compliance_status.result(name)
            st.metric(f"{shown.sign} {shown.label}", text.count(states[name]), help=MEANINGS[name])
    st.caption(
        f"Of {total} controls, {covered['whole']} are covered, {covered['part']} in part, "
        f"{covered['manual']} need a person, and {covered['none']} are not covered. "
        "The titles are ours, not the benchmark's; its own text says what exactly is asked for. "
        "A control that passed is as good as its rules: what they do not see is said with each."
    )


def table(rows: list[dict[str, Any]], version: str) -> None:
    """Every control; selecting one opens it."""
    shown = _filtered(rows)
    if not shown:
        page.empty_state("No such control", "None passes the filters.", ":material/filter_alt:")
        return
    _grid(shown, version)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(
            f"{text.plural(len(shown), 'control')}. Select a row for its rules and findings.", width="content"
        )
        frames.download(f"cis-gcp-{version}", len(rows), f"{SQL}/controls", {"version": version}, paged=False)


def _filtered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    with st.grid(3, min_column_width=200, gap="small"):
        search = st.text_input(
            "Search", key="control-q", bind="query-params", type="search", placeholder="Number or title"
        )
        states = st.multiselect(
            "Result", [compliance_status.result(name).label for name in RESULTS], key="result",
            bind="query-params", placeholder="All",
        )  # fmt: skip
        level = st.segmented_control("Profile", ["Level 1", "Level 2"], key="level", bind="query-params")
    words = (search or "").strip().lower()
    return [
        row
        for row in rows
        if (not words or words in f"{row['control']} {row['title']}".lower())
        and (not states or compliance_status.result(row["state"]).label in states)
        and (not level or f"Level {row['level']}" == level)
    ]


def _grid(shown: list[dict[str, Any]], version: str) -> None:
    key = f"controls-{version}-{compliance_links.generation()}"
    st.dataframe(
        [cells(row) for row in shown],
        hide_index=True,
        key=key,
        on_select=lambda: compliance_links.selected(
            key, "of_control", [f"{version} {row['control']}" for row in shown]
        ),
        selection_mode="single-row",
        placeholder=text.NOTHING,
        height=page.table_height(len(shown)),
        column_config={
            "control": st.column_config.TextColumn("Control", width=65),
            "state": st.column_config.TextColumn("Result", width=120),
            "title": st.column_config.TextColumn("About", width=285),
            "covered": st.column_config.TextColumn("Covered", width=105),
            **{
                name: st.column_config.NumberColumn(name.capitalize(), format="localized", width=70)
                for name in ("failed", "unknown", "waived", "passed")
            },
            "note": st.column_config.TextColumn("What is not covered, or why", width="large"),
            "level": st.column_config.NumberColumn("Level", width=60),
        },
        alt="Controls of the benchmark",
    )


def cells(row: dict[str, Any]) -> dict[str, Any]:
    """A control as a row of the table."""
    judged = row["covered"] in ("whole", "part")
    return {
        "control": row["control"],
        "state": compliance_status.result(row["state"]).words,
        "title": row["title"],
        "covered": compliance_status.COVERED[row["covered"]],
        **{name: row[name] if judged else None for name in ("failed", "unknown", "waived", "passed")},
        "note": " ".join(part.strip() for part in (row["why"], row["limits"]) if part) or None,
        "level": row["level"],
    }


def one(asked: str) -> None:
    """One control: version, a space, number."""
    version, _, control = asked.partition(" ")
    with page.guard("This control cannot be shown."):
        row = frames.first(f"{SQL}/controls", version=version, control=control)
        if not row:
            page.empty_state("No such control", "The benchmark has none of this number in this version.")
            return
        shown = compliance_status.result(row["state"])
        st.markdown(f"**{text.plain(row['control'])} · {text.plain(row['title'])}**")
        with st.container(horizontal=True, gap="small"):
            st.badge(shown.label, icon=shown.icon, color=shown.colour)
            st.badge(f"Level {row['level']}", color="gray")
            st.badge(f"Covered: {compliance_status.COVERED[row['covered']].lower()}", color="gray")
        st.caption(MEANINGS[row["state"]])
        if row["why"]:
            st.info(text.plain(row["why"]), icon=":material/person:")
        if row["limits"]:
            st.markdown("**What is not covered**")
            st.markdown(text.plain(row["limits"]))
        _rules(row, version)


def _rules(row: dict[str, Any], version: str) -> None:
    if not row["rules"]:
        return
    named = set(row["rules"])
    st.markdown(f"**{text.plural(len(named), 'rule judges it', 'rules judge it')}**")
    rules = [rule for rule in frames.rows(f"{SQL}/rules") if rule["policy_id"] in named]
    for rule in rules:
        shown = compliance_status.result(rule["state"])
        with st.container(border=True, gap="small"):
            st.markdown(f"{text.plain(rule['title'])} · {text.plain(rule['policy_id'])}")
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                st.badge(shown.label, icon=shown.icon, color=shown.colour)
                st.caption(tally(rule), width="content")
            if rule["error"]:
                st.code(rule["error"], language=None, wrap_lines=True)
    st.button(
        "List its findings", icon=":material/list:", key="control-findings",
        on_click=compliance_links.to_findings,
        kwargs={"control": [f"{compliance_status.framework('cis_gcp')} {version} · {row['control']}"], "state": "All"},
    )  # fmt: skip


def tally(rule: dict[str, Any]) -> str:
    """What a rule found, in words."""
    if rule["passed"] is None:
        return "no result"
    return f"{rule['failed']:,} failed, {rule['unknown']:,} unknown, {rule['waived']:,} waived, {rule['passed']:,} passed"

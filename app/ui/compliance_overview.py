"""The tab Overview of the Compliance page: score, trend, severities, projects, what got worse, what needs attention."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import streamlit as st

from app.ui import (
    charts,
    compliance_attention,
    compliance_charts,
    compliance_links,
    compliance_status,
    frames,
    inventory,
    page,
    text,
)

SQL = "pages/compliance"
HISTORY_DAYS = 400
WEEK = 7
TOP_PROJECTS = 15
EVERYTHING = "Everything"
ABOVE = "Above projects"


@dataclass(frozen=True)
class Scope:
    """What is shown: everything, a project or a folder with all below. `dimension` and `item` as in compliance_daily."""

    dimension: str = "all"
    item: str = ""
    where: dict[str, Any] = field(default_factory=lambda: {"projects": [], "folders": []})
    filters: dict[str, Any] = field(default_factory=dict)


def show() -> None:
    """The tab."""
    since = text.now().date() - timedelta(days=HISTORY_DAYS)
    compliance_attention.broken_banner()
    scope = choose(since)
    rows = frames.rows(
        f"{SQL}/by_severity", since=since, days=WEEK, dimension=scope.dimension, item=scope.item
    )
    if not rows:
        page.empty_state(
            "Nothing was judged here",
            "No rule examined an asset of it on the newest day.",
            ":material/filter_alt:",
        )
        return
    counts = frames.rows(f"{SQL}/states", **scope.where)
    figures(rows, counts)
    with st.grid(2, min_column_width=330, gap="medium"):
        with st.container():
            trend(scope, since)
        with st.container():
            severities(rows, counts, scope)
    projects(scope)
    worse(scope, rows[0], since)
    compliance_attention.show()


def choose(since: date) -> Scope:
    """Everything, a project or a folder."""
    folders = frames.rows("pages/infrastructure/folders")
    paths = inventory.paths(folders)
    judged = frames.rows(f"{SQL}/scopes", since=since)
    by_name: dict[str, Scope] = {}
    for row in judged:
        if row["dimension"] == "folder":
            name = paths.get(row["item"], row["item"])
            below = inventory.below([row["item"]], folders)
            by_name[name] = Scope(
                "folder", row["item"], {"projects": [], "folders": below}, {"folder": [name]}
            )
    for row in judged:
        if row["dimension"] == "project":
            named = row["item"] or "none"
            name = row["item"] or ABOVE
            by_name[name] = Scope(
                "project", row["item"], {"projects": [named], "folders": []}, {"project": [named]}
            )
    chosen = st.selectbox(
        "Show", [EVERYTHING, *by_name], key="scope", bind="query-params", accept_new_options=True, width=320,
    )  # fmt: skip
    if chosen in (None, EVERYTHING):
        return Scope()
    gone = Scope(
        "project", str(chosen), {"projects": [str(chosen)], "folders": []}, {"project": [str(chosen)]}
    )
    return by_name.get(str(chosen), gone)


def counted(rows: list[dict[str, Any]], state: str, severity: str | None = None) -> int:
    """How many findings are in a state, of one severity or of all."""
    return sum(
        int(row["findings"]) for row in rows if row["state"] == state and severity in (None, row["severity"])
    )


def figures(rows: list[dict[str, Any]], counts: list[dict[str, Any]]) -> None:
    """Score, open findings of each severity, and what could not be judged; with the change of the week."""
    by = {row["severity"]: row for row in rows}
    every = by.get("all", {})
    then = every.get("compared_to")
    with st.grid(6, min_column_width=140, gap="small"):
        st.metric(
            "Score", compliance_status.shares(every), _points(every), border=True,
            help="Share that passed of what was judged and is not waived, by severity weighted 10, 5, 2 and 1. "
            "What is unknown is in neither: it is counted on the right.",
        )  # fmt: skip
        for name, shown in compliance_status.SEVERITIES.items():
            st.metric(
                f"{shown.sign} {shown.label}", text.count(counted(counts, "open", name)),
                _change(by.get(name), "failed"), delta_color="inverse", border=True,
                help=f"Open findings of severity {name}.",
            )  # fmt: skip
        st.metric(
            "? Unknown", text.count(counted(counts, "unknown")), _change(every, "unknown"), delta_color="off",
            border=True, help="Assets a rule could not judge. Never counted as passed.",
        )  # fmt: skip
    since = f" Changes since {text.day(then)}." if then else " There is no earlier day to compare with yet."
    st.caption(f"Judged {text.day(every.get('date'))}.{since}")


def _points(row: dict[str, Any]) -> str | None:
    if row.get("score") is None or row.get("score_then") is None:
        return None
    points = (row["score"] - row["score_then"]) * 100
    return "no change" if abs(points) < 0.005 else f"{points:+.2f} points"


def _change(row: dict[str, Any] | None, what: str) -> str | None:
    if not row or row.get(f"{what}_then") is None:
        return None
    return text.signed(int(row[what]) - int(row[f"{what}_then"]))


def trend(scope: Scope, since: date) -> None:
    """The score, day by day."""
    rows = frames.rows(f"{SQL}/scores", since=since, dimension=scope.dimension, item=scope.item)
    st.subheader("Score over time", anchor=False)
    if len(rows) < 2:
        st.caption("One day is counted so far. The line begins with the next.")
        return
    charts.show(compliance_charts.score_over_time(rows), "score", "Score per day, in percent")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(
            f"{text.plural(len(rows), 'day')} counted. The axis does not begin at zero.", width="content"
        )
        frames.download(
            "compliance-over-time", len(rows), f"{SQL}/scores",
            {"since": since, "dimension": scope.dimension, "item": scope.item}, paged=False,
        )  # fmt: skip


def severities(rows: list[dict[str, Any]], counts: list[dict[str, Any]], scope: Scope) -> None:
    """A row per severity; selecting one lists its findings."""
    by = {row["severity"]: row for row in rows}
    st.subheader("By severity", anchor=False)
    names = list(compliance_status.SEVERITIES)
    doubted = sum(int(row["doubted"]) for row in counts if row["state"] == "open")
    key = f"severities-{compliance_links.generation()}"
    st.dataframe(
        [
            {
                "severity": compliance_status.severity(name).words,
                "failed": counted(counts, "open", name),
                "waived": counted(counts, "waived", name),
                "unknown": counted(counts, "unknown", name),
                "passed": int(by[name]["passed"]) if name in by else 0,
                "score": compliance_status.shares(by.get(name, {})),
            }
            for name in names
        ],
        hide_index=True,
        key=key,
        on_select=lambda: _severity_chosen(key, names, scope),
        selection_mode="single-row",
        column_config={
            "severity": st.column_config.TextColumn("Severity", width=90),
            **{
                name: st.column_config.NumberColumn(name.capitalize(), format="localized")
                for name in ("failed", "waived", "unknown", "passed")
            },
            "score": st.column_config.TextColumn("Score", alignment="right"),
        },
        alt="Findings by severity",
    )  # fmt: skip
    doubt = f" {text.plural(doubted, 'open one', 'open ones')} could not be judged again." if doubted else ""
    st.caption(f"Select a row to list its findings.{doubt}")


def _severity_chosen(key: str, names: list[str], scope: Scope) -> None:
    for index in st.session_state[key]["selection"]["rows"]:
        compliance_links.to_findings("Open", severity=[names[index]], **scope.filters)


def projects(scope: Scope) -> None:
    """Open findings of the projects that weigh most."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("Where they are", anchor=False, width="content")
        by = st.segmented_control(
            "Columns", ["Severity", "Service"], default="Severity", required=True, key="by",
            bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
    group = "service" if by == "Service" else "severity"
    rows = frames.rows(f"{SQL}/heat_map", group_by=group, top=TOP_PROJECTS, **scope.where)
    if not rows:
        st.caption("No finding is open here.")
        return
    if group == "severity":
        labels = {name: shown.words for name, shown in compliance_status.SEVERITIES.items()}
        columns = list(labels)
    else:
        totals: dict[str, int] = {}
        for row in rows:
            totals[row["item"]] = totals.get(row["item"], 0) + int(row["findings"])
        columns, labels = sorted(totals, key=lambda name: (-totals[name], name)), {}
    charts.show(
        compliance_charts.heat_map(rows, columns, labels), "heat-map", f"Open findings of projects by {group}"
    )
    names = list(dict.fromkeys(row["project"] for row in rows))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(
            f"Open findings of the {text.plural(len(names), 'project')} that weigh most, the heaviest first.",
            width="content",
        )
        chosen = st.selectbox(
            "List the findings of", names, index=None, placeholder="List the findings of …", key="heat-project",
            label_visibility="collapsed", width=280,
        )  # fmt: skip
        if chosen:
            st.button(
                "Open", icon=":material/arrow_forward:", key="heat-open",
                on_click=compliance_links.to_findings, kwargs={"project": [chosen]},
            )  # fmt: skip


def worse(scope: Scope, every: dict[str, Any], since: date) -> None:
    """New and reopened findings, and the rules that fell."""
    start = text.now() - timedelta(days=WEEK)
    st.subheader("What got worse this week", anchor=False)
    if not every.get("compared_to"):
        st.caption(
            "The rules ran for the first time within the last week, so every finding is new. "
            "From the next week on, this shows what changed."
        )
        return
    rows = frames.rows(f"{SQL}/got_worse", since=start, top=12, **scope.where)
    with st.grid(2, min_column_width=330, gap="medium"):
        with st.container():
            st.markdown("**New and reopened findings**")
            _new(rows, scope)
        with st.container():
            st.markdown("**Rules that fell most**")
            _fell(since, scope)


def _new(rows: list[dict[str, Any]], scope: Scope) -> None:
    if not rows:
        st.caption("None: nothing was found or reopened in the last seven days that is still open.")
        return
    key = f"new-{compliance_links.generation()}"
    st.dataframe(
        [
            {
                "severity": compliance_status.severity(row["severity"]).words,
                "new": row["new_findings"],
                "reopened": row["reopened"],
                "title": row["title"],
            }
            for row in rows
        ],
        hide_index=True,
        key=key,
        on_select=lambda: _rule_chosen(key, [row["policy_id"] for row in rows], scope, new=True),
        selection_mode="single-row",
        height=page.table_height(len(rows)),
        column_config={
            "severity": st.column_config.TextColumn("Severity", width=90),
            "title": st.column_config.TextColumn("Rule", width=240),
            "new": st.column_config.NumberColumn("New", format="localized", width=60),
            "reopened": st.column_config.NumberColumn("Reopened", format="localized", width=85),
        },
        alt="Rules with new and reopened findings",
    )


def _fell(since: date, scope: Scope) -> None:
    if scope.dimension != "all":
        st.caption("The scores of rules are counted for everything only: choose *Everything* above.")
        return
    rows = frames.rows(f"{SQL}/fell", since=since, days=WEEK, top=12)
    if not rows:
        st.caption("None: no rule has a lower score than a week ago.")
        return
    key = f"fell-{compliance_links.generation()}"
    st.dataframe(
        [
            {
                "severity": compliance_status.severity(row["severity"]).words if row["severity"] else None,
                "then": compliance_status.percent(row["score_then"]),
                "now": compliance_status.percent(row["score"]),
                "failed": int(row["failed"]) - int(row["failed_then"]),
                "title": row["title"],
            }
            for row in rows
        ],
        hide_index=True,
        key=key,
        on_select=lambda: _rule_chosen(key, [row["policy_id"] for row in rows], scope, new=False),
        selection_mode="single-row",
        height=page.table_height(len(rows)),
        column_config={
            "severity": st.column_config.TextColumn("Severity", width=90),
            "title": st.column_config.TextColumn("Rule", width=195),
            "then": st.column_config.TextColumn("Before", width=65, alignment="right"),
            "now": st.column_config.TextColumn("Now", width=65, alignment="right"),
            "failed": st.column_config.NumberColumn("Failed", format="%+d", width=65),
        },
        alt="Rules whose score fell most",
    )


def _rule_chosen(key: str, rules: list[str], scope: Scope, *, new: bool) -> None:
    for index in st.session_state[key]["selection"]["rows"]:
        compliance_links.to_findings("Open", rule=[rules[index]], new=new, **scope.filters)

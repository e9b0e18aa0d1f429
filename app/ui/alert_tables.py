"""The tables of the page Alerts: the alerts, their rules, the channels, and the history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import streamlit as st

from app import sidecar
from app.errors import PortalError
from app.ui import alert_detail, alert_words, frames, page, status, text

SQL = "pages/alerts"
SHOWN = 200
HISTORY_DAYS = 400
COLUMNS: dict[str, Any] = {
    "status": st.column_config.TextColumn("Status", width=130),
    "severity": st.column_config.TextColumn("Severity", width=90),
    "summary": st.column_config.TextColumn("What is wrong", width=480),
    "rule": st.column_config.TextColumn("Rule", width=150),
    "fired": st.column_config.DatetimeColumn("Fired (UTC)", format="YYYY-MM-DD HH:mm", timezone="UTC"),
    "age": st.column_config.TextColumn("Since", width="small"),
    "firings": st.column_config.NumberColumn("Times", help="How often it fired", width=60),
    "by": st.column_config.TextColumn("Looked after by", width="small"),
}
RULE_COLUMNS: dict[str, Any] = {
    "rule": st.column_config.TextColumn("Rule", width=190),
    "severity": st.column_config.TextColumn("Severity", width=90),
    "state": st.column_config.TextColumn("State", width=150),
    "active": st.column_config.NumberColumn("Active", width=70),
    "evaluated": st.column_config.TextColumn("Last evaluated", width=110),
    "took": st.column_config.TextColumn("Took", width=70),
    "why": st.column_config.TextColumn("Why not", width="medium"),
    "fires": st.column_config.TextColumn("Fires when", width="large"),
    "params": st.column_config.TextColumn("Settings", width="medium"),
    "file": st.column_config.TextColumn("File", width="medium"),
}


def listing(asked: dict[str, Any], narrow: bool) -> None:
    """The alerts that pass the filters; selecting one opens it."""
    rows = frames.rows(f"{SQL}/list", **asked, page_size=SHOWN)
    if not rows and narrow:
        page.empty_state("No such alert", "None passes the filters.", ":material/filter_alt:")
    elif not rows:
        told = "Every rule was evaluated, and none found anything."
        page.empty_state("Nothing is wrong", told, ":material/notifications:")
    if not rows:
        return
    key = f"alerts-{alert_detail.OPENED.generation()}"
    st.dataframe(
        [_shown(row) for row in rows],
        hide_index=True,
        key=key,
        on_select=lambda: alert_detail.OPENED.select(key, [row["alert_id"] for row in rows], rerun=True),
        selection_mode="single-row",
        placeholder=text.NOTHING,
        height=page.table_height(len(rows)),
        column_config=COLUMNS,
        alt="Alerts, the most severe first",
    )
    total = rows[0]["total"]
    cut = text.plural(total, "alert") + (f", the first {SHOWN} shown" if total > SHOWN else "")
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.caption(f"{cut}. Select a row to acknowledge or silence it.")
    with right:
        frames.download("alerts", total, f"{SQL}/list", asked)


def filters() -> tuple[dict[str, Any], bool]:
    """Parameters of the query, and whether they leave something out that is active."""
    with st.grid(3, min_column_width=220, gap="small", vertical_alignment="bottom"):
        show = st.segmented_control(
            "Show", list(alert_words.SHOWN), default="Active", required=True, key="show", bind="query-params"
        )
        severities = st.multiselect(
            "Severity",
            list(status.SEVERITIES)[:4],
            key="severity",
            bind="query-params",
            placeholder="All severities",
        )
        search = st.text_input(
            "Search", key="q", bind="query-params", type="search", placeholder="What, or which"
        )
    words = (search or "").strip() or None
    asked = {"statuses": alert_words.SHOWN.get(str(show), []), "severities": severities, "search": words}
    return asked, bool(severities or words or show not in ("Active", "All"))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    over = row["status"] == "resolved"
    return {
        "status": alert_words.status(row["status"]),
        "severity": status.SEVERITIES.get(row["severity"], row["severity"]),
        "summary": row["summary"],
        "rule": row["title"],
        "fired": row["fired_at"],
        "age": f"{text.ago(row['resolved_at'])} over" if over else text.ago(row["fired_at"]),
        "firings": row["firings"],
        "by": row["acknowledged_by"],
    }


def rules() -> None:
    """Each rule, whether it works, and what it is set to."""
    rows = frames.rows(f"{SQL}/rules")
    left_out = [] if any(row["error"] for row in rows) else ["why"]
    st.dataframe(
        [{name: cell for name, cell in _rule(row).items() if name not in left_out} for row in rows],
        hide_index=True,
        height=page.table_height(len(rows)),
        placeholder=text.NOTHING,
        column_config=RULE_COLUMNS,
        alt="Rules of alerts",
    )
    st.caption(
        "Severity, settings, and which of them are off: alerts.toml beside portal.toml. A rule is a file in sql/alerts."
    )


def _rule(row: dict[str, Any]) -> dict[str, Any]:
    state = "! cannot be evaluated" if row["error"] else "✓ evaluated"
    return {
        "rule": row["title"],
        "severity": status.SEVERITIES.get(row["severity"], row["severity"]),
        "state": state if row["enabled"] else "○ off",
        "active": row["active"],
        "evaluated": text.ago(row["evaluated_at"]),
        "took": text.duration(row["duration_seconds"]),
        "why": row["error"],
        "fires": row["description"],
        "params": row["params"],
        "file": f"sql/alerts/{row['rule']}.sql",
    }


def channels() -> None:
    """Each channel: where it sends, what waits, what went wrong, and a way to try it."""
    facts = {row["key"]: row["value"] for row in frames.rows("pages/common/portal_info")}
    if facts.get("source_kind") == "sample":
        st.info(
            "The data is synthetic, so no channel is told of alerts. A test is sent.",
            icon=":material/science:",
        )
    rows = frames.rows(f"{SQL}/channels")
    if not rows:
        page.empty_state("No channel is known yet", "The sidecar describes them when it starts.")
        return
    who = (
        st.text_input("Your name", key="who-test", max_chars=100, placeholder="Noted with a test", width=320)
        or "operator"
    )
    with st.grid(2, min_column_width=320, gap="small"):
        for row in rows:
            with st.container(border=True):
                _channel(row, who)


def _channel(row: dict[str, Any], who: str) -> None:
    name = alert_words.CHANNELS.get(row["channel"], row["channel"])
    if not row["configured"]:
        st.markdown(f"**{name}** :gray-badge[:material/do_not_disturb_on: Not set up]")
        st.caption(text.plain(row["target"]))
        return
    sent = f"Last sent {text.ago(row['last_sent_at'])}." if row["last_sent_at"] else "Nothing sent yet."
    badge = (
        ":red-badge[:material/error: Does not take messages]"
        if row["failures"]
        else ":green-badge[:material/check: Ready]"
    )
    st.markdown(f"**{name}** {badge}")
    st.caption(f"To {text.plain(row['target'])}, from severity {row['least_severity']} on. {sent}")
    told = [f"{text.count(row['sent'])} sent in 30 days"]
    if row["waiting"]:
        told.append(f"**{text.count(row['waiting'])} waiting**, the oldest since {text.ago(row['oldest'])}")
    if row["given_up"]:
        told.append(f"**{text.count(row['given_up'])} given up**")
    st.markdown(" · ".join(told))
    if row["last_error"]:
        st.warning(
            f"{text.plain(row['last_error'])} ({text.plural(row['failures'], 'try', 'tries')}, next {text.ago(row['next_try_at'])})",
            icon=":material/warning:",
        )
    if st.button("Send a test", icon=":material/send:", key=f"test-{row['channel']}"):
        try:
            answer = sidecar.test_channel(row["channel"], who)
        except PortalError as error:
            page.error_state(error, "No test was sent.")
            return
        if answer["taken"]:
            st.success(f"{name} took the test.", icon=":material/check:")
        else:
            st.error(f"{name} did not take it: {text.plain(answer['reason'])}", icon=":material/error:")


def history() -> None:
    """What became of alerts, newest first."""
    since = text.now() - timedelta(days=HISTORY_DAYS)
    rows = frames.rows(f"{SQL}/history", since=since, page_size=SHOWN)
    if not rows:
        page.empty_state(
            "No history yet", "No alert fired since the portal keeps them.", ":material/history:"
        )
        return
    alert_detail.history_table(rows, alerts=True)
    frames.download("alert-history", rows[0]["total"], f"{SQL}/history", {"since": since})

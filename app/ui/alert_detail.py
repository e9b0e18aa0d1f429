"""One alert in full: what is wrong, what to do, what became of it, and acknowledging or silencing it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import streamlit as st

from app import sidecar
from app.errors import PortalError
from app.ui import alert_words, frames, page, status, text
from app.ui.opened import Opened

SQL = "pages/alerts"
DONE = "alerts-done"
HISTORY_DAYS = 400
SPANS = {"1 hour": 1, "4 hours": 4, "1 day": 24, "1 week": 7 * 24, "30 days": 30 * 24}
OPENED = Opened("alert")


def told() -> None:
    """What the last action did."""
    done = st.session_state.pop(DONE, None)
    if done:
        st.success(done, icon=":material/check:")


def show(alert_id: str) -> None:
    """The dialog."""
    with page.guard("This alert cannot be shown."):
        row = frames.first(f"{SQL}/one", alert_id=alert_id)
        if not row:
            page.empty_state("No such alert", "The link is wrong, or it is not kept any more.")
            return
        st.markdown(f"**{text.plain(row['summary'])}**")
        if row["rule_error"]:
            st.warning(
                f"Its rule cannot be evaluated now, so whether it is over is not known: {text.plain(row['rule_error'])}",
                icon=":material/report:",
            )
        frames.facts(_facts(row), "Facts of the alert")
        _more(row["link"])
        if row["remediation"]:
            st.markdown("**What to do**")
            st.markdown(text.plain(row["remediation"]))
        rows = frames.rows(
            f"{SQL}/history", alert_id=alert_id, since=text.now() - timedelta(days=HISTORY_DAYS), page_size=50
        )
        if rows:
            st.markdown("**What became of it**")
            history_table(rows)
        if row["status"] != "resolved":
            _actions(row)


def history_table(rows: list[dict[str, Any]], *, alerts: bool = False) -> None:
    """Lines of history; `alerts`: of more than one."""
    st.dataframe(
        [
            {
                "at": row["happened_at"],
                "what": row["what"],
                "who": row["who"] or "the portal",
                **(
                    {"severity": status.SEVERITIES.get(row["severity"], row["severity"]), "rule": row["rule"]}
                    if alerts
                    else {}
                ),
                "summary": row["summary"],
                "note": row["note"],
            }
            for row in rows
        ],
        hide_index=True,
        height=page.table_height(len(rows)),
        placeholder=text.NOTHING,
        column_config={
            "at": st.column_config.DatetimeColumn("When (UTC)", format="YYYY-MM-DD HH:mm:ss", timezone="UTC"),
            "what": "What",
            "who": "Who",
            "severity": "Severity",
            "rule": "Rule",
            "summary": st.column_config.TextColumn("Of then", width="large"),
            "note": st.column_config.TextColumn("Note", width="medium"),
        },
        alt="History, newest first",
    )


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    facts = {
        "Status": alert_words.status(row["status"]),
        "Severity": status.SEVERITIES.get(row["severity"], row["severity"]),
        "Rule": row["title"],
        "Subject": row["subject"],
        "Fired": text.when(row["fired_at"]),
        "Fired so far": f"{text.count(row['firings'])} times" if row["firings"] != 1 else "once",
    }
    if row["resolved_at"]:
        facts["Resolved"] = text.when(row["resolved_at"])
    if row["acknowledged_by"]:
        facts["Looked after by"] = f"{row['acknowledged_by']}, {text.when(row['acknowledged_at'])}"
    if row["silenced_until"]:
        facts["Silenced until"] = f"{text.when(row['silenced_until'])}, by {row['silenced_by']}"
    return facts | {"Id": row["alert_id"]}


def _more(link: str | None) -> None:
    """The way to the page that shows more."""
    if link:
        name, query = _split(link)
        st.page_link(
            f"../pages/{name}.py", label="Look at it", icon=":material/arrow_forward:", query_params=query
        )


def _split(link: str) -> tuple[str, dict[str, str]]:
    """The page of a link, and its parameters."""
    found = urlsplit(link)
    return found.path, dict(parse_qsl(found.query))


def _actions(row: dict[str, Any]) -> None:
    """Acknowledge, silence for a while, or end the silence; in the name of who is asked for."""
    st.divider()
    who = (
        st.text_input("Your name", key="who-alert", max_chars=100, placeholder="Noted with what you do")
        or "operator"
    )
    chosen = {"ids": [row["alert_id"]], "who": who}
    why = st.text_input("Note", key="why-alert", max_chars=500, placeholder="Why; needed to silence")
    if not row["acknowledged_by"] and st.button(
        "Acknowledge", icon=":material/person_check:", key="acknowledge", help="I look after it"
    ):
        _act("acknowledge", {**chosen, "note": why or None}, "Acknowledged.")
    span = st.segmented_control(
        "Silence for", list(SPANS), default="4 hours", required=True, key="silence-for"
    )
    silent = row["status"] == "silenced"
    with st.container(horizontal=True):
        if st.button(
            "Silence", icon=":material/notifications_off:", key="silence", disabled=len(why or "") < 3
        ):
            until = text.now() + timedelta(hours=SPANS[str(span)])
            _act(
                "silence",
                {**chosen, "until": until.isoformat(), "why": why},
                f"Silent until {text.utc(until)}.",
            )
        if silent and st.button("End the silence", icon=":material/notifications_active:", key="unsilence"):
            _act(
                "silence",
                {**chosen, "until": text.now().isoformat(), "why": why or "ended"},
                "The silence is over.",
            )


def _act(what: str, body: dict[str, Any], done: str) -> None:
    """Ask the sidecar, and say what became of it."""
    try:
        answer = sidecar.alerts(what, body)
    except PortalError as error:
        page.error_state(error, "Nothing was changed.")
        return
    st.session_state[DONE] = done if answer["changed"] else "Nothing was left to do: it changed meanwhile."
    OPENED.close()
    st.rerun("app")

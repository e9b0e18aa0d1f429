"""Live events: what happens in the landing zone, as it happens. Only the list redraws itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from app.ui import charts, event_detail, frames, page, status, text
from app.ui.opened import Opened

SQL = "pages/live_events"
OPENED = Opened("event")
REFRESH_SECONDS = 2
SHOWN = 100
NEW_SECONDS = 30
# Window: its length in minutes and the interval of its bars in seconds.
WINDOWS = {
    "15 minutes": (15, 30),
    "1 hour": (60, 120),
    "6 hours": (360, 600),
    "24 hours": (1440, 3600),
    "7 days": (10080, 21600),
    "30 days": (43200, 86400),
}

COLUMNS: dict[str, Any] = {
    "age": st.column_config.TextColumn("Age", width=140, help="●: it came since this page was opened"),
    "received": st.column_config.DatetimeColumn(
        "Received (UTC)", format="YYYY-MM-DD HH:mm:ss", timezone="UTC"
    ),
    "type": "Type",
    "severity": "Severity",
    "summary": st.column_config.TextColumn("What happened", width="large"),
    "project": "Project",
    "actor": "Actor",
    "source": "Source",
}


def main() -> None:
    """The page: filters once, then a fragment that redraws itself."""
    page.header(
        "Live events",
        f"What happens in the landing zone, redrawn every {REFRESH_SECONDS} seconds.",
        ["events"],
    )
    with page.guard("The events cannot be shown."):
        filters, window, live = filter_bar()
        st.fragment(feed, run_every=REFRESH_SECONDS if live else None)(filters, window)
    OPENED.dialog("Event", event_detail.show)


def filter_bar() -> tuple[dict[str, Any], str, bool]:
    """What to show of which time, and whether to follow it."""
    with st.grid(7, min_column_width=150, gap="small", vertical_alignment="bottom"):
        window = st.selectbox("Window", list(WINDOWS), index=3, key="window", bind="query-params")
        choices = frames.choices(f"{SQL}/facets", since=since(window))
        picked = page.pick(
            {"type": "Type", "severity": "Severity", "project": "Project", "actor": "Actor"}, choices
        )
        search = st.text_input(
            "Search", key="q", bind="query-params", type="search", placeholder="Summary, asset, actor"
        )
        live = st.toggle(
            "Live", value=True, key="live", bind="query-params", help="Off: the list stands still."
        )
    filters = {
        "types": picked["type"],
        "severities": picked["severity"],
        "projects": picked["project"],
        "actors": picked["actor"],
        "search": (search or "").strip() or None,
    }
    return filters, window, live


def since(window: str) -> datetime:
    """The start of the window."""
    return text.now() - timedelta(minutes=WINDOWS[window][0])


def feed(filters: dict[str, Any], window: str) -> None:
    """Figures, chart, list, of this instant."""
    with page.guard("The events cannot be shown."):
        asked = {**filters, "since": since(window)}
        totals = frames.first(f"{SQL}/totals", **asked)
        hour = frames.first(f"{SQL}/totals", **{**filters, "since": text.now() - timedelta(hours=1)})
        figures(totals, int(hour["events"]))
        if not totals["events"]:
            page.empty_state(
                "No events in this window",
                "Widen the window or the filters. An event shows about two seconds after it was published.",
                ":material/bolt:",
            )
            return
        rate(asked, WINDOWS[window][1])
        rows = frames.rows(f"{SQL}/recent", **asked, page_size=SHOWN)
        total = int(totals["events"])
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            cut = f"The newest {len(rows)} of {total:,}" if total > len(rows) else text.plural(total, "event")
            st.caption(f"{cut}. Select a row to see all of it.", width="content")
            frames.download("events", total, f"{SQL}/recent", asked)
        listing(rows)


def figures(totals: dict[str, Any], last_hour: int) -> None:
    """What the window holds, and when it was looked at."""
    with st.grid(5, min_column_width=150, gap="small"):
        st.metric("Events", text.count(totals["events"]), border=True)
        st.metric("Critical and high", text.count(totals["severe"]), border=True)
        st.metric("Projects touched", text.count(totals["projects"]), border=True)
        st.metric(
            "Last hour", f"{last_hour / 60:,.1f} a minute", border=True, help=text.plural(last_hour, "event")
        )
        st.metric(
            "Newest", text.ago(totals["newest"]), border=True, help=text.utc(totals["newest"], seconds=True)
        )
    st.caption(f"Looked at {text.utc(text.now(), seconds=True)}")


def rate(asked: dict[str, Any], interval: int) -> None:
    """Events per interval, by type."""
    rows = frames.rows(f"{SQL}/per_minute", **asked, interval_seconds=interval)
    series: dict[str, tuple[list[Any], list[float]]] = {}
    for row in rows:
        times, values = series.setdefault(row["event_type"], ([], []))
        times.append(row["start"])
        values.append(row["events"])
    unit = f"events per {text.per(interval)}"
    charts.show(
        charts.bars(series, unit, 220, (asked["since"], text.now(), interval)),
        "rate",
        f"Number of {unit}, by type",
    )


def listing(rows: list[dict[str, Any]]) -> None:
    """The newest events; selecting one opens it."""
    at = text.now()
    # New to this viewer: what came since the page was opened, for half a minute.
    since = max(st.session_state.setdefault("events-opened", at), at - timedelta(seconds=NEW_SECONDS))
    shown = [
        {
            "age": f"{'● new, ' if row['received_at'] > since else ''}{text.ago(row['received_at'], at)}",
            "received": row["received_at"],
            "type": row["event_type"],
            "severity": status.SEVERITIES.get(row["severity"], row["severity"]),
            "summary": row["summary"],
            "project": row["project_id"],
            "actor": row["actor"],
            "source": row["source"],
        }
        for row in rows
    ]
    key = f"events-{OPENED.generation()}"
    st.dataframe(
        shown,
        hide_index=True,
        key=key,
        on_select=lambda: OPENED.select(key, [row["event_id"] for row in rows], rerun=True),
        selection_mode="single-row",
        placeholder=text.NOTHING,
        height=page.table_height(len(rows)),
        column_config=COLUMNS,
        alt="Events, newest first",
    )


main()

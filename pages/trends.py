"""Trends: how the landing zone grows, by type, project, folder or location, over a year."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import streamlit as st

from app.ui import charts, frames, inventory, page, text

SQL = "pages/trends"
HISTORY_DAYS = 800
RANGES = {"30 days": 30, "90 days": 90, "6 months": 182, "1 year": 365}
GROUPS = {"Type": "type", "Project": "project", "Folder": "folder", "Location": "location", "Total": "total"}
UNIT = "resources"


def main() -> None:
    """The page."""
    page.header(
        "Trends",
        "Resources at the end of each day (UTC), and what was made, changed and removed.",
        ["metrics"],
    )
    with page.guard("The trends cannot be shown."):
        body()


def body() -> None:
    """Filters, figures, chart, table."""
    known = frames.first(f"{SQL}/days", since=text.now().date() - timedelta(days=HISTORY_DAYS))
    last = text.day(known.get("last_day"))
    if last is None:
        page.empty_state(
            "No day has been counted yet",
            "Each run of the assets layer counts its day. Run it on the Sync status page.",
            ":material/show_chart:",
        )
        return
    asked, paths = filter_bar(last)
    if asked is None:
        st.info("Choose a first and a last day.", icon=":material/date_range:")
        return
    group, top = asked.pop("group"), asked.pop("top")
    rows = frames.rows(f"{SQL}/over_time", **asked, group_by=group, top=top)
    if not rows:
        page.empty_state("Nothing was counted", "No resource passes these filters in this range.")
        return
    change = frames.rows(f"{SQL}/change", **asked, group_by=group)
    figures(asked, change, rows, int(known["days"]))
    over_time(asked, group, rows, paths)
    changes(asked)
    changed_most(asked, group, change, paths)


def filter_bar(last: date) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """The range, the grouping and the filters; None while half a range is chosen."""
    folders = frames.rows("pages/infrastructure/folders")
    paths = inventory.paths(folders)
    with st.grid(7, min_column_width=124, gap="small"):
        span = st.selectbox("Range", [*RANGES, "Custom"], index=3, key="range", bind="query-params")
        first, until = chosen_range(span, last)
        group = st.selectbox("Group by", list(GROUPS), key="group", bind="query-params")
        top = st.selectbox(
            "Show", ["Top 5", "Top 8", "Top 12", "Top 20"], index=1, key="top", bind="query-params"
        )
        choices = facets(first, until) if first else {}
        choices["folder"] = sorted(paths.values())
        picked = page.pick(
            {"type": "Type", "project": "Project", "folder": "Folder", "location": "Location"}, choices
        )
    if first is None:
        return None, paths
    numbers = {path: folder for folder, path in paths.items()}
    chosen = [numbers.get(path, path) for path in picked["folder"]]
    return {
        "first_day": first,
        "last_day": until,
        "types": picked["type"],
        "projects": picked["project"],
        "folders": inventory.below(chosen, folders) if chosen else [],
        "locations": picked["location"],
        "group": GROUPS[group],
        "top": int(top.split()[1]),
    }, paths


def chosen_range(span: str, last: date) -> tuple[date | None, date | None]:
    """First and last day; both None while a custom range is half chosen."""
    if span != "Custom":
        return last - timedelta(days=RANGES[span] - 1), last
    earliest = last - timedelta(days=HISTORY_DAYS)
    days = st.date_input(
        "From and to", value=(last - timedelta(days=89), last), min_value=earliest, max_value=last,
        key="days", bind="query-params", format="YYYY-MM-DD",
    )  # fmt: skip
    return (days[0], days[1]) if isinstance(days, tuple) and len(days) == 2 else (None, None)


def facets(first: date, last: date | None) -> dict[str, list[str]]:
    """Filter -> its choices in the range."""
    return frames.choices(f"{SQL}/facets", first_day=first, last_day=last)


def figures(
    asked: dict[str, Any], change: list[dict[str, Any]], rows: list[dict[str, Any]], days: int
) -> None:
    """Totals at both ends of the range."""
    start, end = sum(int(row["at_start"]) for row in change), sum(int(row["at_end"]) for row in change)
    share = f"{(end - start) / start:+.1%}" if start else None
    first, last = change[0]["first_counted"], change[0]["last_counted"]
    counted = len({row["date"] for row in rows})
    wanted = (asked["last_day"] - asked["first_day"]).days + 1
    with st.grid(4, min_column_width=160, gap="small"):
        st.metric(f"Resources on {text.day(last)}", text.count(end), border=True, height="stretch")
        st.metric(f"On {text.day(first)}", text.count(start), border=True, height="stretch")
        st.metric("Change", text.signed(end - start), share, delta_color="off", border=True, height="stretch")
        st.metric(
            "Days counted",
            f"{counted} of {wanted}",
            border=True,
            height="stretch",
            help="A day that was not counted is a gap, never zero.",
        )


def over_time(asked: dict[str, Any], group: str, rows: list[dict[str, Any]], paths: dict[str, str]) -> None:
    """The chart, as lines or as a stack, beside the same length of time before where that is asked."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("Resources over time", anchor=False, width="content")
        shape = st.segmented_control(
            "Shape", ["Stack", "Lines"], default="Stack", required=True, key="shape", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
    compare = st.toggle(
        "Compare the total with the period before", key="compare", bind="query-params",
        help="Adds the total of this range, and of as many days before it, as dotted lines.",
    )  # fmt: skip
    series: dict[str, tuple[list[Any], list[float]]] = {}
    for row in rows:
        days, values = series.setdefault(label(group, row["series"], paths), ([], []))
        days.append(text.day(row["date"]))
        values.append(row["resources"])
    figure = charts.lines(series, UNIT, stacked=shape == "Stack")
    if compare:
        comparison(figure, asked, group)
    charts.show(figure, "over-time", f"Resources at the end of each day, by {group}")


def comparison(figure: Any, asked: dict[str, Any], group: str) -> None:
    """The total of the range and of the period before it, drawn over the same days."""
    length = (asked["last_day"] - asked["first_day"]).days + 1
    shift = timedelta(days=length)
    before = {**asked, "first_day": asked["first_day"] - shift, "last_day": asked["last_day"] - shift}
    if group != "total":
        now = frames.rows(f"{SQL}/over_time", **asked, group_by="total", top=1)
        days = [text.day(row["date"]) for row in now]
        charts.add_comparison(figure, "total", days, [row["resources"] for row in now], UNIT)
    then = frames.rows(f"{SQL}/over_time", **before, group_by="total", top=1)
    if not then:
        st.caption(f"Nothing was counted in the {length} days before.")
        return
    days = [(text.day(row["date"]) or asked["first_day"]) + shift for row in then]
    charts.add_comparison(
        figure, f"total, {length} days before", days, [row["resources"] for row in then], UNIT
    )


def changes(asked: dict[str, Any]) -> None:
    """Created, updated and deleted per day."""
    st.subheader("Changes per day", anchor=False)
    found = frames.rows(f"{SQL}/changes_per_day", **asked)
    if not found:
        st.caption("No change is known in this range.")
        return
    series: dict[str, tuple[list[Any], list[float]]] = {}
    for row in found:
        days, values = series.setdefault(row["change_type"], ([], []))
        days.append(text.day(row["date"]))
        values.append(row["changes"])
    charts.show(charts.bars(series, "changes"), "changes", "Assets created, updated and deleted per day")


def changed_most(
    asked: dict[str, Any], group: str, change: list[dict[str, Any]], paths: dict[str, str]
) -> None:
    """Every group at both ends of the range, the largest change first."""
    st.subheader("Change by group", anchor=False)
    shown = [
        {
            "group": label(group, row["series"], paths),
            "start": row["at_start"],
            "end": row["at_end"],
            "difference": row["difference"],
            "share": row["difference"] / row["at_start"] if row["at_start"] else None,
        }
        for row in change
    ]
    st.dataframe(
        shown,
        hide_index=True,
        placeholder=text.NOTHING,
        column_config={
            "group": st.column_config.TextColumn(group.capitalize(), width="medium"),
            "start": st.column_config.NumberColumn("At start", format="localized"),
            "end": st.column_config.NumberColumn("At end", format="localized"),
            "difference": st.column_config.NumberColumn("Change", format="%+d"),
            "share": st.column_config.NumberColumn("Change, %", format="percent"),
        },
        alt="Assets of each group at both ends of the range",
    )
    downloads(asked, group, len(shown))


def downloads(asked: dict[str, Any], group: str, groups: int) -> None:
    """The table, and what the chart is made of without the limit on its groups."""
    query = {**asked, "group_by": group, "top": 1000}
    with st.container(horizontal=True):
        frames.download(
            "change-by-group",
            groups,
            f"{SQL}/change",
            {**asked, "group_by": group},
            paged=False,
            what="this table",
        )
        st.download_button(
            "Download every day and group",
            data=frames.later(f"{SQL}/over_time", query),
            file_name=f"resources-over-time-{text.now():%Y%m%dT%H%M%SZ}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def label(group: str, series: str, paths: dict[str, str]) -> str:
    """A group's name for people."""
    if group == "type":
        return text.kind(series)
    return paths.get(series, series) if group == "folder" else series


main()

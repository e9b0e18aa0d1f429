"""Infrastructure: what exists, now or on a past day, and all that is known of one asset."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import streamlit as st

from app.ui import asset_detail, coverage, frames, inventory, page, text
from app.ui.opened import Opened

PAGE_SIZE = 50
HISTORY_DAYS = 400
FILTERS: dict[str, Any] = {
    "q": "",
    "asof": None,
    "project": [],
    "folder": [],
    "type": [],
    "location": [],
    "label": "",
}
SQL = "pages/infrastructure"
OPENED = Opened("asset")


def main() -> None:
    """The page."""
    page.header(
        "Infrastructure", "Everything in the landing zone, as Cloud Asset Inventory reports it.", ["assets"]
    )
    with page.guard("The inventory cannot be shown."):
        body()
    OPENED.dialog("Asset", asset_detail.show)


def body() -> None:
    """Filters, counts, tabs."""
    folders = frames.rows(f"{SQL}/folders")
    paths = inventory.paths(folders)
    with st.grid(7, min_column_width=124, gap="small"):
        asked = day_filter()
        snapshot = snapshot_days(asked)
        choices = facets(snapshot["shown_day"] if snapshot else None)
        filters = choose(choices, paths, folders)
    if snapshot:
        if snapshot["shown_day"] is None:
            page.empty_state(
                f"No snapshot is as old as {asked}",
                f"The first one is of {snapshot['first_day'] or 'no day yet'}. Choose a later day.",
                ":material/event_busy:",
            )
            return
        filters["day"] = snapshot["shown_day"]
        past_note(asked, snapshot["shown_day"])
    if not choices:
        page.empty_state(
            "The inventory is empty",
            "Import an export with `python -m sync_jobs import-assets FILE`, or set PORTAL_GCP_SCOPE.",
        )
        return
    overview(filters, paths)


def day_filter() -> date | None:
    """A past day, or None for now."""
    today = text.now().date()
    asked = st.date_input(
        "As of (UTC)",
        value=None,
        min_value=today - timedelta(days=HISTORY_DAYS),
        max_value=today,
        key="asof",
        bind="query-params",
        format="YYYY-MM-DD",
        help="Nothing or today: the state now. A past day: the state at its end.",
    )
    return asked if isinstance(asked, date) and asked < today else None


def snapshot_days(asked: date | None) -> dict[str, Any] | None:
    """Which snapshot stands for a past day: shown_day (None: none is that old) and first_day; None is now."""
    if asked is None:
        return None
    since = text.now().date() - timedelta(days=HISTORY_DAYS)
    row = frames.first(f"{SQL}/snapshot_days", day=asked, since=since)
    return {key: text.day(row.get(key)) for key in ("shown_day", "first_day")}


def facets(day: date | None) -> dict[str, list[str]]:
    """Filter -> its choices, the commonest first; empty when there are no assets at all."""
    return frames.choices(f"{SQL}/snapshot_facets", day=day) if day else frames.choices(f"{SQL}/facets")


def choose(choices: dict[str, list[str]], paths: dict[str, str], folders: list[Any]) -> dict[str, Any]:
    """The filter widgets."""
    search = st.text_input("Search", key="q", bind="query-params", type="search", placeholder="Name")
    picked = page.pick(
        {"project": "Project", "folder": "Folder", "type": "Type", "location": "Location"},
        {**choices, "folder": sorted(paths.values())},
    )
    label = st.text_input(
        "Label", key="label", bind="query-params", type="search", placeholder="env=prod",
        help="key=value, or key alone for any value",
    )  # fmt: skip
    numbers = {path: folder for folder, path in paths.items()}
    chosen = [numbers.get(path, path) for path in picked["folder"]]
    return {
        "projects": picked["project"],
        "folders": inventory.below(chosen, folders) if chosen else [],
        "types": picked["type"],
        "locations": picked["location"],
        "label": inventory.label_fragment(label or ""),
        "search": (search or "").strip() or None,
    }


def past_note(asked: date | None, shown: date) -> None:
    """Which day the page shows, and what a snapshot cannot tell."""
    nearest = "" if asked == shown else f" No snapshot was taken on {asked}; this is the newest before it."
    st.info(
        f"The state at the end of **{shown}** (UTC).{nearest} "
        "Snapshots hold no content, so columns that are read from it are shown for today only.",
        icon=":material/history:",
    )


def overview(filters: dict[str, Any], paths: dict[str, str]) -> None:
    """How many of each kind pass the filters, then a tab for each kind."""
    tabs = inventory.tabs()
    own = sorted(name for tab in tabs for name in tab.types)
    query = "snapshot_counts" if "day" in filters else "counts"
    rows = frames.rows(f"{SQL}/{query}", **filters)
    by_type = {row["asset_type"]: int(row["assets"]) for row in rows}
    totals = {}
    for tab in tabs:
        mine = tab.types or [name for name in by_type if name not in own]
        totals[tab.key] = sum(by_type.get(name, 0) for name in mine)
    with st.grid(8, min_column_width=110, gap="small"):
        st.metric("All resources", text.count(sum(by_type.values())))
        for tab in tabs:
            st.metric(tab.title, text.count(totals[tab.key]))
    views = st.tabs([tab.title for tab in tabs], key="tab", bind="query-params")
    for tab, view in zip(tabs, views, strict=True):
        if view.open:
            with view, page.guard(f"{tab.title} cannot be shown."):
                split = {"tab_types": list(tab.types), "not_types": [] if tab.types else own}
                table(tab, {**filters, **split}, totals[tab.key], paths)


def table(tab: inventory.Tab, filters: dict[str, Any], total: int, paths: dict[str, str]) -> None:
    """One page of a tab's assets; selecting a row opens the asset."""
    if not total:
        page.empty_state(
            f"No {tab.title.lower()}", "Nothing of this kind passes the filters.", ":material/filter_alt:"
        )
        st.button("Clear filters", on_click=clear, key=f"clear-{tab.key}", icon=":material/filter_alt_off:")
        return
    query = f"{SQL}/{'snapshot_assets' if 'day' in filters else tab.key}"
    box = st.container()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        skip = page.pager(total, PAGE_SIZE, f"{tab.key}-page")
        frames.download(tab.key.replace("_", "-"), total, query, filters)
    rows = frames.rows(query, **filters, page_size=PAGE_SIZE, skip=skip)
    with box:
        st.caption(
            f"{skip + 1:,} to {skip + len(rows):,} of {total:,}. Select a row to open the asset. "
            "A column's header sorts the rows of this page."
        )
        grid(tab, rows, paths, past="day" in filters, key=f"rows-{tab.key}-{skip}-{OPENED.generation()}")


def grid(
    tab: inventory.Tab, rows: list[dict[str, Any]], paths: dict[str, str], *, past: bool, key: str
) -> None:
    """The table itself."""
    stale = {} if past else coverage.of_assets([row["name"] for row in rows], coverage.now())
    columns = {
        "display_name": st.column_config.TextColumn("Name", width="medium"),
        **({"unseen": coverage.column()} if stale else {}),
        **(inventory.past_columns(tab) if past else tab.columns),
        "labels": st.column_config.TextColumn("Labels", width="medium"),
        "create_time": st.column_config.DatetimeColumn(
            "Created (UTC)", format="YYYY-MM-DD HH:mm", timezone="UTC"
        ),
    }
    st.dataframe(
        [
            {name: row.get(name, coverage.mark(row["name"], stale)) for name in [*columns, "name"]}
            for row in inventory.cells(rows, paths)
        ],
        column_order=list(columns),
        column_config=columns,
        hide_index=True,
        placeholder=text.NOTHING,
        key=key,
        on_select=lambda: OPENED.select(key, [row["name"] for row in rows]),
        selection_mode="single-row",
        height=page.table_height(len(rows)),
        alt=f"{tab.title}, one row per asset",
    )


def clear() -> None:
    """Take every filter back."""
    for key, nothing in FILTERS.items():
        st.session_state[key] = nothing


main()

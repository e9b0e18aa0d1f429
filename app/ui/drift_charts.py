"""The charts of the Drift page: a bar per project or type, and the share under code over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.ui import charts, drift_status, text

if TYPE_CHECKING:
    import plotly.graph_objects as go


def bars(rows: Sequence[dict[str, Any]], chosen: Sequence[str]) -> go.Figure:
    """One bar per group, the largest at the top, stacked by status. `chosen`: the statuses that are drawn."""
    import plotly.graph_objects as go

    names = [_short(_name(row)) for row in reversed(rows)]
    figure = go.Figure()
    for status, shown in drift_status.STATUSES.items():
        if chosen and status not in chosen:
            continue
        figure.add_trace(
            go.Bar(
                y=names,
                x=[int(row[status]) for row in reversed(rows)],
                name=f"{shown.sign} {shown.label}",
                orientation="h",
                marker={"color": drift_status.COLOURS[status]},
                customdata=[
                    [_name(row), drift_status.percent(drift_status.share(row))] for row in reversed(rows)
                ],
                hovertemplate=f"%{{customdata[0]}}<br>%{{x:,.0f}} {shown.label.lower()}<br>%{{customdata[1]}} under code<extra></extra>",
            )
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.25,
        height=max(200, 26 * len(names) + 90),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={
            "orientation": "h",
            "yanchor": "bottom",
            "y": 1.02,
            "x": 0,
            "title": None,
            "traceorder": "normal",
        },
        xaxis={"title": "resources", "tickformat": ",d", "rangemode": "tozero"},
        yaxis={"title": None, "automargin": True, "type": "category", "ticksuffix": "  "},
        uirevision="keep",
    )
    return figure


def over_time(rows: Sequence[dict[str, Any]]) -> go.Figure:
    """The share under code at the end of each day, in percent."""
    import plotly.graph_objects as go

    points = [
        (text.day(row["date"]), value * 100) for row in rows if (value := drift_status.share(row)) is not None
    ]
    top = min(102, max(5, 1.15 * max((value for _, value in points), default=0)))
    days = {"dtick": 86_400_000} if len(points) < 8 else {}  # no ticks within a day
    figure = go.Figure(
        go.Scatter(
            x=[day for day, _ in points],
            y=[value for _, value in points],
            mode="lines+markers" if len(points) < 40 else "lines",
            line={"width": 2},
            name="Under code",
            hovertemplate="%{y:.1f} %<extra>%{x|%Y-%m-%d}</extra>",
        )
    )
    figure.update_layout(
        height=240,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        showlegend=False,
        xaxis={"title": None, "showgrid": False, "tickformat": "%Y-%m-%d", **days},
        yaxis={"title": "% under code", "range": [0, top], "automargin": True},
        uirevision="keep",
    )
    return figure


def show(figure: go.Figure, key: str, alt: str) -> None:
    """Draw it."""
    charts.show(figure, key, alt)


def _name(row: dict[str, Any]) -> str:
    """The name of a group; Plotly takes < for the beginning of a tag."""
    return text.kind(str(row["name"])).replace("<", "&lt;")


def _short(name: str) -> str:
    return name if len(name) <= 26 else f"{name[:25]}…"

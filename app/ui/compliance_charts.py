"""The charts of the Compliance page: the score over time, the heat map of projects, and the benchmark at a glance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.ui import compliance_status, text

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Light to dark, one hue to another: as readable without colour vision, on white and on black.
_SCALE = ((0.0, "#FBE7C6"), (0.25, "#F2B65E"), (0.5, "#D9793A"), (0.75, "#A8433C"), (1.0, "#5E1F3D"))
_DARK_TEXT, _LIGHT_TEXT = "#17202E", "#FFFFFF"


def score_over_time(rows: Sequence[dict[str, Any]]) -> go.Figure:
    """The score of each day, in percent. The axis begins below the lowest one, not at zero: it says so."""
    import plotly.graph_objects as go

    points = [(text.day(row["date"]), row["score"] * 100, row) for row in rows if row["score"] is not None]
    low, high = min((y for _, y, _ in points), default=0), max((y for _, y, _ in points), default=100)
    room = max(4.0, (high - low) * 0.4)
    days = {"dtick": 86_400_000} if len(points) < 4 and _span(points) < 8 else {}
    figure = go.Figure(
        go.Scatter(
            x=[day for day, _, _ in points],
            y=[value for _, value, _ in points],
            customdata=[[row["failed"], row["unknown"], row["waived"]] for _, _, row in points],
            mode="lines+markers" if len(points) < 40 else "lines",
            line={"width": 2},
            name="Score",
            hovertemplate="%{y:.1f} %<br>%{customdata[0]:,.0f} failed, %{customdata[1]:,.0f} unknown,"
            " %{customdata[2]:,.0f} waived<extra>%{x|%Y-%m-%d}</extra>",
        )
    )
    figure.update_layout(
        height=230,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        showlegend=False,
        xaxis={"title": None, "showgrid": False, "tickformat": "%Y-%m-%d", "nticks": 5, **days},
        yaxis={
            "title": "score, %",
            "range": [max(0, low - room), min(101, high + room)],
            "automargin": True,
            "nticks": 5,
        },
        uirevision="keep",
    )
    return figure


def _span(points: Sequence[tuple[Any, Any, Any]]) -> int:
    return (points[-1][0] - points[0][0]).days if points else 0


def heat_map(rows: Sequence[dict[str, Any]], columns: Sequence[str], labels: Mapping[str, str]) -> go.Figure:
    """Projects by severity or service; the number is in every cell, and the colour follows its root."""
    import plotly.graph_objects as go

    projects = list(dict.fromkeys(row["project"] for row in rows))
    found = {(row["project"], row["item"]): int(row["findings"]) for row in rows}
    values = [[found.get((project, column), 0) for column in columns] for project in projects]
    titles = [labels.get(column, column) for column in columns]
    most = max((value for line in values for value in line), default=0) or 1
    figure = go.Figure(
        go.Heatmap(
            z=[[(value / most) ** 0.5 if value else None for value in line] for line in values],
            x=titles,
            y=[_label(project) for project in projects],
            customdata=[
                [[_plain(project), value] for value in line]
                for project, line in zip(projects, values, strict=True)
            ],
            colorscale=[list(step) for step in _SCALE],
            zmin=0,
            zmax=1,
            showscale=False,
            xgap=2,
            ygap=2,
            hoverongaps=False,
            hovertemplate="%{customdata[0]}<br>%{x}: %{customdata[1]:,.0f} open<extra></extra>",
        )
    )
    for project, line in zip(projects, values, strict=True):
        for title, value in zip(titles, line, strict=True):
            if value:
                _number(figure, title, _label(project), value, (value / most) ** 0.5)
    _axes(figure)
    figure.update_layout(height=max(180, 27 * len(projects) + 60))
    return figure


def _number(figure: go.Figure, x: str, y: str, value: int, share: float) -> None:
    colour = _LIGHT_TEXT if share > 0.45 else _DARK_TEXT
    font = {"color": colour, "size": 12}
    figure.add_annotation(x=x, y=y, text=_short_number(value), showarrow=False, font=font)


def _axes(figure: go.Figure) -> None:
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={"title": None, "side": "top", "showgrid": False, "type": "category", "fixedrange": True},
        yaxis={
            "title": None,
            "autorange": "reversed",
            "showgrid": False,
            "type": "category",
            "automargin": True,
            "fixedrange": True,
            "ticksuffix": "  ",
        },
        uirevision="keep",
    )


_LEGEND = {
    "orientation": "h",
    "yanchor": "bottom",
    "y": 1.02,
    "x": 0,
    "title": None,
    "traceorder": "normal",
}


def benchmark(rows: Sequence[dict[str, Any]]) -> go.Figure:
    """One bar per section of the benchmark: how many of its controls are in each state."""
    import plotly.graph_objects as go

    sections: dict[str, dict[str, int]] = {}
    for row in rows:
        counts = sections.setdefault(section(row["control"]), {})
        counts[row["state"]] = counts.get(row["state"], 0) + 1
    names = list(reversed(sections))
    figure = go.Figure()
    for state, colour in compliance_status.COLOURS.items():
        shown = compliance_status.RESULTS[state]
        if not any(counts.get(state) for counts in sections.values()):
            continue
        figure.add_trace(
            go.Bar(
                y=names,
                x=[sections[name].get(state, 0) for name in names],
                name=f"{shown.sign} {shown.label}",
                orientation="h",
                marker={"color": colour},
                hovertemplate=f"%{{y}}<br>%{{x}} {shown.label.lower()}<extra></extra>",
            )
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.25,
        height=26 * len(names) + 110,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend=_LEGEND,
        xaxis={"title": "controls", "tickformat": ",d", "rangemode": "tozero", "fixedrange": True},
        yaxis={"title": None, "automargin": True, "type": "category", "ticksuffix": "  ", "fixedrange": True},
        uirevision="keep",
    )
    return figure


_SECTIONS = {
    "1": "1 Identities",
    "2": "2 Logging",
    "3": "3 Networks",
    "4": "4 Machines",
    "5": "5 Buckets",
    "6": "6 Cloud SQL",
    "7": "7 BigQuery",
    "8": "8 Dataproc",
}


def section(control: str) -> str:
    """The section of a control of the benchmark, with its number."""
    number = control.partition(".")[0]
    return _SECTIONS.get(number, number)


def _plain(name: str) -> str:
    """Plotly takes < for the beginning of a tag."""
    return ("above projects" if name == "none" else name).replace("<", "&lt;")


def _label(project: str) -> str:
    name = _plain(project)
    return name if len(name) <= 24 else f"{name[:23]}…"


def _short_number(value: int) -> str:
    return f"{value:,}" if value < 10_000 else f"{value / 1000:,.0f}k"

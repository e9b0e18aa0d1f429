"""Charts: one look for all. Colours come from the theme, light or dark; units are on the axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    import plotly.graph_objects as go

GREY = "#8A94A3"
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"]}


def lines(
    series: Mapping[str, tuple[Sequence[Any], Sequence[float]]], unit: str, *, stacked: bool = False
) -> go.Figure:
    """One line, or one area of a stack, per series: name -> (days, values). "other" is grey, and as a line
    it is drawn on demand only: it would squash the rest.

    Lines of the same colour never share a dash, so they can be told apart without colour.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for index, (name, (days, values)) in enumerate(series.items()):
        line: dict[str, Any] = {"width": 2, "dash": "solid" if stacked else _DASHES[index // 5 % 5]}
        if name == "other":
            line["color"] = GREY
        figure.add_trace(
            go.Scatter(
                x=list(days),
                y=list(values),
                name=name,
                mode="lines",
                line=line,
                stackgroup="all" if stacked else None,
                visible="legendonly" if name == "other" and not stacked else True,
                hovertemplate="%{y:,.0f} " + unit + "<extra>%{fullData.name}</extra>",
            )
        )
    return _dressed(figure, unit)


def add_comparison(
    figure: go.Figure, name: str, days: Sequence[Any], values: Sequence[float], unit: str
) -> None:
    """A total to compare with: a grey line over the same days, dotted when it is of another time."""
    import plotly.graph_objects as go

    figure.add_trace(
        go.Scatter(
            x=list(days),
            y=list(values),
            name=name,
            mode="lines",
            line={"width": 2, "dash": "dot" if "before" in name else "solid", "color": GREY},
            hovertemplate="%{y:,.0f} " + unit + "<extra>%{fullData.name}</extra>",
        )
    )


def bars(
    series: Mapping[str, tuple[Sequence[Any], Sequence[float]]],
    unit: str,
    height: int = 260,
    window: tuple[datetime, datetime, int] | None = None,
) -> go.Figure:
    """Stacked bars: name -> (times, values). `window`: first and last of the axis, seconds per bar."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, (times, values) in series.items():
        figure.add_trace(
            go.Bar(
                x=list(times),
                y=list(values),
                name=name,
                hovertemplate="%{y:,.0f} " + unit + "<extra>%{fullData.name}</extra>",
            )
        )
    figure.update_layout(barmode="stack", bargap=0.15)
    dressed = _dressed(figure, unit, height)
    if window is not None:
        first, last, seconds = window
        dressed.update_xaxes(range=[first, last])
        dressed.update_traces(
            width=seconds * 850, offset=0
        )  # milliseconds; from the start of the interval on
    return dressed


def show(figure: go.Figure, key: str, alt: str) -> None:
    """Draw a figure at the width of the page."""
    st.plotly_chart(figure, key=key, config=_CONFIG, alt=alt)


def _dressed(figure: go.Figure, unit: str, height: int = 420) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        hovermode="x unified",
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "title": None},
        xaxis={"title": None, "showgrid": False},
        yaxis={"title": unit, "rangemode": "tozero", "tickformat": ",d", "automargin": True},
        uirevision="keep",
    )
    return figure

"""The layers on the Sync status page: a card each, with status, figures and a button."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import sidecar
from app.errors import PortalError
from app.ui import frames, page, status, text

_STARTED = "layer-started"  # title of the layer that was started by the run of the script before this one


def load() -> tuple[list[dict[str, Any]], PortalError | None]:
    """The layers now, from the sidecar where it answers and from the cache where not, with why not."""
    try:
        return list(sidecar.sync_status().values()), None
    except PortalError as error:
        return frames.rows(page.LAYERS), error


def durations(since: Any) -> dict[str, list[float]]:
    """Layer -> durations of its newest finished runs in seconds, oldest first."""
    found: dict[str, list[float]] = {}
    for row in frames.rows("pages/sync_status/durations", since=since):
        found.setdefault(row["layer"], []).append(float(row["sync_duration_seconds"]))
    return found


def say_started() -> None:
    """Tell once that a run was started; what is told before a rerun would be lost."""
    title = st.session_state.pop(_STARTED, None)
    if title:
        st.toast(f"{text.plain(title)}: run started.", icon=":material/play_arrow:")


def running(layers: list[dict[str, Any]]) -> list[str]:
    """Names of the layers that have a run under way."""
    return [row["layer"] for row in layers if row["configured"] and row["status"] == "in_progress"]


def card(layer: dict[str, Any], trend: list[float], *, reachable: bool) -> None:
    """One layer: what it is, how it stands, what the newest run did, and what to do about its errors."""
    with st.container(border=True):
        _title(layer, reachable=reachable)
        if layer["configured"] or layer["last_sync"]:
            _figures(layer, trend)
            _progress(layer)
            _trouble(layer)


def _title(layer: dict[str, Any], *, reachable: bool) -> None:
    shown = status.of_layer(layer)
    fresh = status.freshness(layer)
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"
    ):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            st.markdown(f"**{text.plain(layer['title'])}**", width="content")
            st.badge(shown.label, icon=shown.icon, color=shown.colour)
            if fresh is not None and layer["last_sync"]:
                st.badge(fresh.label, icon=fresh.icon, color=fresh.colour)
        if layer["configured"]:
            _run_button(layer, reachable=reachable)
    about = [f"Layer {text.plain(layer['layer'])}"]
    if layer["schedule"] and layer["configured"]:
        about.append(text.plain(layer["schedule"]))
    if layer["source"]:
        about.append(f"reads {text.plain(layer['source'])}")
    if not layer["configured"]:
        about.append(text.plain(layer["reason"] or "no source is set"))
    st.caption(" · ".join(about))


def _run_button(layer: dict[str, Any], *, reachable: bool) -> None:
    name = layer["layer"]
    busy = layer["status"] == "in_progress"
    pressed = st.button(
        "Running" if busy else "Run now",
        key=f"run-{name}",
        icon=":material/sync:" if busy else ":material/play_arrow:",
        disabled=busy or not reachable,
        help=None if reachable else "The sidecar runs the layers, and it does not answer.",
    )
    if pressed:
        with page.guard(f"The {name} layer was not started."):
            sidecar.run_now(name)
            st.session_state[_STARTED] = layer["title"]
            st.rerun()


def _figures(layer: dict[str, Any], trend: list[float]) -> None:
    at = text.now()
    target = layer["freshness_target_seconds"]
    with st.grid(6, min_column_width=140, gap="small"):
        _fact("Last good sync", text.ago(layer["last_sync"], at), text.utc(layer["last_sync"]))
        _fact("Next sync", _next(layer), text.utc(layer["next_sync"]))
        _fact("Freshness", _age(layer), f"target {text.span(target)}" if target else "no target")
        _fact("Items", text.count(layer["items_synced"]), "in the newest finished run")
        failed = int(layer["items_failed"] or 0)
        _fact("Failures", text.count(failed), "to dead letters", colour="red" if failed else None)
        st.metric(
            "Duration",
            text.duration(layer["sync_duration_seconds"]),
            chart_data=trend if len(trend) > 2 else None,
            chart_type="bar",
            delta=None,
            help=f"Newest finished run; the bars are the last {len(trend)} runs, oldest first.",
        )


def _fact(label: str, value: str, below: str, colour: str | None = None) -> None:
    with st.container(gap=None):
        st.caption(label)
        shown = text.plain(value)
        st.markdown(f":{colour}[**{shown}**]" if colour else f"**{shown}**")
        st.caption(text.plain(below))


def _next(layer: dict[str, Any]) -> str:
    planned = text.moment(layer["next_sync"])
    if planned is None:
        return "not planned"
    return text.ago(planned) if planned > text.now() else "due"


def _age(layer: dict[str, Any]) -> str:
    last = text.moment(layer["last_sync"])
    return "no data yet" if last is None else f"{text.span((text.now() - last).total_seconds())} old"


def _progress(layer: dict[str, Any]) -> None:
    if layer["status"] != "in_progress":
        return
    done = parsed(layer["details"]).get("progress") or {}
    started = text.moment(layer["started_at"])
    since = f"running for {text.span((text.now() - started).total_seconds())}" if started else "running"
    if done.get("total"):
        share = min(1.0, done["done"] / done["total"])
        words = f"{done['done']:,} of {done['total']:,} {text.plain(done['unit'])} · {since}"
    else:
        share = 0.0
        words = f"{done['done']:,} {text.plain(done['unit'])} · {since}" if done else since
    st.progress(share, text=words)


def _trouble(layer: dict[str, Any]) -> None:
    errors, missed = layer["error_messages"] or [], layer["missed"] or []
    if not errors and not missed:
        return
    lines = [f"- {text.plain(line)}" for line in errors[:5]]
    if len(errors) > 5:
        lines.append(f"- and {len(errors) - 5} more, in the run's row below")
    if missed:
        lines.append(f"- Not seen: {', '.join(text.plain(part) for part in missed[:8])}")
    if layer["hint"]:
        lines.append(f"\n:material/lightbulb: **What to do:** {text.plain(layer['hint'])}")
    show = st.error if layer["status"] == "failed" else st.warning
    show("\n".join(lines))


def parsed(details: Any) -> dict[str, Any]:
    """A JSON cell as a dictionary, whether it came as text or already read."""
    import orjson

    if isinstance(details, str):
        details = orjson.loads(details)
    return details if isinstance(details, dict) else {}

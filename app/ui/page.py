"""What every page has: a title, what its data is and how old, an error state, an empty state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Literal

import streamlit as st

from app.errors import PortalError, SettingsError
from app.ui import coverage, frames, text

LAYERS = "pages/sync_status/layers"
SIDECAR_SILENT = timedelta(seconds=90)
SYNTHETIC = (
    "**Synthetic data.** This is the sample landing zone; everything in it is invented. "
    "Set a source or import an asset export, and it is removed."
)


def header(title: str, intro: str, layers: Sequence[str]) -> None:
    """Title, one sentence, and the banners: synthetic data, freshness of the layers the page is made of."""
    st.title(title, anchor=False)
    st.caption(intro)
    with guard("The freshness of this page is not known."):
        known, facts = frames.rows(LAYERS), frames.rows("pages/common/portal_info")
        if any(row["key"] == "source_kind" and row["value"] == "sample" for row in facts):
            st.info(SYNTHETIC, icon=":material/science:")
        unseen = coverage.missed(facts) if coverage.BUILT_ON_ASSETS & set(layers) else []
        freshness_banner(
            [row for row in known if row["layer"] in layers],
            named=bool(unseen),
            silent=_sidecar_silent(known),
        )
        coverage.banner(unseen)


def freshness_banner(
    layers: Sequence[dict[str, Any]], *, named: bool = False, silent: str | None = None
) -> None:
    """One line when all is well; a warning for each layer that is stale, partial, failed or has no source.

    `named`: what the assets layer could not see is said in a banner of its own.
    """
    at = text.now()
    fine, still, notes = [], [], []
    for layer in layers:
        title = text.plain(layer["title"])
        problem = _problem(layer, title, named=named and layer["layer"] == "assets")
        if problem:
            notes.append(problem)
        elif layer["configured"]:
            fine.append(f"**{title}** {text.when(layer['last_sync'], at)}")
        else:
            still.append(
                f"**{title}** as brought in {text.when(layer['last_sync'], at)}; no source renews it"
            )
    if fine:
        st.caption(f":material/check_circle: Up to date: {'; '.join(fine)}")
    if still:
        st.caption(f":material/inventory_2: {'; '.join(still)}")
    silent = silent or _sidecar_silent(layers)
    if silent:
        notes.append(silent)
    if notes:
        st.warning("  \n".join(notes), icon=":material/history:")


def _problem(layer: dict[str, Any], title: str, *, named: bool) -> str | None:
    at = text.now()
    if layer["last_sync"] is None:
        if layer["configured"]:
            return f"**{title}** has never been synced: what you see is not known to be complete."
        return f"**{title}** is not configured: {text.plain(layer['reason'] or 'no source is set')}"
    age = text.when(layer["last_sync"], at)
    if named or layer["missed"]:
        missed = "what could not be seen is named below" if named else f"not seen {_named(layer['missed'])}"
        failed = " The newest run failed." if layer["status"] == "failed" else ""
        return f"**{title}** is partial: {missed}. Synced {age}.{failed}"
    if layer["status"] == "failed":
        return f"**{title}**: the newest run failed. Data is from {age}."
    if layer["stale"]:
        target = text.span(layer["freshness_target_seconds"] or 0)
        return f"**{title}** is stale: synced {age}; the target is {target}."
    return None


def _named(missed: Sequence[str]) -> str:
    more = f" and {len(missed) - 5} more" if len(missed) > 5 else ""
    return ", ".join(text.plain(part) for part in missed[:5]) + more


def _sidecar_silent(layers: Sequence[dict[str, Any]]) -> str | None:
    seen = max((found for row in layers if (found := text.moment(row["sidecar_seen"]))), default=None)
    if layers and (seen is None or text.now() - seen > SIDECAR_SILENT):
        return (
            f"**The sidecar is not running** (last seen: {text.when(seen)}), so nothing is being synced. "
            "Start it with `python -m sync_jobs serve`."
        )
    return None


@contextmanager
def guard(what: str = "This part of the page cannot be shown.") -> Iterator[None]:
    """Errors inside become an error state with its hint; the rest of the page goes on."""
    try:
        yield
    except PortalError as error:
        error_state(error, what)


def error_state(error: PortalError, what: str) -> None:
    """What cannot be shown, why, and what to do about it."""
    st.error(f"**{what}**  \n{text.plain(error.message)}", icon=":material/error:")
    if error.hint:
        st.markdown(f":material/lightbulb: **What to do:** {text.plain(error.hint)}")
    if isinstance(error, SettingsError):
        st.code("python -m sync_jobs doctor", language="bash")


def empty_state(title: str, hint: str, icon: str = ":material/inbox:") -> None:
    """Nothing to show, and why: never confused with an error."""
    with st.container(border=True, horizontal_alignment="center"):
        st.space("small")
        st.markdown(f"### {icon} {text.plain(title)}", text_alignment="center")
        st.caption(hint, text_alignment="center")
        st.space("small")


def pick(labels: Mapping[str, str], choices: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """One filter of many values per label, kept in the address. What a link asks for stays, even when nothing has it."""
    return {
        key: st.multiselect(
            label,
            choices.get(key, []),
            key=key,
            bind="query-params",
            placeholder="All",
            accept_new_options=True,
        )
        for key, label in labels.items()
    }


def table_height(rows: int) -> int | Literal["content"]:
    """As high as its rows, up to sixteen of them."""
    return "content" if rows <= 16 else 16 * 35 + 38


def pager(total: int, page_size: int, key: str) -> int:
    """Page buttons under a table; returns how many rows to skip. The page number is kept in the address."""
    pages = max(1, -(-total // page_size))
    number = st.pagination(pages, key=key, bind="query-params") if pages > 1 else 1
    return (int(number) - 1) * page_size

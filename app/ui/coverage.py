"""What the last sync of the assets could not see: a banner on every page built on assets, and which assets it concerns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import streamlit as st

from app.ui import frames, text

MISSED = "assets_missed"
BUILT_ON_ASSETS = frozenset({"assets", "drift", "metrics", "policies"})
MOST_NAMED = 5
_WORDS = {
    "RESOURCE": "resource",
    "IAM_POLICY": "IAM policy",
    "ORG_POLICY": "organisation policy",
    "ACCESS_POLICY": "access policy",
    "OS_INVENTORY": "OS inventory",
}


@dataclass(frozen=True)
class Missed:
    """One scope that could not be seen, or not all of it. `since`: the newest state that was whole there."""

    scope: str
    contents: tuple[str, ...]
    reasons: tuple[str, ...]
    hints: tuple[str, ...]
    since: str | None

    @property
    def words(self) -> str:
        """Which parts, for people."""
        return ", ".join(_WORDS.get(one, one) for one in self.contents)


def missed(facts: Sequence[Mapping[str, Any]]) -> list[Missed]:
    """The scopes not seen, from the rows of portal_info."""
    found = next((row["value"] for row in facts if row["key"] == MISSED), None)
    scopes: dict[str, list[dict[str, Any]]] = {}
    for row in orjson.loads(found) if found else []:
        scopes.setdefault(str(row["scope"]), []).append(row)
    return [
        Missed(
            scope,
            tuple(dict.fromkeys(str(row["content"]) for row in rows)),
            tuple(dict.fromkeys(str(row["reason"]) for row in rows if row.get("reason"))),
            tuple(dict.fromkeys(str(row["hint"]) for row in rows if row.get("hint"))),
            min((str(row["since"]) for row in rows if row.get("since")), default=None),
        )
        for scope, rows in scopes.items()
    ]


def now() -> list[Missed]:
    """The scopes not seen by the last sync."""
    return missed(frames.rows("pages/common/portal_info"))


def banner(scopes: Sequence[Missed]) -> None:
    """Names what was not seen, why, and what to do. Nothing when all was seen."""
    if not scopes:
        return
    lines = [_line(one) for one in scopes[:MOST_NAMED]]
    if len(scopes) > MOST_NAMED:
        lines.append(f"- and {text.plural(len(scopes) - MOST_NAMED, 'scope')} more, on the page Sync status")
    hints = list(dict.fromkeys(hint for one in scopes for hint in one.hints))[:2]
    advice = (
        f"\n\n:material/lightbulb: **What to do:** {' '.join(text.plain(hint) for hint in hints)}"
        if hints
        else ""
    )
    st.warning(
        "**Not everything could be seen.** What is missing is shown as last known, and marked as not seen; "
        "nothing counts as gone or as mended because of it.\n\n" + "\n".join(lines) + advice,
        icon=":material/visibility_off:",
    )


def _line(one: Missed) -> str:
    since = f", last whole {text.when(one.since)}" if one.since else ", never seen whole"
    reason = f": {text.plain(one.reasons[0])}" if one.reasons else ""
    return f"- **{text.plain(one.scope)}** ({text.plain(one.words)}){since}{reason}"


def of_assets(names: Sequence[str | None], scopes: Sequence[Missed]) -> dict[str, Missed]:
    """Asset name -> the scope that was not seen, for those of the named assets that are in one."""
    asked = sorted({name for name in names if name})
    if not scopes or not asked:
        return {}
    by_scope = {one.scope: one for one in scopes}
    rows = frames.rows("pages/common/stale_assets", names=asked, missed=sorted(by_scope))
    return {row["name"]: by_scope[row["scope"]] for row in rows}


def mark(name: str | None, stale: Mapping[str, Missed]) -> str | None:
    """The cell of a table: what of the asset was not seen; None where it was seen."""
    found = stale.get(name or "")
    return f"! {found.words}" if found else None


def column() -> Any:
    """How the cells of `mark` are shown."""
    return st.column_config.TextColumn(
        "Not seen", width=120, help="Could not be read at the last sync: the row is as last known."
    )


def note(name: str) -> None:
    """On the detail of one asset: that it is as last known, and why."""
    found = of_assets([name], now()).get(name)
    if found is None:
        return
    since = f" It is as of {text.when(found.since)}." if found.since else ""
    why = f" {text.plain(found.reasons[0])}" if found.reasons else ""
    st.warning(
        f"**Not seen at the last sync** ({text.plain(found.words)} of {text.plain(found.scope)}).{since}{why}",
        icon=":material/visibility_off:",
    )

"""One resource of the Drift page: both values of every attribute that differs, where it is declared, who changed it."""

from __future__ import annotations

from typing import Any

import orjson
import streamlit as st

from app.ui import coverage, drift_status, frames, page, text

SQL = "pages/drift"


def show(drift_id: str) -> None:
    """The resource called `drift_id`."""
    with page.guard("This resource cannot be shown."):
        row = frames.first(f"{SQL}/item", drift_id=drift_id)
        if not row:
            page.empty_state(
                "Not in the comparison",
                "It is neither declared nor in the inventory any more, or the link is wrong.",
            )
            st.code(drift_id, language=None, wrap_lines=True)
            return
        _heading(row)
        if row["asset_name"]:
            coverage.note(row["asset_name"])
        _links(row)
        _said(row)
        _differences(row)
        _facts(row)


def _heading(row: dict[str, Any]) -> None:
    shown = drift_status.of(row["status"])
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.badge(shown.label, icon=shown.icon, color=shown.colour)
        if row["asset_type"]:
            st.badge(text.kind(row["asset_type"]), color="gray")
    st.caption(drift_status.MEANINGS.get(row["status"], ""))
    st.code(row["address"] or row["asset_name"] or row["drift_id"], language=None, wrap_lines=True)


def _links(row: dict[str, Any]) -> None:
    with st.container(horizontal=True, gap="small"):
        if row["path"] and row["origin"] in (None, "hcl"):
            line = f":{row['line']}" if row["line"] else ""
            query = {"doc": row["path"], **({"line": str(row["line"])} if row["line"] else {})}
            st.page_link(
                "../pages/landing_zone.py", label=text.escaped(f"{row['path']}{line}"), icon=":material/code:",
                query_params=query,
            )  # fmt: skip
        if row["asset_name"] and row["status"] != "missing":
            st.page_link(
                "../pages/infrastructure.py", label="Open the asset", icon=":material/lan:",
                query_params={"asset": row["asset_name"]},
            )  # fmt: skip


def _said(row: dict[str, Any]) -> None:
    reasons = [row["reason"], *(row["reasons"] or [])] if row["reason"] else row["reasons"] or []
    lines = [text.plain(reason) for reason in dict.fromkeys(reasons)]
    if row["status"] == "unknown":
        shown = "\n".join(f"- {line}" for line in lines[:20]) or "- No reason was given."
        st.info(f"**Why it is unknown**\n\n{shown}", icon=":material/help:")
    elif lines:
        st.caption(":material/info: Not everything was compared: " + "; ".join(lines[:20]))


def _differences(row: dict[str, Any]) -> None:
    found = values(row["differences"])
    if not found:
        if row["status"] == "changed":
            st.warning("The comparison did not keep the values that differ.", icon=":material/warning:")
        return
    st.markdown(f"**{text.plural(len(found), 'attribute differs', 'attributes differ')}**")
    short = [one for one in found if all(len(one[side] or "") <= 60 and "\n" not in (one[side] or "") for side in ("declared", "actual"))]  # fmt: skip
    if short:
        st.table(
            [
                {"Attribute": text.escaped(one["attribute"]), "Declared": _cell(one["declared"]), "Actual": _cell(one["actual"])}
                for one in short
            ],
            border="horizontal",
            hide_index=True,
            alt="Attributes with both values",
        )  # fmt: skip
    for one in found:
        if one not in short:
            st.markdown(f"**{text.escaped(one['attribute'])}**")
            for column, side in zip(st.columns(2, gap="small"), ("declared", "actual"), strict=True):
                column.caption(side.capitalize())
                column.code(
                    one[side] if one[side] is not None else text.NOTHING, language=None, wrap_lines=True
                )


def _cell(value: str | None) -> str:
    return text.escaped(value) if value is not None else text.NOTHING


def values(differences: str | None) -> list[dict[str, Any]]:
    """Attribute, declared and actual of each difference; values as text, None where a side has none."""
    read = orjson.loads(differences) if differences else []
    return [
        {
            "attribute": str(one.get("attribute", "")),
            "declared": written(one.get("declared")),
            "actual": written(one.get("actual")),
        }
        for one in read
        if isinstance(one, dict)
    ]


def written(value: object) -> str | None:
    """A value for people: text as it is, anything larger as JSON with one part per line."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict | list) and value:
        short = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
        return short if len(short) <= 60 else orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()  # fmt: skip
    return orjson.dumps(value).decode()


def _facts(row: dict[str, Any]) -> None:
    file = f"{row['path']}{':' + str(row['line']) if row['line'] else ''}" if row["path"] else None
    facts = {
        "Declared in": file,
        "Module": row["module"],
        "Terraform type": row["resource_type"],
        "Read from": {"hcl": "the Terraform files", "state": "a state", "plan": "a plan"}.get(row["origin"]),
        "Not known": ", ".join(row["unknown_attributes"] or []) or None,
        "Asset": row["asset_name"],
        "Project": row["project_id"],
        "Changed last by": (row["actor"] or "unknown") if row["changed_at"] else None,
        "Changed last": text.when(row["changed_at"]) if row["changed_at"] else None,
        "Compared": text.when(row["detected_at"]),
    }
    frames.facts({name: value for name, value in facts.items() if value is not None}, "Facts of the resource")
